"""CloudWatch's alarms as records: made, put into a state, deleted, and what happened to each."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarm_checks import check_alarm, check_new_composite
from cmapss_sandbox.services.cloudwatch.alarm_state import State
from cmapss_sandbox.services.cloudwatch.tags import set_tags
from cmapss_sandbox.store import Table

ALARM_STATE_CHANGED = "alarm_state_changed"
"""Notified with name, before and after whenever an alarm, metric or composite, has changed its state."""

ACTIONS: Mapping[str, str] = {
    "OK": "OKActions",
    "ALARM": "AlarmActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}

_HISTORY_RETENTION = timedelta(days=30)
_MAXIMUM_HISTORY_DATA = 4095
_STATE_MEMBERS = (
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
)


def alarm_table(region: Region) -> Table:
    """The region's alarms by name, metric and composite ones, each as DescribeAlarms shows it."""
    return region.table("alarms")


def put_alarm(region: Region, definition: Mapping[str, Any]) -> None:
    """Make an alarm in INSUFFICIENT_DATA, or give one that exists another definition and leave it its state.

    Raises AwsError when the definition does not hold together. A definition with an AlarmRule is a composite alarm's.
    """
    name = definition["AlarmName"]
    known = alarm_table(region).get(name)
    if is_composite(definition):
        check_new_composite(definition, known, alarm_table(region))
    else:
        check_alarm(definition, known)
    now = region.now()
    state = {
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
    }
    if known is not None:
        state = {member: known[member] for member in _STATE_MEMBERS if member in known}
    elif "Tags" in definition:
        set_tags(region, alarm_arn(region, name), definition["Tags"])
    record = {
        "ActionsEnabled": True,
        **{member: [] for member in ACTIONS.values()},
        **{member: value for member, value in definition.items() if member != "Tags"},
        "AlarmArn": alarm_arn(region, name),
        "AlarmConfigurationUpdatedTimestamp": now,
        **state,
    }
    if "MetricName" in record:
        record.setdefault("Dimensions", [])
    alarm_table(region)[name] = record
    _add_configuration(region, record, "Create" if known is None else "Update")


def delete_alarm(region: Region, name: str) -> None:
    """Remove an alarm if it is there; its history stays."""
    record = alarm_table(region).pop(name, None)
    if record is not None:
        set_tags(region, record["AlarmArn"], None)
        _add_configuration(region, record, "Delete")


def enable_actions(region: Region, name: str, enabled: bool) -> None:
    """Let an alarm act, or not, when its state changes."""
    record = alarm_table(region)[name]
    if record["ActionsEnabled"] != enabled:
        changed = {**record, "ActionsEnabled": enabled, "AlarmConfigurationUpdatedTimestamp": region.now()}
        alarm_table(region)[name] = changed
        _add_configuration(region, changed, "Update")


def set_state(region: Region, name: str, state: State, reason: str, reason_data: str | None) -> None:
    """Put an alarm into a state and remember the change; the state it is in already only gets the new reason."""
    alarm, now = alarm_table(region)[name], region.now()
    present = {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": now}
    if reason_data is not None:
        present["StateReasonData"] = reason_data
    rest = {member: value for member, value in alarm.items() if member != "StateReasonData"}
    before = alarm["StateValue"]
    if state == before:
        alarm_table(region)[name] = {**rest, **present}
        return
    changed = alarm_table(region)[name] = {**rest, **present, "StateTransitionedTimestamp": now}
    detail = {"version": "1.0", "oldState": _state_document(alarm), "newState": _state_document(present)}
    _add_history(region, changed, "StateUpdate", f"Alarm updated from {before} to {state}", detail)
    _add_actions(region, changed)
    region.notify(ALARM_STATE_CHANGED, name=name, before=before, after=state)


def is_composite(alarm: Mapping[str, Any]) -> bool:
    """Whether the alarm looks at other alarms instead of at a metric."""
    return "AlarmRule" in alarm


def alarm_arn(region: Region, name: str) -> str:
    """An alarm's ARN."""
    return region.arn("cloudwatch", f"alarm:{name}")


def _add_configuration(region: Region, alarm: Mapping[str, Any], kind: str) -> None:
    done = {"Create": "created", "Update": "updated", "Delete": "deleted"}[kind]
    settings = {
        f"{member[0].lower()}{member[1:]}": value
        for member, value in alarm.items()
        if member not in ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
    }
    detail = {"version": "1.0", "type": kind, f"{done}Alarm": settings}
    _add_history(region, alarm, "ConfigurationUpdate", f'Alarm "{alarm["AlarmName"]}" {done}', detail)


def _add_actions(region: Region, alarm: Mapping[str, Any]) -> None:
    """Remember what an alarm does in the state it has come to; whoever is meant subscribes to the change itself."""
    if not alarm["ActionsEnabled"]:
        return
    for action in alarm[ACTIONS[alarm["StateValue"]]]:
        updated = int(alarm["StateUpdatedTimestamp"].timestamp() * 1000)
        detail = {"actionState": "Succeeded", "stateUpdateTimestamp": updated, "notificationResource": action}
        _add_history(region, alarm, "Action", f"Successfully executed action {action}", detail)


def _add_history(region: Region, alarm: Mapping[str, Any], kind: str, summary: str, detail: Mapping[str, Any]) -> None:
    """Remember what has happened to an alarm; what is older than AWS keeps is forgotten."""
    history, now = region.table("alarm_history"), region.now()
    forgotten = []
    for key, item in history.items():
        if item["Timestamp"] >= now - _HISTORY_RETENTION:
            break
        forgotten.append(key)
    for key in forgotten:
        del history[key]
    data = json.dumps(detail, separators=(",", ":"))
    if len(data) > _MAXIMUM_HISTORY_DATA:
        data = json.dumps({key: _shortened(value) for key, value in detail.items()}, separators=(",", ":"))
    history[uuid.uuid4().hex] = {
        "AlarmName": alarm["AlarmName"],
        "AlarmType": "CompositeAlarm" if is_composite(alarm) else "MetricAlarm",
        "Timestamp": now,
        "HistoryItemType": kind,
        "HistorySummary": summary[:255],
        "HistoryData": data,
    }


def _shortened(value: Any) -> Any:
    """A state without its data, a definition by its name alone."""
    if not isinstance(value, dict):
        return value
    return {key: value[key] for key in ("stateValue", "stateReason", "alarmName") if key in value}


def _state_document(state: Mapping[str, Any]) -> dict[str, Any]:
    document = {"stateValue": state["StateValue"], "stateReason": state["StateReason"]}
    if "StateReasonData" in state:
        document["stateReasonData"] = json.loads(state["StateReasonData"])
    return document
