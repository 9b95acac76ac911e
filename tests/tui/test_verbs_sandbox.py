"""sandbox: its flags go on as they were given, and without the extra there is one line that says how to get it."""

from __future__ import annotations

import os
import sys

import pytest

from cmapss_tui import sandbox_process
from cmapss_tui.cli import main


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The programs that this process would have become."""
    programs: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, program: programs.append(list(program)))
    return programs


@pytest.mark.skipif(sys.platform == "win32", reason="there it is a child process")
@pytest.mark.parametrize(
    ("line", "passed_on"),
    [
        ("sandbox", []),
        ("sandbox --json", ["--json"]),
        ("sandbox --enforce-iam", ["--enforce-iam"]),
        (
            "sandbox --port 5000 --speed 120 --data C.zip --state s --tuning-jobs 0 --json",
            ["--port=5000", "--speed=120.0", "--data=C.zip", "--state=s", "--tuning-jobs=0", "--json"],
        ),
    ],
)
def test_the_process_becomes_the_sandbox(line: str, passed_on: list[str], executed: list[list[str]]) -> None:
    main(line.split())
    assert executed == [[sys.executable, "-P", "-m", "cmapss_sandbox", *passed_on]]


def test_without_the_extra_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, executed: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox_process, "find_spec", lambda name: None if name == "xgboost" else object())
    assert main(["sandbox", "--json"]) == 1
    assert executed == []
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "cmapss-console: The sandbox is not installed: xgboost is missing. "
        "Install it: pip install 'cmapss-console[sandbox]'\n"
    )
