"""Where a model comes from: a training job, an existing model, an artefact in S3, or a file on this machine.

Each comes down to what CreateModel is given. A model of that name with the same content is used as it is; what was
there before is no part of the plan, so that undoing it never takes it away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.jobs import TrainingJob, best, describe_job, read_jobs
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.limits import (
    Pairs,
    check_environment,
    check_image,
    check_model_data,
    check_role,
    check_tags,
    check_vpc,
)
from cmapss_core.plans.models.files import check_bucket, read_model_file, upload
from cmapss_core.plans.names import check_bucket_name, check_name, fitted
from cmapss_core.plans.plan import Check, Step
from cmapss_core.plans.preflight import artefact_checks, image_checks, role_checks
from cmapss_core.plans.steps import SERVICE, create_model

BEST = "best"
_STEM = "cmapss-XGBoost"  # of a model that no training job of the account gives its name to


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Exactly one of `job` (a name, or "best"), `model`, `model_data` (S3 URI) and `model_file` (path), and how it is
    to be served. Raises ConsoleError for what AWS would refuse.

    `image` and `role` are needed without a job, and go before the job's own. VPC and network isolation are the
    training job's own where nothing is said. `bucket` is where a file is uploaded to.
    """

    job: str | None = None
    model: str | None = None
    model_data: str | None = None
    model_file: str | None = None
    image: str | None = None
    role: str | None = None
    bucket: str | None = None
    environment: Pairs = field(default=(), repr=False)  # its values may be secrets
    subnets: Sequence[str] = ()
    security_groups: Sequence[str] = ()
    network_isolation: bool = False
    tags: Pairs = ()

    def __post_init__(self) -> None:
        given = [name for name in ("job", "model", "model_data", "model_file") if getattr(self, name) is not None]
        if len(given) != 1:
            named = " and ".join(name.replace("_", " ") for name in given) or "no model at all"
            raise invalid(f"{named}: a variant serves one model", "Name one job, model, model-data or model-file.")
        if self.model is not None:
            check_name("model", self.model)
            self._refuse_settings_of_its_own()
        if self.model_data is not None:
            check_model_data(self.model_data)
        if self.model_file is not None and self.bucket is None:
            raise invalid("the bucket for the model file is missing", "Name where it is uploaded to: --bucket.")
        if self.bucket is not None:
            check_bucket_name(self.bucket)
        if self.model_data is not None or self.model_file is not None:
            for name, value in (("image", self.image), ("role", self.role)):
                if value is None:
                    raise invalid(f"the {name} of a model that was trained elsewhere is missing", f"Name --{name}.")
        if self.image is not None:
            check_image(self.image)
        if self.role is not None:
            check_role(self.role)
        check_environment(self.environment)
        check_vpc(self.subnets, self.security_groups)
        check_tags(self.tags)

    def _refuse_settings_of_its_own(self) -> None:
        for name in ("image", "role", "environment", "subnets", "security_groups", "network_isolation"):
            if getattr(self, name):
                raise invalid(
                    f"the existing model {self.model} has its own {name.replace('_', ' ')}",
                    "Leave it out, or deploy the artefact with --model-data.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedModel:
    """A model that a variant can name once the steps are done; none where it is there already."""

    name: str
    steps: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    role_arn: str | None = None
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What a model is made of, whatever it is called."""

    stem: str
    image: str
    model_data: str
    role_arn: str
    environment: Mapping[str, str]
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    network_isolation: bool

    def parameters(self, name: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        """What CreateModel takes."""
        container: dict[str, Any] = {"Image": self.image, "ModelDataUrl": self.model_data}
        if self.environment:
            container["Environment"] = dict(self.environment)
        parameters: dict[str, Any] = {
            "ModelName": name,
            "ExecutionRoleArn": self.role_arn,
            "PrimaryContainer": container,
            "Tags": tags,
        }
        if self.subnets:
            parameters["VpcConfig"] = {"Subnets": list(self.subnets), "SecurityGroupIds": list(self.security_groups)}
        if self.network_isolation:
            parameters["EnableNetworkIsolation"] = True
        return parameters

    def differences(self, described: Mapping[str, Any]) -> list[str]:
        """In what a model, as DescribeModel shows it, is another one."""
        container = described.get("PrimaryContainer", {})
        vpc = described.get("VpcConfig", {})
        same = {
            "image": container.get("Image") == self.image,
            "artefact": container.get("ModelDataUrl") == self.model_data and not described.get("Containers"),
            "role": described.get("ExecutionRoleArn") == self.role_arn,
            "environment": container.get("Environment", {}) == self.environment,
            "mode": container.get("Mode", "SingleModel") == "SingleModel",
            "subnets": set(vpc.get("Subnets", ())) == set(self.subnets),
            "security groups": set(vpc.get("SecurityGroupIds", ())) == set(self.security_groups),
            "network isolation": described.get("EnableNetworkIsolation", False) == self.network_isolation,
        }
        return [name for name, alike in same.items() if not alike]


def prepare_model(draft: Draft, source: ModelSource) -> PreparedModel:
    """The model, or the steps that make it, with what pre-flight found; reads only.

    Raises ConsoleError where there is nothing to make it of.
    """
    if source.model is not None:
        return _existing(draft, source.model)
    if source.job is not None:
        return _of_job(draft, source, source.job)
    if source.model_data is not None:
        made = _made(draft, source, _elsewhere(source, source.model_data))
        return replace(
            made,
            checks=(*artefact_checks(draft, source.model_data), *made.checks),
            notes=(f"model artefact {source.model_data}",),
        )
    return _of_file(draft, source)


def chosen_job(aws: Aws, name: str) -> TrainingJob:
    """The training job of that name, or the best one. Raises ConsoleError unless its model can be served."""
    job = best(read_jobs(aws)) if name == BEST else describe_job(aws, name)
    if job.status != "Completed":
        raise invalid(
            f"training job {job.name} is {job.status}, not Completed", "Deploy a completed job, or wait for this one."
        )
    if "sagemaker_program" in job.hyperparameters:
        raise invalid(
            f"training job {job.name} ran a script of its own ({job.hyperparameters['sagemaker_program']})",
            "Its model needs that script to serve: image and artefact alone do not do.",
        )
    return job


def _of_job(draft: Draft, source: ModelSource, name: str) -> PreparedModel:
    job = chosen_job(draft.aws, name)
    artefact, image, role = job.model_artifact, source.image or job.image, source.role or job.role_arn
    if not (artefact and image and role):
        raise invalid(f"training job {job.name} has no model artefact, no image or no role", "Deploy another job.")
    described = draft.aws.call(SERVICE, "DescribeTrainingJob", TrainingJobName=job.name)
    vpc = described.get("VpcConfig", {})
    in_own_vpc = bool(vpc) and not source.subnets
    content = replace(
        _content(source, job.name, image, artefact, role),
        subnets=tuple(vpc["Subnets"] if in_own_vpc else source.subnets),
        security_groups=tuple(vpc["SecurityGroupIds"] if in_own_vpc else source.security_groups),
        network_isolation=source.network_isolation or described.get("EnableNetworkIsolation", False),
    )
    made = _made(draft, source, content, trained_by=None if source.image else f"training job {job.name}")
    return replace(
        made,
        checks=(*artefact_checks(draft, artefact), *made.checks),
        notes=(
            f"training job {job.name}",
            *_measured(job),
            *(["in the training job's VPC"] if in_own_vpc else []),
            *(["isolated from the network, as its training was"] if _isolated_as_trained(source, content) else []),
        ),
    )


def _of_file(draft: Draft, source: ModelSource) -> PreparedModel:
    path, bucket = source.model_file, source.bucket
    assert path is not None
    assert bucket is not None
    file = read_model_file(path)
    check_bucket(draft, bucket)
    uri, uploading = upload(draft, file, bucket)
    made = _made(draft, source, _elsewhere(source, uri))
    checks = [Check(True, f"{path} holds {', '.join(file.models)}")]
    if len(file.models) > 1:
        checks.append(
            Check(None, f"{path} holds {len(file.models)} files: the container averages what all of them predict")
        )
    return replace(
        made, steps=(uploading, *made.steps), checks=(*checks, *made.checks), notes=(f"model file {path}, at {uri}",)
    )


def _elsewhere(source: ModelSource, model_data: str) -> _Content:
    """Of a model that no job here has trained; its name follows from what it is made of."""
    assert source.image is not None
    assert source.role is not None
    digest = hashlib.sha256(f"{source.image} {model_data}".encode()).hexdigest()[:12]
    return _content(source, f"{_STEM}-{digest}", source.image, model_data, source.role)


def _content(source: ModelSource, stem: str, image: str, model_data: str, role: str) -> _Content:
    return _Content(
        stem=stem,
        image=image,
        model_data=model_data,
        role_arn=role,
        environment=dict(source.environment),
        subnets=tuple(source.subnets),
        security_groups=tuple(source.security_groups),
        network_isolation=source.network_isolation,
    )


def _made(draft: Draft, source: ModelSource, content: _Content, trained_by: str | None = None) -> PreparedModel:
    """The model of that content: made, or found under the name that it would have."""
    name, steps, checks = fitted(content.stem, "-model"), [], []
    there = _described(draft.aws, name)
    differences = [] if there is None else content.differences(there)
    if differences:
        fresh = fitted(content.stem, f"-{draft.id.removeprefix(draft.intention + '-')}-model")
        checks.append(Check(None, f"model {name} has another {', another '.join(differences)}: {fresh} is made"))
        name = fresh
    elif there is not None:
        checks.append(Check(True, f"model {name} is there already and just so: it is used as it is"))
    if there is None or differences:
        steps.append(create_model(content.parameters(name, draft.tags(source.tags))))
    return PreparedModel(
        name=name,
        steps=tuple(steps),
        checks=(*image_checks(draft, content.image, trained_by), *role_checks(draft, content.role_arn), *checks),
        role_arn=content.role_arn,
        subnets=content.subnets,
    )


def _existing(draft: Draft, name: str) -> PreparedModel:
    described = _described(draft.aws, name)
    if described is None:
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            f"there is no model {name!r} in {draft.aws.region}",
            remedy="Name one that is there, or deploy a training job.",
        )
    role = described.get("ExecutionRoleArn")
    return PreparedModel(
        name=described["ModelName"],
        checks=tuple(_existing_checks(draft, described, role)),
        notes=(f"model {name}",),
        role_arn=role,
        subnets=tuple(described.get("VpcConfig", {}).get("Subnets", ())),
    )


def _existing_checks(draft: Draft, described: Mapping[str, Any], role: str | None) -> Iterator[Check]:
    for container in described.get("Containers") or [described.get("PrimaryContainer", {})]:
        source = container.get("ModelDataSource", {}).get("S3DataSource", {})
        packed = container.get("ModelDataUrl") or source.get("S3Uri")
        if packed is not None and source.get("S3DataType", "S3Object") == "S3Object":
            yield from artefact_checks(draft, packed)
        if "Image" in container:
            yield from image_checks(draft, container["Image"])
    if role is not None:
        yield from role_checks(draft, role)


def _described(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        return aws.call(SERVICE, "DescribeModel", ModelName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return None
        raise


def _measured(job: TrainingJob) -> Iterator[str]:
    if job.objective_metric is not None and job.objective_value is not None:
        yield f"{job.objective_metric} {job.objective_value:.4f}"


def _isolated_as_trained(source: ModelSource, content: _Content) -> bool:
    return content.network_isolation and not source.network_isolation
