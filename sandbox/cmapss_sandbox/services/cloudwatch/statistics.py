"""What CloudWatch keeps of the values that fell into one interval, and the statistics it makes of several of them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Beyond this many distinct values a bucket keeps their three leading digits, so that a minute of
# latencies stays small: sum, minimum and maximum remain exact, percentiles are within half a percent.
MAXIMUM_DISTINCT_VALUES = 1000

_UNKNOWN: Mapping[float, float] = {}


@dataclass(frozen=True, slots=True)
class Bucket:
    """The values of one metric in one interval: how many, their sum and range, and how often each occurred.

    `values` is in ascending order; None where all are the same, which minimum and count already say, and empty where
    only a statistic set is known. Most buckets hold one value, so this is what keeps a region small.
    """

    sample_count: float
    sum: float
    minimum: float
    maximum: float
    values: Mapping[float, float] | None = None

    @classmethod
    def of(cls, counts: Mapping[float, float]) -> Bucket:
        """The bucket of values given as {value: how often}; there must be at least one."""
        if len(counts) == 1:
            [(value, count)] = counts.items()
            value = float(value)  # one object for sum, minimum and maximum
            return cls(float(count), value if count == 1 else value * count, value, value)
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
        count, total, minimum, maximum = (
            float(statistic_set[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")
        )
        return cls(count, total, minimum, maximum, None if minimum == maximum else _UNKNOWN)

    @property
    def counts(self) -> Mapping[float, float] | None:
        """How often each value occurred, in ascending order; None where that is not known."""
        return {self.minimum: self.sample_count} if self.values is None else self.values or None

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
    """One bucket for several intervals."""
    if not others:
        return first
    found = (first, *others)
    known = [bucket.counts for bucket in found]
    minimum, maximum = min(bucket.minimum for bucket in found), max(bucket.maximum for bucket in found)
    values: Mapping[float, float] | None = None
    if any(counts is None for counts in known):
        values = _UNKNOWN
    elif minimum != maximum:
        together: Counter[float] = Counter()
        for counts in known:
            together.update(counts or {})
        values = _bounded(together)
    return Bucket(
        sample_count=math.fsum(bucket.sample_count for bucket in found),
        sum=math.fsum(bucket.sum for bucket in found),
        minimum=minimum,
        maximum=maximum,
        values=values,
    )


Statistic = Callable[[Sequence[Bucket]], float | None]


def sample_count(buckets: Sequence[Bucket]) -> float:
    """How many values there were."""
    return buckets[0].sample_count if len(buckets) == 1 else math.fsum(bucket.sample_count for bucket in buckets)


def total(buckets: Sequence[Bucket]) -> float:
    """The sum of the values."""
    return buckets[0].sum if len(buckets) == 1 else math.fsum(bucket.sum for bucket in buckets)


SIMPLE_STATISTICS: Mapping[str, Statistic] = {
    "SampleCount": sample_count,
    "Average": lambda buckets: total(buckets) / sample_count(buckets),
    "Sum": total,
    "Minimum": lambda buckets: min(bucket.minimum for bucket in buckets),
    "Maximum": lambda buckets: max(bucket.maximum for bucket in buckets),
}


def percentile(bucket: Bucket, share: float) -> float | None:
    """The value below which the share (0 to 1) of the values lies, interpolated between neighbours.

    None where the bucket does not know its values, and where one is negative: CloudWatch has no percentiles then.
    """
    counts = bucket.counts
    if counts is None or bucket.minimum < 0:
        return None
    whole, part = divmod(share * (bucket.sample_count - 1), 1)
    ordered = iter(counts.items())
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
