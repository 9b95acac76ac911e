"""CloudWatch's alarms: put, describe, delete, set, and their history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.alarm_state import COMPARISONS, State, timestamp
from cmapss_sandbox.services.cloudwatch.queries import checked_period, checked_statistic, read_queries
from cmapss_sandbox.store import Record, Table

_DESCRIBE_PAGE_SIZE = 50
_HISTORY_PAGE_SIZE = 100
_HISTORY_RETENTION = timedelta(days=30)
_METRIC_MEMBERS = ("MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions", "Unit")
_NOT_OFFERED = ("ThresholdMetricId", "EvaluationCriteria", "EvaluationWindow", "WarmUpConfiguration")
_STATE_MEMBERS = (
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
)


def alarm_table(region: Region) -> Table:
    """The region's alarms by name, each as DescribeAlarms shows it."""
    return region.table("alarms")


def put_alarm(region: Region, definition: Mapping[str, Any]) -> None:
    """Make an alarm in INSUFFICIENT_DATA, or give one that exists another definition and leave it its state.

    Raises AwsError when the definition does not hold together.
    """
    _check(definition)
    name, now = definition["AlarmName"], region.now()
    known = alarm_table(region).get(name)
    state = {
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
    }
    if known is not None:
        state = {member: known[member] for member in _STATE_MEMBERS if member in known}
    record = {
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        **{member: value for member, value in definition.items() if member != "Tags"},
        "AlarmArn": alarm_arn(region, name),
        "AlarmConfigurationUpdatedTimestamp": now,
        **state,
    }
    if "Metrics" not in record:
        record.setdefault("Dimensions", [])
    alarm_table(region)[name] = record
    what = "created" if known is None else "updated"
    detail = {"version": "1.0", "type": "Create" if known is None else "Update"}
    add_history(region, name, "ConfigurationUpdate", f'Alarm "{name}" {what}', detail)


def delete_alarm(region: Region, name: str) -> None:
    """Remove an alarm if it is there; its history stays."""
    if alarm_table(region).pop(name, None) is not None:
        detail = {"version": "1.0", "type": "Delete"}
        add_history(region, name, "ConfigurationUpdate", f'Alarm "{name}" deleted', detail)


def set_state(region: Region, name: str, state: State, reason: str, reason_data: str | None) -> None:
    """Put an alarm into a state and remember the change; the state it is in already only gets the new reason."""
    alarm, now = alarm_table(region)[name], region.now()
    present = {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": now}
    if reason_data is not None:
        present["StateReasonData"] = reason_data
    rest = {member: value for member, value in alarm.items() if member != "StateReasonData"}
    changed = state != alarm["StateValue"]
    transition = {"StateTransitionedTimestamp": now} if changed else {}
    alarm_table(region)[name] = {**rest, **present, **transition}
    if changed:
        detail = {"version": "1.0", "oldState": _state_document(alarm), "newState": _state_document(present)}
        summary = f"Alarm updated from {alarm['StateValue']} to {state}"
        add_history(region, name, "StateUpdate", summary, detail)


def alarm_arn(region: Region, name: str) -> str:
    """An alarm's ARN."""
    return region.arn("cloudwatch", f"alarm:{name}")


def add_history(region: Region, name: str, kind: str, summary: str, detail: Mapping[str, Any]) -> None:
    """Remember what has happened to an alarm; what is older than AWS keeps is forgotten."""
    history, now = region.table("alarm_history"), region.now()
    for key, item in list(history.items()):
        if item["Timestamp"] >= now - _HISTORY_RETENTION:
            break
        del history[key]
    number = int(next(reversed(list(history)), "0")) + 1
    history[str(number)] = {
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "Timestamp": now,
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps(detail),
    }


def put_metric_alarm(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutMetricAlarm."""
    put_alarm(region, members)
    return {}


def delete_alarms(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteAlarms: all of them, or none when one is unknown."""
    for name in members["AlarmNames"]:
        _existing(region, name)
    for name in members["AlarmNames"]:
        delete_alarm(region, name)
    return {}


def set_alarm_state(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """SetAlarmState, until the next evaluation finds otherwise."""
    _existing(region, members["AlarmName"])
    data = members.get("StateReasonData")
    if data is not None:
        try:
            json.loads(data)
        except ValueError:
            raise AwsError("InvalidFormat", "StateReasonData is not a JSON document.") from None
    set_state(region, members["AlarmName"], members["StateValue"], members["StateReason"], data)
    return {}


def describe_alarms(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeAlarms, by name, prefix, state or action; composite alarms there are none."""
    names = members.get("AlarmNames")
    found = [
        alarm
        for name, alarm in sorted(alarm_table(region).items())
        if (names is None or name in names)
        and name.startswith(members.get("AlarmNamePrefix", ""))
        and alarm["StateValue"] == members.get("StateValue", alarm["StateValue"])
        and _acts(alarm, members.get("ActionPrefix", ""))
        and "MetricAlarm" in members.get("AlarmTypes", ["MetricAlarm"])
    ]
    page, token = cut_page(
        region,
        found,
        lambda alarm: str(alarm["AlarmName"]),
        operation="DescribeAlarms",
        token=members.get("NextToken"),
        size=members.get("MaxRecords", _DESCRIBE_PAGE_SIZE),
    )
    return {"MetricAlarms": page, "CompositeAlarms": [], "NextToken": token}


def describe_alarm_history(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeAlarmHistory, newest first unless asked otherwise."""
    start: datetime | None = members.get("StartDate")
    end: datetime | None = members.get("EndDate")
    found = [
        (number, item)
        for number, item in region.table("alarm_history").items()
        if item["AlarmName"] == members.get("AlarmName", item["AlarmName"])
        and item["HistoryItemType"] == members.get("HistoryItemType", item["HistoryItemType"])
        and (start is None or item["Timestamp"] >= start)
        and (end is None or item["Timestamp"] <= end)
    ]
    if members.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        found.reverse()
    page, token = cut_page(
        region,
        found,
        lambda item: item[0],
        operation="DescribeAlarmHistory",
        token=members.get("NextToken"),
        size=members.get("MaxRecords", _HISTORY_PAGE_SIZE),
    )
    return {"AlarmHistoryItems": [item for _, item in page], "NextToken": token}


def _check(definition: Mapping[str, Any]) -> None:
    for member in _NOT_OFFERED:
        if member in definition:
            raise AwsError("ValidationError", f"{member} is not offered by this region.")
    for member in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if member not in definition:
            raise AwsError("MissingParameter", f"The parameter {member} is required.")
    if definition["ComparisonOperator"] not in COMPARISONS:
        raise AwsError("ValidationError", "Only comparisons with a fixed threshold are offered by this region.")
    if definition.get("DatapointsToAlarm", 1) > definition["EvaluationPeriods"]:
        raise AwsError("ValidationError", "DatapointsToAlarm must not be greater than EvaluationPeriods.")
    if "Metrics" in definition:
        given = [member for member in _METRIC_MEMBERS if member in definition]
        if given:
            raise AwsError("InvalidParameterCombination", f"{given[0]} cannot be given together with Metrics.")
        returning = [query for query in read_queries(definition["Metrics"], "Metrics") if query.returns_data]
        if len(returning) != 1:
            raise AwsError("ValidationError", "Exactly one of the Metrics must have ReturnData true.")
        return
    for member in ("MetricName", "Namespace", "Period"):
        if member not in definition:
            raise AwsError("MissingParameter", f"The parameter {member} is required.")
    if ("Statistic" in definition) == ("ExtendedStatistic" in definition):
        raise AwsError("InvalidParameterCombination", "Exactly one of Statistic and ExtendedStatistic must be given.")
    checked_period(definition["Period"])
    checked_statistic(definition.get("Statistic") or definition["ExtendedStatistic"], "ExtendedStatistic")


def _existing(region: Region, name: str) -> Record:
    alarm = alarm_table(region).get(name)
    if alarm is None:
        raise AwsError("ResourceNotFound", f"The alarm {name} does not exist.", 404)
    return alarm


def _acts(alarm: Mapping[str, Any], prefix: str) -> bool:
    actions = [*alarm["OKActions"], *alarm["AlarmActions"], *alarm["InsufficientDataActions"]]
    return not prefix or any(action.startswith(prefix) for action in actions)


def _state_document(state: Mapping[str, Any]) -> dict[str, Any]:
    document = {"stateValue": state["StateValue"], "stateReason": state["StateReason"]}
    if "StateReasonData" in state:
        document["stateReasonData"] = json.loads(state["StateReasonData"])
    return {**document, "timestamp": timestamp(state["StateUpdatedTimestamp"])}
