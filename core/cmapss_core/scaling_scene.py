"""What there is to explain of one scaled variant: its target, policies and alarms, its load, its last activities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.metrics import Metrics, Points
from cmapss_core.scaling import (
    INVOCATIONS_PER_INSTANCE,
    METRIC_UNITS,
    Alarm,
    ScalableTarget,
    Scaling,
    ScalingActivity,
    ScalingPolicy,
    Suspension,
)

# Target tracking as it is seen to behave: three data points above the target scale out, fifteen below 90 % of it in.
DATAPOINTS_OUT = 3
DATAPOINTS_IN = 15
SCALE_IN_SHARE = 0.9
_BY_A_POLICY = "triggered policy"


@dataclass(frozen=True, slots=True)
class Scene:
    """One variant at `now`. `load` is what it had of invocations per instance, a point a minute, oldest first."""

    variant: Variant
    target: ScalableTarget
    tracking: ScalingPolicy | None
    stepping: tuple[ScalingPolicy, ...]
    alarms: tuple[Alarm, ...]
    activities: tuple[ScalingActivity, ...]
    load: Points
    now: datetime

    @property
    def count(self) -> int:
        """Instances that run."""
        return self.variant.current_instances

    @property
    def follows_invocations(self) -> bool:
        """Whether target tracking follows the one metric whose data points are known here."""
        return self.tracking is not None and self.tracking.metric == INVOCATIONS_PER_INSTANCE

    @property
    def measured(self) -> Points:
        """The data points that target tracking follows; none where they are not known."""
        return self.load if self.follows_invocations else ()

    @property
    def latest(self) -> float | None:
        """The newest of them."""
        return self.measured[-1][1] if self.measured else None

    @property
    def tracked(self) -> float:
        """The value that target tracking keeps its metric to."""
        assert self.tracking is not None  # whoever asks has looked
        assert self.tracking.target is not None  # a tracking policy has one
        return self.tracking.target

    @property
    def unit(self) -> str:
        """What the target counts."""
        metric = self.tracking.metric if self.tracking else None
        return METRIC_UNITS.get(metric or "", metric or "of its own metric")

    @property
    def high(self) -> Alarm | None:
        """Target tracking's alarm that scales out."""
        return self._alarm("high")

    @property
    def low(self) -> Alarm | None:
        """Target tracking's alarm that scales in."""
        return self._alarm("low")

    @property
    def datapoints_out(self) -> int:
        """How many data points in a row above the target scale out."""
        return self.high.evaluation_periods if self.high else DATAPOINTS_OUT

    @property
    def datapoints_in(self) -> int:
        """How many in a row below the floor scale in."""
        return self.low.evaluation_periods if self.low else DATAPOINTS_IN

    @property
    def floor(self) -> float:
        """The value below which target tracking scales in."""
        return self.low.threshold if self.low else self.tracked * SCALE_IN_SHARE

    def suspends(self, way: Suspension) -> bool:
        """Whether that way of scaling is suspended."""
        return way in self.target.suspended

    def in_a_row(self, holds: Callable[[float], bool]) -> int:
        """How many of the newest data points it holds for."""
        count = 0
        for _, value in reversed(self.measured):
            if not holds(value):
                break
            count += 1
        return count

    def cooldown_end(self, seconds: int, *, inward: bool) -> datetime | None:
        """When the cooldown of scaling in, or out, ends; None when it is over.

        It begins when an activity of a policy in the same direction has completed, and one in the other ends it.
        """
        done = (a for a in self.activities if a.ended and a.status == "Successful" and _BY_A_POLICY in a.cause)
        last = max(done, key=lambda activity: activity.started, default=None)
        if last is None or last.ended is None or went_in(last, self.activities, self.variant) != inward:
            return None
        ready = last.ended + timedelta(seconds=seconds)
        return ready if ready > self.now else None

    def not_scaled(self) -> ScalingActivity | None:
        """The newest activity, if it says why an alarm that is still on led to nothing."""
        newest = self.activities[0] if self.activities else None
        if newest is None or newest.not_scaled_reason is None:
            return None
        on = [alarm for alarm in self.alarms if alarm.state == "ALARM"]
        return newest if any(alarm.name in newest.cause for alarm in on) else None

    def _alarm(self, side: str) -> Alarm | None:
        names = self.tracking.alarm_names if self.tracking else ()
        return next((alarm for alarm in self.alarms if alarm.name in names and alarm.side == side), None)


def scenes(endpoint: Endpoint, scaling: Scaling, metrics: Metrics | None, now: datetime) -> Iterator[Scene]:
    """A scene for each scaled variant that is there, in the order of the scalable targets."""
    for target in scaling.targets:
        variant = next((one for one in endpoint.variants if one.name == target.variant), None)
        if variant is None:
            continue
        policies = [policy for policy in scaling.policies if policy.variant == target.variant]
        names = {name for policy in policies for name in policy.alarm_names}
        yield Scene(
            variant=variant,
            target=target,
            tracking=next((policy for policy in policies if policy.target is not None), None),
            stepping=tuple(policy for policy in policies if policy.steps),
            alarms=tuple(alarm for alarm in scaling.alarms if alarm.name in names),
            activities=tuple(activity for activity in scaling.activities if activity.variant == variant.name),
            load=metrics.points("invocations_per_instance", variant.name) if metrics is not None else (),
            now=now,
        )


def went_in(activity: ScalingActivity, activities: Iterable[ScalingActivity], variant: Variant) -> bool:
    """Whether an activity took instances away: as its alarm says, else as the one before it tells.

    `activities` are all of the variant, newest first.
    """
    if "-AlarmLow-" in activity.cause or "-AlarmHigh-" in activity.cause:
        return "-AlarmLow-" in activity.cause
    earlier = (a.desired_instances for a in activities if a.started < activity.started and a.desired_instances)
    return (activity.desired_instances or 0) < next(earlier, variant.initial_instances)
