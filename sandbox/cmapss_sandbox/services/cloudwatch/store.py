"""The region's metrics in memory: for every metric a bucket for each minute that has values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from cmapss_sandbox.services.cloudwatch.statistics import ZERO, Bucket, merge

MINUTE = 60
RETENTION_MINUTES = 15 * 24 * 60  # how long AWS keeps data points of one minute

Dimensions = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MetricKey:
    """What identifies a metric: its dimensions are a set, and all of them count."""

    namespace: str
    name: str
    dimensions: Dimensions = frozenset()


@dataclass(slots=True)
class Series:
    """One metric's buckets by minute (Unix time divided by 60), with the unit its first value came with.

    The number stands for the metric in what is kept on disk.
    """

    number: int
    unit: str
    buckets: dict[int, Bucket] = field(default_factory=dict)


class MetricStore:
    """All metrics of a region; minutes that changed are handed out once, for whoever keeps them on disk."""

    def __init__(self) -> None:
        self._series: dict[MetricKey, Series] = {}
        self._changed: set[int] = set()
        self._next_number = 1

    def define(self, key: MetricKey, unit: str = "None", number: int | None = None) -> Series:
        """The metric's series, made when it is new."""
        series = self._series.get(key)
        if series is None:
            number = self._next_number if number is None else number
            self._next_number = max(self._next_number, number + 1)
            series = self._series[key] = Series(number, unit)
        return series

    def put(self, key: MetricKey, minute: int, bucket: Bucket, unit: str = "None") -> None:
        """Add a bucket's values to those of its minute."""
        buckets = self.define(key, unit).buckets
        present = buckets.get(minute)
        buckets[minute] = bucket if present is None else merge(present, bucket)
        self._changed.add(minute)

    def buckets(self, key: MetricKey, start: int, end: int, period: int) -> list[tuple[int, Bucket]]:
        """(Unix time, bucket) of every period in [start, end) that has values, oldest first.

        Periods are aligned to Unix time; all three are seconds and the period a multiple of 60.
        """
        series = self._series.get(key)
        if series is None:
            return []
        found, minutes = series.buckets, period // MINUTE
        first, last = start // period * minutes, -(-end // MINUTE)
        if last - first <= len(found):
            present = [minute for minute in range(first, last) if minute in found]
        else:
            present = sorted(minute for minute in found if first <= minute < last)
        if minutes == 1:
            return [(minute * MINUTE, found[minute]) for minute in present]
        return [
            (number * period, merge(*(found[minute] for minute in together)))
            for number, together in groupby(present, key=lambda minute: minute // minutes)
        ]

    def window(self, key: MetricKey, start: int, end: int) -> Bucket | None:
        """The values of the minutes in [start, end), Unix time, None when there are none."""
        series = self._series.get(key)
        minutes = range(start // MINUTE, end // MINUTE)
        present = [series.buckets[minute] for minute in minutes if minute in series.buckets] if series else []
        return merge(*present) if present else None

    def unit(self, key: MetricKey) -> str | None:
        """The metric's unit; None when there is no such metric."""
        series = self._series.get(key)
        return None if series is None else series.unit

    def series(self) -> Mapping[MetricKey, Series]:
        """Every metric there is."""
        return self._series

    def metrics(self, since: int = 0) -> Iterator[MetricKey]:
        """The metrics that have a value in or after the minute."""
        return (key for key, series in self._series.items() if max(series.buckets, default=-1) >= since)

    def drop_before(self, minute: int) -> None:
        """Forget everything older than the minute."""
        for key, series in list(self._series.items()):
            if any(old < minute for old in series.buckets):
                series.buckets = {at: bucket for at, bucket in series.buckets.items() if at >= minute}
            if not series.buckets:
                del self._series[key]

    def changed_minutes(self) -> Sequence[int]:
        """The minutes changed since this was last asked, in order."""
        changed, self._changed = sorted(self._changed), set()
        return changed

    def minute_text(self, minute: int) -> str:
        """All that the store knows of one minute as a compact text; load_minute() reads it back."""
        buckets = {
            series.number: None if bucket is ZERO else bucket.record()
            for series in self._series.values()
            if (bucket := series.buckets.get(minute)) is not None
        }
        return json.dumps(buckets, separators=(",", ":"))

    def load_minute(self, minute: int, text: str, numbered: Mapping[int, Series]) -> None:
        """Take what minute_text() wrote, with the series by number."""
        for number, record in json.loads(text).items():
            numbered[int(number)].buckets[minute] = ZERO if record is None else Bucket.of_record(record)


def metric_key(namespace: str, name: str, dimensions: Iterable[Mapping[str, str]] = ()) -> MetricKey:
    """The key of a metric whose dimensions are given as AWS writes them: [{Name, Value}, …]."""
    return MetricKey(namespace, name, frozenset((pair["Name"], pair["Value"]) for pair in dimensions))
