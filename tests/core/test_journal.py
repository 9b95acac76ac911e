"""The journal keeps every operation, privately and whole, and lets one process at a time have it in hand."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal, JournalError
from cmapss_core.plans.plan import Call, Check, Place, Plan, Proof, Step
from cmapss_core.plans.runner import run
from cmapss_core.plans.running.history import ENDED, RESUMED, event_line
from cmapss_core.plans.running.operations import StepEvent
from cmapss_core.plans.running.serialization import HIDDEN, is_hidden, plan_document, plan_from_document
from tests.core.journals import HERE, plan_on, told, written
from tests.core.scripted import NOW, Answer, ScriptedAws
from tests.core.unreliable import making

# A plan, whatever is in it.

names = st.text(st.characters(codec="utf-8"), max_size=12)
plain = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | names
times = st.datetimes(timezones=st.just(UTC))
values = st.recursive(
    plain | times,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            names.filter(lambda name: not {"Environment", "Body"} & {*name.split(".")}), inner, max_size=3
        )
        | st.dictionaries(st.sampled_from(["$hidden", "$time", "$object"]), inner, max_size=2)
    ),
    max_leaves=8,
)
calls = st.builds(Call, names, names, st.dictionaries(names, values, max_size=3), st.none() | names)
shows = st.dictionaries(names, st.lists(values, max_size=2).map(tuple), max_size=2)
proofs = st.builds(
    Proof,
    call=calls,
    shows=shows,
    gone=st.booleans(),
    or_gone=st.booleans(),
    must_exist=st.booleans(),
    failed=shows,
    unchanged=shows,
    reason=st.none() | names,
    failure=st.none() | names,
    progress=st.none() | names,
    patience_seconds=st.floats(0, 1e6),
)
undos = st.builds(Step, title=names, detail=names, call=calls, proof=proofs)
steps = st.builds(
    Step,
    n=st.integers(0, 30),
    title=names,
    detail=names,
    call=st.none() | calls,
    proof=proofs,
    undo=st.none() | undos,
    usual_seconds=st.none() | st.floats(0, 1e6) | st.integers(0, 9999),
    log_group=st.none() | names,
)
plans = st.builds(
    Plan,
    id=names,
    intention=names,
    target=names,
    steps=st.lists(steps, max_size=3).map(tuple),
    checks=st.lists(
        st.builds(Check, st.none() | st.booleans(), names, names, st.sampled_from(ErrorKind)), max_size=2
    ).map(tuple),
    hourly_cost_usd_before=st.none() | st.floats(0, 1e6),
    hourly_cost_usd_after=st.none() | st.floats(0, 1e6),
    notes=st.lists(names, max_size=2).map(tuple),
    reads=st.lists(names, max_size=2).map(tuple),
    place=st.none() | st.builds(Place, names, names),
    protected=st.none() | names,
    hourly_cost_usd_range=st.none() | st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)),
)


@settings(max_examples=40)
@given(plans)
def test_a_plan_comes_back_exactly(plan: Plan) -> None:
    assert plan_from_document(json.loads(json.dumps(plan_document(plan)))) == plan


def test_what_may_be_secret_is_left_out_and_known_to_be() -> None:
    secret = {"Environment": {"TOKEN": "hunter2"}, "Image": "image"}
    step = Step(
        title="create model",
        call=Call("sagemaker", "CreateModel", {"ModelName": "m", "PrimaryContainer": secret, "Body": b"hunter2"}),
        proof=Proof(
            call=Call("sagemaker", "DescribeModel", {"ModelName": "m"}),
            shows={"PrimaryContainer.Environment": ({"TOKEN": "hunter2"},), "PrimaryContainer.Image": ("image",)},
        ),
    )
    text = json.dumps(plan_document(plan_on("m", 0, None, step)))
    assert "hunter2" not in text
    [read] = plan_from_document(json.loads(text)).steps
    assert read.call is not None
    assert read.call.parameters["PrimaryContainer"] == {"Environment": {"TOKEN": HIDDEN}, "Image": "image"}
    assert is_hidden(read.call.parameters)
    assert not is_hidden({"Environment": "(hidden)"}), "a value that says so is none"


def test_a_plan_that_is_no_data_is_not_begun(journal: Journal) -> None:
    step = making("a", "ours")
    odd = Step(title="odd", call=Call("things", "Make", {"Name": object()}), proof=step.proof)
    with pytest.raises(TypeError, match="object is no part of a plan"):
        journal.begin(plan_on("a", 0, None, odd), NOW)
    assert journal.operations() == ()


# Files.


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir(mode=0o755)
    written(Journal(folder), plan_on("a"))
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_each_line_and_a_new_file_are_synced(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def syncing(descriptor: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", syncing)
    written(journal, plan_on("a"), "started", "acting")
    assert synced == ["folder", "file", "file", "file"]


@settings(max_examples=40)
@given(st.data())
def test_whatever_is_torn_off_leaves_what_was_written_before(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        written(journal, plan_on("a"), "started", "acting", "done", status="done")
        [path] = Path(folder).iterdir()
        whole = path.read_bytes()
        ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        lines = sum(end - 1 <= cut for end in ends)
        if lines == 0:
            assert journal.operations() == ()
            return
        record = journal.read("change-2026-0000")
        assert [event.state for event in record.events] == ["started", "acting", "done"][: lines - 1]
        assert record.operation.status == ("done" if lines == len(ends) else "open")
        # Written on, nothing of the torn line spoils the next.
        if record.operation.status == "open":
            log, _ = journal.reopen(record, RESUMED, NOW)
            log.write("failed", NOW, **event_line(told(1, "failed")))
            log.close()
            assert journal.read("change-2026-0000").states == {1: "failed"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]\n",
        b"{}\n",
        b'{"event": "begun"}\n',
        b'{"event": "begun", "plan": 3, "at": ""}\n',
        b'{"event": "begun", "format": 2, "at": "2026-11-22T16:41:00+00:00", "plan": {"id": "x"}}\n',
    ],
)
def test_a_file_that_is_none_of_ours_is_in_nobodys_way(journal: Journal, content: bytes) -> None:
    written(journal, plan_on("a"), status="done")
    (journal.directory / "foreign.jsonl").write_bytes(content)
    (journal.directory / "notes.txt").write_text("mine")
    assert [operation.id for operation in journal.operations()] == ["change-2026-0000"]
    with pytest.raises(ConsoleError) as caught:
        journal.read("foreign")
    assert caught.value.kind is ErrorKind.INVALID


def test_an_operation_of_an_earlier_format_is_listed_and_says_why_it_cannot_be_taken_up(journal: Journal) -> None:
    journal.directory.mkdir()
    old = {"plan_id": "deploy-old", "intention": "deploy", "target": "endpoint", "steps": []}
    line = json.dumps({"event": "begun", "at": "2026-11-22T16:41:00+00:00", "plan": old})
    (journal.directory / "deploy-old.jsonl").write_text(line + "\n")
    [operation] = journal.operations()
    assert (operation.id, operation.target, operation.status) == ("deploy-old", "endpoint", "failed")
    assert journal.open_on("endpoint") == ()
    for take_up in (runner.resume, runner.roll_back):
        with pytest.raises(ConsoleError, match="another version of the console wrote it"):
            take_up(ScriptedAws({}), "deploy-old", journal)


@pytest.mark.parametrize("unknown", ["", "nothing", "../journal/change-2026-0000", "/etc/passwd", "a\0b", ".hidden"])
def test_an_unknown_id_is_not_found_wherever_it_points(journal: Journal, unknown: str) -> None:
    written(journal, plan_on("a"))
    with pytest.raises(ConsoleError) as caught:
        journal.read(unknown)
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_the_newest_come_first(journal: Journal) -> None:
    for number in range(3):
        log, _ = journal.begin(plan_on(f"target-{number}", number), NOW + timedelta(minutes=number))
        log.close()
    assert [operation.target for operation in journal.operations()] == ["target-2", "target-1", "target-0"]


def test_what_happened_can_be_read_again(journal: Journal) -> None:
    log, _ = journal.begin(plan_on("a", 0, HERE), NOW)
    error = ConsoleError(ErrorKind.QUOTA, "The limit is 0", operation="things:Make", code="Limit", request_id="r-1")
    for state, said in (("started", None), ("acting", None), ("failed", error)):
        event = StepEvent(plan_id="x", n=1, state=state, message="so", at=NOW, error=said)  # type: ignore[arg-type]
        log.write(state, NOW, **event_line(event))
    log.write(ENDED, NOW + timedelta(minutes=1), status="open")
    log.close()
    record = journal.read("change-2026-0000")
    assert record.plan == plan_on("a", 0, HERE)
    assert (record.operation.place, record.operation.status) == (HERE, "open")
    assert record.operation.ended == NOW + timedelta(minutes=1)
    assert record.states == {1: "failed"}
    assert record.acted == {1}
    assert record.left == ("thing a",)
    again = record.events[-1].error
    assert again is not None
    assert again.line() == error.line()


# Beginning and ending.


def test_a_disk_that_is_full_stops_before_the_call(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(Name: str, Value: str) -> dict[str, Any]:
        made.append(Name)
        return {}

    def no_room(descriptor: int, data: bytes) -> int:
        if b'"acting"' in data:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    write = os.write
    monkeypatch.setattr(os, "write", no_room)
    answers: dict[str, Answer] = {"things:Make": make, "things:Look": {"Value": "theirs"}}
    outcome = run(ScriptedAws(answers, step_seconds=1), plan_on("a"), journal)
    assert outcome.status == "open"
    assert isinstance(outcome.error, JournalError)
    assert "No space left on device" in outcome.error.message
    assert made == []
    assert journal.operations()[0].status == "open"


def test_a_plan_that_is_another_under_the_same_id_is_refused(journal: Journal) -> None:
    written(journal, plan_on("a"))
    with pytest.raises(ConsoleError, match="is another operation already"):
        journal.begin(plan_on("b"), NOW)


def test_times_are_the_regions(journal: Journal) -> None:
    run(ScriptedAws({"things:Look": {"Value": "ours", "Status": "Ready"}}, step_seconds=1), plan_on("a"), journal)
    [operation] = journal.operations()
    assert operation.ended is not None
    assert NOW < operation.started < operation.ended < datetime(2026, 11, 22, 16, 45, tzinfo=UTC)
