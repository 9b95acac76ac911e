"""Scaling policies: put, described and deleted; target tracking brings its alarms, a step policy waits for one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling import tracking
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    VariantId,
    absent,
    described_page,
    key_of,
    limit_exceeded,
    named,
    of_target,
    policy_table,
    registered,
    selected,
    variant_id,
    variant_of,
)
from cmapss_sandbox.services.autoscaling.steps import check_step_scaling
from cmapss_sandbox.services.cloudwatch.alarms import ACTIONS, alarm_arn, alarm_table, delete_alarm, put_alarm
from cmapss_sandbox.store import Record

STEP_SCALING = "StepScaling"
STEP_CONFIGURATION = f"{STEP_SCALING}PolicyConfiguration"

_PAGE_SIZE = 10
_MAXIMUM_POLICIES = 50
_CONFIGURATIONS = {
    STEP_SCALING: STEP_CONFIGURATION,
    tracking.TYPE: tracking.CONFIGURATION,
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
# How CloudWatch refuses a definition; anything else it refuses is an access that failed.
_WRONG_DEFINITION = ("ValidationError", "InvalidParameterCombination", "InvalidParameterValue", "MissingParameter")


def put_scaling_policy(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutScalingPolicy; one of the same name on the same target keeps its ARN and what is not given."""
    variant, name = registered(region, request), request["PolicyName"]
    known = policy_table(region).get(key_of(variant, name))
    policy_type = _policy_type(request, known)
    member = _CONFIGURATIONS[policy_type]
    configuration = _configuration(request, known, policy_type)
    others = [policy for policy in of_target(policy_table(region), variant.resource_id) if policy["PolicyName"] != name]
    if policy_type == tracking.TYPE:
        tracking.check_target_tracking(configuration)
        _refuse_tracked_already(others, configuration)
    else:
        check_step_scaling(configuration)
    if known is None and len(others) >= _MAXIMUM_POLICIES:
        raise limit_exceeded("scaling policies per scalable target", _MAXIMUM_POLICIES)
    policy = {**(known or _new_policy(region, variant, name, policy_type)), member: configuration}
    policy_table(region)[key_of(variant, name)] = policy
    if policy_type == tracking.TYPE:
        _put_alarms(region, policy, variant)
    return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}


def describe_scaling_policies(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScalingPolicies, ten to a page."""
    found = named(selected(policy_table(region), request), request.get("PolicyNames"), "PolicyName", "PolicyARN")
    page, token = described_page(
        region, "DescribeScalingPolicies", request, found, lambda policy: str(policy["PolicyARN"]), _PAGE_SIZE
    )
    return {"ScalingPolicies": [_with_alarms(region, policy) for policy in page], "NextToken": token}


def delete_scaling_policy(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteScalingPolicy: target tracking takes its alarms along, of a step policy's alarms only the action goes."""
    variant, name = variant_id(request), request["PolicyName"]
    policy = None if variant is None else policy_table(region).get(key_of(variant, name))
    if policy is None:
        raise absent("scaling policy found", request, f", policy name: {name}")
    _remove(region, policy)
    return {}


def get_predictive_scaling_forecast(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetPredictiveScalingForecast, which there never is: only Amazon ECS has predictive scaling."""
    raise _not_predictive(request)


def remove_policies(region: Region, resource_id: str) -> None:
    """Remove every policy of a target."""
    for policy in of_target(policy_table(region), resource_id):
        _remove(region, policy)


def triggering_alarms(region: Region, policy: Mapping[str, Any]) -> list[Record]:
    """The alarms that carry out the policy in the state in which they are now.

    For as long as an alarm stays in a state, it repeats that state's scaling actions every minute.
    """
    return [
        alarm
        for alarm in alarm_table(region).values()
        if alarm["ActionsEnabled"] and policy["PolicyARN"] in alarm[ACTIONS[alarm["StateValue"]]]
    ]


def _policy_type(request: Mapping[str, Any], known: Mapping[str, Any] | None) -> str:
    policy_type: str | None = request.get("PolicyType", known["PolicyType"] if known else None)
    if policy_type is None:
        raise validation_exception("Policy type must be specified")
    if known is not None and policy_type != known["PolicyType"]:
        raise validation_exception(
            f"The type of the scaling policy {known['PolicyName']} cannot be changed from {known['PolicyType']} to "
            f"{policy_type}: delete the policy, or choose another name."
        )
    if policy_type == "PredictiveScaling":
        raise _not_predictive(request)
    return policy_type


def _configuration(request: Mapping[str, Any], known: Mapping[str, Any] | None, policy_type: str) -> dict[str, Any]:
    """The configuration that the policy gets; an update keeps the required members that it leaves out."""
    member = _CONFIGURATIONS[policy_type]
    given, former = request.get(member), (known or {}).get(member)
    if given is None and former is None:
        raise validation_exception(f"{policy_type} policy configuration must be specified")
    if any(other in request for other in _CONFIGURATIONS.values() if other != member):
        raise validation_exception(
            "You must only provide a single scaling policy configuration, which must match the scaling policy type "
            "specified."
        )
    if given is None or former is None:
        return dict(given or former or {})
    if policy_type == tracking.TYPE:
        return tracking.merged(former, given)
    return {**{name: former[name] for name in ("AdjustmentType", "StepAdjustments")}, **given}


def _refuse_tracked_already(others: list[Record], configuration: Mapping[str, Any]) -> None:
    metric = tracking.tracked_metric(configuration)
    for other in others:
        if other["PolicyType"] == tracking.TYPE and tracking.tracked_metric(other[tracking.CONFIGURATION]) == metric:
            raise validation_exception(f"Only one {tracking.TYPE} policy for a given metric specification is allowed.")


def _new_policy(region: Region, variant: VariantId, name: str, policy_type: str) -> Record:
    now, resource_id = region.now(), variant.resource_id
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{resource_id} {name} {now.isoformat()}")
    alarms = tracking.new_alarm_names(variant, identity) if policy_type == tracking.TYPE else ()
    return {
        "PolicyARN": region.arn(
            "autoscaling", f"scalingPolicy:{identity}:resource/{NAMESPACE}/{resource_id}:policyName/{name}"
        ),
        "PolicyName": name,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id,
        "ScalableDimension": DIMENSION,
        "PolicyType": policy_type,
        "Alarms": [_alarm(region, alarm) for alarm in alarms],
        "CreationTime": now,
    }


def _put_alarms(region: Region, policy: Mapping[str, Any], variant: VariantId) -> None:
    """Make the alarms as the policy needs them, whatever has been done to them since."""
    try:
        for alarm in tracking.alarm_definitions(policy, variant):
            put_alarm(region, alarm)
    except AwsError as error:
        if error.code in _WRONG_DEFINITION:
            raise validation_exception(error.message) from error
        raise AwsError(
            "FailedResourceAccessException",
            f"Unable to create alarms for scaling policy {policy['PolicyName']} due to reason: {error.message} "
            f"(Service: AmazonCloudWatch; Status Code: {error.status}; Error Code: {error.code})",
        ) from error


def _with_alarms(region: Region, policy: Record) -> Record:
    """The policy as it is shown: a step policy has the alarms that clients have given its ARN."""
    if policy["PolicyType"] == tracking.TYPE:
        return policy
    arn = policy["PolicyARN"]
    names = [
        name for name, alarm in alarm_table(region).items() if any(arn in alarm[member] for member in ACTIONS.values())
    ]
    return {**policy, "Alarms": [_alarm(region, name) for name in names]}


def _alarm(region: Region, name: str) -> dict[str, str]:
    return {"AlarmName": name, "AlarmARN": alarm_arn(region, name)}


def _remove(region: Region, policy: Record) -> None:
    if policy["PolicyType"] == tracking.TYPE:
        for name in tracking.alarm_names(policy):
            delete_alarm(region, name)
    else:
        _remove_actions(region, policy["PolicyARN"])
    del policy_table(region)[key_of(variant_of(policy), policy["PolicyName"])]


def _remove_actions(region: Region, arn: str) -> None:
    """Take a policy that is no more out of the actions of every alarm."""
    for name, alarm in list(alarm_table(region).items()):
        rest = {member: [action for action in alarm[member] if action != arn] for member in ACTIONS.values()}
        if any(rest[member] != alarm[member] for member in rest):
            alarm_table(region)[name] = {**alarm, **rest}


def _not_predictive(request: Mapping[str, Any]) -> AwsError:
    return validation_exception(
        f"PredictiveScaling is not supported for service namespace {request['ServiceNamespace']}: it is only supported "
        "for ecs."
    )
