"""Dynamic scaling at work: every region minute, once alarms are up to date, each target moves or says why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.autoscaling import tracking
from cmapss_sandbox.services.autoscaling.activities import (
    abandon,
    completed,
    open_activity,
    record_not_scaled,
    start_scaling,
)
from cmapss_sandbox.services.autoscaling.arithmetic import (
    Bounds,
    added_in_cooldown,
    scale_in_capacity,
    scale_out_capacity,
)
from cmapss_sandbox.services.autoscaling.bounds import bounds_of
from cmapss_sandbox.services.autoscaling.policies import STEP_CONFIGURATION, triggering_alarms
from cmapss_sandbox.services.autoscaling.resources import (
    VariantId,
    of_target,
    policy_table,
    target_table,
    variant_of,
    variant_record,
)
from cmapss_sandbox.services.autoscaling.steps import adjusted_capacity, aggregated, matching_step
from cmapss_sandbox.services.cloudwatch.alarm_evaluation import recent_points
from cmapss_sandbox.services.cloudwatch.alarm_state import State
from cmapss_sandbox.services.cloudwatch.alarms import alarm_table
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.store import Record

_DEFAULT_COOLDOWN = 300


@dataclass(frozen=True, slots=True)
class NotScaled:
    """Why an alarm led to nothing: AWS's code and the capacity that explains it."""

    code: str
    capacity: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Vote:
    """The capacity that one policy wants because of an alarm, and what kept it from wanting another.

    A policy that `holds` has other target-tracking policies not scale in, unless it wants that too.
    """

    capacity: int
    policy: str = ""
    cause: str = ""
    since: datetime | None = None
    holds: bool = True
    not_scaled: NotScaled | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the policies of one target look at: the region's minute, the variant, its bounds and whether it can move."""

    region: Region
    variant: VariantId
    target: Record
    bounds: Bounds
    current: int
    changeable: bool

    def suspended(self, direction: str) -> bool:
        """Whether scaling "In" or "Out" is suspended on this target."""
        return bool(self.target["SuspendedState"][f"DynamicScaling{direction}Suspended"])

    def as_desired(self) -> NotScaled:
        """The reason where a policy comes to the present capacity by itself."""
        return NotScaled("AlreadyAtDesiredCapacity", {"CurrentCapacity": self.current})

    def kept_from_growing(self) -> NotScaled:
        """The reason where a policy that would scale out comes to the present capacity."""
        maximum = self.bounds.maximum
        if self.current < maximum:
            return self.as_desired()
        return NotScaled("AlreadyAtMaxCapacity", {"MaxCapacity": maximum})

    def kept_from_shrinking(self, otherwise: NotScaled) -> NotScaled:
        """The reason where a policy that would scale in comes to the present capacity: the minimum, or another."""
        minimum = self.bounds.minimum
        if self.current > minimum:
            return otherwise
        return NotScaled("AlreadyAtMinCapacity", {"MinCapacity": minimum})

    def added(self, cooldown: int) -> int:
        """What scale-outs have added whose cooldown in region seconds is not over."""
        return added_in_cooldown(completed(self.region, self.variant), timedelta(seconds=cooldown), self.region.now())

    def cooling_in(self, cooldown: int) -> bool:
        """Whether a scale-in's cooldown in region seconds blocks another; a scale-out since has ended it."""
        last = next(completed(self.region, self.variant), None)
        return (
            last is not None and last.change < 0 and last.cooling_down(timedelta(seconds=cooldown), self.region.now())
        )


def scale(region: Region) -> None:
    """Move every target whose policies want it moved, unless an activity is under way or its endpoint is changing."""
    for target in list(target_table(region).values()):
        policies = of_target(policy_table(region), target["ResourceId"])
        situation = _situation(region, target)
        if situation is None:
            abandon(region, variant_of(target), "the endpoint is not in service")
        elif policies and open_activity(region, situation.variant) is None:
            _carry_out(situation, [vote for policy in policies for vote in _votes(situation, policy)])


def follow_set_state(region: Region, *, name: str, before: State, after: State) -> None:
    """Carry out the step policies of an alarm that a client has put into another state (SetAlarmState).

    Such a state says nothing of the metric, which counts as being at the threshold. Alarms that have looked at their
    data points wait for scale(), when all have.
    """
    alarm = alarm_table(region)[name]
    if "StateReasonData" in alarm:
        return
    for policy in list(policy_table(region).values()):
        if policy["PolicyType"] == tracking.TYPE or alarm not in triggering_alarms(region, policy):
            continue
        situation = _situation(region, target_table(region)[policy["ResourceId"]])
        if situation is not None and open_activity(region, situation.variant) is None:
            vote = _step(situation, policy, alarm, [float(alarm["Threshold"])])
            _carry_out(situation, [] if vote is None else [vote])


def _situation(region: Region, target: Record) -> Situation | None:
    """How a target stands; None when its variant does not serve."""
    variant = variant_of(target)
    record = variant_record(region, variant)
    if record is None:
        return None
    changeable = record["endpoint_status"] == "InService"
    return Situation(region, variant, target, bounds_of(target), record["CurrentInstanceCount"], changeable)


def winning_vote(current: int, votes: Sequence[Vote]) -> Vote | None:
    """The vote that decides: out if any wants more, in if all that hold want less; the largest capacity of them.

    A step policy holds nothing back, and is not held back by one that would rather stay (PutScalingPolicy's reference).
    """
    out = [vote for vote in votes if vote.capacity > current]
    if out:
        return max(out, key=lambda vote: vote.capacity)
    holding = [vote for vote in votes if vote.holds]
    inward = [
        vote
        for vote in votes
        if vote.capacity < current and (not vote.holds or all(held.capacity < current for held in holding))
    ]
    return max(inward, key=lambda vote: vote.capacity, default=None)


def _carry_out(situation: Situation, votes: Sequence[Vote]) -> None:
    region, variant = situation.region, situation.variant
    decided = winning_vote(situation.current, votes)
    if decided is not None and situation.changeable:
        start_scaling(region, variant, decided.capacity, decided.cause, decided.policy)
        return
    reasons = [(vote, vote.not_scaled) for vote in votes if vote.not_scaled is not None]
    if decided is not None:
        reasons = [(decided, NotScaled("TargetServicePutResourceAsUnscalable", {}))]
    for vote, reason in reasons:
        assert vote.since is not None  # there is a reason only where there is an alarm
        record_not_scaled(region, variant, vote.cause, reason.code, dict(reason.capacity), vote.since)


def _votes(situation: Situation, policy: Record) -> Iterator[Vote]:
    """What the policy wants: target tracking has always a say, unless it never scales in and has nothing to add."""
    alarms = triggering_alarms(situation.region, policy)
    if policy["PolicyType"] != tracking.TYPE:
        for alarm in alarms:
            vote = _step(situation, policy, alarm, _measured_since_settled(situation, alarm))
            if vote is not None:
                yield vote
        return
    configuration, (high, low) = policy[tracking.CONFIGURATION], tracking.alarm_names(policy)
    firing = {alarm["AlarmName"]: alarm for alarm in alarms}
    if high in firing:
        yield _track_out(situation, policy, firing[high])
    elif tracking.scales_in(configuration):
        yield _track_in(situation, policy, firing[low]) if low in firing else Vote(situation.current)


def _track_out(situation: Situation, policy: Record, alarm: Record) -> Vote:
    configuration, values = policy[tracking.CONFIGURATION], _measured_since_settled(situation, alarm)
    if not values or situation.suspended("Out"):
        return Vote(situation.current)
    added = situation.added(configuration.get("ScaleOutCooldown", _DEFAULT_COOLDOWN))
    target = tracking.target_value(configuration)
    capacity = scale_out_capacity(situation.current, values[0], target, situation.bounds, added)
    return _vote(situation, policy, alarm, capacity, situation.kept_from_growing())


def _track_in(situation: Situation, policy: Record, alarm: Record) -> Vote:
    configuration, values = policy[tracking.CONFIGURATION], _measured_since_settled(situation, alarm)
    cooling = situation.cooling_in(configuration.get("ScaleInCooldown", _DEFAULT_COOLDOWN))
    if not values or cooling or situation.suspended("In"):
        return Vote(situation.current)
    # The greatest of the alarm's data points, for capacity is given up with caution.
    target = tracking.target_value(configuration)
    capacity = scale_in_capacity(situation.current, max(values), target, situation.bounds)
    kept = situation.kept_from_shrinking(NotScaled("AutoScalingAnticipatedFlapping", {}))
    return _vote(situation, policy, alarm, capacity, kept)


def _step(situation: Situation, policy: Record, alarm: Record, values: Sequence[float]) -> Vote | None:
    """What a step policy wants because of an alarm's data points; None while no step is meant, or it has to wait."""
    configuration = policy[STEP_CONFIGURATION]
    if not values:
        return None
    value, threshold = aggregated(values, configuration), float(alarm["Threshold"])
    step = matching_step(configuration["StepAdjustments"], value, threshold, alarm["ComparisonOperator"])
    if step is None:
        return None
    current, cooldown = situation.current, configuration.get("Cooldown", _DEFAULT_COOLDOWN)
    adjusted = adjusted_capacity(current, step["ScalingAdjustment"], configuration)
    if adjusted == current:
        return _vote(situation, policy, alarm, current, situation.as_desired(), holds=False)
    if adjusted < current:
        if situation.suspended("In") or situation.cooling_in(cooldown):
            return None
        capacity = min(current, situation.bounds.clip(adjusted))
        kept = situation.kept_from_shrinking(situation.as_desired())
        return _vote(situation, policy, alarm, capacity, kept, holds=False)
    if situation.suspended("Out"):
        return None
    if configuration["AdjustmentType"] != "ExactCapacity":
        adjusted -= situation.added(cooldown)
    capacity = max(current, situation.bounds.clip(adjusted))
    return _vote(situation, policy, alarm, capacity, situation.kept_from_growing(), holds=False)


def _vote(
    situation: Situation, policy: Record, alarm: Record, capacity: int, kept: NotScaled, *, holds: bool = True
) -> Vote:
    """The policy's vote for a capacity; for the present one, with what keeps it there."""
    cause = f"monitor alarm {alarm['AlarmName']} in state {alarm['StateValue']} triggered policy {policy['PolicyName']}"
    not_scaled = kept if capacity == situation.current else None
    return Vote(capacity, policy["PolicyName"], cause, alarm["StateTransitionedTimestamp"], holds, not_scaled)


def _measured_since_settled(situation: Situation, alarm: Record) -> list[float]:
    """The alarm's data points, newest first; none unless the newest was measured with the present capacity.

    A minute that began before the last change of capacity says nothing of what that change has done.
    """
    now = situation.region.now()
    end = int(now.timestamp()) // 60 * 60
    points = recent_points(metrics_of(situation.region), alarm, end)[: alarm["EvaluationPeriods"]]
    known = [(time, value) for time, value in points if value is not None]
    settled: datetime | None = situation.target.get("_settled")
    if not known or (settled is not None and known[0][0] < settled):
        return []
    return [value for _, value in known]
