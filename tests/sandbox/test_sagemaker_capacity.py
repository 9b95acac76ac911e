"""What an account may have by its quotas, and what the region has left to give."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.capacity import insufficient_capacity, refuse_beyond_quota
from tests.sandbox.artefacts import make_endpoint, production_variant
from tests.sandbox.conftest import Clients

M5 = "ml.m5.xlarge"


@pytest.fixture
def endpoint(clients: Clients, region: Region) -> Any:
    """A client, and an endpoint of 3 instances in service."""
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, region, InitialInstanceCount=3)
    region.advance(700)
    assert sagemaker.describe_endpoint(EndpointName="engines")["EndpointStatus"] == "InService"
    return sagemaker


def test_a_quota_counts_what_endpoints_use_and_what_is_asked_for(endpoint: Any, region: Region) -> None:
    refuse_beyond_quota(region, {M5: 5})
    with pytest.raises(AwsError) as raised:
        refuse_beyond_quota(region, {M5: 6})
    assert raised.value.code == "ResourceLimitExceeded"
    assert raised.value.message == (
        "The account-level service limit 'ml.m5.xlarge for endpoint usage' is 8 Instances, with current utilization "
        "of 3 Instances and a request delta of 6 Instances. Please use AWS Service Quotas to request an increase for "
        "this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota."
    )


def test_a_quota_is_set_and_taken_back(clients: Clients, region: Region) -> None:
    quotas = clients("service-quotas")

    def value() -> float:
        asked = {"ServiceCode": "sagemaker", "QuotaCode": "L-2F737F8D"}
        found: float = quotas.get_service_quota(**asked)["Quota"]["Value"]
        assert quotas.get_aws_default_service_quota(**asked)["Quota"]["Value"] == 8
        return found

    region.controls["quotas"](region, {M5: 4})
    assert value() == 4
    with pytest.raises(AwsError, match=r"is 4 Instances, with current utilization of 0 Instances"):
        refuse_beyond_quota(region, {M5: 5})
    assert region.reports()["quotas"] == {M5: 4}
    region.controls["quotas"](region, {M5: None})
    assert value() == 8


def test_an_instance_that_is_taken_is_not_left_and_one_given_back_is(endpoint: Any, region: Region) -> None:
    assert insufficient_capacity(region, {M5: 100}) is None
    region.controls["capacity"](region, {M5: 2})
    assert insufficient_capacity(region, {M5: 2, "ml.m5.large": 50}) is None
    reason = insufficient_capacity(region, {M5: 3})
    assert str(reason).startswith(
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
    )
    endpoint.delete_endpoint(EndpointName="engines")
    region.advance(120)
    assert insufficient_capacity(region, {M5: 5}) is None
    assert insufficient_capacity(region, {M5: 6}) == reason
    region.controls["capacity"](region, {M5: None})
    assert insufficient_capacity(region, {M5: 6}) is None


@pytest.mark.parametrize("control", ["quotas", "capacity"])
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ml.m5.tiny": 1}, "ml.m5.tiny is no instance type of an endpoint."),
        ({M5: -1}, "-1 is no number of instances."),
        ({M5: True}, "True is no number of instances."),
        ({M5: "3"}, "'3' is no number of instances."),
    ],
)
def test_wrong_numbers_and_types_are_refused_whole(
    region: Region, control: str, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match="set with") as raised:
        region.controls[control](region, {"ml.c5.large": 1, **asked})
    assert message in str(raised.value)
    assert region.reports()[control] == {}


def utilization(region: Region) -> int:
    """What endpoints use of the quota of ml.m5.xlarge, as a refusal says it."""
    with pytest.raises(AwsError) as raised:
        refuse_beyond_quota(region, {M5: 1000})
    [used] = re.findall(r"current utilization of (\d+) Instances", raised.value.message)
    return int(used)


@pytest.mark.parametrize(
    ("policy", "most"),
    [
        ({}, 6),
        (
            {
                "DeploymentConfig": {
                    "RollingUpdatePolicy": {
                        "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                        "WaitIntervalInSeconds": 0,
                    }
                }
            },
            4,
        ),
    ],
)
def test_while_a_deployment_runs_its_fleets_count_as_far_as_they_are_there_at_once(
    endpoint: Any, region: Region, policy: dict[str, Any], most: int
) -> None:
    variants = [production_variant("engines", InitialInstanceCount=3)]
    endpoint.create_endpoint_config(EndpointConfigName="second", ProductionVariants=variants)
    assert utilization(region) == 3
    endpoint.update_endpoint(EndpointName="engines", EndpointConfigName="second", **policy)
    assert utilization(region) == most
    region.advance(7200)
    assert endpoint.describe_endpoint(EndpointName="engines")["EndpointStatus"] == "InService"
    assert utilization(region) == 3
    endpoint.update_endpoint_weights_and_capacities(
        EndpointName="engines",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 5}],
    )
    assert utilization(region) == 5
    region.advance(3600)
    endpoint.delete_endpoint(EndpointName="engines")
    assert utilization(region) == 5
    region.advance(3600)
    assert utilization(region) == 0


def test_an_endpoint_that_failed_uses_nothing(clients: Clients, region: Region) -> None:
    make_endpoint(clients("sagemaker"), region, InitialInstanceCount=3)
    assert utilization(region) == 3
    region.objects.delete("models", "small/model.tar.gz")
    region.advance(7200)
    assert clients("sagemaker").describe_endpoint(EndpointName="engines")["EndpointStatus"] == "Failed"
    assert utilization(region) == 0
