"""What Application Auto Scaling scales here: the instance counts of production variants, by resource id."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record, Table

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"

_RESOURCE_ID = re.compile(r"endpoint/([a-zA-Z0-9-]+)/variant/([a-zA-Z0-9-]+)")


@dataclass(frozen=True, slots=True)
class VariantId:
    """A production variant, as resource ids name it."""

    endpoint: str
    variant: str

    @property
    def resource_id(self) -> str:
        """Such as endpoint/my-endpoint/variant/AllTraffic."""
        return f"endpoint/{self.endpoint}/variant/{self.variant}"


def variant_id(request: Mapping[str, Any]) -> VariantId:
    """The variant that a request means; raises ValidationException for anything that is not one."""
    match = _RESOURCE_ID.fullmatch(request["ResourceId"])
    if (request["ServiceNamespace"], request["ScalableDimension"]) != (NAMESPACE, DIMENSION) or match is None:
        raise validation_exception("Unsupported service namespace, resource type or scalable dimension")
    return VariantId(match[1], match[2])


def target_table(region: Region) -> Table:
    """The scalable targets by resource id, each as DescribeScalableTargets shows it but for _own members."""
    return region.table("scalable_targets")


def policy_table(region: Region) -> Table:
    """The scaling policies by resource id and name, each as DescribeScalingPolicies shows it."""
    return region.table("scaling_policies")


def policies_of(region: Region, resource_id: str) -> list[Record]:
    """The policies of a scalable target."""
    return [policy for policy in policy_table(region).values() if policy["ResourceId"] == resource_id]


def targets_of(region: Region, endpoint: str) -> list[Record]:
    """The scalable targets among an endpoint's variants."""
    prefix = f"endpoint/{endpoint}/variant/"
    return [target for target in target_table(region).values() if target["ResourceId"].startswith(prefix)]


def variant_record(region: Region, variant: VariantId) -> Record | None:
    """The variant with its instance type and its endpoint's status, None when there is no such variant."""
    endpoint = region.table("endpoints").get(variant.endpoint)
    if endpoint is None or endpoint["EndpointStatus"] in ("Deleting", "Failed"):
        return None
    coming = endpoint.get("_next", {})
    fleet = endpoint.get("_fleet") or coming.get("fleet", {})
    for described in endpoint.get("ProductionVariants") or coming.get("variants", []):
        if described["VariantName"] == variant.variant:
            type_ = fleet[variant.variant]["instance_type"]
            return {**described, "instance_type": type_, "endpoint_status": endpoint["EndpointStatus"]}
    return None


def absent(what: str, variant: VariantId, further: str = "") -> AwsError:
    """AWS's refusal of what is not there."""
    return AwsError(
        "ObjectNotFoundException",
        f"No {what} for service namespace: {NAMESPACE}, resource ID: {variant.resource_id}, "
        f"scalable dimension: {DIMENSION}{further}",
    )


def matches(record: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Whether a record is of the namespace, and of the resource and dimension if those are asked for."""
    return all(
        record[member] == request.get(member, record[member])
        for member in ("ServiceNamespace", "ResourceId", "ScalableDimension")
    )


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
    try:
        page, token = cut_page(
            region, records, identify, operation=operation, token=request.get("NextToken"), size=size
        )
    except AwsError as error:
        raise AwsError("InvalidNextTokenException", error.message) from error
    return [{name: value for name, value in record.items() if not name.startswith("_")} for record in page], token
