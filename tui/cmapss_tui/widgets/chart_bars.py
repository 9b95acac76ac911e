"""Vertical bars over a time axis: as many as have half a column each."""

from __future__ import annotations

import math

from cmapss_tui.widgets.chart_lines import EIGHTHS, Canvas, Reference, framed, rule
from cmapss_tui.widgets.chart_scale import MUTED, PRIMARY, Line, TimeAxis, TimePoints, value_scale

# By the halves of a cell that are filled from the bottom, on the left and on the right.
_QUADRANTS = {
    (0, 0): " ",
    (1, 0): "▖",
    (0, 1): "▗",
    (1, 1): "▄",
    (2, 0): "▌",
    (0, 2): "▐",
    (2, 1): "▙",
    (1, 2): "▟",
    (2, 2): "█",
}


def bars(points: TimePoints, axis: TimeAxis, height: int, reference: Reference | None = None) -> list[Line]:
    """Vertical bars, one a slot: zero is a low line, a missing one a gap.

    They are as high as eighths of a cell tell; where two meet within a cell, as halves of it do.
    """
    values = axis.by_slot(points)
    rows = height - 1
    if rows < 1 or axis.width < 1:
        return []
    known = [max(value, 0.0) for value in values if value is not None]
    scale = value_scale([*known, reference.value] if reference else known, rows)
    canvas = Canvas(rows, axis.width)
    heights = [0 if not value or value <= 0 else max(1, round(scale.position(value) * 8)) for value in values]
    for column in range(axis.width):
        slots = axis.slot_of(2 * column), axis.slot_of(2 * column + 1)
        left, right = (heights[slot] for slot in slots)
        style = PRIMARY if axis.complete(column) else f"{PRIMARY} dim"
        if not left and not right and any(values[slot] is not None for slot in slots):
            canvas.put(0, column, EIGHTHS[1], f"{MUTED} dim")
        for row in range(math.ceil(max(left, right) / 8)):
            canvas.put(row, column, _cell(left - row * 8, right - row * 8, least=row == 0), style)
    if reference is not None:
        rule(canvas, scale.row(reference.value), reference.label)
    return framed(canvas, [scale.label(row) for row in range(-1, rows)], axis.ticks(), empty=not known)


def _cell(left: int, right: int, *, least: bool) -> str:
    """The part of two bars that lies within a cell, each so many eighths from its bottom edge.

    `least`: what is more than nothing is seen.
    """
    left, right = (min(max(eighths, 0), 8) for eighths in (left, right))
    if left == right:
        return EIGHTHS[left]
    filled = [max((eighths + 2) // 4, int(least and eighths > 0)) for eighths in (left, right)]
    return _QUADRANTS[filled[0], filled[1]]
