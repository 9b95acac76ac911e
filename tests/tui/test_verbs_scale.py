"""`scale`: what the line says becomes the request, and what contradicts itself is refused before AWS is asked."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cmapss_core.plans.autoscale import ScaleRequest, ScheduleRequest, StepPolicyRequest, parse_steps
from cmapss_core.plans.high_availability import HighAvailabilityRequest
from cmapss_core.plans.plan import Call, Plan, Proof, Step, numbered
from cmapss_tui.cli import main

HERE = ("--endpoint-url", "http://127.0.0.1:1")
READ = Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": "ep"}))

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the planners were asked for."""
    asked: list[Any] = []

    def plan(_aws: object, request: Any) -> Plan:
        asked.append(request)
        step = Step(title="register scalable target", call=READ.call, proof=READ)
        return Plan(id="scale-2026-11-22-16-41-07-abcd", intention="scale", target="ep", steps=numbered([step]))

    monkeypatch.setattr("cmapss_core.plans.autoscale.plan_scale", plan)
    monkeypatch.setattr("cmapss_core.plans.high_availability.plan_high_availability", plan)
    return asked


NIGHT = ScheduleRequest(name="night", schedule="cron(0 22 * * ? *)", min=1, max=2, timezone="Europe/Berlin")
LINES: list[tuple[str, Any]] = [
    ("--min 3 --max 5 --target 10", {"min": 3, "max": 5, "target": 10.0}),
    ("--variant B --scale-in-cooldown 0", {"variant": "B", "scale_in_cooldown": 0}),
    ("--no-scale-in --policy P", {"scale_in": False, "policy": "P"}),
    ("--scale-in", {"scale_in": True}),
    ("--high-resolution --target 5", {"high_resolution": True, "target": 5.0}),
    ("--no-high-resolution", {"high_resolution": False}),
    ("--suspend in --suspend scheduled", {"suspend": ("in", "scheduled")}),
    ("--suspend all", {"suspend": ("in", "out", "scheduled")}),
    ("--resume-scaling", {"resume": True}),
    (
        "--schedule 'night=cron(0 22 * * ? *)' --schedule-min 1 --schedule-max 2 --timezone Europe/Berlin",
        {"schedules": (NIGHT,)},
    ),
    ("--unschedule night --unschedule day", {"unschedule": ("night", "day")}),
    (
        "--step-policy --step 0:10=+1 --step 10:=+2 --threshold 20 --alarm-minutes 2 --step-cooldown 60",
        {
            "step_policy": StepPolicyRequest(
                adjustments=parse_steps(["0:10=+1", "10:=+2"]), threshold=20.0, minutes=2, cooldown=60
            )
        },
    ),
    ("--step-policy burst --threshold 30", {"step_policy": StepPolicyRequest(name="burst", threshold=30.0)}),
    ("--remove-policy burst", {"remove_policies": ("burst",)}),
    ("--off --variant B", {"off": True, "variant": "B"}),
]


@pytest.mark.parametrize(("line", "asked"), LINES)
def test_the_line_becomes_the_request(line: str, asked: dict[str, Any], planned: list[Any]) -> None:
    assert main(["scale", "ep", *shlex.split(line), "--dry-run", *HERE]) == 0
    assert planned == [ScaleRequest(endpoint="ep", **asked)]


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("--instances 3", {"instances": 3}),
        ("--instances 4 --variant B --by config", {"instances": 4, "variant": "B", "by": "config"}),
    ],
)
def test_a_number_of_instances_is_a_plan_of_its_own(line: str, asked: dict[str, Any], planned: list[Any]) -> None:
    assert main(["scale", "ep", *line.split(), "--dry-run", *HERE]) == 0
    assert planned == [HighAvailabilityRequest(endpoint="ep", **asked)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "There is nothing to set"),
        ("--variant B", "There is nothing to set"),
        ("--off --min 2", "--off excludes every setting"),
        ("--instances 3 --max 5", "--instances excludes every other setting"),
        ("--instances 3 --off", "--instances excludes every other setting"),
        ("--by config --min 2", "--by without --instances"),
        ("--schedule-min 2", "--schedule-min without --schedule"),
        ("--timezone UTC --min 2", "--timezone without --schedule"),
        ("--schedule night", "'night' has no ="),
        ("--schedule night=22:00 --schedule-min 1", "'22:00' is no schedule"),
        ("--schedule night=rate(1day) --schedule-min 3 --schedule-max 2", "scheduled min 3 is above max 2"),
        ("--schedule a/b=rate(1day) --schedule-min 3", "'a/b' is no name"),
        ("--threshold 20 --alarm-minutes 2", "--threshold and --alarm-minutes without --step-policy"),
        ("--step 0:=+1", "--step without --step-policy"),
        ("--step-policy --step 0:10=+1 --threshold 5", "the outermost step has an end"),
    ],
)
def test_what_contradicts_itself_is_2_in_one_line(line: str, words: str, capsys: Capture) -> None:
    assert main(["scale", "ep", *line.split(), "--yes", *HERE]) == 2  # nothing listens there: asking would be 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said


@pytest.mark.parametrize("line", ["--suspend sideways", "--suspend in --resume-scaling", "--min 0", "--by magic"])
def test_what_the_parser_refuses_is_2(line: str, capsys: Capture) -> None:
    assert main(["scale", "ep", *line.split(), *HERE]) == 2
    assert capsys.readouterr().err.count("\n") == 1
