"""What stands between a plan and AWS, what is told while it is carried out, and what follows where it fails."""

from __future__ import annotations

import json
import os
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Check, Place, Plan
from cmapss_core.plans.running.operations import Operation, OperationRecord, Outcome, StepEvent, StepState
from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.exits import ExitCode
from tests.tui.consoles import deploy_plan
from tests.tui.terminals import at_a_terminal

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
PLACE = Place("000000000000", "us-east-1")
PLAN = replace(deploy_plan(name="engines"), place=PLACE)
LEFT = ("endpoint config c", "endpoint engines")
NO_CAPACITY = ConsoleError(ErrorKind.FAILED, "engines is Failed: no capacity", remedy="Look.", request_id="r-1")
THROTTLED = ConsoleError(ErrorKind.THROTTLED, "Rate exceeded", remedy="Wait.")
UNDO = f"cmapss-console operations rollback {PLAN.id}"
RESUME = f"cmapss-console operations resume {PLAN.id}"

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


class Runner:
    """In place of the runner: it tells these events and ends so, and its undoing ends as it is told to."""

    def __init__(self) -> None:
        self.outcome = Outcome("done")
        self.undone: Outcome | BaseException = Outcome("rolled_back")
        self.events: tuple[tuple[int, StepState], ...] = ()
        self.acted: frozenset[int] = frozenset()  # as the journal has it
        self.asked: list[str] = []

    def read(self, operation_id: str) -> OperationRecord:
        assert operation_id == PLAN.id
        operation = Operation(
            id=PLAN.id, intention="deploy", target="engines", status="open", started=NOW, ended=NOW, place=PLACE
        )
        return OperationRecord(operation=operation, plan=PLAN, states={}, events=(), acted=self.acted)

    def run(self, _aws: Aws, plan: Plan, _journal: object, *, on_event: Any, cancelled: Any, wait: bool) -> Outcome:
        self.asked.append("run")
        for n, state in self.events:
            on_event(StepEvent(plan_id=plan.id, n=n, state=state, message="so", at=NOW))
        return self.outcome

    def roll_back(self, _aws: Aws, operation_id: str, _journal: object, *, on_event: Any, cancelled: Any) -> Outcome:
        assert operation_id == PLAN.id
        self.asked.append("roll back")
        on_event(StepEvent(plan_id=operation_id, n=2, state="undone", message="so", at=NOW))
        if isinstance(self.undone, BaseException):
            raise self.undone
        if self.undone.status == "rolled_back":
            self.acted = frozenset()
        return self.undone


@pytest.fixture
def runner(monkeypatch: Patch, tmp_path: Path) -> Runner:
    given = Runner()
    monkeypatch.setattr("cmapss_core.plans.runner.run", given.run)
    monkeypatch.setattr("cmapss_core.plans.runner.roll_back", given.roll_back)
    monkeypatch.setattr("cmapss_core.plans.journal.Journal.read", lambda _, operation_id: given.read(operation_id))
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    return given


def flags(*line: str) -> Namespace:
    parser = ArgumentParser()
    add_plan_arguments(parser)
    return parser.parse_args(line)


def carry(plan: Plan, *line: str, read_only: bool = False, **options: Any) -> ExitCode:
    return carry_out(Aws(Target(region="us-east-1", read_only=read_only)), plan, flags(*line), **options)


def refused(plan: Plan, *line: str, **options: Any) -> ConsoleError:
    with pytest.raises(ConsoleError) as caught:
        carry(plan, *line, **options)
    return caught.value


FORBIDDEN = replace(
    PLAN,
    checks=(
        Check(True, "its names are not taken yet"),
        Check(None, "one instance"),
        Check(False, "the quota is 2", remedy="Ask for more.", kind=ErrorKind.QUOTA),
        Check(False, "there is no artefact", remedy="Train again.", kind=ErrorKind.NOT_FOUND),
    ),
)


@pytest.mark.parametrize("line", [("--yes",), ("--confirm", "engines"), ("--dry-run",)])
def test_what_forbids_a_plan_is_all_said_and_the_first_decides(
    line: tuple[str, ...], runner: Runner, capsys: Capture
) -> None:
    error = refused(FORBIDDEN, *line)
    assert (error.kind, error.message, error.remedy) == (ErrorKind.QUOTA, "the quota is 2", "Ask for more.")
    assert "✕ there is no artefact. Train again." in capsys.readouterr().err
    assert runner.asked == []


def test_a_dry_run_has_the_checks_sorted_and_the_actions(capsys: Capture, runner: Runner) -> None:
    refused(FORBIDDEN, "--dry-run")
    lines = capsys.readouterr().out.splitlines()
    marks = [line[0] for line in lines if line[:2] in ("✕ ", "! ", "✓ ", "· ")]
    assert marks == ["✕", "✕", "!", "✓", "·", "·"]
    assert any(line.startswith("IAM actions: ") and "sagemaker:CreateEndpoint" in line for line in lines)
    assert any(line.startswith("IAM actions to undo it: ") for line in lines)


def test_the_values_of_environment_variables_are_in_no_document(capsys: Capture, runner: Runner) -> None:
    container = {"Image": "i", "Environment": {"API_KEY": "s3cret"}}
    call = Call("sagemaker", "CreateModel", {"PrimaryContainer": container, "Containers": [container]})
    plan = replace(PLAN, steps=(replace(PLAN.steps[0], call=call), *PLAN.steps[1:]))
    assert carry(plan, "--dry-run", "--json") == 0
    out = capsys.readouterr().out
    assert "s3cret" not in out
    parameters = json.loads(out)["steps"][0]["parameters"]
    assert parameters["PrimaryContainer"]["Environment"] == {"API_KEY": "(hidden)"}
    assert parameters["Containers"][0]["Image"] == "i"


PROTECTED = replace(PLAN, protected="its name matches eng*")


@pytest.mark.parametrize(
    ("plan", "line", "answer", "carried_out"),
    [
        (PLAN, ("--yes",), None, True),
        (PLAN, ("--confirm", "engines"), None, True),
        (PLAN, ("--confirm", "engine"), None, False),
        (PLAN, (), None, False),
        (PROTECTED, ("--yes",), None, False),
        (PROTECTED, ("--confirm", "engines"), None, True),
        (PROTECTED, ("--yes", "--confirm", "engines"), None, True),
        (PROTECTED, ("--yes", "--confirm", "prod"), None, False),
        (PLAN, (), "y\n", True),
        (PLAN, (), "engines\n", False),
        (PROTECTED, (), "y\n", False),
        (PROTECTED, ("--yes",), "y\n", False),
        (PROTECTED, ("--yes",), "engines\n", True),
    ],
)
def test_who_may_carry_out_what(
    plan: Plan, line: tuple[str, ...], answer: str | None, carried_out: bool, runner: Runner, monkeypatch: Patch
) -> None:
    if answer is not None:
        at_a_terminal(monkeypatch, answer)
    if carried_out:
        assert carry(plan, *line) == ExitCode.DONE
    else:
        assert refused(plan, *line).kind is ErrorKind.REFUSED
    assert runner.asked == ["run"] * carried_out


def test_a_protected_target_says_why_and_how(runner: Runner) -> None:
    error = refused(PROTECTED, "--yes")
    assert "its name matches eng*" in error.message
    assert "--confirm engines" in error.remedy


def test_an_open_operation_on_the_same_endpoint_is_said_first(
    runner: Runner, monkeypatch: Patch, capsys: Capture
) -> None:
    asked: list[tuple[str, Place | None]] = []

    def open_on(_: Journal, target: str, place: Place | None = None) -> tuple[Operation, ...]:
        asked.append((target, place))
        return (Operation(id="deploy-1", intention="deploy", target=target, status="open", started=NOW, ended=None),)

    monkeypatch.setattr("cmapss_core.plans.journal.Journal.open_on", open_on)
    carry(PLAN, "--yes")
    assert "! deploy-1 on it is open: resume it or roll it back" in capsys.readouterr().err
    assert asked == [("engines", PLACE)]


@pytest.mark.parametrize(
    ("line", "answer", "undone"),
    [
        (("--yes",), None, True),
        (("--yes", "--keep"), None, False),
        (("--confirm", "engines"), None, True),
        ((), "y\n\n", True),
        ((), "y\ny\n", True),
        ((), "y\nn\n", False),
        ((), "y\n", False),  # nobody answers any more
        (("--keep",), "y\ny\n", False),
    ],
)
def test_after_a_failure_it_is_undone_unless_told_otherwise(
    line: tuple[str, ...], answer: str | None, undone: bool, runner: Runner, monkeypatch: Patch, capsys: Capture
) -> None:
    runner.outcome, runner.acted = Outcome("failed", NO_CAPACITY, LEFT, ("E the container said no",)), frozenset({1, 2})
    runner.events = ((1, "done"), (2, "failed"))
    if answer is not None:
        at_a_terminal(monkeypatch, answer)
    assert refused(PLAN, *line, "--json") is NO_CAPACITY
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["log_lines"] == ["E the container said no"]
    assert document["error"]["request_id"] == "r-1"
    assert "    E the container said no" in said.err
    assert runner.asked == (["run", "roll back"] if undone else ["run"])
    if undone:
        assert (document["status"], document["left"]) == ("rolled_back", [])
        assert document["steps"][1]["status"] == "undone"
        assert "[2/6] delete config: undone, so" in said.err
        assert "Undone" in said.err
        assert UNDO not in said.err
    else:
        assert (document["status"], document["left"]) == ("failed", list(LEFT))
        assert "Left in the region: endpoint config c; endpoint engines." in said.err
        assert UNDO in said.err
        assert RESUME in said.err


def test_what_failed_before_anything_was_done_leaves_nothing_to_undo(runner: Runner, capsys: Capture) -> None:
    runner.outcome = Outcome("failed", ConsoleError(ErrorKind.DENIED, "no sagemaker:CreateModel"))
    assert refused(PLAN, "--yes").kind is ErrorKind.DENIED
    assert runner.asked == ["run"]
    assert UNDO not in capsys.readouterr().err


def test_what_passes_by_itself_leaves_it_open(runner: Runner, capsys: Capture) -> None:
    runner.outcome, runner.acted = Outcome("open", THROTTLED, LEFT), frozenset({1})
    assert refused(PLAN, "--yes") is THROTTLED
    assert runner.asked == ["run"]
    said = capsys.readouterr().err
    assert RESUME in said
    assert UNDO in said


def test_an_undoing_that_fails_says_what_is_left_and_how_to_go_on(runner: Runner, capsys: Capture) -> None:
    runner.outcome, runner.acted = Outcome("failed", NO_CAPACITY, LEFT), frozenset({1})
    runner.undone = Outcome("open", ConsoleError(ErrorKind.DENIED, "no sagemaker:DeleteEndpoint"), LEFT[1:])
    assert refused(PLAN, "--yes") is NO_CAPACITY
    said = capsys.readouterr().err
    assert "no sagemaker:DeleteEndpoint" in said
    assert "Left in the region: endpoint engines." in said
    assert UNDO in said


def test_an_undoing_that_cannot_begin_hides_nothing_of_what_went_wrong(runner: Runner, capsys: Capture) -> None:
    runner.outcome, runner.acted = Outcome("failed", NO_CAPACITY, LEFT), frozenset({1})
    runner.undone = ConsoleError(ErrorKind.FAILED, "the journal cannot be written")
    assert refused(PLAN, "--yes", "--json") is NO_CAPACITY
    said = capsys.readouterr()
    assert json.loads(said.out)["left"] == list(LEFT)
    assert "the journal cannot be written" in said.err
    assert UNDO in said.err


@pytest.mark.parametrize("line", [("--json",), ("--yes", "--json")])
def test_where_all_is_so_already_nobody_is_asked_and_nothing_begins(
    line: tuple[str, ...], runner: Runner, capsys: Capture
) -> None:
    assert carry(replace(PLAN, steps=()), *line) == ExitCode.DONE
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert (document["status"], document["operation_id"], document["left"]) == ("done", None, [])
    assert "nothing to carry out" in said.err
    assert runner.asked == []


def test_a_second_interrupt_in_the_undoing_names_the_ways_out(runner: Runner, capsys: Capture) -> None:
    runner.outcome, runner.acted = Outcome("failed", NO_CAPACITY, LEFT), frozenset({3})
    runner.undone = KeyboardInterrupt()
    assert refused(PLAN, "--yes", "--json") is NO_CAPACITY
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert (document["status"], document["left"]) == ("interrupted", ["endpoint engines"])
    assert UNDO in said.err


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's here")
@pytest.mark.parametrize("presses", [1, 2])
def test_an_interrupt_leaves_it_open_and_names_the_ways_out(
    presses: int, runner: Runner, monkeypatch: Patch, capsys: Capture
) -> None:
    def run(*_: object, cancelled: Callable[[], bool], **__: Any) -> Outcome:
        for _press in range(presses):
            signal.raise_signal(signal.SIGINT)
        return Outcome("interrupted" if cancelled() else "done")

    monkeypatch.setattr("cmapss_core.plans.runner.run", run)
    assert carry(PLAN, "--yes", "--json") == ExitCode.INTERRUPTED
    said = capsys.readouterr()
    assert json.loads(said.out)["status"] == "interrupted"
    assert RESUME in said.err
    assert UNDO in said.err
