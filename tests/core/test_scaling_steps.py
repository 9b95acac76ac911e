"""What scales a variant is set up, changed and taken away, and every undo gives back what was there, word for word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_core.plans.scaling.policy_alarms import policy_arn
from cmapss_core.plans.scaling.steps import (
    VariantScaling,
    describe_policy,
    identity,
    read_variant_scaling,
    removal_steps,
    set_up_steps,
)
from tests.core.regions import RegionAws, carry_out, take_back
from tests.sandbox.scaling import serving_region

ENDPOINT, VARIANT = "engines", "AllTraffic"
OF = identity(ENDPOINT, VARIANT)
PREDEFINED = {
    "invocations": "SageMakerVariantInvocationsPerInstance",
    "concurrency": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
}
CUSTOM = {
    "Namespace": "engines",
    "MetricName": "Load",
    "Dimensions": [{"Name": "fleet", "Value": "1"}],
    "Statistic": "Average",
}
QUEUE_TOPIC = "arn:aws:sns:us-east-1:000000000000:operators"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> RegionAws:
    region, services = serving_region(tmp_path_factory.mktemp("region") / "state")
    return RegionAws(region, services)


def clear(aws: RegionAws) -> None:
    """Nothing scales the variant, and no alarm is left."""
    if (scaling := now(aws)) is not None:
        carry_out(aws, list(removal_steps(scaling)))
    names = [alarm["AlarmName"] for alarm in aws.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]]
    if names:
        aws.call("cloudwatch", "DeleteAlarms", AlarmNames=names)


def now(aws: RegionAws) -> VariantScaling | None:
    return read_variant_scaling(aws, ENDPOINT, VARIANT)


def optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


@st.composite
def tracking(draw: st.DrawFn, name: str) -> dict[str, Any]:
    specification: dict[str, Any] = {"CustomizedMetricSpecification": CUSTOM}
    if name in PREDEFINED:
        specification = {"PredefinedMetricSpecification": {"PredefinedMetricType": PREDEFINED[name]}}
    cooldowns = st.integers(0, 900)
    members = optional(ScaleInCooldown=cooldowns, ScaleOutCooldown=cooldowns, DisableScaleIn=st.booleans())
    target = draw(st.one_of(st.integers(1, 100), st.floats(0.5, 100)))
    return {
        **OF,
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": target, **specification, **draw(members)},
    }


def step(name: str, *adjustments: int, **members: Any) -> dict[str, Any]:
    bounds = [*range(0, 10 * len(adjustments), 10), None]
    steps = [
        {
            "MetricIntervalLowerBound": float(low or 0),
            **({"MetricIntervalUpperBound": float(high)} if high is not None else {}),
            "ScalingAdjustment": adjustment,
        }
        for low, high, adjustment in zip(bounds, bounds[1:], adjustments, strict=False)
    ]
    return {
        **OF,
        "PolicyName": name,
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": steps,
            **members,
        },
    }


def alarm(name: str, policy: str, threshold: float = 20.0, *others: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "ActionsEnabled": True,
        "AlarmActions": [*others, policy_arn(describe_policy({**OF, "PolicyName": policy}))],
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Dimensions": [{"Name": "EndpointName", "Value": ENDPOINT}, {"Name": "VariantName", "Value": VARIANT}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }


@st.composite
def scheduled(draw: st.DrawFn, name: str) -> dict[str, Any]:
    schedule = draw(st.sampled_from(["cron(0 6 ? * MON-FRI *)", "rate(1 day)", "at(2099-01-01T00:00:00)"]))
    bounds = draw(st.sampled_from([{"MinCapacity": 2}, {"MaxCapacity": 3}, {"MinCapacity": 2, "MaxCapacity": 6}]))
    members = optional(
        Timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
        StartTime=st.just("2098-01-01T00:00:00+00:00"),
        EndTime=st.just("2099-06-01T00:00:00+00:00"),
    )
    return {
        **OF,
        "ScheduledActionName": name,
        "Schedule": schedule,
        "ScalableTargetAction": bounds,
        **draw(members),
    }


@st.composite
def scalings(draw: st.DrawFn) -> VariantScaling:
    low = draw(st.integers(1, 3))
    state = optional(
        DynamicScalingInSuspended=st.booleans(),
        DynamicScalingOutSuspended=st.booleans(),
        ScheduledScalingSuspended=st.booleans(),
    )
    target = {**OF, "MinCapacity": low, "MaxCapacity": draw(st.integers(low, 8)), "SuspendedState": draw(state)}
    metrics = draw(st.sets(st.sampled_from([*PREDEFINED, "custom"])))
    stepped = draw(st.sets(st.sampled_from(["up", "up-more"])))
    steps = tuple(step(name, *draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))) for name in sorted(stepped))
    thresholds = st.integers(1, 50).map(float)
    return VariantScaling(
        endpoint=ENDPOINT,
        variant=VARIANT,
        target=target,
        policies=(*(draw(tracking(metric)) for metric in sorted(metrics)), *steps),
        alarms=tuple(
            alarm(f"of-{name}", name, draw(thresholds), *([QUEUE_TOPIC] if draw(st.booleans()) else []))
            for name in sorted(stepped)
        ),
        scheduled_actions=tuple(
            draw(scheduled(name)) for name in sorted(draw(st.sets(st.sampled_from(["day", "night"]))))
        ),
    )


def sorted_out(scaling: VariantScaling | None) -> Any:
    """What scales the variant, where the order of policies says nothing."""
    if scaling is None:
        return None
    by_name = sorted(scaling.policies, key=lambda policy: str(policy["PolicyName"]))
    alarms = sorted(scaling.alarms, key=lambda alarm: str(alarm["AlarmName"]))
    actions = sorted(scaling.scheduled_actions, key=lambda action: str(action["ScheduledActionName"]))
    return replace(scaling, policies=tuple(by_name), alarms=tuple(alarms), scheduled_actions=tuple(actions))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.none() | scalings(), second=scalings())
def test_a_change_undone_gives_back_what_was_there(
    aws: RegionAws, first: VariantScaling | None, second: VariantScaling
) -> None:
    clear(aws)
    if first is not None:
        carry_out(aws, list(set_up_steps(first)))
    before = now(aws)
    acted = carry_out(aws, list(set_up_steps(second, before)))
    after = now(aws)
    assert after is not None
    names = [[thing[member] for thing in things] for things, member in _named(after)]
    assert names == [[thing[member] for thing in things] for things, member in _named(second)]
    assert carry_out(aws, list(set_up_steps(second, after))) == [], "asked again, there is nothing left to do"
    take_back(aws, acted)
    assert sorted_out(now(aws)) == sorted_out(before)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scaling=scalings())
def test_a_removal_leaves_nothing_and_undone_brings_all_back(aws: RegionAws, scaling: VariantScaling) -> None:
    clear(aws)
    carry_out(aws, list(set_up_steps(scaling)))
    before = now(aws)
    assert before is not None
    acted = carry_out(aws, list(removal_steps(before)))
    assert now(aws) is None
    left = aws.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert all(alarm["AlarmActions"] == [QUEUE_TOPIC] for alarm in left), "an alarm that does more stays, without it"
    take_back(aws, acted)
    assert sorted_out(now(aws)) == sorted_out(before)


def _named(scaling: VariantScaling) -> list[tuple[Any, str]]:
    found = sorted_out(scaling)
    return [
        (found.policies, "PolicyName"),
        (found.alarms, "AlarmName"),
        (found.scheduled_actions, "ScheduledActionName"),
    ]
