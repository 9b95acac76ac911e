"""Target tracking at work: every region minute, once alarms are up to date, each target moves or says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.autoscaling.activities import (
    last_scale_in,
    last_scale_out,
    record_not_scaled,
    start_scaling,
)
from cmapss_sandbox.services.autoscaling.arithmetic import (
    Bounds,
    combined_capacity,
    scale_in_capacity,
    scale_out_capacity,
)
from cmapss_sandbox.services.autoscaling.policies import (
    alarm_names,
    cooldown_seconds,
    scales_in,
    target_value,
)
from cmapss_sandbox.services.autoscaling.resources import (
    VariantId,
    policies_of,
    target_table,
    variant_id,
    variant_record,
)
from cmapss_sandbox.services.autoscaling.targets import bounds_of
from cmapss_sandbox.services.cloudwatch.alarm_evaluation import recent_points
from cmapss_sandbox.services.cloudwatch.alarms import alarm_table
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.store import Record


@dataclass(frozen=True, slots=True)
class Vote:
    """The capacity that one policy wants, why, and what kept it from wanting another."""

    capacity: int
    policy: str
    cause: str = ""
    not_scaled: tuple[str, dict[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the policies of one target look at: the region's minute, the variant and its bounds."""

    region: Region
    variant: VariantId
    target: Record
    bounds: Bounds
    current: int

    def suspended(self, direction: str) -> bool:
        """Whether scaling "In" or "Out" is suspended on this target."""
        return bool(self.target["SuspendedState"][f"DynamicScaling{direction}Suspended"])


def scale(region: Region) -> None:
    """Move every target whose policies want it moved, unless its endpoint is changing."""
    for target in list(target_table(region).values()):
        variant = variant_id(target)
        record = variant_record(region, variant)
        if record is None or record["endpoint_status"] != "InService":
            continue
        situation = Situation(region, variant, target, bounds_of(target), record["CurrentInstanceCount"])
        votes = [
            vote
            for policy in policies_of(region, target["ResourceId"])
            if (vote := _vote(situation, policy)) is not None
        ]
        _carry_out(situation, votes)


def _carry_out(situation: Situation, votes: Sequence[Vote]) -> None:
    wanted = combined_capacity(situation.current, [vote.capacity for vote in votes])
    if wanted != situation.current:
        vote = next(vote for vote in votes if vote.capacity == wanted)
        start_scaling(situation.region, situation.variant, situation.current, wanted, vote.cause, vote.policy)
        return
    for vote in votes:
        if vote.not_scaled is not None:
            code, capacity = vote.not_scaled
            record_not_scaled(situation.region, situation.variant, vote.cause, code, **capacity)


def _vote(situation: Situation, policy: Record) -> Vote | None:
    """What the policy wants; None when it has no say, being one that never scales in and has nothing to add."""
    name, (high, low) = policy["PolicyName"], alarm_names(policy)
    alarms = alarm_table(situation.region)
    if alarms.get(high, {}).get("StateValue") == "ALARM":
        return _scale_out(situation, policy, alarms[high])
    if not scales_in(policy):
        return None
    if alarms.get(low, {}).get("StateValue") == "ALARM":
        return _scale_in(situation, policy, alarms[low])
    return Vote(situation.current, name)


def _scale_out(situation: Situation, policy: Record, alarm: Record) -> Vote:
    stays = Vote(situation.current, policy["PolicyName"], _cause(alarm, policy))
    values = _measured_since_settled(situation, alarm)
    if not values or situation.suspended("Out"):
        return stays
    last = last_scale_out(situation.region, situation.variant)
    cooldown = timedelta(seconds=cooldown_seconds(policy, "Out"))
    added = last.change if last and last.cooling_down(cooldown, situation.region.now()) else 0
    capacity = scale_out_capacity(situation.current, values[0], target_value(policy), situation.bounds, added)
    if capacity > situation.current:
        return Vote(capacity, stays.policy, stays.cause)
    at_maximum = situation.current >= situation.bounds.maximum
    reason: tuple[str, dict[str, int]] = (
        ("AlreadyAtMaxCapacity", {"MaxCapacity": situation.bounds.maximum})
        if at_maximum
        else ("AlreadyAtDesiredCapacity", {"CurrentCapacity": situation.current})
    )
    return Vote(situation.current, stays.policy, stays.cause, reason)


def _scale_in(situation: Situation, policy: Record, alarm: Record) -> Vote:
    stays = Vote(situation.current, policy["PolicyName"], _cause(alarm, policy))
    values = _measured_since_settled(situation, alarm)
    last = last_scale_in(situation.region, situation.variant)
    cooldown = timedelta(seconds=cooldown_seconds(policy, "In"))
    cooling = last is not None and last.cooling_down(cooldown, situation.region.now())
    if not values or cooling or situation.suspended("In"):
        return stays
    # The greatest of the alarm's data points, for capacity is given up with caution.
    capacity = scale_in_capacity(situation.current, max(values), target_value(policy), situation.bounds)
    if capacity < situation.current:
        return Vote(capacity, stays.policy, stays.cause)
    at_minimum = situation.current <= situation.bounds.minimum
    reason: tuple[str, dict[str, int]] = (
        ("AlreadyAtMinCapacity", {"MinCapacity": situation.bounds.minimum})
        if at_minimum
        else ("AutoScalingAnticipatedFlapping", {})
    )
    return Vote(situation.current, stays.policy, stays.cause, reason)


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


def _cause(alarm: Record, policy: Record) -> str:
    name: Any = alarm["AlarmName"]
    return f"monitor alarm {name} in state ALARM triggered policy {policy['PolicyName']}"
