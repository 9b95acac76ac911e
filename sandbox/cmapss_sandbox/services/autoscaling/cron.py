"""Cron expressions as Application Auto Scaling takes them: six fields, a year, and L, W, # and ? for days."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

_MONTHS = {name: number for number, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_WEEKDAYS = {name: number for number, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}
_SATURDAY = 7
_LAST_YEAR = 2199
_MINUTE = timedelta(minutes=1)

Days = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an expression: what it is called, its least and greatest value, and the names of its values."""

    name: str
    least: int
    greatest: int
    names: Mapping[str, int]
    wraps: bool = True


_MINUTES = Field("Minutes", 0, 59, {})
_HOURS = Field("Hours", 0, 23, {})
_DAY_OF_MONTH = Field("Day-of-month", 1, 31, {})
_MONTH = Field("Month", 1, 12, _MONTHS)
_DAY_OF_WEEK = Field("Day-of-week", 1, 7, _WEEKDAYS)
_YEAR = Field("Year", 1970, _LAST_YEAR, {}, wraps=False)
_SECONDS = Field("Seconds", 0, 59, {})


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression: the minutes, hours, months and years it names, and which days it means."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: Days
    months: frozenset[int]
    years: frozenset[int]

    def matches(self, local: datetime) -> bool:
        """Whether the expression names this minute of the wall clock."""
        return (
            local.year in self.years
            and local.month in self.months
            and local.hour in self.hours
            and local.minute in self.minutes
            and self.days(local.date())
        )

    def next_after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The first minute after the moment whose wall clock in the zone is named; None when there is none to come.

        A time that daylight saving leaves out is skipped, and one that it repeats comes twice.
        """
        last_year = max(self.years)
        at = moment.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
        while (local := at.astimezone(zone)).year <= last_year:
            if local.year not in self.years:
                at = _start_of(local.year + 1, 1, 1, zone, at)
            elif local.month not in self.months:
                at = _start_of(local.year + local.month // 12, local.month % 12 + 1, 1, zone, at)
            elif not self.days(local.date()):
                following = local.date() + timedelta(days=1)
                at = _start_of(following.year, following.month, following.day, zone, at)
            elif local.hour not in self.hours:
                at += (60 - local.minute) * _MINUTE
            elif local.minute not in self.minutes:
                at += _MINUTE
            else:
                return at
        return None


def parse_cron(fields: str) -> Cron:
    """Read an expression without its `cron(…)`; raises ValueError with what is wrong.

    The year may be left out, and seconds may come first, as its guide allows; they change nothing, for an action
    runs on the minute. Exactly one of the two day fields is `?`.
    """
    given = fields.upper().split()
    if len(given) == 7:
        seconds, *given = given
        if len(_values(_SECONDS, seconds)) > 1:
            raise ValueError("an action cannot run more than once a minute")
    if len(given) == 5:
        given.append("*")
    if len(given) != 6:
        raise ValueError(f"an expression has 6 fields, not {len(given)}")
    minutes, hours, day_of_month, month, day_of_week, year = given
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("exactly one of Day-of-month and Day-of-week must be ?")
    return Cron(
        minutes=_values(_MINUTES, minutes),
        hours=_values(_HOURS, hours),
        days=_days_of_month(day_of_month) if day_of_week == "?" else _days_of_week(day_of_week),
        months=_values(_MONTH, month),
        years=_values(_YEAR, year),
    )


def _values(field: Field, text: str) -> frozenset[int]:
    """The values that a list of numbers, names, ranges and steps means."""
    return frozenset(value for part in text.split(",") for value in _part(field, part))


def _part(field: Field, part: str) -> list[int]:
    span, slash, step_text = part.partition("/")
    first_text, dash, last_text = span.partition("-")
    step = _number(field, step_text, 1, field.greatest - field.least + 1) if slash else 1
    if span == "*":
        first, last = field.least, field.greatest
    elif dash:
        first, last = _value(field, first_text), _value(field, last_text)
    else:
        first = _value(field, first_text)
        last = field.greatest if slash else first
    if last < first:
        if not field.wraps:
            raise ValueError(f"{field.name} cannot run from {first} to {last}")
        last += field.greatest - field.least + 1
    size = field.greatest - field.least + 1
    return [(value - field.least) % size + field.least for value in range(first, last + 1, step)]


def _value(field: Field, text: str) -> int:
    return field.names[text] if text in field.names else _number(field, text, field.least, field.greatest)


def _number(field: Field, text: str, least: int, greatest: int) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= greatest:
        raise ValueError(f"{text or 'nothing'} is not a value of {field.name} ({least}-{greatest})")
    return int(text)


def _days_of_month(text: str) -> Days:
    if match := re.fullmatch(r"([0-9]{1,2})W", text):
        wanted = _value(_DAY_OF_MONTH, match[1])
        return lambda day: wanted <= _last_of(day) and day.day == _nearest_weekday(day, wanted)
    if text == "LW":
        return lambda day: day.day == _nearest_weekday(day, _last_of(day))
    if match := re.fullmatch(r"L(?:-([0-9]{1,2}))?", text):
        before = _number(_DAY_OF_MONTH, match[1], 1, 30) if match[1] else 0
        return lambda day: day.day == _last_of(day) - before
    if "L" in text or "W" in text:
        raise ValueError("L and W stand alone in Day-of-month")
    values = _values(_DAY_OF_MONTH, text)
    return lambda day: day.day in values


def _days_of_week(text: str) -> Days:
    if match := re.fullmatch(r"(\w+)#([1-5])", text):
        weekday, nth = _value(_DAY_OF_WEEK, match[1]), int(match[2])
        return lambda day: _weekday(day) == weekday and (day.day + 6) // 7 == nth
    if text == "L":
        return lambda day: _weekday(day) == _SATURDAY
    if match := re.fullmatch(r"(\w+)L", text):
        last = _value(_DAY_OF_WEEK, match[1])
        return lambda day: _weekday(day) == last and day.day > _last_of(day) - 7
    if "#" in text:
        raise ValueError("# stands alone in Day-of-week, as in 3#2")
    values = _values(_DAY_OF_WEEK, text)
    return lambda day: _weekday(day) in values


def _nearest_weekday(day: date, wanted: int) -> int:
    """The day from Monday to Friday nearest to that day of the month, within the month."""
    weekday = calendar.weekday(day.year, day.month, wanted)
    if weekday == calendar.SATURDAY:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == calendar.SUNDAY:
        return wanted + 1 if wanted < _last_of(day) else wanted - 2
    return wanted


def _weekday(day: date) -> int:
    """1 for Sunday to 7 for Saturday."""
    return day.isoweekday() % 7 + 1


def _last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _start_of(year: int, month: int, day: int, zone: tzinfo, after: datetime) -> datetime:
    """When that day begins in the zone, in UTC; a minute on where clocks have been put back into the day before."""
    midnight = datetime(year, month, day, tzinfo=zone).astimezone(UTC)
    return midnight if midnight > after else after + _MINUTE
