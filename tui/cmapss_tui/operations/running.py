"""The operations that this console carries out itself: each goes on whether or not a screen shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App

from cmapss_core.errors import ConsoleError
from cmapss_tui import background
from cmapss_tui.hearing import HearingWork
from cmapss_tui.operations.journal import default_journal, status_words
from cmapss_tui.widgets.plan_view import PENDING, StepProgress, after

if TYPE_CHECKING:
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.running.operations import OperationRecord, Outcome, StepEvent
    from cmapss_tui.app import ConsoleApp

KIND = "operation"
Tell = Callable[["StepEvent"], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and what the journal knows of the operation since, where that can be read."""

    outcome: Outcome
    record: OperationRecord | None


class RunningOperation(HearingWork["StepEvent", Ended]):
    """One operation: begun, resumed or rolled back. `progress` is how far its steps are already."""

    def __init__(
        self,
        app: ConsoleApp,
        plan: Plan,
        work: Callable[[Journal, Tell, Cancelled], Outcome],
        title: str,
        progress: Mapping[int, StepProgress] | None = None,
    ) -> None:
        super().__init__(app, KIND, plan.id, partial(_worked, plan.id, work))
        self.plan = plan
        self.title = title
        self.progress = dict(progress or {})
        self._console = app

    def start(self) -> None:
        """Begin; from now on leaving the console asks first."""
        self._console.operation_started(self.plan.id, self.title)
        super().start()

    def received(self, event: StepEvent) -> None:
        """Note how far the event's step is."""
        super().received(event)
        self.progress[event.n] = after(self.progress.get(event.n, PENDING), event)

    def ended(self) -> None:
        """Leaving the console asks no more."""
        self._console.operation_ended(self.plan.id)
        super().ended()

    def is_answer(self, event: StepEvent) -> bool:
        """What is told of a step with an error may be that there was no answer."""
        return event.error is None

    @property
    def pause(self) -> float:
        """AWS is asked again no later than so many seconds after it was."""
        from cmapss_core.plans.runner import MAX_POLL_SECONDS, MIN_POLL_SECONDS
        from cmapss_core.plans.running.patience import POLL_REGION_SECONDS

        return min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, POLL_REGION_SECONDS / self._console.aws.clock.speed))

    @property
    def outcome(self) -> str:
        """How it ended, in a line."""
        return f"{status_words(self.status)}: {self.title}"

    @property
    def failed(self) -> bool:
        """Whether it went wrong."""
        return self.status == "failed"

    @property
    def status(self) -> str:
        """How it ended, "running" before that; "failed" also where it could not begin."""
        if self.running:
            return "running"
        return self.result.outcome.status if self.result is not None else "failed"


def find_operation(app: App[None], operation: str) -> RunningOperation | None:
    """The operation of that id where this console carries it out, or has done so."""
    found = background.find(app, KIND, operation)
    return found if isinstance(found, RunningOperation) else None


def begin(console: ConsoleApp, plan: Plan) -> RunningOperation:
    """Carry a plan out."""

    def work(journal: Journal, tell: Tell, cancelled: Cancelled) -> Outcome:
        from cmapss_core.plans.runner import run

        return run(console.aws, plan, journal, on_event=tell, cancelled=cancelled)

    return _started(RunningOperation(console, plan, work, f"{plan.intention} {plan.target}"))


def resume(console: ConsoleApp, plan: Plan, progress: Mapping[int, StepProgress]) -> RunningOperation:
    """Go on with an open operation."""

    def work(journal: Journal, tell: Tell, cancelled: Cancelled) -> Outcome:
        from cmapss_core.plans import runner

        return runner.resume(console.aws, plan.id, journal, on_event=tell, cancelled=cancelled)

    return _started(RunningOperation(console, plan, work, f"{plan.intention} {plan.target}", progress))


def roll_back(console: ConsoleApp, plan: Plan, progress: Mapping[int, StepProgress]) -> RunningOperation:
    """Undo what an operation has done."""

    def work(journal: Journal, tell: Tell, cancelled: Cancelled) -> Outcome:
        from cmapss_core.plans import runner

        return runner.roll_back(console.aws, plan.id, journal, on_event=tell, cancelled=cancelled)

    title = f"roll back {plan.intention} {plan.target}"
    return _started(RunningOperation(console, plan, work, title, progress))


def _worked(
    operation: str, work: Callable[[Journal, Tell, Cancelled], Outcome], tell: Tell, cancelled: Cancelled
) -> Ended:
    journal = default_journal()
    outcome = work(journal, tell, cancelled)
    try:
        return Ended(outcome, journal.read(operation))
    except ConsoleError:
        return Ended(outcome, None)


def _started(operation: RunningOperation) -> RunningOperation:
    operation.start()
    return operation
