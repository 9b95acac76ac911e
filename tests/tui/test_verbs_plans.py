"""deploy, scale and delete: what they plan, what they ask, what they carry out, and what they tell a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.autoscale import ScaleRequest
from cmapss_core.plans.deploy import DeployRequest
from cmapss_core.plans.plan import Call, Check, Plan, Proof, Step, numbered
from cmapss_core.plans.running.operations import Outcome, StepEvent, StepState
from cmapss_tui.cli import main
from tests.tui.terminals import at_a_terminal

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
HERE = ("--endpoint-url", "http://127.0.0.1:1")
READ = Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": "engines"}))
STEPS = (
    Step(
        title="create endpoint",
        detail="engines",
        call=Call("sagemaker", "CreateEndpoint", {"EndpointName": "engines"}),
        proof=READ,
        undo=Step(
            title="delete endpoint",
            call=Call("sagemaker", "DeleteEndpoint", {"EndpointName": "engines"}),
            proof=READ,
        ),
    ),
    Step(title="wait until in service", call=None, proof=READ),
)

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def plan_of(intention: str) -> Plan:
    return Plan(
        id=f"{intention}-2026-11-22-16-41-07-abcd",
        intention=intention,
        target="engines",
        steps=numbered(STEPS),
        checks=(Check(True, "its names are not taken yet"), Check(None, "one instance does not survive")),
        hourly_cost_usd_before=0.0,
        hourly_cost_usd_after=0.23,
    )


@pytest.fixture
def planned(monkeypatch: Patch) -> list[Any]:
    """What the planners were asked for; each answers with the same two steps."""
    asked: list[Any] = []

    def planner(intention: str) -> Callable[..., Plan]:
        def plan(_aws: object, *request: Any, **_: Any) -> Plan:
            asked.append(request[0] if len(request) == 1 else request)
            return plan_of(intention)

        return plan

    monkeypatch.setattr("cmapss_core.plans.deploy.plan_deploy", planner("deploy"))
    monkeypatch.setattr("cmapss_core.plans.autoscale.plan_scale", planner("scale"))
    monkeypatch.setattr("cmapss_core.plans.teardown.plan_delete", planner("delete"))
    return asked


class Runner:
    """In place of the runner: reports these states, then ends so."""

    def __init__(self, outcome: Outcome, *states: tuple[int, StepState]) -> None:
        self.outcome = outcome
        self.states = states
        self.runs: list[dict[str, Any]] = []

    def __call__(self, _aws: object, plan: Plan, _journal: object, *, on_event: Any, **options: Any) -> Outcome:
        self.runs.append({"wait": options["wait"], "plan": plan.id})
        for n, state in self.states:
            on_event(StepEvent(plan_id=plan.id, n=n, state=state, message="so", at=NOW))
        return self.outcome


@pytest.fixture
def runs(monkeypatch: Patch) -> Callable[..., Runner]:
    def install(outcome: Outcome, *states: tuple[int, StepState]) -> Runner:
        runner = Runner(outcome, *states)
        monkeypatch.setattr("cmapss_core.plans.runner.run", runner)
        return runner

    return install


@pytest.fixture
def never_runs(monkeypatch: Patch) -> None:
    monkeypatch.setattr("cmapss_core.plans.runner.run", lambda *_, **__: pytest.fail("the plan was carried out"))


VERBS = (["deploy", "best"], ["scale", "engines", "--min", "3"], ["delete", "engines"])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("planned", "never_runs")
def test_a_dry_run_prints_the_plan_and_runs_nothing(verb: list[str], capsys: Capture) -> None:
    assert main([*verb, "--dry-run", "--json", "--read-only", *HERE]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["plan_id"] == f"{verb[0]}-2026-11-22-16-41-07-abcd"
    assert (document["intention"], document["endpoint"], document["status"]) == (verb[0], "engines", "planned")
    assert document["target"] == "engines"
    assert document["warnings"] == ["one instance does not survive"]
    assert (document["hourly_cost_usd_before"], document["hourly_cost_usd_after"]) == (0.0, 0.23)
    first, second = document["steps"]
    assert {"n", "service", "operation", "parameters", "undo", "status"} <= first.keys()
    assert (first["n"], first["operation"], first["parameters"]) == (1, "CreateEndpoint", {"EndpointName": "engines"})
    assert first["undo"]["operation"] == "DeleteEndpoint"
    assert (second["undo"], second["status"]) == (None, "planned")


@pytest.mark.usefixtures("planned", "never_runs")
def test_a_dry_run_for_a_person_shows_cost_steps_and_warnings(capsys: Capture) -> None:
    assert main(["deploy", "--dry-run", *HERE]) == 0
    out = capsys.readouterr().out
    for words in (
        "$0.00/h → $0.23/h",
        "create endpoint",
        "undo: delete endpoint",
        "! one instance",
        "✓ its names are not taken yet",
    ):
        assert words in out


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("planned", "never_runs")
def test_without_a_yes_and_a_terminal_nothing_is_changed(verb: list[str], capsys: Capture) -> None:
    assert main([*verb, "--json", *HERE]) == 6
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--yes" in said.err


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("planned", "never_runs")
def test_read_only_goes_before_yes(verb: list[str], capsys: Capture) -> None:
    assert main(["--read-only", *verb, "--yes", *HERE]) == 6
    assert "--read-only" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "no\n", "engine\n", "yess\n"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("planned", "never_runs")
def test_anything_but_a_yes_changes_nothing(verb: list[str], answer: str, monkeypatch: Patch, capsys: Capture) -> None:
    at_a_terminal(monkeypatch, answer)
    assert main([*verb, *HERE]) == 6
    said = capsys.readouterr()
    assert said.out == ""
    assert "create endpoint" in said.err  # the plan was shown
    assert "Nothing was changed" in said.err


@pytest.mark.parametrize(
    ("verb", "answer", "code"),
    [
        (VERBS[0], "y\n", 0),
        (VERBS[0], "Yes\n", 0),
        (VERBS[1], "y\n", 0),
        (VERBS[2], "engines\n", 0),
        (VERBS[2], "y\n", 6),  # what cannot be undone takes its name
    ],
)
@pytest.mark.usefixtures("planned")
def test_at_a_terminal_it_asks(
    verb: list[str], answer: str, code: int, monkeypatch: Patch, runs: Callable[..., Runner]
) -> None:
    runner = runs(Outcome("done"), (1, "done"), (2, "done"))
    at_a_terminal(monkeypatch, answer)
    assert main([*verb, *HERE]) == code
    assert len(runner.runs) == (code == 0)


@pytest.mark.usefixtures("planned")
def test_done_is_told_step_by_step_and_printed_as_one_document(runs: Callable[..., Runner], capsys: Capture) -> None:
    runner = runs(Outcome("done"), (1, "started"), (1, "done"), (2, "waiting"), (2, "done"))
    assert main(["deploy", "best", "--yes", "--wait", "--json", *HERE]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["status"] == "done"
    assert [step["status"] for step in document["steps"]] == ["done", "done"]
    assert document["left"] == []
    assert "[1/2] create endpoint: done, so" in said.err
    assert runner.runs[0]["wait"] is True


@pytest.mark.usefixtures("planned")
def test_for_a_person_the_endpoint_s_name_is_the_answer(runs: Callable[..., Runner], capsys: Capture) -> None:
    runs(Outcome("done"), (1, "done"), (2, "done"))
    assert main(["deploy", "--yes", "--wait", *HERE]) == 0
    assert capsys.readouterr().out == "engines\n"


@pytest.mark.usefixtures("planned")
def test_without_wait_it_says_what_is_left_and_how_to_go_on(runs: Callable[..., Runner], capsys: Capture) -> None:
    runner = runs(Outcome("open"), (1, "done"))
    assert main(["deploy", "--min", "3", "--yes", "--json", *HERE]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert (document["status"], document["operation_id"]) == ("open", "deploy-2026-11-22-16-41-07-abcd")
    assert [step["status"] for step in document["steps"]] == ["done", "planned"]
    assert "still to do: wait until in service." in said.err
    assert "cmapss-console operations resume deploy-2026-11-22-16-41-07-abcd" in said.err
    assert runner.runs[0]["wait"] is False


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("deploy", DeployRequest()),
        ("deploy job-7 --name n --instances 2", DeployRequest(job="job-7", name="n", instances=2)),
        (
            "deploy best --instance-type ml.c5.large --min 3 --max 6 --target 12.5 --scale-in-cooldown 0 "
            "--scale-out-cooldown 60",
            DeployRequest(
                instance_type="ml.c5.large", min=3, max=6, target=12.5, scale_in_cooldown=0, scale_out_cooldown=60
            ),
        ),
        ("deploy --no-autoscaling", DeployRequest(autoscaling=False)),
        ("scale ep --min 3 --max 5 --target 10", ScaleRequest(endpoint="ep", min=3, max=5, target=10.0)),
        ("scale ep --scale-in-cooldown 0", ScaleRequest(endpoint="ep", scale_in_cooldown=0)),
        ("scale ep --off", ScaleRequest(endpoint="ep", off=True)),
        ("delete ep", ("ep", False)),
        ("delete ep --keep-model", ("ep", True)),
    ],
)
@pytest.mark.usefixtures("never_runs")
def test_the_line_becomes_the_request(line: str, request_: Any, planned: list[Any]) -> None:
    assert main([*line.split(), "--dry-run", *HERE]) == 0
    assert planned == [request_]


@pytest.mark.parametrize(
    ("line", "planner"),
    [
        ("deploy nobody --yes", "deploy.plan_deploy"),
        ("delete nobody --yes", "teardown.plan_delete"),
        ("scale nobody --min 1 --yes", "autoscale.plan_scale"),
    ],
)
@pytest.mark.usefixtures("never_runs")
def test_what_is_not_there_is_3(line: str, planner: str, monkeypatch: Patch, capsys: Capture) -> None:
    def find(*_: object, **__: object) -> None:
        raise ConsoleError(ErrorKind.NOT_FOUND, "There is no 'nobody'")

    monkeypatch.setattr(f"cmapss_core.plans.{planner}", find)
    assert main([*line.split(), *HERE]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "There is no 'nobody'" in said


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("deploy best --name bad_name --yes", "'bad_name' has '_' in it"),
        ("deploy best --min 4 --max 2 --yes", "min 4 is above max 2"),
        ("deploy best --instance-type ml.t2.medium --yes", "burstable"),
    ],
)
@pytest.mark.usefixtures("never_runs")
def test_what_cannot_be_is_2_before_aws_is_asked(line: str, names: str, capsys: Capture) -> None:
    assert main([*line.split(), *HERE]) == 2  # nothing listens there: asking would be 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert names in said
