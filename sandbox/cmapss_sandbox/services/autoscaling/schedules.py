"""Schedules of scheduled actions: once at a time, at a rate, or by a cron expression; pure functions of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.services.autoscaling.cron import Cron, parse_cron

_SYNTAX = (
    "Invalid schedule expression. Details: Schedule expressions must have the following syntax: "
    r"rate(<number>\s?(minutes?|hours?|days?)), cron(<cron_expression>) or at(yyyy-MM-dd'T'HH:mm:ss)."
)
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Once:
    """An action that runs at one time."""

    time: datetime

    def next_after(self, moment: datetime, _: datetime) -> datetime | None:
        """That time, unless it has passed."""
        return self.time if self.time > moment else None


@dataclass(frozen=True, slots=True)
class Rate:
    """An action that runs every so often, counted from when it was put or from its start."""

    interval: timedelta

    def next_after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first whole number of intervals after the anchor that is past the moment."""
        return anchor + max(1, (moment - anchor) // self.interval + 1) * self.interval


@dataclass(frozen=True, slots=True)
class Recurring:
    """An action that runs whenever the wall clock of a zone matches."""

    cron: Cron
    zone: tzinfo

    def next_after(self, moment: datetime, _: datetime) -> datetime | None:
        """The first minute past the moment that matches."""
        return self.cron.next_after(moment, self.zone)


Schedule = Once | Rate | Recurring


def parse_schedule(expression: str, timezone: str | None) -> Schedule:
    """Read at(…), rate(…) or cron(…); raises ValidationException in AWS's words."""
    zone = _zone(timezone)
    match = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression)
    if match is None:
        raise validation_exception(_SYNTAX)
    kind, body = match[1], match[2].strip()
    if kind == "at":
        return _once(body, zone)
    if kind == "rate":
        return _rate(body)
    try:
        return Recurring(parse_cron(body), zone)
    except ValueError as error:
        raise validation_exception(f"Invalid CRON expression. Details: {error}.") from error


def next_run(
    schedule: Schedule, *, after: datetime, anchor: datetime, start: datetime | None, end: datetime | None
) -> datetime | None:
    """When an action runs next: at its start, if that is to come, and then by its schedule until its end.

    One that runs once runs only at its own time, provided that its start and end allow it.
    """
    if start is not None and start > after and not isinstance(schedule, Once):
        due: datetime | None = start
    else:
        due = schedule.next_after(after, start or anchor)
    if due is None or (start is not None and due < start) or (end is not None and due > end):
        return None
    return due


def _once(body: str, zone: tzinfo) -> Once:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?", body):
            raise ValueError
        return Once(datetime.fromisoformat(body).replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        raise validation_exception(
            f'Invalid schedule at DateTime expression. Details: Invalid format: "{body}".'
        ) from None


def _rate(body: str) -> Rate:
    match = re.fullmatch(r"([0-9]{1,6})\s?(minute|hour|day)s?", body)
    if match is None:
        raise validation_exception(_SYNTAX)
    if int(match[1]) == 0:
        raise validation_exception("Invalid schedule frequency. Runs are less than 60 seconds apart.")
    return Rate(int(match[1]) * _UNITS[match[2]])


def _zone(name: str | None) -> tzinfo:
    if name is None or name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise validation_exception(f"Invalid schedule timezone: {name}") from None
