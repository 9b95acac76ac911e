"""Scheduled actions that are asked for, checked before AWS is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmapss_core.errors import invalid
from cmapss_core.plans.scaling.steps import Parameters, VariantScaling, identity
from cmapss_core.schedules import next_due, parse_schedule

_NAME = re.compile(r"(?! )[^:/|\x00-\x1f\x7f-\x9f]{1,256}(?<! )")  # PutScheduledAction's own pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """Bounds that are to be set by a schedule; None keeps what an action of that name has. Raises ConsoleError for
    a name or a schedule that AWS would refuse."""

    name: str
    schedule: str
    min: int | None = None
    max: int | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise invalid(f"{self.name!r} is no name of a scheduled action", "Use no : / | and no blanks around it.")
        parse_schedule(self.schedule, self.timezone)
        _check_bounds(self.min, self.max)


def scheduled_action(scaling: VariantScaling, request: ScheduleRequest, now: datetime) -> dict[str, Any]:
    """The action as asked, over the one of that name. Raises ConsoleError where it is never due or sets nothing."""
    known: Parameters = next(
        (action for action in scaling.scheduled_actions if action["ScheduledActionName"] == request.name), {}
    )
    bounds = {
        **known.get("ScalableTargetAction", {}),
        **({"MinCapacity": request.min} if request.min is not None else {}),
        **({"MaxCapacity": request.max} if request.max is not None else {}),
    }
    if not bounds:
        raise invalid(
            f"scheduled action {request.name} sets nothing", "Give its bounds: --schedule-min, --schedule-max or both."
        )
    _check_bounds(bounds.get("MinCapacity"), bounds.get("MaxCapacity"))
    action = {
        **identity(scaling.endpoint, scaling.variant),
        **known,
        "ScheduledActionName": request.name,
        "Schedule": request.schedule,
        "ScalableTargetAction": bounds,
        **({"Timezone": request.timezone} if request.timezone is not None else {}),
    }
    if due(action, now) is None:
        raise invalid(
            f"scheduled action {request.name} is never due: {request.schedule} has passed by {now:%Y-%m-%d %H:%M} UTC",
            "Choose a time to come.",
        )
    return action


def due(action: Parameters, now: datetime) -> datetime | None:
    """When an action that is put now is due first; None: never."""
    start, end = (
        datetime.fromisoformat(action[member]) if member in action else None for member in ("StartTime", "EndTime")
    )
    return next_due(parse_schedule(action["Schedule"], action.get("Timezone")), now, now, start, end)


def _check_bounds(low: int | None, high: int | None) -> None:
    if min((bound for bound in (low, high) if bound is not None), default=1) < 1:
        raise invalid("a scheduled bound is below 1", "A real-time variant keeps at least one instance.")
    if low is not None and high is not None and low > high:
        raise invalid(f"scheduled min {low} is above max {high}", "Lower --schedule-min or raise --schedule-max.")
