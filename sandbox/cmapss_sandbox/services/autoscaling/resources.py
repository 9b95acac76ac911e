"""What Application Auto Scaling scales here: the instance counts of production variants, by resource id."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.paging import cut_page, invalid_token
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import public
from cmapss_sandbox.store import Record, Table

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"

_ENDPOINT_VARIANT = re.compile(r"endpoint/([a-zA-Z0-9-]+)/variant/([a-zA-Z0-9-]+)")
# What SageMaker has to scale. Only instances are scaled here: nothing is ever registered in the other dimensions.
_RESOURCE_IDS = {
    DIMENSION: _ENDPOINT_VARIANT,
    "sagemaker:variant:DesiredProvisionedConcurrency": _ENDPOINT_VARIANT,
    "sagemaker:inference-component:DesiredCopyCount": re.compile(r"inference-component/([a-zA-Z0-9-]+)"),
}


@dataclass(frozen=True, slots=True)
class VariantId:
    """A production variant, as resource ids name it."""

    endpoint: str
    variant: str

    @property
    def resource_id(self) -> str:
        """Such as endpoint/my-endpoint/variant/AllTraffic."""
        return f"endpoint/{self.endpoint}/variant/{self.variant}"


def variant_id(request: Mapping[str, Any]) -> VariantId | None:
    """The variant whose instances a request or record means; None for a dimension of SageMaker with no instances.

    Raises ValidationException for what is not SageMaker's at all.
    """
    dimension = request["ScalableDimension"]
    pattern = _RESOURCE_IDS.get(dimension)
    match = pattern.fullmatch(request["ResourceId"]) if pattern else None
    if request["ServiceNamespace"] != NAMESPACE or match is None:
        raise validation_exception("Unsupported service namespace, resource type or scalable dimension")
    return VariantId(match[1], match[2]) if dimension == DIMENSION else None


def registered(region: Region, request: Mapping[str, Any]) -> VariantId:
    """The variant that a request means; raises ObjectNotFoundException unless it is a scalable target."""
    variant = variant_id(request)
    if variant is None or variant.resource_id not in target_table(region):
        raise absent("scalable target registered", request)
    return variant


def variant_of(record: Mapping[str, Any]) -> VariantId:
    """The variant that a target, policy, scheduled action or activity is about."""
    variant = variant_id(record)
    assert variant is not None  # nothing else is ever recorded
    return variant


def target_table(region: Region) -> Table:
    """The scalable targets by resource id, each as DescribeScalableTargets shows it but for _own members."""
    return region.table("scalable_targets")


def policy_table(region: Region) -> Table:
    """The scaling policies by key_of() their target and name, each as DescribeScalingPolicies shows it."""
    return region.table("scaling_policies")


def scheduled_action_table(region: Region) -> Table:
    """The scheduled actions by key_of() their target and name, each as shown but for _own members."""
    return region.table("scheduled_actions")


def key_of(variant: VariantId, name: str) -> str:
    """The key of what is named within a scalable target."""
    return f"{variant.resource_id} {name}"


def of_target(table: Table, resource_id: str) -> list[Record]:
    """The policies or scheduled actions of a scalable target."""
    return [record for record in table.values() if record["ResourceId"] == resource_id]


def targets_of(region: Region, endpoint: str) -> list[Record]:
    """The scalable targets among an endpoint's variants."""
    return [target for target in target_table(region).values() if variant_of(target).endpoint == endpoint]


def variant_record(region: Region, variant: VariantId) -> Record | None:
    """The variant as it serves, with its instance type and its endpoint's status; None when it does not serve."""
    endpoint = region.table("endpoints").get(variant.endpoint)
    if endpoint is None or endpoint["EndpointStatus"] in ("Creating", "Deleting", "Failed", "OutOfService"):
        return None
    for described in endpoint.get("ProductionVariants", []):
        if described["VariantName"] == variant.variant:
            instance_type = endpoint["_fleet"][variant.variant].get("instance_type")
            return {**described, "instance_type": instance_type, "endpoint_status": endpoint["EndpointStatus"]}
    return None


def absent(what: str, request: Mapping[str, Any], further: str = "") -> AwsError:
    """AWS's refusal of what is not there."""
    return AwsError(
        "ObjectNotFoundException",
        f"No {what} for service namespace: {request['ServiceNamespace']}, resource ID: {request['ResourceId']}, "
        f"scalable dimension: {request['ScalableDimension']}{further}",
    )


def limit_exceeded(what: str, limit: int) -> AwsError:
    """The refusal of one more than the service's quota."""
    return AwsError("LimitExceededException", f"The limit of {limit} {what} has been reached.")


def selected(table: Table, request: Mapping[str, Any]) -> list[Record]:
    """The records of the namespace that a Describe call asks about, and of the resource and dimension if given."""
    if "ScalableDimension" in request and not request.get("ResourceId") and not request.get("ResourceIds"):
        raise validation_exception("Resource ID must be specified when scalable dimension is specified")
    asked = [member for member in ("ServiceNamespace", "ResourceId", "ScalableDimension") if member in request]
    return [record for record in table.values() if all(record[member] == request[member] for member in asked)]


def named(records: Sequence[Record], names: Collection[str] | None, *members: str) -> list[Record]:
    """The records that have one of the names in one of the members; all when no names are given."""
    return [record for record in records if not names or any(record[member] in names for member in members)]


def described_page(
    region: Region,
    operation: str,
    request: Mapping[str, Any],
    records: Sequence[Record],
    identify: Callable[[Record], str],
    maximum: int,
) -> tuple[list[Record], str | None]:
    """The page of the records that is asked for, without what is the sandbox's own, and the next token."""
    size = request.get("MaxResults", maximum)
    if not 1 <= size <= maximum:
        raise validation_exception(f"MaxResults must be between 1 and {maximum}.")
    page, token = cut_page(
        region,
        records,
        identify,
        operation=operation,
        token=request.get("NextToken"),
        size=size,
        refusal=invalid_token("InvalidNextTokenException"),
    )
    return [public(record) for record in page], token
