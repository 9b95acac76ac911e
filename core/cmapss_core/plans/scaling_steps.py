"""The steps that set up, change and take away what scales a variant; each knows the way back to what was before.

Application Auto Scaling's own descriptions travel through here as they are, so that what was set by other tools
comes back whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.plans.plan import Call, Proof, Step
from cmapss_core.scaling import DIMENSION, NAMESPACE, resource_id

SERVICE = "application-autoscaling"

Parameters = Mapping[str, Any]

# Which member of a policy has what it does, by its type.
_CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantScaling:
    """What scales one variant, as the parameters that set it up again: of RegisterScalableTarget, PutScalingPolicy
    and PutScheduledAction."""

    endpoint: str
    variant: str
    target: Parameters
    policies: tuple[Parameters, ...] = ()
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
    return VariantScaling(
        endpoint=endpoint,
        variant=variant,
        # The service-linked role is given back by itself, and refused as a parameter.
        target=_without(aws.accepted(SERVICE, "RegisterScalableTarget", answer["ScalableTargets"][0]), "RoleARN"),
        policies=tuple(
            aws.accepted(SERVICE, "PutScalingPolicy", policy)
            for page in aws.pages(SERVICE, "DescribeScalingPolicies", **of)
            for policy in page["ScalingPolicies"]
        ),
        scheduled_actions=tuple(
            _dated(aws.accepted(SERVICE, "PutScheduledAction", action))
            for page in aws.pages(SERVICE, "DescribeScheduledActions", **of)
            for action in page["ScheduledActions"]
        ),
    )


def set_up_steps(wanted: VariantScaling, before: VariantScaling | None = None) -> Iterator[Step]:
    """Everything that scales a variant, in the order that AWS demands; undone, it is as `before`."""
    yield register_target(wanted.target, before.target if before else None)
    for policy in wanted.policies:
        yield put_policy(policy, _named("PolicyName", policy, before.policies if before else ()))
    for action in wanted.scheduled_actions:
        yield put_scheduled_action(
            action, _named("ScheduledActionName", action, before.scheduled_actions if before else ())
        )


def removal_steps(scaling: VariantScaling) -> Iterator[Step]:
    """Take away scheduled actions, policies with their alarms, and the target; undone, all is as before."""
    for action in scaling.scheduled_actions:
        yield delete_scheduled_action(action)
    for policy in scaling.policies:
        yield delete_policy(policy)
    yield deregister_target(scaling.target)


def register_target(target: Parameters, before: Parameters | None = None) -> Step:
    """Register a variant within bounds, or change the bounds."""
    undo = _register(before) if before else _deregister(target)
    return _undone(_register(target), undo, f"{_bounds(before)} again" if before else "deregister")


def deregister_target(target: Parameters) -> Step:
    """Let a variant be scaled no more; its instances stay."""
    return _undone(_deregister(target), _register(target), "register again")


def put_policy(policy: Parameters, before: Parameters | None = None) -> Step:
    """Put a scaling policy, or change it."""
    undo = _put_policy(before) if before else _delete_policy(policy)
    return _undone(_put_policy(policy), undo, "as before" if before else "delete policy")


def delete_policy(policy: Parameters) -> Step:
    """Delete a scaling policy and with it its alarms."""
    return _undone(_delete_policy(policy), _put_policy(policy), "put again")


def put_scheduled_action(action: Parameters, before: Parameters | None = None) -> Step:
    """Put a scheduled action, or change it."""
    undo = _put_scheduled_action(before) if before else _delete_scheduled_action(action)
    return _undone(_put_scheduled_action(action), undo, "as before" if before else "delete scheduled action")


def delete_scheduled_action(action: Parameters) -> Step:
    """Delete a scheduled action."""
    return _undone(_delete_scheduled_action(action), _put_scheduled_action(action), "put again")


def _register(target: Parameters) -> Step:
    suspended = target.get("SuspendedState")
    shows = {member: (target[member],) for member in ("MinCapacity", "MaxCapacity")}
    if suspended:
        shows |= {f"SuspendedState.{name}": (value,) for name, value in suspended.items()}
    return Step(
        title="register scalable target",
        detail=_bounds(target) + _pauses(suspended or {}),
        call=Call(SERVICE, "RegisterScalableTarget", target),
        proof=Proof(
            call=_describe_target(target), shows={f"ScalableTargets[0].{path}": good for path, good in shows.items()}
        ),
    )


def _deregister(target: Parameters) -> Step:
    of = _identity_of(target)
    return Step(
        title="deregister scalable target",
        detail=_variant(target),
        call=Call(SERVICE, "DeregisterScalableTarget", of),
        proof=Proof(call=_describe_target(target), shows={"length(ScalableTargets)": (0,)}),
    )


def _put_policy(policy: Parameters) -> Step:
    configuration = policy[_CONFIGURATIONS[policy["PolicyType"]]]
    path = f"ScalingPolicies[?PolicyName=='{policy['PolicyName']}'] | [0]"
    return Step(
        title="put scaling policy",
        detail=f"{policy['PolicyName']}: {policy_terms(policy)}",
        call=Call(SERVICE, "PutScalingPolicy", policy),
        proof=Proof(
            call=_describe_policies(policy),
            shows={
                f"{path}.{_CONFIGURATIONS[policy['PolicyType']]}.{member}": (value,)
                for member, value in configuration.items()
            },
        ),
    )


def _delete_policy(policy: Parameters) -> Step:
    name = policy["PolicyName"]
    return Step(
        title="delete scaling policy",
        detail=f"{name} and its alarms",
        call=Call(SERVICE, "DeleteScalingPolicy", {**_identity_of(policy), "PolicyName": name}),
        proof=Proof(call=_describe_policies(policy), shows={f"length(ScalingPolicies[?PolicyName=='{name}'])": (0,)}),
    )


def _put_scheduled_action(action: Parameters) -> Step:
    name = action["ScheduledActionName"]
    path = f"ScheduledActions[?ScheduledActionName=='{name}'] | [0]"
    shown = {member: action[member] for member in ("Schedule", "Timezone", "ScalableTargetAction") if member in action}
    return Step(
        title="put scheduled action",
        detail=f"{name}: {action['Schedule']}",
        call=Call(SERVICE, "PutScheduledAction", action),
        proof=Proof(
            call=_describe_actions(action),
            shows={f"{path}.{member}": (value,) for member, value in shown.items()},
        ),
    )


def _delete_scheduled_action(action: Parameters) -> Step:
    name = action["ScheduledActionName"]
    return Step(
        title="delete scheduled action",
        detail=name,
        call=Call(SERVICE, "DeleteScheduledAction", {**_identity_of(action), "ScheduledActionName": name}),
        proof=Proof(
            call=_describe_actions(action), shows={f"length(ScheduledActions[?ScheduledActionName=='{name}'])": (0,)}
        ),
    )


def policy_terms(policy: Parameters) -> str:
    """What a policy does, in a few words."""
    configuration = policy[_CONFIGURATIONS[policy["PolicyType"]]]
    if policy["PolicyType"] == "StepScaling":
        steps = configuration.get("StepAdjustments", ())
        return f"{len(steps)} steps, cooldown {configuration.get('Cooldown', 300)} s"
    into, out = configuration.get("ScaleInCooldown", 300), configuration.get("ScaleOutCooldown", 300)
    words = [
        f"{configuration['TargetValue']:g} per instance and minute",
        f"cooldown in {into:g} s, out {out:g} s",
    ]
    return ", ".join([*words, *(["never in"] if configuration.get("DisableScaleIn") else [])])


def _undone(step: Step, undo: Step, title: str) -> Step:
    return replace(step, undo=replace(undo, title=title))


def _bounds(target: Parameters) -> str:
    return f"{target['MinCapacity']} to {target['MaxCapacity']} instances"


def _pauses(suspended: Mapping[str, bool]) -> str:
    names = {
        "DynamicScalingInSuspended": "scale-in",
        "DynamicScalingOutSuspended": "scale-out",
        "ScheduledScalingSuspended": "schedule",
    }
    paused = [names[member] for member, value in suspended.items() if value]
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


def _describe_policies(parameters: Parameters) -> Call:
    return Call(SERVICE, "DescribeScalingPolicies", _identity_of(parameters))


def _describe_actions(parameters: Parameters) -> Call:
    return Call(SERVICE, "DescribeScheduledActions", _identity_of(parameters))


def _named(member: str, wanted: Parameters, among: tuple[Parameters, ...]) -> Parameters | None:
    return next((found for found in among if found[member] == wanted[member]), None)


def _without(parameters: Parameters, member: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != member}


def _dated(parameters: Parameters) -> dict[str, Any]:
    """Times as text, as a plan is written down; AWS takes them so."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in parameters.items()}
