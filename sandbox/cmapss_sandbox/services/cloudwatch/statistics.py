"""What CloudWatch keeps of the values that fell into one minute, and the statistics it makes of them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# Beyond this many distinct values a bucket keeps their three leading digits, so that a minute of
# latencies stays small: sum, minimum and maximum remain exact, percentiles are within half a percent.
MAXIMUM_DISTINCT_VALUES = 1000

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{0,10})?|100(?:\.0{0,10})?)")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The values of one metric in one minute: how many, their sum and range, and how often each occurred.

    `values` is in ascending order, and None where only a statistic set is known, of which no percentile can be told.
    """

    sample_count: float
    sum: float
    minimum: float
    maximum: float
    values: Mapping[float, float] | None

    @classmethod
    def of(cls, counts: Mapping[float, float]) -> Bucket:
        """The bucket of values given as {value: how often}; there must be at least one."""
        return cls(
            sample_count=float(sum(counts.values())),
            sum=math.fsum(value * count for value, count in counts.items()),
            minimum=float(min(counts)),
            maximum=float(max(counts)),
            values=_bounded(counts),
        )

    @classmethod
    def of_statistic_set(cls, statistic_set: Mapping[str, float]) -> Bucket:
        """The bucket of a StatisticSet; its values are known only where they are all the same."""
        count, minimum, maximum = (statistic_set[name] for name in ("SampleCount", "Minimum", "Maximum"))
        values = {minimum: count} if minimum == maximum else None
        return cls(count, statistic_set["Sum"], minimum, maximum, values)

    def record(self) -> list[Any]:
        """The bucket as JSON; Bucket.of_record reads it back."""
        values = None if self.values is None else [[value, count] for value, count in self.values.items()]
        return [self.sample_count, self.sum, self.minimum, self.maximum, values]

    @classmethod
    def of_record(cls, record: list[Any]) -> Bucket:
        """The bucket that record() wrote."""
        sample_count, total, minimum, maximum, values = record
        return cls(sample_count, total, minimum, maximum, values if values is None else dict(values))


def merge(first: Bucket, *others: Bucket) -> Bucket:
    """One bucket for several minutes."""
    if not others:
        return first
    found = (first, *others)
    counts: Counter[float] = Counter()
    for bucket in found:
        counts.update(bucket.values or {})
    return Bucket(
        sample_count=sum(bucket.sample_count for bucket in found),
        sum=math.fsum(bucket.sum for bucket in found),
        minimum=min(bucket.minimum for bucket in found),
        maximum=max(bucket.maximum for bucket in found),
        values=None if any(bucket.values is None for bucket in found) else _bounded(counts),
    )


_SIMPLE: Mapping[str, Callable[[Bucket], float]] = {
    "SampleCount": lambda bucket: bucket.sample_count,
    "Average": lambda bucket: bucket.sum / bucket.sample_count,
    "Sum": lambda bucket: bucket.sum,
    "Minimum": lambda bucket: bucket.minimum,
    "Maximum": lambda bucket: bucket.maximum,
}


def statistic(name: str) -> Callable[[Bucket], float | None]:
    """The function that makes the statistic of a bucket; raises ValueError when there is none of that name."""
    if simple := _SIMPLE.get(name):
        return simple
    if match := _PERCENTILE.fullmatch(name):
        share = float(match[1]) / 100
        return lambda bucket: percentile(bucket, share)
    raise ValueError(name)


def percentile(bucket: Bucket, share: float) -> float | None:
    """The value below which the share (0 to 1) of the values lies, interpolated between neighbours.

    None where the bucket does not know its values.
    """
    if bucket.values is None:
        return None
    whole, part = divmod(share * (bucket.sample_count - 1), 1)
    ordered = iter(bucket.values.items())
    seen = 0.0
    for value, count in ordered:
        seen += count
        if seen > whole:
            following = value if seen > whole + 1 else next(ordered, (value, 0))[0]
            return value + (following - value) * part
    return bucket.maximum


def _bounded(counts: Mapping[float, float]) -> Mapping[float, float]:
    """The counts in order of value, which is what percentiles go by, and no more than a bucket may hold."""
    if len(counts) > MAXIMUM_DISTINCT_VALUES:
        rounded: defaultdict[float, float] = defaultdict(float)
        for value, count in counts.items():
            rounded[float(f"{value:.2e}")] += count
        counts = rounded
    return dict(sorted(counts.items()))


ZERO = Bucket.of({0.0: 1.0})
"""An idle minute's bucket, one object however many minutes are idle."""
