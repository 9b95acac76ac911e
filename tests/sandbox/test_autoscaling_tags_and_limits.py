"""Tags, quotas, what is not offered, and updates that overlap, through unmodified clients."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.autoscaling import targets
from cmapss_sandbox.services.autoscaling.bounds import enforce_bounds
from tests.sandbox.conftest import NOON
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import VARIANT, put_policy

ABSENT = "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/0123456789abcdef"
SERVERLESS = {**VARIANT, "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}


# Each of these tests finds the endpoint "engines" in service.
pytestmark = pytest.mark.usefixtures("engines")


def register(autoscaling: Any, **members: Any) -> str:
    request = {**VARIANT, "MinCapacity": 1, "MaxCapacity": 5, **members}
    arn: str = autoscaling.register_scalable_target(**request)["ScalableTargetARN"]
    return arn


def test_tags_are_added_changed_and_removed(autoscaling: Any) -> None:
    arn = register(autoscaling, Tags={"team": "engines", "stage": "test"})
    autoscaling.tag_resource(ResourceARN=arn, Tags={"stage": "live", "owner": ""})
    autoscaling.untag_resource(ResourceARN=arn, TagKeys=["team", "nothing"])
    assert autoscaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "live", "owner": ""}
    register(autoscaling, MaxCapacity=6)
    assert autoscaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "live", "owner": ""}
    with refused("To update tags on an existing scalable target, use the TagResource API."):
        register(autoscaling, Tags={"team": "engines"})
    with refused("reserved for AWS use"):
        autoscaling.tag_resource(ResourceARN=arn, Tags={"aws:mine": "x"})
    with pytest.raises(ClientError) as too_many:
        autoscaling.tag_resource(ResourceARN=arn, Tags={f"key-{number}": "x" for number in range(49)})
    answer: dict[str, Any] = {**too_many.value.response}
    assert (answer["Error"]["Code"], answer["ResourceName"]) == ("TooManyTagsException", arn)


def test_tags_of_nothing(autoscaling: Any) -> None:
    for call, members in (
        (autoscaling.tag_resource, {"Tags": {"a": "b"}}),
        (autoscaling.untag_resource, {"TagKeys": ["a"]}),
        (autoscaling.list_tags_for_resource, {}),
    ):
        with refused(ABSENT, "ResourceNotFoundException"):
            call(ResourceARN=ABSENT, **members)


def test_a_target_has_at_most_fifty_policies(autoscaling: Any) -> None:
    register(autoscaling)
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
    }

    def put(number: int) -> None:
        autoscaling.put_scaling_policy(
            **VARIANT, PolicyName=f"policy-{number}", PolicyType="StepScaling", StepScalingPolicyConfiguration=step
        )

    for number in range(50):
        put(number)
    with refused("50 scaling policies per scalable target", "LimitExceededException"):
        put(50)
    put(49)
    paginator = autoscaling.get_paginator("describe_scaling_policies")
    pages = [page["ScalingPolicies"] for page in paginator.paginate(ServiceNamespace="sagemaker")]
    assert [len(page) for page in pages] == [10, 10, 10, 10, 10]
    assert [policy["PolicyName"] for page in pages for policy in page] == [f"policy-{n}" for n in range(50)]


def test_an_account_has_at_most_five_hundred_targets_and_fifty_come_at_a_time(region: Region, autoscaling: Any) -> None:
    register(autoscaling)
    table = region.table("scalable_targets")
    [target] = table.values()
    with region.transaction():
        for number in range(499):
            resource_id = f"endpoint/elsewhere-{number}/variant/AllTraffic"
            table[resource_id] = {**target, "ResourceId": resource_id}
        del table[VARIANT["ResourceId"]]
        table["endpoint/elsewhere/variant/AllTraffic"] = {
            **target,
            "ResourceId": "endpoint/elsewhere/variant/AllTraffic",
        }
    with refused("500 scalable targets", "LimitExceededException"):
        register(autoscaling)
    paginator = autoscaling.get_paginator("describe_scalable_targets")
    pages = [page["ScalableTargets"] for page in paginator.paginate(ServiceNamespace="sagemaker")]
    assert [len(page) for page in pages] == [50] * 10
    assert len({found["ResourceId"] for page in pages for found in page}) == 500


def test_other_namespaces_and_dimensions_have_nothing_registered(autoscaling: Any) -> None:
    register(autoscaling)
    for describe, member in (
        (autoscaling.describe_scalable_targets, "ScalableTargets"),
        (autoscaling.describe_scaling_policies, "ScalingPolicies"),
        (autoscaling.describe_scheduled_actions, "ScheduledActions"),
    ):
        assert describe(ServiceNamespace="dynamodb")[member] == []
    other = autoscaling.describe_scalable_targets(
        ServiceNamespace="sagemaker",
        ResourceIds=[VARIANT["ResourceId"]],
        ScalableDimension=SERVERLESS["ScalableDimension"],
    )
    assert other["ScalableTargets"] == []
    dimension = "scalable dimension: sagemaker:variant:DesiredProvisionedConcurrency"
    with refused(dimension, "ObjectNotFoundException"):
        autoscaling.deregister_scalable_target(**SERVERLESS)
    with refused(dimension, "ObjectNotFoundException"):
        autoscaling.delete_scaling_policy(**SERVERLESS, PolicyName="any")
    with refused(dimension, "ObjectNotFoundException"):
        autoscaling.delete_scheduled_action(**SERVERLESS, ScheduledActionName="any")
    with refused(dimension, "ObjectNotFoundException"):
        autoscaling.put_scaling_policy(**SERVERLESS, PolicyName="any", PolicyType="StepScaling")


def test_predictive_scaling_is_refused(autoscaling: Any) -> None:
    register(autoscaling)
    with refused("PredictiveScaling is not supported for service namespace sagemaker"):
        autoscaling.put_scaling_policy(**VARIANT, PolicyName="predictive", PolicyType="PredictiveScaling")
    with refused("PredictiveScaling is not supported for service namespace sagemaker"):
        autoscaling.get_predictive_scaling_forecast(
            **VARIANT, PolicyName="predictive", StartTime=NOON, EndTime=NOON.replace(hour=13)
        )


def test_an_update_that_overlaps_another_of_the_same_target_is_refused(
    monkeypatch: pytest.MonkeyPatch, autoscaling: Any
) -> None:
    register(autoscaling)
    reached, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> None:
        reached.set()
        assert go_on.wait(10)
        enforce_bounds(*arguments)

    monkeypatch.setattr(targets, "enforce_bounds", slow)
    updating = threading.Thread(target=register, args=(autoscaling,), kwargs={"MaxCapacity": 7})
    updating.start()
    assert reached.wait(10)
    with refused("You already have a pending update", "ConcurrentUpdateException"):
        put_policy(autoscaling)
    go_on.set()
    updating.join()
    put_policy(autoscaling)
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["MaxCapacity"] == 7
