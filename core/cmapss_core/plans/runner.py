"""Carries a plan out, and is the only place that changes AWS: look, act, read back, and write it down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal, OperationLog
from cmapss_core.plans.operations import Outcome, StepEvent, StepState
from cmapss_core.plans.plan import Plan, Proof, Step

__all__ = ["Outcome", "StepEvent", "StepState", "resume", "roll_back", "run"]

POLL_REGION_SECONDS = 10.0  # AWS throttled a DescribeEndpoint every five seconds
MIN_POLL_SECONDS, MAX_POLL_SECONDS = 0.25, 10.0

_TRANSIENT = frozenset({ErrorKind.THROTTLED, ErrorKind.UNREACHABLE})


class _CancelledError(Exception):
    pass


class _Sight(Enum):
    HOLDS = "holds"
    NOT_YET = "not yet"
    ABSENT = "absent"


def run(
    aws: Aws,
    plan: Plan,
    journal: Journal,
    *,
    on_event: Callable[[StepEvent], None] = lambda event: None,
    cancelled: Callable[[], bool] = lambda: False,
    wait: bool = True,
) -> Outcome:
    """Carry out the steps in order and stop at the first that fails. Raises ConsoleError only before anything began.

    Without `wait` it stops, open, before the first step that only waits.
    """
    with aws.changing(plan.id):
        log = journal.begin(plan, aws.clock.now())
        outcome = Outcome("failed")
        try:
            outcome = _Run(aws, plan, log, on_event, cancelled).steps(wait)
        finally:
            status = "open" if outcome.status == "interrupted" else outcome.status
            log.write("ended", aws.clock.now(), status=status)
            log.close()
        return outcome


def resume(
    aws: Aws,
    operation_id: str,
    journal: Journal,
    *,
    on_event: Callable[[StepEvent], None] = lambda event: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Go on where the journal says that it stopped. Raises ConsoleError only before anything is done."""
    record = journal.read(operation_id)
    return run(aws, record.plan, journal, on_event=on_event, cancelled=cancelled)


def roll_back(
    aws: Aws,
    operation_id: str,
    journal: Journal,
    *,
    on_event: Callable[[StepEvent], None] = lambda event: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Undo what the operation did, newest first. Raises ConsoleError only before anything is done."""
    record = journal.read(operation_id)
    raise ConsoleError(ErrorKind.REFUSED, f"{record.operation.id} cannot be rolled back")


class _Run:
    """One run of one plan."""

    def __init__(
        self,
        aws: Aws,
        plan: Plan,
        log: OperationLog,
        on_event: Callable[[StepEvent], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self.aws = aws
        self.plan = plan
        self.log = log
        self.on_event = on_event
        self.cancelled = cancelled
        self.done: list[Step] = []

    def steps(self, wait: bool) -> Outcome:
        for step in self.plan.steps:
            if step.call is None and not wait:
                return Outcome("open")
            try:
                self.step(step)
            except _CancelledError:
                return Outcome("interrupted")
            except ConsoleError as error:
                self.tell(step, "failed", error.message, error)
                begun = [*self.done, step] if error.kind is ErrorKind.FAILED else self.done
                left = tuple(f"{made.title.removeprefix('create ')} {made.detail}" for made in begun if made.undo)
                return Outcome("failed", error, left)
            self.done.append(step)
        return Outcome("done")

    def step(self, step: Step) -> None:
        self.tell(step, "started", step.title)
        if self.look(step.proof) is _Sight.HOLDS:
            self.tell(step, "skipped" if step.call else "done", "already so" if step.call else step.detail)
            return
        began = self.aws.clock.now()
        if step.call is not None:
            self.until(step, began, self.actor(step))
        self.until(step, began, lambda: self.look(step.proof) is _Sight.HOLDS)
        self.tell(step, "done", step.detail)

    def actor(self, step: Step) -> Callable[[], bool]:
        """Act; after an attempt whose answer was lost, look first, since it may have worked."""
        attempts = 0

        def attempt() -> bool:
            nonlocal attempts
            attempts += 1
            return (attempts > 1 and self.look(step.proof) is _Sight.HOLDS) or self.act(step)

        return attempt

    def act(self, step: Step) -> bool:
        """Make the call; False when AWS asks to come back later."""
        assert step.call is not None
        try:
            self.aws.call(step.call.service, step.call.operation, **step.call.parameters)
        except ConsoleError as error:
            if step.proof.gone and error.kind is ErrorKind.NOT_FOUND:
                return True
            busy = error.code == "ConcurrentUpdateException" or "in-progress" in error.message
            if error.kind is ErrorKind.CONFLICT and busy:
                return False
            # botocore repeats a call whose answer was lost, and what the first one did is in the second one's way.
            done_before = error.kind in (ErrorKind.CONFLICT, ErrorKind.NOT_FOUND)
            if done_before and self.look(step.proof) is _Sight.HOLDS:
                return True
            raise
        return True

    def look(self, proof: Proof) -> _Sight:
        """Read back. Raises ConsoleError when what is read says that it failed, or cannot be read."""
        import jmespath

        try:
            answer = self.aws.call(proof.call.service, proof.call.operation, **proof.call.parameters)
        except ConsoleError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return _Sight.HOLDS if proof.gone or proof.or_gone else _Sight.ABSENT
            raise
        for path, bad in proof.failed.items():
            if (found := jmespath.search(path, answer)) in bad:
                reason = jmespath.search(proof.reason, answer) if proof.reason else None
                raise ConsoleError(
                    ErrorKind.FAILED,
                    f"{self.plan.target} is {found}: {reason or 'AWS gives no reason'}",
                    operation=proof.call.name,
                )
        if proof.gone:
            return _Sight.NOT_YET
        shows = all(jmespath.search(path, answer) in good for path, good in proof.shows.items())
        return _Sight.HOLDS if shows else _Sight.NOT_YET

    def until(self, step: Step, began: datetime, holds: Callable[[], bool]) -> None:
        """Try until it holds, at a measured pace and with a bound in region time. Raises ConsoleError."""
        pause = threading.Event()
        while True:
            trouble: ConsoleError | None = None
            try:
                if holds():
                    return
            except ConsoleError as error:
                if error.kind not in _TRANSIENT:
                    raise
                trouble = error
            waited = (self.aws.clock.now() - began).total_seconds()
            if waited > step.proof.patience_seconds:
                raise trouble or ConsoleError(
                    ErrorKind.FAILED,
                    f"{step.title}: still not so after {waited / 60:.0f} minutes",
                    operation=step.proof.call.name,
                )
            if self.cancelled():
                raise _CancelledError
            self.tell(step, "waiting", trouble.message if trouble else step.detail, trouble)
            seconds = POLL_REGION_SECONDS / self.aws.clock.speed
            pause.wait(min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, seconds)))
            if self.cancelled():
                raise _CancelledError

    def tell(self, step: Step, state: StepState, message: str, error: ConsoleError | None = None) -> None:
        now = self.aws.clock.now()
        if state != "waiting":
            details: dict[str, Any] = {"n": step.n, "message": message}
            if error is not None:
                details["request_id"] = error.request_id
            self.log.write(state, now, **details)
        self.on_event(StepEvent(plan_id=self.plan.id, n=step.n, state=state, message=message, at=now, error=error))
