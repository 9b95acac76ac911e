"""Plans of deploying, scaling and deleting do on a sandbox what they say, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws
from cmapss_core.endpoints import EndpointsReader, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import read_jobs
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.runner import StepEvent, run
from cmapss_core.plans.teardown import plan_delete
from cmapss_core.provenance import training_data
from cmapss_core.scaling import read_scaling
from cmapss_core.watch import read_watch
from tests.core.notebook import Carry
from tests.live import LiveSandbox

pytestmark = pytest.mark.usefixtures("unpaused")


def everything(sandbox: LiveSandbox) -> dict[str, list[Any]]:
    """All that a deployment can leave in the region."""
    sagemaker, scaling = sandbox.client("sagemaker"), sandbox.client("application-autoscaling")
    return {
        "endpoints": [e["EndpointName"] for e in sagemaker.list_endpoints()["Endpoints"]],
        "configs": [c["EndpointConfigName"] for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]],
        "models": [m["ModelName"] for m in sagemaker.list_models()["Models"]],
        "targets": scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"],
        "policies": scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"],
        "alarms": sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"],
    }


def test_a_deployment_scales_as_planned_and_goes_without_a_trace(sandbox: LiveSandbox, aws: Aws, carry: Carry) -> None:
    plan = plan_deploy(aws, DeployRequest(name="plan-a", min=2, max=4, target=25.0, scale_in_cooldown=120))
    assert carry(plan).status == "done"
    endpoint = read_endpoint(aws, "plan-a")
    scaling = read_scaling(aws, endpoint)
    assert (scaling.targets[0].min, scaling.targets[0].max) == (2, 4)
    assert (scaling.policies[0].target, scaling.policies[0].scale_in_cooldown) == (25.0, 120)
    assert len(scaling.alarms) == 2
    assert endpoint.current_instances == 2
    assert endpoint.hourly_cost_usd == plan.hourly_cost_usd_after == 0.46
    assert training_data(aws, endpoint) == "nasa"

    again = carry(plan)
    assert again.status == "done", "everything is so already"

    sandbox.advance(minutes=2)
    watch = read_watch(aws, "plan-a")
    assert watch.error is None
    assert watch.metrics is not None
    assert [value for _, value in watch.metrics.points("invocations")] != []
    assert "minimum of 2" in watch.explanation

    assert carry(plan_delete(aws, "plan-a")).status == "done"
    assert not any(everything(sandbox).values())


def test_scaling_keeps_what_is_not_asked_to_change(sandbox: LiveSandbox, aws: Aws, carry: Carry) -> None:
    carry(plan_deploy(aws, DeployRequest(name="plan-b", target=25.0)))
    plan = plan_scale(aws, ScaleRequest(endpoint="plan-b", min=3))
    undone = [step.undo.call for step in plan.steps if step.undo and step.undo.call]
    assert [call.operation for call in undone] == ["RegisterScalableTarget", "PutScalingPolicy"]
    assert undone[0].parameters["MinCapacity"] == 1, "undone, it is as it was before"
    assert carry(plan).status == "done"
    scaling = read_scaling(aws, read_endpoint(aws, "plan-b"))
    assert (scaling.targets[0].min, scaling.targets[0].max, scaling.policies[0].target) == (3, 5, 25.0)
    sandbox.advance(minutes=8)
    assert read_endpoint(aws, "plan-b").current_instances == 3, "capacity moves into new bounds at once"

    off = plan_scale(aws, ScaleRequest(endpoint="plan-b", off=True))
    assert carry(off).status == "done"
    assert read_scaling(aws, read_endpoint(aws, "plan-b")).targets == ()
    with pytest.raises(ConsoleError, match="not scaled automatically"):
        plan_scale(aws, ScaleRequest(endpoint="plan-b", off=True))
    carry(plan_delete(aws, "plan-b"))
    assert not any(everything(sandbox).values())


def test_a_model_that_another_config_uses_stays(sandbox: LiveSandbox, aws: Aws, carry: Carry) -> None:
    first = plan_deploy(aws, DeployRequest(name="plan-c", autoscaling=False))
    carry(first)
    sandbox.advance(seconds=2)
    second = plan_deploy(aws, DeployRequest(name="plan-d", autoscaling=False))
    assert carry(second).status == "done"
    assert len(everything(sandbox)["models"]) == 1

    deletion = plan_delete(aws, "plan-c")
    assert "delete model" not in [step.title for step in deletion.steps]
    assert any("stays" in warning for warning in deletion.warnings)
    carry(deletion)
    assert len(everything(sandbox)["models"]) == 1
    carry(plan_delete(aws, "plan-d"))
    assert not any(everything(sandbox).values())


def test_the_model_can_be_kept(sandbox: LiveSandbox, aws: Aws, carry: Carry) -> None:
    carry(plan_deploy(aws, DeployRequest(name="plan-e", autoscaling=False)))
    carry(plan_delete(aws, "plan-e", keep_model=True))
    left = everything(sandbox)
    [model] = left.pop("models")
    assert not any(left.values())
    sandbox.client("sagemaker").delete_model(ModelName=model)


def test_an_endpoint_that_is_being_created_is_deleted_once_aws_allows_it(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, tmp_path: Path
) -> None:
    plan = plan_deploy(aws, DeployRequest(name="plan-f"))
    assert run(aws, plan, Journal(tmp_path), wait=False).status == "open"
    assert read_endpoint(aws, "plan-f").status == "Creating"
    with pytest.raises(ConsoleError, match="plan-f is Creating"):
        plan_scale(aws, ScaleRequest(endpoint="plan-f", min=2))
    assert carry(plan_delete(aws, "plan-f")).status == "done"
    assert not any(everything(sandbox).values())


def test_who_may_not_read_the_artefact_is_told_which_permission_it_takes(sandbox: LiveSandbox, aws: Aws) -> None:
    job = next(ranked.job for ranked in read_jobs(aws).jobs if ranked.rank == 2)
    sandbox.control("/faults", add={"kind": "access-denied", "operation": "s3:HeadObject"})
    try:
        with pytest.raises(ConsoleError, match=r"model\.tar\.gz may not be read") as caught:
            plan_deploy(aws, DeployRequest(job=job.name, name="plan-i"))
    finally:
        sandbox.control("/faults", clear=True)
    assert caught.value.kind is ErrorKind.DENIED
    assert "s3:GetObject" in caught.value.remedy


def test_a_model_whose_artefact_is_gone_fails_with_the_reason_and_can_be_deleted(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, tmp_path: Path
) -> None:
    job = next(ranked.job for ranked in read_jobs(aws).jobs if ranked.rank == 2)
    assert job.model_artifact is not None
    bucket, _, key = job.model_artifact.removeprefix("s3://").partition("/")
    s3 = sandbox.client("s3")
    plan = plan_deploy(aws, DeployRequest(job=job.name, name="plan-g"))
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(ConsoleError, match=r"model\.tar\.gz is not there") as caught:
        plan_deploy(aws, DeployRequest(job=job.name, name="plan-h"))
    assert caught.value.kind is ErrorKind.NOT_FOUND

    s3.put_object(Bucket=bucket, Key=key, Body=body)

    def losing(event: StepEvent) -> None:
        """The artefact is there when the model is created, and gone when the endpoint's instances want it."""
        if event.state == "waiting":
            s3.delete_object(Bucket=bucket, Key=key)
            sandbox.advance(minutes=1)

    outcome = run(aws, plan, Journal(tmp_path), on_event=losing)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "plan-g is Failed" in outcome.error.message
    assert any("plan-g" in left for left in outcome.left)
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert carry(plan_delete(aws, "plan-g")).status == "done"
    assert not any(everything(sandbox).values())


def test_an_occupied_name_is_refused_whatever_its_state(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, tmp_path: Path
) -> None:
    run(aws, plan_deploy(aws, DeployRequest(name="plan-i")), Journal(tmp_path), wait=False)
    before = everything(sandbox)
    with pytest.raises(ConsoleError, match="already, Creating") as caught:
        plan_deploy(aws, DeployRequest(name="plan-i"))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert everything(sandbox) == before
    carry(plan_delete(aws, "plan-i"))


def test_a_fleet_that_does_not_change_costs_one_call_a_reading(aws: Aws, carry: Carry) -> None:
    for name in ("plan-j", "plan-k"):
        carry(plan_deploy(aws, DeployRequest(name=name, autoscaling=False)))
    reader = EndpointsReader(aws)
    first = reader.read()
    assert {endpoint.name for endpoint in first.endpoints} == {"plan-j", "plan-k"}
    before = aws.meter.total
    assert reader.read().endpoints == first.endpoints
    assert aws.meter.total == before + 1
    for name in ("plan-j", "plan-k"):
        carry(plan_delete(aws, name))
    assert reader.read().endpoints == ()
