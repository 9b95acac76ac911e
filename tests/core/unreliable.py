"""A world of things that take their time, behind an AWS that fails in every way, for tests of the runner.

Things are made, put and deleted by name; each has a value, and is on its way for a few looks. Calls are refused,
lose their answers, act late, or end the process; so does the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Plan, Proof, Step, numbered
from cmapss_core.plans.runner import Outcome, StepEvent, run
from cmapss_core.plans.running.patience import Patience
from tests.core.scripted import ScriptedAws, not_found

Fault = Literal[
    "none",
    "throttled",
    "lost before",
    "lost after",
    "failed before",
    "failed after",
    "repeated",
    "expired",
    "die before",
    "die after",
    "die, then it happens",
    "stale",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
LATE = timedelta(seconds=30)
STALE = timedelta(seconds=8)


class DeathError(BaseException):
    """The process ends here."""


class WorldClock:
    """A region clock that only goes on when somebody waits, or a call is made."""

    speed = 1.0
    heard = True
    paused = False

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 16, 41, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Thing:
    """What is there: its value, and for how many looks it is still on its way to be so, or to be gone."""

    value: str
    looks_until_ready: int = 0
    looks_until_gone: int | None = None


@dataclass
class World:
    """The things, by name; `slow` looks are what every change takes. `needs` has what a thing cannot be without."""

    things: dict[str, Thing] = field(default_factory=dict)
    slow: int = 0
    needs: dict[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """What is there once everything has come to rest."""
        return {name: thing.value for name, thing in self.things.items() if thing.looks_until_gone is None}

    def make(self, Name: str, Value: str) -> dict[str, Any]:
        if Name in self.things:
            raise ConsoleError(ErrorKind.CONFLICT, f'Cannot create already existing thing "{Name}"')
        if Name in self.needs:
            self._there(self.needs[Name])
        self.things[Name] = Thing(Value, self.slow)
        return {}

    def put(self, Name: str, Value: str) -> dict[str, Any]:
        thing = self._settled(Name)
        thing.value, thing.looks_until_ready = Value, self.slow
        return {}

    def delete(self, Name: str) -> dict[str, Any]:
        thing = self._settled(Name)
        if any(needed == Name and needing in self.things for needing, needed in self.needs.items()):
            raise ConsoleError(ErrorKind.INVALID, "It is needed", code="ValidationException")
        if self.slow:
            thing.looks_until_gone = self.slow
        else:
            del self.things[Name]
        return {}

    def look(self, Name: str) -> dict[str, Any]:
        thing = self._there(Name)
        if thing.looks_until_gone is not None:
            thing.looks_until_gone -= 1
            if thing.looks_until_gone < 0:
                del self.things[Name]
                raise not_found()
            return {"Name": Name, "Value": thing.value, "Status": "Deleting"}
        thing.looks_until_ready -= 1
        return {"Name": Name, "Value": thing.value, "Status": "Coming" if thing.looks_until_ready >= 0 else "Ready"}

    def list(self, Name: str) -> dict[str, Any]:
        """The same as a listing answers it: nothing is an empty list."""
        try:
            return {"Things": [self.look(Name)]}
        except ConsoleError:
            return {"Things": []}

    def _there(self, name: str) -> Thing:
        if name not in self.things:
            raise not_found(f'Could not find thing "{name}"')
        return self.things[name]

    def _settled(self, name: str) -> Thing:
        thing = self._there(name)
        if thing.looks_until_gone is not None or thing.looks_until_ready > 0:
            raise ConsoleError(
                ErrorKind.CONFLICT, f'Cannot update in-progress thing "{name}"', code="ValidationException"
            )
        return thing


class UnreliableAws(ScriptedAws):
    """The world behind calls that go wrong as the faults say, one a call; then everything works."""

    def __init__(self, world: World, faults: Iterator[Fault], clock: WorldClock) -> None:
        doing: Mapping[str, Callable[..., dict[str, Any]]] = {
            "things:Make": world.make,
            "things:Put": world.put,
            "things:Delete": world.delete,
            "things:Look": world.look,
            "things:List": world.list,
        }
        super().__init__({name: self._unreliably(do, name.endswith(("Look", "List"))) for name, do in doing.items()})
        self.clock = clock  # type: ignore[assignment]  # the same face
        self._world_clock = clock
        self._faults = faults
        self._late: list[tuple[datetime, Callable[[], object]]] = []
        self._seen: dict[str, tuple[datetime, dict[str, Any] | ConsoleError]] = {}

    def settle(self) -> None:
        """Let happen what is late by now."""
        due = [do for at, do in self._late if at <= self._world_clock.now()]
        self._late = [(at, do) for at, do in self._late if at > self._world_clock.now()]
        for do in due:
            try:
                do()
            except ConsoleError:
                continue

    def rest(self) -> None:
        """Let everything happen that still can."""
        self._world_clock.advance(LATE.total_seconds())
        self.settle()

    def _unreliably(self, do: Callable[..., dict[str, Any]], reads: bool) -> Callable[..., dict[str, Any]]:
        def called(**parameters: Any) -> dict[str, Any]:
            self._world_clock.advance(1.0)
            self.settle()
            fault = next(self._faults, "none")
            if fault == "throttled":
                raise ConsoleError(ErrorKind.THROTTLED, "Rate exceeded", code="ThrottlingException")
            if fault == "expired":
                raise ConsoleError(ErrorKind.AUTH, "The security token included in the request is expired")
            if fault == "die before":
                raise DeathError
            if fault == "die, then it happens":
                if not reads:
                    self._late.append((self._world_clock.now() + LATE, lambda: do(**parameters)))
                raise DeathError
            if fault == "lost before":
                raise ConsoleError(ErrorKind.UNREACHABLE, "Connection was closed before an answer came")
            if fault == "failed before":
                raise ConsoleError(ErrorKind.FAILED, "It failed on our side", code="InternalFailure", http_status=500)
            if fault == "stale" and reads:
                return self._stale(do, parameters)
            answer = self._remembered(do, parameters) if reads else do(**parameters)
            if fault == "repeated" and not reads:
                return self._again(do, parameters)
            if fault == "lost after":
                raise ConsoleError(ErrorKind.UNREACHABLE, "Connection was closed before an answer came")
            if fault == "failed after":
                raise ConsoleError(ErrorKind.FAILED, "It failed on our side", code="InternalFailure", http_status=503)
            if fault == "die after":
                raise DeathError
            return answer

        return called

    def _remembered(self, do: Callable[..., dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] | ConsoleError
        try:
            seen = do(**parameters)
        except ConsoleError as error:
            seen = error
        self._seen[f"{do.__name__} {parameters}"] = (self._world_clock.now(), seen)
        return _answered(seen)

    def _stale(self, do: Callable[..., dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What was so a moment ago, as an eventually consistent store answers."""
        at, seen = self._seen.get(f"{do.__name__} {parameters}", (None, None))
        if at is None or seen is None or self._world_clock.now() - at > STALE:
            return self._remembered(do, parameters)
        return _answered(seen)

    def _again(self, do: Callable[..., dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
        """As botocore repeats a call whose answer was lost."""
        try:
            return do(**parameters)
        except ConsoleError as error:
            raise ConsoleError(error.kind, error.message, code=error.code, repeated=True) from error


def _answered(seen: dict[str, Any] | ConsoleError) -> dict[str, Any]:
    if isinstance(seen, ConsoleError):
        raise seen
    return seen


def shown(name: str, value: str, **more: Any) -> Proof:
    """That a thing is there with that value, and ready."""
    return Proof(
        call=Call("things", "Look", {"Name": name}),
        shows={"Value": (value,), "Status": ("Ready",)},
        patience_seconds=600.0,
        **more,
    )


def listed(name: str, value: str | None, **more: Any) -> Proof:
    """The same, as a listing shows it; None that it is not there."""
    shows = {"length(Things)": (0,)} if value is None else {"Things[0].Value": (value,), "Things[0].Status": ("Ready",)}
    return Proof(call=Call("things", "List", {"Name": name}), shows=shows, patience_seconds=600.0, **more)


def making(name: str, value: str) -> Step:
    """Make a thing; undone by deleting it."""
    call = Call("things", "Look", {"Name": name})
    return Step(
        title="create thing",
        detail=name,
        call=Call("things", "Make", {"Name": name, "Value": value}),
        proof=shown(name, value),
        undo=Step(
            title="delete thing",
            detail=name,
            call=Call("things", "Delete", {"Name": name}),
            proof=Proof(call=call, gone=True, unchanged={"Value": (value,)}, patience_seconds=600.0),
        ),
    )


def deleting(name: str, value: str, *, by_list: bool = False) -> Step:
    """Delete a thing; undone by making it again."""
    gone = Proof(
        call=Call("things", "Look", {"Name": name}), gone=True, unchanged={"Value": (value,)}, patience_seconds=600.0
    )
    again = shown(name, value, unchanged={"Value": (value,)}, failed={"Status": ("Deleting",)}, must_exist=True)
    return Step(
        title="delete thing",
        detail=name,
        call=Call("things", "Delete", {"Name": name}),
        proof=listed(name, None, unchanged={"Things[0].Value": (value, None)}) if by_list else gone,
        undo=Step(
            title="create thing again",
            detail=name,
            call=Call("things", "Make", {"Name": name, "Value": value}),
            proof=listed(name, value, unchanged={"Things[0].Value": (value, None)}) if by_list else again,
        ),
    )


def putting(name: str, value: str, before: str) -> Step:
    """Give a thing another value; undone by giving it the former."""
    either = {"Value": (value, before)}
    return Step(
        title="update thing",
        detail=name,
        call=Call("things", "Put", {"Name": name, "Value": value}),
        proof=shown(name, value, unchanged=either),
        undo=Step(
            title="update thing back",
            detail=name,
            call=Call("things", "Put", {"Name": name, "Value": before}),
            proof=shown(name, before, unchanged=either),
        ),
    )


def waiting(name: str, value: str) -> Step:
    """Wait until a thing is ready; it has to exist, and to be as it is."""
    return Step(
        title="wait", detail=name, call=None, proof=shown(name, value, must_exist=True, unchanged={"Value": (value,)})
    )


def plan_of(*steps: Step) -> Plan:
    """A plan of these steps."""
    return Plan(id="change-2026-0000", intention="change", target="things", steps=numbered(steps))


def unreliable(world: World, *faults: Fault) -> UnreliableAws:
    """That world, with these faults one after the other, at its own time."""
    return UnreliableAws(world, iter(faults), WorldClock())


def pass_time_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the world's time pass instead of ours whenever something is waited for."""

    def pause(self: Patience, region_seconds: float) -> None:
        self.aws.clock.advance(region_seconds)  # type: ignore[attr-defined]  # the world's clock
        self.heed()

    monkeypatch.setattr(Patience, "_pause", pause)


def cancelled_after(events: list[StepEvent], n: int, state: str) -> Callable[[], bool]:
    """Whether a step has come to that state by now."""
    return lambda: any(event.n == n and event.state == state for event in events)


def interrupted(aws: ScriptedAws, plan: Plan, journal: Journal, n: int, state: str) -> Outcome:
    """Run it until that has happened."""
    events: list[StepEvent] = []
    return run(aws, plan, journal, on_event=events.append, cancelled=cancelled_after(events, n, state))
