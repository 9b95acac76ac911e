"""`update`: what a line says becomes the request, and what contradicts itself is told before AWS is asked."""

from __future__ import annotations

from typing import Any

import pytest

from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.plan import Call, Plan, Proof, Step, numbered
from cmapss_core.plans.running.operations import Outcome
from cmapss_core.plans.updating.alarms import Guard
from cmapss_core.plans.updating.requests import CaptureChange, UpdateRequest, VariantChange
from cmapss_core.plans.updating.strategies import RolloutRequest, Size
from cmapss_tui.cli import main

HERE = ("--endpoint-url", "http://127.0.0.1:1")
ROLE = "arn:aws:iam::123456789012:role/models"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/models:1"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the planners were asked for; each answers with a plan of one step."""
    asked: list[Any] = []

    def plan(_aws: object, request: Any) -> Plan:
        asked.append(request)
        call = Call("sagemaker", "UpdateEndpoint", {"EndpointName": "engines"})
        steps = numbered([Step(title="update endpoint", call=call, proof=Proof(call=call))])
        return Plan(id="update-2026-11-22-16-41-07-abcd", intention="update", target="engines", steps=steps)

    monkeypatch.setattr("cmapss_core.plans.update.plan_update", plan)
    monkeypatch.setattr("cmapss_core.plans.stop.plan_stop_rollout", plan)
    return asked


def request(*variants: VariantChange, **others: Any) -> UpdateRequest:
    return UpdateRequest(endpoint="ep", variants=variants, **others)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("--job best", request(VariantChange(source=ModelSource(job="best")))),
        ("--model m-1 --instances 3", request(VariantChange(source=ModelSource(model="m-1"), instances=3))),
        (
            f"--model-data s3://b/model.tar.gz --image {IMAGE} --role {ROLE}",
            request(VariantChange(source=ModelSource(model_data="s3://b/model.tar.gz", image=IMAGE, role=ROLE))),
        ),
        (
            f"--model-file model.tar.gz --bucket uploads --image {IMAGE} --role {ROLE}",
            request(
                VariantChange(source=ModelSource(model_file="model.tar.gz", bucket="uploads", image=IMAGE, role=ROLE))
            ),
        ),
        ("--instance-type ml.c5.large", request(VariantChange(instance_type="ml.c5.large"))),
        (
            "--variant name=A,job=J,weight=0.9 --variant name=B,instances=2",
            request(
                VariantChange(name="A", source=ModelSource(job="J"), weight=0.9), VariantChange(name="B", instances=2)
            ),
        ),
        (
            f"--variant name=A,job=J --variant name=B,model=m --role {ROLE}",
            request(
                VariantChange(name="A", source=ModelSource(job="J", role=ROLE)),
                VariantChange(name="B", source=ModelSource(model="m")),
            ),
        ),
        (
            "--weight A=0.9 --weight B=0.1",
            request(VariantChange(name="A", weight=0.9), VariantChange(name="B", weight=0.1)),
        ),
        (
            "--variant name=A,instances=2 --weight A=0.5",
            request(VariantChange(name="A", instances=2, weight=0.5)),
        ),
        ("--remove-variant A --remove-variant B", request(remove=("A", "B"))),
        (
            "--capture s3://b/c --capture-percent 5",
            request(capture=CaptureChange(enabled=True, destination="s3://b/c", percent=5)),
        ),
        ("--no-capture", request(capture=CaptureChange(enabled=False))),
        (
            "--job J --strategy canary --canary-size 25% --wait-interval 60 --bake 120 --timeout 1800 "
            "--alarm a --alarm b",
            request(
                VariantChange(source=ModelSource(job="J")),
                rollout=RolloutRequest(
                    strategy="canary", canary_size=Size(25, True), wait_interval=60, bake=120, timeout=1800
                ),
                alarms=("a", "b"),
            ),
        ),
        (
            "--job J --batch-size 1 --rollback-batch-size 100% --rollback-on errors=3 --rollback-on latency=200",
            request(
                VariantChange(source=ModelSource(job="J")),
                rollout=RolloutRequest(batch_size=Size(1), rollback_batch_size=Size(100, True)),
                guards=(Guard("errors", 3), Guard("latency", 200)),
            ),
        ),
        (
            "--instances 2 --step-size 10% --keep-former --keep-alarms",
            request(
                VariantChange(instances=2),
                rollout=RolloutRequest(step_size=Size(10, True)),
                keep_former=True,
                keep_alarms=True,
            ),
        ),
        ("--stop", "ep"),
    ],
)
def test_the_line_becomes_the_request(line: str, asked: Any, planned: list[Any]) -> None:
    assert main(["update", "ep", *line.split(), "--dry-run", *HERE]) == 0
    assert planned == [asked]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "nothing to update"),
        ("--wait", "nothing to update"),
        ("--strategy canary", "nothing to update"),
        ("--job J --model m", "job and model"),
        (f"--role {ROLE} --instances 2", "--role without a model"),
        ("--model-data s3://b/model.tar.gz", "image"),
        ("--model-data s3://b/model.zip", "no model artefact"),
        ("--instance-type m5", "'m5' is no instance type"),
        ("--weight A", "'A' gives no variant a weight"),
        ("--weight A=heavy", "gives no variant a weight"),
        ("--weight A=-1", "weight -1 is below 0"),
        ("--weight A=nan", "no number"),
        ("--weight A=1 --weight A=2", "given two weights"),
        ("--variant name=A,weight=1 --weight A=2", "given two weights"),
        ("--variant name=A,instances=0", "instances 0 is below 1"),
        ("--variant name=A,image=x", "without a model"),
        ("--variant name=A,instances=2 --remove-variant A", "variant A is changed 2 times"),
        ("--variant instances=2", "has no name"),
        ("--canary-size half --job J", "'half' is no size"),
        ("--rollback-on panic --job J", "'panic' is nothing to roll back on"),
        ("--capture here", "is no S3 URI"),
        ("--capture s3://b/c --no-capture", "exclude each other"),
        ("--capture-percent 101", "101 % of the requests"),
        ("--stop --job J", "--stop beside --job"),
        ("--stop --keep-former --alarm a", "--stop beside --alarm, --keep-former"),
    ],
)
def test_what_cannot_be_is_2_in_one_line_before_aws_is_asked(line: str, said: str, capsys: Capture) -> None:
    assert main(["update", "ep", *line.split(), "--yes", *HERE]) == 2  # nothing listens there: asking would be 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err


@pytest.mark.parametrize(("confirmed", "code"), [("ep", 0), ("other", 6)])
def test_to_stop_a_protected_endpoint_s_roll_out_the_endpoint_s_name_is_enough(
    confirmed: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Call("cloudwatch", "SetAlarmState", {"AlarmName": "a"})
    plan = Plan(
        id="stop-2026-11-22-16-41-07-abcd",
        intention="stop",
        target="ep",
        steps=numbered([Step(title="set alarm", call=call, proof=Proof(call=call))]),
        protected="its name matches e*",
    )
    ran: list[str] = []

    def run(_aws: object, plan: Plan, *_: object, **__: object) -> Outcome:
        ran.append(plan.target)
        return Outcome("done")

    monkeypatch.setattr("cmapss_core.plans.stop.plan_stop_rollout", lambda aws, name: plan)
    monkeypatch.setattr("cmapss_core.plans.runner.run", run)
    assert main(["update", "ep", "--stop", "--confirm", confirmed, *HERE]) == code
    assert ran == (["ep"] if code == 0 else [])


def test_the_strategies_are_aws_s(capsys: Capture) -> None:
    assert main(["update", "ep", "--strategy", "big-bang", *HERE]) == 2
    assert "all-at-once" in capsys.readouterr().err


def test_help_names_the_usual_roll_out(capsys: Capture) -> None:
    assert main(["update", "--help"]) == 0
    out = capsys.readouterr().out
    assert "canary of one" in out
    assert "--rollback-on" in out
