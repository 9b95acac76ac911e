"""How a new endpoint config takes over: the strategy of the roll-out, within AWS's bounds, as its DeploymentConfig.

The bounds are those of BlueGreenUpdatePolicy, RollingUpdatePolicy and TrafficRoutingConfig in SageMaker's API.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cmapss_core.errors import invalid
from cmapss_core.rollout import size_in_words, strategy_in_words

Kind = Literal["all-at-once", "canary", "linear", "rolling"]

DEFAULT_WAIT_INTERVAL = 300  # seconds: a few evaluations of an alarm, whose periods are minutes
MAX_WAIT = 3_600
TIMEOUTS = (600, 28_800)

_SIZE = re.compile(r"([1-9]\d{0,5})\s*(%?)")


@dataclass(frozen=True, slots=True)
class Size:
    """A part of a fleet: a number of instances, or a percentage of them."""

    value: int
    percent: bool = False

    def parameters(self) -> dict[str, Any]:
        """As AWS's CapacitySize."""
        return {"Type": "CAPACITY_PERCENT" if self.percent else "INSTANCE_COUNT", "Value": self.value}

    def instances(self, total: int) -> int:
        """How many of so many instances that is at the most: AWS says not how it rounds."""
        return min(total, math.ceil(total * self.value / 100) if self.percent else self.value)

    def percentage(self, total: int) -> float:
        """Which part of so many instances that is, in percent."""
        return self.value if self.percent else 100 * self.value / total

    def __str__(self) -> str:
        return size_in_words(self.parameters())


def parse_size(text: str) -> Size:
    """A size as a person writes it: 1, or 25%. Raises ConsoleError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise invalid(f"{text!r} is no size", "Give a number of instances, such as 1, or a percentage, such as 25%.")
    return Size(int(match[1]), bool(match[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRequest:
    """What is asked for of a roll-out; None leaves it to what is usual. Times in seconds.

    A size names its strategy by itself: that of the canary, of a linear step, or of a rolling batch.
    """

    strategy: Kind | None = None
    canary_size: Size | None = None
    step_size: Size | None = None
    batch_size: Size | None = None
    rollback_batch_size: Size | None = None
    wait_interval: int | None = None
    bake: int | None = None
    timeout: int | None = None

    @property
    def kind(self) -> Kind | None:
        """The strategy that is named, or that a size speaks of."""
        return self.strategy or next((kind for member, kind in _SIZED.items() if getattr(self, member)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How a fleet is replaced. `size` is of the canary, step or batch; times in seconds.

    All at once, canary and linear are blue/green: the whole new fleet is made beside the old one, which stays for
    `bake` seconds after it has lost its traffic. Rolling replaces batch by batch.
    """

    kind: Kind = "all-at-once"
    size: Size | None = None
    rollback_size: Size | None = None
    wait_interval: int = 0
    bake: int = 0
    timeout: int | None = None

    def deployment_config(self, alarms: Sequence[str] = ()) -> dict[str, Any]:
        """AWS's DeploymentConfig, with the alarms that roll it back; empty where AWS's own default says it all."""
        if self == Strategy() and not alarms:
            return {}
        guard = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}} if alarms else {}
        limit = {} if self.timeout is None else {"MaximumExecutionTimeoutInSeconds": self.timeout}
        if self.kind == "rolling":
            assert self.size is not None
            back = {} if self.rollback_size is None else {"RollbackMaximumBatchSize": self.rollback_size.parameters()}
            policy = {"MaximumBatchSize": self.size.parameters(), "WaitIntervalInSeconds": self.wait_interval}
            return {"RollingUpdatePolicy": {**policy, **back, **limit}, **guard}
        routing: dict[str, Any] = {
            "Type": self.kind.upper().replace("-", "_"),
            "WaitIntervalInSeconds": self.wait_interval,
        }
        if self.size is not None:
            routing["CanarySize" if self.kind == "canary" else "LinearStepSize"] = self.size.parameters()
        policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": self.bake}
        return {"BlueGreenUpdatePolicy": {**policy, **limit}, **guard}

    def way_back(self, counts: Iterable[int]) -> Strategy:
        """How to take it back by hand, to variants with these counts: at once, within the room that it had itself."""
        if self.kind != "rolling" or self.size is None:
            return Strategy()
        fits = all(_within("rolling", self.size, count) for count in counts)
        return Strategy(kind="rolling", size=self.size if fits else Size(50, percent=True))

    def extra_instances(self, fleet: Iterable[tuple[str, int]]) -> Counter[str]:
        """Instances by type that there are at the most beside those that go; `fleet` has each variant's type and count.

        A canary too is a part of the traffic, not of the fleet: all of the new fleet is there before it.
        """
        extra: Counter[str] = Counter()
        for instance_type, count in fleet:
            rolling = self.kind == "rolling" and self.size is not None
            extra[instance_type] += self.size.instances(count) if rolling and self.size else count
        return extra

    def waiting_seconds(self, counts: Iterable[int]) -> int:
        """How long it stands still by design: between steps, and before the old fleet goes."""
        if self.size is None:
            return self.bake
        if self.kind == "canary":
            return self.wait_interval + self.bake
        # The fewest instances that AWS may make of a percentage make the most steps.
        steps = max(
            math.ceil(100 / self.size.value) if self.size.percent else math.ceil(count / self.size.value)
            for count in counts
        )
        return steps * self.wait_interval + self.bake

    def __str__(self) -> str:
        return strategy_in_words(self.deployment_config())


# Which strategy a size belongs to, and the flag that gives it.
_SIZED: Mapping[str, Kind] = {"canary_size": "canary", "step_size": "linear", "batch_size": "rolling"}
# From and to how many percent of each variant's instances a strategy's size may be.
_BOUNDS: Mapping[Kind, tuple[int, int]] = {"canary": (0, 50), "linear": (10, 50), "rolling": (5, 50)}
_NOUNS: Mapping[Kind, str] = {"canary": "a canary", "linear": "a linear step", "rolling": "a rolling batch"}


def strategy_for(request: RolloutRequest, counts: Mapping[str, int], default: Strategy) -> Strategy:
    """The strategy for variants with these instance counts. Raises ConsoleError for what AWS refuses.

    `default` is what it is where no strategy is named; bake and timeout of the request go before its own.
    """
    for value, flag, least, most in (
        (request.wait_interval, "--wait-interval", 0, MAX_WAIT),
        (request.bake, "--bake", 0, MAX_WAIT),
        (request.timeout, "--timeout", *TIMEOUTS),
    ):
        if value is not None and not least <= value <= most:
            raise invalid(f"{flag} {value} is not within AWS's bounds", f"It takes {least} to {most} seconds.")
    kind = request.kind or ("rolling" if request.rollback_batch_size else default.kind)
    _refuse_strangers(request, kind)
    of_default = default if kind == default.kind else Strategy()
    strategy = Strategy(
        kind=kind,
        size=_size(request, kind, counts, of_default),
        rollback_size=request.rollback_batch_size,
        wait_interval=_wait_interval(request, kind, of_default),
        bake=request.bake if request.bake is not None else of_default.bake,
        timeout=request.timeout,
    )
    if strategy.rollback_size is not None:
        _check_size("a batch to roll back", strategy.rollback_size, counts, 0, 100)
    waits = strategy.wait_interval + strategy.bake
    if strategy.timeout is not None and strategy.timeout <= waits:
        raise invalid(
            f"--timeout {strategy.timeout} is not more than the {waits} s that the roll-out waits",
            f"AWS wants it longer than --wait-interval and --bake together, {TIMEOUTS[1]} at most.",
        )
    return strategy


def usual_size(kind: Kind, counts: Iterable[int]) -> Size | None:
    """One instance where that is within the bounds of every variant, else a quarter of each."""
    if kind == "all-at-once":
        return None
    return Size(1) if all(_within(kind, Size(1), count) for count in counts) else Size(25, percent=True)


def rolling_strategies(counts: Iterable[int]) -> Iterator[Strategy]:
    """Rolling in batches that are as large as AWS lets them be for every variant, and of one instance."""
    totals = list(counts)
    most = _BOUNDS["rolling"][1]
    largest = min(total * most // 100 for total in totals) if totals else 0
    for value in dict.fromkeys((largest, 1)):
        if value and all(_within("rolling", Size(value), total) for total in totals):
            yield Strategy(kind="rolling", size=Size(value), wait_interval=DEFAULT_WAIT_INTERVAL)


def _size(request: RolloutRequest, kind: Kind, counts: Mapping[str, int], default: Strategy) -> Size | None:
    member = next((member for member, of in _SIZED.items() if of == kind), None)
    if member is None:
        return None
    size: Size | None = getattr(request, member) or default.size or usual_size(kind, counts.values())
    assert size is not None
    _check_size(_NOUNS[kind], size, counts, *_BOUNDS[kind])
    return size


def _wait_interval(request: RolloutRequest, kind: Kind, default: Strategy) -> int:
    if kind == "all-at-once":
        return 0
    if request.wait_interval is not None:
        return request.wait_interval
    return default.wait_interval or DEFAULT_WAIT_INTERVAL


def _refuse_strangers(request: RolloutRequest, kind: Kind) -> None:
    """Raises ConsoleError for what does not belong to the strategy, rather than to drop it in silence."""
    for member, of in _SIZED.items():
        if getattr(request, member) is not None and of != kind:
            raise invalid(f"--{member.replace('_', '-')} is not for {kind}", f"It is for --strategy {of}.")
    if kind == "all-at-once" and request.wait_interval is not None:
        raise invalid("--wait-interval is not for all-at-once", "To watch before the old fleet goes, say --bake.")
    if kind == "rolling" and request.bake is not None:
        raise invalid("--bake is not for rolling", "Each batch is watched for --wait-interval.")
    if kind != "rolling" and request.rollback_batch_size is not None:
        raise invalid(f"--rollback-batch-size is not for {kind}", "It is for --strategy rolling.")


def _check_size(noun: str, size: Size, counts: Mapping[str, int], least: int, most: int) -> None:
    """Raises ConsoleError unless the size is from `least` to `most` percent of each variant's instances."""
    for variant, total in counts.items():
        if max(least, 1 if size.percent else 0) <= size.percentage(total) <= most:
            continue
        fitting = [count for count in range(1, total + 1) if least <= 100 * count / total <= most]
        percents = f"{max(least, 1)}% to {most}%"
        if not fitting:
            way_out = f"Give a percentage, {percents}, or --strategy all-at-once."
        else:
            way_out = f"Give {fitting[0]}" + (f" to {fitting[-1]}" if fitting[1:] else "") + f", or {percents}."
        of = "" if size.percent else f" of the {total} of {variant}"
        raise invalid(f"{noun} of {size}{of} is not within AWS's bounds", way_out)


def _within(kind: Kind, size: Size, total: int) -> bool:
    least, most = _BOUNDS[kind]
    return least <= size.percentage(total) <= most
