"""CloudWatch's calls about alarms: put, describe, set, enable, delete, and their history."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_error
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.alarms import (
    ACTIONS,
    alarm_table,
    delete_alarm,
    enable_actions,
    is_composite,
    put_alarm,
    set_state,
)
from cmapss_sandbox.services.cloudwatch.composite_alarms import children_of, parents_of

_DESCRIBE_PAGE_SIZE = 50
_HISTORY_PAGE_SIZE = 100


def put_metric_alarm(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutMetricAlarm."""
    put_alarm(region, members)
    return {}


def delete_alarms(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteAlarms: those there are; it is an error only when none is there."""
    names = [name for name in dict.fromkeys(members["AlarmNames"]) if name in alarm_table(region)]
    if members["AlarmNames"] and not names:
        raise _absent(members["AlarmNames"][0])
    if sum(is_composite(alarm_table(region)[name]) for name in names) > 1:
        raise validation_error("You can delete at most one composite alarm in one operation.")
    for name in names:
        if any(parent not in names for parent in parents_of(region, name)):
            raise validation_error(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
    for name in names:
        delete_alarm(region, name)
    return {}


def set_alarm_state(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """SetAlarmState, until the next evaluation finds otherwise."""
    if members["AlarmName"] not in alarm_table(region):
        raise _absent(members["AlarmName"])
    data = members.get("StateReasonData")
    if data is not None:
        try:
            json.loads(data)
        except ValueError:
            raise AwsError("InvalidFormat", "StateReasonData is not a valid JSON document.") from None
    set_state(region, members["AlarmName"], members["StateValue"], members["StateReason"], data)
    return {}


def enable_alarm_actions(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """EnableAlarmActions; a name that no alarm has is no error."""
    return _enable(region, members, enabled=True)


def disable_alarm_actions(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DisableAlarmActions; a name that no alarm has is no error."""
    return _enable(region, members, enabled=False)


def describe_alarms(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeAlarms, by name, prefix, state, action or relation; metric alarms only unless others are asked for."""
    chosen = _chosen(region, members)
    types = members.get("AlarmTypes", ["MetricAlarm"])
    found = [
        alarm
        for name, alarm in sorted(alarm_table(region).items())
        if chosen(name)
        and ("CompositeAlarm" if is_composite(alarm) else "MetricAlarm") in types
        and alarm["StateValue"] == members.get("StateValue", alarm["StateValue"])
        and _acts(alarm, members.get("ActionPrefix", ""))
    ]
    page, token = _page(
        region, "DescribeAlarms", members, found, lambda alarm: str(alarm["AlarmName"]), _DESCRIBE_PAGE_SIZE
    )
    return {
        "MetricAlarms": [alarm for alarm in page if not is_composite(alarm)],
        "CompositeAlarms": [alarm for alarm in page if is_composite(alarm)],
        "NextToken": token,
    }


def describe_alarms_for_metric(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeAlarmsForMetric: the alarms on exactly that metric, not those whose expressions use it."""
    dimensions = _pairs(members)
    found = [
        alarm
        for _, alarm in sorted(alarm_table(region).items())
        if "MetricName" in alarm
        and _pairs(alarm) == dimensions
        and all(alarm.get(member) == value for member, value in members.items() if member != "Dimensions")
    ]
    return {"MetricAlarms": found}


def describe_alarm_history(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeAlarmHistory, newest first unless asked otherwise."""
    start: datetime | None = members.get("StartDate")
    end: datetime | None = members.get("EndDate")
    types = members.get("AlarmTypes", ["MetricAlarm", "CompositeAlarm"])
    found = [
        (key, item)
        for key, item in region.table("alarm_history").items()
        if item["AlarmName"] == members.get("AlarmName", item["AlarmName"])
        and item["HistoryItemType"] == members.get("HistoryItemType", item["HistoryItemType"])
        and item["AlarmType"] in types
        and (start is None or item["Timestamp"] >= start)
        and (end is None or item["Timestamp"] <= end)
    ]
    if members.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        found.reverse()
    page, token = _page(region, "DescribeAlarmHistory", members, found, lambda entry: str(entry[0]), _HISTORY_PAGE_SIZE)
    return {"AlarmHistoryItems": [item for _, item in page], "NextToken": token}


def _chosen(region: Region, members: Mapping[str, Any]) -> Callable[[str], bool]:
    """The test of an alarm's name; raises ValidationError where two of them are asked at once."""
    if "AlarmNames" in members and "AlarmNamePrefix" in members:
        raise validation_error("AlarmNames and AlarmNamePrefix cannot both be specified")
    for member, related in (("ChildrenOfAlarmName", children_of), ("ParentsOfAlarmName", parents_of)):
        if member in members:
            others = sorted(members.keys() - {member, "MaxRecords", "NextToken", "AlarmTypes"})
            if others:
                raise validation_error(f"{member} and {others[0]} cannot both be specified")
            return frozenset(related(region, members[member])).__contains__
    if "AlarmNames" in members:
        return frozenset(members["AlarmNames"]).__contains__
    prefix: str = members.get("AlarmNamePrefix", "")
    return lambda name: name.startswith(prefix)


def _page(
    region: Region,
    operation: str,
    members: Mapping[str, Any],
    items: list[Any],
    identify: Callable[[Any], str],
    size: int,
) -> tuple[list[Any], str | None]:
    return cut_page(
        region,
        items,
        identify,
        operation=operation,
        token=members.get("NextToken"),
        size=members.get("MaxRecords", size),
        refusal=AwsError("InvalidNextToken", "The next token specified is invalid."),
    )


def _enable(region: Region, members: Mapping[str, Any], *, enabled: bool) -> dict[str, Any]:
    for name in members["AlarmNames"]:
        if name in alarm_table(region):
            enable_actions(region, name, enabled)
    return {}


def _acts(alarm: Mapping[str, Any], prefix: str) -> bool:
    return not prefix or any(action.startswith(prefix) for member in ACTIONS.values() for action in alarm[member])


def _pairs(members: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(pair["Name"], pair["Value"]) for pair in members.get("Dimensions", [])}


def _absent(name: str) -> AwsError:
    return AwsError("ResourceNotFound", f"The alarm {name} does not exist.", 404)
