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
    tracking_steps,
)
from cmapss_core.plans.names import check_name, fitted
from cmapss_core.plans.plan import Call, Check, Plan, Proof, Step, numbered, owner_tags, plan_id, stamp
from cmapss_core.pricing import hourly_cost

BEST = "best"
VARIANT = "AllTraffic"
DEFAULT_INSTANCE_TYPE = "ml.m5.xlarge"
CREATION_PATIENCE_SECONDS = 3_600  # as long as boto3's own waiter; a wait for capacity alone lasts half an hour
USUAL_CREATION_SECONDS = 600


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
    job = best(read_jobs(aws)) if request.job == BEST else describe_job(aws, request.job)
    artifact = _deployable(job)
    size = _artifact_size(aws, artifact)
    names = _names(aws, request, job)
    _require_free(aws, names.endpoint)
    identifier = plan_id(aws, "deploy")
    instances = request.initial_instances
    steps = [
        _create_model(names, job, identifier),
        _create_config(names, request.instance_type, instances, identifier),
        *_create_endpoint(names, identifier),
    ]
    checks = [
        Check(True, f"artefact found ({size / 1e6:.1f} MB)"),
        Check(True, "names free"),
    ]
    if tracking is not None:
        steps += tracking_steps(names.endpoint, VARIANT, tracking)
        checks += tracking_checks(aws, request.instance_type, tracking, instances)
    elif instances < 2:
        checks.append(Check(None, "one instance does not survive the loss of its availability zone"))
    after = hourly_cost(aws, [(request.instance_type, instances)])
    if after is None:
        checks.append(Check(None, f"the Price List has no price for hosting on {request.instance_type}"))
    return Plan(
        id=identifier,
        intention="deploy",
        target=names.endpoint,
        steps=numbered(steps),
        checks=tuple(checks),
        hourly_cost_usd_before=0.0,
        hourly_cost_usd_after=after,
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


def _names(aws: Aws, request: DeployRequest, job: TrainingJob) -> _Names:
    now = stamp(aws.clock.now())
    return _Names(
        model=fitted(job.name, "-model"),
        config=f"cmapss-XGBoostEndpointConfig-{now}",
        endpoint=request.name or f"cmapss-XGBoostEndpoint-{now}",
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


def _create_model(names: _Names, job: TrainingJob, plan: str) -> Step:
    read = Call("sagemaker", "DescribeModel", {"ModelName": names.model})
    return Step(
        title="create model",
        detail=names.model,
        call=Call(
            "sagemaker",
            "CreateModel",
            {
                "ModelName": names.model,
                "ExecutionRoleArn": job.role_arn,
                "PrimaryContainer": {"Image": job.image, "ModelDataUrl": job.model_artifact},
                "Tags": owner_tags(plan),
            },
        ),
        proof=Proof(
            call=read,
            shows={
                "PrimaryContainer.ModelDataUrl": (job.model_artifact,),
                "PrimaryContainer.Image": (job.image,),
            },
        ),
        undo=Call("sagemaker", "DeleteModel", {"ModelName": names.model}),
        undo_title="delete model",
    )


def _create_config(names: _Names, instance_type: str, instances: int, plan: str) -> Step:
    return Step(
        title="create endpoint config",
        detail=f"{names.config}, {instances} × {instance_type}",
        call=Call(
            "sagemaker",
            "CreateEndpointConfig",
            {
                "EndpointConfigName": names.config,
                "ProductionVariants": [
                    {
                        "VariantName": VARIANT,
                        "ModelName": names.model,
                        "InstanceType": instance_type,
                        "InitialInstanceCount": instances,
                        "InitialVariantWeight": 1.0,
                    }
                ],
                "Tags": owner_tags(plan),
            },
        ),
        proof=Proof(
            call=Call("sagemaker", "DescribeEndpointConfig", {"EndpointConfigName": names.config}),
            shows={"ProductionVariants[0].ModelName": (names.model,)},
        ),
        undo=Call("sagemaker", "DeleteEndpointConfig", {"EndpointConfigName": names.config}),
        undo_title="delete endpoint config",
    )


def _create_endpoint(names: _Names, plan: str) -> Iterator[Step]:
    read = Call("sagemaker", "DescribeEndpoint", {"EndpointName": names.endpoint})
    yield Step(
        title="create endpoint",
        detail=names.endpoint,
        call=Call(
            "sagemaker",
            "CreateEndpoint",
            {
                "EndpointName": names.endpoint,
                "EndpointConfigName": names.config,
                "Tags": owner_tags(plan),
            },
        ),
        proof=Proof(
            call=read,
            shows={"EndpointConfigName": (names.config,)},
            failed={"EndpointStatus": ("Failed",)},
            reason="FailureReason",
        ),
        undo=Call("sagemaker", "DeleteEndpoint", {"EndpointName": names.endpoint}),
        undo_title="delete endpoint",
    )
    yield Step(
        title="wait until in service",
        detail="usually 9–11 minutes",
        call=None,
        proof=Proof(
            call=read,
            shows={"EndpointStatus": ("InService",)},
            failed={"EndpointStatus": ("Failed", "OutOfService", "Deleting")},
            reason="FailureReason",
            patience_seconds=CREATION_PATIENCE_SECONDS,
        ),
        usual_seconds=USUAL_CREATION_SECONDS,
    )
