"""The steps that set up, change and take away what scales a variant; each knows the way back to what was before.

Application Auto Scaling's own descriptions travel through here as they are, so that what was set by other tools
comes back whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.plans.plan import Call, Proof, Step
from cmapss_core.plans.scaling.policy_alarms import put_alarm, read_policy_alarms, remove_alarm
from cmapss_core.plans.undoing import undone_by
from cmapss_core.scaling import (
    DEFAULT_COOLDOWN,
    DIMENSION,
    METRIC_UNITS,
    NAMESPACE,
    SUSPENSION_NAMES,
    SUSPENSIONS,
    resource_id,
)

SERVICE = "application-autoscaling"

Parameters = Mapping[str, Any]
Shown = dict[str, tuple[Any, ...]]

# Which member of a policy has what it does, by its type.
CONFIGURATIONS: Mapping[str, str] = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}
# What AWS takes for an optional member that is absent, and may describe it as.
_ABSENT: Mapping[str, tuple[Any, ...]] = {
    "ScaleInCooldown": (None, DEFAULT_COOLDOWN),
    "ScaleOutCooldown": (None, DEFAULT_COOLDOWN),
    "DisableScaleIn": (None, False),
    "Cooldown": (None, DEFAULT_COOLDOWN),
    "MetricAggregationType": (None, "Average"),
    "MinAdjustmentMagnitude": (None,),
}
_OPTIONAL = {
    "TargetTrackingScaling": ("ScaleInCooldown", "ScaleOutCooldown", "DisableScaleIn"),
    "StepScaling": ("Cooldown", "MetricAggregationType", "MinAdjustmentMagnitude"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantScaling:
    """What scales one variant, as the parameters that set it up again: of RegisterScalableTarget, PutScalingPolicy,
    PutMetricAlarm (the alarms of step policies; target tracking brings its own) and PutScheduledAction."""

    endpoint: str
    variant: str
    target: Parameters
    policies: tuple[Parameters, ...] = ()
    alarms: tuple[Parameters, ...] = ()
    scheduled_actions: tuple[Parameters, ...] = ()


def identity(endpoint: str, variant: str) -> dict[str, str]:
    """How every call names the variant's dimension."""
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id(endpoint, variant),
        "ScalableDimension": DIMENSION,
    }


def read_variant_scaling(aws: Aws, endpoint: str, variant: str) -> VariantScaling | None:
    """What scales a variant now, None where nothing does. Raises ConsoleError."""
    of = identity(endpoint, variant)
    answer = aws.call(
        SERVICE,
        "DescribeScalableTargets",
        ServiceNamespace=NAMESPACE,
        ResourceIds=[of["ResourceId"]],
        ScalableDimension=DIMENSION,
    )
    if not answer["ScalableTargets"]:
        return None
    policies = [
        policy for page in aws.pages(SERVICE, "DescribeScalingPolicies", **of) for policy in page["ScalingPolicies"]
    ]
    stepped = [policy for policy in policies if policy["PolicyType"] == "StepScaling"]
    return VariantScaling(
        endpoint=endpoint,
        variant=variant,
        target=_target(aws.accepted(SERVICE, "RegisterScalableTarget", answer["ScalableTargets"][0])),
        policies=tuple(aws.accepted(SERVICE, "PutScalingPolicy", policy) for policy in policies),
        alarms=read_policy_alarms(
            aws,
            {policy["PolicyARN"]: describe_policy(policy) for policy in stepped},
            list(dict.fromkeys(alarm["AlarmName"] for policy in stepped for alarm in policy.get("Alarms", ()))),
        ),
        scheduled_actions=tuple(
            _dated(aws.accepted(SERVICE, "PutScheduledAction", action))
            for page in aws.pages(SERVICE, "DescribeScheduledActions", **of)
            for action in page["ScheduledActions"]
        ),
    )


def set_up_steps(wanted: VariantScaling, before: VariantScaling | None = None) -> Iterator[Step]:
    """Make what scales a variant exactly `wanted`, in the order that AWS demands; undone, it is as `before`.

    What `before` has and `wanted` lacks is taken away first, since AWS allows one policy for a metric. Bounds and
    policies are made sure of even where they are the same; alarms and scheduled actions are left alone then: a
    schedule that is put again begins anew, and one whose only time has passed may be refused.
    """
    former = before or VariantScaling(endpoint=wanted.endpoint, variant=wanted.variant, target={})
    for action in former.scheduled_actions:
        if (now := _same(action, wanted.scheduled_actions)) is None or _begins_anew(action, now):
            yield delete_scheduled_action(action)
    for alarm in former.alarms:
        if _same(alarm, wanted.alarms) is None:
            yield remove_alarm(alarm)
    for policy in former.policies:
        if (now := _same(policy, wanted.policies)) is None or now["PolicyType"] != policy["PolicyType"]:
            yield delete_policy(policy)
    yield register_target(wanted.target, former.target or None)
    for policy in wanted.policies:
        was = _same(policy, former.policies)
        yield put_policy(policy, was if was and was["PolicyType"] == policy["PolicyType"] else None)
    for alarm in wanted.alarms:
        if alarm != (was := _same(alarm, former.alarms)):
            yield put_alarm(alarm, was)
    for action in wanted.scheduled_actions:
        if action != (was := _same(action, former.scheduled_actions)):
            yield put_scheduled_action(action, None if was and _begins_anew(was, action) else was)


def removal_steps(scaling: VariantScaling) -> Iterator[Step]:
    """Take away scheduled actions, policies with their alarms, and the target; undone, all is as before."""
    for action in scaling.scheduled_actions:
        yield delete_scheduled_action(action)
    for alarm in scaling.alarms:
        yield remove_alarm(alarm)
    for policy in scaling.policies:
        yield delete_policy(policy)
    yield deregister_target(scaling.target)


def register_target(target: Parameters, before: Parameters | None = None) -> Step:
    """Register a variant within bounds, or change bounds and suspension."""
    undo = _register(before) if before else _deregister(target)
    return undone_by(_register(target), undo, f"{_bounds(before)} again" if before else "deregister")


def deregister_target(target: Parameters) -> Step:
    """Let a variant be scaled no more; its instances stay."""
    return undone_by(_deregister(target), _register(target), "register again")


def put_policy(policy: Parameters, before: Parameters | None = None) -> Step:
    """Put a scaling policy, or change one of the same type."""
    undo = _put_policy(before) if before else _delete_policy(policy)
    return undone_by(_put_policy(policy), undo, "as before" if before else "delete policy")


def delete_policy(policy: Parameters) -> Step:
    """Delete a scaling policy; one of target tracking takes its alarms along."""
    return undone_by(_delete_policy(policy), _put_policy(policy), "put again")


def put_scheduled_action(action: Parameters, before: Parameters | None = None) -> Step:
    """Put a scheduled action, or change it."""
    undo = _put_scheduled_action(before) if before else _delete_scheduled_action(action)
    return undone_by(_put_scheduled_action(action), undo, "as before" if before else "delete scheduled action")


def delete_scheduled_action(action: Parameters) -> Step:
    """Delete a scheduled action."""
    return undone_by(_delete_scheduled_action(action), _put_scheduled_action(action), "put again")


def describe_policy(policy: Parameters) -> Call:
    """How one policy is read back."""
    return Call(SERVICE, "DescribeScalingPolicies", {**_identity_of(policy), "PolicyNames": [policy["PolicyName"]]})


def policy_terms(policy: Parameters) -> str:
    """What a policy does, in a few words."""
    configuration = policy[CONFIGURATIONS[policy["PolicyType"]]]
    if policy["PolicyType"] == "StepScaling":
        steps = ", ".join(step_terms(step, configuration) for step in configuration.get("StepAdjustments", ()))
        return f"{steps}; cooldown {configuration.get('Cooldown', DEFAULT_COOLDOWN)} s"
    into, out = (configuration.get(f"Scale{way}Cooldown", DEFAULT_COOLDOWN) for way in ("In", "Out"))
    words = [
        f"{configuration['TargetValue']:g} {_unit(configuration)}",
        f"cooldown in {into:g} s, out {out:g} s",
        *(["never in"] if configuration.get("DisableScaleIn") else []),
    ]
    return ", ".join(words)


def step_terms(step: Parameters, configuration: Parameters) -> str:
    """One step adjustment in a few words, such as "from +10: +2"."""
    low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    span = f"from {low:+g}" if low is not None else f"up to {high:+g}"
    adjustment = step["ScalingAdjustment"]
    kind = configuration.get("AdjustmentType")
    if kind == "ExactCapacity":
        return f"{span}: to {adjustment}"
    return f"{span}: {adjustment:+d}{' %' if kind == 'PercentChangeInCapacity' else ''}"


def _register(target: Parameters) -> Step:
    suspended = target.get("SuspendedState", {})
    shows: Shown = {member: (target[member],) for member in ("MinCapacity", "MaxCapacity")}
    # What was never suspended may be described by being absent.
    shows |= {f"SuspendedState.{name}": (True,) if on else (False, None) for name, on in suspended.items()}
    return Step(
        title="register scalable target",
        detail=_bounds(target) + _pauses(suspended),
        call=Call(SERVICE, "RegisterScalableTarget", target),
        proof=Proof(
            call=_describe_target(target), shows={f"ScalableTargets[0].{path}": good for path, good in shows.items()}
        ),
    )


def _deregister(target: Parameters) -> Step:
    return Step(
        title="deregister scalable target",
        detail=_variant(target),
        call=Call(SERVICE, "DeregisterScalableTarget", _identity_of(target)),
        proof=Proof(call=_describe_target(target), shows={"length(ScalableTargets)": (0,)}),
    )


def _put_policy(policy: Parameters) -> Step:
    kind = policy["PolicyType"]
    configuration = policy[CONFIGURATIONS[kind]]
    shows = {member: _equals(member, value) for member, value in configuration.items()}
    shows |= {member: _ABSENT[member] for member in _OPTIONAL[kind] if member not in configuration}
    return Step(
        title="put scaling policy",
        detail=f"{policy_terms(policy)}: {policy['PolicyName']}",
        call=Call(SERVICE, "PutScalingPolicy", policy),
        proof=Proof(
            call=describe_policy(policy),
            shows={f"ScalingPolicies[0].{CONFIGURATIONS[kind]}.{member}": good for member, good in shows.items()},
        ),
    )


def _delete_policy(policy: Parameters) -> Step:
    name = policy["PolicyName"]
    alarms = " and its alarms" if policy["PolicyType"] == "TargetTrackingScaling" else ""
    return Step(
        title="delete scaling policy",
        detail=f"{name}{alarms}",
        call=Call(SERVICE, "DeleteScalingPolicy", {**_identity_of(policy), "PolicyName": name}),
        proof=Proof(call=describe_policy(policy), shows={"length(ScalingPolicies)": (0,)}),
    )


def _put_scheduled_action(action: Parameters) -> Step:
    shows: Shown = {"Schedule": (action["Schedule"],), "ScalableTargetAction": (action["ScalableTargetAction"],)}
    # A zone that is not given is UTC.
    zone = action.get("Timezone")
    shows["Timezone"] = (zone,) if zone not in (None, "UTC") else (None, "UTC")
    return Step(
        title="put scheduled action",
        detail=f"{action['ScheduledActionName']}: {action['Schedule']}, {_bounds(action['ScalableTargetAction'])}",
        call=Call(SERVICE, "PutScheduledAction", action),
        proof=Proof(
            call=_describe_action(action),
            shows={f"ScheduledActions[0].{member}": good for member, good in shows.items()},
        ),
    )


def _delete_scheduled_action(action: Parameters) -> Step:
    name = action["ScheduledActionName"]
    return Step(
        title="delete scheduled action",
        detail=name,
        call=Call(SERVICE, "DeleteScheduledAction", {**_identity_of(action), "ScheduledActionName": name}),
        proof=Proof(call=_describe_action(action), shows={"length(ScheduledActions)": (0,)}),
    )


def _equals(member: str, value: Any) -> tuple[Any, ...]:
    """The values that are this one to AWS."""
    absent = _ABSENT.get(member, ())
    return absent if value in absent else (value,)


def _unit(configuration: Parameters) -> str:
    predefined = configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if predefined is None:
        return str(configuration.get("CustomizedMetricSpecification", {}).get("MetricName", "of its own metric"))
    return METRIC_UNITS.get(predefined, str(predefined))


def _bounds(target: Parameters) -> str:
    low, high = target.get("MinCapacity"), target.get("MaxCapacity")
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high} instances"


def _pauses(suspended: Mapping[str, bool]) -> str:
    paused = [SUSPENSION_NAMES[SUSPENSIONS[member]] for member, value in suspended.items() if value]
    return f", {' and '.join(paused)} suspended" if paused else ""


def _identity_of(parameters: Parameters) -> dict[str, Any]:
    return {member: parameters[member] for member in ("ServiceNamespace", "ResourceId", "ScalableDimension")}


def _variant(parameters: Parameters) -> str:
    name: str = parameters["ResourceId"]
    return name.rpartition("/")[2]


def _describe_target(parameters: Parameters) -> Call:
    of = _identity_of(parameters)
    of["ResourceIds"] = [of.pop("ResourceId")]
    return Call(SERVICE, "DescribeScalableTargets", of)


def _describe_action(parameters: Parameters) -> Call:
    name = parameters["ScheduledActionName"]
    return Call(SERVICE, "DescribeScheduledActions", {**_identity_of(parameters), "ScheduledActionNames": [name]})


def _same(thing: Parameters, among: Iterable[Parameters]) -> Parameters | None:
    """What has the same name among others of its kind."""
    member = next(name for name in ("ScheduledActionName", "AlarmName", "PolicyName") if name in thing)
    return next((other for other in among if other[member] == thing[member]), None)


def _begins_anew(one: Parameters, other: Parameters) -> bool:
    """Whether one scheduled action cannot be made of the other in place: what is not given is kept or lost then."""
    return any(one.get(member) != other.get(member) for member in ("Timezone", "StartTime", "EndTime"))


def _target(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The target with every suspension said, since what is left out stays as it is.

    The service-linked role is given back by itself, and refused as a parameter.
    """
    suspended = parameters.get("SuspendedState", {})
    kept = {name: value for name, value in parameters.items() if name != "RoleARN"}
    return {**kept, "SuspendedState": {name: bool(suspended.get(name)) for name in SUSPENSIONS}}


def _dated(parameters: Parameters) -> dict[str, Any]:
    """Times as text, as a plan is written down; AWS takes them so."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in parameters.items()}
