"""Plan the way from a training job to an endpoint that serves it and scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from cmapss_core.aws import Aws
from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import TrainingJob, best, describe_job, read_jobs
from cmapss_core.plans.autoscale import (
    DEFAULT_MAX,
    DEFAULT_SCALE_IN_COOLDOWN,
    DEFAULT_SCALE_OUT_COOLDOWN,
    DEFAULT_TARGET,
    Tracking,
    check_scalable_type,
    tracking_checks,
)
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.names import check_name, fitted
from cmapss_core.plans.plan import Check, Plan
from cmapss_core.plans.scaling_steps import set_up_steps
from cmapss_core.plans.steps import create_endpoint, create_endpoint_config, create_model, wait_until_in_service

BEST = "best"
VARIANT = "AllTraffic"
DEFAULT_INSTANCE_TYPE = "ml.m5.xlarge"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """What to deploy and how. `instances` and `min` follow each other where only one is given."""

    job: str = BEST
    name: str | None = None
    instance_type: str = DEFAULT_INSTANCE_TYPE
    instances: int | None = None
    min: int | None = None
    max: int | None = None
    target: float = DEFAULT_TARGET
    scale_in_cooldown: int = DEFAULT_SCALE_IN_COOLDOWN
    scale_out_cooldown: int = DEFAULT_SCALE_OUT_COOLDOWN
    autoscaling: bool = True

    @property
    def initial_instances(self) -> int:
        """How many instances the endpoint starts with."""
        return self.instances if self.instances is not None else self.min if self.min is not None else 1

    def tracking(self) -> Tracking | None:
        """Bounds and target of the scaling, or None without it. Raises ConsoleError for bounds that cannot be."""
        if self.initial_instances < 1:
            raise ConsoleError(
                ErrorKind.INVALID, f"instances {self.initial_instances} is below 1", remedy="Ask for one or more."
            )
        if not self.autoscaling:
            return None
        low = self.min if self.min is not None else self.initial_instances
        return Tracking(
            min=low,
            max=self.max if self.max is not None else max(DEFAULT_MAX, low, self.initial_instances),
            target=self.target,
            scale_in_cooldown=self.scale_in_cooldown,
            scale_out_cooldown=self.scale_out_cooldown,
        )


@dataclass(frozen=True, slots=True)
class _Names:
    model: str
    config: str
    endpoint: str


def plan_deploy(aws: Aws, request: DeployRequest) -> Plan:
    """Plan a deployment; reads only. Raises ConsoleError for everything that would not work."""
    tracking = request.tracking()
    if tracking is not None:
        check_scalable_type(request.instance_type)
    if request.name is not None:
        check_name("endpoint", request.name)
    with drafting(aws, "deploy") as draft:
        job = best(read_jobs(aws)) if request.job == BEST else describe_job(aws, request.job)
        artifact = _deployable(job)
        size = _artifact_size(aws, artifact)
        names = _names(draft, request, job)
        _require_free(aws, names.endpoint)
        instances = request.initial_instances
        steps = [
            create_model(
                {
                    "ModelName": names.model,
                    "ExecutionRoleArn": job.role_arn,
                    "PrimaryContainer": {"Image": job.image, "ModelDataUrl": artifact},
                    "Tags": draft.tags(),
                }
            ),
            create_endpoint_config(
                {
                    "EndpointConfigName": names.config,
                    "ProductionVariants": [
                        {
                            "VariantName": VARIANT,
                            "ModelName": names.model,
                            "InstanceType": request.instance_type,
                            "InitialInstanceCount": instances,
                            "InitialVariantWeight": 1.0,
                        }
                    ],
                    "Tags": draft.tags(),
                }
            ),
            create_endpoint({"EndpointName": names.endpoint, "EndpointConfigName": names.config, "Tags": draft.tags()}),
            wait_until_in_service(names.endpoint, names.config),
        ]
        checks = [
            Check(True, f"artefact found ({size / 1e6:.1f} MB)"),
            Check(True, "names free"),
        ]
        if tracking is not None:
            steps += set_up_steps(tracking.scaling(names.endpoint, VARIANT))
            checks += tracking_checks(draft, request.instance_type, tracking, instances)
        elif instances < 2:
            checks.append(Check(None, "one instance does not survive the loss of its availability zone"))
        after = draft.cost([(request.instance_type, instances)])
        if after is None:
            checks.append(Check(None, f"the Price List has no price for hosting on {request.instance_type}"))
        return draft.plan(
            target=names.endpoint,
            steps=steps,
            checks=checks,
            before=0.0,
            after=after,
            notes=(f"training job {job.name}", *_measured(job)),
        )


def _measured(job: TrainingJob) -> Iterator[str]:
    if job.objective_metric is not None and job.objective_value is not None:
        yield f"{job.objective_metric} {job.objective_value:.4f}"


def _deployable(job: TrainingJob) -> str:
    """The artefact's address of a job that can be deployed with its image alone."""
    if job.status != "Completed":
        raise ConsoleError(
            ErrorKind.INVALID,
            f"training job {job.name} is {job.status}, not Completed",
            remedy="Deploy a completed job, or wait for this one.",
        )
    if not job.model_artifact or not job.image:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"training job {job.name} has no model artefact or no image",
            remedy="Deploy another job.",
        )
    if "sagemaker_program" in job.hyperparameters:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"training job {job.name} ran a script of its own ({job.hyperparameters['sagemaker_program']})",
            remedy="Its model needs that script to serve: image and artefact alone do not do.",
        )
    return job.model_artifact


def _artifact_size(aws: Aws, artifact: str) -> int:
    parts = urlsplit(artifact)
    try:
        answer = aws.call("s3", "HeadObject", Bucket=parts.netloc, Key=parts.path.lstrip("/"))
    except ConsoleError as error:
        if error.kind is ErrorKind.DENIED:
            # The answer to a HEAD request has no body that could name what is missing.
            raise error.told_as(
                f"the model artefact {artifact} may not be read",
                "Ask for s3:GetObject on it and s3:ListBucket on its bucket, or use another --profile.",
            ) from error
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        raise error.told_as(
            f"the model artefact {artifact} is not there",
            "It was deleted or moved: train again, or deploy another job.",
        ) from error
    return int(answer["ContentLength"])


def _names(draft: Draft, request: DeployRequest, job: TrainingJob) -> _Names:
    return _Names(
        model=fitted(job.name, "-model"),
        config=f"cmapss-XGBoostEndpointConfig-{draft.stamp}",
        endpoint=request.name or f"cmapss-XGBoostEndpoint-{draft.stamp}",
    )


def _require_free(aws: Aws, endpoint: str) -> None:
    try:
        taken = read_endpoint(aws, endpoint)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return
        raise
    raise ConsoleError(
        ErrorKind.CONFLICT,
        f"there is an endpoint {endpoint!r} already, {taken.status}",
        remedy="Choose another --name, or delete that one first.",
    )
