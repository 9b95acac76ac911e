"""The region's metric store, kept in its tables: one short record for each minute that has values."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.store import RETENTION_MINUTES, MetricStore, Series, metric_key
from cmapss_sandbox.store import Table

_STORES: WeakKeyDictionary[Region, MetricStore] = WeakKeyDictionary()


def metrics_of(region: Region) -> MetricStore:
    """The region's metrics, read from its tables the first time."""
    with region.lock:
        store = _STORES.get(region)
        if store is None:
            store = _STORES[region] = _load(region)
        return store


def save(region: Region) -> None:
    """Write the minutes that have changed; a region that is killed loses the values since."""
    store, metrics, minutes = metrics_of(region), _metric_table(region), _minute_table(region)
    for key, series in store.series().items():
        if str(series.number) not in metrics:
            metrics[str(series.number)] = {
                "namespace": key.namespace,
                "name": key.name,
                "dimensions": [{"Name": name, "Value": value} for name, value in sorted(key.dimensions)],
                "unit": series.unit,
            }
    for minute in store.changed_minutes():
        minutes[str(minute)] = {"buckets": store.minute_text(minute)}


def forget_old(region: Region, minute: int) -> None:
    """Drop what is older than the retention, seen from the minute."""
    store, oldest = metrics_of(region), minute - RETENTION_MINUTES
    store.drop_before(oldest)
    for key in [key for key in _minute_table(region) if int(key) < oldest]:
        del _minute_table(region)[key]
    alive = {str(series.number) for series in store.series().values()}
    for number in [number for number in _metric_table(region) if number not in alive]:
        del _metric_table(region)[number]


def _load(region: Region) -> MetricStore:
    store = MetricStore()
    numbered: dict[int, Series] = {}
    for number, record in _metric_table(region).items():
        key = metric_key(record["namespace"], record["name"], record["dimensions"])
        numbered[int(number)] = store.define(key, record["unit"], int(number))
    for minute, record in _minute_table(region).items():
        store.load_minute(int(minute), record["buckets"], numbered)
    return store


def _metric_table(region: Region) -> Table:
    return region.table("metrics")


def _minute_table(region: Region) -> Table:
    return region.table("metric_minutes")
