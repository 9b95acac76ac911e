"""Calls are counted by the minute of the region, and what they cost is projected from the last of them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.call_meter import INVOCATIONS, CallMeter
from cmapss_core.daemons import spread
from tests.core.scripted import ScriptedAws, SteppingClock


class Watch:
    """A clock of this machine that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def metered(speed: float = 1.0) -> tuple[CallMeter, Watch]:
    watch = Watch()
    return CallMeter(lambda: speed, watch), watch


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_minute_is_one_of_the_region(speed: float) -> None:
    meter, watch = metered(speed)
    for _ in range(7):
        meter.count("sagemaker")
    watch.now += 59 / speed
    assert meter.per_minute() == 7
    watch.now += 1 / speed
    assert meter.per_minute() == 0
    assert meter.total == 7


def test_each_service_is_counted_and_load_is_not_looking() -> None:
    meter, _ = metered()
    for service in ("sagemaker", "sagemaker", "cloudwatch", INVOCATIONS):
        meter.count(service)
    assert meter.per_minute_by_service() == {"sagemaker": 2, "cloudwatch": 1, INVOCATIONS: 1}
    assert meter.per_minute() == 3


def test_metrics_cost_a_cent_for_a_thousand() -> None:
    meter, watch = metered()
    assert meter.cost_per_day_usd == 0
    for _ in range(10):  # 8 metrics every minute: 11,520 a day
        meter.count_metrics(8)
        watch.now += 60
    assert meter.cost_per_day_usd == pytest.approx(0.1152, rel=0.3)


def test_the_first_minute_is_not_projected_from_its_first_second() -> None:
    meter, watch = metered()
    meter.count_metrics(1_000)
    watch.now += 1
    assert meter.cost_per_day_usd == pytest.approx(14.4)


def test_the_metrics_of_a_call_are_the_queries_in_it() -> None:
    aws = ScriptedAws({"cloudwatch:GetMetricData": {"MetricDataResults": []}})
    aws.clock = SteppingClock(speed=1.0)  # type: ignore[assignment]  # the same face
    aws.call("cloudwatch", "GetMetricData", MetricDataQueries=[{"Id": f"m{n}"} for n in range(100)])
    assert aws.meter.cost_per_day_usd == pytest.approx(100 / 1000 * 0.01 * 1440)


def test_only_readings_that_nobody_asked_for_use_the_budget_up() -> None:
    meter, _ = metered()
    with meter.reading(automatic=False) as asked:
        meter.count("sagemaker")
    with meter.reading(automatic=True) as by_itself:
        meter.count("sagemaker")
        meter.count("cloudwatch")
    meter.count("sts")
    assert (asked.calls, by_itself.calls) == (1, 2)
    assert (meter.automatic_per_minute(), meter.per_minute()) == (2, 4)


def test_a_reading_counts_the_calls_of_its_own_thread() -> None:
    meter, _ = metered()
    with meter.reading(automatic=True) as reading:
        other = threading.Thread(target=meter.count, args=("sts",))
        other.start()
        other.join()
    assert reading.calls == 0


def test_threads_over_which_a_reading_is_spread_are_of_it() -> None:
    meter, _ = metered()
    with meter.reading(automatic=True) as reading:
        list(spread(lambda _: meter.count("sagemaker"), range(8), 3))
    assert reading.calls == 8
    assert meter.automatic_per_minute() == 8


def test_a_reading_waits_until_enough_of_the_minute_is_over() -> None:
    meter, watch = metered(60.0)
    with meter.reading(automatic=True):
        for _ in range(6):
            meter.count("sagemaker")
            watch.now += 0.1
    assert meter.seconds_until(3, 10) == 0
    assert meter.seconds_until(6, 10) == pytest.approx(1.0 - 0.6 + 0.1)  # until the second of the six is a minute old
    assert meter.seconds_until(50, 10) == pytest.approx(1.0 - 0.1)  # larger than the budget: until all are
    watch.now += 1.0
    assert meter.seconds_until(50, 10) == 0


readings = st.lists(st.tuples(st.integers(1, 8), st.floats(0, 90)), max_size=40)


@given(readings, st.integers(8, 30), st.sampled_from([1.0, 60.0]))
def test_who_waits_as_long_as_told_never_exceeds_the_budget(
    wanted: list[tuple[int, float]], budget: int, speed: float
) -> None:
    meter, watch = metered(speed)
    for calls, pause in wanted:
        watch.now += pause / speed
        watch.now += meter.seconds_until(calls, budget) * (1 + 1e-9)
        _read(meter, calls)
        assert meter.automatic_per_minute() <= budget


def _read(meter: CallMeter, calls: int) -> None:
    count: Callable[[str], None] = meter.count
    with meter.reading(automatic=True):
        for _ in range(calls):
            count("sagemaker")


def test_silence_lasts_from_the_last_answer() -> None:
    meter, watch = metered(60.0)
    assert meter.silence == math.inf
    meter.note_answer()
    watch.now += 12
    assert meter.silence == 12
