"""What AWS or somebody else does in the middle: it is told as it is, and what is ours can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import Outcome, StepEvent
from cmapss_core.plans.teardown import plan_delete
from tests.live import LiveSandbox
from tests.survival.cases import ENDPOINT, deployment, other_model
from tests.survival.worlds import World, world

Interfere = Callable[[], None]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)


@pytest.fixture
def aws(region: LiveSandbox) -> Aws:
    return Aws(Target(endpoint_url=region.endpoint_url))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def carried(
    region: LiveSandbox, aws: Aws, plan: Plan, journal: Journal, interfere: Interfere = lambda: None
) -> Outcome:
    """Carry it out; the first time that it waits, somebody interferes."""
    waited = False

    def passing(event: StepEvent) -> None:
        nonlocal waited
        if event.state == "waiting":
            if not waited:
                waited = True
                interfere()
            region.advance(minutes=1)

    return runner.run(aws, plan, journal, on_event=passing)


def undone(region: LiveSandbox, aws: Aws, plan: Plan, journal: Journal) -> Outcome:
    """Take it back, while time passes."""
    return runner.roll_back(aws, plan.id, journal, on_event=lambda event: region.advance(minutes=1))


NOTHING: World = {
    kind: []
    for kind in ("endpoints", "configs", "models", "targets", "policies", "scheduled actions", "alarms", "log groups")
}


def test_no_capacity_is_told_and_undone(region: LiveSandbox, aws: Aws, journal: Journal) -> None:
    region.control("/capacity", **{"ml.m5.xlarge": 0})
    try:
        plan = deployment(aws)
        outcome = carried(region, aws, plan, journal)
    finally:
        region.control("/capacity", **{"ml.m5.xlarge": None})
    assert outcome.error is not None
    assert "InsufficientInstanceCapacity" in outcome.error.message
    assert any("capacity" in line for line in outcome.log_lines), "no log group: no container ever started"
    assert undone(region, aws, plan, journal).status == "rolled_back"
    assert world(region) == NOTHING


def test_a_quota_is_seen_before_anything_is_made(region: LiveSandbox, aws: Aws) -> None:
    region.control("/quotas", **{"ml.m5.xlarge": 0})
    try:
        plan = deployment(aws)
    finally:
        region.control("/quotas", **{"ml.m5.xlarge": None})
    [check] = plan.forbidding
    assert check.kind is ErrorKind.QUOTA
    assert "ml.m5.xlarge" in check.text


def test_a_quota_that_falls_in_the_middle_is_told_and_undone(region: LiveSandbox, aws: Aws, journal: Journal) -> None:
    plan = deployment(aws)
    region.control("/quotas", **{"ml.m5.xlarge": 0})
    try:
        outcome = carried(region, aws, plan, journal)
    finally:
        region.control("/quotas", **{"ml.m5.xlarge": None})
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.QUOTA
    assert undone(region, aws, plan, journal).status == "rolled_back"
    assert world(region) == NOTHING


def test_a_model_that_does_not_come_up_is_told_with_its_log(region: LiveSandbox, aws: Aws, journal: Journal) -> None:
    plan = deployment(aws)
    model = plan.steps[0].call
    assert model is not None
    bucket, _, key = model.parameters["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")
    s3 = region.client("s3")
    kept = s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def damage() -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=b"no model")

    try:
        damage()
        outcome = carried(region, aws, plan, journal)
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=kept)
    assert outcome.error is not None
    assert "ping health check" in outcome.error.message or "model data" in outcome.error.message.lower()
    assert outcome.log_lines
    assert undone(region, aws, plan, journal).status == "rolled_back"
    assert world(region) == NOTHING


def test_an_endpoint_that_somebody_deletes_meanwhile_is_not_waited_for(
    region: LiveSandbox, aws: Aws, journal: Journal
) -> None:
    plan = deployment(aws)

    def delete() -> None:
        region.advance(minutes=30)
        region.client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)
        region.advance(minutes=5)

    outcome = carried(region, aws, plan, journal, delete)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "deleted" in outcome.error.message
    assert undone(region, aws, plan, journal).status == "rolled_back"
    assert world(region) == NOTHING


def test_an_endpoint_that_somebody_updates_meanwhile_is_theirs(region: LiveSandbox, aws: Aws, journal: Journal) -> None:
    assert carried(region, aws, deployment(aws), journal).status == "done"
    sagemaker = region.client("sagemaker")
    config = sagemaker.describe_endpoint_config(
        EndpointConfigName=sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    )
    sagemaker.create_endpoint_config(EndpointConfigName="theirs", ProductionVariants=config["ProductionVariants"])
    plan = other_model(aws)

    def update() -> None:
        region.advance(minutes=60)
        # With its scaling deregistered the instance type may go back.
        sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="theirs")
        region.advance(minutes=60)

    outcome = carried(region, aws, plan, journal, update)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "theirs" in outcome.error.message
    assert undone(region, aws, plan, journal).status == "rolled_back"
    assert sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"] == "theirs", "it is not ours"
    names = [row["EndpointConfigName"] for row in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
    assert sorted(names) == sorted(["theirs", config["EndpointConfigName"]])


def test_a_model_that_another_deployment_serves_by_now_is_spared(
    region: LiveSandbox, aws: Aws, journal: Journal
) -> None:
    first = deployment(aws)
    assert carried(region, aws, first, journal).status == "done"
    second = plan_deploy(aws, DeployRequest(name="another", autoscaling=False))
    assert carried(region, aws, second, journal).status == "done"
    outcome = undone(region, aws, first, journal)
    assert outcome.status == "rolled_back"
    sagemaker = region.client("sagemaker")
    [config] = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=config["EndpointConfigName"])[
        "ProductionVariants"
    ]
    assert sagemaker.describe_model(ModelName=variant["ModelName"]), "the other endpoint serves it"
    assert [row["EndpointName"] for row in sagemaker.list_endpoints()["Endpoints"]] == ["another"]
    assert undone(region, aws, second, journal).status == "rolled_back"
    assert [model["ModelName"] for model in sagemaker.list_models()["Models"]] == [variant["ModelName"]], "not its own"


def test_a_deletion_closes_what_was_left_open_on_its_endpoint(region: LiveSandbox, aws: Aws, journal: Journal) -> None:
    plan = deployment(aws)
    assert runner.run(aws, plan, journal, wait=False).status == "open"
    region.advance(minutes=30)
    assert carried(region, aws, plan_delete(aws, ENDPOINT), journal).status == "done"
    assert [operation.status for operation in journal.operations()] == ["done", "rolled_back"]
    assert runner.roll_back(aws, plan.id, journal).status == "rolled_back"
    assert world(region) == NOTHING


def test_an_operation_can_be_closed_whose_endpoint_is_gone(region: LiveSandbox, aws: Aws, journal: Journal) -> None:
    assert carried(region, aws, deployment(aws), journal).status == "done"
    off = plan_scale(aws, ScaleRequest(endpoint=ENDPOINT, off=True))
    assert carried(region, aws, off, journal).status == "done"
    region.client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)
    region.advance(minutes=10)
    assert undone(region, aws, off, journal).status == "rolled_back"
