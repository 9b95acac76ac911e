"""Schedules are read as Application Auto Scaling reads them, and refused in one clear line before it is asked."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.schedules import next_due, parse_schedule
from cmapss_sandbox.services.autoscaling import schedules as oracle

NOW = datetime(2026, 11, 22, 16, 41, 30, tzinfo=UTC)

TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
MINUTES = st.sampled_from(["0", "*/15", "5-10", "0,30", "59", "50-5"])
HOURS = st.sampled_from(["*", "6", "0-23/6", "22-2", "8,20"])
MONTHS = st.sampled_from(["*", "JAN", "2,6", "OCT-FEB", "*/3"])
YEARS = st.sampled_from(["*", "2026-2028", "2027"])
DAYS = st.one_of(
    st.tuples(st.sampled_from(["*", "1", "31", "L", "L-3", "LW", "15W", "1W", "1-7"]), st.just("?")),
    st.tuples(st.just("?"), st.sampled_from(["*", "MON-FRI", "1,7", "2#1", "6L", "L", "FRI#5", "SAT-MON"])),
)
ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])


@given(minutes=MINUTES, hours=HOURS, days=DAYS, months=MONTHS, years=YEARS, zone=ZONES, after=TIMES)
def test_a_cron_expression_is_due_when_the_emulated_service_says(
    minutes: str, hours: str, days: tuple[str, str], months: str, years: str, zone: str | None, after: datetime
) -> None:
    day, weekday = days
    expression = f"cron({minutes} {hours} {day} {months} {weekday} {years})"
    found = next_due(parse_schedule(expression, zone), after, after)
    wanted = oracle.next_run(oracle.parse_schedule(expression, zone), after=after, anchor=after, start=None, end=None)
    if wanted is None or found is None:
        assert found == wanted
        return
    assert found >= wanted, "nothing is due before"
    # An hour that daylight saving repeats comes once here: the reading is a forecast, not what carries it out.
    assert found - wanted <= timedelta(hours=1) or found == wanted


@pytest.mark.parametrize(
    ("expression", "zone", "due"),
    [
        ("cron(0 22 * * ? *)", None, "2026-11-22T22:00+00:00"),
        ("cron(0 22 * * ? *)", "Europe/Berlin", "2026-11-22T21:00+00:00"),
        ("cron(0 6 ? * MON-FRI *)", None, "2026-11-23T06:00+00:00"),
        ("cron(0 0 29 2 ? *)", None, "2028-02-29T00:00+00:00"),
        ("at(2026-12-24T18:00:00)", "America/New_York", "2026-12-24T23:00+00:00"),
        ("at(2026-11-22T16:41)", None, None),
        ("cron(0 0 30 2 ? *)", None, None),
        ("cron(0 0 1 1 ? 2020)", None, None),
    ],
)
def test_the_next_time_is_known(expression: str, zone: str | None, due: str | None) -> None:
    found = next_due(parse_schedule(expression, zone), NOW, NOW)
    assert found == (datetime.fromisoformat(due) if due else None)


def test_a_rate_counts_from_when_it_was_put_or_from_its_start() -> None:
    rate = parse_schedule("rate(2 hours)")
    put = NOW - timedelta(hours=3)
    assert next_due(rate, NOW, put) == put + timedelta(hours=4)
    start = NOW + timedelta(minutes=5)
    assert next_due(rate, NOW, put, start=start) == start
    assert next_due(rate, NOW, put, end=NOW + timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("expression", "zone", "words"),
    [
        ("tomorrow", None, "none of at"),
        ("at(24.12.2026)", None, "'24.12.2026' is no time"),
        ("at(2026-13-01T00:00:00)", None, "month must be in"),
        ("rate(0 hours)", None, "is no rate"),
        ("rate(5 weeks)", None, "is no rate"),
        ("cron(0 6 * * *)", None, "5 fields, not 6"),
        ("cron(0 6 * * * *)", None, "exactly one of day-of-month and day-of-week is ?"),
        ("cron(60 6 * * ? *)", None, "'60' is no minutes (0 to 59)"),
        ("cron(0 6 ? * FUN *)", None, "'FUN' is no day-of-week (1 to 7)"),
        ("cron(0 6 * * ? 2030-2020)", None, "year cannot run from 2030 to 2020"),
        ("cron(0 6 * * ? *)", "Berlin", "no time zone 'Berlin'"),
        ("cron(0 6 * * ? *)", "../etc", "no time zone"),
    ],
)
def test_what_is_wrong_is_named(expression: str, zone: str | None, words: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        parse_schedule(expression, zone)
    assert words in caught.value.message
    assert caught.value.kind is ErrorKind.INVALID
    assert "\n" not in caught.value.line()


@given(st.text(max_size=30), st.sampled_from(["{}", "at({})", "rate({})", "cron({})", "cron({0} {0} ? * {0} *)"]))
def test_no_text_makes_it_fail_in_any_other_way(text: str, form: str) -> None:
    with suppress(ConsoleError):
        parse_schedule(form.format(text))
