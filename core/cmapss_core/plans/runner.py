"""Carries plans out, takes them up again and takes them back, and is the only place that changes AWS.

Each step is looked at, acted on and read back, and written down before and after. What is so already is skipped and
never undone; what was written down as "acting" is this operation's own, also when nobody knows whether the call was
made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal, JournalError
from cmapss_core.plans.plan import DELETE, Place, Plan, Step
from cmapss_core.plans.running.attempts import CONSISTENCY_SECONDS, Attempt
from cmapss_core.plans.running.estimates import usual, usual_to_undo
from cmapss_core.plans.running.hand import Countdown, Hand
from cmapss_core.plans.running.history import ENDED, RESUMED, ROLLING_BACK
from cmapss_core.plans.running.last_words import last_words
from cmapss_core.plans.running.looking import ChangedError, ProofError, Sight
from cmapss_core.plans.running.operations import OperationRecord, OperationStatus, Outcome, StepEvent, StepState
from cmapss_core.plans.running.patience import CancelledError, Patience
from cmapss_core.plans.running.rollback import undo_steps

__all__ = ["Outcome", "StepEvent", "StepState", "resume", "roll_back", "run"]

MIN_POLL_SECONDS, MAX_POLL_SECONDS = 0.25, 10.0

OnEvent = Callable[[StepEvent], None]
Cancelled = Callable[[], bool]


def _unheard(event: StepEvent) -> None:
    pass


def _never() -> bool:
    return False


def run(
    aws: Aws,
    plan: Plan,
    journal: Journal,
    *,
    on_event: OnEvent = _unheard,
    cancelled: Cancelled = _never,
    wait: bool = True,
) -> Outcome:
    """Carry out the steps in order and stop at the first that fails. Raises ConsoleError only before anything began.

    Without `wait` it stops, open, before the first step that only waits. A plan that was begun before goes on where
    it stopped.
    """
    with aws.changing(plan.id):
        usual_seconds = usual(journal, plan)
        log, record = journal.begin(plan, aws.clock.now())
        hand = Hand(aws, plan, log, record, _patience(aws, cancelled), on_event)
        return _settled(hand, journal, _ended(hand, lambda: _go_on(hand, usual_seconds, wait)))


def resume(
    aws: Aws,
    operation_id: str,
    journal: Journal,
    *,
    on_event: OnEvent = _unheard,
    cancelled: Cancelled = _never,
) -> Outcome:
    """Go on where the journal says that an operation stopped. Raises ConsoleError only before anything is done.

    Each step is looked at again. What is done stays done, unless somebody has removed it, then it is made again; what
    somebody has changed is a conflict, and is left as they made it. What a later step has taken further is not looked
    at. An operation that is done is done.
    """
    with aws.changing(operation_id):
        record = journal.read(operation_id)
        status = record.operation.status
        if status == "done":
            return Outcome("done")
        if status in ("failed", "rolled_back"):
            raise _refusal(f"{operation_id} is {status.replace('_', ' ')}", "Make a new plan.")
        if record.rolling_back:
            raise _half_rolled_back(record)
        patience = _patience(aws, cancelled)
        _require_place(aws, record, patience)
        usual_seconds = usual(journal, record.plan)
        log, record = journal.reopen(record, RESUMED, aws.clock.now())
        hand = Hand(aws, record.plan, log, record, patience, on_event)
        return _settled(hand, journal, _ended(hand, lambda: _go_on(hand, usual_seconds, wait=True)))


def roll_back(
    aws: Aws,
    operation_id: str,
    journal: Journal,
    *,
    on_event: OnEvent = _unheard,
    cancelled: Cancelled = _never,
) -> Outcome:
    """Undo what an operation did, newest first. Raises ConsoleError only before anything is done.

    A deletion is undone by making what it deleted again, also when all of it was done. What was there before stays,
    and so does what somebody else has changed since. Interrupted, or denied, it stays open and can be called again.
    """
    with aws.changing(operation_id):
        record = journal.read(operation_id)
        if record.operation.status == "rolled_back":
            return Outcome("rolled_back", left=record.left)
        patience = _patience(aws, cancelled)
        _require_place(aws, record, patience)
        usual_seconds = usual_to_undo(journal, record.plan)
        log, record = journal.reopen(record, ROLLING_BACK, aws.clock.now())
        hand = Hand(aws, record.plan, log, record, patience, on_event)
        return _ended(hand, lambda: _take_back(hand, usual_seconds))


def _go_on(hand: Hand, usual_seconds: Mapping[int, float], wait: bool) -> Outcome:
    if hand.record.rolling_back:
        raise _half_rolled_back(hand.record)
    for step in hand.plan.steps:
        if step.call is None and not wait:
            return Outcome("open")
        try:
            _carry_out(hand, step, usual_seconds.get(step.n))
        except JournalError:
            raise
        except ConsoleError as error:
            words: tuple[str, ...] = ()
            if step.log_group is not None and isinstance(error, ProofError):
                words = last_words(hand.aws, step.log_group, hand.record.operation.started)
            return Outcome("open" if _is_passing(error) else "failed", error, hand.record.left, words)
    return Outcome("done")


def _carry_out(hand: Hand, step: Step, usual_seconds: float | None) -> None:
    """One step: look, act, read back. Raises ConsoleError, once it is written down, and CancelledError."""
    countdown = Countdown(hand.aws, usual_seconds)
    before = hand.record.states.get(step.n)
    settled = before if before in ("done", "skipped") else None

    def say(state: StepState, message: str, *, error: ConsoleError | None = None, written: bool = False) -> None:
        hand.tell(step, state, message, error=error, seconds_left=countdown.seconds_left(), written=written)

    hand.patience.heed()
    say("started", step.title, written=settled is None)
    attempt = Attempt(hand, step, say, sent_before=step.n in hand.record.acted)
    try:
        if settled is not None and _is_superseded(hand.record, step):
            say(settled, step.detail)
        elif _holds(attempt, settled):
            state: StepState = "done" if step.call is None or attempt.effect else "skipped"
            say(state, step.detail if state == "done" else "already so", written=state != settled)
        else:
            if step.call is not None:
                attempt.act("acting")
            attempt.prove()
            if attempt.made_by_others:
                hand.tell(step, "skipped", "already so", acted=False)
            else:
                say("done", step.detail, written=True)
    except JournalError:
        raise
    except ConsoleError as error:
        hand.tell(step, "failed", error.message, error=error, acted=attempt.effect if step.call else None)
        raise


def _holds(attempt: Attempt, settled: StepState | None) -> bool:
    """Whether nothing is to be done. Raises ConsoleError where somebody else has changed what was done."""
    seen = attempt.first_look(settled=settled is not None)
    if attempt.effect and settled is None and not seen.holds:
        seen = attempt.settled(attempt.hand.record.last_told_at(attempt.step.n, forward=True), early=True)
    if seen.holds or settled != "done" or seen.sight is Sight.ABSENT or attempt.step.call is None:
        return seen.holds
    # It was so. Either AWS shows an older state for a moment, or it is as somebody else wants it.
    try:
        attempt.prove_within(CONSISTENCY_SECONDS)
    except ProofError as error:
        raise ChangedError(
            ErrorKind.CONFLICT,
            f"{attempt.step.title} {attempt.step.detail}: somebody else has changed it since".replace(" :", ":"),
            remedy="Roll back what else was done, or make a new plan.",
            operation=error.operation,
        ) from error
    return True


def _is_superseded(record: OperationRecord, step: Step) -> bool:
    """Whether a later step has taken what this one did further: then it is not as this one left it."""
    return any(
        later.n > step.n and later.n in record.acted and later.proof.call == step.proof.call
        for later in record.plan.steps
    )


def _take_back(hand: Hand, usual_seconds: Mapping[int, float]) -> Outcome:
    try:
        undo_steps(hand, usual_seconds)
    except JournalError:
        raise
    except ConsoleError as error:
        return Outcome("open", error, hand.record.left)
    return Outcome("rolled_back", left=hand.record.left)


def _ended(hand: Hand, work: Callable[[], Outcome]) -> Outcome:
    """The outcome of some work on an operation, written down as its end; killed in between, it stays open."""
    try:
        try:
            outcome = work()
        except CancelledError:
            outcome = Outcome("interrupted", left=hand.record.left)
        hand.log.write(ENDED, hand.aws.clock.now(), status=_status(outcome, hand.record))
        return outcome
    except JournalError as error:
        return Outcome("open", error, hand.record.left)
    finally:
        hand.log.close()


def _settled(hand: Hand, journal: Journal, outcome: Outcome) -> Outcome:
    """The outcome; a deletion that is done leaves nothing to take up of what was left open on its target."""
    if hand.plan.intention == DELETE and outcome.status == "done":
        journal.settle(hand.plan.target, hand.plan.place, hand.aws.clock.now())
    return outcome


def _status(outcome: Outcome, record: OperationRecord) -> OperationStatus:
    if outcome.status == "interrupted":
        return "open"
    if outcome.status == "failed" and record.acted:
        return "open"  # it can be rolled back
    return outcome.status


def _is_passing(error: ConsoleError) -> bool:
    """Whether an error says nothing about the plan: with a connection, or new keys, it goes on."""
    return error.temporary or error.kind is ErrorKind.AUTH


def _require_place(aws: Aws, record: OperationRecord, patience: Patience) -> None:
    """Raises ConsoleError where the operation is of another account or region."""
    place = record.operation.place
    if place is None:
        return
    here: list[Place] = []
    patience.until(lambda: here.append(Place(aws.identity().account, aws.region)), 0.0)
    if here[-1] != place:
        raise _refusal(
            f"{record.operation.id} was begun in account {place.account}, {place.region}; "
            f"this is account {here[-1].account}, {here[-1].region}",
            "Name the other --profile or --region.",
        )


def _half_rolled_back(record: OperationRecord) -> ConsoleError:
    operation_id = record.operation.id
    return _refusal(
        f"{operation_id} is rolled back in part",
        f"Go on with that: cmapss-console operations rollback {operation_id}",
    )


def _refusal(message: str, remedy: str) -> ConsoleError:
    return ConsoleError(ErrorKind.CONFLICT, message, remedy=remedy)


def _patience(aws: Aws, cancelled: Cancelled) -> Patience:
    return Patience(aws, cancelled, MIN_POLL_SECONDS, MAX_POLL_SECONDS)
