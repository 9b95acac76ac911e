"""The charts' drawing: within its bounds for any numbers, and true where it can be read off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cmapss_tui.widgets import chart_bars, chart_lines
from cmapss_tui.widgets.chart_lines import NO_DATA, Curve, Reference
from cmapss_tui.widgets.chart_scale import (
    GUTTER,
    LABEL_WIDTH,
    MARGIN,
    Line,
    TimeAxis,
    nice_ceiling,
    number,
    value_scale,
)

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
MINUTE = NOW.replace(second=0)

numbers = st.floats(allow_nan=False, allow_infinity=False)
widths = st.integers(0, 150)
heights = st.integers(0, 24)
windows = st.sampled_from((30, 60, 180))
minutes = st.lists(st.tuples(st.integers(-10, 200), numbers), max_size=40)


def points(values: list[tuple[int, float]]) -> list[tuple[datetime, float]]:
    """(minutes ago, value) as points, oldest first."""
    return sorted((MINUTE - timedelta(minutes=ago), value) for ago, value in values)


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def plot(lines: list[Line]) -> list[str]:
    """The cells of the plot, top row first, without axes."""
    return [text(line)[GUTTER:] for line in lines[:-1]]


def assert_within(lines: list[Line], width: int, height: int) -> None:
    assert len(lines) in (0, height)
    for line in lines:
        assert cell_len(text(line)) <= width


@given(minutes, widths, heights, windows, st.none() | numbers)
def test_bars_and_curves_keep_to_their_size(
    values: list[tuple[int, float]], width: int, height: int, window: int, target: float | None
) -> None:
    axis = TimeAxis.fit(NOW, width, window=window)
    reference = None if target is None else Reference(target, "target")
    assert axis.width <= width
    assert_within(chart_bars.bars(points(values), axis, height, reference), GUTTER + width, height)
    series = [Curve(name, points(values[start:])) for start, name in enumerate(("p50", "p90", "p99"))]
    assert_within(chart_lines.curves(series, axis, height, reference), GUTTER + width + MARGIN, height)


@given(minutes, minutes, widths, heights, windows, numbers)
def test_steps_keep_to_their_size(
    current: list[tuple[int, float]],
    desired: list[tuple[int, float]],
    width: int,
    height: int,
    window: int,
    highest: float,
) -> None:
    axis = TimeAxis.fit(NOW, width, window=window)
    lines = chart_lines.steps(points(current), points(desired), axis, height, highest=highest)
    assert_within(lines, GUTTER + width, height)


@given(st.lists(st.none() | st.floats(), max_size=300), widths, heights, st.none() | st.integers(0, 300))
def test_objective_keeps_to_its_size(values: list[float | None], width: int, height: int, marked: int | None) -> None:
    lines = chart_lines.objective(values, values, width, height, marked)
    assert_within(lines, width, height)


@given(st.lists(st.none() | st.floats(), max_size=100), st.integers(-3, 60))
def test_sparkline_keeps_to_its_width(values: list[float | None], width: int) -> None:
    assert cell_len(text(chart_lines.sparkline(values, width))) <= max(width, 0)


@pytest.mark.parametrize("width", [0, 1, 33, 49, 70, 88, 130])
@pytest.mark.parametrize("window", [30, 60, 180])
def test_an_axis_has_half_columns_to_the_slot_and_round_ticks(width: int, window: int) -> None:
    axis = TimeAxis.fit(NOW, width, window=window)
    assert axis.width == width
    halves = [half for slot in range(axis.slots) for half in axis.halves_of(slot)]
    assert halves == [*range(2 * width)]
    assert {len(axis.halves_of(slot)) for slot in range(axis.slots)} <= {*range(1, 2 * width + 1)}
    assert all(half in axis.halves_of(axis.slot_of(half)) for half in halves)
    assert axis.end > NOW
    ticks = axis.ticks()
    for column, label in ticks:
        assert label in {f"{axis.time_of(axis.slot_of(half)):%H:%M}" for half in (2 * column, 2 * column + 1)}
    assert all(later[0] - earlier[0] >= 9 for earlier, later in pairwise(ticks))


def test_bars_rise_with_their_values_and_tell_zero_from_missing() -> None:
    axis = TimeAxis.fit(NOW, 10, window=10)
    lines = chart_bars.bars(points([(9, 0), (8, 30), (7, 60), (6, 90), (5, 120), (3, 1)]), axis, 5)
    assert plot(lines) == [
        "    ▄     ",
        "   ▄█     ",
        "  ▄██     ",
        " ▄███ ▁   ",
    ], "a bar ends in the middle of the row of its value"
    assert text(lines[-1])[GUTTER:].startswith("─────╌─╌╌╌"), "the axis is broken where there is no value"
    assert [text(line)[:GUTTER] for line in lines] == ["   120┤", "      │", "    60┤", "      │", "     0┼"]


@pytest.mark.parametrize("width", [46, 66, 86])
def test_the_window_asked_for_is_the_one_that_is_shown_at_every_width_of_the_theatre(width: int) -> None:
    for window in (15, 60, 180, 720, 1440, 10080):
        assert TimeAxis.fit(NOW, width, window=window).minutes == window
    assert TimeAxis.fit(NOW, width, window=60).minutes_per_slot == 1, "an hour has its sixty bars"


def test_two_bars_share_a_cell_where_a_minute_is_half_a_column() -> None:
    axis = TimeAxis.fit(NOW, 5, window=10)
    lines = chart_bars.bars(points([(9, 40), (8, 10), (7, 20), (6, 40), (5, 40), (4, 40), (3, 5), (1, 0)]), axis, 5)
    assert plot(lines) == [
        "▖▗▄  ",
        "▌▐█  ",
        "▌▟█  ",
        "▙██▖ ",
    ]


@given(st.lists(st.integers(1, 1000), min_size=60, max_size=60), st.integers(30, 120), st.integers(2, 20))
def test_no_peak_is_lost_in_half_columns(loads: list[int], width: int, height: int) -> None:
    axis = TimeAxis.fit(NOW, width, window=60)
    given = [(axis.time_of(minute), float(load)) for minute, load in enumerate(loads)]
    drawn = plot(chart_bars.bars(given, axis, height))
    alone = plot(chart_bars.bars([max(given, key=lambda point: point[1])], axis, height))
    tops = [next((row for row, cells in enumerate(rows) if cells.strip()), None) for rows in (drawn, alone)]
    assert tops[0] == tops[1], "the highest minute is as high as it would be by itself"
    columns = range(width)
    assert all(drawn[-1][column] != " " for column in columns), "no minute is without its bar"


def test_a_target_that_is_next_to_nothing_beside_the_load_lies_on_the_axis() -> None:
    axis = TimeAxis.fit(NOW, 20, window=20)
    lines = chart_bars.bars(points([(ago, 200) for ago in range(5, 10)]), axis, 4, Reference(10, "target"))
    assert "┄" in text(lines[-1])
    assert text(lines[-1])[:GUTTER].strip() == "0┼"
    assert all("┄" not in row for row in plot(lines))


tidy = st.integers(0, 3000).map(float) | st.floats(0.1, 3000)


def ticks_of(lines: list[Line]) -> dict[int, float]:
    """Rows from the bottom, -1 being the axis, and the values that stand at them."""
    labels = [text(line)[:LABEL_WIDTH].strip() for line in reversed(lines)]
    return {row: float(label) for row, label in enumerate(labels, -1) if label}


def assert_in_its_row(row: int, value: float, ticks: dict[int, float]) -> None:
    """The row's values are those that are nearer to its middle than to the next; ticks stand at the middles."""
    (low_row, low), (high_row, high) = min(ticks.items()), max(ticks.items())
    unit = (high - low) / (high_row - low_row)
    assert all(abs(tick - (low + (at - low_row) * unit)) < unit / 50 for at, tick in ticks.items())
    assert abs(value - (low + (row - low_row) * unit)) <= unit * 0.57, "to the eighth of a row"


@given(st.lists(tidy, min_size=1, max_size=9), tidy, st.integers(3, 24))
def test_a_line_across_bars_lies_in_the_row_of_its_value_and_zero_on_the_axis(
    values: list[float], target: float, height: int
) -> None:
    axis = TimeAxis.fit(NOW, 40, window=40)
    given = points([*enumerate(values, 20)])
    lines = chart_bars.bars(given, axis, height, Reference(target))
    ticks = ticks_of(lines)
    assert ticks[-1] == 0
    row = next(row for row, line in enumerate(reversed(lines), -1) if "┄" in text(line)[GUTTER:])
    assert_in_its_row(row, target, ticks)


@given(st.lists(tidy, min_size=1, max_size=9), st.integers(3, 24))
def test_the_top_of_a_bar_lies_in_the_row_of_its_value(values: list[float], height: int) -> None:
    axis = TimeAxis.fit(NOW, 40, window=40)
    lines = chart_bars.bars(points([*enumerate(values, 20)]), axis, height)
    cells = [text(line)[GUTTER:] for line in reversed(lines[:-1])]
    for ago, value in enumerate(values, 20):
        column = axis.column_of(MINUTE - timedelta(minutes=ago))
        assert column is not None
        tops = [row for row, line in enumerate(cells) if line[column] != " "]
        assert bool(tops) is (value > 0)
        if tops and cells[0][column] != "▁":  # the least that is seen
            assert_in_its_row(tops[-1], value, ticks_of(lines))


@given(st.lists(st.floats(40, 60), min_size=1, max_size=3), st.integers(6, 24))
def test_an_objective_value_lies_in_the_row_of_its_value(values: list[float], height: int) -> None:
    best = [*accumulate(values, min)]
    lines = chart_lines.objective(values, best, GUTTER + 24, height, marked=len(values) - 1)
    rows = [text(line)[GUTTER:] for line in reversed(lines[:-1])]
    ticks = ticks_of(lines)
    if max(values) - min(values) > 2:
        row = next(row for row, cells in enumerate(rows) if "◆" in cells)
        assert_in_its_row(row, values[-1], ticks)


def test_a_new_best_is_seen_to_fall() -> None:
    values = [49.8, 46.9, 47.3, 45.14, 45.8]
    lines = chart_lines.objective(values, [*accumulate(values, min)], GUTTER + 15, 9)
    rows = [text(line)[GUTTER:] for line in reversed(lines[:-1])]
    before, after = (next(row for row, cells in enumerate(rows) if cells[column] in "━┗") for column in (8, 14))
    assert after < before
    assert_in_its_row(after, 45.14, ticks_of(lines))


def test_the_newest_minutes_are_dim_because_they_may_still_grow() -> None:
    axis = TimeAxis.fit(NOW, 6, window=6)
    lines = chart_bars.bars(points([(ago, 5) for ago in range(6)]), axis, 3)
    inked = [(part, "dim" in style) for part, style in lines[0][1:]]
    assert inked == [("████", False), ("██", True)]


def test_a_target_runs_across_empty_cells_and_cuts_full_bars() -> None:
    axis = TimeAxis.fit(NOW, 20, window=20)
    lines = chart_bars.bars(points([(ago, 40) for ago in range(5)]), axis, 5, Reference(10, "target 10"))
    assert plot(lines)[-1] == "target 10 ┄┄┄┄┄┄┄┄┄┄"
    assert plot(lines)[0] == " " * 15 + "▄" * 5


def test_the_target_is_in_sight_when_all_values_are_far_below() -> None:
    axis = TimeAxis.fit(NOW, 20, window=20)
    assert any("┄" in row for row in plot(chart_bars.bars(points([(1, 0.5)]), axis, 6, Reference(10, "target"))))


def test_steps_turn_corners_where_the_count_changes() -> None:
    axis = TimeAxis.fit(NOW, 12, window=12)
    current = points([(11, 1), (3, 3)])
    desired = points([(11, 1), (6, 3)])
    assert plot(chart_lines.steps(current, desired, axis, 4, highest=3)) == [
        "     ┌╌╌┏━━━",
        "     ╎  ┃   ",
        "━━━━━━━━┛   ",
    ]


def test_what_is_not_known_of_the_instances_is_not_drawn_but_said() -> None:
    axis = TimeAxis.fit(NOW, 40, window=40)
    history = points([(35, float("nan")), (20, 2), (10, float("nan")), (7, 1)])
    rows = plot(chart_lines.steps(history, (), axis, 4, highest=2))
    assert rows[0] == " " * 19 + "━" * 10 + " " * 11
    assert rows[1].strip() == "not known"
    assert 4 < rows[1].index("not known") < 11, "in its stretch, which begins where the endpoint was created"
    assert rows[2] == " " * 32 + "━" * 8


def test_a_window_of_which_nothing_is_known_says_so() -> None:
    axis = TimeAxis.fit(NOW, 40, window=40)
    rows = plot(chart_lines.steps(points([(60, float("nan"))]), (), axis, 5, highest=5))
    assert "".join(rows).strip() == "not known"


@pytest.mark.parametrize("height", range(3, 24))
@pytest.mark.parametrize("highest", [2, 5, 7, 30])
def test_the_scale_of_instances_ends_with_the_most_there_may_be(height: int, highest: int) -> None:
    axis = TimeAxis.fit(NOW, 8, window=8)
    lines = chart_lines.steps(points([(7, highest)]), points([(7, 1)]), axis, height, highest=highest)
    drawn = [row.strip() != "" for row in plot(lines)]
    assert drawn[0]
    assert drawn[-1]
    labels = [text(line)[:LABEL_WIDTH].strip() for line in lines[:-1]]
    assert (labels[0], labels[-1]) == (str(highest), "1")


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 24))
def test_a_count_is_drawn_in_the_row_whose_label_is_not_above_it(count: int, highest: int, height: int) -> None:
    axis = TimeAxis.fit(NOW, 8, window=8)
    lines = chart_lines.steps(points([(7, count)]), (), axis, height, highest=highest)
    below = [text(line)[:LABEL_WIDTH].strip() for line in reversed(lines[:-1])]
    row = next(row for row, cells in enumerate(reversed(plot(lines))) if "━" in cells)
    told = [int(label) for label in below[: row + 1] if label]
    above = [int(label) for label in below[row + 1 :] if label]
    assert told[-1] <= count
    assert all(label > count for label in above)


def test_steps_begin_where_the_first_is_known() -> None:
    axis = TimeAxis.fit(NOW, 8, window=8)
    rows = plot(chart_lines.steps(points([(2, 2)]), (), axis, 3, highest=2))
    assert rows[0] == "     ━━━"


def test_curves_are_broken_where_a_minute_is_missing_and_named_at_their_ends() -> None:
    axis = TimeAxis.fit(NOW, 8, window=8)
    line = points([(7, 1), (6, 1), (4, 1), (3, 1), (2, 1), (1, 1), (0, 1)])
    lines = chart_lines.curves([Curve("p50", line), Curve("p99", [(at, 3.0) for at, _ in line])], axis, 7)
    rows = plot(lines)
    low, high = (next(row for row in rows if name in row) for name in ("p50", "p99"))
    assert low[2] == high[2] == " "
    assert rows.index(high) < rows.index(low)
    assert low.endswith(" p50")


def test_names_of_lines_that_end_together_do_not_hide_each_other() -> None:
    axis = TimeAxis.fit(NOW, 8, window=8)
    same = points([(1, 2), (0, 2)])
    lines = chart_lines.curves([Curve(name, same) for name in ("p50", "p90", "p99")], axis, 7)
    named = [row[-3:] for row in plot(lines) if row.rstrip()[-3:] in ("p50", "p90", "p99")]
    assert named == ["p99", "p90", "p50"]


def test_objective_draws_the_best_so_far_and_marks_what_lies_far_outside() -> None:
    values = [50.0, 48.0, 49.0, None, 46.0, 47.0, 500.0, 46.5]
    best = [50.0, 48.0, 48.0, 48.0, 46.0, 46.0, 46.0, 46.0]
    lines = chart_lines.objective(values, best, GUTTER + 24, 9, marked=2)
    rows = plot(lines)
    assert rows[0].count("▴") == 1
    assert sum(row.count("◆") for row in rows) == 1
    assert any("┓" in row for row in rows)
    assert any("┗" in row for row in rows)


def test_objective_of_more_jobs_than_columns_keeps_the_best_and_shows_ranges() -> None:
    values: list[float | None] = [50.0 + (n * 37 % 11) - n / 200 for n in range(1000)]
    values[500] = 900.0
    best = list(accumulate((value for value in values if value is not None), min))
    lines = chart_lines.objective(values, best, GUTTER + 40, 13, marked=999)
    rows = plot(lines)
    assert sum(row.count("▴") for row in rows) == 1
    assert sum(row.count("◆") for row in rows) == 1
    assert rows[0][20] == "▴"
    assert all("•" not in row for row in rows)
    for column in range(39):
        assert sum(row[column] in "━┓┗┃" for row in rows) >= 1, "the best goes on in every column"


@pytest.mark.parametrize("width", [11, 12, 40])
def test_no_data_is_said(width: int) -> None:
    axis = TimeAxis.fit(NOW, width)
    for lines in (
        chart_bars.bars((), axis, 5),
        chart_lines.curves((), axis, 5),
        chart_lines.steps((), (), axis, 5),
        chart_lines.objective((), (), GUTTER + width, 5),
    ):
        assert NO_DATA[:width] in "".join(plot(lines))
    assert NO_DATA in text(chart_lines.sparkline((), 40))


@given(st.lists(numbers, min_size=1), st.integers(1, 30), st.booleans(), st.booleans())
def test_a_scale_holds_its_values_beside_even_ticks(
    values: list[float], rows: int, from_zero: bool, on_axis: bool
) -> None:
    scale = value_scale(values, rows, from_zero=from_zero, on_axis=on_axis)
    slack = scale.unit * 1e-6
    kept = [min(max(value, -1e250), 1e250) for value in values]
    assert scale.low <= min(kept) + slack
    assert scale.top >= max(kept) - slack
    for value in kept:
        row = scale.row(value)
        assert -on_axis <= row < rows
        assert abs(value - (scale.low + (row + on_axis) * scale.unit)) <= scale.unit * 0.5 + slack
    assert all(len(scale.label(row)) <= LABEL_WIDTH for row in range(-1, rows))


@given(st.floats(1e-12, 1e300))
def test_a_nice_number_is_even_and_close(value: float) -> None:
    nice = nice_ceiling(value)
    assert value * (1 - 1e-9) <= nice <= value * 1.7


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (2.5, "2.5"),
        (57.25, "57.25"),
        (-57.25, "-57.25"),
        (1200, "1200"),
        (12500, "12.5k"),
        (999_999, "1M"),
        (3e6, "3M"),
        (1e18, "1e18"),
        (1e-7, "1e-7"),
    ],
)
def test_numbers_are_short(value: float, written: str) -> None:
    assert number(value) == written
