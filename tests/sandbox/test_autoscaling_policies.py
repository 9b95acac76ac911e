"""Target-tracking policies and their alarms through unmodified clients."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.services.autoscaling import policies
from tests.sandbox.conftest import Clients
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import TRACKING, VARIANT, put_policy, register

# Each of these tests finds the endpoint "engines" in service.
pytestmark = pytest.mark.usefixtures("engines")


def test_a_policy_brings_its_two_alarms(sagemaker: Any, clients: Clients, autoscaling: Any) -> None:
    with refused(
        "No scalable target registered for service namespace: sagemaker, resource ID: "
        "endpoint/engines/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount",
        "ObjectNotFoundException",
    ):
        put_policy(autoscaling)
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    put = put_policy(autoscaling)
    assert re.fullmatch(
        r"arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:[0-9a-f-]{36}:resource/sagemaker/endpoint/engines/"
        r"variant/AllTraffic:policyName/Invocations-ScalingPolicy",
        put["PolicyARN"],
    )
    alarms = clients("cloudwatch").describe_alarms(AlarmNames=[alarm["AlarmName"] for alarm in put["Alarms"]])
    high, low = alarms["MetricAlarms"]
    prefix = "TargetTracking-endpoint/engines/variant/AllTraffic-Alarm"
    assert re.fullmatch(rf"{prefix}High-[0-9a-f-]{{36}}", high["AlarmName"])
    assert re.fullmatch(rf"{prefix}Low-[0-9a-f-]{{36}}", low["AlarmName"])
    for alarm, comparison, threshold, periods in (
        (high, "GreaterThanThreshold", 10.0, 3),
        (low, "LessThanThreshold", 9.0, 15),
    ):
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (comparison, threshold)
        assert (alarm["EvaluationPeriods"], alarm["Period"], alarm["Statistic"]) == (periods, 60, "Sum")
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SageMaker", "InvocationsPerInstance")
        assert alarm["AlarmActions"] == [put["PolicyARN"]]
        assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    [policy] = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    assert (policy["PolicyARN"], policy["Alarms"]) == (put["PolicyARN"], put["Alarms"])


def test_a_policy_that_is_put_again_keeps_its_arn_and_changes_its_alarms(
    sagemaker: Any, clients: Clients, autoscaling: Any
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    first = put_policy(autoscaling)
    again = put_policy(autoscaling, TargetValue=50)
    assert (first["PolicyARN"], first["Alarms"]) == (again["PolicyARN"], again["Alarms"])
    thresholds = {alarm["Threshold"] for alarm in clients("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert thresholds == {50, 45}


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"TargetValue": 0}, "TargetValue must be greater than 0"),
        ({"ScaleInCooldown": -1}, "ScaleInCooldown must not be less than 0"),
        (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}},
            "Scalable dimension sagemaker:variant:DesiredInstanceCount only supports the following predefined metric "
            "types: SageMakerVariantInvocationsPerInstance, SageMakerVariantConcurrentRequestsPerModelHighResolution",
        ),
        (
            {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"
                }
            },
            "only supports the following predefined metric types",
        ),
        (
            {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance",
                    "ResourceLabel": "app/lb/1/targetgroup/tg/2",
                }
            },
            "Resource label should not be specified for predefined metric type SageMakerVariantInvocationsPerInstance",
        ),
        ({"PredefinedMetricSpecification": {"PredefinedMetricType": "Nonsense"}}, "failed to satisfy constraint"),
        (
            {"CustomizedMetricSpecification": {"MetricName": "x"}},
            "Only one of PredefinedMetricSpecification or CustomizedMetricSpecification can be set",
        ),
    ],
)
def test_policies_that_do_not_hold_together(
    sagemaker: Any, clients: Clients, autoscaling: Any, configuration: dict[str, Any], message: str
) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    with refused(message):
        put_policy(autoscaling, **configuration)
    assert autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert clients("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_a_policy_over_a_metric_of_ones_own_needs_all_of_its_name(sagemaker: Any, autoscaling: Any) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)

    def put(name: str, policy_type: str = "TargetTrackingScaling", **specification: Any) -> None:
        autoscaling.put_scaling_policy(
            **VARIANT,
            PolicyName=name,
            PolicyType=policy_type,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 5,
                "CustomizedMetricSpecification": specification,
            },
        )

    with refused("CustomizedMetricSpecification needs Namespace, Statistic"):
        put("mine", MetricName="Depth")
    both = [{"Id": name, "Expression": "FILL(m3, 0)"} for name in ("m1", "m2")]
    depth = {"Metric": {"Namespace": "Shop", "MetricName": "Depth"}, "Stat": "Sum"}
    with refused("Exactly one element of the metrics list should return data"):
        put("mine", Metrics=[*both, {"Id": "m3", "MetricStat": depth, "ReturnData": False}])
    with refused("Undefined variable m2"):
        put("mine", Metrics=[{"Id": "m1", "Expression": "m2 * 2"}])
    with refused("StepScaling policy configuration must be specified"):
        put("mine", "StepScaling", MetricName="Depth", Namespace="Shop", Statistic="Average")
    with refused("but not a combination of both"):
        put("mine", MetricName="Depth", Metrics=both)
    with refused("must have either an Expression or a MetricStat"):
        put("mine", Metrics=[{"Id": "m1"}])
    put("mine", MetricName="Depth", Namespace="Shop", Statistic="Average")
    with refused("Only one TargetTrackingScaling policy for a given metric specification"):
        put("twin", MetricName="Depth", Namespace="Shop", Statistic="Average")


def test_deleting_a_policy_takes_its_alarms_along(sagemaker: Any, clients: Clients, autoscaling: Any) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    with refused("policy name: nope", "ObjectNotFoundException"):
        autoscaling.delete_scaling_policy(**VARIANT, PolicyName="nope")
    put_policy(autoscaling)
    autoscaling.delete_scaling_policy(**VARIANT, PolicyName="Invocations-ScalingPolicy")
    assert clients("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert len(autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]) == 1


def test_pages_are_of_ten_policies_and_names_are_matched_whole(sagemaker: Any, autoscaling: Any) -> None:
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=5)
    for number in range(12):
        autoscaling.put_scaling_policy(
            **VARIANT,
            PolicyName=f"policy-{number}",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 5,
                "CustomizedMetricSpecification": {
                    "MetricName": f"M{number}",
                    "Namespace": "Shop",
                    "Statistic": "Sum",
                },
            },
        )
    first = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")
    assert len(first["ScalingPolicies"]) == 10
    paginator = autoscaling.get_paginator("describe_scaling_policies")
    every = [policy for page in paginator.paginate(ServiceNamespace="sagemaker") for policy in page["ScalingPolicies"]]
    assert [policy["PolicyName"] for policy in every] == [f"policy-{number}" for number in range(12)]
    named = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker", PolicyNames=["policy-1"])
    assert [policy["PolicyName"] for policy in named["ScalingPolicies"]] == ["policy-1"]
    part = autoscaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId="endpoint/engines/variant/All"
    )
    assert part["ScalingPolicies"] == []
    with refused("MaxResults must be between 1 and 10"):
        autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker", MaxResults=11)
    with refused("", "InvalidNextTokenException"):
        autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker", NextToken="nonsense")


def test_a_policys_alarms_are_put_back_as_they_were(clients: Clients, autoscaling: Any) -> None:
    register(autoscaling, 1, 5)
    put_policy(autoscaling)
    cloudwatch = clients("cloudwatch")
    high, low = cloudwatch.describe_alarms()["MetricAlarms"]
    edited = {"AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "ComparisonOperator"}
    cloudwatch.put_metric_alarm(
        **{member: high[member] for member in edited}, Threshold=1, EvaluationPeriods=1, ActionsEnabled=False
    )
    cloudwatch.delete_alarms(AlarmNames=[low["AlarmName"]])
    put_policy(autoscaling)
    changing = {"AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp"}
    again = cloudwatch.describe_alarms()["MetricAlarms"]
    assert [{name: alarm[name] for name in alarm.keys() - changing} for alarm in again] == [
        {name: alarm[name] for name in alarm.keys() - changing} for alarm in (high, low)
    ]
    assert high["AlarmDescription"] == (
        f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {high['AlarmActions'][0]}."
    )


def test_a_high_resolution_policy_has_an_alarm_of_ten_seconds(clients: Clients, autoscaling: Any) -> None:
    register(autoscaling, 1, 5)
    put_policy(
        autoscaling,
        PredefinedMetricSpecification={
            "PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"
        },
    )
    high, low = clients("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (high["Namespace"], high["MetricName"]) == ("AWS/SageMaker", "ConcurrentRequestsPerModel")
    assert (high["Period"], high["EvaluationPeriods"]) == (10, 3)
    assert (low["Period"], low["EvaluationPeriods"], low["Threshold"]) == (60, 15, 9.0)


def test_alarms_that_cloudwatch_does_not_make_fail_the_policy(
    monkeypatch: pytest.MonkeyPatch, clients: Clients, autoscaling: Any
) -> None:
    def denied(*_: Any) -> None:
        raise AwsError("AccessDenied", "User is not authorized to perform: cloudwatch:PutMetricAlarm", 403)

    register(autoscaling, 1, 5)
    monkeypatch.setattr(policies, "put_alarm", denied)
    with refused(
        "Unable to create alarms for scaling policy Invocations-ScalingPolicy due to reason: User is not authorized",
        "FailedResourceAccessException",
    ):
        put_policy(autoscaling)
    assert autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
