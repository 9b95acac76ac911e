"""Making a call until its proof holds, whatever happens to calls and answers on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Call, Plan, Step
from cmapss_core.plans.references import resolved
from cmapss_core.plans.running.hand import Hand
from cmapss_core.plans.running.looking import Look, ProofError, Sight, deleted_by_others
from cmapss_core.plans.running.operations import TAKING_AWAY, StepState
from cmapss_core.plans.running.patience import NotYetError
from cmapss_core.plans.running.serialization import needs_hidden
from cmapss_core.plans.running.ways_out import with_way_out

# How long what was just made may be unknown to AWS's other services, and to itself, in region time.
CONSISTENCY_SECONDS = 60.0
# How late a call may still take effect, in region time: it may have been on its way when whoever made it was killed.
LATE_SECONDS = 60.0


class Attempt:
    """One step, forward or back, from the first look to the proof.

    `sent_before`: the call may have been made already, by this process or one that was killed. `effect` is whether
    it may have done anything. `waits_for_names`: a name that is taken is one that is about to be free.
    """

    def __init__(
        self, hand: Hand, step: Step, say: Callable[..., None], *, sent_before: bool, waits_for_names: bool = False
    ) -> None:
        self.hand = hand
        self.step = step
        self.say = say
        self.effect = sent_before
        self.made_by_others = False
        self._waits_for_names = waits_for_names
        self._tried = False
        self._unknown_since: datetime | None = None

    def first_look(self, *, settled: bool = False) -> Look:
        """How it is before anything is done; `settled`: nothing may be to do. Raises ConsoleError, CancelledError."""
        seen: list[Look] = []
        self._until(lambda: seen.append(self.hand.look(self.step.proof, asked=self._asked, settled=settled)), 0.0)
        return seen[-1]

    def act(self, state: StepState) -> None:
        """Make the call, which is written down as `state` before. Raises ConsoleError, CancelledError."""
        call = self.step.call
        assert call is not None
        if needs_hidden(call):
            raise _hidden(self.step, undoing=state == "undoing")
        try:
            self._until(lambda: self._try(call, state), self.step.proof.patience_seconds)
        except ConsoleError as error:
            told = with_way_out(self.hand.aws, call, error)
            if told is error:
                raise
            raise told from error

    def prove(self) -> None:
        """Wait until it is so. Raises ConsoleError, CancelledError."""
        self.prove_within(self.step.proof.patience_seconds)

    def settled(self, called_at: datetime, *, early: bool) -> Look:
        """How it is once a call of that time cannot take effect any more, nor is unknown to AWS.

        `early`: it is enough that it is so at last. Raises ConsoleError, CancelledError.
        """
        over = called_at + timedelta(seconds=LATE_SECONDS)
        seen: list[Look] = []

        def still() -> str | None:
            ready = self.hand.aws.clock.now() >= over
            seen.append(self.hand.look(self.step.proof, asked=self._asked))
            return None if ready or (early and seen[-1].holds) else "an earlier call may still take effect"

        # It ends by itself: the clock comes to that time, be it told in jumps far beyond it.
        self._until(still, math.inf)
        return seen[-1]

    def prove_within(self, seconds: float) -> None:
        """Wait until it is so, for these region seconds. Raises ConsoleError, CancelledError."""
        proof = self.step.proof
        absent = 0

        def seen() -> str | None:
            nonlocal absent
            found = self.hand.look(proof)
            if found.holds:
                return None
            # What has just been made may be unknown for a moment: gone is what is gone twice.
            absent = absent + 1 if found.sight is Sight.ABSENT else 0
            if proof.must_exist and absent > 1:
                raise deleted_by_others(proof, self.hand.plan.target)
            return found.progress

        self._until(seen, seconds)

    @property
    def _asked(self) -> bool:
        """Whether what is there may be what has become of the call."""
        return self.step.call is None or (self.effect and not self._waits_for_names)

    def _try(self, call: Call, state: StepState) -> str | None:
        """Make the call once; what to wait for when AWS asks to come back later."""
        hand, proof = self.hand, self.step.proof
        # While it waited, a lost call may have taken effect, or somebody else may have changed what this is about.
        if self._tried and hand.look(proof, asked=self._asked).holds:
            return None
        self._tried = True
        with _body(call) as body:
            try:
                ready = resolved(hand.aws, call)
            except ConsoleError as error:
                return self._unknown_yet(error, made=error.kind is ErrorKind.NOT_FOUND)
            self.say(state, self.step.detail, written=True)
            try:
                hand.aws.call(ready.service, ready.operation, **ready.parameters, **body)
            except ConsoleError as error:
                self.effect = self.effect or error.ambiguous
                return self._refused(call, error)
        self.effect = True
        return None

    def _refused(self, call: Call, error: ConsoleError) -> str | None:
        """What a refusal comes to: that it is so all the same, that it is to be waited for, or the error."""
        if error.temporary:
            raise error
        if error.kind is ErrorKind.CONFLICT and (_is_busy(error) or self._waits_for_names):
            return error.message
        gone = error.kind is ErrorKind.NOT_FOUND and call.operation.startswith(TAKING_AWAY)
        if gone or (error.kind in (ErrorKind.CONFLICT, ErrorKind.NOT_FOUND) and self.hand.look(self.step.proof).holds):
            # Either a call before this one did it, whose answer was lost, or somebody else did it just now.
            self.made_by_others = not self.effect
            return None
        if error.kind is ErrorKind.CONFLICT and self.effect:
            return None  # it was this operation that made what is there: the proof will show it
        return self._unknown_yet(error, made=_names_what_was_made(error, self.hand.plan, self.step))

    def _unknown_yet(self, error: ConsoleError, *, made: bool) -> str:
        """Wait a moment where AWS does not know yet what an earlier step has made; else raise the error."""
        if not made or error.temporary:
            raise error
        now = self.hand.aws.clock.now()
        self._unknown_since = self._unknown_since or now
        if now - self._unknown_since > timedelta(seconds=CONSISTENCY_SECONDS):
            raise error
        return error.message

    def _until(self, attempt: Callable[[], str | None], seconds: float) -> None:
        def waiting(message: str, trouble: ConsoleError | None) -> None:
            self.say("waiting", message or self.step.detail, error=trouble)

        try:
            self.hand.patience.until(attempt, seconds, waiting)
        except NotYetError as error:
            raise still_not_so(self.step, error) from error


def still_not_so(step: Step, waited: NotYetError) -> ProofError:
    """The error of a step whose proof does not come to hold in time."""
    return ProofError(
        ErrorKind.FAILED,
        f"{step.title}: still not so after {waited.waited_seconds / 60:.0f} minutes",
        operation=step.proof.call.name,
    )


@contextmanager
def _body(call: Call) -> Iterator[dict[str, Any]]:
    """The content of the call's file as its Body, read while it is sent. Raises ConsoleError."""
    if call.file is None:
        yield {}
        return
    try:
        file = open(call.file, "rb")  # noqa: SIM115  # closed below; only opening it is to be caught
    except OSError as error:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"{call.file} cannot be read: {error.strerror}",
            remedy="Put it back and resume, or roll back.",
            operation=call.name,
        ) from error
    with file:
        yield {"Body": file}


def _is_busy(error: ConsoleError) -> bool:
    """Whether something else is changing the same thing just now."""
    return error.code == "ConcurrentUpdateException" or "in-progress" in error.message


def _names_what_was_made(error: ConsoleError, plan: Plan, step: Step) -> bool:
    """Whether a refusal is about something that another step of the plan makes."""
    if error.kind not in (ErrorKind.INVALID, ErrorKind.NOT_FOUND):
        return False
    message = error.message.lower()
    names = {
        value
        for other in plan.steps
        if other.call and other.proof.call != step.proof.call
        for name, value in other.call.parameters.items()
        if name.endswith("Name") and isinstance(value, str)
    }
    return any(name.lower() in message for name in names)


def _hidden(step: Step, *, undoing: bool) -> ConsoleError:
    return ConsoleError(
        ErrorKind.REFUSED,
        f"{step.title} {step.detail}: it takes values that the journal does not keep (Environment, Body)",
        remedy="Resume the operation instead."
        if undoing
        else "Roll the operation back instead, and make the plan again.",
    )
