"""CloudWatch's statistics against numpy, and the store that keeps what they are made of."""

from __future__ import annotations

import math
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.cloudwatch.extended_statistics import statistic
from cmapss_sandbox.services.cloudwatch.statistics import ZERO, Bucket, merge
from cmapss_sandbox.services.cloudwatch.store import MetricStore, Series, Steady, metric_key

signed_values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
values = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)
shares = st.floats(0, 100).map(lambda share: round(share, 2))


def bucket_of(items: list[float]) -> Bucket:
    return Bucket.of(Counter(items))


def made(name: str, *items: list[float]) -> float | None:
    return statistic(name)([bucket_of(minute) for minute in items])


@given(signed_values)
def test_statistics_are_those_of_the_values_themselves(items: list[float]) -> None:
    assert made("SampleCount", items) == len(items)
    assert made("Sum", items) == pytest.approx(math.fsum(items), abs=1e-6)
    assert made("Average", items) == pytest.approx(math.fsum(items) / len(items), abs=1e-6)
    assert made("Minimum", items) == min(items)
    assert made("Maximum", items) == max(items)


@given(values, shares)
def test_percentiles_are_those_of_numpy(items: list[float], share: float) -> None:
    expected = float(numpy.percentile(items, share))
    assert made(f"p{share}", items) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(values, shares, st.sampled_from(["tm", "tc", "ts", "wm"]))
def test_statistics_up_to_a_percentile_are_those_of_numpy(items: list[float], share: float, kind: str) -> None:
    limit = made(f"p{share}", items)
    assert limit is not None
    kept = numpy.array([item for item in items if item <= limit])
    expected = {
        "tm": float(kept.mean()) if len(kept) else None,
        "tc": float(len(kept)),
        "ts": float(kept.sum()),
        "wm": float(numpy.minimum(items, limit).mean()),
    }[kind]
    assert made(f"{kind}{share}", items) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(values, st.integers(0, 1000), st.integers(1, 10**6))
def test_statistics_between_two_values_are_those_of_numpy(items: list[float], low: int, width: int) -> None:
    high = low + width
    kept = [item for item in items if low < item <= high]
    assert made(f"TC({low}:{high})", items) == len(kept)
    assert made(f"TS({low}:{high})", items) == pytest.approx(math.fsum(kept))
    assert made(f"TM({low}:{high})", items) == (pytest.approx(float(numpy.mean(kept))) if kept else None)
    assert made(f"WM({low}:{high})", items) == pytest.approx(float(numpy.clip(items, low, high).mean()))
    assert made(f"PR({low}:{high})", items) == pytest.approx(100 * len(kept) / len(items))
    assert made(f"PR(:{high})", items) == pytest.approx(100 * sum(item <= high for item in items) / len(items))


def test_statistics_between_two_shares() -> None:
    items = [float(item) for item in range(1, 101)]
    assert made("TM(10%:90%)", items) == pytest.approx(
        float(numpy.mean([item for item in items if 10.9 < item <= 90.1]))
    )
    assert made("IQM", items) == made("TM(25%:75%)", items)
    assert made("TC(80%:)", items) == 20
    assert made("WM(:95%)", items) == made("wm95", items)


@given(signed_values, signed_values)
def test_statistics_of_several_minutes_are_those_of_one_longer_minute(first: list[float], second: list[float]) -> None:
    for name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum", "p90", "TC(1:100)"):
        whole = made(name, first + second)
        assert made(name, first, second) == (None if whole is None else pytest.approx(whole, abs=1e-6))
    assert merge(bucket_of(first), bucket_of(second)).counts == bucket_of(first + second).counts


def test_a_minute_of_very_many_values_stays_small_and_nearly_exact() -> None:
    items = [1000.0 + 0.37 * step for step in range(40_000)]
    bucket = bucket_of(items)
    assert bucket.counts is not None
    assert len(bucket.counts) < 1000
    assert bucket.sum == pytest.approx(math.fsum(items))
    assert bucket.maximum == items[-1]
    for share in (1, 50, 90, 99):
        assert statistic(f"p{share}")([bucket]) == pytest.approx(float(numpy.percentile(items, share)), rel=0.005)


def test_a_statistic_set_has_percentiles_only_where_all_its_values_are_the_same() -> None:
    known = Bucket.of_statistic_set({"SampleCount": 3, "Sum": 6, "Minimum": 2, "Maximum": 2})
    unknown = Bucket.of_statistic_set({"SampleCount": 3, "Sum": 9, "Minimum": 2, "Maximum": 4})
    for name in ("p90", "tm90", "TM(0:3)"):
        assert statistic(name)([known]) == 2
        assert statistic(name)([unknown]) is None
        assert statistic(name)([known, unknown]) is None
    assert statistic("Average")([unknown]) == 3


def test_there_are_no_percentiles_of_negative_values() -> None:
    assert made("p50", [-1.0, 5.0]) is None
    assert made("tm90", [-1.0, 5.0]) is None


@pytest.mark.parametrize(
    "name",
    ["", "p", "p101", "p-1", "median", "sum", "p99 ", "TM", "TM()", "TM(:)", "TM(5:3)", "TM(10%:5)", "PR(1%:2%)"],
)
def test_an_unknown_statistic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^" + name.replace("(", r"\(").replace(")", r"\)")):
        statistic(name)


def test_dimensions_are_exact_and_their_order_does_not_count() -> None:
    store = MetricStore()
    pairs = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}]
    store.put(metric_key("n", "m", pairs), 10, bucket_of([5.0]))
    assert [time for time, _ in store.periods(metric_key("n", "m", pairs[::-1]), 0, 1200, 60)] == [600]
    assert store.periods(metric_key("n", "m", pairs[:1]), 0, 1200, 60) == []
    assert store.periods(metric_key("other", "m", pairs), 0, 1200, 60) == []


def sums(store: MetricStore, start: int, end: int, period: int, origin: int = 0) -> dict[int, float | None]:
    found = store.periods(metric_key("n", "m"), start, end, period, origin)
    return {time: statistic("Sum")(buckets) for time, buckets in found}


def test_periods_are_aligned_and_only_those_with_values_are_there() -> None:
    store = MetricStore()
    for minute in (4, 5, 9, 11):
        store.put(metric_key("n", "m"), minute, bucket_of([float(minute)]))
    assert sums(store, 250, 720, 300) == {0: 4.0, 300: 14.0, 600: 11.0}
    assert list(sums(store, 300, 301, 60)) == [300]
    assert sums(store, 360, 540, 60) == {}
    assert sums(store, 120, 720, 300, origin=720) == {120: 9.0, 420: 20.0}


def test_values_of_several_units_are_told_apart_when_one_is_asked_for() -> None:
    store, key = MetricStore(), metric_key("n", "m")
    store.put(key, 10, bucket_of([1.0]), "Seconds")
    store.put(key, 10, bucket_of([2.0]), "Bytes")
    store.put(key, 11, bucket_of([4.0]), "Bytes")
    assert sums(store, 600, 720, 60) == {600: 3.0, 660: 4.0}
    assert sums(store, 600, 720, 120) == {600: 7.0}
    assert [time for time, _ in store.periods(key, 600, 720, 60, unit="Seconds")] == [600]
    assert store.periods(key, 600, 720, 60, unit="Percent") == []
    assert store.units(key) == ["Seconds", "Bytes"]
    assert list(store.metrics()) == [key]


def test_seconds_are_there_for_short_periods_and_count_in_their_minute() -> None:
    store = MetricStore()
    for second in (600, 609, 610, 659):
        store.put_second(metric_key("n", "m"), second, bucket_of([1.0]))
    store.put(metric_key("n", "m"), 12, bucket_of([7.0]))
    assert sums(store, 600, 780, 60) == {600: 4.0, 720: 7.0}
    assert sums(store, 600, 780, 10) == {600: 2.0, 610: 1.0, 650: 1.0, 720: 7.0}
    assert sums(store, 600, 780, 1) == {600: 1.0, 609: 1.0, 610: 1.0, 659: 1.0, 720: 7.0}
    assert sums(store, 605, 615, 5) == {605: 1.0, 610: 1.0}
    store.put_steady([(metric_key("n", "m"), "None", Steady(0.5, 10))], 20, 21)
    assert sums(store, 1200, 1260, 30) == {1200: 1.5, 1230: 1.5}
    assert sums(store, 1200, 1260, 60) == {1200: 3.0}


@given(st.dictionaries(st.integers(0, 50), signed_values, max_size=8), st.lists(st.integers(0, 3599), max_size=5))
def test_what_is_kept_is_read_back_the_same(minutes: dict[int, list[float]], seconds: list[int]) -> None:
    store, key = MetricStore(), metric_key("n", "m", [{"Name": "d", "Value": "v"}])
    for minute, items in minutes.items():
        store.put(key, minute, bucket_of(items))
        store.put(metric_key("n", "zeros"), minute, ZERO)
    for second in seconds:
        store.put_second(metric_key("n", "fine"), second, bucket_of([float(second)]))
    again = MetricStore()
    numbered: dict[int, Series] = {
        series.number: again.define(key, series.unit, series.number) for key, series in store.series()
    }
    for minute in store.changed_minutes():
        again.load_minute(minute, store.minute_text(minute), numbered)
    for minute in store.changed_seconds():
        for at, text in store.seconds_texts(minute).items():
            again.load_second(int(at), text, numbered)
    assert dict(again.series()) == dict(store.series())
    assert store.changed_minutes() == store.changed_seconds() == []


def test_old_minutes_are_dropped_and_a_metric_without_any_is_gone() -> None:
    store = MetricStore()
    store.put(metric_key("n", "old"), 5, ZERO)
    store.put(metric_key("n", "both"), 5, ZERO)
    store.put_second(metric_key("n", "both"), 50 * 60, ZERO)
    store.put_steady([(metric_key("n", "idle"), "None", Steady())], 5, 15)
    store.put_steady([], 15, 16)
    store.drop_before(20, 51)
    assert [key.name for key in store.metrics()] == ["both"]
    assert [time for time, _ in store.periods(metric_key("n", "both"), 0, 6000, 60)] == [3000]
    assert dict(store.series())[metric_key("n", "both")].seconds == {}
    assert list(store.metrics(since=51)) == []


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.booleans()), max_size=12))
def test_steady_minutes_are_those_that_each_minute_by_itself_would_have_left(
    stretches: list[tuple[int, bool, bool]],
) -> None:
    store, key, minute = MetricStore(), metric_key("n", "m"), 100
    plain: dict[int, float] = {}
    for length, idle, busy in stretches:
        store.put_steady([(key, "None", Steady())] if idle else [], minute, minute + length)
        if idle:
            plain |= dict.fromkeys(range(minute, minute + length), 0.0)
        if busy:
            store.put(key, minute, bucket_of([7.0]))
            plain[minute] = 7.0
        minute += length
    found = store.periods(key, 0, (minute + 5) * 60, 60)
    assert {time // 60: buckets[0].sum for time, buckets in found} == plain
    assert all(len(series.runs) <= len(stretches) for _, series in store.series())


def test_minutes_that_are_steady_already_stay_as_they_were() -> None:
    store, key = MetricStore(), metric_key("n", "m")
    store.put_steady([(key, "None", Steady())], 10, 20)
    store.put_steady([(key, "None", Steady(2.0))], 15, 18)
    store.put_steady([(key, "None", Steady(3.0))], 15, 22)
    found = {time // 60: buckets[0].sum for time, buckets in store.periods(key, 0, 3600, 60)}
    assert found == {**dict.fromkeys(range(10, 20), 0.0), 20: 3.0, 21: 3.0}
