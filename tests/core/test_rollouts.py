"""A roll-out keeps to AWS's bounds, says which one it would break, and knows what it takes meanwhile."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.updating.alarms import Guard, parse_guard, stop_alarm, to_stop_with
from cmapss_core.plans.updating.guarding import usual_strategy
from cmapss_core.plans.updating.strategies import (
    RolloutRequest,
    Size,
    Strategy,
    parse_size,
    rolling_strategies,
    strategy_for,
)

BOUNDS = {"canary": (0, 50), "linear": (10, 50), "rolling": (5, 50)}
MEMBERS = {"canary": "canary_size", "linear": "step_size", "rolling": "batch_size"}

fleets = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 60), min_size=1)
sizes = st.builds(Size, st.integers(1, 120), st.booleans())


@given(st.sampled_from(list(BOUNDS)), sizes, fleets)
def test_a_size_is_taken_exactly_within_aws_s_bounds(kind: Any, size: Size, counts: dict[str, int]) -> None:
    least, most = BOUNDS[kind]
    parts = [size.value if size.percent else 100 * size.value / count for count in counts.values()]
    asked: dict[str, Any] = {MEMBERS[kind]: size}
    request = RolloutRequest(**asked)
    if all(least <= part <= most for part in parts):
        assert strategy_for(request, counts, Strategy()).size == size
        return
    with pytest.raises(ConsoleError) as caught:
        strategy_for(request, counts, Strategy())
    assert caught.value.kind is ErrorKind.INVALID
    assert "\n" not in caught.value.line()
    assert "within AWS's bounds" in caught.value.message
    assert caught.value.remedy.startswith("Give ")


@given(st.sampled_from(list(BOUNDS)), st.dictionaries(st.sampled_from("ABC"), st.integers(1, 200), min_size=1))
def test_what_is_usual_is_always_within_the_bounds(kind: Any, counts: dict[str, int]) -> None:
    strategy = strategy_for(RolloutRequest(strategy=kind), counts, Strategy())
    assert strategy.kind == kind
    assert strategy.wait_interval == 300
    assert strategy_for(RolloutRequest(), counts, usual_strategy(counts, new_models=True))
    for rolling in rolling_strategies(counts.values()):
        assert strategy_for(RolloutRequest(), counts, rolling) == rolling


@given(fleets)
def test_a_canary_takes_a_whole_second_fleet_and_a_batch_only_itself(counts: dict[str, int]) -> None:
    fleet = [("ml.m5.xlarge", count) for count in counts.values()]
    assert Strategy(kind="canary", size=Size(1)).extra_instances(fleet).total() == sum(counts.values())
    batch = Strategy(kind="rolling", size=Size(25, percent=True)).extra_instances(fleet)
    assert all(25 * count / 100 <= batch.total() for count in counts.values())
    assert batch.total() <= sum(counts.values())


def test_instances_are_counted_by_type() -> None:
    fleet = [("ml.m5.xlarge", 2), ("ml.c5.large", 3), ("ml.m5.xlarge", 4)]
    assert Strategy().extra_instances(fleet) == Counter({"ml.m5.xlarge": 6, "ml.c5.large": 3})


@pytest.mark.parametrize(
    ("text", "size"), [("1", Size(1)), (" 25% ", Size(25, percent=True)), ("10 %", Size(10, True))]
)
def test_a_size_is_instances_or_percent(text: str, size: Size) -> None:
    assert parse_size(text) == size


@given(st.text(max_size=8).filter(lambda text: not text.strip().rstrip("%").strip().isascii() or "-" in text))
def test_what_is_no_number_is_no_size(text: str) -> None:
    with pytest.raises(ConsoleError, match="is no size") as caught:
        parse_size(text)
    assert caught.value.kind is ErrorKind.INVALID


@given(sizes)
def test_a_size_is_read_as_it_is_written(size: Size) -> None:
    assert parse_size(f"{size.value}%" if size.percent else str(size.value)) == size


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (RolloutRequest(wait_interval=3601, strategy="canary"), "--wait-interval 3601"),
        (RolloutRequest(bake=-1), "--bake -1"),
        (RolloutRequest(timeout=599), "--timeout 599"),
        (RolloutRequest(timeout=28_801), "--timeout 28801"),
        (RolloutRequest(strategy="canary", wait_interval=500, bake=200, timeout=700), "not more than the 700 s"),
        (RolloutRequest(wait_interval=60), "not for all-at-once"),
        (RolloutRequest(strategy="rolling", bake=60), "--bake is not for rolling"),
        (RolloutRequest(strategy="canary", batch_size=Size(1)), "--batch-size is not for canary"),
        (RolloutRequest(canary_size=Size(1), step_size=Size(1)), "--step-size is not for canary"),
        (RolloutRequest(strategy="linear", rollback_batch_size=Size(1)), "not for linear"),
        (RolloutRequest(rollback_batch_size=Size(7)), "a batch to roll back of 7 instances"),
    ],
)
def test_what_aws_would_refuse_or_drop_is_told_in_one_line(request_: RolloutRequest, said: str) -> None:
    with pytest.raises(ConsoleError, match=said) as caught:
        strategy_for(request_, {"A": 4}, Strategy())
    assert caught.value.kind is ErrorKind.INVALID
    assert caught.value.remedy


def test_a_size_says_which_strategy_is_meant() -> None:
    assert strategy_for(RolloutRequest(batch_size=Size(2)), {"A": 4}, Strategy()).kind == "rolling"
    assert strategy_for(RolloutRequest(rollback_batch_size=Size(2)), {"A": 4}, Strategy()).kind == "rolling"
    assert strategy_for(RolloutRequest(step_size=Size(2)), {"A": 4}, Strategy()).kind == "linear"


def test_the_deployment_config_is_aws_s_own() -> None:
    assert Strategy().deployment_config() == {}, "AWS's default needs no saying"
    assert Strategy(bake=60, timeout=900).deployment_config(["a", "b"]) == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 60,
            "MaximumExecutionTimeoutInSeconds": 900,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]},
    }
    linear = Strategy(kind="linear", size=Size(20, percent=True), wait_interval=30).deployment_config()
    assert linear["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == {
        "Type": "LINEAR",
        "WaitIntervalInSeconds": 30,
        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 20},
    }
    rolling = Strategy(kind="rolling", size=Size(2), rollback_size=Size(100, percent=True), wait_interval=30)
    assert rolling.deployment_config() == {
        "RollingUpdatePolicy": {
            "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2},
            "WaitIntervalInSeconds": 30,
            "RollbackMaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 100},
        }
    }


def test_how_long_it_stands_still() -> None:
    assert Strategy(bake=60).waiting_seconds([3]) == 60
    assert Strategy(kind="canary", size=Size(1), wait_interval=300, bake=60).waiting_seconds([3]) == 360
    assert Strategy(kind="linear", size=Size(25, percent=True), wait_interval=100).waiting_seconds([8]) == 400
    assert Strategy(kind="rolling", size=Size(2), wait_interval=100).waiting_seconds([3, 5]) == 300


def test_a_rolling_update_is_taken_back_in_batches_that_fit_what_was_there() -> None:
    rolling = Strategy(kind="rolling", size=Size(2), wait_interval=300)
    assert rolling.way_back([5]) == Strategy(kind="rolling", size=Size(2))
    assert rolling.way_back([3]) == Strategy(kind="rolling", size=Size(50, percent=True))
    assert Strategy(kind="canary", size=Size(1)).way_back([3]) == Strategy()


@pytest.mark.parametrize(
    ("text", "guard"),
    [("errors", Guard("errors")), ("errors=5", Guard("errors", 5)), ("latency=12.5", Guard("latency", 12.5))],
)
def test_a_guard_is_read(text: str, guard: Guard) -> None:
    assert parse_guard(text) == guard


@pytest.mark.parametrize(
    "text", ["", "error", "errors=0", "errors=1.5", "errors=nan", "latency", "latency=0", "latency=inf", "latency=x"]
)
def test_what_is_no_guard_is_refused(text: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        parse_guard(text)
    assert caught.value.kind is ErrorKind.INVALID


def test_an_alarm_is_about_the_variant_as_its_callers_see_it() -> None:
    errors = Guard("errors", 5).alarm("engines", "A", "x", [])
    assert (errors["Namespace"], errors["MetricName"]) == ("AWS/SageMaker", "InvocationModelErrors")
    assert {(d["Name"], d["Value"]) for d in errors["Dimensions"]} == {
        ("EndpointName", "engines"),
        ("VariantName", "A"),
    }
    assert (errors["ComparisonOperator"], errors["Threshold"]) == ("GreaterThanThreshold", 4), "five or more"
    latency = Guard("latency", 200).alarm("engines", "A", "x", [])
    assert (latency["MetricName"], latency["Threshold"]) == ("ModelLatency", 200_000), "in microseconds"


def test_to_stop_the_alarm_that_was_made_for_it_is_set() -> None:
    stop = stop_alarm("engines", "x", [])
    assert stop["TreatMissingData"] == "ignore", "the state that is set stays"
    assert to_stop_with("engines", ["errors", stop["AlarmName"]]) == stop["AlarmName"]
    assert to_stop_with("engines", ["errors", "latency"]) == "errors"
    assert to_stop_with("engines", []) is None
