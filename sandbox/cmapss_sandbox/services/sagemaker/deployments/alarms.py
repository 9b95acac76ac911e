"""The alarms that an update heeds."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarms import alarm_table


def tripped(region: Region, names: Collection[str], since: datetime) -> list[str]:
    """Which of these alarms are in ALARM now or have been since then.

    One that went off and has recovered before anybody looked has gone off all the same.
    """
    found = {name for name in names if alarm_table(region).get(name, {}).get("StateValue") == "ALARM"}
    for item in reversed(list(region.table("alarm_history").values())):
        if item["Timestamp"] < since:
            break
        if item["AlarmName"] in names and item["HistoryItemType"] == "StateUpdate":
            state = json.loads(item["HistoryData"])["newState"]["stateValue"]
            if state == "ALARM":
                found.add(item["AlarmName"])
    return [name for name in names if name in found]
