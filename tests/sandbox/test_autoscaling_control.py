"""Target tracking over region hours: the load is counted, the rest follows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.serving.accounting import Instance, Invocation, VariantMinute
from cmapss_sandbox.services.serving.fleet import fleet_of
from tests.sandbox.conftest import Clients
from tests.sandbox.scaling import VARIANT, activities, counts, put_policy, register

Load = Callable[..., None]


@pytest.fixture
def load(region: Region, engines: str) -> Load:
    """Let minutes pass with so many invocations in each, on the endpoint "engines", in service at the minute."""

    def pass_minutes(invocations: int, minutes: int) -> None:
        for _ in range(minutes):
            where = VariantMinute(int(region.now().timestamp()) // 60, "engines", "AllTraffic")
            instances = region.table("endpoints")["engines"]["ProductionVariants"][0]["CurrentInstanceCount"]
            for _ in range(invocations):
                fleet_of(region).meter.record(where, Invocation(200, instances, 400, 100))
            region.advance(60)

    return pass_minutes


def track(region: Region, autoscaling: Any, minimum: int, maximum: int, **configuration: Any) -> None:
    """A target with one policy, at its minimum."""
    register(autoscaling, minimum, maximum)
    put_policy(autoscaling, **configuration)
    region.advance(240)


def described(autoscaling: Any) -> list[str]:
    """What was done, oldest first."""
    return [activity["Description"] for activity in reversed(activities(autoscaling))]


def steps(autoscaling: Any) -> list[int]:
    """The instance counts that alarms led to, oldest first."""
    return [
        int(activity["Description"].rstrip(".").rpartition(" ")[2])
        for activity in reversed(activities(autoscaling))
        if "monitor alarm" in activity["Cause"]
    ]


def reasons(autoscaling: Any) -> list[dict[str, Any]]:
    found = activities(autoscaling, IncludeNotScaledActivities=True)
    return [reason for activity in reversed(found) for reason in activity.get("NotScaledReasons", [])]


def test_load_above_the_target_for_three_minutes_scales_out_in_one_step(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any, clients: Clients
) -> None:
    track(region, autoscaling, 1, 5)
    load(120, 2)
    assert counts(sagemaker) == ("InService", 1, 1)
    load(120, 1)
    assert counts(sagemaker) == ("Updating", 1, 5)
    load(120, 4)
    assert counts(sagemaker) == ("InService", 5, 5)
    [activity] = activities(autoscaling)
    high = next(
        a["AlarmName"] for a in clients("cloudwatch").describe_alarms()["MetricAlarms"] if "High" in a["AlarmName"]
    )
    assert activity["Cause"] == f"monitor alarm {high} in state ALARM triggered policy Invocations-ScalingPolicy"
    assert activity["Description"] == "Setting desired instance count to 5."
    assert activity["StatusCode"] == "Successful"
    assert 180 <= (activity["EndTime"] - activity["StartTime"]).total_seconds() <= 240


@pytest.mark.parametrize(("invocations", "instances"), [(30, 3), (40, 4), (41, 5)])
def test_the_load_decides_how_far(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any, invocations: int, instances: int
) -> None:
    track(region, autoscaling, 3, 5)
    load(invocations, 20)
    assert counts(sagemaker) == ("InService", instances, instances)
    assert steps(autoscaling) == ([] if instances == 3 else [instances])


def test_a_short_burst_scales_nothing(region: Region, load: Load, autoscaling: Any, sagemaker: Any) -> None:
    track(region, autoscaling, 1, 5)
    load(1000, 2)
    load(0, 5)
    assert counts(sagemaker) == ("InService", 1, 1)
    assert activities(autoscaling) == []


def test_without_load_it_scales_in_gradually_to_the_minimum(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 3, 5)
    load(120, 8)
    assert counts(sagemaker)[1] == 5
    load(0, 14)
    assert counts(sagemaker) == ("InService", 5, 5), "15 of 15 data points below nine tenths of the target"
    load(0, 1)
    assert counts(sagemaker) == ("Updating", 5, 4)
    load(0, 60)
    assert counts(sagemaker) == ("InService", 3, 3)
    assert steps(autoscaling) == [5, 4, 3]
    third, second, _ = activities(autoscaling)[:3]
    assert (third["StartTime"] - second["EndTime"]).total_seconds() >= 600, "the scale-in cooldown"
    assert reasons(autoscaling)[-1] == {"Code": "AlreadyAtMinCapacity", "MinCapacity": 3}


def test_a_scale_out_interrupts_the_cooldown_of_a_scale_in(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 1, 5, ScaleInCooldown=3600)
    load(30, 8)
    load(0, 20)
    assert steps(autoscaling) == [3, 2]
    load(45, 8)
    assert steps(autoscaling) == [3, 2, 5]
    ended = [activity["EndTime"] for activity in activities(autoscaling)]
    assert (ended[0] - ended[1]).total_seconds() < 3600
    load(0, 20)
    assert steps(autoscaling) == [3, 2, 5, 4]


def test_within_the_scale_out_cooldown_only_a_larger_one_starts(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 3, 20, ScaleOutCooldown=3600)
    load(50, 8)
    assert steps(autoscaling) == [5], "two were added"
    load(70, 10)
    assert steps(autoscaling) == [5], "two more would be needed, and these two count as added"
    assert reasons(autoscaling)[-1] == {"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": 5}
    load(90, 10)
    assert steps(autoscaling) == [5, 7], "four are needed, of which two count as added"


def test_nothing_is_tried_while_the_endpoint_is_updating(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 1, 5)
    config = sagemaker.describe_endpoint(EndpointName="engines")["EndpointConfigName"]
    sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName=config)
    load(120, 6)
    assert counts(sagemaker)[0] == "Updating"
    assert activities(autoscaling) == []
    assert reasons(autoscaling) == [{"Code": "TargetServicePutResourceAsUnscalable"}]
    load(120, 7)
    assert steps(autoscaling) == [5]


def test_a_minute_measured_before_capacity_arrived_moves_nothing(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 3, 20, ScaleOutCooldown=0)
    load(40, 30)
    assert steps(autoscaling) == [4]


def test_suspended_scaling_waits(region: Region, load: Load, autoscaling: Any, sagemaker: Any) -> None:
    track(region, autoscaling, 1, 5)

    def suspend(**state: bool) -> None:
        autoscaling.register_scalable_target(**VARIANT, SuspendedState=state)

    suspend(DynamicScalingOutSuspended=True)
    load(30, 10)
    assert steps(autoscaling) == []
    suspend(DynamicScalingOutSuspended=False, DynamicScalingInSuspended=True)
    load(30, 6)
    assert steps(autoscaling) == [3]
    load(0, 30)
    assert steps(autoscaling) == [3]
    suspend(DynamicScalingInSuspended=False)
    load(0, 1)
    assert steps(autoscaling) == [3, 2]


def test_a_high_resolution_policy_scales_out_after_thirty_seconds(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(
        region,
        autoscaling,
        1,
        9,
        TargetValue=5,
        PredefinedMetricSpecification={
            "PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"
        },
    )
    region.advance(60 - region.now().second)
    instance, now = Instance("engines", "AllTraffic", "i-0"), int(region.now().timestamp())
    for second in range(now + 20, now + 60, 10):
        with ExitStack() as requests:
            for _ in range(12):
                requests.enter_context(fleet_of(region).meter.running(instance, second))
    region.advance(60)
    assert counts(sagemaker) == ("Updating", 1, 3)
    assert steps(autoscaling) == [3]


def test_a_step_scales_in_although_target_tracking_would_rather_stay(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any, clients: Clients
) -> None:
    track(region, autoscaling, 3, 9)
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1)
    arn = autoscaling.put_scaling_policy(
        **VARIANT,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}],
        },
    )["PolicyARN"]
    clients("cloudwatch").put_metric_alarm(
        AlarmName="few",
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[
            {"Name": "EndpointName", "Value": "engines"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=30,
        ComparisonOperator="LessThanThreshold",
        AlarmActions=[arn],
    )
    load(28, 1)
    assert counts(sagemaker) == ("Updating", 3, 2), "9.3 on each is between nine tenths of the target and the target"
    [step, *_] = activities(autoscaling)
    assert step["Cause"] == "monitor alarm few in state ALARM triggered policy steps"


def test_a_policy_that_never_scales_in(region: Region, load: Load, autoscaling: Any, sagemaker: Any) -> None:
    track(region, autoscaling, 1, 5, DisableScaleIn=True)
    load(30, 8)
    load(0, 60)
    assert steps(autoscaling) == [3]
    assert counts(sagemaker) == ("InService", 3, 3)


def custom(autoscaling: Any, name: str, target: float, **configuration: Any) -> None:
    """A second policy, over a metric that clients put."""
    autoscaling.put_scaling_policy(
        **VARIANT,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "CustomizedMetricSpecification": {"Namespace": "Shop", "MetricName": name, "Statistic": "Average"},
            **configuration,
        },
    )


def test_of_several_policies_one_is_enough_to_scale_out_and_all_are_needed_to_scale_in(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any, clients: Clients
) -> None:
    track(region, autoscaling, 1, 9)
    custom(autoscaling, "Depth", 100, ScaleInCooldown=0)

    def depth(value: float, invocations: int, minutes: int) -> None:
        for _ in range(minutes):
            clients("cloudwatch").put_metric_data(
                Namespace="Shop", MetricData=[{"MetricName": "Depth", "Value": value}]
            )
            load(invocations, 1)

    depth(250, 0, 7)
    assert steps(autoscaling) == [3]
    depth(95, 0, 30)
    assert steps(autoscaling) == [3], "invocations alone are low"
    depth(10, 0, 16)
    assert steps(autoscaling)[:2] == [3, 2]
    load(0, 30)
    settled = steps(autoscaling)
    load(0, 60)
    assert steps(autoscaling) == settled, "without data there is no scaling"


def test_what_would_have_to_be_undone_at_once_is_not_done(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 4, 8)
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1)
    load(35, 30)
    assert steps(autoscaling) == []
    assert reasons(autoscaling) == [{"Code": "AutoScalingAnticipatedFlapping"}]


def test_reasons_are_shown_only_when_asked_for_and_once(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    track(region, autoscaling, 1, 1)
    load(120, 10)
    assert activities(autoscaling) == []
    [activity] = activities(autoscaling, IncludeNotScaledActivities=True)
    assert activity["Description"] == "Attempting to scale due to alarm triggered"
    assert activity["StatusCode"] == "Failed"
    assert activity["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 1}]


def test_the_same_load_leads_to_the_same_activities(
    region: Region, load: Load, autoscaling: Any, sagemaker: Any
) -> None:
    """Names and times alike: whoever repeats a demonstration sees it again."""

    def demonstrate() -> list[tuple[str, float]]:
        track(region, autoscaling, 1, 5)
        begun: datetime = region.now()
        load(45, 10)
        load(0, 50)
        done = [
            (activity["Description"], (activity["StartTime"] - begun).total_seconds())
            for activity in activities(autoscaling)
            if activity["StartTime"] >= begun
        ]
        autoscaling.deregister_scalable_target(**VARIANT)
        return done

    first = demonstrate()
    load(0, 60 - region.now().minute)
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 1}]
    )
    load(0, 60)
    assert demonstrate() == first
    assert len(first) >= 3


def test_activities_are_kept_for_six_weeks(region: Region, load: Load, autoscaling: Any, sagemaker: Any) -> None:
    track(region, autoscaling, 2, 5)
    assert described(autoscaling) == ["Setting desired instance count to 2."]
    region.clock.forward_to(region.now().replace(month=3))
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=3)
    assert described(autoscaling) == ["Setting desired instance count to 3."]
