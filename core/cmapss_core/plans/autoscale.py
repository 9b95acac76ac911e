"""Plan a variant's bounds and its target-tracking policy, or take both away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, Variant, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Call, Check, Plan, Proof, Step, numbered, plan_id
from cmapss_core.pricing import hourly_cost
from cmapss_core.scaling import (
    DIMENSION,
    INVOCATIONS_PER_INSTANCE,
    NAMESPACE,
    ScalableTarget,
    ScalingPolicy,
    read_policies,
    read_targets,
    resource_id,
)

SERVICE = "application-autoscaling"
POLICY_NAME = "Invocations-ScalingPolicy"
BURSTABLE = ("ml.t2.", "ml.t3.")  # Application Auto Scaling refuses them

# What the first set-up of an endpoint gets where nothing else is said: target in invocations per instance a minute.
DEFAULT_MAX = 5
DEFAULT_TARGET = 10.0
DEFAULT_SCALE_IN_COOLDOWN = 600
DEFAULT_SCALE_OUT_COOLDOWN = 30

_DEFAULT_POLICY = ScalingPolicy(
    name=POLICY_NAME,
    variant="",
    target=DEFAULT_TARGET,
    metric=INVOCATIONS_PER_INSTANCE,
    scale_in_cooldown=DEFAULT_SCALE_IN_COOLDOWN,
    scale_out_cooldown=DEFAULT_SCALE_OUT_COOLDOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRequest:
    """What is asked for; None keeps what is set, or takes the default where nothing is. Cooldowns in seconds."""

    endpoint: str
    min: int | None = None
    max: int | None = None
    target: float | None = None
    scale_in_cooldown: int | None = None
    scale_out_cooldown: int | None = None
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """Bounds and target tracking, checked: 1 ≤ min ≤ max, target above zero, cooldowns not negative."""

    min: int
    max: int
    target: float
    scale_in_cooldown: int
    scale_out_cooldown: int

    def __post_init__(self) -> None:
        if self.min < 1:
            raise _invalid(f"min {self.min} is below 1", "A real-time variant keeps at least one instance.")
        if self.min > self.max:
            raise _invalid(f"min {self.min} is above max {self.max}", "Lower --min or raise --max.")
        if not (math.isfinite(self.target) and self.target > 0):
            raise _invalid(f"target {self.target:g} is not above 0", "It counts invocations per instance a minute.")
        if min(self.scale_in_cooldown, self.scale_out_cooldown) < 0:
            raise _invalid("a cooldown is negative", "Cooldowns are seconds, 0 or more.")


def plan_scale(aws: Aws, request: ScaleRequest) -> Plan:
    """Plan the change of an endpoint's scaling; reads only. Raises ConsoleError for what cannot be."""
    endpoint = read_endpoint(aws, request.endpoint)
    variant = _scalable_variant(endpoint)
    resource = resource_id(endpoint.name, variant.name)
    targets = read_targets(aws, [resource])
    policies = read_policies(aws, resource) if targets else ()
    if request.off:
        if not targets:
            raise ConsoleError(
                ErrorKind.NOT_FOUND, f"{endpoint.name} is not scaled automatically", remedy="There is nothing to end."
            )
        steps = list(removal_steps(endpoint.name, variant.name, policies))
        after = endpoint.hourly_cost_usd
        checks: tuple[Check, ...] = (Check(None, f"{variant.desired_instances} instances stay, whatever the traffic"),)
    else:
        if endpoint.status != "InService":
            raise ConsoleError(
                ErrorKind.CONFLICT,
                f"{endpoint.name} is {endpoint.status}",
                remedy="It can be scaled when it is InService.",
            )
        tracking = _tracking(request, targets, policies)
        policy = policies[0].name if policies else POLICY_NAME
        former = _tracking(ScaleRequest(endpoint=endpoint.name), targets, policies) if targets and policies else None
        steps = list(tracking_steps(endpoint.name, variant.name, tracking, policy, former))
        bounded = min(max(variant.desired_instances, tracking.min), tracking.max)
        after = hourly_cost(aws, [(variant.instance_type, bounded)])
        checks = tuple(tracking_checks(aws, variant.instance_type, tracking, variant.desired_instances))
    return Plan(
        id=plan_id(aws, "scale"),
        intention="scale",
        target=endpoint.name,
        steps=numbered(steps),
        checks=checks,
        hourly_cost_usd_before=endpoint.hourly_cost_usd,
        hourly_cost_usd_after=after,
    )


def tracking_steps(
    endpoint: str, variant: str, tracking: Tracking, policy: str = POLICY_NAME, former: Tracking | None = None
) -> Iterator[Step]:
    """Register the scalable target, then put the policy: in this order, as AWS demands.

    Undone, it is as before: with the `former` bounds and policy, or without any.
    """
    of = _identity(endpoint, variant)
    yield Step(
        title="register scalable target",
        detail=f"{tracking.min} to {tracking.max} instances",
        call=_register(of, tracking),
        proof=Proof(
            call=_describe_target(endpoint, variant),
            shows={
                "ScalableTargets[0].MinCapacity": (tracking.min,),
                "ScalableTargets[0].MaxCapacity": (tracking.max,),
            },
        ),
        undo=_register(of, former) if former else Call(SERVICE, "DeregisterScalableTarget", of),
        undo_title=f"{former.min} to {former.max} instances" if former else "deregister",
    )
    path = f"ScalingPolicies[?PolicyName=='{policy}'] | [0].TargetTrackingScalingPolicyConfiguration"
    yield Step(
        title="put scaling policy",
        detail=(
            f"{tracking.target:g} per instance and minute, cooldown in {tracking.scale_in_cooldown} s, "
            f"out {tracking.scale_out_cooldown} s"
        ),
        call=_put_policy(of, tracking, policy),
        proof=Proof(
            call=_describe_policies(endpoint, variant),
            shows={
                f"{path}.TargetValue": (tracking.target,),
                f"{path}.ScaleInCooldown": (tracking.scale_in_cooldown,),
                f"{path}.ScaleOutCooldown": (tracking.scale_out_cooldown,),
            },
        ),
        undo=(
            _put_policy(of, former, policy)
            if former
            else Call(SERVICE, "DeleteScalingPolicy", {**of, "PolicyName": policy})
        ),
        undo_title=f"target {former.target:g}" if former else "delete policy",
    )


def removal_steps(endpoint: str, variant: str, policies: tuple[ScalingPolicy, ...]) -> Iterator[Step]:
    """Delete the policies, which deletes their alarms, then deregister the target."""
    of = _identity(endpoint, variant)
    for policy in policies:
        yield Step(
            title="delete scaling policy",
            detail=f"{policy.name} and its alarms",
            call=Call(SERVICE, "DeleteScalingPolicy", {**of, "PolicyName": policy.name}),
            proof=Proof(
                call=_describe_policies(endpoint, variant),
                shows={f"length(ScalingPolicies[?PolicyName=='{policy.name}'])": (0,)},
            ),
        )
    yield Step(
        title="deregister scalable target",
        detail=variant,
        call=Call(SERVICE, "DeregisterScalableTarget", of),
        proof=Proof(call=_describe_target(endpoint, variant), shows={"length(ScalableTargets)": (0,)}),
    )


def tracking_checks(aws: Aws, instance_type: str | None, tracking: Tracking, instances: int) -> Iterator[Check]:
    """What to know of bounds and target before they are set."""
    most = hourly_cost(aws, [(instance_type, tracking.max)])
    cost = "at an unknown price" if most is None else f"${most:.2f}/h"
    yield Check(None, f"at full load {tracking.max} instances run, {cost}")
    if tracking.min < 2:
        yield Check(None, "one instance does not survive the loss of its availability zone")
    if instances < tracking.min:
        yield Check(None, f"instances go from {instances} to {tracking.min} at once")
    elif instances > tracking.max:
        yield Check(None, f"instances go from {instances} to {tracking.max} at once")


def check_scalable_type(instance_type: str | None) -> None:
    """Raises ConsoleError for the burstable types, which cannot be scaled automatically."""
    if instance_type is not None and instance_type.startswith(BURSTABLE):
        raise _invalid(
            f"{instance_type} is burstable, and AWS does not scale those automatically",
            "Choose another instance type, or deploy with --no-autoscaling.",
        )


def _tracking(
    request: ScaleRequest, targets: tuple[ScalableTarget, ...], policies: tuple[ScalingPolicy, ...]
) -> Tracking:
    """What is asked for, over what is set, over the defaults."""
    target = targets[0] if targets else ScalableTarget(variant="", min=1, max=DEFAULT_MAX)
    policy = policies[0] if policies else _DEFAULT_POLICY
    return Tracking(
        min=target.min if request.min is None else request.min,
        max=target.max if request.max is None else request.max,
        target=(policy.target or DEFAULT_TARGET) if request.target is None else request.target,
        scale_in_cooldown=(
            policy.scale_in_cooldown if request.scale_in_cooldown is None else request.scale_in_cooldown
        ),
        scale_out_cooldown=(
            policy.scale_out_cooldown if request.scale_out_cooldown is None else request.scale_out_cooldown
        ),
    )


def _scalable_variant(endpoint: Endpoint) -> Variant:
    if not endpoint.variants:
        raise ConsoleError(
            ErrorKind.CONFLICT, f"{endpoint.name} has no variant yet", remedy="Wait until it is InService."
        )
    variant = endpoint.variants[0]
    check_scalable_type(variant.instance_type)
    return variant


def _identity(endpoint: str, variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id(endpoint, variant),
        "ScalableDimension": DIMENSION,
    }


def _register(of: dict[str, str], tracking: Tracking) -> Call:
    return Call(SERVICE, "RegisterScalableTarget", {**of, "MinCapacity": tracking.min, "MaxCapacity": tracking.max})


def _put_policy(of: dict[str, str], tracking: Tracking, policy: str) -> Call:
    return Call(
        SERVICE,
        "PutScalingPolicy",
        {
            **of,
            "PolicyName": policy,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": tracking.target,
                "PredefinedMetricSpecification": {"PredefinedMetricType": INVOCATIONS_PER_INSTANCE},
                "ScaleInCooldown": tracking.scale_in_cooldown,
                "ScaleOutCooldown": tracking.scale_out_cooldown,
            },
        },
    )


def _describe_target(endpoint: str, variant: str) -> Call:
    return Call(
        SERVICE,
        "DescribeScalableTargets",
        {
            "ServiceNamespace": NAMESPACE,
            "ResourceIds": [resource_id(endpoint, variant)],
            "ScalableDimension": DIMENSION,
        },
    )


def _describe_policies(endpoint: str, variant: str) -> Call:
    return Call(SERVICE, "DescribeScalingPolicies", _identity(endpoint, variant))


def _invalid(message: str, remedy: str) -> ConsoleError:
    return ConsoleError(ErrorKind.INVALID, message, remedy=remedy)
