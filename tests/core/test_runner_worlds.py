"""Whatever happens to calls, answers and the process: an operation ends done, or undone without a trace.

Random plans on random worlds; calls are throttled, refused, lose their answers or act late, and the process dies in
calls and in the journal. Then it is resumed, or rolled back, until it ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.errors import ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal, OperationLog
from cmapss_core.plans.plan import Plan, Step
from cmapss_core.plans.runner import Outcome, StepEvent
from tests.core.unreliable import (
    FAULTS,
    DeathError,
    Fault,
    Thing,
    UnreliableAws,
    World,
    WorldClock,
    deleting,
    making,
    pass_time_while_it_waits,
    plan_of,
    putting,
    waiting,
)

Moment = Literal["none", "before", "after", "torn"]
Errand = Literal["resume", "roll back"]

_ROUNDS = 60


@pytest.fixture(scope="module", autouse=True)
def _fast() -> Iterator[None]:
    """Nothing here survives a loss of power; and what the runner waits for passes at once."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        pass_time_while_it_waits(patch)
        yield


KINDS = ("make", "put", "delete", "delete by list", "so already", "put twice", "make again")


@dataclass(frozen=True)
class Planned:
    """A plan, what is there before it and after it, and what needs what."""

    plan: Plan
    before: dict[str, str]
    after: dict[str, str]
    needs: dict[str, str]


@st.composite
def plans(draw: st.DrawFn) -> Planned:
    """A plan, what is there before it and after it, and what needs what."""
    before: dict[str, str] = {"other": "theirs"}
    steps: list[Step] = []
    world: dict[str, str] = dict(before)
    needs: dict[str, str] = {}
    stays: str | None = None
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(KINDS))
        name = f"thing-{number}"
        if kind in ("make", "so already"):
            steps.append(making(name, "ours"))
            if kind == "so already":
                before[name] = "ours"
            world[name] = "ours"
            if kind == "make" and stays is not None and draw(st.booleans()):
                needs[name] = stays
        else:
            before[name] = "former"
        if kind.startswith("put"):
            steps.append(putting(name, "ours", "former"))
            world[name] = "ours"
        if kind == "put twice":
            steps.append(putting(name, "ours, then", "ours"))
            world[name] = "ours, then"
        if kind.startswith("delete"):
            steps.append(deleting(name, "former", by_list=kind == "delete by list"))
        if kind == "make again":
            steps += [deleting(name, "former"), making(name, "ours")]
            world[name] = "ours"
        stays = name if name in world and kind != "make again" else None
        if name in world and draw(st.booleans()):
            steps.append(waiting(name, world[name]))
    return Planned(plan_of(*steps), before, world, needs)


class Story:
    """One operation from its beginning to its end, over as many processes as it takes."""

    def __init__(self, folder: str, planned: Planned, slow: int, faults: list[Fault], lines: list[Moment]) -> None:
        self.world = World({name: Thing(value) for name, value in planned.before.items()}, slow, planned.needs)
        self.clock = WorldClock()
        self.aws = UnreliableAws(self.world, iter(faults), self.clock)
        self.journal = Journal(Path(folder))
        self._lines = iter(lines)
        self.interfere: Callable[[StepEvent], None] = lambda event: None
        self.interfered = False
        self.left: tuple[str, ...] = ()

    def process(self, errand: Callable[..., Outcome], of: Any) -> Outcome | None:
        """One process; None where it died."""
        try:
            with self._dying_journal():
                return errand(self.aws, of, self.journal, on_event=self._heard)
        except DeathError:
            return None

    def begin(self, plan: Plan) -> Outcome | None:
        """Run it until the journal knows of it."""
        outcome = self.process(runner.run, plan)
        while not self.journal.operations():
            outcome = self.process(runner.run, plan)
        return outcome

    def end(self, plan: Plan, errands: list[Errand]) -> str:
        """Run it, take it up again and again, and say how it ends."""
        outcome = self.begin(plan)
        following = iter(errands)
        rolling_back = False
        for _ in range(_ROUNDS):
            if outcome is not None and outcome.error is not None and not self.interfered:
                passing = outcome.error.temporary or outcome.error.kind is ErrorKind.AUTH
                assert passing, outcome.error
            if outcome is not None and outcome.status in ("done", "rolled_back"):
                assert self.journal.operations()[0].status == outcome.status
                self.left = outcome.left
                self.aws.rest()
                return outcome.status
            status = self.journal.read(plan.id).operation.status
            failed = status == "failed" or (outcome is not None and outcome.status == "failed")
            rolling_back = rolling_back or failed or next(following, "resume") == "roll back"
            outcome = self.process(runner.roll_back if rolling_back else runner.resume, plan.id)
        raise AssertionError(f"it does not end: {outcome}")

    def _heard(self, event: StepEvent) -> None:
        self.interfere(event)

    @contextmanager
    def _dying_journal(self) -> Iterator[None]:
        write = OperationLog.write

        def writing(log: OperationLog, event: str, at: Any, **details: Any) -> None:
            moment = next(self._lines, "none")
            if moment == "before":
                raise DeathError
            size = log.path.stat().st_size
            write(log, event, at, **details)
            if moment == "torn":
                os.truncate(log.path, (size + log.path.stat().st_size) // 2)
            if moment in ("after", "torn"):
                raise DeathError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(OperationLog, "write", writing)
            yield


def mostly(none: Any, others: Any, size: int) -> st.SearchStrategy[list[Any]]:
    """Lists in which most is as usual."""
    return st.lists(st.one_of(st.just(none), st.just(none), st.sampled_from(others)), max_size=size)


@settings(max_examples=150)
@given(
    plans(),
    st.integers(0, 2),
    mostly("none", FAULTS, 40),
    mostly("none", ("before", "after", "torn"), 30),
    st.lists(st.sampled_from(["resume", "roll back"]), max_size=8),
)
def test_it_ends_done_or_undone(
    planned: Planned, slow: int, faults: list[Fault], lines: list[Moment], errands: list[Errand]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(folder, planned, slow, faults, lines)
        ended = story.end(planned.plan, errands)
        assert story.world.values() == (planned.after if ended == "done" else planned.before)
        assert story.left == ()


# What takes effect late, or was read before somebody else came, can be told by nobody from what they want.
PROMPT_FAULTS = tuple(fault for fault in FAULTS if fault not in ("die, then it happens", "stale"))


@st.composite
def interferences(draw: st.DrawFn) -> list[tuple[int, str, str]]:
    """What somebody else does: at which event, to which thing, and whether they delete it or make it theirs."""
    return draw(
        st.lists(
            st.tuples(
                st.integers(0, 30),
                st.sampled_from(["thing-0", "thing-1", "thing-2"]),
                st.sampled_from(["delete", "theirs"]),
            ),
            max_size=3,
        )
    )


@settings(max_examples=150)
@given(
    plans(),
    st.integers(0, 2),
    mostly("none", PROMPT_FAULTS, 30),
    mostly("none", ("before", "after", "torn"), 20),
    st.lists(st.sampled_from(["resume", "roll back"]), max_size=8),
    interferences(),
)
def test_what_somebody_else_makes_of_it_meanwhile_is_theirs(
    planned: Planned,
    slow: int,
    faults: list[Fault],
    lines: list[Moment],
    errands: list[Errand],
    interfering: list[tuple[int, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(folder, planned, slow, faults, lines)
        story.interfered = True
        touched: dict[str, str] = {}
        heard = 0

        def interfere(event: StepEvent) -> None:
            nonlocal heard
            # Between a look and the call that follows it, AWS lets nobody ask for things to be as they were.
            heard += event.state not in ("acting", "undoing")
            for at, name, what in interfering:
                if at != heard or name in touched:
                    continue
                touched[name] = what
                if what == "theirs":
                    story.world.things[name] = Thing("theirs")
                    story.world.needs.pop(name, None)
                else:
                    story.world.things.pop(name, None)

        story.interfere = interfere
        ended = story.end(planned.plan, errands)
        found = story.world.values()
        meant = planned.after if ended == "done" else planned.before
        for name in {*found, *meant}:
            if touched.get(name) == "theirs":
                assert found.get(name) == "theirs", f"{name} is theirs"
            elif name not in touched:
                assert found.get(name) == meant.get(name) or name in planned.needs, name
            elif ended == "rolled_back":
                assert found.get(name) != "ours" or meant.get(name) == "ours", f"{name} is left"
