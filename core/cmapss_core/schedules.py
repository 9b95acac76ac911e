"""Schedules of scheduled actions: once at a time, at a rate, or by a cron expression; when one is due next.

The syntax is Application Auto Scaling's: at(yyyy-mm-ddThh:mm:ss), rate(N minutes|hours|days) and cron(minutes hours
day-of-month month day-of-week year), whose days may be ?, L, W or #. Times are of a zone, UTC unless one is named.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cmapss_core.errors import ConsoleError, ErrorKind

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name: n for n, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_WEEKDAYS = {name: n for n, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}
_LAST_YEAR = 2199
_HORIZON_DAYS = 366 * 9  # 29 February is eight years away at most, where a century has none

Days = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Once:
    """At one time."""

    at: datetime

    def next_after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """That time, unless it has passed."""
        return self.at if self.at > moment else None


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from when the action was put or from its start."""

    interval: timedelta

    def next_after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first whole number of intervals after the anchor that is past the moment."""
        return anchor + max(1, (moment - anchor) // self.interval + 1) * self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """Whenever the wall clock of a zone matches."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: Days
    months: frozenset[int]
    years: frozenset[int]
    zone: tzinfo

    def next_after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first minute past the moment that matches; None where there is none in nine years.

        A time that daylight saving leaves out is skipped.
        """
        first = moment.astimezone(self.zone).date()
        times = [time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]
        for day in (first + timedelta(days=n) for n in range(_HORIZON_DAYS)):
            if day.month not in self.months or day.year not in self.years or not self.days(day):
                continue
            for at in times:
                local = datetime.combine(day, at, self.zone)
                due = local.astimezone(UTC)
                if due > moment and due.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    return due
        return None


Schedule = Once | Rate | Cron


def parse_schedule(expression: str, zone_name: str | None = None) -> Schedule:
    """Read at(…), rate(…) or cron(…). Raises ConsoleError that names what is wrong."""
    zone = _zone(zone_name)
    match = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression.strip())
    if match is None:
        raise _invalid(expression, "it is none of at(…), rate(…), cron(…)")
    kind, body = match[1], match[2].strip()
    try:
        if kind == "at":
            return _once(body, zone)
        return _rate(body) if kind == "rate" else _cron(body, zone)
    except ValueError as error:
        raise _invalid(expression, str(error)) from error


def next_due(
    schedule: Schedule, after: datetime, anchor: datetime, start: datetime | None = None, end: datetime | None = None
) -> datetime | None:
    """When an action that was put at `anchor` is due next, None where it is not any more.

    A recurring one is due at its start first and not past its end; one that is due once keeps within both.
    """
    if start is not None and start > after and not isinstance(schedule, Once):
        due: datetime | None = start
    else:
        due = schedule.next_after(after, start or anchor)
    outside = due is None or (start is not None and due < start) or (end is not None and due > end)
    return None if outside else due


def _once(body: str, zone: tzinfo) -> Once:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?", body):
        raise ValueError(f"{body!r} is no time such as 2026-12-24T18:00:00")
    return Once(datetime.fromisoformat(body).replace(tzinfo=zone).astimezone(UTC))


def _rate(body: str) -> Rate:
    match = re.fullmatch(r"([0-9]{1,6})\s?(minute|hour|day)s?", body)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{body!r} is no rate such as 30 minutes, 1 hour or 2 days")
    return Rate(int(match[1]) * _UNITS[match[2]])


def _cron(body: str, zone: tzinfo) -> Cron:
    fields = body.upper().split()
    if len(fields) != 6:
        raise ValueError(f"it has {len(fields)} fields, not 6: minutes hours day-of-month month day-of-week year")
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week is ?")
    return Cron(
        minutes=_values("minutes", minutes, 0, 59),
        hours=_values("hours", hours, 0, 23),
        days=_days_of_month(day_of_month) if day_of_week == "?" else _days_of_week(day_of_week),
        months=_values("month", month, 1, 12, _MONTHS),
        years=_values("year", year, 1970, _LAST_YEAR),
        zone=zone,
    )


def _values(field: str, text: str, least: int, greatest: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """The values that a list of numbers, names, ranges and steps means; a range may run past the greatest."""

    def value(of: str) -> int:
        found = (names or {}).get(of)
        return found if found is not None else _number(field, of, least, greatest)

    found: set[int] = set()
    size = greatest - least + 1
    for part in text.split(","):
        span, slash, step = part.partition("/")
        low, dash, high = span.partition("-")
        first = least if span == "*" else value(low)
        last = greatest if span == "*" or (slash and not dash) else value(high) if dash else first
        if last < first and field != "year":
            last += size
        every = _number(field, step, 1, size) if slash else 1
        if last < first:
            raise ValueError(f"{field} cannot run from {first} to {last}")
        found |= {(n - least) % size + least for n in range(first, last + 1, every)}
    return frozenset(found)


def _number(field: str, text: str, least: int, greatest: int) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= greatest:
        raise ValueError(f"{text!r} is no {field} ({least} to {greatest})")
    return int(text)


def _days_of_month(text: str) -> Days:
    if match := re.fullmatch(r"([0-9]{1,2})W", text):
        wanted = _number("day-of-month", match[1], 1, 31)
        return lambda day: wanted <= _length(day) and day.day == _nearest_weekday(day, wanted)
    if text == "LW":
        return lambda day: day.day == _nearest_weekday(day, _length(day))
    if match := re.fullmatch(r"L(?:-([0-9]{1,2}))?", text):
        before = _number("day-of-month", match[1], 1, 30) if match[1] else 0
        return lambda day: day.day == _length(day) - before
    values = _values("day-of-month", text, 1, 31)
    return lambda day: day.day in values


def _days_of_week(text: str) -> Days:
    if match := re.fullmatch(r"(\w+)#([1-5])", text):
        [weekday], nth = _values("day-of-week", match[1], 1, 7, _WEEKDAYS), int(match[2])
        return lambda day: _weekday(day) == weekday and (day.day + 6) // 7 == nth
    if match := re.fullmatch(r"(\w*)L", text):
        [weekday] = _values("day-of-week", match[1] or "SAT", 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == weekday and (not match[1] or day.day > _length(day) - 7)
    values = _values("day-of-week", text, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in values


def _nearest_weekday(day: date, wanted: int) -> int:
    """The day from Monday to Friday nearest to that day of the month, within the month."""
    match calendar.weekday(day.year, day.month, wanted):
        case calendar.SATURDAY:
            return wanted - 1 if wanted > 1 else wanted + 2
        case calendar.SUNDAY:
            return wanted + 1 if wanted < _length(day) else wanted - 2
    return wanted


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _zone(name: str | None) -> tzinfo:
    if name in (None, "UTC"):
        return UTC
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ConsoleError(
            ErrorKind.INVALID, f"there is no time zone {name!r}", remedy="Name one such as Europe/Berlin, or UTC."
        ) from error


def _invalid(expression: str, why: str) -> ConsoleError:
    return ConsoleError(
        ErrorKind.INVALID,
        f"{expression!r} is no schedule: {why}",
        remedy="Such as at(2026-12-24T18:00:00), rate(1 hour) or cron(0 6 ? * MON-FRI *).",
    )
