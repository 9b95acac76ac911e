"""What the lines of an operation's journal come to: its state, and that of each of its steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict, cast, get_args

import msgspec

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Place, Plan
from cmapss_core.plans.running.operations import (
    BACKWARD,
    OVER,
    Operation,
    OperationRecord,
    OperationStatus,
    OperationSummary,
    StepEvent,
    StepState,
)
from cmapss_core.plans.running.serialization import plan_document, plan_from_document

FORMAT = 2
BEGUN, BEGUN_ANEW, RESUMED, ROLLING_BACK, ENDED = "begun", "begun anew", "resumed", "rolling back", "ended"

Line = Mapping[str, Any]

_START_ANEW = "See what is there with `cmapss-console endpoints`, and make a new plan."
_LATER = "Take it up with the later console that began it."
_ERROR_MEMBERS = ("remedy", "operation", "code", "request_id", "http_status", "repeated")
_STATES = frozenset(get_args(StepState))
_TAKEN_IN_HAND = frozenset({BEGUN, BEGUN_ANEW, RESUMED, ROLLING_BACK})


class _Outline(TypedDict, total=False):
    """What a list tells of a plan."""

    id: Any
    plan_id: Any  # as an earlier format has it
    intention: Any
    target: Any
    place: Any
    steps: list[msgspec.Raw]


class _Beginning(TypedDict, total=False):
    """The first line of a file."""

    event: Any
    at: Any
    format: Any
    plan: _Outline


# Nearly all of a file is the steps of its plan, which this passes over.
_BEGINNINGS = msgspec.json.Decoder(_Beginning)


def read_lines(path: Path) -> list[Line]:
    """The lines that were written whole. Raises OSError."""
    return list(_decoded(path.read_bytes().splitlines()))


def read_outline(path: Path) -> list[Line]:
    """The same, with no more of the plan than a list tells: its steps are counted, not decoded. Raises OSError."""
    return list(_outlined(path.read_bytes().splitlines()))


def begun_line(plan: Plan) -> dict[str, Any]:
    """What the first line has beside its event and time. Raises TypeError for a plan that is not data."""
    return {"format": FORMAT, "plan": plan_document(plan)}


def event_line(event: StepEvent, *, acted: bool | None = None) -> dict[str, Any]:
    """What a step's line has beside its state and time. `acted` False: nothing can have been changed."""
    line: dict[str, Any] = {"n": event.n, "message": event.message}
    if acted is not None:
        line["acted"] = acted
    if event.error is not None:
        line["error"] = {
            "kind": event.error.kind.value,
            "message": event.error.message,
            **{name: getattr(event.error, name) for name in _ERROR_MEMBERS},
        }
    return line


def _operation_of(lines: Sequence[Line], *, running: bool) -> Operation | None:
    """The operation that a file is of; None where it is of none."""
    try:
        return _operation(lines[0], lines[-1], running)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def summary_of(lines: Sequence[Line], *, running: bool) -> OperationSummary | None:
    """What a list says of the operation that a file is of; None where it is of none."""
    operation = _operation_of(lines, running=running)
    if operation is None:
        return None
    try:
        return _summary(operation, lines)
    except (AttributeError, KeyError, TypeError, ValueError):
        return OperationSummary(operation=operation)


def record_of(lines: Sequence[Line], *, running: bool) -> OperationRecord:
    """All that the lines say. Raises ConsoleError where the plan cannot be read."""
    operation = _operation_of(lines, running=running)
    if operation is None:
        raise ConsoleError(ErrorKind.INVALID, "that file is no journal of an operation")
    if (written := lines[0].get("format")) != FORMAT:
        later = isinstance(written, int) and written > FORMAT
        raise _unreadable(operation.id, "another version of the console wrote it", _LATER if later else _START_ANEW)
    try:
        plan = plan_from_document(lines[0]["plan"])
    except Exception as error:  # cattrs raises groups of whatever went wrong inside
        raise _unreadable(operation.id, "its plan is not one that this console knows") from error
    return _record(operation, plan, lines)


def _outlined(lines: Sequence[bytes]) -> Iterator[Line]:
    if not lines:
        return
    try:
        yield cast(Line, _BEGINNINGS.decode(lines[0]))
    except ValueError:
        yield from _decoded(lines[:1])
    yield from _decoded(lines[1:])


def _decoded(lines: Iterable[bytes]) -> Iterator[Line]:
    for line in lines:
        try:
            decoded = _value(line)
        except ValueError:  # a line in which the machine stopped, or its disk was full
            continue
        if isinstance(decoded, dict):
            yield decoded


def _value(line: bytes) -> Any:
    """What a line says. Raises ValueError."""
    try:
        return msgspec.json.decode(line)
    except ValueError:
        return json.loads(line)  # which knows numbers that are none, as they are written


def _operation(first: Line, last: Line, running: bool) -> Operation:
    plan, place = first["plan"], first["plan"].get("place")
    kept = "format" in first  # the first console kept too little of a plan to take it up again
    ended = last["event"] == ENDED
    status: OperationStatus = last["status"] if ended else "open"
    if running:
        status = "running"
    elif status == "open" and not kept:
        status = "failed"
    if status not in get_args(OperationStatus):
        raise ValueError(status)
    return Operation(
        id=str(plan["id" if kept else "plan_id"]),
        intention=str(plan["intention"]),
        target=str(plan["target"]),
        status=status,
        started=datetime.fromisoformat(first["at"]),
        ended=datetime.fromisoformat(last["at"]) if ended and not running else None,
        place=Place(**place) if place else None,
    )


def _summary(operation: Operation, lines: Sequence[Line]) -> OperationSummary:
    in_hand: list[tuple[datetime, datetime]] = []
    states: dict[int, str] = {}
    rolling_back = False
    for line in lines:
        name, at = line["event"], datetime.fromisoformat(line["at"])
        if name == BEGUN_ANEW:
            in_hand, states, rolling_back = [], {}, False
        if name in _TAKEN_IN_HAND or not in_hand:
            in_hand.append((at, at))
        in_hand[-1] = (in_hand[-1][0], max(at, in_hand[-1][1]))
        if name in _STATES:
            states[line["n"]] = name
            rolling_back = rolling_back or name in BACKWARD
    if lines[0].get("format") != FORMAT:
        return OperationSummary(operation=operation, in_hand=tuple(in_hand))
    return OperationSummary(
        operation=operation,
        in_hand=tuple(in_hand),
        steps_done=sum(state in OVER for state in states.values()),
        steps=len(lines[0]["plan"]["steps"]),
        rolling_back=rolling_back,
    )


def _record(operation: Operation, plan: Plan, lines: Sequence[Line]) -> OperationRecord:
    untouched = OperationRecord(operation=operation, plan=plan, states={}, events=())
    known = {step.n for step in plan.steps}
    record, resumed = untouched, False
    for line in lines:
        name, n = line.get("event"), line.get("n")
        if name == BEGUN_ANEW:
            record = untouched
        elif name == RESUMED:
            resumed = True
        elif name in _STATES and n in known:
            if resumed:
                record, resumed = replace(record, taken_up=record.taken_up | {n}), False
            record = record.after(_event(operation.id, n, cast(StepState, name), line), acted=line.get("acted"))
    return record


def _event(operation_id: str, n: int, state: StepState, line: Line) -> StepEvent:
    said = line.get("error")
    error = None
    if said:
        members = {name: said.get(name) for name in _ERROR_MEMBERS}
        error = ConsoleError(ErrorKind(said["kind"]), said["message"], **members)
    return StepEvent(
        plan_id=operation_id,
        n=n,
        state=state,
        message=str(line.get("message", "")),
        at=datetime.fromisoformat(line["at"]),
        error=error,
    )


def _unreadable(operation_id: str, why: str, remedy: str = _START_ANEW) -> ConsoleError:
    return ConsoleError(
        ErrorKind.INVALID,
        f"{operation_id} cannot be taken up again: {why}",
        remedy=remedy,
    )
