"""A plan as an operator reads it: what it costs, its steps and how far each is, what undoes them, what to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_core.errors import ConsoleError
from cmapss_tui import formats, theme
from cmapss_tui.narration import check_words, range_words, sorted_checks, undo_words
from cmapss_tui.remedies import line_in_console
from cmapss_tui.widgets.panel import Lines, bar, columns

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan, Step
    from cmapss_core.plans.running.operations import StepEvent

_CHECK_LOOKS = {True: ("✓", theme.GOOD), None: ("⚠", theme.WARN), False: ("✕", theme.BAD)}
_STEP_LOOKS: dict[str, tuple[str, str]] = {
    "pending": ("○", theme.QUIET),
    "passed over": ("○", theme.QUIET),
    "started": ("◐", theme.BUSY),
    "acting": ("◐", theme.BUSY),
    "waiting": ("◐", theme.BUSY),
    "done": ("●", theme.GOOD),
    "skipped": ("●", theme.QUIET),
    "interrupted": ("‖", theme.WARN),
    "failed": ("✕", theme.BAD),
    "undoing": ("◌", theme.WARN),
    "undone": ("○", theme.QUIET),
    "kept": ("●", theme.WARN),
}
_ENDED = {"done", "skipped", "failed", "undone", "kept"}  # states that a step stays in
_DOING = {"started": "running", "acting": "running", "waiting": "waiting", "undoing": "undoing"}
INTERRUPTED = "interrupted"  # in the middle of a step
_BAR_WIDTH, _BRIEF_BAR_WIDTH = 12, 6
_WIDEST_STATE, _WIDEST_BRIEF_STATE = _BAR_WIDTH + 25, _BRIEF_BAR_WIDTH + 18  # with both times, or what is left
_WIDE = 100


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How far a step is: a state of the runner's events, "pending", "passed over" or "interrupted".

    Times are the region's; `expected` is when it is likely to be over.
    """

    state: str = "pending"
    since: datetime | None = None
    until: datetime | None = None
    expected: datetime | None = None
    message: str = ""
    error: ConsoleError | None = None


PENDING = StepProgress()
PASSED_OVER = StepProgress("passed over")  # a step that the operation does not come to any more


def at_rest(progress: StepProgress) -> StepProgress:
    """How far a step is of an operation that nobody has in hand."""
    return replace(progress, state=INTERRUPTED, error=None) if progress.state in _DOING else progress


def after(progress: StepProgress, event: StepEvent) -> StepProgress:
    """How far a step is after an event."""
    begins = event.state == "started" or (event.state == "undoing" and progress.state != "undoing")
    expected = None if begins else progress.expected  # what is overdue is expected no later
    return StepProgress(
        event.state,
        since=event.at if begins or progress.since is None else progress.since,
        until=event.at if event.state in _ENDED else None,
        expected=expected if event.seconds_left is None else event.at + timedelta(seconds=event.seconds_left),
        message=event.message,
        error=event.error,
    )


class PlanView(Lines):
    """A plan before it is carried out."""

    def show(self, plan: Plan) -> None:
        """Show its steps, and what there is to know of them."""
        self.write(lambda width: [*step_lines(plan, width), Content(""), *check_lines(plan, width)])

    def show_text(self, text: str, style: str = theme.QUIET) -> None:
        """Say why there is no plan to be shown."""
        self.write(lambda width: paragraph(text, width, style))


class ProgressView(Lines):
    """A plan while it is carried out."""

    def show(self, plan: Plan, progress: Mapping[int, StepProgress], now: datetime) -> None:
        """Show how far each step is at `now`, the region's time."""
        self.write(lambda width: list(steps_progress(plan.steps, progress, now, width)))


def cost_line(plan: Plan) -> Content:
    """What runs an hour before and after, what the latter comes to in a month, and what scaling makes of it."""
    before, after = plan.hourly_cost_usd_before, plan.hourly_cost_usd_after
    return Content.assemble(
        formats.hourly_cost(before),
        (" → ", theme.QUIET),
        (formats.hourly_cost(after), "bold"),
        (f"   ({formats.monthly_cost(after)}){range_words(plan)}", theme.QUIET),
    )


def step_lines(plan: Plan, width: int) -> Iterator[Content]:
    """A line for each step: number, title, what it acts on, and where there is room for it how it is undone."""
    undone = width >= _WIDE and any(step.undo for step in plan.steps)
    title_width = max(len(step.title) for step in plan.steps)
    widths = [2, title_width, width - 2 - title_width - 4]
    if undone:
        undo_width = max(len(undo_words(step)) for step in plan.steps)
        widths[2] -= undo_width + 2
        widths.append(undo_width)
    details = distinctly_elided([step.detail for step in plan.steps], max(widths[2], 1))
    for step, detail in zip(plan.steps, details, strict=True):
        cells: list[Content | str] = [
            Content.styled(str(step.n), theme.ACCENT),
            step.title,
            Content.styled(detail, "bold"),
        ]
        if undone:
            cells.append(Content.styled(undo_words(step), theme.QUIET))
        yield columns(cells, widths, right=(0,))


def check_lines(plan: Plan, width: int) -> Iterator[Content]:
    """What pre-flight found and what else there is to know, each from its glyph on as many lines as it takes."""
    if plan.protected:
        yield from _marked(*_CHECK_LOOKS[None], f"protected: {plan.protected}", width)
    for check in sorted_checks(plan):
        yield from _marked(*_CHECK_LOOKS[check.ok], check_words(check), width)
    for note in plan.notes:
        yield from _marked("·", theme.QUIET, note, width)


def steps_progress(
    steps: Sequence[Step], progress: Mapping[int, StepProgress], now: datetime, width: int
) -> Iterator[Content]:
    """Steps and their states, in columns; a failed one says below what AWS answered and what can be done."""
    stands = [progress.get(step.n, PENDING) for step in steps]
    looks = [_STEP_LOOKS[one.state] for one in stands]
    states = [
        _state(step, one, now, style, brief=width < _WIDE)
        for step, one, (_, style) in zip(steps, stands, looks, strict=True)
    ]
    titles = [
        f"{step.n} {step.undo.title if one.state == 'undoing' and step.undo is not None else step.title}"
        for step, one in zip(steps, stands, strict=True)
    ]
    rest = width - 1 - 3 * 2  # the glyph, and what is between the columns
    title_width = min(max(map(len, titles), default=0), rest // 2)
    # Wide enough for a bar that may come, and no wider as it goes on: columns that jump are hard to read.
    room = rest - title_width
    widest = _WIDEST_STATE if width >= _WIDE else _WIDEST_BRIEF_STATE
    state_width = min(max(widest, *(state.cell_length for state in states)), max(_WIDEST_BRIEF_STATE, room - 20))
    detail_width = max(1, min(max(map(len, (step.detail for step in steps)), default=0), room - state_width))
    state_width = room - detail_width
    details = distinctly_elided([step.detail for step in steps], detail_width)
    for step, one, (glyph, style), title, detail, state in zip(
        steps, stands, looks, titles, details, states, strict=True
    ):
        quiet = theme.QUIET if one in (PENDING, PASSED_OVER) else ""
        # What is too long for its column has the room that its own state leaves.
        own_width = max(detail_width, room - state.cell_length)
        long = detail_width < len(step.detail) <= own_width
        yield columns(
            [
                Content.styled(glyph, style),
                Content.styled(title, quiet),
                Content.styled(step.detail if long else detail, quiet),
                state,
            ],
            [1, title_width, *((len(step.detail), room - len(step.detail)) if long else (detail_width, state_width))],
        )
        yield from _reason(one, width)


def _reason(progress: StepProgress, width: int) -> Iterator[Content]:
    error = progress.error
    why = progress.message if progress.state == "kept" else ""
    if error is not None:
        why = error.message if progress.state == "waiting" else line_in_console(error)
    for line in wrapped(why, width - 3) if why else ():
        yield Content.assemble("   ", (line, theme.BAD if progress.state == "failed" else theme.WARN))


def distinctly_elided(texts: Sequence[str], width: int) -> list[str]:
    """Each text within `width`; what is left out of a long one is where it does not differ from the others."""
    for share in (0.5, 0.3, 0.7, 0.1, 0.9):
        elided = [_elided(text, width, share) for text in texts]
        if len(set(elided)) == len(set(texts)):
            return elided
    return [_elided(text, width, 0.5) for text in texts]


def _elided(text: str, width: int, share: float) -> str:
    if len(text) <= width or width <= 1:
        return text[:width]
    head = int((width - 1) * share)
    return f"{text[:head]}{formats.ELLIPSIS}{text[len(text) - (width - 1 - head) :]}"


def wrapped(text: str, width: int) -> Sequence[str]:
    """Lines of at most `width` characters, broken between words."""
    from cmapss_tui import folding

    return folding.wrapped(text, width)


def paragraph(text: str, width: int, style: str = "") -> list[Content]:
    """The text in lines of at most `width` characters."""
    return [Content.styled(line, style) for line in wrapped(text, width)]


def _marked(glyph: str, style: str, text: str, width: int) -> Iterator[Content]:
    """A text behind its glyph, with the lines that follow below its beginning."""
    words = style if style in (theme.BAD, theme.QUIET) else ""
    for place, line in enumerate(wrapped(text, width - 2)):
        yield Content.assemble(("  " if place else f"{glyph} ", style), (line, words))


def _state(step: Step, progress: StepProgress, now: datetime, style: str, *, brief: bool) -> Content:
    """The state in words, with the time it took or has taken so far beside what it usually takes."""
    if progress == PASSED_OVER:
        return Content("")
    if progress == PENDING:
        usual = f"about {formats.duration(step.usual_seconds)}" if step.usual_seconds else ""
        return Content.styled(usual, theme.QUIET)
    if progress.state == "skipped":
        return Content.styled(progress.message or "already so", style)
    if progress.state in ("kept", INTERRUPTED):
        return Content.styled(progress.state, style)
    span = 0.0 if progress.since is None else ((progress.until or now) - progress.since).total_seconds()
    if progress.state in _ENDED:
        took = f" in {formats.duration(span)}" if span >= 1 else ""
        return Content.styled(f"{progress.state}{took}", style)
    so_far, bar_width = formats.duration(span), _BRIEF_BAR_WIDTH if brief else _BAR_WIDTH
    if progress.expected is not None:
        left = (progress.expected - now).total_seconds()
        until = f"about {formats.duration(left)} left" if left > 0 else "longer than usual"
        return Content.assemble(
            bar(span / (span + max(left, 1.0)), bar_width, style),
            ("" if brief else f" {so_far},", style),
            (f" {until}", style),
        )
    if step.usual_seconds is None:
        return Content.styled(f"{_DOING[progress.state]} {so_far}", style)
    return Content.assemble(
        bar(span / step.usual_seconds, bar_width, style),
        (f" {so_far}", style),
        ("" if brief else f" of about {formats.duration(step.usual_seconds)}", theme.QUIET),
    )
