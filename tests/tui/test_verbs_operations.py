"""operations: what the journal has, in words and as a document, and the way on or back for what is open."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.running.operations import Outcome
from cmapss_tui.cli import main
from tests.tui.consoles import NOW
from tests.tui.journals import begun, done, ended, plan_of
from tests.tui.terminals import at_a_terminal

HERE = ("--endpoint-url", "http://127.0.0.1:1")
OPEN, OLDER, DONE = "deploy-2026-11-22-16-41-07-aaaa", "deploy-2026-11-22-15-00-00-bbbb", "delete-2026-11-21-cccc"
ERROR = ConsoleError(ErrorKind.FAILED, "no capacity", remedy="Look.", request_id="r-7")

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture
def journal(monkeypatch: Patch, tmp_path: Path) -> Journal:
    """One open operation that failed, one that is rolled back, one that is done."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    journal = Journal(tmp_path / "journal")
    ended(journal, plan_of(OPEN), "open", *done(1, 2), (3, "started"), (3, "acting"), (3, "failed"), error=ERROR)
    ended(journal, plan_of(OLDER, target="older"), "rolled_back", at=NOW - timedelta(hours=1))
    ended(
        journal,
        replace(plan_of(DONE, target="gone"), intention="delete"),
        "done",
        *done(1, 2, 3, 4, 5, 6),
        at=NOW - timedelta(days=1),
    )
    return journal


class Taken:
    """In place of the runner: which operations were taken up, and how that ends."""

    def __init__(self) -> None:
        self.operations: list[tuple[str, str]] = []
        self.outcome = Outcome("done")

    def by(self, how: str) -> Callable[..., Outcome]:
        def take(_aws: object, operation_id: str, _journal: object, **_: Any) -> Outcome:
            self.operations.append((how, operation_id))
            return self.outcome

        return take


@pytest.fixture
def taken(monkeypatch: Patch) -> Taken:
    given = Taken()
    monkeypatch.setattr("cmapss_core.plans.runner.resume", given.by("resume"))
    monkeypatch.setattr("cmapss_core.plans.runner.roll_back", given.by("rollback"))
    return given


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("operations --json", [OPEN, OLDER, DONE]),
        ("operations list --json", [OPEN, OLDER, DONE]),
        ("operations --json list", [OPEN, OLDER, DONE]),
        ("operations list --open --json", [OPEN]),
        ("operations --status done --json", [DONE]),
        ("operations list --status running --json", []),
    ],
)
@pytest.mark.usefixtures("journal")
def test_the_list_is_the_newest_first_and_needs_no_aws(line: str, ids: list[str], capsys: Capture) -> None:
    assert main(line.split()) == 0
    assert [operation["id"] for operation in json.loads(capsys.readouterr().out)] == ids


def test_an_operation_is_listed_with_its_status_times_and_place(journal: Journal, capsys: Capture) -> None:
    main(["operations", "--json"])
    assert json.loads(capsys.readouterr().out)[0] == {
        "id": OPEN,
        "intention": "deploy",
        "target": "engines",
        "status": "open",
        "started": "2026-11-22T16:41:07Z",
        "ended": "2026-11-22T16:43:07Z",
        "account": "000000000000",
        "region": "us-east-1",
    }
    # As much as it was in hand: what passed before somebody goes on with it does not count.
    log, _ = journal.reopen(journal.read(OPEN), "resumed", NOW + timedelta(hours=5))
    log.write("ended", NOW + timedelta(hours=5, minutes=1), status="open")
    log.close()
    main(["operations"])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(OPEN))
    assert row.split() == [OPEN, "‖", "open", "engines", "2026-11-22", "16:41:07Z", "3m00s"]


def test_what_runs_is_running_until_its_process_ends(journal: Journal, capsys: Capture) -> None:
    log = begun(journal, plan_of("scale-1", target="busy"), (1, "started"))
    main(["operations", "--status", "running", "--json"])
    assert [operation["id"] for operation in json.loads(capsys.readouterr().out)] == ["scale-1"]
    log.close()
    main(["operations", "--open", "--json"])
    assert [operation["id"] for operation in json.loads(capsys.readouterr().out)] == ["scale-1", OPEN]


@pytest.mark.usefixtures("journal")
def test_show_has_the_steps_what_happened_what_is_left_and_the_request_id(capsys: Capture) -> None:
    assert main(["operations", "show", OPEN, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [step["status"] for step in document["plan"]["steps"][:4]] == ["done", "done", "failed", "planned"]
    assert document["events"][-1]["error"]["request_id"] == "r-7"
    assert [name.split()[0] for name in document["left"]] == ["model", "endpoint", "endpoint"]
    assert main(["operations", "show", "deploy-2026-11-22-16"]) == 0
    said = capsys.readouterr()
    assert "✕ no capacity. (request r-7) Look." in said.out
    assert "Left in the region: model" in said.out
    assert f"operations rollback {OPEN}" in said.err


@pytest.mark.parametrize(
    ("beginning", "code", "said"),
    [("deploy", 2, "2 operations begin with 'deploy'"), ("nothing", 3, "no operation 'nothing'"), ("..", 3, "'..'")],
)
@pytest.mark.parametrize("action", ["show", "resume", "rollback"])
@pytest.mark.usefixtures("journal", "taken")
def test_a_beginning_has_to_be_of_one(action: str, beginning: str, code: int, said: str, capsys: Capture) -> None:
    assert main(["operations", action, beginning, *HERE]) == code
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("action", "numbers"), [("resume", [3, 4, 5, 6]), ("rollback", [3, 2, 1])], ids=["resume", "rollback"]
)
@pytest.mark.usefixtures("journal")
def test_a_dry_run_says_what_would_be_done_next(action: str, numbers: list[int], taken: Taken, capsys: Capture) -> None:
    assert main(["operations", action, OPEN, "--dry-run", "--json", "--read-only", *HERE]) == 0
    assert json.loads(capsys.readouterr().out)["next"] == numbers
    assert main(["operations", action, OPEN, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert ("delete endpoint" if action == "rollback" else "wait until in service") in out
    assert taken.operations == []


@pytest.mark.parametrize("action", ["resume", "rollback"])
@pytest.mark.usefixtures("journal")
def test_it_is_confirmed_like_a_plan(action: str, taken: Taken, monkeypatch: Patch, capsys: Capture) -> None:
    assert main(["operations", action, OPEN, *HERE]) == 6
    assert "--yes" in capsys.readouterr().err
    assert main(["operations", action, OPEN, "--yes", "--read-only", *HERE]) == 6
    assert "--read-only" in capsys.readouterr().err
    at_a_terminal(monkeypatch, "n\n")
    assert main(["operations", action, OPEN, *HERE]) == 6
    assert taken.operations == []
    at_a_terminal(monkeypatch, "y\n")
    assert main(["operations", action, OPEN, *HERE]) == 0
    assert main(["operations", action, OPEN, "--yes", *HERE]) == 0
    assert taken.operations == [(action, OPEN)] * 2


@pytest.mark.usefixtures("journal")
def test_what_is_done_is_taken_back_only_by_its_name(taken: Taken, monkeypatch: Patch) -> None:
    taken.outcome = Outcome("rolled_back")
    at_a_terminal(monkeypatch, "y\n")
    assert main(["operations", "rollback", DONE, *HERE]) == 6
    at_a_terminal(monkeypatch, "gone\n")
    assert main(["operations", "rollback", DONE, *HERE]) == 0
    assert taken.operations == [("rollback", DONE)]


@pytest.mark.parametrize(("action", "operation"), [("resume", DONE), ("rollback", OLDER)])
@pytest.mark.usefixtures("journal", "taken")
def test_what_is_so_already_is_no_error(action: str, operation: str, taken: Taken) -> None:
    assert main(["operations", action, operation, *HERE]) == 0


@pytest.mark.parametrize("action", ["resume", "rollback"])
def test_what_another_process_has_in_hand_is_left_to_it(
    action: str, journal: Journal, taken: Taken, capsys: Capture
) -> None:
    log = begun(journal, plan_of("scale-1", target="busy"), (1, "started"))
    assert main(["operations", action, "scale-1", "--yes", *HERE]) == 1
    assert "another console or verb carries it out" in capsys.readouterr().err
    log.close()
    assert taken.operations == []


@pytest.mark.usefixtures("journal")
def test_what_is_rolled_back_cannot_be_resumed(taken: Taken, capsys: Capture) -> None:
    assert main(["operations", "resume", OLDER, "--yes", *HERE]) == 1
    assert "is rolled back: there is nothing to resume" in capsys.readouterr().err
    assert taken.operations == []


def test_what_is_half_undone_can_only_be_undone_further(journal: Journal, taken: Taken, capsys: Capture) -> None:
    ended(journal, plan_of("deploy-9", target="half"), "open", *done(1, 2), (2, "undoing"), (2, "undone"))
    assert main(["operations", "resume", "deploy-9", "--yes", *HERE]) == 1
    assert "operations rollback deploy-9" in capsys.readouterr().err
    assert main(["operations", "rollback", "deploy-9", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["next"] == [1]


@pytest.mark.usefixtures("journal")
def test_how_it_ended_is_one_document(taken: Taken, capsys: Capture) -> None:
    taken.outcome = Outcome("rolled_back")
    assert main(["operations", "rollback", OPEN, "--yes", "--json", *HERE]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["operation_id"], document["status"], document["left"]) == (OPEN, "rolled_back", [])


@pytest.mark.usefixtures("journal")
def test_an_undo_that_is_not_permitted_stays_open_and_ends_with_5(taken: Taken, capsys: Capture) -> None:
    taken.outcome = Outcome("open", ConsoleError(ErrorKind.DENIED, "no sagemaker:DeleteModel"), ("model m",))
    assert main(["operations", "rollback", OPEN, "--yes", *HERE]) == 5
    said = capsys.readouterr().err
    assert "Left in the region: model m." in said
    assert f"operations rollback {OPEN}" in said


def test_without_a_journal_there_is_nothing_to_list(monkeypatch: Patch, tmp_path: Path, capsys: Capture) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "none"))
    assert main(["operations", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert not (tmp_path / "none").exists()
