"""Step scaling: the arithmetic of steps, their checks, and policies that clients' own alarms carry out."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.autoscaling.steps import (
    adjusted_capacity,
    aggregated,
    check_step_scaling,
    matching_step,
)
from tests.sandbox.conftest import Clients
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import VARIANT, activities, counts, register

Depth = Callable[[float, int], None]

OUT = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
]
IN = [
    {"MetricIntervalLowerBound": -10.0, "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1},
    {"MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -2},
]


def steps(*bounds: float | None) -> list[dict[str, Any]]:
    """Steps from bound to bound, None for no bound; each adjusts by its number."""
    found = []
    for number, (lower, upper) in enumerate(pairwise(bounds)):
        step: dict[str, Any] = {"ScalingAdjustment": number}
        if lower is not None:
            step["MetricIntervalLowerBound"] = lower
        if upper is not None:
            step["MetricIntervalUpperBound"] = upper
        found.append(step)
    return found


@pytest.mark.parametrize(
    ("value", "adjustment"),
    [(50, None), (60, 1), (69.9, 1), (70, 3), (1e9, 3), (59, None)],
)
def test_above_the_threshold_the_lower_bound_is_inclusive(value: float, adjustment: int | None) -> None:
    step = matching_step(
        [
            {"MetricIntervalLowerBound": 10.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 3},
        ],
        value,
        50,
        "GreaterThanThreshold",
    )
    assert (step and step["ScalingAdjustment"]) == adjustment


@pytest.mark.parametrize(("value", "adjustment"), [(50, -1), (41, -1), (40, -2), (39, -2), (51, None)])
def test_below_the_threshold_the_upper_bound_is_inclusive(value: float, adjustment: int | None) -> None:
    step = matching_step(IN, value, 50, "LessThanOrEqualToThreshold")
    assert (step and step["ScalingAdjustment"]) == adjustment


@pytest.mark.parametrize(
    ("current", "percent", "capacity"),
    [(10, 10, 11), (11, 30, 14), (14, -10, 13), (13, -30, 10), (4, 25, 5), (1, 1, 2), (1, -1, 0), (10, 0, 10)],
)
def test_percentages_are_rounded_as_the_user_guide_says(current: int, percent: int, capacity: int) -> None:
    assert adjusted_capacity(current, percent, {"AdjustmentType": "PercentChangeInCapacity"}) == capacity


@given(st.integers(1, 200), st.integers(-300, 300), st.integers(1, 20))
def test_a_percentage_moves_the_right_way_and_by_its_least_magnitude(
    current: int, percent: int, magnitude: int
) -> None:
    configuration = {"AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": magnitude}
    moved = adjusted_capacity(current, percent, configuration) - current
    assert math.copysign(1, moved) == math.copysign(1, percent) or moved == 0 == percent
    assert percent == 0 or abs(moved) == max(magnitude, abs(percent) * current // 100, 1)


def test_exact_and_relative_adjustments() -> None:
    assert adjusted_capacity(3, 5, {"AdjustmentType": "ExactCapacity"}) == 5
    assert adjusted_capacity(3, 5, {"AdjustmentType": "ChangeInCapacity"}) == 8
    assert adjusted_capacity(3, -5, {"AdjustmentType": "ChangeInCapacity"}) == -2


def test_data_points_are_aggregated() -> None:
    assert aggregated([1, 2, 6], {}) == 3
    assert aggregated([1, 2, 6], {"MetricAggregationType": "Minimum"}) == 1
    assert aggregated([1, 2, 6], {"MetricAggregationType": "Maximum"}) == 6


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"AdjustmentType": None}, "Adjustment type must be specified"),
        ({"StepAdjustments": []}, "There must be at least one step adjustment"),
        (
            {"StepAdjustments": [*steps(*range(20)), *steps(19, None), *steps(None, 0)]},
            "There can be at most 20 step adjustments per scaling policy",
        ),
        ({"StepAdjustments": [{"ScalingAdjustment": 1}]}, "cannot be left unspecified"),
        ({"StepAdjustments": steps(5, 5)}, "Lower bound must be less than upper bound for a step adjustment"),
        (
            {"StepAdjustments": [*steps(None, 0), *steps(None, 5)]},
            "At most one step adjustment may have an unspecified lower bound",
        ),
        (
            {"StepAdjustments": [*steps(0, None), *steps(5, None)]},
            "At most one step adjustment may have an unspecified upper bound",
        ),
        (
            {"StepAdjustments": steps(-5, 0)},
            "There must be a step adjustment with an unspecified lower bound when one step adjustment has a negative "
            "lower bound",
        ),
        (
            {"StepAdjustments": steps(0, 5)},
            "There must be a step adjustment with an unspecified upper bound when one step adjustment has a positive "
            "upper bound",
        ),
        ({"StepAdjustments": [*steps(0, 6), *steps(5, None)]}, "Step adjustment intervals cannot overlap"),
        ({"StepAdjustments": [*steps(0, 4), *steps(5, None)]}, "cannot have gaps between them"),
        (
            {"AdjustmentType": "ExactCapacity", "StepAdjustments": [{**OUT[1], "ScalingAdjustment": -1}]},
            "Scaling adjustment cannot be less than 0 when adjustment type is ExactCapacity",
        ),
        (
            {"MinAdjustmentMagnitude": 2},
            "Minimum adjustment magnitude is only allowed for adjustment type PercentChangeInCapacity",
        ),
        (
            {"AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": 0},
            "Minimum adjustment magnitude must be greater than 0",
        ),
        ({"Cooldown": -1}, "Cooldown cannot be less than 0"),
    ],
)
def test_configurations_that_do_not_hold_together(configuration: dict[str, Any], message: str) -> None:
    whole = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": OUT, **configuration}
    with pytest.raises(AwsError, match=message) as failed:
        check_step_scaling({member: value for member, value in whole.items() if value is not None})
    assert failed.value.code == "ValidationException"


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6, unique=True), st.floats(0, 100), st.booleans())
def test_a_configuration_that_holds_together_has_one_step_for_every_breach(
    bounds: list[int], beyond: float, outward: bool
) -> None:
    ordered = sorted(bounds)
    covered = steps(*ordered, None) if outward else steps(None, *(-bound for bound in reversed(ordered)))
    check_step_scaling({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": covered})
    comparison = "GreaterThanThreshold" if outward else "LessThanThreshold"
    value = ordered[0] + beyond if outward else -ordered[0] - beyond
    matching = [step for step in covered if matching_step([step], value, 0, comparison) is not None]
    assert len(matching) == 1


@pytest.fixture
def autoscaling(autoscaling: Any, engines: str) -> Any:
    """The client, once the variant is registered with 1 to 7 instances."""
    register(autoscaling, 1, 7)
    return autoscaling


@pytest.fixture
def depth(region: Region, clients: Clients) -> Depth:
    """Let minutes pass, each with this value of the metric that the alarms watch."""

    def pass_minutes(value: float, minutes: int) -> None:
        for _ in range(minutes):
            data = [{"MetricName": "Depth", "Value": value}]
            clients("cloudwatch").put_metric_data(Namespace="Shop", MetricData=data)
            region.advance(60)

    return pass_minutes


def put_step(autoscaling: Any, name: str, adjustments: list[dict[str, Any]], **configuration: Any) -> str:
    arn: str = autoscaling.put_scaling_policy(
        **VARIANT,
        PolicyName=name,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": adjustments,
            "Cooldown": 0,
            **configuration,
        },
    )["PolicyARN"]
    return arn


def put_alarm(clients: Clients, name: str, threshold: float, arn: str, *, above: bool = True, **members: Any) -> None:
    request = {
        "AlarmName": name,
        "Namespace": "Shop",
        "MetricName": "Depth",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold" if above else "LessThanOrEqualToThreshold",
        "AlarmActions": [arn],
        **members,
    }
    clients("cloudwatch").put_metric_alarm(**request)


def moves(autoscaling: Any) -> list[int]:
    """The instance counts that alarms led to, oldest first."""
    return [
        int(activity["Description"].rstrip(".").rpartition(" ")[2])
        for activity in reversed(activities(autoscaling))
        if "monitor alarm" in activity["Cause"]
    ]


def test_an_alarm_of_the_clients_own_carries_the_policy_out(
    clients: Clients, autoscaling: Any, sagemaker: Any, depth: Depth
) -> None:
    arn = put_step(autoscaling, "steps", OUT)
    [policy] = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["Alarms"] == []
    put_alarm(clients, "deep", 50, arn)
    [policy] = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in policy["Alarms"]] == ["deep"]
    assert policy["StepScalingPolicyConfiguration"]["StepAdjustments"] == OUT
    depth(55, 1)
    assert counts(sagemaker) == ("Updating", 1, 2)
    assert activities(autoscaling)[0]["Cause"] == "monitor alarm deep in state ALARM triggered policy steps"
    depth(10, 5)
    depth(60, 1)
    assert counts(sagemaker) == ("Updating", 2, 5)
    depth(10, 5)
    assert moves(autoscaling) == [2, 5]


def test_scaling_goes_on_while_the_alarm_stays_and_says_when_it_cannot(
    clients: Clients, autoscaling: Any, sagemaker: Any, depth: Depth
) -> None:
    put_alarm(clients, "deep", 50, put_step(autoscaling, "out", OUT))
    put_alarm(clients, "shallow", 20, put_step(autoscaling, "in", IN), above=False)
    depth(70, 20)
    assert moves(autoscaling) == [4, 7]
    depth(15, 35)
    assert counts(sagemaker) == ("InService", 1, 1)
    assert moves(autoscaling)[2:] == [6, 5, 4, 3, 2, 1]
    found = activities(autoscaling, IncludeNotScaledActivities=True)
    reasons = [activity["NotScaledReasons"][0] for activity in found if "NotScaledReasons" in activity]
    assert reasons == [
        {"Code": "AlreadyAtMinCapacity", "MinCapacity": 1},
        {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 7},
    ]
    assert {activity["StatusCode"] for activity in found if "NotScaledReasons" in activity} == {"Failed"}


def test_within_the_cooldown_only_a_larger_step_adds_what_it_is_larger_by(
    clients: Clients, autoscaling: Any, sagemaker: Any, depth: Depth
) -> None:
    put_alarm(clients, "deep", 50, put_step(autoscaling, "out", OUT, Cooldown=3600))
    depth(55, 10)
    assert moves(autoscaling) == [2], "the one that was added counts as part of the next"
    depth(70, 10)
    assert moves(autoscaling) == [2, 4], "three are wanted, of which one is there"


def test_a_cooldown_holds_scaling_in_back(
    clients: Clients, autoscaling: Any, sagemaker: Any, region: Region, depth: Depth
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=4)
    region.advance(300)
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1)
    put_alarm(clients, "shallow", 20, put_step(autoscaling, "in", IN, Cooldown=1200), above=False)
    depth(15, 20)
    assert moves(autoscaling) == [3]
    depth(15, 8)
    assert moves(autoscaling) == [3, 2]


def test_suspended_steps_wait_and_resume_with_the_next_minute(
    clients: Clients, autoscaling: Any, sagemaker: Any, depth: Depth
) -> None:
    put_alarm(clients, "deep", 50, put_step(autoscaling, "out", OUT))
    autoscaling.register_scalable_target(**VARIANT, SuspendedState={"DynamicScalingOutSuspended": True})
    depth(55, 5)
    assert moves(autoscaling) == []
    autoscaling.register_scalable_target(**VARIANT, SuspendedState={"DynamicScalingOutSuspended": False})
    depth(55, 1)
    assert moves(autoscaling) == [2]


def test_an_exact_capacity_and_the_other_actions_of_an_alarm(
    clients: Clients, autoscaling: Any, sagemaker: Any, depth: Depth
) -> None:
    exact = [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": 3}]
    arn = put_step(autoscaling, "exact", exact, AdjustmentType="ExactCapacity")
    put_alarm(clients, "deep", 50, arn, AlarmActions=[], OKActions=[arn])
    depth(60, 2)
    assert moves(autoscaling) == []
    depth(10, 6)
    assert moves(autoscaling) == [3]
    assert activities(autoscaling)[0]["Cause"] == "monitor alarm deep in state OK triggered policy exact"
    found = activities(autoscaling, IncludeNotScaledActivities=True)
    assert found[0]["NotScaledReasons"] == [{"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": 3}]


def test_an_alarm_that_a_client_sets_off_counts_as_at_its_threshold(
    clients: Clients, autoscaling: Any, sagemaker: Any, region: Region
) -> None:
    put_alarm(clients, "deep", 50, put_step(autoscaling, "out", OUT))
    put_alarm(clients, "quiet", 50, put_step(autoscaling, "none", OUT), ActionsEnabled=False)
    for name in ("quiet", "deep"):
        clients("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    assert counts(sagemaker) == ("Updating", 1, 2)
    region.advance(600)
    assert counts(sagemaker) == ("InService", 2, 2)
    assert activities(autoscaling)[0]["Cause"] == "monitor alarm deep in state ALARM triggered policy out"
    assert moves(autoscaling) == [2], "the next evaluation finds no data"


def test_an_alarm_without_actions_or_data_moves_nothing(
    clients: Clients, autoscaling: Any, sagemaker: Any, region: Region, depth: Depth
) -> None:
    arn = put_step(autoscaling, "out", OUT)
    put_alarm(clients, "deep", 50, arn, ActionsEnabled=False)
    put_alarm(clients, "missing", 50, arn, MetricName="Nothing", TreatMissingData="breaching")
    depth(70, 5)
    assert clients("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert activities(autoscaling, IncludeNotScaledActivities=True) == []


def test_a_policy_that_is_deleted_leaves_its_alarm_without_the_action(clients: Clients, autoscaling: Any) -> None:
    arn = put_step(autoscaling, "steps", OUT)
    put_alarm(clients, "deep", 50, arn, AlarmActions=[arn, "arn:aws:sns:us-east-1:000000000000:topic"])
    autoscaling.delete_scaling_policy(**VARIANT, PolicyName="steps")
    [alarm] = clients("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["AlarmActions"]) == ("deep", ["arn:aws:sns:us-east-1:000000000000:topic"])


def test_an_update_keeps_what_is_required_and_the_type_cannot_be_changed(clients: Clients, autoscaling: Any) -> None:
    arn = put_step(autoscaling, "steps", OUT, Cooldown=60)
    again = autoscaling.put_scaling_policy(
        **VARIANT, PolicyName="steps", StepScalingPolicyConfiguration={"MetricAggregationType": "Maximum"}
    )
    assert again["PolicyARN"] == arn
    [policy] = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["StepScalingPolicyConfiguration"] == {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": OUT,
        "MetricAggregationType": "Maximum",
    }
    tracking = {
        "TargetValue": 10.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    with refused("cannot be changed from StepScaling to TargetTrackingScaling"):
        autoscaling.put_scaling_policy(
            **VARIANT,
            PolicyName="steps",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )
    with refused("You must only provide a single scaling policy configuration"):
        autoscaling.put_scaling_policy(
            **VARIANT,
            PolicyName="other",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": OUT},
            TargetTrackingScalingPolicyConfiguration=tracking,
        )
    with refused("Policy type must be specified"):
        autoscaling.put_scaling_policy(**VARIANT, PolicyName="untyped")
