"""Alarms through unmodified clients: they are looked after every region minute."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON

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
        cloudwatch.put_metric_alarm(
            **{**ALARM, "AlarmName": f"a{number}"}, AlarmActions=[f"arn:aws:sns:us-east-1:1:{number}"]
        )
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.set_alarm_state(AlarmName="a1", StateValue="OK", StateReason="x")

    def names(**members: Any) -> list[str]:
        return [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(**members)["MetricAlarms"]]

    assert names() == ["a0", "a1", "a2", "hot"]
    assert names(AlarmNamePrefix="a") == ["a0", "a1", "a2"]
    assert names(AlarmNames=["hot", "a2", "none"]) == ["a2", "hot"]
    assert names(StateValue="OK") == ["a1"]
    assert names(ActionPrefix="arn:aws:sns:us-east-1:1:2") == ["a2"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["MetricAlarms"]) for page in pages] == [3, 1]


def test_those_alarms_are_deleted_that_there_are(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        cloudwatch.delete_alarms(AlarmNames=["cold"])
    assert described(cloudwatch)
    cloudwatch.delete_alarms(AlarmNames=["cold", "hot"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    with pytest.raises(ClientError, match="Member must have length less than or equal to 100"):
        cloudwatch.delete_alarms(AlarmNames=[f"a{number}" for number in range(101)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Threshold": None}, "Threshold must not be null"),
        ({"Namespace": None}, "Namespace must not be null"),
        ({"Period": None}, "Period must not be null"),
        ({"EvaluationPeriods": None}, "EvaluationPeriods must not be null"),
        ({"Statistic": None}, "Exactly one of Statistic and ExtendedStatistic"),
        ({"ExtendedStatistic": "p90"}, "Exactly one of Statistic and ExtendedStatistic"),
        ({"Statistic": None, "ExtendedStatistic": "p900"}, "The value p900 for parameter ExtendedStatistic"),
        ({"Statistic": None, "ExtendedStatistic": "Sum"}, "The value Sum for parameter ExtendedStatistic"),
        ({"Period": 90}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 5}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"DatapointsToAlarm": 4}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
        ({"EvaluationPeriods": 1441}, r"more than a day \(EvaluationPeriods \* Period must be <= 86400\)"),
        ({"Period": 86400, "EvaluationPeriods": 8}, r"more than a week \(EvaluationPeriods"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "Anomaly detection is not offered"),
        ({"ComparisonOperator": "Above"}, "Member must satisfy enum value set"),
        ({"ThresholdMetricId": "ad1"}, "ThresholdMetricId is not offered"),
        (
            {"TreatMissingData": "maybe"},
            "Option maybe is not supported. Supported options for parameter TreatMissingData",
        ),
        (
            {"EvaluateLowSampleCountPercentile": "x"},
            "parameter EvaluateLowSampleCountPercentile are evaluate and ignore",
        ),
        ({"AlarmActions": ["someone"]}, "Invalid arn syntax: someone"),
        ({"AlarmActions": [f"arn:aws:sns:us-east-1:1:{n}" for n in range(6)]}, "length less than or equal to 5"),
        ({"Metrics": [{"Id": "m1", "Expression": "1"}]}, "MetricName should not be set if list of Metrics is set"),
    ],
)
def test_a_definition_that_does_not_hold_together_is_refused(
    cloudwatch: Any, change: dict[str, Any], message: str
) -> None:
    definition = {name: value for name, value in {**ALARM, **change}.items() if value is not None}
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        cloudwatch.put_metric_alarm(**definition)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def metric_query(id_: str, period: int = 60, **members: Any) -> dict[str, Any]:
    metric = {"Namespace": "Shop", "MetricName": "Temperature"}
    return {
        "Id": id_,
        "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"},
        "ReturnData": False,
        **members,
    }


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([metric_query("m1"), metric_query("m2")], "Exactly one element of the metrics list should return data"),
        ([{"Id": "e1", "Expression": "SEARCH('{a} b', 'Sum', 60)"}], "SEARCH is not supported on Metric Alarms"),
        ([metric_query("m1", 300), metric_query("m2", ReturnData=True)], "must have the same period"),
        ([metric_query("m1"), {"Id": "e1", "Expression": "m1 + m2"}], "Undefined variable m2"),
        ([*(metric_query(f"m{n}") for n in range(11)), {"Id": "e1", "Expression": "m1"}], "more than 10 metrics"),
        ([metric_query("m1", 5, ReturnData=True)], "Period must be 10, 20, 30"),
    ],
)
def test_a_list_of_metrics_that_does_not_hold_together_is_refused(
    cloudwatch: Any, metrics: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        cloudwatch.put_metric_alarm(
            AlarmName="hot",
            Metrics=metrics,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="LessThanThreshold",
        )


def test_an_alarm_of_high_resolution_looks_every_ten_seconds(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**{**ALARM, "Period": 10, "EvaluationPeriods": 1, "DatapointsToAlarm": 1})
    cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": "slow", "EvaluationPeriods": 1, "DatapointsToAlarm": 1})
    region.advance(60)
    states = []
    for value in (70, 90, 70, 70):
        datum = {"MetricName": "Temperature", "Value": value, "StorageResolution": 1}
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        region.advance(10)
        states.append((described(cloudwatch)["StateValue"], described(cloudwatch, "slow")["StateValue"]))
    assert states == [(state, "INSUFFICIENT_DATA") for state in ("OK", "ALARM", "OK", "OK")]
    changes = cloudwatch.describe_alarm_history(AlarmName="hot", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [(item["Timestamp"] - NOON).seconds for item in changes] == [90, 80, 70]
    region.advance(20)
    assert described(cloudwatch, "slow")["StateValue"] == "ALARM"


def test_an_alarm_on_a_percentile_may_wait_for_enough_samples(region: Region, cloudwatch: Any) -> None:
    rare = {**ALARM, "ExtendedStatistic": "p90", "EvaluationPeriods": 1, "EvaluateLowSampleCountPercentile": "ignore"}
    for member in ("Statistic", "DatapointsToAlarm"):
        del rare[member]
    cloudwatch.put_metric_alarm(**rare)
    cloudwatch.put_metric_alarm(**{**rare, "AlarmName": "bold", "EvaluateLowSampleCountPercentile": "evaluate"})

    def states(samples: int) -> tuple[str, str]:
        datum = {"MetricName": "Temperature", "Values": [90], "Counts": [samples]}
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        region.advance(60)
        return described(cloudwatch)["StateValue"], described(cloudwatch, "bold")["StateValue"]

    assert states(99) == ("INSUFFICIENT_DATA", "ALARM")
    assert states(100) == ("ALARM", "ALARM")
    assert described(cloudwatch)["StateReason"].startswith(
        "Threshold Crossed: 1 datapoint [90.0 (05/01/26 12:01:00)] was"
    )


def test_what_an_alarm_does_is_in_its_history_while_its_actions_are_enabled(region: Region, cloudwatch: Any) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:topic"
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic], OKActions=[topic])
    changes: list[tuple[str, str, str]] = []
    region.subscribe("alarm_state_changed", lambda _, name, before, after: changes.append((name, before, after)))
    minutes(region, cloudwatch, 90, 90)
    cloudwatch.disable_alarm_actions(AlarmNames=["hot", "none"])
    assert described(cloudwatch)["ActionsEnabled"] is False
    minutes(region, cloudwatch, 70, 70)
    cloudwatch.enable_alarm_actions(AlarmNames=["hot"])
    minutes(region, cloudwatch, 90, 90)
    actions = cloudwatch.describe_alarm_history(AlarmName="hot", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in actions] == [f"Successfully executed action {topic}"] * 2
    assert changes == [("hot", "INSUFFICIENT_DATA", "ALARM"), ("hot", "ALARM", "OK"), ("hot", "OK", "ALARM")]


def test_alarms_are_found_by_their_metric(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    engine = [{"Name": "Engine", "Value": "1"}, {"Name": "Bench", "Value": "A"}]
    cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": "engine", "Dimensions": engine, "Period": 300})
    metric = {"Namespace": "Shop", "MetricName": "Temperature"}

    def names(**members: Any) -> list[str]:
        return [
            alarm["AlarmName"] for alarm in cloudwatch.describe_alarms_for_metric(**metric, **members)["MetricAlarms"]
        ]

    assert names() == ["hot"]
    assert names(Dimensions=engine[::-1]) == ["engine"]
    assert names(Dimensions=engine[:1]) == []
    assert names(Dimensions=engine, Period=60) == []
    assert names(Statistic="Maximum") == ["hot"]
    assert names(Statistic="Sum") == names(ExtendedStatistic="p90") == names(Unit="Bytes") == []


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_of_alarms_and_of_their_history_have_each_once(cloudwatch: Any, size: int) -> None:
    wanted = [f"a{number}" for number in range(7)]
    for name in wanted:
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": name})
    for operation, member in (("describe_alarms", "MetricAlarms"), ("describe_alarm_history", "AlarmHistoryItems")):
        pages = cloudwatch.get_paginator(operation).paginate(PaginationConfig={"PageSize": size})
        assert sorted(item["AlarmName"] for page in pages for item in page[member]) == wanted
        with pytest.raises(ClientError, match=r"\(InvalidNextToken\)"):
            getattr(cloudwatch, operation)(NextToken="bm9uc2Vuc2U=")
    with pytest.raises(ClientError, match="AlarmNames and AlarmNamePrefix"):
        cloudwatch.describe_alarms(AlarmNames=["a"], AlarmNamePrefix="a")
