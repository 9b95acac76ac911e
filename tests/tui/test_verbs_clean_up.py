"""`clean-up` from the command line: what it finds is data, what it removes is asked for first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cmapss_core.plans.clean_up import CleanUp, CleanUpRequest
from cmapss_core.plans.plan import Call, Plan, Proof, Step, numbered
from cmapss_core.plans.removing.leftovers import Finding
from cmapss_core.plans.runner import Outcome
from cmapss_tui.cli import main
from tests.tui.terminals import at_a_terminal

HERE = ("--endpoint-url", "http://127.0.0.1:1")
MADE = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
MODEL = Finding(kind="model", name="unused", why="no endpoint config names it", since=MADE, ours=True)
OTHERS = Finding(
    kind="model", name="others", why="no endpoint config names it", since=MADE, ours=False, kept_because="not ours"
)
IDLE = Finding(
    kind="endpoint",
    name="idle",
    why="nobody has called it for 14 days",
    since=MADE,
    ours=True,
    hourly_cost_usd=0.23,
)
DELETION = Step(
    title="delete model",
    detail="unused",
    call=Call("sagemaker", "DeleteModel", {"ModelName": "unused"}),
    proof=Proof(call=Call("sagemaker", "DescribeModel", {"ModelName": "unused"}), gone=True),
)
Capture = pytest.CaptureFixture[str]
Survey = Callable[..., list[CleanUpRequest]]


@pytest.fixture
def surveyed(monkeypatch: pytest.MonkeyPatch) -> Survey:
    """Have these findings found, with a plan that removes what goes of them; what was asked for."""

    def install(*findings: Finding) -> list[CleanUpRequest]:
        asked: list[CleanUpRequest] = []
        steps = numbered(DELETION for finding in findings if finding.goes)
        plan = Plan(id="clean-up-0", intention="clean-up", target="us-east-1", steps=steps)

        def survey(_aws: object, request: CleanUpRequest) -> CleanUp:
            asked.append(request)
            return CleanUp(findings, plan)

        monkeypatch.setattr("cmapss_core.plans.clean_up.survey", survey)
        return asked

    return install


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that were carried out."""
    done: list[Plan] = []

    def run(_aws: object, plan: Plan, _journal: object, **_: Any) -> Outcome:
        done.append(plan)
        return Outcome("done")

    monkeypatch.setattr("cmapss_core.plans.runner.run", run)
    return done


@pytest.mark.parametrize(
    ("flags", "request_"),
    [
        ("", CleanUpRequest()),
        ("--all", CleanUpRequest(everything=True)),
        ("--idle", CleanUpRequest(idle_days=14)),
        ("--idle 30", CleanUpRequest(idle_days=30)),
        ("--older-than 0", CleanUpRequest(older_than_days=0)),
        ("--older-than 1.5 --idle --all", CleanUpRequest(everything=True, idle_days=14, older_than_days=1.5)),
    ],
)
def test_the_line_becomes_the_request(flags: str, request_: CleanUpRequest, surveyed: Survey) -> None:
    asked = surveyed()
    assert main(["clean-up", *flags.split(), "--dry-run", *HERE]) == 0
    assert asked == [request_]


@pytest.mark.parametrize("flags", ["--idle 0", "--idle x", "--older-than x", "--idle -1"])
def test_days_that_are_none_are_a_wrong_line(flags: str, surveyed: Survey, capsys: Capture) -> None:
    surveyed()
    assert main(["clean-up", *flags.split(), *HERE]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("flags", [[], ["--yes"], ["--dry-run"]])
def test_nothing_to_clean_up_is_done(flags: list[str], surveyed: Survey, runs: list[Plan], capsys: Capture) -> None:
    surveyed(OTHERS)
    assert main(["clean-up", *flags, *HERE]) == 0
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == "Nothing to clean up."
    assert "no: not ours" in said.out + said.err
    assert runs == []


def test_findings_are_a_document(surveyed: Survey, runs: list[Plan], capsys: Capture) -> None:
    surveyed(IDLE, MODEL, OTHERS)
    assert main(["clean-up", "--dry-run", "--json", *HERE]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["intention"], document["status"], len(document["steps"])) == ("clean-up", "planned", 2)
    assert [finding["removed"] for finding in document["findings"]] == [True, True, False]
    assert document["findings"][0] == {
        "kind": "endpoint",
        "name": "idle",
        "why": "nobody has called it for 14 days",
        "since": "2026-11-01T09:00:00Z",
        "ours": True,
        "hourly_cost_usd": 0.23,
        "removed": True,
        "kept_because": None,
    }
    assert (document["target"], "endpoint" in document) == ("us-east-1", False)
    assert main(["clean-up", "--json", "--yes", *HERE]) == 0
    carried_out = json.loads(capsys.readouterr().out)
    assert (carried_out["status"], carried_out["findings"]) == ("done", document["findings"])
    assert len(runs) == 1
    surveyed()
    assert main(["clean-up", "--json", "--yes", *HERE]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["findings"]) == ("done", [])
    assert len(runs) == 1


def test_findings_are_a_table_for_a_person(surveyed: Survey, capsys: Capture) -> None:
    surveyed(IDLE, MODEL, OTHERS)
    assert main(["clean-up", "--dry-run", *HERE]) == 0
    out = capsys.readouterr().out
    for words in (
        "idle",
        "$0.23/h",
        "$168 a month",
        "no endpoint config names it",
        "yes",
        "no: not ours",
        "delete model",
    ):
        assert words in out


def test_it_is_carried_out_with_a_yes_and_not_without_one(surveyed: Survey, runs: list[Plan], capsys: Capture) -> None:
    surveyed(MODEL)
    assert main(["clean-up", *HERE]) == 6
    assert runs == []
    assert main(["clean-up", "--read-only", "--yes", *HERE]) == 6
    assert runs == []
    capsys.readouterr()
    assert main(["clean-up", "--yes", *HERE]) == 0
    assert [plan.id for plan in runs] == ["clean-up-0"]
    assert capsys.readouterr().out == "us-east-1\n"


@pytest.mark.parametrize(
    ("finding", "answer", "code"),
    [(MODEL, "y\n", 0), (MODEL, "n\n", 6), (IDLE, "y\n", 6), (IDLE, "us-east-1\n", 0)],
)
def test_where_an_endpoint_goes_the_region_s_name_has_to_be_typed(
    finding: Finding, answer: str, code: int, surveyed: Survey, runs: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    surveyed(finding)
    at_a_terminal(monkeypatch, answer)
    assert main(["clean-up", *HERE]) == code
    assert len(runs) == (code == 0)
