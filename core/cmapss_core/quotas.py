"""How many instances the account's endpoints may have by Service Quotas, and how many they have or are promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.belongings import variants_of
from cmapss_core.endpoints import describe_config
from cmapss_core.errors import ConsoleError, ErrorKind

SERVICE = "service-quotas"
SERVICE_CODE = "sagemaker"
_SUFFIX = " for endpoint usage"


@dataclass(frozen=True, slots=True)
class Usage:
    """Instances of all endpoints by type, those of changes under way included; and endpoints that cannot be read."""

    instances: Mapping[str, int]
    unread: tuple[str, ...] = ()


def quota_name(instance_type: str) -> str:
    """What Service Quotas calls the quota of a type: codes differ from type to type, names follow from it."""
    return f"{instance_type}{_SUFFIX}"


def endpoint_quota(aws: Aws, instance_type: str) -> float | None:
    """How many instances of a type the account's endpoints may have; None where there is no such quota.

    Codes are asked for once, by way of a list of thousands; the value each time, for it changes when more is granted.
    Raises ConsoleError.
    """
    code = aws.remember("quota codes", lambda: _codes(aws)).get(quota_name(instance_type))
    if code is None:
        return None
    quotas = aws.call(SERVICE, "ListServiceQuotas", ServiceCode=SERVICE_CODE, QuotaCode=code)["Quotas"]
    return next((float(quota["Value"]) for quota in quotas), None)


def usage(aws: Aws) -> Usage:
    """What counts against the quotas now: Service Quotas does not tell it, the endpoints do. Raises ConsoleError."""
    instances: Counter[str] = Counter()
    unread = []
    for page in aws.pages("sagemaker", "ListEndpoints", MaxResults=100):
        for row in page["Endpoints"]:
            found = _of_endpoint(aws, row["EndpointName"])
            if found is None:
                unread.append(row["EndpointName"])
            else:
                instances.update(found)
    return Usage(instances, tuple(unread))


def _codes(aws: Aws) -> dict[str, str]:
    return {
        quota["QuotaName"]: quota["QuotaCode"]
        for page in aws.pages(SERVICE, "ListServiceQuotas", ServiceCode=SERVICE_CODE, MaxResults=100)
        for quota in page["Quotas"]
        if quota["QuotaName"].endswith(_SUFFIX)
    }


def _of_endpoint(aws: Aws, name: str) -> Counter[str] | None:
    """The instances of an endpoint, of both its fleets while it is being replaced; None where they cannot be known."""
    try:
        answer = aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:  # deleted between the two calls
            return Counter()
        if error.kind is ErrorKind.DENIED:
            return None
        raise
    if answer["EndpointStatus"] == "Failed":
        return Counter()
    try:
        found = _of_fleet(aws, answer)
        if "PendingDeploymentSummary" in answer:
            found.update(_of_fleet(aws, answer["PendingDeploymentSummary"]))
    except ConsoleError as error:
        if error.kind in (ErrorKind.DENIED, ErrorKind.NOT_FOUND):  # AWS lets the config of a living endpoint be deleted
            return None
        raise
    return found


def _of_fleet(aws: Aws, described: Mapping[str, Any]) -> Counter[str]:
    config = describe_config(aws, described["EndpointConfigName"])
    configured = {variant["VariantName"]: variant for variant in variants_of(config)}
    found: Counter[str] = Counter()
    # While an endpoint is being created there may be nothing but its config to go by.
    for variant in variants_of(described) or configured.values():
        of_config = configured.get(variant["VariantName"], {})
        instance_type = variant.get("InstanceType", of_config.get("InstanceType"))
        if instance_type is not None:
            found[instance_type] += _count(variant, of_config)
        for pool in variant.get("InstancePools", ()):
            found[pool["InstanceType"]] += pool.get("CurrentInstanceCount", 0)
    return found


def _count(variant: Mapping[str, Any], configured: Mapping[str, Any]) -> int:
    """What is asked for, or is still there of what is to go; what the config asks for where neither is told."""
    known = [variant[name] for name in ("DesiredInstanceCount", "CurrentInstanceCount") if name in variant]
    return int(max(known, default=configured.get("InitialInstanceCount", 0)))
