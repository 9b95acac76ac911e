"""The plot of the objective values of thousands of jobs, drawn in a thread: it takes longer the more there are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.message import Message

from cmapss_core.errors import ConsoleError
from cmapss_tui.polling import run_in_thread
from cmapss_tui.widgets import chart_lines
from cmapss_tui.widgets.chart_scale import Line
from cmapss_tui.widgets.charts import Chart

Values = Sequence[float | None]
AT_ONCE = 500  # jobs that are drawn in less time than a thread takes to start


class Drawn(Message, bubble=False):
    """The lines for what was asked to be drawn; none where it could not be."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self.lines = lines


class ObjectivePlot(Chart):
    """The objective values of jobs in the order in which the jobs were made, and the best so far.

    While what is asked for is being drawn, what was drawn before stays.
    """

    def __init__(self) -> None:
        super().__init__()
        self._values: Values = ()
        self._best: Values = ()
        self._marked: int | None = None
        self._asked: tuple[object, ...] = ()
        self._lines: Sequence[Line] = ()
        self._drawing = False

    def show(self, values: Values, best: Values, marked: int | None = None) -> None:
        """Draw these values, None where a job has none; `marked` is the index of the one to point at."""
        if values is not self._values or best is not self._best or marked != self._marked:
            self._values, self._best, self._marked = values, best, marked
            self.refresh()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Dots over a step line."""
        lines = partial(chart_lines.objective, self._values, self._best, width, height, self._marked)
        if len(self._values) <= AT_ONCE:
            return lines()
        wanted = (id(self._values), id(self._best), self._marked, width, height)
        if wanted != self._asked and not self._drawing:
            self._asked, self._drawing = wanted, True
            run_in_thread(self, lines, Drawn, _undrawn)
        return self._lines[:height]

    def on_drawn(self, message: Drawn) -> None:
        self._drawing = False
        self._lines = message.lines
        self.refresh()


def _undrawn(_: ConsoleError) -> Message:
    return Drawn(())
