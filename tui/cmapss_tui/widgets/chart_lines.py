"""From series of numbers to lines of styled text: the drawing of every chart, free of widgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import quantiles

from cmapss_tui.widgets.chart_scale import (
    CURSOR,
    GUTTER,
    LABEL_WIDTH,
    MARGIN,
    MUTED,
    PRIMARY,
    REFERENCE,
    RULE,
    SERIES_STYLES,
    Line,
    Scale,
    TimeAxis,
    TimePoints,
    number,
    value_scale,
)

NO_DATA = "no data"
UNKNOWN = "not known"

_POINTED_THROUGH, _AXIS = " ┄", "─╌┄"
EIGHTHS = " ▁▂▃▄▅▆▇█"
_BRAILLE = 0x2800
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))  # by column of dots, from the bottom up


@dataclass(frozen=True, slots=True)
class Reference:
    """A value to compare with, drawn across the chart and named on its line where it has a label."""

    value: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """One of several series of a line chart, with a value a minute."""

    label: str
    points: TimePoints


class Canvas:
    """Cells of a plot, each a character and a style; row 0 is the bottom one."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows = rows
        self.columns = columns
        self._cells = [[(" ", "")] * columns for _ in range(rows)]

    def put(self, row: int, column: int, character: str, style: str) -> None:
        """Set one cell; outside the plot nothing happens."""
        if 0 <= row < self.rows and 0 <= column < self.columns:
            self._cells[row][column] = (character, style)

    def get(self, row: int, column: int) -> str:
        """The character of one cell."""
        return self._cells[row][column][0]

    def write(self, row: int, column: int, text: str, style: str) -> None:
        """Set a run of cells."""
        for offset, character in enumerate(text):
            self.put(row, column + offset, character, style)

    def line(self, row: int) -> Line:
        """A row as runs of equal style."""
        runs = groupby(self._cells[row], key=lambda cell: cell[1])
        return tuple(("".join(character for character, _ in cells), style) for style, cells in runs)


def curves(series: Sequence[Curve], axis: TimeAxis, height: int, reference: Reference | None = None) -> list[Line]:
    """Lines of braille dots, each with its name in the margin beside its end; a missing minute interrupts it."""
    rows = height - 1
    if rows < 1 or axis.width < 1:
        return []
    by_slot = [axis.by_slot(curve.points) for curve in series]
    known = [value for values in by_slot for value in values if value is not None]
    scale = value_scale([*known, reference.value] if reference else known, rows)
    canvas = Canvas(rows, axis.width)
    # Drawn backwards, so that where lines meet the first one is seen.
    for index in reversed(range(len(series))):
        _curve(canvas, axis, scale, by_slot[index], series_style(index))
    if reference is not None:
        rule(canvas, scale.row(reference.value), reference.label)
    lines = framed(canvas, [scale.label(row) for row in range(-1, rows)], axis.ticks(), empty=not known)
    ends = [next((value for value in reversed(values) if value is not None), None) for values in by_slot]
    names = _beside([None if end is None else scale.row(end) for end in ends], rows)
    for index, row in names.items():
        name = (f" {series[index].label}"[:MARGIN], series_style(index))
        lines[rows - 1 - row] = (*lines[rows - 1 - row], name)
    return lines


def series_style(index: int) -> str:
    """The style of the series with that index, for the legend too."""
    return SERIES_STYLES[index % len(SERIES_STYLES)]


def steps(current: TimePoints, desired: TimePoints, axis: TimeAxis, height: int, *, highest: float = 1) -> list[Line]:
    """Whole numbers that change in steps: the current ones ━ over the desired ones ╌, up to at least `highest`, which
    is in the top row. Where what was is no number, it is said that it is not known."""
    rows = height - 1
    if rows < 1 or axis.width < 1:
        return []
    have, want = axis.by_step(current), axis.by_step(desired)
    known = [value for value in (*have, *want) if value is not None]
    low = math.floor(min([1.0, *known]))
    top = math.ceil(max([1.0, highest, *known])) - low
    canvas = Canvas(rows, axis.width)

    def row_of(value: float) -> int:
        return int(value - low) * (rows - 1) // max(top, 1)

    for line, corners in ((want, "╌╎┌┐└┘"), (have, "━┃┏┓┗┛")):
        at = [None if value is None else row_of(value) for value in line]
        _step(canvas, axis, at, corners, REFERENCE if line is want else PRIMARY)
    told = [math.isfinite(value) for _, value in current]
    unknown = axis.by_step([(at, float(not is_told)) for (at, _), is_told in zip(current, told, strict=True)])
    _say_unknown(canvas, unknown)
    least = (-(-row * top // max(rows - 1, 1)) for row in range(rows))
    labels = ["", *(number(low + value) if row_of(low + value) == row else "" for row, value in enumerate(least))]
    return framed(canvas, labels, axis.ticks(), empty=not known and all(told))


def _say_unknown(canvas: Canvas, unknown: Sequence[float | None]) -> None:
    """Words in the stretches that have room for them; nothing else, which would be read as a count."""
    begin = 0
    for value, group in groupby(unknown):
        columns = len(list(group))
        if value == 1.0 and columns >= len(UNKNOWN) + 2:
            canvas.write(canvas.rows // 2, begin + (columns - len(UNKNOWN)) // 2, UNKNOWN, MUTED)
        begin += columns


def objective(
    values: Sequence[float | None],
    best: Sequence[float | None],
    width: int,
    height: int,
    marked: int | None = None,
) -> list[Line]:
    """Values by order as dots, over the step line of the best so far; what lies far outside is a ▴ or ▾ at the edge.

    None is a job without a value; `marked` is the index of the one to point at. Where there are more than two values
    in a column, they are a faint upright from the least to the greatest of them.
    """
    rows, columns = height - 1, width - GUTTER
    if rows < 1 or columns < 1:
        return []
    known = [value for value in values if value is not None and math.isfinite(value)]
    inside = _without_outliers(known)
    scale = value_scale(inside, rows, from_zero=False)
    count = max(len(values), 1)
    if count > 2 * columns:
        canvas = _crowded(values, best, scale, columns, marked)
        ticks = _job_ticks(len(values), columns / count)
        return framed(canvas, [scale.label(row) for row in range(-1, rows)], ticks, empty=not known)
    pitch = min(3.0, columns / count)
    column_of = [int(index * pitch) for index in range(count)]
    canvas = Canvas(rows, columns)
    line: list[int | None] = [None] * columns
    for index, value in enumerate(best[: len(values)]):
        last = column_of[index + 1] if index + 1 < count else min(column_of[index] + int(pitch), columns)
        for column in range(column_of[index], max(last, column_of[index] + 1)):
            line[column] = scale.row(value) if value is not None and scale.holds(value) else None
    _step(canvas, None, line, "━┃┏┓┗┛", REFERENCE)
    for index, value in enumerate(values):
        if value is None or not math.isfinite(value):
            continue
        character = "▴" if value > scale.top else "▾" if value < scale.bottom else "•"
        row = scale.row(value)
        if index == marked:
            canvas.put(row, column_of[index], "◆", "bold")
        elif canvas.get(row, column_of[index]) == " ":
            canvas.put(row, column_of[index], character, PRIMARY)
    ticks = _job_ticks(len(values), pitch)
    return framed(canvas, [scale.label(row) for row in range(-1, rows)], ticks, empty=not known)


def _crowded(
    values: Sequence[float | None],
    best: Sequence[float | None],
    scale: Scale,
    columns: int,
    marked: int | None,
) -> Canvas:
    """The plot of several values in each column: their range, over it the best at their end, and what lies outside."""
    rows, count = scale.rows, len(values)
    canvas = Canvas(rows, columns)
    starts = [-(-column * count // columns) for column in range(columns + 1)]
    line: list[int | None] = [None] * columns
    for column, (start, end) in enumerate(pairwise(starts)):
        known = [value for value in values[start:end] if value is not None and math.isfinite(value)]
        inside = [value for value in known if scale.holds(value)]
        if inside:
            lowest, highest = (
                min(int(scale.position(value) * 4), rows * 4 - 1) for value in (min(inside), max(inside))
            )
            _upright(canvas, 2 * column, lowest, highest + 1, f"{PRIMARY} dim")
        if known and max(known) > scale.top:
            canvas.put(rows - 1, column, "▴", PRIMARY)
        if known and min(known) < scale.bottom:
            canvas.put(0, column, "▾", PRIMARY)
        reached = best[end - 1] if end <= len(best) else None
        if reached is not None and scale.holds(reached):
            line[column] = scale.row(reached)
    _step(canvas, None, line, "━┃┏┓┗┛", REFERENCE)
    value = values[marked] if marked is not None and 0 <= marked < count else None
    if marked is not None and value is not None and math.isfinite(value):
        canvas.put(scale.row(value), marked * columns // count, "◆", "bold")
    return canvas


def _job_ticks(count: int, pitch: float) -> list[tuple[int, str]]:
    """Numbers of jobs below their columns, as close as they can be read."""
    every = next(step for step in _tick_counts() if step * pitch >= 6)
    return [(int((n - 1) * pitch), str(n)) for n in (1, *range(every, count + 1, every)) if n <= count]


def framed(
    canvas: Canvas,
    labels: Sequence[str],
    ticks: Sequence[tuple[int, str]],
    *,
    empty: bool = False,
    foot: Canvas | None = None,
) -> list[Line]:
    """The plot with its axes: labels[0] belongs to the axis below, which is a line or what is drawn at the `foot`,
    labels[1] to the bottom row, and so on."""
    if empty:
        text = NO_DATA[: canvas.columns]
        canvas.write(canvas.rows // 2, (canvas.columns - len(text)) // 2, text, MUTED)
    lines: list[Line] = []
    for row in reversed(range(canvas.rows)):
        label = "" if empty else labels[row + 1]
        lines.append(((f"{label:>{LABEL_WIDTH}}{'┤' if label else '│'}", MUTED), *canvas.line(row)))
    if foot is None or empty:
        foot = Canvas(1, canvas.columns)
        foot.write(0, 0, "─" * canvas.columns, RULE)
    free_from = 0
    for column, text in ticks:
        if column >= free_from and column + len(text) <= canvas.columns:
            foot.write(0, column, text, MUTED)
            free_from = column + len(text) + 1
    label = "" if empty else labels[0]
    lines.append(((f"{label:>{LABEL_WIDTH}}{'┼' if label else '└'}", MUTED), *foot.line(0)))
    return lines


def pointed(lines: Sequence[Line], column: int) -> list[Line]:
    """Framed lines with an upright one in a column of the plot, wherever nothing is drawn there."""
    last = len(lines) - 1
    return [
        _with_cursor(line, GUTTER + column, _AXIS if row == last else _POINTED_THROUGH, "┴" if row == last else "│")
        for row, line in enumerate(lines)
    ]


def _with_cursor(line: Line, at: int, through: str, character: str) -> Line:
    start = 0
    for place, (text, style) in enumerate(line):
        offset = at - start
        if 0 <= offset < len(text):
            if text[offset] not in through:
                return line
            pieces = ((text[:offset], style), (character, CURSOR), (text[offset + 1 :], style))
            return (*line[:place], *(piece for piece in pieces if piece[0]), *line[place + 1 :])
        start += len(text)
    return line


def sparkline(values: Sequence[float | None], width: int) -> Line:
    """The last values on one line, in eighths of the largest; a missing one is a gap."""
    shown = values[-width:] if width > 0 else []
    known = [value for value in shown if value is not None and math.isfinite(value)]
    if not known:
        return ((NO_DATA[: max(width, 0)], MUTED),)
    top = max([1e-12, *known])
    cells = []
    for value in shown:
        if value is None or not math.isfinite(value):
            cells.append(" ")
        else:
            cells.append(EIGHTHS[min(8, max(1, round(max(value, 0.0) / top * 8)))])
    return (("".join(cells), PRIMARY),)


def rule(canvas: Canvas, row: int, label: str) -> None:
    """A line to compare with, across what is drawn; named at its beginning where it has a label."""
    text = (f"{label} " if label else "").ljust(canvas.columns, "┄")[: canvas.columns]
    for column, character in enumerate(text):
        under = canvas.get(row, column)
        if under in " ─╌":
            canvas.put(row, column, character, REFERENCE)
        elif under == "█":
            # The line goes on over a full bar, seen as a cut where there is no colour.
            canvas.put(row, column, character, f"$background on {PRIMARY}")


def _beside(rows_wanted: Sequence[int | None], rows: int) -> dict[int, int]:
    """Rows for the names of series, none shared and as near to those wanted as may be; where two want the same row, a
    later series ranks higher."""
    ranked = sorted((row, index) for index, row in enumerate(rows_wanted) if row is not None)[-rows:]
    taken: dict[int, int] = {}
    free_below = rows
    for below, (row, index) in reversed([*enumerate(ranked)]):
        taken[index] = free_below = max(min(row, free_below - 1), below)
    return taken


def _curve(canvas: Canvas, axis: TimeAxis, scale: Scale, values: Sequence[float | None], style: str) -> None:
    highest = canvas.rows * 4 - 1

    def dot(value: float) -> float:
        return min(scale.position(value) * 4, highest)

    for slot, value in enumerate(values):
        if value is None:
            continue
        following = values[slot + 1] if slot + 1 < len(values) else None
        start, end = dot(value), dot(following if following is not None else value)
        columns = axis.halves_of(slot)  # of dots
        for offset, x in enumerate(columns):
            y = int(start + (end - start) * offset / len(columns))
            next_y = int(start + (end - start) * (offset + 1) / len(columns))
            lowest, run = min(y, next_y + 1 if next_y < y else y), abs(next_y - y) or 1
            _upright(canvas, x, lowest, lowest + run, style if axis.complete(x // 2) else f"{style} dim")


def _upright(canvas: Canvas, x: int, low: int, high: int, style: str) -> None:
    """A run of dots from `low` up to, not including, `high`, four of them in a row of cells."""
    column, side = x // 2, _DOTS[x % 2]
    for row in range(low // 4, (high - 1) // 4 + 1):
        under = canvas.get(row, column)
        bits = ord(under) - _BRAILLE if under != " " else 0
        for dot in side[max(low - row * 4, 0) : high - row * 4]:
            bits |= dot
        canvas.put(row, column, chr(_BRAILLE + bits), style)


def _step(canvas: Canvas, axis: TimeAxis | None, at: Sequence[int | None], glyphs: str, style: str) -> None:
    flat, upright, up_right, down_left, right_up, left_up = tuple(glyphs)
    before: int | None = None
    for column, row in enumerate(at):
        ink = style if axis is None or axis.complete(column) else f"{style} dim"
        if row is not None and before is not None and row != before:
            rising = row > before
            canvas.put(before, column, left_up if rising else down_left, ink)
            canvas.put(row, column, up_right if rising else right_up, ink)
            for between in range(min(row, before) + 1, max(row, before)):
                canvas.put(between, column, upright, ink)
        elif row is not None:
            canvas.put(row, column, flat, ink)
        before = row


def _without_outliers(values: Sequence[float]) -> list[float]:
    """What lies within three interquartile ranges of the middle half (Tukey's outer fences)."""
    if len(values) < 4:
        return list(values)
    first, _, third = quantiles(values, n=4, method="inclusive")
    reach = 3 * (third - first)
    if reach <= 0 or not math.isfinite(reach):
        return list(values)
    return [value for value in values if first - reach <= value <= third + reach]


def _tick_counts() -> list[int]:
    return [factor * 10**power for power in range(9) for factor in (1, 2, 5)]
