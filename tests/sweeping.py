"""What anybody can leave behind in a region, asked with ordinary clients: nothing of the console is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

OWNER_TAG = "cmapss-console"
UPLOADS = "cmapss-console/"
LOG_GROUPS = "/aws/sagemaker/Endpoints/"


class Clients(Protocol):
    """Whoever makes ordinary boto3 clients, as tests.live.LiveSandbox does."""

    def client(self, service: str) -> Any:
        """A client of that service."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of thing is listed: the member of the answer, and of an entry its name and its ARN."""

    service: str
    operation: str
    member: str
    name: str
    arn: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


_OF_SAGEMAKER = {"ServiceNamespace": "sagemaker"}
_KINDS = {
    "endpoints": _Kind("sagemaker", "list_endpoints", "Endpoints", "EndpointName", "EndpointArn"),
    "endpoint configs": _Kind(
        "sagemaker", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", "EndpointConfigArn"
    ),
    "models": _Kind("sagemaker", "list_models", "Models", "ModelName", "ModelArn"),
    "scalable targets": _Kind(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId", None, _OF_SAGEMAKER
    ),
    "scaling policies": _Kind(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", "PolicyName", None, _OF_SAGEMAKER
    ),
    "scheduled actions": _Kind(
        "application-autoscaling",
        "describe_scheduled_actions",
        "ScheduledActions",
        "ScheduledActionName",
        None,
        _OF_SAGEMAKER,
    ),
    "alarms": _Kind("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "log groups": _Kind(
        "logs", "describe_log_groups", "logGroups", "logGroupName", None, {"logGroupNamePrefix": LOG_GROUPS}
    ),
}


def sweep(sandbox: Clients, *, ours_only: bool = False) -> dict[str, list[str]]:
    """The names of all that deployments and their scaling can leave behind, by kind; kinds without any are left out.

    So a region that was left clean is an empty dict. With `ours_only` endpoints, configs and models without the
    console's tag are passed over; all else is found whoever made it.
    """
    found = {kind: sorted(_names(sandbox, how, ours_only=ours_only)) for kind, how in _KINDS.items()}
    found["uploaded objects"] = sorted(_uploads(sandbox))
    return {kind: names for kind, names in found.items() if names}


def _names(sandbox: Clients, kind: _Kind, *, ours_only: bool) -> Iterator[str]:
    client = sandbox.client(kind.service)
    for page in client.get_paginator(kind.operation).paginate(**kind.parameters):
        for entry in page[kind.member]:
            if not ours_only or kind.arn is None or _is_ours(client, entry[kind.arn]):
                yield entry[kind.name]


def _is_ours(sagemaker: Any, arn: str) -> bool:
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return any(tag["Key"] == OWNER_TAG for page in pages for tag in page["Tags"])


def _uploads(sandbox: Clients) -> Iterator[str]:
    s3 = sandbox.client("s3")
    for bucket in s3.list_buckets().get("Buckets", []):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"], Prefix=UPLOADS):
            for entry in page.get("Contents", []):
                yield f"s3://{bucket['Name']}/{entry['Key']}"
