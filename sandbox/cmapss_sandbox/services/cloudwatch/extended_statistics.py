"""The statistics by name: the simple five, percentiles, and those over a part of the values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from cmapss_sandbox.services.cloudwatch.statistics import SIMPLE_STATISTICS, Bucket, Statistic, merge, percentile

_NUMBER = r"\d+(?:\.\d{0,10})?"
_SHORT = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})")
_RANGE = re.compile(rf"(TM|WM|TC|TS|PR)\(\s*({_NUMBER}%?)?\s*:\s*({_NUMBER}%?)?\s*\)")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The part of the values that counts, above `low` and up to `high`; None is no bound.

    A bound is a value, or a share (0 to 1) of the values in ascending order when `shares` is true.
    """

    low: float | None
    high: float | None
    shares: bool

    def of(self, bucket: Bucket) -> tuple[float, float] | None:
        """The bounds as values; None where the bucket does not know its values or has negative ones."""
        if bucket.counts is None or bucket.minimum < 0:
            return None
        low, high = self.low, self.high
        if self.shares:
            low = percentile(bucket, low) if low else None
            high = percentile(bucket, high) if high is not None else None
        return (-math.inf if low is None else low, math.inf if high is None else high)


@cache
def statistic(name: str) -> Statistic:
    """The function that makes the statistic of a period's buckets; raises ValueError when there is none of that name.

    The function answers None where the buckets hold too little to tell.
    """
    if simple := SIMPLE_STATISTICS.get(name):
        return simple
    if name == "IQM":
        return _over(Bounds(0.25, 0.75, shares=True), _trimmed_mean)
    if (match := _SHORT.fullmatch(name)) and float(match[2]) <= 100:
        share = float(match[2]) / 100
        if match[1] == "p":
            return lambda buckets: percentile(merge(*buckets), share)
        return _over(Bounds(None, share, shares=True), _PARTIAL[match[1].upper()])
    if match := _RANGE.fullmatch(name):
        return _over(_bounds(match[2], match[3], name), _PARTIAL[match[1]])
    raise ValueError(name)


def is_statistic(name: str) -> bool:
    """Whether there is a statistic of that name."""
    try:
        statistic(name)
    except ValueError:
        return False
    return True


def samples_needed(name: str) -> float:
    """How many values a percentile needs to say anything; 0 for all other statistics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    match = _SHORT.fullmatch(name)
    if match is None or match[1] != "p":
        return 0
    rarer = min(float(match[2]), 100 - float(match[2]))
    return 1000 / rarer if rarer > 0 else math.inf


def _bounds(low: str | None, high: str | None, name: str) -> Bounds:
    given = [bound for bound in (low, high) if bound is not None]
    shares = [bound.endswith("%") for bound in given]
    if not given or any(shares) != all(shares) or (name.startswith("PR") and any(shares)):
        raise ValueError(name)
    scale = 100 if all(shares) else 1
    numbers = [None if bound is None else float(bound.rstrip("%")) / scale for bound in (low, high)]
    wrong_order = low is not None and high is not None and (numbers[0] or 0) >= (numbers[1] or 0)
    if wrong_order or (all(shares) and max(number or 0 for number in numbers) > 1):
        raise ValueError(name)
    return Bounds(numbers[0], numbers[1], all(shares))


def _over(bounds: Bounds, make: Callable[[Bucket, float, float], float | None]) -> Statistic:
    def of(buckets: Sequence[Bucket]) -> float | None:
        bucket = merge(*buckets)
        found = bounds.of(bucket)
        return None if found is None else make(bucket, *found)

    return of


def _inside(bucket: Bucket, low: float, high: float) -> Mapping[float, float]:
    return {value: count for value, count in (bucket.counts or {}).items() if low < value <= high}


def _trimmed_count(bucket: Bucket, low: float, high: float) -> float:
    return math.fsum(_inside(bucket, low, high).values())


def _trimmed_sum(bucket: Bucket, low: float, high: float) -> float:
    return math.fsum(value * count for value, count in _inside(bucket, low, high).items())


def _trimmed_mean(bucket: Bucket, low: float, high: float) -> float | None:
    count = _trimmed_count(bucket, low, high)
    return _trimmed_sum(bucket, low, high) / count if count else None


def _winsorized_mean(bucket: Bucket, low: float, high: float) -> float:
    counts = bucket.counts or {}
    return math.fsum(min(max(value, low), high) * count for value, count in counts.items()) / bucket.sample_count


def _percentile_rank(bucket: Bucket, low: float, high: float) -> float:
    return 100 * _trimmed_count(bucket, low, high) / bucket.sample_count


_PARTIAL: Mapping[str, Callable[[Bucket, float, float], float | None]] = {
    "TM": _trimmed_mean,
    "WM": _winsorized_mean,
    "TC": _trimmed_count,
    "TS": _trimmed_sum,
    "PR": _percentile_rank,
}
