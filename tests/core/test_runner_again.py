"""An operation is taken up again where it stopped, whatever was in the way; what it does is told as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice, repeat
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Place, Plan, Step
from cmapss_core.plans.references import reference
from cmapss_core.plans.runner import resume, roll_back, run
from cmapss_core.plans.running.last_words import NO_CONTAINER
from cmapss_core.plans.running.operations import StepEvent
from tests.core.scripted import ScriptedAws
from tests.core.unreliable import (
    Fault,
    Thing,
    UnreliableAws,
    World,
    WorldClock,
    deleting,
    interrupted,
    making,
    pass_time_while_it_waits,
    plan_of,
    putting,
    shown,
    unreliable,
    waiting,
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


def test_it_goes_on_where_it_stopped_and_does_nothing_twice(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    assert interrupted(aws, plan, journal, 1, "done").status == "interrupted"
    assert journal.open_on("things")[0].id == plan.id
    assert resume(aws, plan.id, journal).status == "done"
    assert world.values() == {"a": "ours", "b": "ours"}
    assert aws.called.count("things:Make") == 2
    calls = len(aws.called)
    assert resume(aws, plan.id, journal).status == "done"
    assert len(aws.called) == calls, "what is done is done"


def test_what_is_read_back_alike_is_read_once_as_long_as_nothing_is_done(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    made = making("a", "ours")
    waits = [Step(title=f"wait {number}", call=None, proof=shown("a", "ours")) for number in range(3)]
    plan = plan_of(made, *waits, making("b", "ours"))
    interrupted(aws, plan, journal, 4, "done")
    before = len(aws.called)
    assert resume(aws, plan.id, journal).status == "done"
    assert aws.called[before:] == ["things:Look", "things:Look", "things:Make", "things:Look"], (
        "a once, and b before and after"
    )

    again = replace(plan, id="change-2026-0001")
    world.things.clear()
    interrupted(aws, again, journal, 4, "done")
    del world.things["a"]
    assert resume(aws, again.id, journal).status == "done"
    assert world.values() == {"a": "ours", "b": "ours"}, "what was removed is made again, and looked at anew"


def test_what_somebody_removed_meanwhile_is_made_again(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    interrupted(aws, plan, journal, 1, "done")
    del world.things["a"]
    assert resume(aws, plan.id, journal).status == "done"
    assert world.values() == {"a": "ours", "b": "ours"}


def test_what_somebody_changed_meanwhile_is_a_conflict(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    interrupted(aws, plan, journal, 1, "done")
    world.things["a"].value = "theirs"
    outcome = resume(aws, plan.id, journal)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.message) == (
        ErrorKind.CONFLICT,
        "create thing a: somebody else has changed it since",
    )
    assert world.values() == {"a": "theirs"}


def test_what_a_later_step_took_further_is_not_taken_back(world: World, aws: UnreliableAws, journal: Journal) -> None:
    world.things["a"] = Thing("former")
    plan = plan_of(putting("a", "one", "former"), putting("a", "two", "one"), making("b", "ours"))
    interrupted(aws, plan, journal, 2, "done")
    assert resume(aws, plan.id, journal).status == "done"
    assert aws.called.count("things:Put") == 2


def test_values_that_the_journal_does_not_keep_cannot_be_sent_again(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    secret = replace(
        making("b", "ours"), call=Call("things", "Make", {"Name": "b", "Value": "ours", "Environment": {"TOKEN": "x"}})
    )
    plan = plan_of(making("a", "ours"), secret)
    interrupted(aws, plan, journal, 1, "done")
    outcome = resume(aws, plan.id, journal)
    assert outcome.error is not None
    assert "Environment" in outcome.error.line()
    assert "Roll the operation back instead" in outcome.error.remedy
    assert roll_back(aws, plan.id, journal).status == "rolled_back"
    assert world.values() == {}


def test_another_place_is_another_matter(aws: UnreliableAws, journal: Journal) -> None:
    plan = replace(plan_of(making("a", "ours"), making("b", "ours")), place=Place("000000000000", "eu-west-1"))
    interrupted(aws, plan, journal, 1, "done")
    for take_up in (resume, roll_back):
        with pytest.raises(
            ConsoleError, match=r"in account 000000000000, eu-west-1; .* 000000000000, us-east-1"
        ) as caught:
            take_up(aws, plan.id, journal)
        assert caught.value.kind is ErrorKind.CONFLICT
    assert journal.operations()[0].status == "open"


def test_read_only_takes_nothing_up(world: World, aws: UnreliableAws, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    interrupted(aws, plan, journal, 1, "done")
    before = next(journal.directory.iterdir()).read_bytes()
    reading = ScriptedAws({}, read_only=True)
    for take_up in (resume, roll_back):
        with pytest.raises(ConsoleError) as caught:
            take_up(reading, plan.id, journal)
        assert caught.value.kind is ErrorKind.REFUSED
    assert reading.called == []
    assert next(journal.directory.iterdir()).read_bytes() == before


def test_expired_keys_leave_it_open_at_once(world: World, journal: Journal) -> None:
    plan = plan_of(making("a", "ours"), making("b", "ours"))
    aws = unreliable(world, "none", "none", "none", "expired")
    outcome = run(aws, plan, journal)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.kind) == ("open", ErrorKind.AUTH)
    assert journal.operations()[0].status == "open"
    assert resume(unreliable(world), plan.id, journal).status == "done"


def test_a_network_that_stays_away_leaves_it_open_within_minutes(world: World, journal: Journal) -> None:
    away: Fault = "lost before"
    aws = unreliable(world, *repeat(away, 100))
    began = aws.clock.now()
    outcome = run(aws, plan_of(making("a", "ours")), journal)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.kind) == ("open", ErrorKind.UNREACHABLE)
    assert 300 < (aws.clock.now() - began).total_seconds() < 400
    assert len(aws.called) < 50


@pytest.mark.parametrize("fault", ["throttled", "lost before", "failed before"])
def test_trouble_is_waited_out_wherever_it_comes(world: World, journal: Journal, fault: Fault) -> None:
    world.things["c"] = Thing("former")
    plan = plan_of(making("a", "ours"), waiting("a", "ours"), deleting("c", "former"))
    aws = UnreliableAws(world, islice(cycle((fault, "none")), 40), WorldClock())
    assert run(aws, plan, journal).status == "done"
    assert world.values() == {"a": "ours"}


def test_what_aws_does_not_know_yet_of_an_earlier_step_is_waited_for(world: World, journal: Journal) -> None:
    aws = unreliable(world)
    make, refusals = aws.answers["things:Make"], iter(range(2))

    def make_late(**parameters: Any) -> dict[str, Any]:
        if parameters["Name"] == "b" and next(refusals, None) is not None:
            raise ConsoleError(ErrorKind.INVALID, 'Could not use thing "arn:aws:things/A-ONE"')
        assert callable(make)
        return make(**parameters)

    aws.answers["things:Make"] = make_late
    assert run(aws, plan_of(making("a-one", "ours"), making("b", "ours")), journal).status == "done"


def test_what_aws_never_gets_to_know_is_told(world: World, journal: Journal) -> None:
    aws = unreliable(world)
    refused = ConsoleError(ErrorKind.INVALID, 'Could not use thing "a-one"')
    aws.answers["things:Put"] = refused
    world.things["b"] = Thing("former")
    outcome = run(aws, plan_of(making("a-one", "ours"), putting("b", "ours", "former")), journal)
    assert (outcome.status, outcome.error) == ("failed", refused)
    assert outcome.left == ("thing a-one",)


def test_what_must_exist_and_does_not_was_deleted_by_somebody_else(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    world.slow = 3
    wait = waiting("a", "ours")

    def delete(event: StepEvent) -> None:
        if (event.n, event.state) == (2, "waiting"):
            world.things.pop("a", None)

    made = replace(making("a", "ours"), proof=replace(shown("a", "ours"), shows={"Value": ("ours",)}))
    outcome = run(aws, plan_of(made, wait), journal, on_event=delete)
    assert outcome.error is not None
    assert outcome.error.message == "a was deleted by somebody else"
    assert roll_back(aws, "change-2026-0000", journal).status == "rolled_back"


def test_how_far_it_is_stands_in_the_event(world: World, aws: UnreliableAws, journal: Journal) -> None:
    world.slow = 3
    step = making("a", "ours")
    events: list[StepEvent] = []
    plan = plan_of(replace(step, proof=replace(step.proof, progress="join(' ', [Status, Value])"), usual_seconds=600.0))
    run(aws, plan, journal, on_event=events.append)
    waits = [event for event in events if event.state == "waiting"]
    assert {event.message for event in waits} == {"Coming ours"}
    left = [event.seconds_left for event in waits]
    assert all(seconds is not None and 500 < seconds < 600 for seconds in left)
    assert left == sorted(left, key=lambda seconds: -(seconds or 0))


def test_a_file_is_sent_as_it_is_and_missed_in_one_line(
    world: World, aws: UnreliableAws, journal: Journal, tmp_path: Path
) -> None:
    sent: list[bytes] = []

    def put_object(Key: str, Body: Any) -> dict[str, Any]:
        sent.append(Body.read())
        world.things[Key] = Thing("ours")
        return {}

    aws.answers["s3:PutObject"] = put_object
    file = tmp_path / "model.tar.gz"
    step = Step(
        title="upload model",
        detail="model.tar.gz",
        call=Call("s3", "PutObject", {"Key": "a"}, file=str(file)),
        proof=shown("a", "ours"),
    )
    outcome = run(aws, plan_of(step), journal)
    assert outcome.error is not None
    assert outcome.error.message == f"{file} cannot be read: No such file or directory"
    assert journal.operations()[0].status == "failed", "nothing was done"
    file.write_bytes(b"a model")
    assert run(aws, replace(plan_of(step), id="change-2026-0001"), journal).status == "done"
    assert sent == [b"a model"]


def test_a_value_that_an_earlier_step_brings_about_is_read_before_the_call(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    second = making("b", "ours")
    assert second.call is not None
    read = reference(Call("things", "Look", {"Name": "a"}), "Value")
    taking = replace(second, call=replace(second.call, parameters={"Name": "b", "Value": read}))
    assert run(aws, plan_of(making("a", "ours"), taking), journal).status == "done"
    assert world.values()["b"] == "ours"


def test_cancelled_it_ends_within_a_second(world: World, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    world.slow = 10**6
    asked: list[float] = []

    def cancelled() -> bool:
        asked.append(0.0)
        return len(asked) > 6

    outcome = run(unreliable(world), plan_of(making("a", "ours")), journal, cancelled=cancelled)
    assert outcome.status == "interrupted"


def failing(world: World, aws: UnreliableAws) -> Plan:
    """An endpoint whose container does not come up."""
    world.things["a"] = Thing("ours")
    step = replace(waiting("a", "ours"), log_group="/aws/sagemaker/Endpoints/a")
    return plan_of(replace(step, proof=replace(step.proof, failed={"Status": ("Ready",)}, reason="Name")))


def events_of(*streams: str) -> list[dict[str, Any]]:
    return [
        {"timestamp": number, "message": f"{stream} {number}\n", "logStreamName": stream}
        for number, stream in enumerate(streams)
    ]


def test_a_failure_shows_the_last_lines_of_the_newest_stream(
    world: World, aws: UnreliableAws, journal: Journal
) -> None:
    plan = failing(world, aws)
    pages: Iterator[dict[str, Any]] = iter(
        [{"events": events_of(*["old"] * 30, *["new"] * 12), "nextToken": "more"}, {"events": []}]
    )
    aws.answers["logs:FilterLogEvents"] = lambda **_: next(pages)
    outcome = run(aws, plan, journal)
    assert outcome.error is not None
    assert outcome.error.message == "things is Ready: a"
    assert outcome.log_lines == tuple(f"new {number}" for number in range(32, 42))


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (ConsoleError(ErrorKind.NOT_FOUND, "The specified log group does not exist."), (NO_CONTAINER,)),
        (ConsoleError(ErrorKind.DENIED, "not authorized"), ()),
        (ConsoleError(ErrorKind.UNREACHABLE, "closed"), ()),
    ],
)
def test_without_a_log_group_no_container_has_started(
    world: World, aws: UnreliableAws, journal: Journal, error: ConsoleError, lines: tuple[str, ...]
) -> None:
    plan = failing(world, aws)
    aws.answers["logs:FilterLogEvents"] = error
    assert run(aws, plan, journal).log_lines == lines


def test_what_a_failure_means_is_said_in_the_plans_words(world: World, aws: UnreliableAws, journal: Journal) -> None:
    world.things["a"] = Thing("ours")
    step = waiting("a", "ours")
    proof = replace(step.proof, failed={"Status": ("Ready",)}, failure="an alarm has rolled it back")
    outcome = run(aws, plan_of(replace(step, proof=proof)), journal)
    assert outcome.error is not None
    assert outcome.error.message == "an alarm has rolled it back"
