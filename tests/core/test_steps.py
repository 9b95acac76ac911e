"""Each step of models, configs and endpoints: what proves it, what undoes it, and what belongs to somebody else."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.aws import Aws
from cmapss_core.belongings import LogGroup
from cmapss_core.endpoints import read_endpoint
from cmapss_core.plans.plan import Plan, Proof, Step, numbered
from cmapss_core.plans.removing.removal import delete_alarm, delete_log_group, delete_upload
from cmapss_core.plans.scaling.policy_alarms import read_policy_alarms
from cmapss_core.plans.steps import (
    create_endpoint,
    create_endpoint_config,
    create_model,
    delete_endpoint,
    delete_endpoint_config,
    delete_model,
    endpoint_config_parameters,
    fleet,
    model_parameters,
    tags_of,
    wait_until_gone,
    wait_until_in_service,
)
from tests.core.notebook import TAGS, Carry, Notebook, undoing
from tests.core.scripted import NOW, ScriptedAws
from tests.live import LiveSandbox
from tests.sweeping import sweep

pytestmark = pytest.mark.usefixtures("unpaused")


def plan_of(name: str, *steps: Step) -> Plan:
    return Plan(id=name, intention="change", target=name, steps=numbered(steps))


def holds(proof: Proof, answer: dict[str, Any]) -> bool:
    return all(jmespath.search(path, answer) in good for path, good in proof.shows.items())


def test_models_with_several_containers_are_made_deleted_and_made_again(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    container = {
        "Image": notebook.job["AlgorithmSpecification"]["TrainingImage"],
        "ModelDataUrl": notebook.job["ModelArtifacts"]["S3ModelArtifacts"],
    }
    wanted = {
        "ModelName": "steps-chain",
        "ExecutionRoleArn": notebook.job["RoleArn"],
        "Containers": [
            {**container, "ContainerHostname": "first", "Environment": {"SECRET": "x"}},
            {**container, "ContainerHostname": "second"},
        ],
        "Tags": TAGS,
    }
    assert carry(plan_of("steps-1", create_model(wanted))).status == "done"
    found = model_parameters(aws, "steps-chain")
    assert {member: found[member] for member in wanted} == wanted
    assert found.keys() <= {*wanted, "EnableNetworkIsolation", "InferenceExecutionConfig"}, "no empty members"
    deletion = plan_of("steps-2", delete_model(found))
    assert carry(deletion).status == "done"
    assert carry(undoing(deletion)).status == "done"
    assert model_parameters(aws, "steps-chain") == found, "environment and tags as well"
    assert carry(plan_of("steps-3", delete_model(found))).status == "done"
    assert sweep(sandbox) == {}


def test_configs_and_endpoints_come_back_as_they_were(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.model("steps-model")
    variants = [
        {
            "VariantName": name,
            "ModelName": "steps-model",
            "InstanceType": "ml.m5.xlarge",
            "InitialInstanceCount": count,
            "InitialVariantWeight": weight,
        }
        for name, count, weight in (("A", 1, 3.0), ("B", 2, 1.0))
    ]
    wanted = {"EndpointConfigName": "steps", "ProductionVariants": variants, "Tags": TAGS}
    endpoint = {"EndpointName": "steps", "EndpointConfigName": "steps", "Tags": TAGS}
    making = plan_of(
        "steps-4", create_endpoint_config(wanted), create_endpoint(endpoint), wait_until_in_service("steps", "steps")
    )
    assert carry(making).status == "done"
    found = endpoint_config_parameters(aws, "steps")
    running = read_endpoint(aws, "steps").variants
    deletion = plan_of("steps-5", delete_endpoint(endpoint), delete_endpoint_config(found))
    assert carry(deletion).status == "done"
    assert sweep(sandbox).keys() == {"models", "log groups"}
    assert carry(undoing(deletion)).status == "done"
    assert endpoint_config_parameters(aws, "steps") == found
    again = read_endpoint(aws, "steps")
    assert again.variants == running
    assert tags_of(aws, again.arn) == TAGS
    notebook.sagemaker.delete_endpoint(EndpointName="steps")
    group = LogGroup(name="/aws/sagemaker/Endpoints/steps", endpoint="steps", created=NOW)
    end = plan_of(
        "steps-6",
        wait_until_gone("steps"),
        *(step.undo for step in making.steps if step.undo is not None),
        delete_model(model_parameters(aws, "steps-model")),
        delete_log_group(group),
    )
    assert carry(end).status == "done"
    assert sweep(sandbox) == {}


def test_alarms_uploads_and_log_groups_go_and_alarms_come_back(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, notebook: Notebook
) -> None:
    notebook.alarm("steps-alarm", "gone")
    bucket = notebook.job["ModelArtifacts"]["S3ModelArtifacts"].split("/")[2]
    sandbox.client("s3").put_object(Bucket=bucket, Key="cmapss-console/models/0/model.tar.gz", Body=b"model")
    for name in ("steps", "steps-and-more"):
        sandbox.client("logs").create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{name}")
    [alarm] = read_policy_alarms(aws, {}, ["steps-alarm"])
    group = LogGroup(name="/aws/sagemaker/Endpoints/steps", endpoint="steps", created=NOW)
    upload = f"s3://{bucket}/cmapss-console/models/0/model.tar.gz"
    plan = plan_of("steps-7", delete_alarm(alarm), delete_upload(upload), delete_log_group(group))
    assert [step.undo is None for step in plan.steps] == [False, True, True]
    assert carry(plan).status == "done"
    more = "/aws/sagemaker/Endpoints/steps-and-more"
    assert sweep(sandbox) == {"log groups": [more]}
    assert carry(undoing(plan)).status == "done"
    assert read_policy_alarms(aws, {}, ["steps-alarm"]) == (alarm,)
    sandbox.client("cloudwatch").delete_alarms(AlarmNames=["steps-alarm"])
    sandbox.client("logs").delete_log_group(logGroupName=more)


@pytest.mark.parametrize(
    ("container", "other"),
    [
        ({"Image": "i", "ModelDataUrl": "s3://b/k"}, {"Image": "i", "ModelDataUrl": "s3://b/another"}),
        ({"ModelPackageName": "arn:package/1"}, {"ModelPackageName": "arn:package/2"}),
    ],
)
def test_a_model_of_the_same_name_and_other_content_is_somebody_else_s(
    container: dict[str, Any], other: dict[str, Any]
) -> None:
    for members in ({"PrimaryContainer": container}, {"Containers": [{"Image": "first"}, container]}):
        step = create_model({"ModelName": "m", **members})
        assert step.undo is not None
        assert step.undo.proof.unchanged == step.proof.shows
        assert holds(step.proof, members)
        assert not holds(step.proof, {"PrimaryContainer": other})
        assert not holds(step.proof, {"Containers": [{"Image": "first"}, other]})


NAMES = st.sampled_from(["A", "B", "C"])
VARIANTS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "VariantName": NAMES,
                "ModelName": NAMES,
                "InstanceType": st.sampled_from(["ml.m5.xlarge", "ml.c5.large"]),
                "InitialInstanceCount": st.integers(1, 3),
            }
        ),
        st.fixed_dictionaries(
            {
                "VariantName": NAMES,
                "ModelName": NAMES,
                "ServerlessConfig": st.just({"MemorySizeInMB": 2048, "MaxConcurrency": 5}),
            }
        ),
        st.fixed_dictionaries({"VariantName": NAMES, "InstanceType": st.just("ml.m5.xlarge")}),
    ),
    min_size=1,
    max_size=3,
)


@given(variants=VARIANTS, shadows=VARIANTS | st.just([]), others=VARIANTS)
def test_the_proof_of_a_config_tells_its_fleet_from_any_other(
    variants: list[dict[str, Any]], shadows: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    wanted = {"EndpointConfigName": "c", "ProductionVariants": variants, "ShadowProductionVariants": shadows}
    step = create_endpoint_config(wanted)
    described = {**wanted, "ProductionVariants": [{**variant, "InitialVariantWeight": 1.0} for variant in variants]}
    assert holds(step.proof, described)
    assert step.undo is not None
    assert step.undo.proof.unchanged == step.proof.shows
    assert holds(step.proof, {**described, "ProductionVariants": others}) == (others == variants)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"ProductionVariants": [{"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 3}]}, "3 × ml.m5.xlarge"),
        (
            {
                "ProductionVariants": [{"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}],
                "ShadowProductionVariants": [{"InstanceType": "ml.c5.large", "InitialInstanceCount": 2}],
            },
            "1 × ml.m5.xlarge, 2 × ml.c5.large as shadow",
        ),
        (
            {"ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}]},
            "serverless with 2048 MB, 5 at once",
        ),
        (
            {
                "ProductionVariants": [{"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}],
                "AsyncInferenceConfig": {"OutputConfig": {}},
            },
            "1 × ml.g5.xlarge, asynchronous",
        ),
        (
            {"ProductionVariants": [{"InstancePools": [{"InstanceType": "ml.a"}, {"InstanceType": "ml.b"}]}]},
            "ml.a or ml.b",
        ),
    ],
)
def test_a_fleet_is_told_in_words(config: dict[str, Any], words: str) -> None:
    assert fleet(config) == words


def test_another_config_than_the_planned_one_is_a_change_by_somebody_else() -> None:
    parameters = {"EndpointName": "e", "EndpointConfigName": "blue"}
    assert delete_endpoint(parameters).proof.unchanged == {"EndpointConfigName": ("blue",)}
    assert delete_endpoint(parameters, ("green",)).proof.unchanged == {"EndpointConfigName": ("blue", "green")}


def test_tags_that_only_aws_can_set_are_not_set_again() -> None:
    tags = [{"Key": "aws:cloudformation:stack-id", "Value": "s"}, {"Key": "AWS:x", "Value": "y"}, *TAGS]
    assert tags_of(ScriptedAws({"sagemaker:ListTags": {"Tags": tags}}), "arn") == TAGS
