"""The charts as widgets: each keeps what it was last shown, and draws it to the size it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.content import Content
from textual.events import MouseMove
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from cmapss_tui.widgets import chart_bars, chart_lanes, chart_lines
from cmapss_tui.widgets.chart_lanes import Lane
from cmapss_tui.widgets.chart_lines import Curve, Reference
from cmapss_tui.widgets.chart_scale import GUTTER, MARGIN, Line, TimeAxis, TimePoints


class Chart(Widget):
    """A drawing of as many lines as it is high."""

    DEFAULT_CSS = """
    Chart { height: 9; text-wrap: nowrap; text-overflow: clip; }
    """

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines of the chart, at most that wide and that many."""
        raise NotImplementedError

    def render(self) -> Content:
        """The drawing at the widget's present size."""
        lines = self.draw(self.content_size.width, self.content_size.height)
        return Content("\n").join(Content.assemble(*line) for line in lines)


class TimeChart(Chart):
    """A chart over a time axis that its screen gives it, so that all charts of the screen share one."""

    class Pointed(Message):
        """The mouse is over a slot of the axis, or no longer over any."""

        def __init__(self, slot: int | None) -> None:
            super().__init__()
            self.slot = slot

    class Resized(Message):
        """The chart has another width, so that the axis may not fit any more."""

    _axis: TimeAxis | None = None
    _shown: object = None
    _pointed: int | None = None
    _drawn: tuple[int, Sequence[Line]] | None = None  # for a height, without the cursor

    @property
    def plot_width(self) -> int:
        """The columns that an axis may have here."""
        return max(0, self.content_size.width - GUTTER - MARGIN)

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Nothing until an axis is given, and nothing on an axis that was made for a wider chart."""
        if self._axis is None or self._axis.width + GUTTER > width:
            return ()
        if self._drawn is None or self._drawn[0] != height:
            self._drawn = (height, self.draw_over(self._axis, height))
        lines, cursor = self._drawn[1], self._axis.cursor_column
        return lines if cursor is None else chart_lines.pointed(lines, cursor)

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """The lines of the chart over this axis, without its cursor."""
        raise NotImplementedError

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def on_mouse_move(self, event: MouseMove) -> None:
        axis, column = self._axis, event.x - GUTTER
        if axis is not None:
            self._point(axis.slot_of(2 * column) if 0 <= column < axis.width else None)

    def on_leave(self) -> None:
        self._point(None)

    def _point(self, slot: int | None) -> None:
        if slot != self._pointed:
            self._pointed = slot
            self.post_message(self.Pointed(slot))

    def _repaint(self, axis: TimeAxis, *shown: object) -> None:
        """Take the axis, and paint again where that or what is shown over it has changed."""
        if axis != self._axis:
            self._axis = axis
            self.refresh()
        below = (replace(axis, cursor=None), *shown)
        if below != self._shown:
            self._shown, self._drawn = below, None
            self.refresh()


class BarChart(TimeChart):
    """A bar a slot, with a line to compare with."""

    _points: TimePoints = ()
    _reference: Reference | None = None

    def show(self, axis: TimeAxis, points: TimePoints, reference: Reference | None = None) -> None:
        """Draw these points."""
        self._points, self._reference = points, reference
        self._repaint(axis, points, reference)

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """Bars in eighths of a cell."""
        return chart_bars.bars(self._points, axis, height, self._reference)


class StepChart(TimeChart):
    """Numbers of instances: those that are there, over those that are wanted."""

    _current: TimePoints = ()
    _desired: TimePoints = ()
    _highest = 1.0

    def show(self, axis: TimeAxis, current: TimePoints, desired: TimePoints, highest: float) -> None:
        """Draw these steps, with room up to `highest`."""
        self._current, self._desired, self._highest = current, desired, highest
        self._repaint(axis, current, desired, highest)

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """Two lines of steps."""
        return chart_lines.steps(self._current, self._desired, axis, height, highest=self._highest)


class LineChart(TimeChart):
    """Lines of several series, named at their ends."""

    _series: Sequence[Curve] = ()
    _reference: Reference | None = None

    def show(self, axis: TimeAxis, series: Sequence[Curve], reference: Reference | None = None) -> None:
        """Draw these series."""
        self._series, self._reference = series, reference
        self._repaint(axis, series, reference)

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """Lines of braille dots."""
        return chart_lines.curves(self._series, axis, height, self._reference)


class LaneChart(TimeChart):
    """What was the case, and what was done, in a line each."""

    DEFAULT_CSS = "LaneChart { height: auto; }"
    _lanes: Sequence[Lane] = ()

    def show(self, axis: TimeAxis, lanes: Sequence[Lane]) -> None:
        """Draw these lanes; another number of them makes the chart another height."""
        if len(lanes) != len(self._lanes):
            self.refresh(layout=True)
        self._lanes = lanes
        self._repaint(axis, lanes)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A row for each lane and one for the axis."""
        return len(self._lanes) + 1

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """The lanes over the axis."""
        return chart_lanes.lane_lines(self._lanes, axis)[:height]
