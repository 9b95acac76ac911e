"""A journal of thousands of operations is listed without reading them again, and does not grow for ever."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import journal as journals
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.running.history import RESUMED, ROLLING_BACK, event_line, read_outline
from tests.core.journals import plan_on, told, written
from tests.core.scripted import NOW, ScriptedAws

OLD = timedelta(days=journals.KEPT_DAYS + 1).total_seconds()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read for a list."""
    names: list[str] = []

    def reading(path: Path) -> object:
        names.append(path.stem)
        return read_outline(path)

    monkeypatch.setattr(journals, "read_outline", reading)
    return names


def test_a_list_reads_only_what_has_changed_since_the_last(journal: Journal, read: list[str]) -> None:
    for number in range(5):
        written(journal, plan_on(f"target-{number}", number), "started", "acting", "done", status="done")
    (journal.directory / "foreign.jsonl").write_bytes(b"\xff")
    read.clear()
    first = journal.operations()
    assert len(read) == 6
    summaries = [journal.summary(operation.id) for operation in first]
    assert [summary.operation for summary in summaries if summary is not None] == [*first]
    assert Journal(journal.directory).operations() == first
    assert len(read) == 6, "nothing is read again, whichever journal asks"
    record = journal.read("change-2026-0002")
    log, _ = journal.reopen(record, ROLLING_BACK, NOW)
    read.clear()
    assert [one.id for one in journal.operations() if one.status == "running"] == ["change-2026-0002"]
    log.write("undone", NOW, **event_line(told(1, "undone")))
    log.close()
    assert [one.id for one in journal.operations() if one.status == "open"] == ["change-2026-0002"]
    assert {*read} == {"change-2026-0002"}


def test_an_outline_says_of_an_operation_what_the_whole_of_it_says(journal: Journal) -> None:
    written(journal, plan_on("a"), "started", "acting", "failed", status="open")
    [operation] = journal.operations()
    assert operation == journal.read(operation.id).operation
    summary = journal.summary(operation.id)
    assert summary is not None
    assert (summary.operation, summary.steps, summary.steps_done) == (operation, 1, 0)


@pytest.mark.parametrize(("ended", "status"), [(None, "open"), ("done", "done"), ("rolled_back", "rolled_back")])
def test_an_operation_of_a_later_format_is_listed_as_it_stands_and_only_its_console_takes_it_up(
    journal: Journal, ended: str | None, status: str
) -> None:
    written(journal, plan_on("a"))
    [path] = journal.directory.iterdir()
    later = {**json.loads(path.read_bytes()), "format": 3}
    later["plan"]["steps"] = {"another": "shape"}
    lines = [later] if ended is None else [later, {"event": "ended", "at": later["at"], "status": ended}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    [operation] = journal.operations()
    assert (operation.id, operation.target, operation.status) == ("change-2026-0000", "a", status)
    summary = journal.summary(operation.id)
    assert summary is not None
    assert (summary.operation, summary.steps) == (operation, None)
    with pytest.raises(ConsoleError, match="another version of the console wrote it") as caught:
        runner.resume(ScriptedAws({}), operation.id, journal)
    assert caught.value.remedy == "Take it up with the later console that began it."


# What ended long ago.


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three operations are many."""
    monkeypatch.setattr(journals, "KEPT_OPERATIONS", 3)


def aged(journal: Journal, *numbers: int, seconds: float = OLD) -> None:
    """Let the files of these operations be old, the lowest number the oldest."""
    for number in numbers:
        then = time.time() - seconds + number
        os.utime(journal.directory / f"change-2026-{number:04}.jsonl", (then, then))


def ids(journal: Journal) -> set[int]:
    return {int(operation.id[-4:]) for operation in journal.operations()}


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("status", ["done", "rolled_back", "failed"])
def test_what_ended_long_ago_is_removed_once_there_is_much_of_it(journal: Journal, status: str) -> None:
    for number in range(5):
        written(journal, plan_on(f"target-{number}", number), status=status)
    aged(journal, 0, 1, 2, 3, 4)
    written(journal, plan_on("another", 5))
    assert ids(journal) == {3, 4, 5}
    with pytest.raises(ConsoleError) as caught:
        journal.read("change-2026-0000")
    assert caught.value.kind is ErrorKind.NOT_FOUND


@pytest.mark.usefixtures("few")
def test_what_is_young_stays_however_much_there_is(journal: Journal) -> None:
    for number in range(5):
        written(journal, plan_on(f"target-{number}", number), status="done")
    aged(journal, 0, 1, 2, 3, 4, seconds=OLD - timedelta(days=2).total_seconds())
    written(journal, plan_on("another", 5))
    assert ids(journal) == {0, 1, 2, 3, 4, 5}


def _open(journal: Journal) -> None:
    written(journal, plan_on("old", 0), "started", "acting", status="open")


def _torn_in_the_middle(journal: Journal) -> None:
    written(journal, plan_on("old", 0), "started", "acting")


def _taken_up_again(journal: Journal) -> None:
    written(journal, plan_on("old", 0), status="done")
    journal.reopen(journal.read("change-2026-0000"), ROLLING_BACK, NOW)[0].close()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("leave", [_open, _torn_in_the_middle, _taken_up_again])
def test_what_can_be_taken_up_is_never_removed(journal: Journal, leave: Callable[[Journal], None]) -> None:
    leave(journal)
    for number in range(1, 4):
        written(journal, plan_on(f"target-{number}", number), status="done")
    (journal.directory / "notes.jsonl").write_text("no operation\n")
    os.utime(journal.directory / "notes.jsonl", (0, 0))
    aged(journal, 0, 1, 2, 3)
    written(journal, plan_on("another", 4))
    assert 0 in ids(journal)
    assert (journal.directory / "notes.jsonl").exists()


@pytest.mark.usefixtures("few")
def test_what_is_in_somebodys_hand_is_not_removed_and_what_was_removed_is_not_taken_up(journal: Journal) -> None:
    for number in range(5):
        written(journal, plan_on(f"target-{number}", number), status="done")
    removed = journal.read("change-2026-0001")
    log, _ = journal.reopen(journal.read("change-2026-0000"), ROLLING_BACK, NOW)
    with closing(log):
        aged(journal, 0, 1, 2, 3, 4)
        written(journal, plan_on("another", 5))
    assert ids(journal) == {0, 3, 4, 5}
    with pytest.raises(ConsoleError, match="There is no operation 'change-2026-0001'"):
        journal.reopen(removed, RESUMED, NOW)
    assert ids(journal) == {0, 3, 4, 5}, "and no empty file is left of it"
