"""What a DeploymentConfig asks for: read, and refused where it does not fit the variants it is to deploy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarms import alarm_table

_WHOLE: Mapping[str, Any] = {"Type": "CAPACITY_PERCENT", "Value": 100}


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """A whole new fleet beside the old one; waits in region seconds, no step size where all shifts at once."""

    step_size: Mapping[str, Any] | None = None
    two_steps: bool = False
    wait_interval: float = 0.0
    termination_wait: float = 0.0

    def shares(self, counts: Mapping[str, int]) -> list[float]:
        """The new fleet's share of the traffic after each step; the last one is 1.

        Traffic is turned on for an instance at a time; a fleet of single instances takes the percentage itself.
        """
        if self.step_size is None:
            return [1.0]
        total = sum(counts.values())
        size = sum(batch(self.step_size, count) for count in counts.values()) / total
        if self.step_size["Type"] == "CAPACITY_PERCENT" and max(counts.values()) == 1:
            size = self.step_size["Value"] / 100
        # Steps may add up to a hair less than 1, or be all of it at once.
        steps = 2 if self.two_steps else math.ceil(1 / size - 1e-9)
        return [*(number * size for number in range(1, steps) if number * size < 1), 1.0]


@dataclass(frozen=True, slots=True)
class Rolling:
    """Batches, each with a time to bake in region seconds."""

    batch_size: Mapping[str, Any]
    wait_interval: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How to deploy, what to watch meanwhile, how long it may take, and in what batches it is rolled back."""

    strategy: BlueGreen | Rolling = field(default_factory=BlueGreen)
    alarms: tuple[str, ...] = ()
    time_limit: float | None = None
    roll_back_size: Mapping[str, Any] = field(default_factory=lambda: _WHOLE)


def batch(size: Mapping[str, Any], total: int) -> int:
    """A CapacitySize as a number of instances of so many, at least one."""
    value: int = size["Value"]
    wanted = value if size["Type"] == "INSTANCE_COUNT" else total * value // 100
    return min(total, max(1, wanted))


def read_policy(region: Region, config: Mapping[str, Any], counts: Mapping[str, int]) -> Policy:
    """A DeploymentConfig for variants with these instance counts; raises ValidationException when it does not fit."""
    blue_green, rolling = config.get("BlueGreenUpdatePolicy"), config.get("RollingUpdatePolicy")
    if blue_green is not None and rolling is not None:
        raise validation_exception(
            "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig."
        )
    alarms = _alarms(region, config.get("AutoRollbackConfiguration", {}).get("Alarms", []))
    if rolling is not None:
        return _rolling(rolling, counts, alarms)
    if blue_green is not None:
        return _blue_green(blue_green, counts, alarms)
    return Policy(alarms=alarms)


def _blue_green(policy: Mapping[str, Any], counts: Mapping[str, int], alarms: tuple[str, ...]) -> Policy:
    routing = policy["TrafficRoutingConfiguration"]
    kind, wait = routing["Type"], float(routing["WaitIntervalInSeconds"])
    sizes = {"CANARY": ("CanarySize", 0), "LINEAR": ("LinearStepSize", 10)}
    for other, (member, _) in sizes.items():
        if member in routing and kind != other:
            raise validation_exception(f"{member} can only be specified for traffic routing of type {other}.")
    strategy = BlueGreen(termination_wait=float(policy.get("TerminationWaitInSeconds", 0)))
    if kind in sizes:
        member, least = sizes[kind]
        if member not in routing:
            raise validation_exception(f"{member} is required for traffic routing of type {kind}.")
        _check_size(member, routing[member], counts, least)
        strategy = BlueGreen(routing[member], kind == "CANARY", wait, strategy.termination_wait)
    waiting = strategy.wait_interval + strategy.termination_wait
    return Policy(strategy, alarms, _time_limit(policy, waiting))


def _rolling(policy: Mapping[str, Any], counts: Mapping[str, int], alarms: tuple[str, ...]) -> Policy:
    wait = float(policy["WaitIntervalInSeconds"])
    _check_size("MaximumBatchSize", policy["MaximumBatchSize"], counts, 5)
    back = policy.get("RollbackMaximumBatchSize", _WHOLE)
    _check_size("RollbackMaximumBatchSize", back, counts, 0, most=100)
    return Policy(Rolling(policy["MaximumBatchSize"], wait), alarms, _time_limit(policy, wait), back)


def _time_limit(policy: Mapping[str, Any], waiting: float) -> float | None:
    limit = policy.get("MaximumExecutionTimeoutInSeconds")
    if limit is None:
        return None
    if limit <= waiting:
        raise validation_exception(
            f"MaximumExecutionTimeoutInSeconds ({limit}) must be larger than the total waiting time specified in "
            f"TerminationWaitInSeconds and WaitIntervalInSeconds ({waiting:g})."
        )
    return float(limit)


def _check_size(member: str, size: Mapping[str, Any], counts: Mapping[str, int], least: int, most: int = 50) -> None:
    """Raise unless the size is from `least` to `most` percent of each variant's instances."""
    value = size["Value"]
    for variant, total in counts.items():
        percent = value if size["Type"] == "CAPACITY_PERCENT" else 100 * value / total
        if not least <= percent <= most:
            bounds = f"between {least}% and {most}%" if least else f"at most {most}%"
            raise validation_exception(
                f"{member} must be {bounds} of the total instance count of variant {variant}, which is {total}."
            )


def _alarms(region: Region, alarms: list[Mapping[str, str]]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm))
    absent = [name for name in names if name not in alarm_table(region)]
    if absent:
        raise validation_exception(
            f"The CloudWatch alarm(s) {', '.join(absent)} in AutoRollbackConfiguration could not be found."
        )
    return names
