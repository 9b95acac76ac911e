from __future__ import annotations

import math
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.cloudwatch.statistics import ZERO, Bucket, merge, statistic
from cmapss_sandbox.services.cloudwatch.store import MetricStore, Series, metric_key

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def bucket_of(items: list[float]) -> Bucket:
    return Bucket.of(Counter(items))


@given(values)
def test_statistics_are_those_of_the_values_themselves(items: list[float]) -> None:
    bucket = bucket_of(items)
    assert statistic("SampleCount")(bucket) == len(items)
    assert statistic("Sum")(bucket) == pytest.approx(math.fsum(items), abs=1e-6)
    assert statistic("Average")(bucket) == pytest.approx(math.fsum(items) / len(items), abs=1e-6)
    assert statistic("Minimum")(bucket) == min(items)
    assert statistic("Maximum")(bucket) == max(items)


@given(values, st.floats(0, 100).map(lambda share: round(share, 2)))
def test_percentiles_are_those_of_numpy(items: list[float], share: float) -> None:
    expected = float(numpy.percentile(items, share))
    assert statistic(f"p{share}")(bucket_of(items)) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(values, values)
def test_merging_minutes_is_the_same_as_one_longer_minute(first: list[float], second: list[float]) -> None:
    merged, whole = merge(bucket_of(first), bucket_of(second)), bucket_of(first + second)
    assert merged.values == whole.values
    assert (merged.sample_count, merged.minimum, merged.maximum) == (
        whole.sample_count,
        whole.minimum,
        whole.maximum,
    )
    assert merged.sum == pytest.approx(whole.sum, abs=1e-6)


def test_a_minute_of_very_many_values_stays_small_and_nearly_exact() -> None:
    items = [1000.0 + 0.37 * step for step in range(40_000)]
    bucket = bucket_of(items)
    assert bucket.values is not None
    assert len(bucket.values) < 1000
    assert bucket.sum == pytest.approx(math.fsum(items))
    assert bucket.maximum == items[-1]
    for share in (1, 50, 90, 99):
        assert statistic(f"p{share}")(bucket) == pytest.approx(float(numpy.percentile(items, share)), rel=0.005)


def test_a_statistic_set_has_percentiles_only_where_all_its_values_are_the_same() -> None:
    known = Bucket.of_statistic_set({"SampleCount": 3, "Sum": 6, "Minimum": 2, "Maximum": 2})
    unknown = Bucket.of_statistic_set({"SampleCount": 3, "Sum": 9, "Minimum": 2, "Maximum": 4})
    assert statistic("p90")(known) == 2
    assert statistic("p90")(unknown) is None
    assert statistic("p90")(merge(known, unknown)) is None
    assert statistic("Average")(unknown) == 3


@pytest.mark.parametrize("name", ["", "p", "p101", "p-1", "median", "sum", "p99 "])
def test_an_unknown_statistic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="^" + name):
        statistic(name)


def test_dimensions_are_exact_and_their_order_does_not_count() -> None:
    store = MetricStore()
    pairs = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}]
    store.put(metric_key("n", "m", pairs), 10, bucket_of([5.0]))
    assert [time for time, _ in store.buckets(metric_key("n", "m", pairs[::-1]), 0, 1200, 60)] == [600]
    assert store.buckets(metric_key("n", "m", pairs[:1]), 0, 1200, 60) == []
    assert store.buckets(metric_key("other", "m", pairs), 0, 1200, 60) == []


def test_periods_are_aligned_and_only_those_with_values_are_there() -> None:
    store = MetricStore()
    key = metric_key("n", "m")
    for minute in (4, 5, 9, 11):
        store.put(key, minute, bucket_of([float(minute)]))
    sums = {time: bucket.sum for time, bucket in store.buckets(key, 250, 720, 300)}
    assert sums == {0: 4.0, 300: 14.0, 600: 11.0}
    assert [time for time, _ in store.buckets(key, 300, 301, 60)] == [300]
    assert store.buckets(key, 360, 540, 60) == []


@given(st.dictionaries(st.integers(0, 50), values, max_size=8))
def test_what_is_kept_of_a_minute_is_read_back_the_same(minutes: dict[int, list[float]]) -> None:
    store, key = MetricStore(), metric_key("n", "m", [{"Name": "d", "Value": "v"}])
    for minute, items in minutes.items():
        store.put(key, minute, bucket_of(items))
        store.put(metric_key("n", "zeros"), minute, ZERO)
    again = MetricStore()
    numbered: dict[int, Series] = {
        series.number: again.define(key, series.unit, series.number) for key, series in store.series().items()
    }
    for minute in store.changed_minutes():
        again.load_minute(minute, store.minute_text(minute), numbered)
    assert again.series() == store.series()
    assert store.changed_minutes() == []


def test_old_minutes_are_dropped_and_a_metric_without_any_is_gone() -> None:
    store = MetricStore()
    store.put(metric_key("n", "old"), 5, ZERO)
    store.put(metric_key("n", "both"), 5, ZERO)
    store.put(metric_key("n", "both"), 50, ZERO)
    store.drop_before(20)
    assert [key.name for key in store.metrics()] == ["both"]
    assert [time for time, _ in store.buckets(metric_key("n", "both"), 0, 6000, 60)] == [3000]
    assert list(store.metrics(since=51)) == []
