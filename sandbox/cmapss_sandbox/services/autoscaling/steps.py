"""Step scaling: which step a breach falls into, and how many instances it asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from cmapss_sandbox.errors import validation_exception

_LOWER, _UPPER = "MetricIntervalLowerBound", "MetricIntervalUpperBound"
_MAXIMUM_STEPS = 20
_AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {"Average": fmean, "Minimum": min, "Maximum": max}


def check_step_scaling(configuration: Mapping[str, Any]) -> None:
    """Refuse a configuration that does not hold together, in AWS's words."""
    adjustment_type = configuration.get("AdjustmentType")
    if adjustment_type is None:
        raise validation_exception("Adjustment type must be specified")
    if configuration.get("Cooldown", 0) < 0:
        raise validation_exception("Cooldown cannot be less than 0")
    magnitude = configuration.get("MinAdjustmentMagnitude")
    if magnitude is not None and adjustment_type != "PercentChangeInCapacity":
        raise validation_exception(
            "Minimum adjustment magnitude is only allowed for adjustment type PercentChangeInCapacity"
        )
    if magnitude is not None and magnitude < 1:
        raise validation_exception("Minimum adjustment magnitude must be greater than 0")
    steps = configuration.get("StepAdjustments", [])
    if adjustment_type == "ExactCapacity" and any(step["ScalingAdjustment"] < 0 for step in steps):
        raise validation_exception("Scaling adjustment cannot be less than 0 when adjustment type is ExactCapacity")
    _check_intervals(steps)


def aggregated(values: Sequence[float], configuration: Mapping[str, Any]) -> float:
    """The alarm's data points as the one number that is compared with the steps."""
    return _AGGREGATIONS[configuration.get("MetricAggregationType", "Average")](values)


def matching_step(
    steps: Sequence[Mapping[str, Any]], value: float, threshold: float, comparison: str
) -> Mapping[str, Any] | None:
    """The step for a metric's value, whose bounds are relative to the alarm's threshold.

    Above the threshold the lower bound is inclusive, below it the upper one; at the threshold itself the alarm's
    comparison tells which side is meant.
    """
    breach = value - threshold
    above = breach > 0 or (breach == 0 and comparison.startswith("GreaterThan"))
    for step in steps:
        lower, upper = _interval(step)
        if (lower <= breach < upper) if above else (lower < breach <= upper):
            return step
    return None


def adjusted_capacity(current: int, adjustment: int, configuration: Mapping[str, Any]) -> int:
    """The capacity that an adjustment leads to, before any bounds.

    A percentage is rounded as the user guide says: towards zero, but to one instance at least unless it is zero, and
    to no fewer than MinAdjustmentMagnitude.
    """
    kind = configuration["AdjustmentType"]
    if kind == "ExactCapacity":
        return adjustment
    if kind == "ChangeInCapacity":
        return current + adjustment
    exact = current * adjustment / 100
    if exact == 0:
        return current
    magnitude: int = max(math.floor(abs(exact)), 1, configuration.get("MinAdjustmentMagnitude", 1))
    return current + (magnitude if exact > 0 else -magnitude)


def _check_intervals(steps: Sequence[Mapping[str, Any]]) -> None:
    """The steps cover one range without gaps, which has no end on a side that goes beyond the threshold."""
    if not steps:
        raise validation_exception("There must be at least one step adjustment")
    if len(steps) > _MAXIMUM_STEPS:
        raise validation_exception(f"There can be at most {_MAXIMUM_STEPS} step adjustments per scaling policy")
    if any(_LOWER not in step and _UPPER not in step for step in steps):
        raise validation_exception("Both lower and upper bounds of a step adjustment cannot be left unspecified")
    intervals = sorted(_interval(step) for step in steps)
    if any(lower >= upper for lower, upper in intervals):
        raise validation_exception("Lower bound must be less than upper bound for a step adjustment")
    for side, bounds in (("lower", [lower for lower, _ in intervals]), ("upper", [upper for _, upper in intervals])):
        if sum(map(math.isinf, bounds)) > 1:
            raise validation_exception(f"At most one step adjustment may have an unspecified {side} bound")
    lowest, highest = intervals[0][0], max(upper for _, upper in intervals)
    if -math.inf < lowest < 0:
        raise validation_exception(_must_be_open("lower", "negative"))
    if 0 < highest < math.inf:
        raise validation_exception(_must_be_open("upper", "positive"))
    for (_, upper), (lower, _) in pairwise(intervals):
        if lower < upper:
            raise validation_exception("Step adjustment intervals cannot overlap")
        if lower > upper:
            raise validation_exception("Step adjustment intervals cannot have gaps between them")


def _must_be_open(side: str, sign: str) -> str:
    return (
        f"There must be a step adjustment with an unspecified {side} bound when one step adjustment has a {sign} "
        f"{side} bound"
    )


def _interval(step: Mapping[str, Any]) -> tuple[float, float]:
    return float(step.get(_LOWER, -math.inf)), float(step.get(_UPPER, math.inf))
