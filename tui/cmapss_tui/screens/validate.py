"""Validate an endpoint: predict the C-MAPSS test rows, and see how far off it is while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Digits

from cmapss_tui import formats, theme
from cmapss_tui.attainable import beside_the_objective
from cmapss_tui.hearing import HearingWork
from cmapss_tui.remedies import line_in_console
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.working import WorkScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.panel import Lines, bar, columns
from cmapss_tui.widgets.plan_view import paragraph

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.evaluation import Evaluation

WIDTHS = (8, 10, 9, 9)
READING_SECONDS = 15.0  # that reading the data may take
LONGEST_BAR, SHORTEST_BAR = 60, 12
# Saxena et al., 2008, as the challenge PHM08 had it.
NASA_SCORE = (
    "The NASA score counts the last row of each engine, both lives capped at 125 cycles: exp(d/13) - 1 where d cycles "
    "too few are promised, exp(d/10) - 1 where too many, added up over all engines. Less is better, 0 is perfect."
)
ORIGINS = {
    "nasa": ("NASA's C-MAPSS test set", ""),
    "synthetic": (
        "synthetic data, made to look like C-MAPSS: not NASA's, so no figure here compares with theirs",
        theme.WARN,
    ),
}


class Validation(HearingWork["Evaluation", "Evaluation"]):
    """The validation of an endpoint, which tells of each invocation that is answered."""

    @property
    def pause(self) -> float:
        """Before the first invocation the data is read, which is on this machine."""
        return READING_SECONDS if self.latest is None else 0.0


class ValidateScreen(WorkScreen):
    """The validation of one endpoint; its result stays until the next one."""

    KIND = "validate"
    START = "Start"
    DEFAULT_CSS = """
    ValidateScreen Digits { width: auto; color: $primary; margin: 1 0 0 0; }
    ValidateScreen #subsets, ValidateScreen #beside { margin: 1 0 0 0; }
    """

    def again(self) -> Callable[[], ConsoleScreen]:
        """The same screen once more."""
        return partial(ValidateScreen, self.endpoint_name)

    def copyable(self) -> Mapping[str, str]:
        """The errors as they are on the screen, and the endpoint."""
        evaluation = self._evaluation
        if evaluation is None or evaluation.rmse is None:
            return {"endpoint": self.endpoint_name}
        lines = [
            f"{self.endpoint_name} RMSE {evaluation.rmse:.3f}",
            *figure_lines(evaluation),
            *subset_lines(evaluation),
        ]
        return {"result": "\n".join(str(line).rstrip() for line in lines), "endpoint": self.endpoint_name}

    def sheet(self) -> Sheet | None:
        """The subsets."""
        if self._evaluation is None:
            return None
        rows = [(name, score.rows, score.rmse, score.mae) for name, score in self._evaluation.subsets.items()]
        return Sheet("validation", ("subset", "rows", "rmse", "mae"), rows)

    @property
    def _evaluation(self) -> Evaluation | None:
        return None if self.work is None else self.work.result or self.work.latest

    def heading(self) -> str:
        """Which endpoint."""
        return f"Validate {self.endpoint_name}"

    def content(self) -> ComposeResult:
        """Progress, the RMSE in large, subsets."""
        with VerticalScroll(id="work", can_focus=False):
            yield Lines(id="progress")
            yield Digits("", id="rmse")
            yield Lines(id="figures")
            yield Lines(id="subsets")
            yield Lines(id="beside")

    def make_work(self) -> HearingWork[Evaluation, Evaluation]:
        """Predict all four subsets."""
        return Validation(self.app, self.KIND, self.endpoint_name, partial(_validate, self.aws, self.endpoint_name))

    def show_work(self) -> None:
        """Progress, errors so far, and what they were measured on."""
        work, evaluation = self.work, self._evaluation
        self.query_one("#progress", Lines).write(lambda width: progress_lines(work, evaluation, width))
        rmse = self.query_one("#rmse", Digits)
        rmse.display = evaluation is not None and evaluation.rmse is not None
        rmse.update("" if evaluation is None or evaluation.rmse is None else f"{evaluation.rmse:.3f}")
        self.query_one("#figures", Lines).write(lambda width: figure_lines(evaluation))
        self.query_one("#subsets", Lines).write(lambda width: subset_lines(evaluation, width))
        self.query_one("#beside", Lines).write(lambda width: beside_lines(evaluation, width))


def progress_lines(
    work: HearingWork[Evaluation, Evaluation] | None, evaluation: Evaluation | None, width: int
) -> list[Content]:
    """How far it is, how fast, on which data, and what went wrong."""
    if work is None:
        text = "Every row of the four test files is sent to the endpoint, and each answer, rounded up to whole cycles, "
        text += "is compared with the true remaining useful life."
        return paragraph(text, width, theme.QUIET)
    lines = []
    if evaluation is None:
        lines.append(Content.styled("◐ reading the data …" if work.running else "", theme.BUSY))
    else:
        share = evaluation.rows / max(evaluation.rows_total, 1)
        style = theme.GOOD if evaluation.finished else theme.BUSY if work.running else theme.WARN
        word = "● done" if evaluation.finished else "◐ running" if work.running else "○ stopped"
        rate = evaluation.rows / evaluation.seconds if evaluation.seconds > 0 else 0.0
        lines.append(bar(share, width, style))
        lines.append(
            Content.assemble(
                (word, style),
                f"  {formats.count(evaluation.rows)} of {formats.count(evaluation.rows_total)} rows",
                (f"  {formats.count(round(rate))} rows/s  {formats.duration(evaluation.seconds)}", theme.QUIET),
            )
        )
        origin, origin_style = ORIGINS.get(evaluation.data, (evaluation.data, theme.WARN))
        mark = "⚠ " if origin_style else ""
        lines += paragraph(f"{mark}{origin}", width, origin_style or theme.QUIET)
    if work.error is not None:
        lines += paragraph(f"✕ {line_in_console(work.error)}", width, theme.BAD)
    return lines


def figure_lines(evaluation: Evaluation | None) -> list[Content]:
    """What the large number is, and the other errors."""
    if evaluation is None or evaluation.rmse is None:
        return []
    so_far = "" if evaluation.finished else " so far"
    pieces = [f"RMSE in cycles{so_far}", f"MAE {formats.number(evaluation.mae, 5)}"]
    if evaluation.nasa_score is not None:
        pieces.append(f"NASA score {formats.number(evaluation.nasa_score, 5)}")
    pieces.append(f"{formats.count(evaluation.invocations)} invocations")
    return [Content.styled("   ".join(pieces), theme.QUIET)]


def subset_lines(evaluation: Evaluation | None, width: int = 0) -> list[Content]:
    """A line for each subset: rows so far and errors in cycles; where there is room, RMSE beside each other as bars."""
    if evaluation is None:
        return []
    right = (1, 2, 3)
    lines = [columns([Content.styled(t, theme.QUIET) for t in ("subset", "rows", "RMSE", "MAE")], WIDTHS, right)]
    highest = max((score.rmse for score in evaluation.subsets.values() if score.rmse is not None), default=0.0) or 1.0
    for name, score in evaluation.subsets.items():
        cells = [name, formats.count(score.rows), formats.number(score.rmse, 5), formats.number(score.mae, 5)]
        line = columns(cells, WIDTHS, right)
        room = min(width - line.cell_length - 3, LONGEST_BAR)
        if score.rmse is not None and room >= SHORTEST_BAR:
            line = line + "   " + bar(score.rmse / max(highest, score.rmse), room, theme.ACCENT)
        lines.append(line)
    return lines


def beside_lines(evaluation: Evaluation | None, width: int) -> list[Content]:
    """Why it is not what the ranking says of the job."""
    if evaluation is None or evaluation.rmse is None:
        return []
    lines = paragraph(beside_the_objective(evaluation), width, theme.QUIET)
    if evaluation.nasa_score is not None:
        lines += [Content(""), *paragraph(NASA_SCORE, width, theme.QUIET)]
    return lines


def _validate(aws: Aws, endpoint: str, tell: Callable[[Evaluation], None], cancelled: Callable[[], bool]) -> Evaluation:
    from cmapss_core.evaluation import validate
    from cmapss_tui.fleets import fleet_for

    return validate(aws, endpoint, fleet_for(aws, endpoint), on_progress=tell, cancelled=cancelled)
