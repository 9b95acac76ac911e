"""Application Auto Scaling of an endpoint: scalable targets, policies, their alarms, and what they did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError
from cmapss_core.schedules import next_due, parse_schedule

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS_PER_INSTANCE = "SageMakerVariantInvocationsPerInstance"
CONCURRENT_REQUESTS = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
METRIC_UNITS = {
    INVOCATIONS_PER_INSTANCE: "invocations per instance and minute",
    CONCURRENT_REQUESTS: "concurrent requests per model",
}
DEFAULT_COOLDOWN = 300  # seconds, of SageMaker's variants
SCHEDULES_AGE = timedelta(minutes=1)
MAX_ACTIVITIES = 50  # one page: what a screen can show, not six weeks of history

Suspension = Literal["in", "out", "scheduled"]
# What the members of a SuspendedState suspend.
SUSPENSIONS: Mapping[str, Suspension] = {
    "DynamicScalingInSuspended": "in",
    "DynamicScalingOutSuspended": "out",
    "ScheduledScalingSuspended": "scheduled",
}
SUSPENSION_NAMES: Mapping[Suspension, str] = {"in": "scale-in", "out": "scale-out", "scheduled": "scheduled scaling"}

_DESIRED = re.compile(r"desired instance count to (\d+)")
_RESOURCE = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalableTarget:
    """The bounds within which a variant may be scaled, and which ways of scaling are suspended."""

    variant: str
    min: int
    max: int
    suspended: tuple[Suspension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAdjustment:
    """What a step policy does while its metric is so far beyond the alarm's threshold; None: no bound there."""

    lower: float | None
    upper: float | None
    adjustment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    """A scaling policy. Target tracking has a `target` in units of `metric`; a step policy has `steps`, of which
    `adjustment_type` says what they count, and one cooldown for both ways. Cooldowns in seconds."""

    name: str
    variant: str
    target: float | None
    metric: str | None
    scale_in_cooldown: int
    scale_out_cooldown: int
    disable_scale_in: bool = False
    alarm_names: tuple[str, ...] = ()
    steps: tuple[StepAdjustment, ...] = ()
    adjustment_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """Bounds that are set at certain times; None leaves one as it is. `put` is when it was made."""

    name: str
    variant: str
    schedule: str
    timezone: str | None
    min: int | None
    max: int | None
    put: datetime
    start: datetime | None = None
    end: datetime | None = None

    def next_due(self, after: datetime) -> datetime | None:
        """When it is due next; None where it is not any more, or its zone is unknown on this machine."""
        try:
            schedule = parse_schedule(self.schedule, self.timezone)
        except ConsoleError:
            return None
        return next_due(schedule, after, self.put, self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm of a policy: `high` goes off above its threshold, `low` below. Target tracking has one of each."""

    name: str
    side: Literal["high", "low"]
    state: str
    threshold: float
    datapoints_to_alarm: int
    evaluation_periods: int
    period_seconds: int
    reason: str = ""
    updated: datetime | None = None
    metric: str | None = None


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
    scheduled_actions: tuple[ScheduledAction, ...] = ()


def resource_id(endpoint: str, variant: str) -> str:
    """How Application Auto Scaling names a variant: from its name, since ARNs may be lower-cased."""
    return f"endpoint/{endpoint}/variant/{variant}"


def read_scaling(aws: Aws, endpoint: Endpoint) -> Scaling:
    """Targets, policies, alarms, activities and scheduled actions of an endpoint's variants. Raises ConsoleError.

    For one variant four calls: targets, policies, activities and, where a policy has any, alarms. Scheduled actions
    are a fifth, made once a minute at most, since nothing but a plan changes them.
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
        scheduled_actions=_scheduled_actions(aws, endpoint.name, targets),
    )


def read_targets(aws: Aws, resources: list[str]) -> tuple[ScalableTarget, ...]:
    """The scalable targets among these resource ids. Raises ConsoleError."""
    return tuple(
        ScalableTarget(
            variant=_variant_of(target["ResourceId"]),
            min=target["MinCapacity"],
            max=target["MaxCapacity"],
            suspended=tuple(way for member, way in SUSPENSIONS.items() if target.get("SuspendedState", {}).get(member)),
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


def _variant_of(resource: str) -> str:
    found = _RESOURCE.fullmatch(resource)
    return found.group("variant") if found else resource


def _policy(answer: dict[str, Any]) -> ScalingPolicy:
    tracking = answer.get("TargetTrackingScalingPolicyConfiguration", {})
    stepping = answer.get("StepScalingPolicyConfiguration", {})
    predefined = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    cooldown = stepping.get("Cooldown", DEFAULT_COOLDOWN)
    return ScalingPolicy(
        name=answer["PolicyName"],
        variant=_variant_of(answer["ResourceId"]),
        target=tracking.get("TargetValue"),
        metric=predefined or tracking.get("CustomizedMetricSpecification", {}).get("MetricName"),
        scale_in_cooldown=tracking.get("ScaleInCooldown", cooldown),
        scale_out_cooldown=tracking.get("ScaleOutCooldown", cooldown),
        disable_scale_in=tracking.get("DisableScaleIn", False),
        alarm_names=tuple(alarm["AlarmName"] for alarm in answer.get("Alarms", [])),
        steps=tuple(
            StepAdjustment(
                lower=step.get("MetricIntervalLowerBound"),
                upper=step.get("MetricIntervalUpperBound"),
                adjustment=step["ScalingAdjustment"],
            )
            for step in stepping.get("StepAdjustments", ())
        ),
        adjustment_type=stepping.get("AdjustmentType"),
    )


@dataclass(slots=True)
class _ReadActions:
    """The scheduled actions of an endpoint as they were last read."""

    read_at: datetime | None = None
    actions: tuple[ScheduledAction, ...] = ()


def _scheduled_actions(aws: Aws, endpoint: str, targets: tuple[ScalableTarget, ...]) -> tuple[ScheduledAction, ...]:
    known = aws.remember(("scheduled actions", endpoint), _ReadActions)
    now = aws.clock.now()
    if not targets:
        known.read_at = None
        return ()
    if known.read_at is None or not timedelta() <= now - known.read_at < SCHEDULES_AGE:
        resources = [resource_id(endpoint, target.variant) for target in targets]
        known.actions = tuple(action for resource in resources for action in _read_actions(aws, resource))
        known.read_at = now
    return known.actions


def _read_actions(aws: Aws, resource: str) -> Iterator[ScheduledAction]:
    for page in aws.pages(
        "application-autoscaling",
        "DescribeScheduledActions",
        ServiceNamespace=NAMESPACE,
        ResourceId=resource,
        ScalableDimension=DIMENSION,
    ):
        for action in page["ScheduledActions"]:
            yield ScheduledAction(
                name=action["ScheduledActionName"],
                variant=_variant_of(resource),
                schedule=action["Schedule"],
                timezone=action.get("Timezone"),
                min=action.get("ScalableTargetAction", {}).get("MinCapacity"),
                max=action.get("ScalableTargetAction", {}).get("MaxCapacity"),
                put=action["CreationTime"],
                start=action.get("StartTime"),
                end=action.get("EndTime"),
            )


def _read_alarms(aws: Aws, names: list[str]) -> tuple[Alarm, ...]:
    answer = aws.call("cloudwatch", "DescribeAlarms", AlarmNames=names[:100], MaxRecords=100)
    return tuple(
        Alarm(
            name=alarm["AlarmName"],
            side="high" if alarm["ComparisonOperator"].startswith("GreaterThan") else "low",
            state=alarm["StateValue"],
            threshold=alarm.get("Threshold", 0.0),  # one of anomaly detection has none
            datapoints_to_alarm=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
            evaluation_periods=alarm["EvaluationPeriods"],
            period_seconds=alarm.get("Period", 60),  # one of metric math has it inside
            reason=alarm.get("StateReason", ""),
            updated=alarm.get("StateUpdatedTimestamp"),
            metric=alarm.get("MetricName"),
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
