"""An operation is taken back: only what it did itself, and only while that is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call
from cmapss_core.plans.runner import resume, roll_back, run
from cmapss_core.plans.running.operations import Outcome, StepEvent
from tests.core.unreliable import (
    Thing,
    UnreliableAws,
    World,
    deleting,
    interrupted,
    making,
    pass_time_while_it_waits,
    plan_of,
    putting,
    unreliable,
)


@pytest.fixture(autouse=True)
def _time_passes_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    pass_time_while_it_waits(monkeypatch)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def aws(world: World) -> UnreliableAws:
    return unreliable(world)


def test_it_takes_back_what_it_did_and_leaves_what_was_there(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    world.things = {"there": Thing("ours"), "put": Thing("former"), "gone": Thing("former")}
    steps = (
        making("there", "ours"),
        making("made", "ours"),
        putting("put", "ours", "former"),
        deleting("gone", "former"),
    )
    plan = plan_of(*steps)
    assert run(aws, plan, journal).status == "done"
    events: list[StepEvent] = []
    outcome = roll_back(aws, plan.id, journal, on_event=events.append)
    assert outcome == Outcome("rolled_back")
    assert world.values() == {"there": "ours", "put": "former", "gone": "former"}
    ended = [(event.n, event.state) for event in events if event.state in ("undone", "kept")]
    assert ended == [(4, "undone"), (3, "undone"), (2, "undone"), (1, "kept")]
    assert journal.operations()[0].status == "rolled_back"
    assert roll_back(aws, plan.id, journal).status == "rolled_back"
    with pytest.raises(ConsoleError, match="is rolled back"):
        resume(aws, plan.id, journal)


def test_what_others_changed_stays_and_is_named(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    run(aws, plan, journal)
    world.things["b"].value = "theirs"
    events: list[StepEvent] = []
    outcome = roll_back(aws, plan.id, journal, on_event=events.append)
    assert (outcome.status, outcome.left) == ("rolled_back", ("thing b",))
    assert world.values() == {"b": "theirs"}
    [kept] = [event for event in events if event.state == "kept"]
    assert kept.message == "somebody else has changed things: Value is now theirs"


def test_what_is_denied_stays_open_and_is_taken_back_later(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    run(aws, plan, journal)
    delete = aws.answers["things:Delete"]
    denied = ConsoleError(ErrorKind.DENIED, "not authorized to perform things:Delete")
    aws.answers["things:Delete"] = lambda Name: delete(Name=Name) if Name == "b" else (_ for _ in ()).throw(denied)  # type: ignore[operator]
    outcome = roll_back(aws, plan.id, journal)
    assert outcome == Outcome("open", denied, ("thing a",))
    assert journal.operations()[0].status == "open"
    with pytest.raises(ConsoleError, match="is rolled back in part") as caught:
        resume(aws, plan.id, journal)
    assert f"operations rollback {plan.id}" in caught.value.remedy
    with pytest.raises(ConsoleError, match="is rolled back in part"):
        run(aws, plan, journal)
    aws.answers["things:Delete"] = delete
    assert roll_back(aws, plan.id, journal) == Outcome("rolled_back")
    assert world.values() == {}


def test_what_is_on_its_way_is_waited_for_before_it_is_taken_back(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    world.things["a"] = Thing("former")
    world.slow = 4
    plan = plan_of(deleting("a", "former"))
    assert interrupted(aws, plan, journal, 1, "waiting").status == "interrupted"
    assert roll_back(aws, plan.id, journal).status == "rolled_back"
    assert world.values() == {"a": "former"}


def test_what_was_refused_is_not_taken_back(world: World, aws: UnreliableAws, journal: Journal) -> None:
    """Somebody makes the very same thing between the look and the call: it is theirs, though it looks like ours."""

    def first(event: StepEvent) -> None:
        if event.state == "acting":
            world.things["a"] = Thing("ours")

    plan = plan_of(making("a", "ours"))
    outcome = run(aws, plan, journal, on_event=first)
    assert outcome.status == "done"
    assert journal.read(plan.id).states == {1: "skipped"}
    assert roll_back(aws, plan.id, journal).status == "rolled_back"
    assert world.values() == {"a": "ours"}


def test_a_plan_can_be_run_again_after_it_was_taken_back(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"))
    for _ in range(2):
        assert run(aws, plan, journal).status == "done"
        assert journal.read(plan.id).acted == {1}
        assert roll_back(aws, plan.id, journal).status == "rolled_back"
        assert world.values() == {}


def test_a_step_that_failed_with_nothing_done_leaves_nothing_open(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    aws.answers["things:Make"] = ConsoleError(ErrorKind.QUOTA, "The limit is 0")
    plan = plan_of(making("a", "ours"))
    assert run(aws, plan, journal).left == ()
    assert journal.operations()[0].status == "failed"
    assert journal.open_on("things") == ()
    with pytest.raises(ConsoleError, match="is failed"):
        resume(aws, plan.id, journal)


def test_what_only_the_journal_could_make_again_and_did_not_keep_stays_deleted(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    world.things["a"] = Thing("former")
    step = deleting("a", "former")
    assert step.undo is not None
    again = Call("things", "Make", {"Name": "a", "Value": "former", "Environment": {"TOKEN": "x"}})
    plan = plan_of(replace(step, undo=replace(step.undo, call=again)))
    assert run(aws, plan, journal).status == "done"
    outcome = roll_back(aws, plan.id, journal)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.kind) == ("open", ErrorKind.REFUSED)
    assert "Resume" in outcome.error.remedy
    assert resume(aws, plan.id, journal).status == "done"
