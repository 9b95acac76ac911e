"""Composite alarms through unmodified clients, and their rules by themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarm_rules import holds, names_in, parse_rule
from cmapss_sandbox.services.cloudwatch.alarm_state import State
from tests.sandbox.conftest import Clients

METRIC_ALARM = {
    "Namespace": "Shop",
    "MetricName": "Temperature",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 80,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",
}
STATES: dict[str, State] = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA"}


@pytest.fixture
def cloudwatch(clients: Clients) -> Any:
    client = clients("cloudwatch")
    for name in ("one", "two"):
        client.put_metric_alarm(AlarmName=name, **METRIC_ALARM)
    return client


def described(cloudwatch: Any, name: str = "both") -> dict[str, Any]:
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return dict(alarm)


def put_state(cloudwatch: Any, name: str, state: State) -> None:
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="drill")


def test_a_composite_alarm_follows_those_it_looks_at(region: Region, cloudwatch: Any) -> None:
    cloudwatch.put_composite_alarm(
        AlarmName="both", AlarmRule='ALARM("one") AND ALARM(two)', Tags=[{"Key": "k", "Value": "v"}]
    )
    alarm, arn = described(cloudwatch), "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"
    assert (alarm["StateValue"], alarm["ActionsEnabled"], alarm["AlarmArn"]) == ("OK", True, f"{arn}both")
    assert alarm["StateReason"] == f"{arn}both was created and its alarm rule evaluates to OK"
    put_state(cloudwatch, "one", "ALARM")
    assert described(cloudwatch)["StateValue"] == "OK"
    put_state(cloudwatch, "two", "ALARM")
    alarm = described(cloudwatch)
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"] == f"{arn}two transitioned to ALARM at Monday 05 January, 2026 12:00:00 UTC"
    [triggering] = json.loads(alarm["StateReasonData"])["triggeringAlarms"]
    assert (triggering["arn"], triggering["state"]["value"]) == (f"{arn}two", "ALARM")
    history = cloudwatch.describe_alarm_history(AlarmName="both", AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
        'Alarm "both" created',
    ]
    region.advance(300)
    assert described(cloudwatch)["StateValue"] == "ALARM"
    assert cloudwatch.list_tags_for_resource(ResourceARN=f"{arn}both")["Tags"] == [{"Key": "k", "Value": "v"}]


def test_composite_alarms_may_look_at_each_other(cloudwatch: Any) -> None:
    cloudwatch.put_composite_alarm(AlarmName="inner", AlarmRule="ALARM(one) OR INSUFFICIENT_DATA(two)")
    cloudwatch.put_composite_alarm(AlarmName="outer", AlarmRule="NOT ALARM(inner)")
    assert (described(cloudwatch, "inner")["StateValue"], described(cloudwatch, "outer")["StateValue"]) == (
        "ALARM",
        "OK",
    )
    put_state(cloudwatch, "two", "OK")
    assert (described(cloudwatch, "inner")["StateValue"], described(cloudwatch, "outer")["StateValue"]) == (
        "OK",
        "ALARM",
    )
    cloudwatch.put_composite_alarm(AlarmName="inner", AlarmRule="OK(outer)")
    for state in ("ALARM", "OK"):
        put_state(cloudwatch, "one", state)
    with pytest.raises(ClientError, match="Cannot delete outer as there are composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=["outer"])
    cloudwatch.put_composite_alarm(AlarmName="inner", AlarmRule="FALSE")
    cloudwatch.delete_alarms(AlarmNames=["outer"])
    cloudwatch.delete_alarms(AlarmNames=["inner", "one", "two"])
    assert cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])["MetricAlarms"] == []


def test_alarms_of_both_kinds_are_described_when_both_are_asked_for(cloudwatch: Any) -> None:
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(one) AND ALARM(two)")
    assert cloudwatch.describe_alarms()["CompositeAlarms"] == []
    every = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=2)
    assert [alarm["AlarmName"] for alarm in every["CompositeAlarms"]] == ["both"]
    assert [alarm["AlarmName"] for alarm in every["MetricAlarms"]] == ["one"]
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="both")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in children] == ["one", "two"]
    parents = cloudwatch.describe_alarms(ParentsOfAlarmName="one", AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [alarm["AlarmName"] for alarm in parents] == ["both"]
    with pytest.raises(ClientError, match="ChildrenOfAlarmName and StateValue cannot both"):
        cloudwatch.describe_alarms(ChildrenOfAlarmName="both", StateValue="OK")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AlarmRule": "ALARM(one"}, "AlarmRule must be a valid expression"),
        ({"AlarmRule": "ALARM(one) AND"}, "it ends too early"),
        ({"AlarmRule": "ALARM(three)"}, r"Could not find the alarm\(s\) three"),
        ({"AlarmName": "one"}, "already a metric alarm with the name one"),
        ({"ActionsSuppressor": "one"}, "ActionsSuppressor is not offered"),
        ({"AlarmActions": ["arn:aws:autoscaling:us-east-1:1:scalingPolicy:x"]}, "cannot perform the action"),
        ({"AlarmActions": ["nobody"]}, "Invalid arn syntax: nobody"),
    ],
)
def test_a_composite_alarm_that_does_not_hold_together_is_refused(
    cloudwatch: Any, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        cloudwatch.put_composite_alarm(**{"AlarmName": "both", "AlarmRule": "TRUE", **change})


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("TRUE", True),
        ("false", False),
        ("ALARM(a)", True),
        ('OK("arn:aws:cloudwatch:us-east-1:000000000000:alarm:b")', True),
        ("INSUFFICIENT_DATA('c') AND NOT ALARM(b)", True),
        ("OK(a) OR ALARM(a) AND ALARM(b)", False),
        ("(OK(a) OR ALARM(a)) AND NOT (ALARM(b) OR OK(c))", True),
        ("NOT NOT FALSE", False),
        ("ALARM(gone)", False),
    ],
)
def test_rules(text: str, met: bool) -> None:
    assert holds(parse_rule(text), STATES.get) is met


@pytest.mark.parametrize(
    "text", ["", "AND", "ALARM()", "ALARM(a) ALARM(b)", "(TRUE", "TRUE)", "MAYBE", "NOT " * 500 + "TRUE"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_rule(text)


rules = st.recursive(
    st.one_of(
        st.sampled_from(["TRUE", "FALSE"]).map(lambda word: (word, word == "TRUE", frozenset[str]())),
        st.tuples(st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"]), st.sampled_from("abc")).map(
            lambda pair: (f"{pair[0]}({pair[1]})", STATES[pair[1]] == pair[0], frozenset({pair[1]}))
        ),
    ),
    lambda parts: st.one_of(
        parts.map(lambda part: (f"NOT ({part[0]})", not part[1], part[2])),
        st.tuples(parts, st.sampled_from(["AND", "OR"]), parts).map(
            lambda both: (
                f"({both[0][0]}) {both[1]} ({both[2][0]})",
                (both[0][1] and both[2][1]) if both[1] == "AND" else (both[0][1] or both[2][1]),
                both[0][2] | both[2][2],
            )
        ),
    ),
    max_leaves=8,
)


@given(rules)
def test_random_rules_are_what_their_parts_make(rule: tuple[str, bool, frozenset[str]]) -> None:
    text, met, names = rule
    assert holds(parse_rule(text), STATES.get) is met
    assert names_in(parse_rule(text)) == names
