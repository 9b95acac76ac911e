"""What is said of an operation, which is a plan that was begun: what happens to its steps, and how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Literal

from cmapss_core.errors import ConsoleError
from cmapss_core.plans.plan import Place, Plan, Step

StepState = Literal["started", "acting", "waiting", "done", "skipped", "failed", "undoing", "undone", "kept"]

OVER: frozenset[StepState] = frozenset({"done", "skipped"})  # states of steps that resuming passes by
BACKWARD = frozenset({"undoing", "undone", "kept"})
# Beginnings of the API's own names.
TAKING_AWAY = ("Delete", "Deregister")
_MAKING = ("create ", "put ", "register ", "upload ")

OperationStatus = Literal["running", "open", "done", "rolled_back", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """Something that happened to a step, for the screen, stderr and the journal. `at` is region time.

    "acting" is just before the call, "skipped" what was so before; "kept" was not taken back, its message says why.
    `seconds_left` is how long the step is likely to take yet, in region time.
    """

    plan_id: str
    n: int
    state: StepState
    message: str
    at: datetime
    error: ConsoleError | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How carrying out, resuming or rolling back ended.

    "open" and "interrupted": it can be resumed or rolled back; with an `error` where that is what is in the way.
    `left` names what the operation made and has not taken back, `log_lines` are the last words of the endpoint's
    containers, where it is they that failed.
    """

    status: Literal["done", "failed", "open", "interrupted", "rolled_back"]
    error: ConsoleError | None = None
    left: tuple[str, ...] = ()
    log_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A plan that was begun; `started` and `ended` are region time.

    "running" while a living process has it in hand, "open" when it can be resumed or rolled back, "failed" when
    nothing of it is left to resume or undo.
    """

    id: str
    intention: str
    target: str
    status: OperationStatus
    started: datetime
    ended: datetime | None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSummary:
    """An operation as a list has it, told without its plan being made again.

    `in_hand` are the stretches of region time in which some process had it in hand, each to the last that was heard.
    How many of how many steps are done is None where another version of the console wrote it.
    """

    operation: Operation
    in_hand: tuple[tuple[datetime, datetime], ...] = ()
    steps_done: int | None = None
    steps: int | None = None
    rolling_back: bool = False

    def seconds_in_hand(self, now: datetime) -> float:
        """Region seconds in all; what runs is in hand until `now`."""
        ends = [end for _, end in self.in_hand]
        if ends and self.operation.status == "running":
            ends[-1] = max(now, ends[-1])
        return sum((end - start).total_seconds() for (start, _), end in zip(self.in_hand, ends, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRecord:
    """All that the journal knows of an operation. The values of its plan that may be secret are hidden.

    `acted` are the steps that may have changed something and are not undone, `kept` those of them that cannot or must
    not be. `rolling_back`: some of it is undone, so that it can only be rolled back further. `taken_up` are the steps
    with which it was gone on with, each time that it was resumed.
    """

    operation: Operation
    plan: Plan
    states: Mapping[int, StepState]
    events: tuple[StepEvent, ...]
    acted: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    rolling_back: bool = False
    taken_up: frozenset[int] = frozenset()

    def after(self, event: StepEvent, *, acted: bool | None = None) -> OperationRecord:
        """What is known once this has happened too. `acted` False: it is certain that the step changed nothing."""
        n, state = event.n, event.state
        pending = self.acted | {n} if state == "acting" else self.acted
        return replace(
            self,
            states={**self.states, n: state},
            events=(*self.events, event),
            acted=pending - {n} if state in ("undone", "kept") or acted is False else pending,
            kept=self.kept | {n} if state == "kept" and n in self.acted else self.kept,
            rolling_back=self.rolling_back or state in BACKWARD,
        )

    @property
    def left(self) -> tuple[str, ...]:
        """What it made that is still there, by name; what it took away is not left."""
        return tuple(
            _name(step)
            for step in self.plan.steps
            if step.n in self.acted | self.kept and step.call and not step.call.operation.startswith(TAKING_AWAY)
        )

    def last_told_at(self, n: int, *, forward: bool) -> datetime:
        """When something last happened to a step beside its being looked at; or before it was begun to be undone."""
        last = self._last(n, forward=forward)
        return last.at if last else self.operation.started

    def is_unanswered(self, n: int) -> bool:
        """Whether a call that was to carry a step out may have been on its way when it was last heard of."""
        last = self._last(n, forward=True)
        return last is not None and (last.state == "acting" or (last.error is not None and last.error.ambiguous))

    def _last(self, n: int, *, forward: bool) -> StepEvent | None:
        told: Iterator[StepEvent] = (event for event in self.events if event.n == n and event.state != "started")
        if forward:
            told = takewhile(lambda event: event.state not in BACKWARD, told)
        last = deque(told, maxlen=1)
        return last[0] if last else None


def _name(step: Step) -> str:
    title = next((step.title.removeprefix(verb) for verb in _MAKING if step.title.startswith(verb)), step.title)
    return f"{title} {step.detail}".strip()
