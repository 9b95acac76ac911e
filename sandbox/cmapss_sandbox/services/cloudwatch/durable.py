"""The region's metric store, kept in its tables: one short record for each minute that has values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import (
    FINE_RETENTION_MINUTES,
    MINUTE,
    RETENTION_MINUTES,
    MetricKey,
    MetricStore,
    Series,
    Steady,
    SteadyRun,
    metric_key,
)
from cmapss_sandbox.store import Table

_STORES: WeakKeyDictionary[Region, MetricStore] = WeakKeyDictionary()
_STEADY = "steady"  # the key of the record that says how far what is still steady has been followed


@dataclass(frozen=True, slots=True)
class Published:
    """What somebody sends to a metric: a bucket at a second (Unix time), to be kept by the second or the minute."""

    key: MetricKey
    second: int
    resolution: int
    bucket: Bucket
    unit: str

    def put(self, store: MetricStore) -> None:
        """Add it to what the store has."""
        if self.resolution < MINUTE:
            store.put_second(self.key, self.second, self.bucket, self.unit)
        else:
            store.put(self.key, self.second // MINUTE, self.bucket, self.unit)


def publish(region: Region, published: Sequence[Published]) -> None:
    """Store what is sent at once, on disk too: whoever was told that it is taken will find it after a crash."""
    journal, store = _journal_table(region), metrics_of(region)
    number = len(journal) + 1  # it is only ever cleared as a whole
    journal[str(number)] = {"published": json.dumps([_published_record(one) for one in published])}
    for one in published:
        one.put(store)


def metrics_of(region: Region) -> MetricStore:
    """The region's metrics, read from its tables the first time."""
    with region.lock:
        store = _STORES.get(region)
        if store is None:
            store = _STORES[region] = _load(region)
        return store


def save(region: Region) -> None:
    """Write what has changed; a region that is killed loses the values since."""
    store, metrics = metrics_of(region), _metric_table(region)
    changed_runs = store.changed_runs()
    for key, series in store.series():
        if series.number in changed_runs or str(series.number) not in metrics:
            metrics[str(series.number)] = _metric_record(store, key, series)
    minutes, seconds = _minute_table(region), _second_table(region)
    for minute in store.changed_minutes():
        minutes[str(minute)] = {"buckets": store.minute_text(minute)}
    for minute in store.changed_seconds():
        seconds[str(minute)] = {"buckets": store.seconds_texts(minute)}
    _journal_table(region).clear()
    end, progress = store.open_end(), _progress_table(region)
    if end is not None and progress.get(_STEADY) != {"end": end}:
        progress[_STEADY] = {"end": end}


def forget_old(region: Region, minute: int) -> None:
    """Drop what is older than the retention, seen from the minute."""
    store, oldest, fine = metrics_of(region), minute - RETENTION_MINUTES, minute - FINE_RETENTION_MINUTES
    store.drop_before(oldest, fine)
    for table, first in ((_minute_table(region), oldest), (_second_table(region), fine)):
        for key in [key for key in table if int(key) < first]:
            del table[key]
    alive = {str(series.number) for _, series in store.series()}
    for number in [number for number in _metric_table(region) if number not in alive]:
        del _metric_table(region)[number]


def _metric_record(store: MetricStore, key: MetricKey, series: Series) -> dict[str, Any]:
    is_open = store.is_open(series.number)
    runs: list[list[float | None]] = [[run.start, run.end, run.steady.value, run.steady.every] for run in series.runs]
    if is_open:
        runs[-1][1] = None  # how far it goes on is written once for all metrics
    return {
        "namespace": key.namespace,
        "name": key.name,
        "dimensions": key.dimension_list(),
        "unit": series.unit,
        "runs": runs,
    }


def _load(region: Region) -> MetricStore:
    store = MetricStore()
    numbered: dict[int, Series] = {}
    end = _progress_table(region).get(_STEADY, {}).get("end", 0)
    for number, record in _metric_table(region).items():
        key = metric_key(record["namespace"], record["name"], record["dimensions"])
        series = numbered[int(number)] = store.define(key, record["unit"], int(number))
        runs = record.get("runs", [])
        known = [
            SteadyRun(first, end if last is None else last, Steady(value, every)) for first, last, value, every in runs
        ]
        store.load_runs(series, known, bool(runs) and runs[-1][1] is None)
    for minute, record in _minute_table(region).items():
        store.load_minute(int(minute), record["buckets"], numbered)
    for record in _second_table(region).values():
        for second, text in record["buckets"].items():
            store.load_second(int(second), text, numbered)
    for record in _journal_table(region).values():
        for one in json.loads(record["published"]):
            _published_of(one).put(store)
    return store


def _published_record(one: Published) -> list[Any]:
    dimensions = sorted(one.key.dimensions)
    return [one.key.namespace, one.key.name, dimensions, one.second, one.resolution, one.bucket.record(), one.unit]


def _published_of(record: list[Any]) -> Published:
    namespace, name, dimensions, second, resolution, bucket, unit = record
    key = MetricKey(namespace, name, frozenset((dimension, value) for dimension, value in dimensions))
    return Published(key, second, resolution, Bucket.of_record(bucket), unit)


def _metric_table(region: Region) -> Table:
    return region.table("metrics")


def _minute_table(region: Region) -> Table:
    return region.table("metric_minutes")


def _second_table(region: Region) -> Table:
    return region.table("metric_seconds")


def _journal_table(region: Region) -> Table:
    """What was sent since the minutes were last written."""
    return region.table("metric_journal")


def _progress_table(region: Region) -> Table:
    return region.table("metric_progress")
