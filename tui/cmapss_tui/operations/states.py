"""How an operation stands, whether this console carries it out or the journal tells of it, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_core.plans.running.operations import OVER
from cmapss_tui import theme
from cmapss_tui.operations.journal import remaining_steps, status_words, undoable_steps
from cmapss_tui.widgets.plan_view import PASSED_OVER, PENDING, StepProgress, after, at_rest

if TYPE_CHECKING:
    from cmapss_core.errors import ConsoleError
    from cmapss_core.plans.plan import Plan, Step
    from cmapss_core.plans.running.operations import OperationRecord
    from cmapss_tui.operations.running import RunningOperation

_TAKEN_BACK = ("undone", "kept")
_STYLES: Mapping[str, str] = {
    "running": theme.BUSY,
    "open": theme.WARN,
    "interrupted": theme.WARN,
    "done": theme.GOOD,
    "rolled_back": theme.QUIET,
    "failed": theme.BAD,
}


def status_content(status: str, *, bold: bool = False) -> Content:
    """The status of an operation in glyph, words and colour."""
    return Content.styled(status_words(status), f"{'bold ' if bold else ''}{_STYLES[status]}")


@dataclass(frozen=True, slots=True)
class OperationState:
    """How an operation stands. `here`: this console has it in hand, or had.

    `acted` are the steps that may have changed something and are not undone; `rolling_back`: some of it is undone.
    `gone`: AWS says that there is no such endpoint any more.
    """

    plan: Plan
    status: str
    progress: Mapping[int, StepProgress]
    here: bool = False
    error: ConsoleError | None = None
    left: tuple[str, ...] = ()
    log_lines: tuple[str, ...] = ()
    acted: frozenset[int] = frozenset()
    rolling_back: bool = False
    gone: bool = False

    @property
    def steps_done(self) -> int:
        """How many steps are as they should be."""
        return sum(progress.state in OVER for progress in self.progress.values())

    @property
    def last_told(self) -> datetime | None:
        """The region's time when something was last told of it."""
        return max((at for one in self.progress.values() for at in (one.since, one.until) if at), default=None)

    @property
    def can_be_stopped(self) -> bool:
        """Whether it can be told to stop."""
        return self.here and self.status == "running"

    @property
    def can_be_resumed(self) -> bool:
        """Whether it can go on where it stopped."""
        return self._unfinished and not self.rolling_back

    @property
    def can_be_rolled_back(self) -> bool:
        """Whether what it did can be undone; so it can where all of it was done, and what it changed is there."""
        there = not self.gone or self.plan.intention in ("deploy", "delete")
        return self._unfinished or (self.status == "done" and bool(self.acted) and there)

    @property
    def absence(self) -> str:
        """That the endpoint is gone, where that is not what the operation was for."""
        expected = self.plan.intention == "delete" or self.status == "rolled_back"
        return f"{self.plan.target} does not exist any more." if self.gone and not expected else ""

    @property
    def _unfinished(self) -> bool:
        return self.status in ("open", "interrupted") or (self.status == "failed" and bool(self.acted))

    @property
    def to_do(self) -> Sequence[Step]:
        """The steps that resuming it goes on with."""
        return remaining_steps(self.plan, {n: progress.state for n, progress in self.progress.items()})

    @property
    def to_undo(self) -> Sequence[Step]:
        """The steps that rolling it back undoes, in that order."""
        return undoable_steps(self.plan, self.acted)

    @property
    def for_good(self) -> Sequence[Step]:
        """The steps that deleted something, which rolling it back does not bring again."""
        deleted = (step for step in self.plan.steps if step.n in self.acted and step.call and step.undo is None)
        return [step for step in deleted if step.call is not None and step.call.operation.startswith("Delete")]


def state_of_running(operation: RunningOperation) -> OperationState:
    """How an operation stands that this console carries out, or has carried out."""
    ended = operation.result
    outcome = ended.outcome if ended is not None else None
    record = ended.record if ended is not None else None
    rolling_back = record.rolling_back if record is not None else _goes_back(operation.progress)
    return OperationState(
        plan=operation.plan,
        status=operation.status,
        progress=_stands(operation.plan, operation.progress, operation.status, rolling_back=rolling_back),
        here=True,
        error=operation.error or (outcome.error if outcome else None),
        left=outcome.left if outcome else (),
        log_lines=outcome.log_lines if outcome else (),
        acted=record.acted if record is not None else frozenset(),
        rolling_back=rolling_back,
    )


def state_of_record(record: OperationRecord) -> OperationState:
    """How an operation stands as far as the journal knows."""
    progress: dict[int, StepProgress] = {}
    for event in record.events:
        progress[event.n] = after(progress.get(event.n, PENDING), event)
    return OperationState(
        plan=record.plan,
        status=record.operation.status,
        progress=_stands(record.plan, progress, record.operation.status, rolling_back=record.rolling_back),
        error=next((event.error for event in reversed(record.events) if event.error is not None), None),
        left=record.left if record.operation.status != "done" else (),
        acted=record.acted,
        rolling_back=record.rolling_back,
    )


def _stands(
    plan: Plan, progress: Mapping[int, StepProgress], status: str, *, rolling_back: bool
) -> Mapping[int, StepProgress]:
    """The same, with nothing going on unless the operation runs, and nothing done where all of it is undone.

    On the way back it comes to no further step.
    """
    if status == "rolled_back":
        stands = {n: one for n, one in progress.items() if one.state in _TAKEN_BACK}
    else:
        stands = {n: one if status == "running" else at_rest(one) for n, one in progress.items()}
    if rolling_back or status == "rolled_back":
        return {step.n: PASSED_OVER for step in plan.steps} | stands
    return stands


def _goes_back(progress: Mapping[int, StepProgress]) -> bool:
    return any(one.state in ("undoing", *_TAKEN_BACK) for one in progress.values())
