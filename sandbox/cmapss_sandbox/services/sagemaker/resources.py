"""What all SageMaker resources have in common: names, ARNs, absence, duplicates and tags."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record, Table

_MAXIMUM_TAGS = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: its table, the first part of its ARN, its members and how errors speak of it."""

    table: str
    path: str
    name: str
    arn: str
    absent_code: str
    absent: str
    noun: str

    def records(self, region: Region) -> Table:
        """All resources of this kind by name."""
        return region.table(self.table)

    def arn_of(self, region: Region, name: str) -> str:
        """The ARN of a resource of this kind, in lower case as the service writes it."""
        return region.arn("sagemaker", f"{self.path}/{name.lower()}")

    def get(self, region: Region, name: str) -> Record:
        """The resource of that name; raises the error that AWS has for an absent one."""
        record = self.records(region).get(name)
        if record is None:
            raise AwsError(self.absent_code, self.absent.format(arn=self.arn_of(region, name), name=name))
        return record

    def refuse_duplicate(self, region: Region, name: str) -> None:
        """Raise when there is a resource of that name already, in whatever case."""
        records, lowered = self.records(region), name.lower()
        if name in records or any(known.lower() == lowered for known in records):
            raise self.duplicate(region, name)

    def duplicate(self, region: Region, name: str) -> AwsError:
        """The refusal of a name that is taken."""
        if self.noun in ("training job", "hyper parameter tuning job"):
            return AwsError(
                "ResourceInUse",
                f"Job name must be unique within an AWS account and region, and a {self.noun} with this name "
                f"already exists ({self.arn_of(region, name)})",
            )
        return validation_exception(f'Cannot create already existing {self.noun} "{self.arn_of(region, name)}".')


MODEL = Kind(
    "models", "model", "ModelName", "ModelArn", "ValidationException", 'Could not find model "{arn}".', "model"
)
ENDPOINT_CONFIG = Kind(
    "endpoint_configs",
    "endpoint-config",
    "EndpointConfigName",
    "EndpointConfigArn",
    "ValidationException",
    'Could not find endpoint configuration "{arn}".',
    "endpoint configuration",
)
ENDPOINT = Kind(
    "endpoints",
    "endpoint",
    "EndpointName",
    "EndpointArn",
    "ValidationException",
    'Could not find endpoint "{arn}".',
    "endpoint",
)
TRAINING_JOB = Kind(
    "training_jobs",
    "training-job",
    "TrainingJobName",
    "TrainingJobArn",
    "ValidationException",
    "Requested resource not found.",
    "training job",
)
TUNING_JOB = Kind(
    "tuning_jobs",
    "hyper-parameter-tuning-job",
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "ResourceNotFound",
    "Amazon SageMaker can't find a tuning job called {name}. Type another name.",
    "hyper parameter tuning job",
)
KINDS = (MODEL, ENDPOINT_CONFIG, ENDPOINT, TRAINING_JOB, TUNING_JOB)


def public(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as its Describe call shows it: what begins with an underscore is the sandbox's own."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def without_tags(request: Mapping[str, Any]) -> dict[str, Any]:
    """A create request as far as its Describe call repeats it."""
    return {name: value for name, value in request.items() if name != "Tags"}


def derived(name: str, purpose: str, low: float, high: float) -> float:
    """A number between two bounds that depends on nothing but a name, so that what it rules is repeatable."""
    digest = hashlib.sha256(f"{purpose}:{name}".encode()).digest()
    return low + (high - low) * int.from_bytes(digest[:6]) / 2**48


def repeated(names: Iterable[str]) -> str | None:
    """The name that is there most often, None when each is there only once."""
    most = Counter(names).most_common(1)
    return most[0][0] if most and most[0][1] > 1 else None


def instances_exceeded(limit: str, quota: float, used: int, more: int) -> AwsError:
    """The refusal of more instances than an account-level limit allows: what is used, and how many more are asked."""
    return AwsError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{limit}' is {quota:g} Instances, with current utilization of {used} "
        f"Instances and a request delta of {more} Instances. Please use AWS Service Quotas to request an increase for "
        "this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this "
        "quota.",
    )


def create(region: Region, kind: Kind, request: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a create request for a name that is not taken; the record is kept besides the request."""
    name = request[kind.name]
    arn = kind.arn_of(region, name)
    kind.records(region)[name] = {**without_tags(request), **record, kind.arn: arn, "CreationTime": region.now()}
    set_tags(region, arn, request.get("Tags", []))
    return {kind.arn: arn}


def describe(region: Region, kind: Kind, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a describe request."""
    return public(kind.get(region, request[kind.name]))


def delete(region: Region, kind: Kind, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a delete request; whoever uses the resource keeps what it needs of it."""
    name = request[kind.name]
    kind.get(region, name)
    forget(region, kind, name)
    return {}


def find_by_arn(region: Region, arn: str) -> tuple[Kind, str]:
    """The kind and name of the resource that an ARN means, in whatever case; raises the error for an absent one."""
    _, _, _, region_name, account, resource = arn.lower().split(":", 5)
    path, _, name = resource.partition("/")
    kind = next((kind for kind in KINDS if kind.path == path), None)
    if kind is None or (region_name, account) != (region.name, region.account):
        raise validation_exception(f"Could not find resource {arn}.")
    for known in kind.records(region):
        if known.lower() == name:
            return kind, known
    raise AwsError(kind.absent_code, kind.absent.format(arn=arn, name=arn.rpartition("/")[2]))


def tags_of(region: Region, arn: str) -> list[dict[str, str]]:
    """The tags of a resource as the API lists them."""
    tags: dict[str, str] = region.table("tags").get(arn, {})
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def set_tags(region: Region, arn: str, tags: Iterable[Mapping[str, str]]) -> None:
    """Add tags to a resource; a key that it has already, in whatever case, gets the new value."""
    added = {tag["Key"]: tag["Value"] for tag in _checked(list(tags))}
    lowered = {key.lower() for key in added}
    table = region.table("tags")
    merged = {key: value for key, value in table.get(arn, {}).items() if key.lower() not in lowered} | added
    if len(merged) > _MAXIMUM_TAGS:
        raise AwsError("ResourceLimitExceeded", f"A resource has at most {_MAXIMUM_TAGS} tags.")
    if added:
        table[arn] = merged


def _checked(tags: list[Mapping[str, str]]) -> list[Mapping[str, str]]:
    keys = [tag["Key"].lower() for tag in tags]
    if repeated(keys) is not None:
        raise validation_exception("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.startswith("aws:") for key in keys):
        raise validation_exception("aws: prefixed tag key names are not allowed for external use.")
    return tags


def forget(region: Region, kind: Kind, name: str) -> None:
    """Remove a resource and its tags."""
    region.table("tags").pop(kind.arn_of(region, name), None)
    del kind.records(region)[name]
