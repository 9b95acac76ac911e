"""The region's metrics in memory: for every metric a bucket for each minute, and each second, that has values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby

from cmapss_sandbox.services.cloudwatch.statistics import ZERO, Bucket, merge

MINUTE = 60
RETENTION_MINUTES = 15 * 24 * 60  # how long AWS keeps data points of one minute
FINE_RETENTION_MINUTES = 3 * 60  # and those of less

_NEVER = 2**62  # later than any minute

Dimensions = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MetricKey:
    """What identifies a metric: its dimensions are a set, and all of them count."""

    namespace: str
    name: str
    dimensions: Dimensions = frozenset()

    def order(self) -> tuple[str, str, list[tuple[str, str]]]:
        """What metrics are sorted by."""
        return self.namespace, self.name, sorted(self.dimensions)

    def dimension_list(self) -> list[dict[str, str]]:
        """The dimensions as AWS writes them, in order of name."""
        return [{"Name": name, "Value": value} for name, value in sorted(self.dimensions)]


@dataclass(frozen=True, slots=True)
class Steady:
    """What a metric sends while nothing happens: the same value every so many seconds, a divisor of 60.

    Most send one zero a minute.
    """

    value: float = 0.0
    every: int = MINUTE

    def bucket(self) -> Bucket:
        """What a minute of it comes to."""
        return _steady_bucket(self.value, MINUTE // self.every)


@dataclass(slots=True)
class SteadyRun:
    """The minutes from start to before end in which a metric was steady, wherever it has no bucket of its own.

    However long a region idles or is switched off, this is all that is kept of it.
    """

    start: int
    end: int
    steady: Steady


@dataclass(slots=True)
class Series:
    """One metric's buckets in one unit by minute (Unix time divided by 60).

    `seconds` has the values of the last three hours of a metric of high resolution again, by Unix time; `first` and
    `last` are the minutes of the oldest and the newest bucket. On disk the number stands for the metric.
    """

    number: int
    unit: str
    buckets: dict[int, Bucket] = field(default_factory=dict)
    seconds: dict[int, Bucket] = field(default_factory=dict)
    runs: list[SteadyRun] = field(default_factory=list)
    first: int = _NEVER
    last: int = -1

    def newest(self) -> int:
        """The last minute that has a value; -1 when none has."""
        return max(self.last, self.runs[-1].end - 1 if self.runs else -1)

    def put(self, minute: int, bucket: Bucket) -> None:
        """Add a bucket's values to those of its minute."""
        _add(self.buckets, minute, bucket)
        self.first, self.last = min(self.first, minute), max(self.last, minute)

    def drop_before(self, minute: int, fine: int) -> bool:
        """Forget buckets and runs older than the minute, and seconds older than `fine`; whether runs have changed."""
        if self.first < minute:
            self.buckets = {at: bucket for at, bucket in self.buckets.items() if at >= minute}
            self.first, self.last = min(self.buckets, default=_NEVER), max(self.buckets, default=-1)
        if self.seconds:
            self.seconds = {at: bucket for at, bucket in self.seconds.items() if at >= fine * MINUTE}
        if not any(run.start < minute for run in self.runs):
            return False
        self.runs = [run for run in self.runs if run.end > minute]
        for run in self.runs:
            run.start = max(run.start, minute)
        return True

    def between(self, first: int, last: int) -> list[tuple[int, Bucket]]:
        """(minute, bucket) of the minutes from first to before last that have values, in order."""
        own = self.buckets
        if last - first <= len(own):
            found = [(minute, own[minute]) for minute in range(first, last) if minute in own]
        else:
            found = sorted((minute, bucket) for minute, bucket in own.items() if first <= minute < last)
        runs = [run for run in self.runs if run.start < last and run.end > first]
        if not runs:
            return found
        steady: dict[int, Bucket] = {}
        for run in runs:
            steady |= dict.fromkeys(range(max(run.start, first), min(run.end, last)), run.steady.bucket())
        return sorted({**steady, **dict(found)}.items())


class MetricStore:
    """All metrics of a region; what has changed is handed out once, for whoever keeps it on disk."""

    def __init__(self) -> None:
        self._series: dict[MetricKey, dict[str, Series]] = {}
        self._changed: set[int] = set()
        self._changed_seconds: set[int] = set()
        self._changed_runs: set[int] = set()
        self._open: dict[int, SteadyRun] = {}
        self._next_number = 1

    def define(self, key: MetricKey, unit: str = "None", number: int | None = None) -> Series:
        """The metric's series in that unit, made when it is new."""
        units = self._series.setdefault(key, {})
        series = units.get(unit)
        if series is None:
            number = self._next_number if number is None else number
            self._next_number = max(self._next_number, number + 1)
            series = units[unit] = Series(number, unit)
        return series

    def put(self, key: MetricKey, minute: int, bucket: Bucket, unit: str = "None") -> None:
        """Add a bucket's values to those of its minute."""
        self.define(key, unit).put(minute, bucket)
        self._changed.add(minute)

    def put_second(self, key: MetricKey, second: int, bucket: Bucket, unit: str = "None") -> None:
        """Add a bucket's values to those of its second (Unix time), and of its minute."""
        minute = second // MINUTE
        self.put(key, minute, bucket, unit)
        _add(self.define(key, unit).seconds, second, bucket)
        self._changed_seconds.add(minute)

    def put_steady(self, metrics: Iterable[tuple[MetricKey, str, Steady]], first: int, end: int) -> None:
        """Let these metrics, each with its unit, and no others be steady in the minutes from first to before end.

        Values of their own go before it; minutes that were steady already stay as they were.
        """
        still: dict[int, SteadyRun] = {}
        for key, unit, steady in metrics:
            series = self.define(key, unit)
            run = self._open.get(series.number)
            if run is None or run.end != first or run.steady != steady:
                start = max(first, series.runs[-1].end) if series.runs else first
                if start >= end:
                    continue
                run = SteadyRun(start, end, steady)
                series.runs.append(run)
                self._changed_runs.add(series.number)
            run.end = end
            still[series.number] = run
        self._changed_runs |= self._open.keys() - still.keys()
        self._open = still

    def periods(
        self, key: MetricKey, start: int, end: int, period: int, origin: int = 0, unit: str | None = None
    ) -> list[tuple[int, Sequence[Bucket]]]:
        """(Unix time, buckets) of every period that begins in [start, end) and has values, oldest first.

        Periods are so many seconds long and one begins at the origin: Unix time itself unless given. Values count in
        whatever unit they came, unless one is given.
        """
        units = self._series.get(key, {})
        chosen = list(units.values()) if unit is None else [units[unit]] if unit in units else []
        start -= (start - origin) % period
        if period < MINUTE:
            found = [point for series in chosen for point in _fine_buckets(series, start, end)]
        else:
            found = [
                (minute * MINUTE, bucket)
                for series in chosen
                for minute, bucket in series.between(start // MINUTE, -(-end // MINUTE))
            ]
            if period == MINUTE and len(chosen) == 1:
                return [(time, (bucket,)) for time, bucket in found]
        if len(chosen) > 1 or period < MINUTE:
            found.sort(key=lambda point: point[0])
        grouped = groupby(found, key=lambda point: point[0] - (point[0] - origin) % period)
        return [(time, [bucket for _, bucket in together]) for time, together in grouped if start <= time < end]

    def units(self, key: MetricKey) -> list[str]:
        """The units in which the metric has come."""
        return list(self._series.get(key, {}))

    def series(self) -> Iterator[tuple[MetricKey, Series]]:
        """Every metric there is, in each of its units."""
        return ((key, series) for key, units in self._series.items() for series in units.values())

    def metrics(self, since: int = 0) -> Iterator[MetricKey]:
        """The metrics that have a value in or after the minute."""
        return (
            key for key, units in self._series.items() if any(series.newest() >= since for series in units.values())
        )

    def drop_before(self, minute: int, fine: int) -> None:
        """Forget everything older than the minute, and seconds older than the minute `fine`."""
        for key, series in list(self.series()):
            if series.drop_before(minute, fine):
                self._changed_runs.add(series.number)
            if not series.buckets and not series.runs:
                del self._series[key][series.unit]
                if not self._series[key]:
                    del self._series[key]

    # What is kept on disk

    def changed_minutes(self) -> Sequence[int]:
        """The minutes changed since this was last asked, in order."""
        changed, self._changed = sorted(self._changed), set()
        return changed

    def changed_seconds(self) -> Sequence[int]:
        """The minutes whose seconds have changed since this was last asked, in order."""
        changed, self._changed_seconds = sorted(self._changed_seconds), set()
        return changed

    def changed_runs(self) -> set[int]:
        """The numbers of the metrics that have begun or ceased to be steady since this was last asked."""
        changed, self._changed_runs = self._changed_runs, set()
        return changed

    def minute_text(self, minute: int) -> str:
        """All that the store knows of one minute but what is steady, as a compact text; load_minute() reads it."""
        return _text((series.number, series.buckets.get(minute)) for _, series in self.series())

    def seconds_texts(self, minute: int) -> dict[str, str]:
        """The same for each second of the minute that has values, by second."""
        seconds = range(minute * MINUTE, (minute + 1) * MINUTE)
        fine = [series for _, series in self.series() if series.seconds]
        texts = {str(at): _text((series.number, series.seconds.get(at)) for series in fine) for at in seconds}
        return {at: text for at, text in texts.items() if text != "{}"}

    def is_open(self, number: int) -> bool:
        """Whether the metric is steady as far as anyone has said."""
        return number in self._open

    def open_end(self) -> int | None:
        """The minute before which all that is still steady is known; None when nothing is."""
        return next((run.end for run in self._open.values()), None)

    def load_minute(self, minute: int, text: str, numbered: Mapping[int, Series]) -> None:
        """Take what minute_text() wrote, with the series by number."""
        for number, bucket in _buckets(text):
            numbered[number].put(minute, bucket)

    def load_second(self, second: int, text: str, numbered: Mapping[int, Series]) -> None:
        """Take one of what seconds_texts() wrote."""
        for number, bucket in _buckets(text):
            numbered[number].seconds[second] = bucket

    def load_runs(self, series: Series, runs: Sequence[SteadyRun], is_open: bool) -> None:
        """Take the runs of a series, the last of which may go on."""
        series.runs = list(runs)
        if is_open:
            self._open[series.number] = runs[-1]


def metric_key(namespace: str, name: str, dimensions: Iterable[Mapping[str, str]] = ()) -> MetricKey:
    """The key of a metric whose dimensions are given as AWS writes them: [{Name, Value}, …]."""
    return MetricKey(namespace, name, frozenset((pair["Name"], pair["Value"]) for pair in dimensions))


@cache
def _steady_bucket(value: float, count: int) -> Bucket:
    return ZERO if (value, count) == (0.0, 1) else Bucket.of({value: float(count)})


def _add(buckets: dict[int, Bucket], at: int, bucket: Bucket) -> None:
    present = buckets.get(at)
    buckets[at] = bucket if present is None else merge(present, bucket)


def _fine_buckets(series: Series, start: int, end: int) -> Iterator[tuple[int, Bucket]]:
    """What there is in [start, end) by second; a minute that is known only as a whole is at the second it begins."""
    fine = {second // MINUTE for second in series.seconds}
    yield from ((second, bucket) for second, bucket in series.seconds.items() if start <= second < end)
    for minute, bucket in series.between(start // MINUTE, -(-end // MINUTE)):
        if minute in series.buckets:
            if minute not in fine:
                yield minute * MINUTE, bucket
            continue
        steady = next(run.steady for run in series.runs if run.start <= minute < run.end)
        for second in range(minute * MINUTE, (minute + 1) * MINUTE, steady.every):
            yield second, _steady_bucket(steady.value, 1)


def _text(buckets: Iterable[tuple[int, Bucket | None]]) -> str:
    known = {number: None if bucket is ZERO else bucket.record() for number, bucket in buckets if bucket is not None}
    return json.dumps(known, separators=(",", ":"))


def _buckets(text: str) -> Iterator[tuple[int, Bucket]]:
    for number, record in json.loads(text).items():
        yield int(number), ZERO if record is None else Bucket.of_record(record)
