"""Cron expressions of scheduled actions, against a search through every minute and every day."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.services.autoscaling.cron import Cron, parse_cron

MONDAY_NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HORIZON = timedelta(days=3)
WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()
# Clocks change by an hour, by half of one, at midnight, or never.
ZONES: list[tzinfo] = [
    UTC,
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("America/Asuncion"),
    ZoneInfo("Asia/Kolkata"),
]
# Around these moments New York, Lord Howe and Asunción change their clocks.
CHANGES = [
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 4, tzinfo=UTC),
    datetime(2026, 4, 4, 13, tzinfo=UTC),
    datetime(2026, 10, 3, 14, tzinfo=UTC),
    datetime(2023, 3, 26, 1, tzinfo=UTC),
    datetime(2023, 10, 1, 2, tzinfo=UTC),
    datetime(2027, 12, 31, 20, tzinfo=UTC),
]


def runs(fields: str, count: int, after: datetime = MONDAY_NOON, zone: tzinfo = UTC) -> list[str]:
    """When the next runs are, on the zone's wall clock."""
    cron, at, found = parse_cron(fields), after, []
    for _ in range(count):
        following = cron.next_after(at, zone)
        if following is None:
            break
        at = following
        found.append(f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 10 * * ? *", ["Tue 2026-01-06 10:00", "Wed 2026-01-07 10:00"]),
        ("15 12 * * ? *", ["Mon 2026-01-05 12:15", "Tue 2026-01-06 12:15"]),
        ("0 18 ? * MON-FRI *", ["Mon 2026-01-05 18:00", "Tue 2026-01-06 18:00"]),
        ("0 8 1 * ? *", ["Sun 2026-02-01 08:00", "Sun 2026-03-01 08:00"]),
        ("0/15 * * * ? *", ["Mon 2026-01-05 12:15", "Mon 2026-01-05 12:30"]),
        ("0/10 * ? * MON-FRI *", ["Mon 2026-01-05 12:10", "Mon 2026-01-05 12:20"]),
        ("0/5 8-17 ? * MON-FRI *", ["Mon 2026-01-05 12:05", "Mon 2026-01-05 12:10"]),
        ("0 0 L FEB ? 2028", ["Tue 2028-02-29 00:00"]),
        ("0 0 L-2 * ? *", ["Thu 2026-01-29 00:00", "Thu 2026-02-26 00:00"]),
        ("0 0 LW * ? *", ["Fri 2026-01-30 00:00", "Fri 2026-02-27 00:00"]),
        ("0 0 1W * ? *", ["Mon 2026-02-02 00:00", "Mon 2026-03-02 00:00"]),
        ("0 0 31W * ? *", ["Fri 2026-01-30 00:00", "Tue 2026-03-31 00:00"]),
        ("0 0 ? * 6L *", ["Fri 2026-01-30 00:00", "Fri 2026-02-27 00:00"]),
        ("0 0 ? * L *", ["Sat 2026-01-10 00:00", "Sat 2026-01-17 00:00"]),
        ("0 0 ? * 3#2 *", ["Tue 2026-01-13 00:00", "Tue 2026-02-10 00:00"]),
        ("0 0 ? * tue#5 *", ["Tue 2026-03-31 00:00", "Tue 2026-06-30 00:00"]),
        ("0 22-2 ? * FRI-SUN *", ["Fri 2026-01-09 00:00", "Fri 2026-01-09 01:00"]),
        ("0 0 1 NOV-FEB/2 ? 2026/2", ["Sun 2026-11-01 00:00", "Sat 2028-01-01 00:00"]),
        ("0 8 1 * ?", ["Sun 2026-02-01 08:00", "Sun 2026-03-01 08:00"]),
        ("30 0 8 1 * ? *", ["Sun 2026-02-01 08:00", "Sun 2026-03-01 08:00"]),
        ("0 0 29 2 ? *", ["Tue 2028-02-29 00:00", "Sun 2032-02-29 00:00"]),
        ("0 0 30 2 ? *", []),
        ("0 0 1 1 ? 1999", []),
    ],
)
def test_what_an_expression_means(fields: str, expected: list[str]) -> None:
    assert runs(fields, 2) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("0 8 * *", "has 6 fields, not 4"),
        ("0 8 * * * *", "exactly one of"),
        ("0 8 ? * ? *", "exactly one of"),
        ("0 8 1 * 2 *", "exactly one of"),
        ("60 8 * * ? *", "60 is not a value of Minutes"),
        ("0 24 * * ? *", "24 is not a value of Hours"),
        ("0 8 0 * ? *", "0 is not a value of Day-of-month"),
        ("0 8 * 13 ? *", "13 is not a value of Month"),
        ("0 8 ? * 0 *", "0 is not a value of Day-of-week"),
        ("0 8 ? * XYZ *", "XYZ is not a value of Day-of-week"),
        ("0 8 * * ? 1969", "1969 is not a value of Year"),
        ("0 8 * * ? 2030-2027", "Year cannot run from 2030 to 2027"),
        ("0/0 8 * * ? *", "0 is not a value of Minutes"),
        ("0 8 L,15 * ? *", "L and W stand alone"),
        ("0 8 15W,20 * ? *", "L and W stand alone"),
        ("0 8 ? * 3#1,6#3 *", "# stands alone"),
        ("0 8 ? * 3#6 *", "# stands alone"),
        ("? 8 * * ? *", r"\? is not a value of Minutes"),
        (", 8 * * ? *", "nothing is not a value of Minutes"),
        ("-5 8 * * ? *", "nothing is not a value of Minutes"),
        ("*/10 0 8 * * ? *", "more than once a minute"),
    ],
)
def test_what_is_no_expression(fields: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_cron(fields)


def test_a_time_that_daylight_saving_leaves_out_is_skipped_and_one_that_it_repeats_comes_twice() -> None:
    new_york = ZoneInfo("America/New_York")
    assert runs("30 2 * * ? *", 2, datetime(2026, 3, 7, 12, tzinfo=UTC), new_york) == [
        "Mon 2026-03-09 02:30",
        "Tue 2026-03-10 02:30",
    ]
    assert runs("30 1 1 11 ? *", 3, datetime(2026, 10, 31, 12, tzinfo=UTC), new_york) == [
        "Sun 2026-11-01 01:30",
        "Sun 2026-11-01 01:30",
        "Mon 2027-11-01 01:30",
    ]


def fields(least: int, greatest: int) -> st.SearchStrategy[str]:
    """The text of a field of numbers: any value, one, a list, a range or steps."""
    value = st.integers(least, greatest)
    return st.one_of(
        st.just("*"),
        value.map(str),
        st.lists(value, min_size=1, max_size=4).map(lambda values: ",".join(map(str, values))),
        st.tuples(value, value).map(lambda pair: f"{pair[0]}-{pair[1]}"),
        st.tuples(value, st.integers(1, greatest - least + 1)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
        st.integers(1, greatest - least + 1).map(lambda step: f"*/{step}"),
    )


days_of_month = st.one_of(
    fields(1, 31),
    st.sampled_from(["L", "LW", "L-1", "L-30"]),
    st.integers(1, 31).map(lambda day: f"{day}W"),
)
days_of_week = st.one_of(
    fields(1, 7),
    st.sampled_from([*WEEKDAYS, "L", "MON-FRI", "SAT,SUN", "FRI-MON"]),
    st.sampled_from(WEEKDAYS).map(lambda name: f"{name}L"),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
)
days = st.one_of(days_of_month.map(lambda text: (text, "?")), days_of_week.map(lambda text: ("?", text)))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    day_of_month, day_of_week = draw(days)
    month = draw(st.one_of(st.just("*"), fields(1, 12)))
    year = draw(st.sampled_from(["*", "2026", "2027/2"]))
    return f"{draw(fields(0, 59))} {draw(fields(0, 23))} {day_of_month} {month} {day_of_week} {year}"


@settings(max_examples=150, deadline=None)
@given(expressions(), st.sampled_from(ZONES), st.sampled_from(CHANGES), st.integers(-3600, 3 * 3600))
def test_the_next_run_is_the_first_minute_that_matches(
    expression: str, zone: tzinfo, change: datetime, seconds: int
) -> None:
    cron, after = parse_cron(expression), change + timedelta(seconds=seconds)
    first = (after + timedelta(minutes=1)).replace(second=0)
    minutes = (first + timedelta(minutes=n) for n in range(int(HORIZON.total_seconds()) // 60))
    expected = next((minute for minute in minutes if cron.matches(minute.astimezone(zone))), None)
    found = cron.next_after(after, zone)
    if expected is None:
        assert found is None or found >= first + HORIZON
    else:
        assert found == expected


def matching_days(cron: Cron, year: int) -> list[date]:
    first = date(year, 1, 1)
    return [day for n in range(366) if (day := first + timedelta(days=n)).year == year and cron.days(day)]


@given(st.integers(1970, 2199), st.integers(1, 7), st.integers(1, 5))
def test_the_nth_and_the_last_of_a_weekday_are_those_of_the_calendar(year: int, weekday: int, nth: int) -> None:
    column = (weekday - 2) % 7  # the calendar's weeks begin on Mondays
    by_month = [
        [week[column] for week in calendar.monthcalendar(year, month) if week[column]] for month in range(1, 13)
    ]
    expected = [date(year, month, found[nth - 1]) for month, found in enumerate(by_month, 1) if len(found) >= nth]
    assert matching_days(parse_cron(f"0 0 ? * {weekday}#{nth} *"), year) == expected
    last = [date(year, month, found[-1]) for month, found in enumerate(by_month, 1)]
    assert matching_days(parse_cron(f"0 0 ? * {weekday}L *"), year) == last


@given(st.integers(1970, 2199), st.integers(1, 31))
def test_the_nearest_weekday_is_never_further_than_need_be(year: int, wanted: int) -> None:
    found = matching_days(parse_cron(f"0 0 {wanted}W * ? *"), year)
    long_enough = [month for month in range(1, 13) if calendar.monthrange(year, month)[1] >= wanted]
    assert [day.month for day in found] == long_enough
    for day in found:
        length = calendar.monthrange(year, day.month)[1]
        working = [n for n in range(1, length + 1) if calendar.weekday(year, day.month, n) < 5]
        assert day.day in working
        assert abs(day.day - wanted) == min(abs(n - wanted) for n in working)
