"""Windows, zoom and pan of an endpoint's charts, and the lanes over the same axis: true for all times and widths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.screens.endpoint_view import WINDOWS, ZOOMS, View, minutes_in_words, words
from cmapss_tui.widgets.chart_lanes import Lane, Mark, lane_lines, mark_lane, state_lane
from cmapss_tui.widgets.chart_scale import GUTTER, TimeAxis

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
windows = st.sampled_from(ZOOMS)
widths = st.integers(1, 200)
views = st.builds(View, window=windows, width=widths)


@given(moments, widths, windows, st.none() | st.integers(0, 60 * 24 * 80))
def test_an_axis_is_whole_periods_that_cloudwatch_keeps(
    now: datetime, width: int, window: int, ago: int | None
) -> None:
    until = None if ago is None else now - ago * MINUTE
    axis = TimeAxis.fit(now, width, window=window, until=until)
    assert axis.width == width
    assert 0 < axis.slots <= 2 * width
    assert (axis.end - EPOCH) % axis.slot == timedelta(0)
    last = until or now
    assert axis.end - axis.slot - MINUTE <= last < axis.end + MINUTE
    age = now - min(axis.start, last - window * MINUTE)
    if age > timedelta(days=64) + window * MINUTE:
        assert axis.minutes_per_slot % 60 == 0
    elif age > timedelta(days=16) + window * MINUTE:
        assert axis.minutes_per_slot % 5 == 0
    ticks = axis.ticks()
    assert all(later[0] - earlier[0] >= 6 for earlier, later in pairwise(ticks))
    for column, label in ticks:
        there = [axis.time_of(axis.slot_of(half)) for half in (2 * column, 2 * column + 1)]
        assert label in {f"{at:%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}" for at in there}


@given(moments, st.integers(40, 200), windows)
def test_an_axis_is_as_long_as_asked_for(now: datetime, width: int, window: int) -> None:
    assert TimeAxis.fit(now, width, window=window).minutes == window


@given(moments, widths, windows, st.floats(-2, 3))
def test_a_time_is_in_its_own_slot(now: datetime, width: int, window: int, share: float) -> None:
    axis = TimeAxis.fit(now, width, window=window)
    at = axis.start + share * (axis.end - axis.start)
    column = axis.column_of(at)
    assert (column is None) == (not axis.start <= at < axis.end)
    if column is not None:
        begins, ends = (axis.start + (axis.end - axis.start) * place / width for place in (column, column + 1))
        assert begins - timedelta(seconds=1) <= at <= ends + timedelta(seconds=1)
        assert column in axis.columns_of((at - axis.start) // axis.slot)


@given(views, moments, st.lists(st.booleans(), max_size=12))
def test_going_back_and_forth_stays_between_birth_and_now(view: View, now: datetime, ways: list[bool]) -> None:
    born = now - timedelta(days=30)
    for back in ways:
        before = view
        view = view.panned(back=back, now=now, born=born)
        assert view.until is None or born < view.until < now
        assert (view.window, view.width) == (before.window, before.width)
        if not back and before.until is None:
            assert view == before
    for _ in range(len(ways)):
        view = view.panned(back=False, now=now, born=born)
    assert view.until is None, "going forth ends at now"


@given(views, moments)
def test_back_and_forth_again_is_where_one_was(view: View, now: datetime) -> None:
    born = now - timedelta(days=60)
    back = view.panned(back=True, now=now, born=born)
    assert back.until is not None
    assert back.panned(back=False, now=now, born=born).until is None
    assert back.at_present() == view


def test_what_is_younger_than_the_window_has_no_past_to_go_back_to() -> None:
    assert View(60).panned(back=True, now=NOW, born=NOW - 20 * MINUTE) == View(60)


@given(views, moments)
def test_zooming_goes_through_all_lengths_and_back(view: View, now: datetime) -> None:
    seen = view
    for _ in ZOOMS:
        seen = seen.zoomed(inward=False, now=now)
    assert seen.window == ZOOMS[-1]
    closer = seen.zoomed(inward=True, now=now)
    assert closer.window == ZOOMS[-2]
    assert closer.zoomed(inward=False, now=now) == seen
    for _ in ZOOMS:
        closer = closer.zoomed(inward=True, now=now)
    assert closer.window == ZOOMS[0]


@given(views, moments, st.integers(0, 20_000))
def test_zooming_in_around_a_time_keeps_it_in_sight(view: View, now: datetime, ago: int) -> None:
    around = now - ago * MINUTE
    closer = view.zoomed(inward=True, now=now, around=around)
    assert closer.until is None or closer.until < now
    last = closer.until or now
    assert last - (closer.window + 1) * MINUTE <= around <= last + MINUTE


def test_one_key_goes_through_the_windows() -> None:
    view, seen = View(WINDOWS[0]), []
    for _ in WINDOWS:
        seen.append(view.window)
        view = view.cycled()
    assert tuple(seen) == WINDOWS
    assert view.window == WINDOWS[0]
    assert View(120).cycled().window == 180


@pytest.mark.parametrize(
    ("minutes", "said"), [(5, "5m"), (47, "47m"), (60, "1h"), (90, "1h30m"), (180, "3h"), (1440, "1d")]
)
def test_lengths_are_said_shortly(minutes: int, said: str) -> None:
    assert minutes_in_words(minutes) == said


def test_the_past_says_that_it_is_the_past() -> None:
    past = View(60, NOW - 159 * MINUTE, 60)
    assert words(past.axis(NOW), past.until) == (
        "13:02–14:02  1h until 14:02, press 0 for now",
        "a bar a minute",
    )
    week = View(10080, None, 84).axis(NOW)
    assert words(week, None, period_seconds=3600)[1] == "a bar is 1h, mean"
    assert words(View(180, None, 46).axis(NOW), None)[1] == "a bar is 2m, highest minute"
    assert "11-" in words(View(10080, None, 84).axis(NOW), None)[0]


AXIS = TimeAxis.fit(NOW, 12, window=12)
STATES = st.sampled_from(("OK", "ALARM", "INSUFFICIENT_DATA", "ANOTHER"))


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 40), STATES), max_size=6), max_size=3),
    st.lists(st.tuples(st.integers(-2, 40), st.none() | st.integers(0, 40), st.integers(0, 3)), max_size=6),
    widths,
    windows,
)
def test_lanes_keep_to_the_columns_of_the_axis(
    histories: list[list[tuple[int, str]]], marks: list[tuple[int, int | None, int]], width: int, window: int
) -> None:
    axis = TimeAxis.fit(NOW, width, window=window)
    steps = [sorted((NOW - ago * MINUTE, state) for ago, state in history) for history in histories]
    things = [
        Mark(NOW - ago * MINUTE, ("▲", ""), None if lasts is None else NOW + lasts * MINUTE, ("╌", ""), rank)
        for ago, lasts, rank in marks
    ]
    lines = lane_lines([state_lane("high", steps, axis, NOW), mark_lane("scaled", things, axis)], axis)
    assert len(lines) == 3
    assert {sum(len(text) for text, _ in line) for line in lines} == {GUTTER + axis.width}


def drawn(lane: Lane) -> str:
    cells = {column: glyph for column, glyph, _ in lane.cells}
    return "".join(cells.get(column, " ") for column in range(AXIS.width))


def test_a_strip_shows_the_states_that_held_and_nothing_before_they_were_known() -> None:
    at = [
        (AXIS.start + minutes * MINUTE, state) for minutes, state in ((2, "INSUFFICIENT_DATA"), (4, "OK"), (7, "ALARM"))
    ]
    assert drawn(state_lane("high", [at], AXIS, AXIS.start + 10 * MINUTE)) == "  ··───███  "
    other = [(AXIS.start, "OK")]
    assert drawn(state_lane("high", [at, other], AXIS, AXIS.end)) == "──··───█████", "of several the worst"


def test_a_short_alarm_is_seen_within_a_long_column() -> None:
    axis = TimeAxis.fit(NOW, 12, window=720)
    steps = [(axis.start, "OK"), (axis.start + 65 * MINUTE, "ALARM"), (axis.start + 66 * MINUTE, "OK")]
    assert [glyph for _, glyph, _ in state_lane("high", [steps], axis, axis.end).cells][:3] == ["─", "█", "─"]


def test_what_matters_more_is_seen_where_two_things_happen_at_once() -> None:
    at = AXIS.start + 3 * MINUTE
    marks = [Mark(at, ("✕", ""), rank=3), Mark(at, ("▲", ""), at + 4 * MINUTE, ("╌", ""), rank=2)]
    assert drawn(mark_lane("scaled", marks, AXIS)) == "   ✕╌╌╌     "
