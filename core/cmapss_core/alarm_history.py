"""The states that an alarm was in over time, from CloudWatch's history of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.scaling import Alarm

RETENTION = timedelta(days=30)  # of CloudWatch's alarm history
_PAGE_SIZE, _MOST_PAGES = 100, 5


@dataclass(frozen=True, slots=True)
class AlarmStates:
    """An alarm's states as steps, oldest first: each holds from its time until the next, the last until now.

    Before the first step the state is not known: there was no such alarm yet, or it is longer ago than is kept.
    """

    name: str
    steps: tuple[tuple[datetime, str], ...]


def read_alarm_states(aws: Aws, alarm: Alarm, start: datetime) -> AlarmStates:
    """The states of an alarm since `start`, with one DescribeAlarmHistory for a hundred changes. Raises ConsoleError.

    `alarm` is as it was described last: its state is the one that holds where nothing has changed since `start`.
    """
    start = max(start, aws.clock.now() - RETENTION)
    pages = aws.pages(
        "cloudwatch",
        "DescribeAlarmHistory",
        AlarmName=alarm.name,
        AlarmTypes=["MetricAlarm"],
        StartDate=start,
        EndDate=aws.clock.now(),
        MaxRecords=_PAGE_SIZE,
        ScanBy="TimestampDescending",
    )
    read = list(islice(pages, _MOST_PAGES))
    items = [item for page in read for item in page["AlarmHistoryItems"]]
    whole = not read[-1].get("NextToken") if read else True
    return AlarmStates(alarm.name, states_of(items, alarm.state, start, whole=whole))


def states_of(
    items: list[dict[str, Any]], present: str, start: datetime, *, whole: bool = True
) -> tuple[tuple[datetime, str], ...]:
    """Steps from history items, newest first. `whole` says that no item since `start` is missing at the end."""
    steps: list[tuple[datetime, str]] = []
    state, made = present, False
    for item in items:
        at, detail = item["Timestamp"], _detail(item)
        if item["HistoryItemType"] == "StateUpdate":
            steps.append((at, _state(detail, "newState") or state))
            state = _state(detail, "oldState") or state
        elif item["HistoryItemType"] == "ConfigurationUpdate" and detail.get("type") == "Create":
            steps.append((at, state))
            made = True
            break
    if not made and (whole or not items):
        steps.append((start, state))
    return tuple(reversed(steps))


def _detail(item: dict[str, Any]) -> dict[str, Any]:
    """HistoryData is JSON, which CloudWatch cuts where it is long."""
    try:
        found = json.loads(item.get("HistoryData") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _state(detail: dict[str, Any], which: str) -> str | None:
    found = detail.get(which)
    value = found.get("stateValue") if isinstance(found, dict) else None
    return value if isinstance(value, str) else None
