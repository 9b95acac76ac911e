"""The arithmetic of target tracking: how many instances a metric asks for, within bounds and cooldowns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# A sum of thirds is not quite whole: without this a need of exactly 4 instances would be rounded up to 5.
_TOLERANCE = 1e-6
# AlarmLow goes off a tenth below the target, so that a fleet at its target does not move to and fro.
SCALE_IN_THRESHOLD_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest capacity of a scalable target."""

    minimum: int
    maximum: int

    def clip(self, capacity: int) -> int:
        """The capacity within the bounds that is nearest."""
        return max(self.minimum, min(self.maximum, capacity))


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a completed scaling activity did: its change of capacity, and from when to when."""

    started: datetime
    ended: datetime
    change: int

    def cooling_down(self, cooldown: timedelta, now: datetime) -> bool:
        """Whether the cooldown, which begins when the activity has completed, is not over yet."""
        return now < self.ended + cooldown


def added_in_cooldown(newest_first: Iterable[Scaling], cooldown: timedelta, now: datetime) -> int:
    """What scale-outs have added whose cooldown is in effect, with those in whose cooldown they began in turn.

    All of that counts as part of the next scale-out.
    """
    added, moment = 0, now
    for scaling in newest_first:
        if scaling.change < 0 or not scaling.cooling_down(cooldown, moment):
            break
        added, moment = added + scaling.change, scaling.started
    return added


def needed_capacity(current: int, metric: float, target: float) -> int:
    """Instances that bring the metric to the target if their number and the metric are in inverse proportion.

    Application Auto Scaling's proportional rule: current × metric ÷ target, rounded up, so that the
    metric ends at or below the target.
    """
    return math.ceil(current * metric / target - _TOLERANCE)


def scale_out_capacity(current: int, metric: float, target: float, bounds: Bounds, added: int = 0) -> int:
    """The capacity to scale out to, in one step; the current one when the metric asks for no more.

    `added` is what scale-outs have added whose cooldown is not over: that counts as part of the next, so that only a
    larger one starts, and only by what is larger.
    """
    return max(current, bounds.clip(needed_capacity(current, metric, target) - added))


def scale_in_capacity(current: int, metric: float, target: float, bounds: Bounds) -> int:
    """The capacity to scale in to: the same rule, but at most a tenth of the fleet (at least one) at a time.

    Application Auto Scaling documents only that it scales in "more gradually" than out.
    """
    lowest = current - max(1, current // 10)
    return min(current, bounds.clip(max(lowest, needed_capacity(current, metric, target))))
