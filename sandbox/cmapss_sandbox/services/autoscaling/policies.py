"""Scaling policies: target tracking, each with two alarms in CloudWatch that carry it out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling.arithmetic import SCALE_IN_THRESHOLD_SHARE
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    VariantId,
    absent,
    described_page,
    matches,
    policies_of,
    policy_table,
    target_table,
    variant_id,
)
from cmapss_sandbox.services.cloudwatch.alarms import alarm_arn, delete_alarm, put_alarm
from cmapss_sandbox.store import Record

_PAGE_SIZE = 10
_MAXIMUM_POLICIES = 50
_TYPE = "TargetTrackingScaling"
_CONFIGURATION = f"{_TYPE}PolicyConfiguration"
_INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
_SPECIFICATIONS = ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
# Each alarm looks at data points of one minute: 3 of 3 above the target, 15 of 15 below nine tenths of it.
_ALARM_PERIOD = 60
_HIGH_PERIODS, _LOW_PERIODS = 3, 15


def put_scaling_policy(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutScalingPolicy; one of the same name on the same target gets the new configuration."""
    variant, name = variant_id(request), request["PolicyName"]
    if variant.resource_id not in target_table(region):
        raise absent("scalable target registered", variant)
    key = _key(variant, name)
    known = policy_table(region).get(key)
    policy_type = request.get("PolicyType", known["PolicyType"] if known else "StepScaling")
    if policy_type != _TYPE:
        raise validation_exception(f"This region offers scaling policies of type {_TYPE}, not {policy_type}.")
    configuration = request.get(_CONFIGURATION)
    if configuration is None:
        raise validation_exception(f"{_CONFIGURATION} is required for a policy of type {_TYPE}.")
    _check(configuration)
    others = [policy for policy in policies_of(region, variant.resource_id) if policy["PolicyName"] != name]
    if any(_specification(other[_CONFIGURATION]) == _specification(configuration) for other in others):
        raise validation_exception(f"Only one {_TYPE} policy for a given metric specification is allowed.")
    if len(others) >= _MAXIMUM_POLICIES:
        raise AwsError("LimitExceededException", f"A scalable target has at most {_MAXIMUM_POLICIES} policies.")
    policy = {**(known or _new_policy(region, variant, name)), _CONFIGURATION: configuration}
    policy_table(region)[key] = policy
    try:
        for alarm in _alarms(policy, variant):
            put_alarm(region, alarm)
    except AwsError as error:
        raise validation_exception(error.message) from error
    return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}


def describe_scaling_policies(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScalingPolicies, ten to a page."""
    names = request.get("PolicyNames")
    found = [
        policy
        for policy in policy_table(region).values()
        if matches(policy, request) and (not names or policy["PolicyName"] in names or policy["PolicyARN"] in names)
    ]
    page, token = described_page(
        region, "DescribeScalingPolicies", request, found, lambda policy: str(policy["PolicyARN"]), _PAGE_SIZE
    )
    return {"ScalingPolicies": page, "NextToken": token}


def delete_scaling_policy(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteScalingPolicy, with its alarms."""
    variant, name = variant_id(request), request["PolicyName"]
    policy = policy_table(region).get(_key(variant, name))
    if policy is None:
        raise absent("scaling policy found", variant, f", policy name: {name}")
    _remove(region, policy)
    return {}


def remove_policies(region: Region, resource_id: str) -> None:
    """Remove every policy of a target, with its alarms."""
    for policy in policies_of(region, resource_id):
        _remove(region, policy)


def target_value(policy: Mapping[str, Any]) -> float:
    """The value at which the policy keeps its metric."""
    return float(policy[_CONFIGURATION]["TargetValue"])


def cooldown_seconds(policy: Mapping[str, Any], direction: str) -> int:
    """The cooldown after a scale-"In" or -"Out" in region seconds; 300 unless the policy says otherwise."""
    return int(policy[_CONFIGURATION].get(f"Scale{direction}Cooldown", 300))


def scales_in(policy: Mapping[str, Any]) -> bool:
    """Whether the policy may remove instances."""
    return not policy[_CONFIGURATION].get("DisableScaleIn", False)


def alarm_names(policy: Mapping[str, Any]) -> tuple[str, str]:
    """The names of the policy's AlarmHigh and AlarmLow."""
    high, low = policy["Alarms"]
    return high["AlarmName"], low["AlarmName"]


def _new_policy(region: Region, variant: VariantId, name: str) -> Record:
    now, resource_id = region.now(), variant.resource_id
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{resource_id} {name} {now.isoformat()}")
    alarms = []
    for side in ("AlarmHigh", "AlarmLow"):
        alarm = f"TargetTracking-{resource_id}-{side}-{uuid.uuid5(identity, side)}"
        alarms.append({"AlarmName": alarm, "AlarmARN": alarm_arn(region, alarm)})
    return {
        "PolicyARN": region.arn(
            "autoscaling", f"scalingPolicy:{identity}:resource/{NAMESPACE}/{resource_id}:policyName/{name}"
        ),
        "PolicyName": name,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id,
        "ScalableDimension": DIMENSION,
        "PolicyType": _TYPE,
        "Alarms": alarms,
        "CreationTime": now,
    }


def _alarms(policy: Mapping[str, Any], variant: VariantId) -> list[dict[str, Any]]:
    """The definitions of the policy's two alarms."""
    target, (high, low) = target_value(policy), alarm_names(policy)
    common = {
        **_metric(policy[_CONFIGURATION], variant),
        "AlarmDescription": (f"DO NOT EDIT OR DELETE. For {_TYPE} policy {policy['PolicyARN']}."),
        "AlarmActions": [policy["PolicyARN"]],
    }
    return [
        {
            **common,
            "AlarmName": name,
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
        }
        for name, comparison, threshold, periods in (
            (high, "GreaterThanThreshold", target, _HIGH_PERIODS),
            (low, "LessThanThreshold", round(target * SCALE_IN_THRESHOLD_SHARE, 10), _LOW_PERIODS),
        )
    ]


def _metric(configuration: Mapping[str, Any], variant: VariantId) -> dict[str, Any]:
    """The metric that a configuration tracks, as an alarm names it."""
    if "PredefinedMetricSpecification" in configuration:
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": "InvocationsPerInstance",
            "Dimensions": [
                {"Name": "EndpointName", "Value": variant.endpoint},
                {"Name": "VariantName", "Value": variant.variant},
            ],
            "Statistic": "Sum",
            "Period": _ALARM_PERIOD,
        }
    custom = configuration["CustomizedMetricSpecification"]
    if "Metrics" in custom:
        return {"Metrics": [_with_period(query) for query in custom["Metrics"]]}
    members = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")
    return {**{member: custom[member] for member in members if member in custom}, "Period": _ALARM_PERIOD}


def _with_period(query: Mapping[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in query:
        return dict(query)
    return {**query, "MetricStat": {**query["MetricStat"], "Period": _ALARM_PERIOD}}


def _check(configuration: Mapping[str, Any]) -> None:
    if not configuration["TargetValue"] > 0:
        raise validation_exception("TargetValue must be greater than 0.")
    for direction in ("In", "Out"):
        if configuration.get(f"Scale{direction}Cooldown", 0) < 0:
            raise validation_exception(f"Scale{direction}Cooldown must not be less than 0.")
    given = [name for name in _SPECIFICATIONS if name in configuration]
    if len(given) != 1:
        raise validation_exception(f"Exactly one of {' and '.join(_SPECIFICATIONS)} must be specified.")
    if given == ["PredefinedMetricSpecification"]:
        predefined = configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
        if predefined != _INVOCATIONS:
            raise validation_exception(f"{predefined} is not a predefined metric of {DIMENSION} in this region.")
        return
    custom = configuration["CustomizedMetricSpecification"]
    needed = () if "Metrics" in custom else ("Namespace", "MetricName", "Statistic")
    missing = [member for member in needed if member not in custom]
    if missing:
        raise validation_exception(f"CustomizedMetricSpecification needs {', '.join(missing)}.")


def _specification(configuration: Mapping[str, Any]) -> Any:
    return next(configuration[name] for name in _SPECIFICATIONS if name in configuration)


def _remove(region: Region, policy: Record) -> None:
    for name in alarm_names(policy):
        delete_alarm(region, name)
    del policy_table(region)[f"{policy['ResourceId']} {policy['PolicyName']}"]


def _key(variant: VariantId, name: str) -> str:
    return f"{variant.resource_id} {name}"
