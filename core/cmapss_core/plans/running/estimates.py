"""How long the steps of a plan are likely to take: what they took the last times, in region time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import median

from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan, Step
from cmapss_core.plans.running.operations import OperationRecord, StepState

# What a step took long ago, or once, says little; and a journal may have thousands of operations.
_OPERATIONS = 30
_RUNS = 9

_Kind = tuple[str, str]
_OVER = frozenset({"done", "skipped"})


def usual(journal: Journal, plan: Plan) -> dict[int, float]:
    """The region seconds that each step usually takes, by its number; without those of which nothing is known."""
    return _usual(_taken(journal, plan.intention, "started", "done"), {step.n: step for step in plan.steps})


def usual_to_undo(journal: Journal, plan: Plan) -> dict[int, float]:
    """The region seconds that undoing each step usually takes, by its number."""
    undos = {step.n: step.undo for step in plan.steps if step.undo is not None}
    return _usual(_taken(journal, plan.intention, "undoing", "undone"), undos)


def seconds_left(plan: Plan, usual_seconds: Mapping[int, float], states: Mapping[int, StepState]) -> float | None:
    """The region seconds that what is not done of a plan usually takes; None where nothing is known of it."""
    known = [
        usual_seconds[step.n]
        for step in plan.steps
        if step.n in usual_seconds and states.get(step.n, "started") not in _OVER
    ]
    return sum(known) if known else None


def _usual(taken: Mapping[_Kind, list[float]], steps: Mapping[int, Step]) -> dict[int, float]:
    found = {
        n: median(known) if (known := taken.get(_kind(step), ())) else step.usual_seconds for n, step in steps.items()
    }
    return {n: seconds for n, seconds in found.items() if seconds is not None}


def _taken(journal: Journal, intention: str, first: StepState, last: StepState) -> Mapping[_Kind, list[float]]:
    taken: dict[_Kind, list[float]] = defaultdict(list)
    for record in journal.newest(intention, _OPERATIONS):
        for step, seconds in _durations(record, first, last):
            if len(taken[_kind(step)]) < _RUNS:
                taken[_kind(step)].append(seconds)
    return taken


def _durations(record: OperationRecord, first: StepState, last: StepState) -> Iterator[tuple[Step, float]]:
    """What each step took that was begun once and ended: one that was taken up again stood still in between.

    Nor is a wait whole with which an operation was taken up: what is waited for began before.
    """
    for step in record.plan.steps:
        if step.call is None and step.n in record.taken_up:
            continue
        of = step if first == "started" else step.undo
        begun = [event.at for event in record.events if event.n == step.n and event.state == first]
        ended = [event.at for event in record.events if event.n == step.n and event.state == last]
        if of is not None and len(begun) == 1 and ended:
            yield of, (ended[0] - begun[0]).total_seconds()


def _kind(step: Step) -> _Kind:
    return step.title, step.call.operation if step.call else ""
