"""Plan a variant's bounds and its target-tracking policy, or take both away."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, Variant, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.plan import Check, Plan
from cmapss_core.plans.scaling_steps import (
    VariantScaling,
    identity,
    read_variant_scaling,
    removal_steps,
    set_up_steps,
)
from cmapss_core.scaling import INVOCATIONS_PER_INSTANCE

POLICY_NAME = "Invocations-ScalingPolicy"
BURSTABLE = ("ml.t2.", "ml.t3.")  # Application Auto Scaling refuses them

# What the first set-up of an endpoint gets where nothing else is said: target in invocations per instance a minute.
DEFAULT_MAX = 5
DEFAULT_TARGET = 10.0
DEFAULT_SCALE_IN_COOLDOWN = 600
DEFAULT_SCALE_OUT_COOLDOWN = 30


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

    def scaling(self, endpoint: str, variant: str, policy: str = POLICY_NAME) -> VariantScaling:
        """The scalable target and the policy of a variant."""
        of = identity(endpoint, variant)
        return VariantScaling(
            endpoint=endpoint,
            variant=variant,
            target={**of, "MinCapacity": self.min, "MaxCapacity": self.max},
            policies=(
                {
                    **of,
                    "PolicyName": policy,
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": {
                        "TargetValue": self.target,
                        "PredefinedMetricSpecification": {"PredefinedMetricType": INVOCATIONS_PER_INSTANCE},
                        "ScaleInCooldown": self.scale_in_cooldown,
                        "ScaleOutCooldown": self.scale_out_cooldown,
                    },
                },
            ),
        )


def plan_scale(aws: Aws, request: ScaleRequest) -> Plan:
    """Plan the change of an endpoint's scaling; reads only. Raises ConsoleError for what cannot be."""
    with drafting(aws, "scale") as draft:
        endpoint = read_endpoint(aws, request.endpoint)
        variant = _scalable_variant(endpoint)
        before = read_variant_scaling(aws, endpoint.name, variant.name)
        if request.off:
            if before is None:
                raise ConsoleError(
                    ErrorKind.NOT_FOUND,
                    f"{endpoint.name} is not scaled automatically",
                    remedy="There is nothing to end.",
                )
            steps = list(removal_steps(before))
            after = endpoint.hourly_cost_usd
            checks: tuple[Check, ...] = (
                Check(None, f"{variant.desired_instances} instances stay, whatever the traffic"),
            )
        else:
            if endpoint.status != "InService":
                raise ConsoleError(
                    ErrorKind.CONFLICT,
                    f"{endpoint.name} is {endpoint.status}",
                    remedy="It can be scaled when it is InService.",
                )
            tracking = _tracking(request, before)
            steps = list(set_up_steps(tracking.scaling(endpoint.name, variant.name, _policy_name(before)), before))
            bounded = min(max(variant.desired_instances, tracking.min), tracking.max)
            after = draft.cost([(variant.instance_type, bounded)])
            checks = tuple(tracking_checks(draft, variant.instance_type, tracking, variant.desired_instances))
        return draft.plan(
            target=endpoint.name,
            steps=steps,
            checks=checks,
            before=endpoint.hourly_cost_usd,
            after=after,
            endpoint_arn=endpoint.arn,
        )


def tracking_checks(draft: Draft, instance_type: str | None, tracking: Tracking, instances: int) -> Iterator[Check]:
    """What to know of bounds and target before they are set."""
    most = draft.cost([(instance_type, tracking.max)])
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


def _tracking(request: ScaleRequest, before: VariantScaling | None) -> Tracking:
    """What is asked for, over what is set, over the defaults."""
    policy = _tracking_policy(before)
    set_now = policy["TargetTrackingScalingPolicyConfiguration"] if policy else {}

    def chosen(asked: Any, now: Any, default: Any) -> Any:
        return asked if asked is not None else now if now is not None else default

    target = before.target if before else {}
    return Tracking(
        min=chosen(request.min, target.get("MinCapacity"), 1),
        max=chosen(request.max, target.get("MaxCapacity"), DEFAULT_MAX),
        target=chosen(request.target, set_now.get("TargetValue"), DEFAULT_TARGET),
        scale_in_cooldown=chosen(request.scale_in_cooldown, set_now.get("ScaleInCooldown"), DEFAULT_SCALE_IN_COOLDOWN),
        scale_out_cooldown=chosen(
            request.scale_out_cooldown, set_now.get("ScaleOutCooldown"), DEFAULT_SCALE_OUT_COOLDOWN
        ),
    )


def _tracking_policy(before: VariantScaling | None) -> Mapping[str, Any] | None:
    policies = before.policies if before else ()
    return next((policy for policy in policies if policy["PolicyType"] == "TargetTrackingScaling"), None)


def _policy_name(before: VariantScaling | None) -> str:
    policy = _tracking_policy(before)
    return policy["PolicyName"] if policy else POLICY_NAME


def _scalable_variant(endpoint: Endpoint) -> Variant:
    if not endpoint.variants:
        raise ConsoleError(
            ErrorKind.CONFLICT, f"{endpoint.name} has no variant yet", remedy="Wait until it is InService."
        )
    variant = endpoint.variants[0]
    check_scalable_type(variant.instance_type)
    return variant


def _invalid(message: str, remedy: str) -> ConsoleError:
    return ConsoleError(ErrorKind.INVALID, message, remedy=remedy)
