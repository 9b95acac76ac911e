"""The fleet at a glance: what it says, how few calls that takes, and what is left when a part of it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.fleet import FleetReader, FleetSnapshot
from cmapss_core.fleet_load import QUIET_MINUTES, WINDOW_MINUTES
from tests.core.fleets import MINUTE, NOW, FleetAws

FAST = 0.25  # of a minute: how often a fleet that changes is read
DENIED = ConsoleError(ErrorKind.DENIED, "not allowed", operation="the call")


def caught_up(reader: FleetReader) -> FleetSnapshot:
    """A reading with everything in it."""
    snapshot = reader.read()
    while snapshot.catching_up:
        snapshot = reader.read()
    return snapshot


def calls_in(aws: FleetAws, reader: FleetReader, minutes: int, each: float, change: Callable[[], None]) -> list[int]:
    """Calls in each of so many minutes of the region's."""
    counts = []
    for _ in range(minutes):
        before = aws.calls.total()
        for _ in range(round(1 / each)):
            aws.pass_time(each)
            change()
            reader.read()
        counts.append(aws.calls.total() - before)
    return counts


def test_a_fleet_that_is_new_is_described_in_a_few_readings_and_shown_from_the_first() -> None:
    aws = FleetAws(50)
    reader = FleetReader(aws)
    first = reader.read()
    assert len(first.endpoints) == 50
    assert first.catching_up
    assert len(first.undescribed) == 34
    assert {endpoint.status for endpoint in first.endpoints} == {"InService"}
    whole = caught_up(reader)
    assert not whole.undescribed
    assert aws.calls["sagemaker:DescribeEndpoint"] == 50
    assert aws.calls["pricing:GetProducts"] == 1, "a price is asked for once, by one thread"
    assert sum(endpoint.hourly_cost_usd or 0 for endpoint in whole.endpoints) == pytest.approx(50 * 0.23)


def test_every_call_of_a_reading_is_counted_as_one_of_it() -> None:
    aws = FleetAws(10)
    with aws.meter.reading(automatic=True) as reading:
        caught_up(FleetReader(aws))
    assert reading.calls == aws.calls.total()


def test_fifty_busy_endpoints_at_rest_take_two_calls_a_minute() -> None:
    aws = FleetAws(50)
    aws.rates = dict.fromkeys(aws.endpoints, 120.0)
    reader = FleetReader(aws)
    caught_up(reader)
    counts = calls_in(aws, reader, 30, 1.0, lambda: None)
    assert max(counts) <= 3
    assert sum(counts) / len(counts) <= 2.5


def test_fifty_idle_endpoints_take_a_listing_a_minute_and_little_else() -> None:
    aws = FleetAws(50)
    reader = FleetReader(aws)
    caught_up(reader)
    aws.queries.clear()
    counts = calls_in(aws, reader, 30, 1.0, lambda: None)
    assert max(counts) <= 3
    assert sum(counts) / len(counts) <= 2
    assert [len(queries) for queries in aws.queries] == [50] * (30 // QUIET_MINUTES), "only whether anybody calls"


def test_fifty_endpoints_of_which_some_change_stay_within_twenty_calls_in_every_minute() -> None:
    aws = FleetAws(50)
    aws.rates = dict.fromkeys(aws.endpoints, 120.0)
    reader = FleetReader(aws)
    caught_up(reader)
    names, turn = list(aws.endpoints), iter(range(10_000))

    def scale() -> None:
        number = next(turn)
        name = names[number % 50]
        aws.change(name, "Updating" if number % 2 else "InService", current=1, desired=3)

    counts = calls_in(aws, reader, 30, FAST, scale)
    assert max(counts) <= 20
    assert aws.calls["sagemaker:DescribeEndpoint"] > 100, "and they are looked at all the same"


def test_all_of_fifty_changing_at_once_are_shown_so_at_once_and_described_within_the_budget() -> None:
    aws = FleetAws(50)
    reader = FleetReader(aws)
    caught_up(reader)
    for name in aws.endpoints:
        aws.change(name, "Updating", current=1, desired=2)
    aws.pass_time(FAST)
    before = aws.calls.total()
    snapshot = reader.read()
    assert {endpoint.status for endpoint in snapshot.endpoints} == {"Updating"}
    assert aws.calls.total() - before <= 20
    counts = calls_in(aws, reader, 8, FAST, lambda: None)
    assert max(counts) <= 20
    assert {endpoint.desired_instances for endpoint in reader.read().endpoints} == {2}


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 49), st.sampled_from(["Updating", "InService", "RollingBack"]))))
def test_whatever_changes_the_budget_holds(steps: list[tuple[int, str]]) -> None:
    aws = FleetAws(50)
    reader = FleetReader(aws)
    caught_up(reader)
    names, todo = list(aws.endpoints), iter(steps)

    def change() -> None:
        for number, status in [step for step in [next(todo, None)] if step]:
            aws.change(names[number], status)

    assert max(calls_in(aws, reader, 6, FAST, change)) <= 20


def test_metrics_are_asked_for_once_a_minute_however_often_the_fleet_is_read() -> None:
    aws = FleetAws(3)
    aws.rates = {"engines-01": 60.0}
    reader = FleetReader(aws)
    caught_up(reader)
    aws.queries.clear()
    calls_in(aws, reader, 6, 0.125, reader.ask_anew)
    assert len(aws.queries) == 6
    assert max(len(queries) for queries in aws.queries) == 4 + 2


def test_a_busy_endpoint_has_a_rate_a_curve_a_latency_and_errors() -> None:
    aws = FleetAws(1)
    aws.rates = {"engines-01": 120.0}
    load = caught_up(FleetReader(aws)).loads["engines-01"]
    assert load.invocations == (120.0,) * WINDOW_MINUTES
    assert load.invocations_per_minute == 120
    assert load.model_latency_p99_ms == pytest.approx(2.5)
    assert (load.errors_4xx, load.errors_5xx) == (WINDOW_MINUTES, 0)
    assert load.idle_since is None


def test_minutes_that_cloudwatch_has_not_published_are_not_said_to_be_without_calls() -> None:
    aws = FleetAws(1)
    aws.rates = {"engines-01": 120.0}
    aws.stopped = {"engines-01": NOW.replace(second=0) - 2 * MINUTE}
    load = caught_up(FleetReader(aws)).loads["engines-01"]
    assert load.invocations[-2:] == (None, None)
    assert load.invocations_per_minute == 120
    aws.pass_time(10)
    load = caught_up(FleetReader(aws)).loads["engines-01"]
    assert load.invocations[-6:-3] == (0.0, 0.0, 0.0)
    assert load.invocations_per_minute == 0


def test_an_endpoint_is_idle_since_its_last_call_and_that_is_asked_for_once() -> None:
    aws = FleetAws(2)
    aws.rates = dict.fromkeys(aws.endpoints, 5.0)
    aws.stopped = {"engines-01": NOW - timedelta(hours=9)}
    reader = FleetReader(aws)
    loads = caught_up(reader).loads
    assert loads["engines-02"].idle_since is None
    since = loads["engines-01"].idle_since
    assert since is not None
    assert timedelta(hours=8) <= NOW - since <= timedelta(hours=9), "CloudWatch was asked by the hour"
    by_hour = [one for queries in aws.queries for one in queries if one["MetricStat"]["Period"] == 3600]
    assert len(by_hour) == 1
    calls_in(aws, reader, 20, 1.0, lambda: None)
    by_hour = [one for queries in aws.queries for one in queries if one["MetricStat"]["Period"] == 3600]
    assert len(by_hour) == 1


def test_an_endpoint_that_was_seen_busy_is_idle_an_hour_after_its_last_minute() -> None:
    aws = FleetAws(1)
    aws.rates = {"engines-01": 5.0}
    reader = FleetReader(aws)
    caught_up(reader)
    aws.stopped = {"engines-01": NOW.replace(second=0)}
    calls_in(aws, reader, 59, 1.0, lambda: None)
    assert reader.read().loads["engines-01"].idle_since is None
    calls_in(aws, reader, 4, 1.0, lambda: None)
    assert reader.read().loads["engines-01"].idle_since == NOW.replace(second=0)
    assert not [one for queries in aws.queries for one in queries if one["MetricStat"]["Period"] == 3600]


def test_what_is_young_or_cannot_be_counted_is_not_idle() -> None:
    aws = FleetAws(1)
    aws.asynchronous = {"engines-01"}
    aws.create("just-made", age=timedelta(minutes=40))
    aws.create("being-made", "Creating", age=timedelta(hours=5))
    loads = caught_up(FleetReader(aws)).loads
    assert {name: load.idle_since for name, load in loads.items()} == {"engines-01": None, "just-made": None}


def test_traffic_on_a_quiet_endpoint_is_seen_within_three_minutes_or_when_asked_for() -> None:
    aws = FleetAws(1)
    reader = FleetReader(aws)
    caught_up(reader)
    aws.rates = {"engines-01": 60.0}
    aws.pass_time(1)
    assert reader.read().loads["engines-01"].invocations_per_minute == 0
    reader.ask_anew()
    aws.pass_time(1)
    assert reader.read().loads["engines-01"].invocations_per_minute == 60


def test_bounds_are_read_for_all_in_one_call_and_again_after_a_change() -> None:
    aws = FleetAws(3)
    aws.bounds = {"engines-01": (1, 5)}
    reader = FleetReader(aws)
    assert caught_up(reader).bounds == {"engines-01": (1, 5)}
    aws.bounds["engines-02"] = (3, 6)
    aws.change("engines-02", "Updating")
    aws.pass_time(1)
    assert reader.read().bounds == {"engines-01": (1, 5), "engines-02": (3, 6)}
    assert aws.calls["application-autoscaling:DescribeScalableTargets"] == 2


@pytest.mark.parametrize(
    ("operation", "part"),
    [("cloudwatch:GetMetricData", "load"), ("application-autoscaling:DescribeScalableTargets", "bounds")],
)
def test_a_part_that_is_denied_leaves_the_rest_and_comes_back_by_itself(operation: str, part: str) -> None:
    aws = FleetAws(2)
    aws.bounds, aws.rates = {"engines-01": (1, 5)}, {"engines-01": 60.0}
    aws.refused = {operation: DENIED}
    reader = FleetReader(aws)
    snapshot = caught_up(reader)
    assert snapshot.error is None
    assert snapshot.failures == {part: DENIED}
    assert len(snapshot.endpoints) == 2
    assert bool(snapshot.loads) is (part != "load")
    assert bool(snapshot.bounds) is (part != "bounds")
    aws.refused = {}
    aws.pass_time(5)
    snapshot = reader.read()
    assert not snapshot.failures
    assert snapshot.loads["engines-01"].invocations_per_minute == 60
    assert snapshot.bounds == {"engines-01": (1, 5)}


def test_one_endpoint_that_may_not_be_described_does_not_hide_the_others() -> None:
    aws = FleetAws(20)
    aws.refused = {"sagemaker:DescribeEndpoint:engines-07": DENIED}
    reader = FleetReader(aws)
    snapshot = caught_up(reader)
    assert snapshot.undescribed == {"engines-07"}
    assert snapshot.failures == {"details": DENIED}
    before = aws.calls["sagemaker:DescribeEndpoint"]
    calls_in(aws, reader, 4, 1.0, lambda: None)
    assert aws.calls["sagemaker:DescribeEndpoint"] == before, "it is not asked about each time"
    aws.refused = {}
    calls_in(aws, reader, 2, 1.0, lambda: None)
    assert not reader.read().undescribed
    assert not reader.read().failures


def test_descriptions_that_are_throttled_leave_the_list_and_are_tried_again() -> None:
    aws = FleetAws(20)
    throttled = ConsoleError(ErrorKind.THROTTLED, "Rate exceeded")
    aws.refused = {"sagemaker:DescribeEndpoint": throttled}
    reader = FleetReader(aws)
    snapshot = reader.read()
    assert len(snapshot.endpoints) == 20
    assert not snapshot.catching_up, "so that it is not tried again at once"
    assert snapshot.failures["details"] == throttled
    aws.refused = {}
    assert not caught_up(reader).undescribed


def test_a_listing_that_fails_keeps_what_is_known() -> None:
    aws = FleetAws(3)
    reader = FleetReader(aws)
    caught_up(reader)
    aws.refused = {"sagemaker:ListEndpoints": DENIED}
    aws.pass_time(1)
    before = aws.calls.total()
    snapshot = reader.read()
    assert snapshot.error == DENIED
    assert len(snapshot.endpoints) == 3
    assert snapshot.loads
    assert aws.calls.total() == before + 1


def test_an_endpoint_that_is_deleted_between_two_calls_is_left_out() -> None:
    aws = FleetAws(2)
    aws.refused = {"sagemaker:DescribeEndpoint:engines-01": ConsoleError(ErrorKind.NOT_FOUND, "gone")}
    assert [endpoint.name for endpoint in caught_up(FleetReader(aws)).endpoints] == ["engines-02"]
