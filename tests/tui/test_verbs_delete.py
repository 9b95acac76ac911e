"""`delete` from the command line: what the line asks of the plan, and what a script is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Check, Plan
from cmapss_tui.cli import main

HERE = ("--endpoint-url", "http://127.0.0.1:1")
FORBIDDEN = Check(False, "it hosts inference components", "Delete them first.", ErrorKind.CONFLICT)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the plan was asked for; whose checks say that it cannot be."""
    asked: list[dict[str, Any]] = []

    def plan(_aws: object, name: str, keep_model: bool = False, **request: Any) -> Plan:
        asked.append({"name": name, "keep_model": keep_model, **request})
        return Plan(id="delete-0", intention="delete", target=name, steps=(), checks=(FORBIDDEN,))

    monkeypatch.setattr("cmapss_core.plans.teardown.plan_delete", plan)
    monkeypatch.setattr("cmapss_core.plans.runner.run", lambda *_, **__: pytest.fail("the plan was carried out"))
    return asked


@pytest.mark.parametrize(
    ("flags", "request_"),
    [
        ("", {}),
        ("--keep-model", {"keep_model": True}),
        ("--keep-logs", {"keep_logs": True}),
        ("--all", {"everything": True}),
        ("--all --keep-logs --keep-model", {"everything": True, "keep_logs": True, "keep_model": True}),
    ],
)
def test_the_line_becomes_the_request(flags: str, request_: dict[str, bool], planned: list[dict[str, Any]]) -> None:
    main(["delete", "engines", *flags.split(), "--dry-run", *HERE])
    nothing = {"name": "engines", "keep_model": False, "keep_logs": False, "everything": False}
    assert planned == [nothing | request_]


@pytest.mark.usefixtures("planned")
def test_what_forbids_it_is_in_the_plan_and_the_end_of_it(capsys: Capture) -> None:
    assert main(["delete", "engines", "--dry-run", "--json", *HERE]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["checks"] == [
        {"ok": False, "text": "it hosts inference components", "remedy": "Delete them first."}
    ]
    assert said.err == "cmapss-console: it hosts inference components. Delete them first.\n"
    assert main(["delete", "engines", "--yes", *HERE]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("identified")
def test_what_is_not_there_ends_with_its_code_and_the_way_to_what_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    error = ConsoleError(ErrorKind.NOT_FOUND, "There is no endpoint 'nobody'", remedy="List them.")

    def read(*_: object) -> None:
        raise error

    monkeypatch.setattr("cmapss_core.plans.teardown.read_endpoint", read)
    assert main(["delete", "nobody", "--yes", *HERE]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert "cmapss-console clean-up" in line
