"""Vertical bars over a time axis: as many as have half a column each."""

from __future__ import annotations

import math

from cmapss_tui.widgets.chart_lines import EIGHTHS, Canvas, Reference, framed, rule
from cmapss_tui.widgets.chart_scale import PRIMARY, RULE, Line, TimeAxis, TimePoints, value_scale

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
    """Vertical bars on an axis that is zero, one a slot; where one is missing, the axis is a broken line.

    They are as high as eighths of a cell tell; where two meet within a cell, as halves of it do.
    """
    values = axis.by_slot(points)
    rows = height - 1
    if rows < 1 or axis.width < 1:
        return []
    known = [max(value, 0.0) for value in values if value is not None]
    scale = value_scale([*known, reference.value] if reference else known, rows, on_axis=True)
    canvas, foot = Canvas(rows, axis.width), Canvas(1, axis.width)
    heights = [0 if not value or value <= 0 else max(1, round(scale.position(value) * 8)) for value in values]
    for column in range(axis.width):
        slots = axis.slot_of(2 * column), axis.slot_of(2 * column + 1)
        left, right = (heights[slot] for slot in slots)
        style = PRIMARY if axis.complete(column) else f"{PRIMARY} dim"
        foot.put(0, column, "─" if any(values[slot] is not None for slot in slots) else "╌", RULE)
        for row in range(math.ceil(max(left, right) / 8)):
            canvas.put(row, column, _cell(left - row * 8, right - row * 8), style)
    if reference is not None:
        row = scale.row(reference.value)
        rule(foot if row < 0 else canvas, max(row, 0), "" if row < 0 else reference.label)
    return framed(canvas, [scale.label(row) for row in range(-1, rows)], axis.ticks(), empty=not known, foot=foot)


def _cell(left: int, right: int) -> str:
    """The part of two bars that lies within a cell, each so many eighths from its bottom edge; what is more than
    nothing is seen."""
    left, right = (min(max(eighths, 0), 8) for eighths in (left, right))
    if left == right:
        return EIGHTHS[left]
    filled = [max((eighths + 2) // 4, int(eighths > 0)) for eighths in (left, right)]
    return _QUADRANTS[filled[0], filled[1]]
