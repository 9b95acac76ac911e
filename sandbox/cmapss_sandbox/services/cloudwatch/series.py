"""Series of points, and arithmetic point by point over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cmapss_sandbox.services.cloudwatch.store import MetricKey

Points = Mapping[int, float]  # Unix time to value


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """The points of a metric or an expression, in order of time, with the period (seconds) they were made for.

    `label` is what the metric is called by default; `key` and `statistic` are there where it is one metric's.
    """

    period: int
    points: Points
    label: str = ""
    key: MetricKey | None = None
    statistic: str = ""

    def with_points(self, points: Points) -> MetricSeries:
        """The series with other points, which are no longer those of the metric itself."""
        return replace(self, points=points)


Result = MetricSeries | list[MetricSeries]
Operand = float | Result


def combine(function: Callable[..., float], *operands: Operand) -> Operand:
    """The function of the operands, for each series of an array and for each point of a series.

    Series meet where all have a point; a point that divides by zero or is beyond all numbers is left out, as in
    CloudWatch. Raises ValueError when two arrays meet, and when plain numbers have no result.
    """
    arrays = [operand for operand in operands if isinstance(operand, list)]
    if len(arrays) > 1:
        raise ValueError("Unsupported operand types: two arrays of time series")
    if arrays:
        return [_one(combine(function, *(one if op is arrays[0] else op for op in operands))) for one in arrays[0]]
    several = [operand for operand in operands if isinstance(operand, MetricSeries)]
    if not several:
        result = finite(function, *operands)
        if result is None:
            raise ValueError("The expression divides by zero")
        return result
    shortest = min(several, key=lambda series: len(series.points))
    points = {}
    for time in shortest.points:
        if all(time in series.points for series in several):
            values = [op.points[time] if isinstance(op, MetricSeries) else op for op in operands]
            if (value := finite(function, *values)) is not None:
                points[time] = value
    longest = max(several, key=lambda series: series.period)
    return replace(several[0], period=longest.period, points=points)


def finite(function: Callable[..., float], *values: object) -> float | None:
    """What the function makes of the values; None when that is no finite number."""
    try:
        value = function(*values)
    except (ArithmeticError, ValueError):
        return None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _one(operand: Operand) -> MetricSeries:
    assert isinstance(operand, MetricSeries)  # an array holds series, and a series makes a series
    return operand
