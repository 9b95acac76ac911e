"""Composite alarms: they follow the states of other alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.alarm_checks import read_rule
from cmapss_sandbox.services.cloudwatch.alarm_rules import holds, names_in
from cmapss_sandbox.services.cloudwatch.alarm_state import State, timestamp
from cmapss_sandbox.services.cloudwatch.alarms import (
    ALARM_STATE_CHANGED,
    alarm_arn,
    alarm_table,
    is_composite,
    put_alarm,
    set_state,
)


def install(region: Region) -> None:
    """Have composite alarms look whenever another alarm has changed its state."""
    region.subscribe(ALARM_STATE_CHANGED, follow)


def put_composite_alarm(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutCompositeAlarm: it is in INSUFFICIENT_DATA only until its rule has been looked at, which is at once."""
    name = members["AlarmName"]
    known = name in alarm_table(region)
    put_alarm(region, members)
    state = _state(region, name)
    if state != alarm_table(region)[name]["StateValue"]:
        children = sorted(names_in(read_rule(members["AlarmRule"])))
        done = "updated" if known else "created"
        reason = f"{alarm_arn(region, name)} was {done} and its alarm rule evaluates to {state}"
        set_state(region, name, state, reason, _triggering(region, children))
    return {}


def follow(region: Region, name: str, before: State, after: State) -> None:
    """Bring the composite alarms that look at an alarm to the state that follows from its change.

    The states that change then are followed in their turn. Alarms that look at each other in a circle are left as
    they are, as CloudWatch stops there too.
    """
    changed = alarm_table(region).get(name)
    if changed is None:
        return
    for parent in list(parents_of(region, name)):
        state = _state(region, parent)
        if state != alarm_table(region)[parent]["StateValue"] and not _in_circle(region, parent):
            moment = f"{changed['StateUpdatedTimestamp']:%A %d %B, %Y %H:%M:%S} UTC"
            reason = f"{alarm_arn(region, name)} transitioned to {after} at {moment}"
            set_state(region, parent, state, reason, _triggering(region, [name]))


def parents_of(region: Region, name: str) -> Iterator[str]:
    """The composite alarms that look at an alarm."""
    for parent, alarm in alarm_table(region).items():
        if is_composite(alarm) and name in names_in(read_rule(alarm["AlarmRule"])):
            yield parent


def children_of(region: Region, name: str) -> frozenset[str]:
    """The alarms that a composite alarm looks at; none for any other."""
    alarm = alarm_table(region).get(name, {})
    return names_in(read_rule(alarm["AlarmRule"])) if is_composite(alarm) else frozenset()


def _state(region: Region, name: str) -> State:
    rule = read_rule(alarm_table(region)[name]["AlarmRule"])
    return "ALARM" if holds(rule, lambda child: alarm_table(region).get(child, {}).get("StateValue")) else "OK"


def _in_circle(region: Region, name: str) -> bool:
    seen: set[str] = set()
    ahead = set(children_of(region, name))
    while ahead:
        child = ahead.pop()
        if child == name:
            return True
        if child not in seen:
            seen.add(child)
            ahead |= children_of(region, child)
    return False


def _triggering(region: Region, names: list[str]) -> str:
    alarms = [alarm_table(region)[name] for name in names if name in alarm_table(region)]
    document = {
        "triggeringAlarms": [
            {
                "arn": alarm["AlarmArn"],
                "state": {"value": alarm["StateValue"], "timestamp": timestamp(alarm["StateUpdatedTimestamp"])},
            }
            for alarm in alarms
        ]
    }
    return json.dumps(document, separators=(",", ":"))[:4000]
