"""The runner looks, acts and reads back; it stops at the first failure, and everything is in the journal."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Plan, Proof, Step, numbered
from cmapss_core.plans.runner import StepEvent, run
from tests.core.scripted import Answer, ScriptedAws, not_found


class Things:
    """A world with things that can be made, and that need a few looks before they are ready."""

    def __init__(self, looks_until_ready: int = 0) -> None:
        self.made: dict[str, int] = {}
        self.looks_until_ready = looks_until_ready

    def make(self, Name: str) -> dict[str, Any]:
        if Name in self.made:
            raise ConsoleError(ErrorKind.CONFLICT, "Cannot create already existing thing")
        self.made[Name] = 0
        return {}

    def look(self, Name: str) -> dict[str, Any]:
        if Name not in self.made:
            raise not_found()
        self.made[Name] += 1
        ready = self.made[Name] > self.looks_until_ready
        return {"Name": Name, "Status": "Ready" if ready else "Coming"}

    def delete(self, Name: str) -> dict[str, Any]:
        if Name not in self.made:
            raise not_found()
        del self.made[Name]
        return {}

    def answers(self) -> dict[str, Answer]:
        return {"things:Make": self.make, "things:Look": self.look, "things:Delete": self.delete}


def making(name: str, patience_seconds: float = 600.0) -> Step:
    parameters = {"Name": name}
    return Step(
        title="create thing",
        detail=name,
        call=Call("things", "Make", parameters),
        proof=Proof(
            call=Call("things", "Look", parameters),
            shows={"Status": ("Ready",)},
            failed={"Status": ("Failed",)},
            reason="Reason",
            patience_seconds=patience_seconds,
        ),
        undo=Step(
            title="delete thing",
            detail=name,
            call=Call("things", "Delete", parameters),
            proof=Proof(call=Call("things", "Look", parameters), gone=True),
        ),
    )


def plan_of(*steps: Step) -> Plan:
    return Plan(id="make-2026-0000", intention="make", target="things", steps=numbered(steps))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MIN_POLL_SECONDS", 0.0)


def states(events: list[StepEvent]) -> list[tuple[int, str]]:
    return [(event.n, event.state) for event in events if event.state != "waiting"]


def test_every_step_is_made_and_proved(journal: Journal) -> None:
    things, events = Things(looks_until_ready=2), list[StepEvent]()
    aws = ScriptedAws(things.answers(), step_seconds=1)
    outcome = run(aws, plan_of(making("a"), making("b")), journal, on_event=events.append)
    assert outcome.status == "done"
    assert set(things.made) == {"a", "b"}
    assert states(events) == [(n, state) for n in (1, 2) for state in ("started", "acting", "done")]
    assert any(event.state == "waiting" for event in events)


def test_what_is_so_already_is_not_made_again(journal: Journal) -> None:
    things = Things()
    things.made["a"] = 5
    aws = ScriptedAws(things.answers(), step_seconds=1)
    events: list[StepEvent] = []
    assert run(aws, plan_of(making("a")), journal, on_event=events.append).status == "done"
    assert "things:Make" not in aws.called
    assert states(events) == [(1, "started"), (1, "skipped")]


def test_it_stops_at_the_first_failure_and_says_what_is_left(journal: Journal) -> None:
    things = Things()
    answers = things.answers()
    refused = ConsoleError(ErrorKind.QUOTA, "The account-level service limit is 0", request_id="r-1")
    answers["things:Make"] = lambda Name: things.make(Name) if Name == "a" else (_ for _ in ()).throw(refused)
    events: list[StepEvent] = []
    outcome = run(
        ScriptedAws(answers, step_seconds=1),
        plan_of(making("a"), making("b"), making("c")),
        journal,
        on_event=events.append,
    )
    assert outcome.status == "failed"
    assert outcome.error is refused
    assert outcome.left == ("thing a",)
    assert states(events)[-1] == (2, "failed")
    assert set(things.made) == {"a"}


def test_a_thing_that_fails_while_it_is_made_ends_the_wait_with_its_reason(journal: Journal) -> None:
    things = Things()
    answers = things.answers()
    answers["things:Look"] = lambda Name: {
        "Status": "Failed" if Name in things.made else "None",
        "Reason": "no capacity",
    }
    outcome = run(ScriptedAws(answers, step_seconds=1), plan_of(making("a")), journal)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "no capacity" in outcome.error.message


def test_patience_ends_in_region_time(journal: Journal) -> None:
    things = Things(looks_until_ready=10_000)
    outcome = run(ScriptedAws(things.answers(), step_seconds=30), plan_of(making("a", patience_seconds=120)), journal)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "still not so after" in outcome.error.message


def test_throttling_is_waited_out(journal: Journal) -> None:
    things, refusals = Things(), iter([ErrorKind.THROTTLED, ErrorKind.UNREACHABLE])
    answers = things.answers()

    def look(Name: str) -> dict[str, Any]:
        if Name in things.made and (kind := next(refusals, None)) is not None:
            raise ConsoleError(kind, "Rate exceeded")
        return things.look(Name)

    answers["things:Look"] = look
    assert run(ScriptedAws(answers, step_seconds=1), plan_of(making("a")), journal).status == "done"


def test_a_call_whose_answer_was_lost_is_not_made_twice(journal: Journal) -> None:
    things = Things()
    answers = things.answers()

    def make(Name: str) -> dict[str, Any]:
        things.make(Name)
        raise ConsoleError(ErrorKind.UNREACHABLE, "Connection was closed")

    answers["things:Make"] = make
    aws = ScriptedAws(answers, step_seconds=1)
    assert run(aws, plan_of(making("a")), journal).status == "done"
    assert aws.called.count("things:Make") == 1


def test_what_a_call_made_whose_answer_botocore_lost_and_asked_for_again_is_done(journal: Journal) -> None:
    things = Things()

    def make_twice(Name: str) -> dict[str, Any]:
        things.make(Name)
        return things.make(Name)

    aws = ScriptedAws({**things.answers(), "things:Make": make_twice}, step_seconds=5)
    assert run(aws, plan_of(making("a")), journal).status == "done"


def test_what_such_a_call_removed_is_done_where_a_list_proves_it(journal: Journal) -> None:
    things = Things()
    things.make("a")

    def delete_twice(Name: str) -> dict[str, Any]:
        things.delete(Name)
        return things.delete(Name)

    removal = Step(
        title="delete thing",
        detail="a",
        call=Call("things", "Delete", {"Name": "a"}),
        proof=Proof(call=Call("things", "List", {}), shows={"length(Things)": (0,)}),
    )
    answers = {**things.answers(), "things:Delete": delete_twice, "things:List": lambda: {"Things": [*things.made]}}
    assert run(ScriptedAws(answers, step_seconds=5), plan_of(removal), journal).status == "done"


def test_what_another_made_meanwhile_is_a_conflict(journal: Journal) -> None:
    things = Things(looks_until_ready=5)

    def make_late(Name: str) -> dict[str, Any]:
        things.make(Name)
        return things.make(Name)

    aws = ScriptedAws({**things.answers(), "things:Make": make_late}, step_seconds=5)
    outcome = run(aws, plan_of(making("a")), journal)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.kind) == ("failed", ErrorKind.CONFLICT)


def test_without_waiting_it_stops_open_before_a_step_that_only_waits(journal: Journal) -> None:
    things = Things()
    waiting = Step(title="wait", call=None, proof=making("a").proof)
    aws = ScriptedAws(things.answers(), step_seconds=1)
    assert run(aws, plan_of(making("a"), waiting, making("b")), journal, wait=False).status == "open"
    assert set(things.made) == {"a"}
    assert journal.operations()[0].status == "open"


def test_cancelled_it_stops_and_the_journal_says_open(journal: Journal) -> None:
    things = Things(looks_until_ready=10_000)
    looks = iter(range(100))
    outcome = run(
        ScriptedAws(things.answers(), step_seconds=0.1),
        plan_of(making("a")),
        journal,
        cancelled=lambda: next(looks) > 2,
    )
    assert outcome.status == "interrupted"
    assert journal.operations()[0].status == "open"


def test_a_deletion_of_what_is_gone_is_done(journal: Journal) -> None:
    things = Things()
    parameters = {"Name": "a"}
    step = Step(
        title="delete thing",
        call=Call("things", "Delete", parameters),
        proof=Proof(call=Call("things", "Look", parameters), gone=True),
    )
    assert run(ScriptedAws(things.answers()), plan_of(step), journal).status == "done"


def test_a_wait_before_a_deletion_ends_when_another_has_deleted_it(journal: Journal) -> None:
    things = Things(looks_until_ready=10**6)
    things.make("a")

    def look(Name: str) -> dict[str, Any]:
        shown = things.look(Name)
        if things.made[Name] == 3:
            things.delete(Name)
        return shown

    read = Call("things", "Look", {"Name": "a"})
    wait = Step(
        title="wait for running changes",
        call=None,
        proof=Proof(call=read, shows={"Status": ("Ready",)}, or_gone=True, patience_seconds=600.0),
    )
    delete = Step(
        title="delete thing",
        call=Call("things", "Delete", {"Name": "a"}),
        proof=Proof(call=read, gone=True),
    )
    aws = ScriptedAws({**things.answers(), "things:Look": look}, step_seconds=20.0)
    assert run(aws, plan_of(wait, delete), journal).status == "done"


def test_read_only_refuses_before_anything_is_written(journal: Journal) -> None:
    aws = ScriptedAws(Things().answers(), read_only=True)
    with pytest.raises(ConsoleError) as caught:
        run(aws, plan_of(making("a")), journal)
    assert caught.value.kind is ErrorKind.REFUSED
    assert not journal.directory.exists()
    assert aws.called == []


def test_the_journal_is_private_and_holds_no_secret(journal: Journal) -> None:
    step = making("a")
    secret = Step(
        title=step.title,
        call=Call("things", "Make", {"Name": "a", "Environment": {"TOKEN": "hunter2"}}),
        proof=step.proof,
    )
    things = Things()
    answers = things.answers()
    answers["things:Make"] = lambda Name, Environment: things.make(Name)
    run(ScriptedAws(answers, step_seconds=1), plan_of(secret), journal)
    [path] = journal.directory.iterdir()
    text = path.read_text()
    assert "hunter2" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [json.loads(line)["event"] for line in text.splitlines()] == ["begun", "started", "acting", "done", "ended"]


def test_an_operation_without_an_end_is_open(journal: Journal) -> None:
    run(ScriptedAws(Things().answers(), step_seconds=1), plan_of(making("a")), journal)
    assert journal.operations()[0].status == "done"
    [path] = journal.directory.iterdir()
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:2]) + '\n{"event": "do')
    [operation] = journal.operations()
    assert operation.status == "open"
    assert operation.ended is None
    assert operation.target == "things"


def test_a_journal_that_cannot_be_written_stops_before_anything_is_changed(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file, not a folder")
    aws = ScriptedAws(Things().answers())
    with pytest.raises(ConsoleError, match="journal"):
        run(aws, plan_of(making("a")), Journal(tmp_path / "journal"))
    assert aws.called == []
