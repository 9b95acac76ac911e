"""The states of an alarm over time, from CloudWatch's history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmapss_core.alarm_history import AlarmStates, read_alarm_states, states_of
from cmapss_core.scaling import Alarm
from tests.core.regions import RegionAws
from tests.sandbox.scaling import call, serving_region

NOW = datetime(2026, 11, 22, 16, 41, tzinfo=UTC)
START = NOW - timedelta(hours=1)


def update(minutes_ago: int, before: str, after: str) -> dict[str, Any]:
    detail = {"version": "1.0", "oldState": {"stateValue": before}, "newState": {"stateValue": after}}
    return item(minutes_ago, "StateUpdate", detail)


def item(minutes_ago: int, kind: str, detail: object) -> dict[str, Any]:
    data = detail if isinstance(detail, str) else json.dumps(detail)
    return {"Timestamp": NOW - timedelta(minutes=minutes_ago), "HistoryItemType": kind, "HistoryData": data}


def told(items: list[dict[str, Any]], present: str, **given: bool) -> list[tuple[int, str]]:
    """Minutes ago and states."""
    return [(round((NOW - at).total_seconds() / 60), state) for at, state in states_of(items, present, START, **given)]


def test_the_first_change_says_what_was_before_it() -> None:
    changes = [update(5, "ALARM", "OK"), item(20, "Action", {}), update(20, "OK", "ALARM")]
    assert told(changes, "OK") == [(60, "OK"), (20, "ALARM"), (5, "OK")]


def test_an_alarm_that_was_made_in_between_had_no_state_before() -> None:
    changes = [update(5, "INSUFFICIENT_DATA", "OK"), item(9, "ConfigurationUpdate", {"type": "Create"})]
    assert told(changes, "OK") == [(9, "INSUFFICIENT_DATA"), (5, "OK")]


def test_without_changes_it_was_always_as_it_is() -> None:
    assert told([], "ALARM") == [(60, "ALARM")]
    assert told([item(9, "ConfigurationUpdate", {"type": "Update"})], "OK") == [(60, "OK")]


def test_what_lies_before_the_oldest_item_that_was_read_is_not_known() -> None:
    assert told([update(5, "ALARM", "OK")], "OK", whole=False) == [(5, "OK")]


@pytest.mark.parametrize("detail", ['{"version":"1.0","oldSta', "[]", '{"oldState": 3}'])
def test_a_detail_that_cannot_be_read_leaves_the_state_as_the_next_tells_it(detail: str) -> None:
    changes = [update(5, "ALARM", "OK"), item(9, "StateUpdate", detail)]
    assert told(changes, "OK") == [(60, "ALARM"), (9, "ALARM"), (5, "OK")]


def test_a_region_tells_the_states_of_its_alarm(tmp_path: Any) -> None:
    region, services = serving_region(tmp_path / "state")
    aws = RegionAws(region, services)
    cloudwatch = services["cloudwatch"]
    begun = aws.clock.now()
    call(
        region,
        cloudwatch,
        "PutMetricAlarm",
        AlarmName="hot",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=5.0,
        MetricName="Invocations",
        Namespace="AWS/SageMaker",
        Statistic="Sum",
    )
    region.advance(120)
    call(region, cloudwatch, "SetAlarmState", AlarmName="hot", StateValue="ALARM", StateReason="tried")
    alarm = Alarm(
        name="hot",
        side="high",
        state="ALARM",
        threshold=5.0,
        datapoints_to_alarm=1,
        evaluation_periods=1,
        period_seconds=60,
    )
    found = read_alarm_states(aws, alarm, begun - timedelta(hours=1))
    assert isinstance(found, AlarmStates)
    assert [state for _, state in found.steps] == ["INSUFFICIENT_DATA", "ALARM"]
    assert found.steps[0][0] >= begun - timedelta(seconds=1), "there was none before it was made"
    unknown = read_alarm_states(aws, replace(alarm, name="none", state="OK"), begun)
    assert [state for _, state in unknown.steps] == ["OK"]
