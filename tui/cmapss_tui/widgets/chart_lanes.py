"""What was the case and what was done over time, a line of glyphs each, on the columns of the charts' axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cmapss_tui import theme
from cmapss_tui.widgets.chart_lines import Canvas, framed
from cmapss_tui.widgets.chart_scale import MUTED, PRIMARY, Line, TimeAxis

Glyph = tuple[str, str]
"""A character and its style."""

# States of alarms; where several hold within a column, the last of these is shown.
STATES: Mapping[str, Glyph] = {
    "OK": ("─", theme.GOOD),
    "INSUFFICIENT_DATA": ("·", theme.QUIET),
    "ALARM": ("█", theme.WARN),
}
LOW_ALARM: Glyph = ("▄", PRIMARY)  # what takes instances away is no warning
_UNKNOWN_STATE: Glyph = ("?", "")
_RANKS = {state: rank for rank, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of an axis: its label, what is drawn in which column, and words between, from a column on."""

    label: str
    cells: tuple[tuple[int, str, str], ...]
    words: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a time, and went on until another with `trail`, where it has one.

    Of two in one column the one with the higher `rank` is seen. Of its `words` the first that there is room for are
    written beside it.
    """

    at: datetime
    glyph: Glyph
    until: datetime | None = None
    trail: Glyph | None = None
    rank: int = 0
    words: tuple[str, ...] = ()


def state_lane(
    label: str,
    histories: Iterable[Sequence[tuple[datetime, str]]],
    axis: TimeAxis,
    now: datetime,
    alarm: Glyph = STATES["ALARM"],
) -> Lane:
    """The states of an alarm, or the worst of several alarms; steps of time and state, the last until `now`.

    `alarm` is what ALARM looks like.
    """
    glyphs = {**STATES, "ALARM": alarm}
    columns: dict[int, str] = {}
    for steps in histories:
        for (at, state), (end, _) in pairwise([*steps, (now, "")]):
            for column in _columns(at, end, axis):
                known = columns.get(column)
                if known is None or _RANKS.get(state, 0) > _RANKS.get(known, 0):
                    columns[column] = state
    return Lane(label, tuple((column, *glyphs.get(state, _UNKNOWN_STATE)) for column, state in sorted(columns.items())))


def mark_lane(label: str, marks: Iterable[Mark], axis: TimeAxis) -> Lane:
    """Things that happened: each a glyph, and a trail for as long as it went on."""
    cells: dict[int, Glyph] = {}
    ordered = sorted(marks, key=lambda mark: mark.rank)
    for mark in ordered:
        if mark.trail is not None and mark.until is not None:
            cells.update(dict.fromkeys(_columns(mark.at, mark.until, axis), mark.trail))
    for mark in ordered:
        if (column := axis.column_of(mark.at)) is not None:
            cells[column] = mark.glyph
    drawn = tuple((column, *glyph) for column, glyph in sorted(cells.items()))
    return Lane(label, drawn, tuple(_words(ordered, set(cells), axis)))


def _words(marks: Iterable[Mark], taken: set[int], axis: TimeAxis) -> Iterator[tuple[int, str]]:
    """Words behind each mark, or before all that it ends, where nothing else is drawn; a column stays free around."""
    for mark in marks:
        column = axis.column_of(mark.at)
        if column is None:
            continue
        first = next(place for place in range(column, -2, -1) if place not in taken)
        for words in mark.words:
            spots = (column + 2, first - len(words))
            fitting = (spot for spot in spots if _is_free(spot - 1, spot + len(words) + 1, taken, axis.width))
            if (spot := next(fitting, None)) is not None:
                taken.update(range(spot, spot + len(words)))
                yield spot, words
                break


def _is_free(start: int, end: int, taken: set[int], width: int) -> bool:
    return start + 1 >= 0 and end - 1 <= width and taken.isdisjoint(range(start, end))


def lane_lines(lanes: Sequence[Lane], axis: TimeAxis) -> list[Line]:
    """The lanes from the top, over the axis."""
    if axis.width < 1:
        return []
    canvas = Canvas(len(lanes), axis.width)
    for row, lane in enumerate(reversed(lanes)):
        for column, character, style in lane.cells:
            canvas.put(row, column, character, style)
        for column, words in lane.words:
            canvas.write(row, column, words, MUTED)
    labels = ["", *(lane.label for lane in reversed(lanes))]
    return framed(canvas, labels, axis.ticks())


def legend(glyphs: Iterable[tuple[Glyph, str]]) -> list[tuple[str, str]]:
    """Glyphs and what they mean, as pieces for Content.assemble."""
    pieces: list[tuple[str, str]] = []
    for (character, style), meaning in glyphs:
        pieces += [("  " if pieces else "", ""), (f"{character} ", style), (meaning, MUTED)]
    return pieces


def _columns(start: datetime, end: datetime, axis: TimeAxis) -> range:
    """The columns that a span of time touches."""
    begin, length = axis.start, axis.end - axis.start
    if axis.width < 1 or end <= begin or start >= axis.end or end < start:
        return range(0)
    first = max((start - begin) * axis.width // length, 0)
    last = min(-((begin - end) * axis.width // length), axis.width)
    return range(first, max(last, first + 1))
