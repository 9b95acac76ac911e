"""Scaling activities through unmodified clients: every status, in the order and with the words of AWS."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON, Clients
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import VARIANT, activities, counts, register, restarted

# Each of these tests finds the endpoint "engines" in service.
pytestmark = pytest.mark.usefixtures("engines")


def statuses(autoscaling: Any) -> list[tuple[str, str]]:
    """(Description, StatusCode) of every activity, oldest first."""
    found = activities(autoscaling)
    return [(activity["Description"], activity["StatusCode"]) for activity in reversed(found)]


def test_a_newer_activity_overrides_one_in_progress_and_waits_for_the_endpoint(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    register(autoscaling, 5, 6)
    region.advance(60)
    register(autoscaling, 1, 3)
    pending, overridden = activities(autoscaling)
    assert overridden["StatusCode"] == "Overridden"
    assert overridden["StatusMessage"] == (
        "Successfully set desired instance count to 5. Found it was later changed to 3."
    )
    assert overridden["EndTime"] == NOON + timedelta(minutes=12)
    assert (pending["StatusCode"], pending["Cause"]) == ("Pending", "maximum capacity was set to 3")
    assert counts(sagemaker) == ("Updating", 1, 5)
    region.advance(200)
    assert counts(sagemaker) == ("Updating", 5, 3)
    assert activities(autoscaling)[0]["StatusCode"] == "InProgress"
    region.advance(240)
    assert counts(sagemaker) == ("InService", 3, 3)
    assert statuses(autoscaling) == [
        ("Setting desired instance count to 5.", "Overridden"),
        ("Setting desired instance count to 3.", "Successful"),
    ]


def test_what_waits_is_dropped_when_it_is_not_needed_any_more(region: Region, autoscaling: Any, sagemaker: Any) -> None:
    register(autoscaling, 5, 6)
    register(autoscaling, 1, 3)
    register(autoscaling, 1, 6)
    assert [activity["StatusCode"] for activity in activities(autoscaling)] == ["Overridden", "Overridden"]
    region.advance(600)
    assert counts(sagemaker) == ("InService", 5, 5)


def test_bounds_that_come_while_a_client_changes_the_endpoint_wait(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    config = sagemaker.describe_endpoint(EndpointName="engines")["EndpointConfigName"]
    sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName=config)
    register(autoscaling, 2, 4)
    assert statuses(autoscaling) == [("Setting desired instance count to 2.", "Pending")]
    region.advance(3600)
    assert statuses(autoscaling) == [("Setting desired instance count to 2.", "Successful")]
    assert counts(sagemaker) == ("InService", 2, 2)


def test_capacity_that_does_not_come_leaves_the_activity_unfulfilled(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    region.controls["capacity"](region, {"ml.m5.xlarge": 0})
    register(autoscaling, 3, 4)
    assert statuses(autoscaling) == [("Setting desired instance count to 3.", "InProgress")]
    region.advance(3 * 3600)
    [activity] = activities(autoscaling)
    assert activity["StatusCode"] == "Unfulfilled"
    assert "could not be fulfilled by sagemaker" in activity["StatusMessage"]
    assert "InsufficientInstanceCapacity" in activity["StatusMessage"]
    assert counts(sagemaker) == ("InService", 1, 1)


@pytest.mark.parametrize("deregistered", [False, True])
def test_what_an_endpoint_that_fails_had_in_progress_is_unfulfilled(
    region: Region, autoscaling: Any, sagemaker: Any, deregistered: bool
) -> None:
    register(autoscaling, 3, 4)
    region.controls["endpoints"](region, {"fail": "engines"})
    if deregistered:
        autoscaling.deregister_scalable_target(**VARIANT)
        sagemaker.delete_endpoint(EndpointName="engines")
    region.advance(60)
    assert statuses(autoscaling) == [("Setting desired instance count to 3.", "Unfulfilled")]


def test_a_quota_fails_the_activity_with_sagemakers_words(region: Region, autoscaling: Any, sagemaker: Any) -> None:
    region.controls["quotas"](region, {"ml.m5.xlarge": 4})
    register(autoscaling, 6, 8)
    [activity] = activities(autoscaling)
    assert activity["StatusCode"] == "Failed"
    assert re.fullmatch(
        r"Failed to set desired instance count to 6\. Reason: The account-level service limit 'ml\.m5\.xlarge for "
        r"endpoint usage' is 4 Instances, with current utilization of 1 Instances and a request delta of 5 Instances\. "
        r".* \(Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceLimitExceeded; "
        r"Request ID: [0-9a-f-]{36}\)\.",
        activity["StatusMessage"],
    )
    assert activity["EndTime"] == activity["StartTime"]
    assert counts(sagemaker) == ("InService", 1, 1)
    region.controls["quotas"](region, {"ml.m5.xlarge": 8})
    register(autoscaling, 6, 8)
    assert counts(sagemaker) == ("Updating", 1, 6)


def test_a_target_that_is_deregistered_lets_what_is_in_progress_end_and_what_waits_be(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    register(autoscaling, 2, 4)
    autoscaling.deregister_scalable_target(**VARIANT)
    region.advance(600)
    assert statuses(autoscaling) == [("Setting desired instance count to 2.", "Successful")]
    register(autoscaling, 4, 4)
    register(autoscaling, 1, 1)
    autoscaling.deregister_scalable_target(**VARIANT)
    region.advance(600)
    assert [status for _, status in statuses(autoscaling)[1:]] == ["Overridden", "Unfulfilled"]
    assert counts(sagemaker) == ("InService", 4, 4)


def test_what_is_under_way_when_the_region_is_killed_goes_on(region: Region, autoscaling: Any, tmp_path: Path) -> None:
    register(autoscaling, 5, 6)
    region.advance(60)
    register(autoscaling, 1, 3)
    again = restarted(tmp_path, NOON)
    again.advance(600)
    found = [(activity["_to"], activity["StatusCode"]) for activity in again.table("scaling_activities").values()]
    assert found == [(5, "Overridden"), (3, "Successful")]
    [variant] = again.table("endpoints")["engines"]["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 3
    again.close()


def test_a_refusal_that_repeats_every_minute_is_told_once(
    region: Region, clients: Clients, autoscaling: Any, sagemaker: Any
) -> None:
    region.controls["quotas"](region, {"ml.m5.xlarge": 1})
    register(autoscaling, 1, 4)
    autoscaling.put_scaling_policy(
        **VARIANT,
        PolicyName="depth",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5,
            "CustomizedMetricSpecification": {"Namespace": "Shop", "MetricName": "Depth", "Statistic": "Average"},
        },
    )
    for _ in range(8):
        clients("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Depth", "Value": 20}])
        region.advance(60)
    assert statuses(autoscaling) == [("Setting desired instance count to 4.", "Failed")]


def test_activities_come_newest_first_in_pages_of_fifty_and_by_resource(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    put = {"Schedule": "rate(1 minute)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}
    register(autoscaling, 1, 2)
    autoscaling.put_scheduled_action(**VARIANT, ScheduledActionName="often", **put)
    region.advance(120 * 60)
    assert len(activities(autoscaling)) == 50
    asked = {"ServiceNamespace": "sagemaker", "ResourceId": VARIANT["ResourceId"]}
    paginator = autoscaling.get_paginator("describe_scaling_activities")
    pages = list(paginator.paginate(**asked, ScalableDimension=VARIANT["ScalableDimension"]))
    every = [activity["StartTime"] for page in pages for activity in page["ScalingActivities"]]
    assert [len(page["ScalingActivities"]) for page in pages] == [50, 50, 20]
    assert every == sorted(every, reverse=True)
    assert activities(autoscaling, ResourceId="endpoint/engines/variant/Other") == []
    assert autoscaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] == []
    with refused("Resource ID must be specified when scalable dimension is specified"):
        activities(autoscaling, ScalableDimension=VARIANT["ScalableDimension"])
    with refused("", "InvalidNextTokenException"):
        activities(autoscaling, NextToken=pages[0]["NextToken"][:-4] + "AAAA")
    with refused("MaxResults must be between 1 and 50"):
        activities(autoscaling, MaxResults=51)
