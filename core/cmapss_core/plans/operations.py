"""What is said of an operation, which is a plan that was begun: what happens to its steps, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmapss_core.errors import ConsoleError
from cmapss_core.plans.plan import Place, Plan

StepState = Literal["started", "acting", "waiting", "done", "skipped", "failed", "undoing", "undone", "kept"]

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
class OperationRecord:
    """All that the journal knows of an operation. The values of its plan that may be secret are hidden."""

    operation: Operation
    plan: Plan
    states: Mapping[int, StepState]
    events: tuple[StepEvent, ...]
