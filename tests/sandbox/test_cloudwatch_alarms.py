"""Alarms through unmodified clients: they are looked after every region minute."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON, Clients

ALARM = {
    "AlarmName": "hot",
    "Namespace": "Shop",
    "MetricName": "Temperature",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 80,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def cloudwatch(clients: Clients) -> Any:
    return clients("cloudwatch")


def minutes(region: Region, cloudwatch: Any, *temperatures: float | None) -> list[str]:
    """Let a minute pass with each temperature, and say which state the alarm was in after each."""
    states = []
    for temperature in temperatures:
        if temperature is not None:
            datum = {"MetricName": "Temperature", "Value": temperature}
            cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        region.advance(60)
        states.append(described(cloudwatch)["StateValue"])
    return states


def described(cloudwatch: Any, name: str = "hot") -> dict[str, Any]:
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(alarm)


def test_an_alarm_is_born_without_data_and_then_follows_its_metric(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    born = described(cloudwatch)
    assert born["StateValue"] == "INSUFFICIENT_DATA"
    assert born["StateReason"] == "Unchecked: Initial alarm creation"
    assert born["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:hot"
    assert {name: born[name] for name in ALARM} == ALARM

    assert minutes(region, cloudwatch, None, 90, 70, 90, 70, 70) == [
        "INSUFFICIENT_DATA",
        "INSUFFICIENT_DATA",
        "OK",
        "ALARM",
        "OK",
        "OK",
    ]
    alarm = described(cloudwatch)
    assert alarm["StateTransitionedTimestamp"] == NOON + timedelta(minutes=5)
    assert alarm["StateReason"] == (
        "Threshold Crossed: 2 out of the last 3 datapoints [70.0 (05/01/26 12:04:00), 70.0 (05/01/26 12:02:00)] were "
        "not greater than the threshold (80.0) (minimum 2 datapoints for ALARM -> OK transition)."
    )
    data = json.loads(alarm["StateReasonData"])
    assert (data["statistic"], data["recentDatapoints"], data["threshold"]) == ("Maximum", [70, 90, 70], 80)


def test_every_change_of_state_is_in_the_history(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    minutes(region, cloudwatch, 90, 90, 70, 70)
    cloudwatch.delete_alarms(AlarmNames=["hot"])
    history = cloudwatch.describe_alarm_history(AlarmName="hot")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        'Alarm "hot" deleted',
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "hot" created',
    ]
    change = json.loads(history[2]["HistoryData"])
    assert (change["oldState"]["stateValue"], change["newState"]["stateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    updates = cloudwatch.describe_alarm_history(
        HistoryItemType="StateUpdate", ScanBy="TimestampAscending", StartDate=NOON, EndDate=NOON + timedelta(minutes=2)
    )["AlarmHistoryItems"]
    assert [item["Timestamp"] - NOON for item in updates] == [timedelta(minutes=2)]
    region.clock.forward_to(NOON + timedelta(days=31))
    cloudwatch.put_metric_alarm(**ALARM)
    assert len(cloudwatch.describe_alarm_history()["AlarmHistoryItems"]) == 1


def test_an_alarm_over_an_expression(region: Region, cloudwatch: Any) -> None:
    metric = {"Metric": {"Namespace": "Shop", "MetricName": "Temperature"}, "Period": 60, "Stat": "Maximum"}
    cloudwatch.put_metric_alarm(
        AlarmName="hot",
        Metrics=[
            {"Id": "m1", "MetricStat": metric, "ReturnData": False},
            {"Id": "fahrenheit", "Expression": "m1 * 9 / 5 + 32", "ReturnData": True},
        ],
        EvaluationPeriods=1,
        Threshold=200,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    assert minutes(region, cloudwatch, 90, 95, 70, None) == ["OK", "ALARM", "OK", "OK"]


def test_an_expression_that_fails_leaves_its_alarm_without_data(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="hot",
        Metrics=[{"Id": "e1", "Expression": "1 / 0"}],
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    assert minutes(region, cloudwatch, 1) == ["INSUFFICIENT_DATA"]


def test_an_alarm_over_longer_periods_and_one_with_another_unit(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**{**ALARM, "Period": 300, "EvaluationPeriods": 1, "DatapointsToAlarm": 1})
    cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": "bytes", "Unit": "Bytes", "TreatMissingData": "breaching"})
    assert minutes(region, cloudwatch, 90, 70, 70, 70, 70, 70) == ["ALARM"] * 5 + ["OK"]
    assert described(cloudwatch, "bytes")["StateValue"] == "ALARM"


def test_a_state_that_is_set_holds_until_the_next_evaluation(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    minutes(region, cloudwatch, 70)
    cloudwatch.set_alarm_state(AlarmName="hot", StateValue="ALARM", StateReason="drill", StateReasonData='{"by": "me"}')
    alarm = described(cloudwatch)
    assert (alarm["StateValue"], alarm["StateReason"], alarm["StateReasonData"]) == ("ALARM", "drill", '{"by": "me"}')
    assert minutes(region, cloudwatch, 70) == ["OK"]
    with pytest.raises(ClientError, match=r"\(InvalidFormat\)"):
        cloudwatch.set_alarm_state(AlarmName="hot", StateValue="OK", StateReason="x", StateReasonData="{")
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        cloudwatch.set_alarm_state(AlarmName="cold", StateValue="OK", StateReason="x")


def test_an_alarm_that_is_put_again_keeps_its_state(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM, AlarmDescription="first")
    minutes(region, cloudwatch, 90, 90)
    cloudwatch.put_metric_alarm(**{**ALARM, "Threshold": 100})
    alarm = described(cloudwatch)
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 100)
    assert "AlarmDescription" not in alarm
    assert minutes(region, cloudwatch, 90) == ["OK"]


def test_alarms_are_found_by_name_prefix_state_and_action(region: Region, cloudwatch: Any) -> None:
    for number in range(3):
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": f"a{number}"}, AlarmActions=[f"arn:aws:sns:x:{number}"])
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.set_alarm_state(AlarmName="a1", StateValue="OK", StateReason="x")

    def names(**members: Any) -> list[str]:
        return [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(**members)["MetricAlarms"]]

    assert names() == ["a0", "a1", "a2", "hot"]
    assert names(AlarmNamePrefix="a") == ["a0", "a1", "a2"]
    assert names(AlarmNames=["hot", "a2", "none"]) == ["a2", "hot"]
    assert names(StateValue="OK") == ["a1"]
    assert names(ActionPrefix="arn:aws:sns:x:2") == ["a2"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["MetricAlarms"]) for page in pages] == [3, 1]


def test_alarms_are_deleted_all_or_none(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        cloudwatch.delete_alarms(AlarmNames=["hot", "cold"])
    assert described(cloudwatch)
    cloudwatch.delete_alarms(AlarmNames=["hot"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Threshold": None}, "MissingParameter"),
        ({"Namespace": None}, "MissingParameter"),
        ({"Statistic": None}, "InvalidParameterCombination"),
        ({"ExtendedStatistic": "p90"}, "InvalidParameterCombination"),
        ({"Statistic": None, "ExtendedStatistic": "p900"}, "ValidationError"),
        ({"Period": 90}, "ValidationError"),
        ({"DatapointsToAlarm": 4}, "ValidationError"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ValidationError"),
        ({"ThresholdMetricId": "ad1"}, "ValidationError"),
        ({"Metrics": [{"Id": "m1", "Expression": "1"}]}, "InvalidParameterCombination"),
    ],
)
def test_a_definition_that_does_not_hold_together_is_refused(
    cloudwatch: Any, change: dict[str, Any], code: str
) -> None:
    definition = {name: value for name, value in {**ALARM, **change}.items() if value is not None}
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        cloudwatch.put_metric_alarm(**definition)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
