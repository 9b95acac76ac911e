"""An operation in hand: how far each of its steps is, told to whoever listens and to the journal."""

from __future__ import annotations

from collections.abc import Callable

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError
from cmapss_core.plans.journal import OperationLog
from cmapss_core.plans.plan import Call, Plan, Proof, Step
from cmapss_core.plans.running.history import event_line
from cmapss_core.plans.running.looking import Answer, Look, judged, read_back
from cmapss_core.plans.running.operations import OperationRecord, StepEvent, StepState
from cmapss_core.plans.running.patience import Patience


class Hand:
    """One operation while this process has it in hand. `record` is kept as the journal will be read."""

    def __init__(
        self,
        aws: Aws,
        plan: Plan,
        log: OperationLog,
        record: OperationRecord,
        patience: Patience,
        on_event: Callable[[StepEvent], None],
    ) -> None:
        self.aws = aws
        self.plan = plan
        self.log = log
        self.record = record
        self.patience = patience
        self._on_event = on_event
        self._settled: tuple[Call, Answer] | None = None

    def tell(
        self,
        step: Step,
        state: StepState,
        message: str,
        *,
        error: ConsoleError | None = None,
        seconds_left: float | None = None,
        acted: bool | None = None,
        written: bool = True,
    ) -> None:
        """Say what happens to a step; what must survive a crash is written first. Raises JournalError."""
        event = StepEvent(
            plan_id=self.plan.id,
            n=step.n,
            state=state,
            message=message,
            at=self.aws.clock.now(),
            error=error,
            seconds_left=seconds_left,
        )
        if written:
            self.log.write(state, event.at, **event_line(event, acted=acted))
            self.record = self.record.after(event, acted=acted)
        self._on_event(event)

    def look(self, proof: Proof, *, asked: bool = True, settled: bool = False) -> Look:
        """Read back once. Raises ConsoleError.

        One answer tells of all `settled` steps in a row that are read back alike: nothing was done in between.
        """
        known = self._settled
        answer = known[1] if settled and known and known[0] == proof.call else read_back(self.aws, proof)
        self._settled = (proof.call, answer) if settled else None
        return judged(proof, self.plan.target, answer, asked=asked)


class Countdown:
    """How long a step is likely to take yet: what it usually takes, less what it has taken since it began."""

    def __init__(self, aws: Aws, usual_seconds: float | None) -> None:
        self._aws = aws
        self._usual_seconds = usual_seconds
        self._began = aws.clock.now()

    def seconds_left(self) -> float | None:
        """Region seconds, 0 where it takes longer than usual; None where nothing is known."""
        if self._usual_seconds is None:
            return None
        return max(0.0, self._usual_seconds - (self._aws.clock.now() - self._began).total_seconds())
