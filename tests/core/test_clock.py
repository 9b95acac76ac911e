"""The console tells the region's time from replies, whatever this machine's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.clock import SPEED_HEADER, RegionClock

far = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(far)
def test_the_clock_follows_the_date_header(at: datetime) -> None:
    clock = RegionClock()
    clock.hear({"date": format_datetime(at, usegmt=True)})
    assert abs(clock.now() - at) < timedelta(seconds=2)
    assert clock.heard
    assert clock.speed == 1.0


def test_a_reply_within_the_second_does_not_turn_the_clock_back() -> None:
    clock = RegionClock()
    header = {"date": format_datetime(datetime(2026, 1, 1, tzinfo=UTC), usegmt=True), SPEED_HEADER: "60"}
    clock.hear(header)
    before = clock.now()
    clock.hear(header)
    assert clock.now() >= before
    assert clock.speed == 60.0


def test_a_jump_is_followed_in_both_directions() -> None:
    clock = RegionClock()
    for year in (2026, 2030, 2024):
        at = datetime(year, 1, 1, tzinfo=UTC)
        clock.hear({"date": format_datetime(at, usegmt=True)})
        assert abs(clock.now() - at) < timedelta(seconds=2)


def test_replies_without_a_usable_date_change_nothing() -> None:
    clock = RegionClock()
    clock.hear({"date": format_datetime(datetime(2026, 1, 1, tzinfo=UTC), usegmt=True)})
    before = clock.now()
    clock.hear({})
    clock.hear({"date": "yesterday"})
    assert timedelta() <= clock.now() - before < timedelta(seconds=2)


def test_a_paused_region_stands_still_and_divides_nothing_by_nought() -> None:
    clock = RegionClock()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    clock.hear({"date": format_datetime(at, usegmt=True), SPEED_HEADER: "0"})
    assert clock.now() == clock.now() == at
    assert clock.paused
    assert clock.speed == 1.0


@given(st.sampled_from(["nan", "inf", "-inf", "1e999", "-5", "fast"]), st.sampled_from(["GMT", "-0000", "+0100", ""]))
def test_whatever_a_reply_says_the_time_can_be_told(speed: str, zone: str) -> None:
    clock = RegionClock()
    clock.hear({"date": f"Thu, 01 Jan 2026 00:00:00 {zone}".strip(), SPEED_HEADER: speed})
    assert clock.now().utcoffset() == timedelta()
    assert clock.speed > 0
