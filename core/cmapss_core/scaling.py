"""Application Auto Scaling of an endpoint: scalable targets, policies, their alarms, and what they did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint
from cmapss_core.metrics import Points
from cmapss_core.snapshots import Snapshot

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS_PER_INSTANCE = "SageMakerVariantInvocationsPerInstance"
CONCURRENT_REQUESTS = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
METRIC_UNITS = {
    INVOCATIONS_PER_INSTANCE: "per instance and minute",
    CONCURRENT_REQUESTS: "concurrent requests per model",
}
MAX_ACTIVITIES = 50  # one page: what a screen can show, not six weeks of history

_DESIRED = re.compile(r"desired instance count to (\d+)")
_RESOURCE = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalableTarget:
    """The bounds within which a variant may be scaled."""

    variant: str
    min: int
    max: int
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    """A target-tracking policy; `target` is in units of `metric`, cooldowns in seconds."""

    name: str
    variant: str
    target: float | None
    metric: str | None
    scale_in_cooldown: int
    scale_out_cooldown: int
    disable_scale_in: bool = False
    alarm_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One of a policy's two alarms: `high` scales out, `low` scales in."""

    name: str
    side: Literal["high", "low"]
    state: str
    threshold: float
    datapoints_to_alarm: int
    evaluation_periods: int
    period_seconds: int
    reason: str = ""
    updated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingActivity:
    """Something that Application Auto Scaling did, or did not do and why."""

    id: str
    variant: str
    started: datetime
    ended: datetime | None
    status: str
    description: str
    cause: str
    message: str | None = None
    not_scaled_reason: str | None = None

    @property
    def desired_instances(self) -> int | None:
        """The count it set out for, as its description says."""
        found = _DESIRED.search(self.description)
        return int(found.group(1)) if found else None

    @property
    def running(self) -> bool:
        """Whether it is still under way."""
        return self.status in ("Pending", "InProgress")


@dataclass(frozen=True, slots=True)
class Scaling:
    """Everything that scales one endpoint; activities newest first."""

    targets: tuple[ScalableTarget, ...] = ()
    policies: tuple[ScalingPolicy, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    activities: tuple[ScalingActivity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingSnapshot(Snapshot):
    """What scales an endpoint, as read at `as_of`."""

    scaling: Scaling | None = None


@dataclass(frozen=True, slots=True)
class InstanceHistory:
    """Instance counts over time as steps: each value holds from its time until the next."""

    current: Points
    desired: Points


def resource_id(endpoint: str, variant: str) -> str:
    """How Application Auto Scaling names a variant: from its name, since ARNs may be lower-cased."""
    return f"endpoint/{endpoint}/variant/{variant}"


def read_scaling(aws: Aws, endpoint: Endpoint) -> Scaling:
    """Targets, policies, alarms and activities of an endpoint's variants. Raises ConsoleError.

    For one variant four calls at most: targets, policies, activities and, where a policy has any, alarms.
    """
    resources = [resource_id(endpoint.name, variant.name) for variant in endpoint.variants]
    targets = read_targets(aws, resources) if resources else ()
    policies = tuple(
        policy for target in targets for policy in read_policies(aws, resource_id(endpoint.name, target.variant))
    )
    names = [name for policy in policies for name in policy.alarm_names]
    activities = [activity for resource in resources for activity in _read_activities(aws, resource)]
    return Scaling(
        targets=targets,
        policies=policies,
        alarms=_read_alarms(aws, names) if names else (),
        activities=tuple(sorted(activities, key=lambda activity: activity.started, reverse=True)),
    )


def read_targets(aws: Aws, resources: list[str]) -> tuple[ScalableTarget, ...]:
    """The scalable targets among these resource ids. Raises ConsoleError."""
    return tuple(
        ScalableTarget(
            variant=_variant_of(target["ResourceId"]),
            min=target["MinCapacity"],
            max=target["MaxCapacity"],
            suspended=any(target.get("SuspendedState", {}).values()),
        )
        for page in aws.pages(
            "application-autoscaling",
            "DescribeScalableTargets",
            ServiceNamespace=NAMESPACE,
            ResourceIds=resources,
            ScalableDimension=DIMENSION,
        )
        for target in page["ScalableTargets"]
    )


def read_policies(aws: Aws, resource: str) -> tuple[ScalingPolicy, ...]:
    """The scaling policies of one resource id. Raises ConsoleError."""
    return tuple(
        _policy(policy)
        for page in aws.pages(
            "application-autoscaling",
            "DescribeScalingPolicies",
            ServiceNamespace=NAMESPACE,
            ResourceId=resource,
            ScalableDimension=DIMENSION,
        )
        for policy in page["ScalingPolicies"]
    )


def instance_history(endpoint: Endpoint, scaling: Scaling, start: datetime, end: datetime) -> InstanceHistory:
    """How many instances ran and were asked for between two times, told by the activities and the present.

    CloudWatch has no metric for it. An activity asks for its count when it starts, and has it when it ends; before
    the first activity the count was the one that the endpoint was created with.
    """
    moves = sorted(
        (activity for activity in scaling.activities if activity.desired_instances is not None),
        key=lambda activity: activity.started,
    )
    desired = [(a.started, float(a.desired_instances or 0)) for a in moves if a.status != "Failed"]
    current = [(a.ended, float(a.desired_instances or 0)) for a in moves if a.ended and a.status == "Successful"]
    first_desired = float(endpoint.initial_instances if desired else endpoint.desired_instances)
    first_current = float(endpoint.initial_instances if current else endpoint.current_instances)
    born = max(start, endpoint.created)
    return InstanceHistory(
        current=_steps(born, end, current, first_current, float(endpoint.current_instances)),
        desired=_steps(born, end, desired, first_desired, float(endpoint.desired_instances)),
    )


def _steps(start: datetime, end: datetime, changes: list[tuple[datetime, float]], first: float, last: float) -> Points:
    value = next((count for at, count in reversed(changes) if at <= start), first)
    steps = [(start, value), *((at, count) for at, count in changes if start < at < end)]
    if steps[-1][1] != last:
        steps.append((end, last))
    return tuple(steps)


def _variant_of(resource: str) -> str:
    found = _RESOURCE.fullmatch(resource)
    return found.group("variant") if found else resource


def _policy(answer: dict[str, Any]) -> ScalingPolicy:
    tracking = answer.get("TargetTrackingScalingPolicyConfiguration", {})
    predefined = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    return ScalingPolicy(
        name=answer["PolicyName"],
        variant=_variant_of(answer["ResourceId"]),
        target=tracking.get("TargetValue"),
        metric=predefined or tracking.get("CustomizedMetricSpecification", {}).get("MetricName"),
        scale_in_cooldown=tracking.get("ScaleInCooldown", 300),
        scale_out_cooldown=tracking.get("ScaleOutCooldown", 300),
        disable_scale_in=tracking.get("DisableScaleIn", False),
        alarm_names=tuple(alarm["AlarmName"] for alarm in answer.get("Alarms", [])),
    )


def _read_alarms(aws: Aws, names: list[str]) -> tuple[Alarm, ...]:
    answer = aws.call("cloudwatch", "DescribeAlarms", AlarmNames=names[:100], MaxRecords=100)
    return tuple(
        Alarm(
            name=alarm["AlarmName"],
            side="high" if alarm["ComparisonOperator"].startswith("GreaterThan") else "low",
            state=alarm["StateValue"],
            threshold=alarm["Threshold"],
            datapoints_to_alarm=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
            evaluation_periods=alarm["EvaluationPeriods"],
            period_seconds=alarm["Period"],
            reason=alarm.get("StateReason", ""),
            updated=alarm.get("StateUpdatedTimestamp"),
        )
        for alarm in answer["MetricAlarms"]
    )


def _read_activities(aws: Aws, resource: str) -> list[ScalingActivity]:
    answer = aws.call(
        "application-autoscaling",
        "DescribeScalingActivities",
        ServiceNamespace=NAMESPACE,
        ResourceId=resource,
        ScalableDimension=DIMENSION,
        MaxResults=MAX_ACTIVITIES,
        IncludeNotScaledActivities=True,
    )
    return [
        ScalingActivity(
            id=activity["ActivityId"],
            variant=_variant_of(resource),
            started=activity["StartTime"],
            ended=activity.get("EndTime"),
            status=activity["StatusCode"],
            description=activity["Description"],
            cause=activity["Cause"],
            message=activity.get("StatusMessage"),
            not_scaled_reason=next((reason["Code"] for reason in activity.get("NotScaledReasons", [])), None),
        )
        for activity in answer["ScalingActivities"]
    ]
