"""Target tracking: what a configuration says, and the two CloudWatch alarms that carry it out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.services.autoscaling.arithmetic import SCALE_IN_THRESHOLD_SHARE
from cmapss_sandbox.services.autoscaling.resources import DIMENSION, VariantId

TYPE = "TargetTrackingScaling"
CONFIGURATION = f"{TYPE}PolicyConfiguration"

_SPECIFICATIONS = ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
_SINGLE_METRIC = ("MetricName", "Namespace", "Dimensions", "Statistic", "Unit")
_TARGET_LIMIT = 2.0**360
# Each alarm looks at data points of one minute: 3 of 3 above the target, 15 of 15 below nine tenths of it.
_MINUTE = 60
_HIGH_PERIODS, _LOW_PERIODS = 3, 15
# The metric of a predefined type, its statistic and the seconds between the data points that a scale-out looks at.
_PREDEFINED: Mapping[str, tuple[str, str, int]] = {
    "SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum", _MINUTE),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": ("ConcurrentRequestsPerModel", "Maximum", 10),
}


def check_target_tracking(configuration: Mapping[str, Any]) -> None:
    """Refuse a configuration that does not hold together, in AWS's words where they are known."""
    if not 0 < configuration["TargetValue"] <= _TARGET_LIMIT:
        raise validation_exception("TargetValue must be greater than 0 and at most 2^360.")
    for direction in ("In", "Out"):
        if configuration.get(f"Scale{direction}Cooldown", 0) < 0:
            raise validation_exception(f"Scale{direction}Cooldown must not be less than 0.")
    given = [name for name in _SPECIFICATIONS if name in configuration]
    if not given:
        raise validation_exception(f"{' or '.join(_SPECIFICATIONS)} must be set for target tracking scaling.")
    if len(given) > 1:
        raise validation_exception(
            f"Only one of {' or '.join(_SPECIFICATIONS)} can be set for target tracking scaling."
        )
    if given == ["PredefinedMetricSpecification"]:
        _check_predefined(configuration["PredefinedMetricSpecification"])
    else:
        _check_customized(configuration["CustomizedMetricSpecification"])


def merged(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration after an update: one that names no metric keeps the one that is tracked."""
    kept = {} if any(name in given for name in _SPECIFICATIONS) else known
    return {**{name: kept[name] for name in _SPECIFICATIONS if name in kept}, **given}


def tracked_metric(configuration: Mapping[str, Any]) -> object:
    """What two configurations have in common when they track the same metric."""
    if "PredefinedMetricSpecification" in configuration:
        return configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
    custom = configuration["CustomizedMetricSpecification"]
    if "Metrics" in custom:
        return sorted(custom["Metrics"], key=lambda query: str(query["Id"]))
    dimensions = sorted((pair["Name"], pair["Value"]) for pair in custom.get("Dimensions", []))
    return [custom["Namespace"], custom["MetricName"], custom["Statistic"], dimensions]


def target_value(configuration: Mapping[str, Any]) -> float:
    """The value at which the policy keeps its metric."""
    return float(configuration["TargetValue"])


def scales_in(configuration: Mapping[str, Any]) -> bool:
    """Whether the policy may remove instances."""
    return not configuration.get("DisableScaleIn", False)


def alarm_names(policy: Mapping[str, Any]) -> tuple[str, str]:
    """The names of the policy's alarms, the one for too much load first."""
    high, low = (alarm["AlarmName"] for alarm in policy["Alarms"])
    return high, low


def new_alarm_names(variant: VariantId, identity: uuid.UUID) -> tuple[str, str]:
    """The names that a new policy's two alarms get, as AWS makes them."""
    prefix = f"TargetTracking-{variant.resource_id}-Alarm"
    return f"{prefix}High-{uuid.uuid5(identity, 'High')}", f"{prefix}Low-{uuid.uuid5(identity, 'Low')}"


def alarm_definitions(policy: Mapping[str, Any], variant: VariantId) -> list[dict[str, Any]]:
    """The definitions of the policy's two alarms."""
    configuration, (high, low) = policy[CONFIGURATION], alarm_names(policy)
    target = target_value(configuration)
    common = {
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For {TYPE} policy {policy['PolicyARN']}.",
        "AlarmActions": [policy["PolicyARN"]],
    }
    return [
        {
            **common,
            **_metric(configuration, variant, scaling_out=True),
            "AlarmName": high,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": target,
            "EvaluationPeriods": _HIGH_PERIODS,
        },
        {
            **common,
            **_metric(configuration, variant, scaling_out=False),
            "AlarmName": low,
            "ComparisonOperator": "LessThanThreshold",
            "Threshold": round(target * SCALE_IN_THRESHOLD_SHARE, 10),
            "EvaluationPeriods": _LOW_PERIODS,
        },
    ]


def _metric(configuration: Mapping[str, Any], variant: VariantId, *, scaling_out: bool) -> dict[str, Any]:
    """The metric that a configuration tracks, as an alarm names it."""
    if "PredefinedMetricSpecification" in configuration:
        name, statistic, period = _PREDEFINED[configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]]
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": name,
            "Dimensions": [
                {"Name": "EndpointName", "Value": variant.endpoint},
                {"Name": "VariantName", "Value": variant.variant},
            ],
            "Statistic": statistic,
            # A high-resolution metric makes scaling out faster; scaling in takes as long as with any other.
            "Period": period if scaling_out else _MINUTE,
        }
    custom = configuration["CustomizedMetricSpecification"]
    if "Metrics" in custom:
        return {"Metrics": [_with_period(query) for query in custom["Metrics"]]}
    return {**{member: custom[member] for member in _SINGLE_METRIC if member in custom}, "Period": _MINUTE}


def _with_period(query: Mapping[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in query:
        return dict(query)
    return {**query, "MetricStat": {**query["MetricStat"], "Period": _MINUTE}}


def _check_predefined(specification: Mapping[str, Any]) -> None:
    metric_type = specification["PredefinedMetricType"]
    if metric_type not in _PREDEFINED:
        raise validation_exception(
            f"Scalable dimension {DIMENSION} only supports the following predefined metric types: "
            f"{', '.join(_PREDEFINED)}"
        )
    if "ResourceLabel" in specification:
        raise validation_exception(f"Resource label should not be specified for predefined metric type {metric_type}")


def _check_customized(specification: Mapping[str, Any]) -> None:
    if "Metrics" not in specification:
        missing = [member for member in ("Namespace", "MetricName", "Statistic") if member not in specification]
        if missing:
            raise validation_exception(f"CustomizedMetricSpecification needs {', '.join(missing)}.")
        return
    if not specification["Metrics"] or any(member in specification for member in _SINGLE_METRIC):
        raise validation_exception(
            "The customized metric specification is not valid. You can use a specification with metric math or a "
            "specification without metric math, but not a combination of both."
        )
    for query in specification["Metrics"]:
        if ("Expression" in query) == ("MetricStat" in query):
            raise validation_exception(
                f"The metric data query {query['Id']} must have either an Expression or a MetricStat, and not both."
            )
