"""Deleting an endpoint leaves nothing of it behind, keeps what others use, and says what it keeps and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.clean_up import CleanUpRequest, plan_clean_up
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import roll_back
from cmapss_core.plans.teardown import plan_delete
from tests.core.notebook import TAGS, Carry, Notebook, passing, undoing
from tests.core.scripted import NOW, ScriptedAws, not_found
from tests.live import LiveSandbox
from tests.sweeping import sweep

pytestmark = pytest.mark.usefixtures("unpaused")


def titles(plan: Plan) -> list[str]:
    return [step.title for step in plan.steps]


def about(plan: Plan, title: str) -> list[str]:
    """What the steps of this title are about."""
    return [step.detail.partition(",")[0] for step in plan.steps if step.title == title]


def test_what_a_notebook_made_goes_in_the_order_that_always_works(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    config = notebook.config(
        "del-a",
        notebook.model("del-a-model"),
        notebook.model("del-a-second"),
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://captured/here",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    )
    notebook.endpoint("del-a", config)
    notebook.scale("del-a", "A")
    notebook.scale("del-a", "B", "Other-ScalingPolicy")
    notebook.invoke("del-a")
    notebook.alarm("cmapss-console-del-a-A-errors", "del-a")
    before = sweep(sandbox)
    assert before["log groups"] == ["/aws/sagemaker/Endpoints/del-a"]

    plan = plan_delete(aws, "del-a")
    assert titles(plan) == [
        *(["delete scheduled action", "delete scaling policy", "deregister scalable target"] * 2),
        "wait for running changes",
        "delete endpoint",
        "delete endpoint config",
        "delete model",
        "delete model",
        "delete alarm",
        "delete log group",
    ]
    assert (plan.hourly_cost_usd_before, plan.hourly_cost_usd_after) == (0.46, 0.0)
    assert "what was captured stays in s3://captured/here" in plan.notes
    assert [step.title for step in plan.steps if step.call and step.undo is None] == ["delete log group"]
    assert carry(plan).status == "done"
    assert sweep(sandbox) == {}

    assert carry(undoing(plan)).status == "done"
    after = sweep(sandbox)
    assert _without_ids(after) == _without_ids(before), "what serves again writes a log group again"
    assert len(after["alarms"]) == 5, "each policy has its two alarms again"
    carry(plan_delete(aws, "del-a"))
    assert sweep(sandbox) == {}


def test_the_models_of_shadow_variants_go_as_well(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    config = notebook.config("del-b", notebook.model("del-b-model"), shadow=notebook.model("del-b-shadow"))
    notebook.endpoint("del-b", config)
    assert carry(plan_delete(aws, "del-b")).status == "done"
    assert sweep(sandbox) == {}


def test_what_another_endpoint_uses_stays_and_is_said(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    config = notebook.config("del-c", notebook.model("del-c-model"), notebook.model("del-c-second"))
    for name in ("del-c", "del-c-too"):
        notebook.endpoint(name, config)
    other = notebook.config("del-c-other", "del-c-second")

    plan = plan_delete(aws, "del-c")
    assert "endpoint config del-c stays: the endpoint del-c-too uses it too" in plan.warnings
    assert "model del-c-model stays: del-c uses it too" in plan.warnings
    assert carry(plan).status == "done"
    left = sweep(sandbox)
    assert (left["endpoints"], left["endpoint configs"]) == (["del-c-too"], ["del-c", "del-c-other"])

    plan = plan_delete(aws, "del-c-too")
    assert about(plan, "delete model") == ["del-c-model"]
    assert f"model del-c-second stays: {other} uses it too" in plan.warnings
    carry(plan)
    assert sweep(sandbox) == {"endpoint configs": [other], "models": ["del-c-second"]}
    notebook.sagemaker.delete_endpoint_config(EndpointConfigName=other)
    notebook.sagemaker.delete_model(ModelName="del-c-second")


def test_a_model_that_the_console_deployed_and_did_not_make_stays_unless_all_is_asked_for(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.model("del-d-registered")
    config = notebook.config("del-d", "del-d-registered", tags=TAGS)
    notebook.endpoint("del-d", config, tags=TAGS)
    plan = plan_delete(aws, "del-d")
    assert about(plan, "delete model") == []
    assert any("del-d-registered stays: it was not made here" in warning for warning in plan.warnings)
    assert about(plan_delete(aws, "del-d", everything=True), "delete model") == ["del-d-registered"]
    carry(plan)
    assert sweep(sandbox) == {"models": ["del-d-registered"]}
    notebook.sagemaker.delete_model(ModelName="del-d-registered")


def test_a_roll_out_is_waited_out_and_both_its_configs_go(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.endpoint("del-e", notebook.config("del-e-blue", notebook.model("del-e-model")))
    green = notebook.config("del-e-green", notebook.model("del-e-next"))
    notebook.sagemaker.update_endpoint(EndpointName="del-e", EndpointConfigName=green)
    assert notebook.status("del-e") == "Updating"

    plan = plan_delete(aws, "del-e")
    assert any("it is Updating" in warning for warning in plan.warnings)
    assert sorted(about(plan, "delete endpoint config")) == ["del-e-blue", "del-e-green"]
    assert sorted(about(plan, "delete model")) == ["del-e-model", "del-e-next"]
    assert carry(plan).status == "done"
    assert sweep(sandbox) == {}


def test_configs_and_models_that_it_had_before_go_as_well(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    deployment = plan_deploy(aws, DeployRequest(name="del-f", autoscaling=False))
    carry(deployment)
    tags = [{"Key": "cmapss-console", "Value": deployment.id}]
    notebook.config("del-f-former", notebook.model("del-f-former-model", tags=tags), tags=tags)
    notebook.config("del-f-of-others", notebook.model("del-f-of-others-model", tags=TAGS), tags=TAGS)
    assert carry(plan_delete(aws, "del-f")).status == "done"
    assert sweep(sandbox) == {"endpoint configs": ["del-f-of-others"], "models": ["del-f-of-others-model"]}
    notebook.sagemaker.delete_endpoint_config(EndpointConfigName="del-f-of-others")
    notebook.sagemaker.delete_model(ModelName="del-f-of-others-model")


def test_one_that_is_being_deleted_already_is_waited_for_and_the_rest_goes(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.endpoint("del-g", notebook.config("del-g", notebook.model("del-g-model")))
    notebook.invoke("del-g")
    notebook.sagemaker.delete_endpoint(EndpointName="del-g")
    plan = plan_delete(aws, "del-g")
    assert "delete endpoint" not in titles(plan)
    assert any("is being deleted already" in warning for warning in plan.warnings)
    assert carry(plan).status == "done"
    assert sweep(sandbox) == {}


def test_one_that_has_failed_goes_and_is_not_made_again(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.endpoint("del-h", notebook.config("del-h", notebook.model("del-h-model")), wait=False)
    sandbox.control("/endpoints", fail="del-h")
    plan = plan_delete(aws, "del-h")
    assert "CreateEndpoint" not in [step.undo.call.operation for step in plan.steps if step.undo and step.undo.call]
    assert carry(plan).status == "done"
    assert sweep(sandbox) == {}


def test_an_endpoint_whose_config_is_gone_goes_all_the_same(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.endpoint("del-i", notebook.config("del-i", notebook.model("del-i-model")))
    notebook.scale("del-i")
    notebook.sagemaker.delete_endpoint_config(EndpointConfigName="del-i")
    plan = plan_delete(aws, "del-i")
    assert [step.undo for step in plan.steps] == [None] * len(plan.steps)
    assert carry(plan).status == "done"
    assert sweep(sandbox) == {"models": ["del-i-model"]}, "nobody knows any more that it was its model"
    notebook.sagemaker.delete_model(ModelName="del-i-model")


def test_only_its_own_alarms_go(sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook) -> None:
    for name in ("del-j", "del-j-2"):
        notebook.endpoint(name, notebook.config(name, notebook.model(f"{name}-model")))
        notebook.alarm(f"cmapss-console-{name}-A-errors", name)
        notebook.alarm(f"of-somebody-{name}", name)
    plan = plan_delete(aws, "del-j")
    assert about(plan, "delete alarm") == ["cmapss-console-del-j-A-errors"]
    carry(plan)
    carry(plan_delete(aws, "del-j-2"))
    assert sweep(sandbox) == {"alarms": ["of-somebody-del-j", "of-somebody-del-j-2"]}
    sandbox.client("cloudwatch").delete_alarms(AlarmNames=["of-somebody-del-j", "of-somebody-del-j-2"])


def test_logs_can_be_kept_and_protected_ones_are(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.endpoint("del-k", notebook.config("del-k", notebook.model("del-k-model")))
    notebook.invoke("del-k")
    group, logs = "/aws/sagemaker/Endpoints/del-k", sandbox.client("logs")
    kept = plan_delete(aws, "del-k", keep_logs=True)
    assert f"log group {group} stays, as asked" in kept.warnings
    assert not [action for action in kept.iam_actions if action.startswith("logs:")]
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=True)
    plan = plan_delete(aws, "del-k")
    assert f"log group {group} stays: it is protected from deletion" in plan.warnings
    assert carry(plan).status == "done"
    assert sweep(sandbox) == {"log groups": [group]}
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=group)


def test_what_was_uploaded_goes_once_no_model_serves_it(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    s3 = sandbox.client("s3")
    bucket, _, key = notebook.job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    upload = "cmapss-console/models/0123/model.tar.gz"
    s3.copy_object(Bucket=bucket, Key=upload, CopySource={"Bucket": bucket, "Key": key})
    uri = f"s3://{bucket}/{upload}"
    for name in ("del-l", "del-l-2"):
        notebook.endpoint(
            name, notebook.config(name, notebook.model(f"{name}-model", uri, tags=TAGS), tags=TAGS), tags=TAGS
        )
    first = plan_delete(aws, "del-l")
    assert f"{uri} stays: the model del-l-2-model serves it too" in first.warnings
    carry(first)
    assert about(plan_delete(aws, "del-l-2", keep_model=True), "delete uploaded model") == []
    second = plan_delete(aws, "del-l-2")
    assert about(second, "delete uploaded model") == [uri]
    assert carry(second).status == "done"
    assert sweep(sandbox) == {}


def test_a_deletion_that_is_refused_half_way_is_undone(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook, tmp_path: Path
) -> None:
    notebook.endpoint("del-m", notebook.config("del-m", notebook.model("del-m-model")))
    notebook.scale("del-m")
    before = sweep(sandbox)
    plan = plan_delete(aws, "del-m")
    sandbox.control("/faults", add={"kind": "access-denied", "operation": "sagemaker:DeleteModel"})
    try:
        outcome = carry(plan)
    finally:
        sandbox.control("/faults", clear=True)
    assert (outcome.status, outcome.error and outcome.error.kind) == ("failed", ErrorKind.DENIED)
    assert sweep(sandbox).keys() == {"models", "log groups"}
    undone = roll_back(aws, plan.id, Journal(tmp_path), on_event=passing(sandbox))
    assert (undone.status, undone.left) == ("rolled_back", ())
    assert _without_ids(sweep(sandbox)) == _without_ids(before)
    carry(plan_delete(aws, "del-m"))
    assert sweep(sandbox) == {}


def test_what_somebody_has_updated_meanwhile_is_not_deleted(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook, tmp_path: Path
) -> None:
    notebook.endpoint("del-n", notebook.config("del-n", notebook.model("del-n-model")))
    plan = plan_delete(aws, "del-n")
    notebook.sagemaker.update_endpoint(
        EndpointName="del-n", EndpointConfigName=notebook.config("del-n-theirs", "del-n-model")
    )
    outcome = carry(plan)
    assert (outcome.status, outcome.error and outcome.error.kind) == ("failed", ErrorKind.CONFLICT)
    assert notebook.status("del-n") == "InService"
    carry(plan_delete(aws, "del-n"))
    left = {"endpoint configs": ["del-n"], "models": ["del-n-model"]}
    assert sweep(sandbox) == left, "of a config that was not made here nobody knows whose it was"
    carry(plan_clean_up(aws, CleanUpRequest(older_than_days=0, everything=True), Journal(tmp_path / "another")))
    assert sweep(sandbox) == {}


def test_what_is_not_there_is_not_found_and_the_way_to_what_is_left_of_it_is_named() -> None:
    aws = ScriptedAws({"sagemaker:DescribeEndpoint": not_found()})
    with pytest.raises(ConsoleError, match="no endpoint 'nobody'") as caught:
        plan_delete(aws, "nobody")
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert "clean-up" in caught.value.remedy


def test_inference_components_forbid_it() -> None:
    variant = {"VariantName": "A", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    config = {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "ProductionVariants": [variant]}
    aws = ScriptedAws({**REGION, "sagemaker:DescribeEndpointConfig": config})
    [check] = plan_delete(aws, "engines").forbidding
    assert "variant A hosts inference components" in check.text
    assert check.kind is ErrorKind.CONFLICT


def test_a_stack_is_named_and_its_reserved_tags_are_not_set_again() -> None:
    variant = {"VariantName": "A", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    config = {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "ProductionVariants": [variant]}
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "fleet"}, {"Key": "team", "Value": "engines"}]
    aws = ScriptedAws(
        {
            **REGION,
            "sagemaker:DescribeEndpointConfig": config,
            "sagemaker:DescribeModel": {"ModelName": "m", "ModelArn": "arn:m", "PrimaryContainer": {"Image": "i"}},
            "sagemaker:ListTags": {"Tags": tags},
        }
    )
    plan = plan_delete(aws, "engines")
    assert any("CloudFormation stack fleet" in warning for warning in plan.warnings)
    undos = [step.undo.call for step in plan.steps if step.undo and step.undo.call]
    assert [call.parameters["Tags"] for call in undos] == [[{"Key": "team", "Value": "engines"}]] * 3


def test_a_second_look_asks_nothing_again_of_what_cannot_change() -> None:
    others = [{"EndpointConfigName": f"c{n}", "EndpointConfigArn": f"arn:c{n}", "CreationTime": NOW} for n in range(50)]
    variant = {"VariantName": "A", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}

    def described(EndpointConfigName: str) -> dict[str, Any]:
        model = "m" if EndpointConfigName in ("c", "c7") else "another"
        return {
            "EndpointConfigName": EndpointConfigName,
            "EndpointConfigArn": f"arn:{EndpointConfigName}",
            "ProductionVariants": [{**variant, "ModelName": model}],
        }

    aws = ScriptedAws(
        {
            **REGION,
            "sagemaker:ListEndpointConfigs": {"EndpointConfigs": others},
            "sagemaker:DescribeEndpointConfig": described,
            "sagemaker:DescribeModel": {"ModelName": "m", "ModelArn": "arn:m", "PrimaryContainer": {"Image": "i"}},
        }
    )
    assert "model m stays: c7 uses it too" in plan_delete(aws, "engines").warnings
    assert "DescribeEndpointConfig c8" not in _described(aws), "it stops as soon as every model is found"
    aws.calls.clear()
    plan_delete(aws, "engines")
    assert _described(aws) == ["DescribeEndpointConfig c"], "its own, to be made again as it is now"


def _without_ids(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without the ids at the end of the names of target tracking's alarms."""
    return {**found, "alarms": [name[:-36] if name.startswith("TargetTracking") else name for name in found["alarms"]]}


def _described(aws: ScriptedAws) -> list[str]:
    return [
        f"DescribeEndpointConfig {parameters['EndpointConfigName']}"
        for name, parameters in aws.calls
        if name == "sagemaker:DescribeEndpointConfig"
    ]


REGION: dict[str, Any] = {
    "sagemaker:DescribeEndpoint": {
        "EndpointName": "engines",
        "EndpointArn": "arn:engines",
        "EndpointStatus": "InService",
        "EndpointConfigName": "c",
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        "ProductionVariants": [{"VariantName": "A", "CurrentInstanceCount": 1, "DesiredInstanceCount": 1}],
    },
    "sagemaker:ListEndpoints": {"Endpoints": []},
    "sagemaker:ListEndpointConfigs": {"EndpointConfigs": []},
    "sagemaker:ListModels": {"Models": []},
    "application-autoscaling:DescribeScalableTargets": {"ScalableTargets": []},
    "cloudwatch:DescribeAlarms": {"MetricAlarms": []},
    "logs:DescribeLogGroups": {"logGroups": []},
    "pricing:GetProducts": {"PriceList": []},
}
