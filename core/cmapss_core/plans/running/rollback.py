"""Taking back what an operation did, the newest first, and nothing else: what is somebody else's by now stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cmapss_core.belongings import users_of_models
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import JournalError
from cmapss_core.plans.plan import Step
from cmapss_core.plans.running.attempts import Attempt
from cmapss_core.plans.running.hand import Countdown, Hand
from cmapss_core.plans.running.looking import ChangedError
from cmapss_core.plans.running.operations import TAKING_AWAY, StepState


def undo_steps(hand: Hand, usual: Mapping[int, float]) -> None:
    """Undo every step that may have changed something. Raises ConsoleError at the first that cannot be undone now."""
    for step in reversed(hand.plan.steps):
        if step.n in hand.record.acted:
            _undo(hand, step, usual.get(step.n))
        elif hand.record.states.get(step.n) == "skipped" and step.call is not None:
            hand.tell(step, "kept", "it was so before")


def _undo(hand: Hand, step: Step, usual_seconds: float | None) -> None:
    if step.undo is None:
        hand.tell(step, "kept", "it cannot be undone")
        return
    undo = replace(step.undo, n=step.n)
    countdown = Countdown(hand.aws, usual_seconds)

    def say(state: StepState, message: str, *, error: ConsoleError | None = None, written: bool = False) -> None:
        shown: StepState = "undoing" if state == "waiting" else state
        hand.tell(undo, shown, message, error=error, seconds_left=countdown.seconds_left(), written=written)

    say("undoing", undo.title)
    sent_before = hand.record.states[step.n] == "undoing"
    try:
        if user := _needed_by(hand, undo):
            hand.tell(undo, "kept", f"endpoint config {user} needs it")
            return
        for way in step.way_back:
            way_back = replace(way, n=step.n)
            _carry_out(hand, step, Attempt(hand, way_back, say, sent_before=sent_before, waits_for_names=True))
    except ChangedError as error:
        hand.tell(undo, "kept", error.message)
    except JournalError:
        raise
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND and not (_took_away(step) and _deleted_the_endpoint(hand)):
            hand.tell(undo, "kept", f"what it belongs to is not there any more: {error.message}")
            return
        hand.tell(undo, "failed", error.message, error=error)
        raise
    else:
        hand.tell(undo, "undone", undo.detail)


def _needed_by(hand: Hand, undo: Step) -> str | None:
    """The endpoint config, made by another by now, that needs what the undo would take away."""
    if undo.spares is None:
        return None
    models, found = [undo.spares], dict[str, str]()
    hand.patience.until(lambda: found.update(users_of_models(hand.aws, models, passing_over=())), 0.0)
    return found.get(undo.spares)


def _carry_out(hand: Hand, step: Step, attempt: Attempt) -> None:
    seen = attempt.first_look()
    if seen.holds or hand.record.is_unanswered(step.n):
        # What the step did may not have happened yet, and would happen after it was undone.
        seen = attempt.settled(hand.record.last_told_at(step.n, forward=True), early=False)
    if not seen.holds and attempt.effect:
        seen = attempt.settled(hand.record.last_told_at(step.n, forward=False), early=True)
    if seen.holds:
        return
    if attempt.step.call is not None:
        attempt.act("undoing")
    attempt.prove()


def _deleted_the_endpoint(hand: Hand) -> bool:
    """Whether the endpoint is what this operation deleted, so that it is made again before what belongs to it."""
    return any(
        step.call is not None and step.call.operation == "DeleteEndpoint" and step.n in hand.record.acted
        for step in hand.plan.steps
    )


def _took_away(step: Step) -> bool:
    """Whether undoing the step makes again what it deleted, so that what is missing then is what that depends on."""
    return step.call is not None and step.call.operation.startswith(TAKING_AWAY)
