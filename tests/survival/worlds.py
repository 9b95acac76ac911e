"""Everything that an operation can change in a region, as one value: two readings are equal when nothing differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.live import LiveSandbox

World = dict[str, list[Any]]

# What differs between two makings of the same thing: when, under which plan, and the ids that AWS gives.
_VOLATILE = re.compile(
    r"(?P<plan>\b(?:deploy|update|scale|delete|clean-up|stop)-\d{4}(?:-\d\d){5}-[0-9a-f]{4}\b)"
    r"|(?P<stamp>\d{4}(?:-\d\d){5}(?:-[0-9a-f]{4}\b)?)"
    r"|(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_DROPPED = frozenset(
    {
        "AlarmArn",
        "AlarmConfigurationUpdatedTimestamp",
        "CreationTime",
        "CreationTimestamp",
        "LastModifiedTime",
        "PolicyARN",
        "ResponseMetadata",
        "ScalableTargetARN",
        "StateReason",
        "StateReasonData",
        "StateTransitionedTimestamp",
        "StateUpdatedTimestamp",
        "StateValue",
        "LastDeploymentConfig",
        "VariantStatus",
        "DeployedImages",
        "creationTime",
        "storedBytes",
    }
)


def world(sandbox: LiveSandbox) -> World:
    """Endpoints, configs, models, what scales them, alarms and log groups; times and ids of AWS's own left out."""
    sagemaker = sandbox.client("sagemaker")
    scaling, cloudwatch, logs = (
        sandbox.client(service) for service in ("application-autoscaling", "cloudwatch", "logs")
    )

    def described(listing: str, rows: str, name: str, describe: Callable[..., Any]) -> list[Any]:
        found = getattr(sagemaker, listing)(MaxResults=100)[rows]
        return [describe(**{name: row[name]}) for row in found]

    of = {"ServiceNamespace": "sagemaker"}
    found = {
        "endpoints": described("list_endpoints", "Endpoints", "EndpointName", sagemaker.describe_endpoint),
        "configs": described(
            "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", sagemaker.describe_endpoint_config
        ),
        "models": described("list_models", "Models", "ModelName", sagemaker.describe_model),
        "targets": scaling.describe_scalable_targets(**of)["ScalableTargets"],
        "policies": scaling.describe_scaling_policies(**of)["ScalingPolicies"],
        "scheduled actions": scaling.describe_scheduled_actions(**of)["ScheduledActions"],
        "alarms": cloudwatch.describe_alarms()["MetricAlarms"],
        "log groups": logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/Endpoints/")["logGroups"],
    }
    return {kind: _ordered(_stable(value) for value in values) for kind, values in found.items()}


def difference(found: World, wanted: World) -> str:
    """What is in one and not in the other, a line each; nothing where they are equal."""
    lines = []
    for kind in wanted:
        lines += [f"too much: {kind} {value}" for value in found[kind] if value not in wanted[kind]]
        lines += [f"missing: {kind} {value}" for value in wanted[kind] if value not in found[kind]]
    return "\n".join(lines)


def _ordered(values: Iterable[Any]) -> list[Any]:
    return sorted(values, key=repr)


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(inner) for key, inner in sorted(value.items()) if key not in _DROPPED}
    if isinstance(value, list):
        return [_stable(inner) for inner in value]
    if isinstance(value, str):
        return _VOLATILE.sub(lambda match: f"<{match.lastgroup}>", value)
    return value
