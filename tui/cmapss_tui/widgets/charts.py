"""The charts as widgets: each keeps what it was last shown, and draws it to the size it has."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from cmapss_tui.widgets import chart_lines
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

    _axis: TimeAxis | None = None

    @property
    def plot_width(self) -> int:
        """The columns that an axis may have here."""
        return max(0, self.content_size.width - GUTTER - MARGIN)

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Nothing until an axis is given, and nothing on an axis that was made for a wider chart."""
        if self._axis is None or self._axis.width + GUTTER > width:
            return ()
        return self.draw_over(self._axis, height)

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """The lines of the chart over this axis."""
        raise NotImplementedError


class BarChart(TimeChart):
    """A bar a minute, with a line to compare with."""

    _points: TimePoints = ()
    _reference: Reference | None = None

    def show(self, axis: TimeAxis, points: TimePoints, reference: Reference | None = None) -> None:
        """Draw these points."""
        self._axis, self._points, self._reference = axis, points, reference
        self.refresh()

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """Bars in eighths of a cell."""
        return chart_lines.bars(self._points, axis, height, self._reference)


class StepChart(TimeChart):
    """Numbers of instances: those that are there, over those that are wanted."""

    _current: TimePoints = ()
    _desired: TimePoints = ()
    _highest = 1.0

    def show(self, axis: TimeAxis, current: TimePoints, desired: TimePoints, highest: float) -> None:
        """Draw these steps, with room up to `highest`."""
        self._axis, self._current, self._desired, self._highest = axis, current, desired, highest
        self.refresh()

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """Two lines of steps."""
        return chart_lines.steps(self._current, self._desired, axis, height, highest=self._highest)


class LineChart(TimeChart):
    """Lines of several series, named at their ends."""

    _series: Sequence[Curve] = ()
    _reference: Reference | None = None

    def show(self, axis: TimeAxis, series: Sequence[Curve], reference: Reference | None = None) -> None:
        """Draw these series."""
        self._axis, self._series, self._reference = axis, series, reference
        self.refresh()

    def draw_over(self, axis: TimeAxis, height: int) -> Sequence[Line]:
        """Lines of braille dots."""
        return chart_lines.curves(self._series, axis, height, self._reference)


class ObjectiveChart(Chart):
    """The objective values of jobs in the order in which the jobs were made, and the best so far."""

    def __init__(
        self,
        values: Sequence[float | None] = (),
        best: Sequence[float | None] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._values, self._best = values, best
        self._marked: int | None = None

    def show(self, values: Sequence[float | None], best: Sequence[float | None], marked: int | None = None) -> None:
        """Draw these values, None where a job has none; `marked` is the index of the one to point at."""
        if (values, best, marked) != (self._values, self._best, self._marked):
            self._values, self._best, self._marked = values, best, marked
            self.refresh()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Dots over a step line."""
        return chart_lines.objective(self._values, self._best, width, height, self._marked)


class Sparkline(Chart):
    """The last values on one line."""

    DEFAULT_CSS = "Sparkline { height: 1; }"
    _values: Sequence[float | None] = ()

    def show(self, values: Sequence[float | None]) -> None:
        """Draw these values, the newest last."""
        self._values = values
        self.refresh()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """One line of blocks."""
        return (chart_lines.sparkline(self._values, width),)
