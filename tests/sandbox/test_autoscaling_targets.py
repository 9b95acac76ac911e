"""Scalable targets and scaling policies through unmodified clients."""

from __future__ import annotations

from typing import Any

import pytest

from cmapss_sandbox.region import Region
from tests.sandbox.artefacts import make_endpoint, production_variant
from tests.sandbox.conftest import Clients
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import VARIANT, activities, counts, put_policy


@pytest.fixture
def sagemaker(sagemaker: Any, engines: str) -> Any:
    """The SageMaker client of a region in which the endpoint "engines" serves."""
    return sagemaker


def test_a_target_below_its_minimum_moves_at_once(region: Region, sagemaker: Any, autoscaling: Any) -> None:
    arn = autoscaling.register_scalable_target(**VARIANT, MinCapacity=3, MaxCapacity=5)["ScalableTargetARN"]
    assert counts(sagemaker) == ("Updating", 1, 3)
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["ScalableTargetARN"]) == (3, 5, arn)
    assert target["RoleARN"].endswith("/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")
    [activity] = activities(autoscaling)
    assert activity["Description"] == "Setting desired instance count to 3."
    assert activity["Cause"] == "minimum capacity was set to 3"
    assert activity["StatusCode"] == "InProgress"
    assert activity["StatusMessage"] == (
        "Successfully set desired instance count to 3. Waiting for change to be fulfilled by sagemaker."
    )
    region.advance(179)
    assert counts(sagemaker) == ("Updating", 1, 3)
    region.advance(61)
    assert counts(sagemaker) == ("InService", 3, 3)
    [activity] = activities(autoscaling)
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"] == (
        "Successfully set desired instance count to 3. Change successfully fulfilled by sagemaker."
    )
    assert 180 <= (activity["EndTime"] - activity["StartTime"]).total_seconds() <= 240


def test_registering_again_changes_the_target_and_moves_it_down(
    region: Region, sagemaker: Any, autoscaling: Any
) -> None:
    first = autoscaling.register_scalable_target(**VARIANT, MinCapacity=4, MaxCapacity=5)
    region.advance(240)
    again = autoscaling.register_scalable_target(
        **VARIANT, MinCapacity=1, MaxCapacity=2, SuspendedState={"DynamicScalingInSuspended": True}
    )
    assert first == {**again, "ResponseMetadata": first["ResponseMetadata"]}
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert counts(sagemaker) == ("Updating", 4, 2)
    assert activities(autoscaling)[0]["Cause"] == "maximum capacity was set to 2"
    autoscaling.register_scalable_target(**VARIANT, MaxCapacity=6)
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 6)


def test_only_a_variant_that_serves_can_be_registered(region: Region, clients: Clients, autoscaling: Any) -> None:
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, region)
    with refused("that is in service (resource ID: endpoint/engines/variant/AllTraffic)"):
        autoscaling.register_scalable_target(**VARIANT, MinCapacity=2, MaxCapacity=5)
    region.advance(11 * 60)
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=2, MaxCapacity=5)


def test_registering_again_brings_capacity_back_into_the_bounds(
    region: Region, sagemaker: Any, autoscaling: Any
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=2)
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 4}]
    )
    region.advance(240)
    assert counts(sagemaker) == ("InService", 4, 4), "a client's own change stands"
    autoscaling.register_scalable_target(**VARIANT, SuspendedState={"DynamicScalingInSuspended": True})
    assert counts(sagemaker) == ("Updating", 4, 2)


def test_a_minimum_of_none_still_leaves_a_real_time_variant_one_instance(
    region: Region, sagemaker: Any, autoscaling: Any
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=0, MaxCapacity=0)
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 0)
    assert counts(sagemaker) == ("InService", 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MinCapacity": 6}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": -1}, "Minimum capacity cannot be less than 0"),
        ({"MinCapacity": -2, "MaxCapacity": -1}, "Minimum capacity cannot be less than 0"),
        (
            {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"},
            "Scalable dimension sagemaker:variant:DesiredProvisionedConcurrency is not supported",
        ),
        (
            {
                "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
                "ResourceId": "inference-component/engines",
            },
            "Scalable dimension sagemaker:inference-component:DesiredCopyCount is not supported",
        ),
        (
            {
                "ServiceNamespace": "ecs",
                "ResourceId": "service/cluster/engines",
                "ScalableDimension": "ecs:service:DesiredCount",
            },
            "Unsupported service namespace, resource type or scalable dimension",
        ),
        ({"ResourceId": "endpoint/absent/variant/AllTraffic"}, "Could not find the production variant AllTraffic"),
        ({"ResourceId": "endpoint/engines/variant/Other"}, "Could not find the production variant Other"),
        ({"ResourceId": "endpoint/engines"}, "Unsupported service namespace, resource type or scalable dimension"),
        ({"ServiceNamespace": "ecs"}, "Unsupported service namespace, resource type or scalable dimension"),
        ({"ScalableDimension": "ecs:service:DesiredCount"}, "Unsupported service namespace"),
        ({"ScalableDimension": "nonsense"}, "failed to satisfy constraint"),
        ({"MaxCapacity": None}, "MinCapacity and MaxCapacity are required"),
    ],
)
def test_what_cannot_be_registered(sagemaker: Any, autoscaling: Any, change: dict[str, Any], message: str) -> None:
    request = {**VARIANT, "MinCapacity": 1, "MaxCapacity": 5, **change}
    with refused(message):
        autoscaling.register_scalable_target(**{name: value for name, value in request.items() if value is not None})
    assert autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert counts(sagemaker) == ("InService", 1, 1)


def test_burstable_instances_are_not_scaled(region: Region, clients: Clients, autoscaling: Any) -> None:
    region.controls["quotas"](region, {"ml.t2.medium": 1})
    make_endpoint(clients("sagemaker"), region, InstanceType="ml.t2.medium")
    region.advance(11 * 60)
    with refused("burstable"):
        autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=2)


def test_deregistering_takes_policies_and_alarms_along(sagemaker: Any, clients: Clients, autoscaling: Any) -> None:
    with refused("No scalable target found for service namespace: sagemaker", "ObjectNotFoundException"):
        autoscaling.deregister_scalable_target(**VARIANT)
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=2, MaxCapacity=5)
    put_policy(autoscaling)
    autoscaling.deregister_scalable_target(**VARIANT)
    assert_nothing_scales(clients, autoscaling)
    assert len(activities(autoscaling)) == 1, "what has happened stays known"


def test_deleting_the_endpoint_deregisters_its_target(
    region: Region, sagemaker: Any, clients: Clients, autoscaling: Any
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    put_policy(autoscaling)
    sagemaker.delete_endpoint(EndpointName="engines")
    assert_nothing_scales(clients, autoscaling)
    with refused("Could not find the production variant"):
        autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)


def assert_nothing_scales(clients: Clients, autoscaling: Any) -> None:
    assert autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert clients("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "variant", [{"InstanceType": "ml.m5.large"}, {"VariantName": "Other"}], ids=["another type", "another name"]
)
def test_an_update_must_not_take_the_ground_from_under_a_target(
    sagemaker: Any, autoscaling: Any, variant: dict[str, Any]
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    sagemaker.create_endpoint_config(
        EndpointConfigName="other", ProductionVariants=[production_variant("engines-0", **variant)]
    )
    with refused("deregister it before you change its instance type or remove it"):
        sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName="other")
    autoscaling.deregister_scalable_target(**VARIANT)
    sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName="other")


def test_targets_of_several_variants_are_paged(region: Region, clients: Clients, autoscaling: Any) -> None:
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, region)
    names = [f"v{number}" for number in range(7)]
    sagemaker.create_endpoint_config(
        EndpointConfigName="seven",
        ProductionVariants=[production_variant("engines", VariantName=name) for name in names],
    )
    sagemaker.create_endpoint(EndpointName="seven", EndpointConfigName="seven")
    region.advance(11 * 60)
    for name in names:
        resource = {**VARIANT, "ResourceId": f"endpoint/seven/variant/{name}"}
        autoscaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=2, Tags={"variant": name})
    paginator = autoscaling.get_paginator("describe_scalable_targets")
    pages = list(paginator.paginate(ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 2}))
    found = [target["ResourceId"].rpartition("/")[2] for page in pages for target in page["ScalableTargets"]]
    assert found == names
    some = autoscaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=["endpoint/seven/variant/v3", "endpoint/seven/variant/v"]
    )["ScalableTargets"]
    assert [target["ResourceId"] for target in some] == ["endpoint/seven/variant/v3"]
    tags = autoscaling.list_tags_for_resource(ResourceARN=some[0]["ScalableTargetARN"])["Tags"]
    assert tags == {"variant": "v3"}
    assert autoscaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
