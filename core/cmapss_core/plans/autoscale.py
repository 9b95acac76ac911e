"""Plan what scales a variant: bounds, target tracking, step policy, schedule, suspension; or take all of it away."""

from __future__ import annotations

from collections.abc import Iterator

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, Variant, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.plan import Check, Plan
from cmapss_core.plans.preflight import full_load_checks, quota_checks, redundancy_checks
from cmapss_core.plans.scaling.request import (
    DEFAULT_CONCURRENCY,
    DEFAULT_MAX,
    DEFAULT_SCALE_IN_COOLDOWN,
    DEFAULT_SCALE_OUT_COOLDOWN,
    DEFAULT_TARGET,
    POLICY_NAME,
    ScaleRequest,
    Tracking,
)
from cmapss_core.plans.scaling.scheduling import ScheduleRequest, due
from cmapss_core.plans.scaling.step_policy import StepPolicyRequest, parse_steps
from cmapss_core.plans.scaling.steps import (
    CONFIGURATIONS,
    VariantScaling,
    read_variant_scaling,
    removal_steps,
    set_up_steps,
)
from cmapss_core.plans.scaling.wanted import wanted_scaling
from cmapss_core.scaling import SUSPENSION_NAMES, SUSPENSIONS

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DEFAULT_MAX",
    "DEFAULT_SCALE_IN_COOLDOWN",
    "DEFAULT_SCALE_OUT_COOLDOWN",
    "DEFAULT_TARGET",
    "POLICY_NAME",
    "ScaleRequest",
    "ScheduleRequest",
    "StepPolicyRequest",
    "Tracking",
    "check_scalable_type",
    "parse_steps",
    "plan_scale",
    "tracking_checks",
]

BURSTABLE = ("ml.t2.", "ml.t3.")  # Application Auto Scaling refuses them


def plan_scale(aws: Aws, request: ScaleRequest) -> Plan:
    """Plan the change of an endpoint's scaling; reads only. Raises ConsoleError for what cannot be."""
    with drafting(aws, "scale") as draft:
        endpoint = read_endpoint(aws, request.endpoint)
        variant = one_variant(endpoint, request.variant)
        check_scalable_type(variant.instance_type)
        before = read_variant_scaling(aws, endpoint.name, variant.name)
        if before is None and (request.off or not request.sets_up):
            raise ConsoleError(
                ErrorKind.NOT_FOUND,
                f"{endpoint.name} is not scaled automatically",
                remedy="There is nothing to end." if request.off else "Set it up first: --min 1 --max 5 --target 10.",
            )
        if before is not None and request.off:
            return draft.plan(
                target=endpoint.name,
                steps=removal_steps(before),
                checks=[Check(None, f"{variant.desired_instances} instances stay, whatever the traffic")],
                before=endpoint.hourly_cost_usd,
                after=endpoint.hourly_cost_usd,
                endpoint_arn=endpoint.arn,
            )
        require_in_service(endpoint)
        wanted = wanted_scaling(request, variant.name, before, aws.clock.now(), draft.tags())
        low, high = wanted.target["MinCapacity"], wanted.target["MaxCapacity"]
        bounded = min(max(variant.desired_instances, low), high)
        return draft.plan(
            target=endpoint.name,
            steps=set_up_steps(wanted, before),
            checks=[
                *_growth_checks(draft, variant, bounded),
                *_full_load_checks(draft, endpoint, variant, bounded, high),
                *redundancy_checks(low),
                *_bounds_checks(draft, variant.instance_type, low, high, variant.desired_instances),
                *_shrinking_checks(wanted, before, variant.desired_instances),
                *_effect_checks(wanted),
            ],
            before=endpoint.hourly_cost_usd,
            after=cost_with(draft, endpoint, variant, bounded),
            notes=_due_notes(draft, request, wanted),
            endpoint_arn=endpoint.arn,
            between=(cost_with(draft, endpoint, variant, low), cost_with(draft, endpoint, variant, high)),
        )


def tracking_checks(draft: Draft, instance_type: str | None, tracking: Tracking, instances: int) -> Iterator[Check]:
    """What to know of bounds and target before they are set on what starts with so many instances."""
    yield from _bounds_checks(draft, instance_type, tracking.min, tracking.max, instances)
    if tracking.min < instances:
        yield Check(None, f"{instances} run at first; scaling may let it go down to {tracking.min}")


def check_scalable_type(instance_type: str | None) -> None:
    """Raises ConsoleError for the burstable types, which cannot be scaled automatically."""
    if instance_type is not None and instance_type.startswith(BURSTABLE):
        raise invalid(
            f"{instance_type} is burstable, and AWS does not scale those automatically",
            "Choose another instance type, or deploy with --no-autoscaling.",
        )


def require_in_service(endpoint: Endpoint) -> None:
    """Raises ConsoleError, of kind conflict, for an endpoint in any other state."""
    if endpoint.status != "InService":
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{endpoint.name} is {endpoint.status}",
            remedy="It can be scaled when it is InService.",
        )


def one_variant(endpoint: Endpoint, name: str | None) -> Variant:
    """The variant with that name, else the only one. Raises ConsoleError."""
    if not endpoint.variants:
        raise ConsoleError(
            ErrorKind.CONFLICT, f"{endpoint.name} has no variant yet", remedy="Wait until it is InService."
        )
    names = ", ".join(variant.name for variant in endpoint.variants)
    if name is None and len(endpoint.variants) > 1:
        raise invalid(f"{endpoint.name} has several variants: {names}", "Name the one that is meant: --variant.")
    found = next((variant for variant in endpoint.variants if name in (None, variant.name)), None)
    if found is None:
        raise ConsoleError(ErrorKind.NOT_FOUND, f"{endpoint.name} has no variant {name!r}", remedy=f"It has {names}.")
    return found


def cost_with(draft: Draft, endpoint: Endpoint, variant: Variant, instances: int) -> float | None:
    """USD per hour of the endpoint with so many instances of one variant."""
    return draft.cost(
        [
            (other.instance_type, instances if other is variant else other.desired_instances)
            for other in endpoint.variants
        ]
    )


def _growth_checks(draft: Draft, variant: Variant, instances: int) -> Iterator[Check]:
    """Whether the instances that come at once are within the quota."""
    if variant.instance_type is not None and instances > variant.desired_instances:
        yield from quota_checks(draft, {variant.instance_type: instances - variant.desired_instances})


def _full_load_checks(draft: Draft, endpoint: Endpoint, variant: Variant, begun: int, most: int) -> Iterator[Check]:
    """Where the quota keeps the variant from its maximum, beside what the endpoint's others run on the same type."""
    if variant.instance_type is None:
        return
    beside = sum(
        other.desired_instances
        for other in endpoint.variants
        if other is not variant and other.instance_type == variant.instance_type
    )
    kind = variant.instance_type
    yield from full_load_checks(draft, {kind: beside + begun}, {kind: beside + most})


def _bounds_checks(draft: Draft, instance_type: str | None, low: int, high: int, instances: int) -> Iterator[Check]:
    most = draft.cost([(instance_type, high)])
    cost = "at an unknown price" if most is None else f"${most:.2f}/h"
    yield Check(None, f"at full load {high} instances run, {cost}")
    if instances < low:
        yield Check(None, f"instances go from {instances} to {low} at once; undone, they go as the load lets them")
    elif instances > high:
        yield Check(None, f"instances go from {instances} to {high} at once")


def _shrinking_checks(wanted: VariantScaling, before: VariantScaling | None, instances: int) -> Iterator[Check]:
    """Where there could be fewer instances than run now, and could not before."""
    low = wanted.target["MinCapacity"]
    known = before is not None and _takes_away(before) and before.target["MinCapacity"] <= low
    if low < instances and _takes_away(wanted) and not known:
        yield Check(None, f"{instances} run now; this lets it go down to {low}")


def _takes_away(scaling: VariantScaling) -> bool:
    """Whether anything could take instances away, down to the minimum."""
    never = (policy.get(CONFIGURATIONS[policy["PolicyType"]], {}).get("DisableScaleIn") for policy in scaling.policies)
    return bool(scaling.scheduled_actions) or not all(never)


def _effect_checks(wanted: VariantScaling) -> Iterator[Check]:
    """What of the scaling has no effect as it would be set."""
    suspended = wanted.target.get("SuspendedState", {})
    for member, way in SUSPENSIONS.items():
        if suspended.get(member):
            yield Check(None, f"{SUSPENSION_NAMES[way]} is suspended until --resume-scaling")
    if not wanted.policies and not wanted.scheduled_actions:
        yield Check(None, "without a policy or a schedule nothing scales within the bounds: give a --target")


def _due_notes(draft: Draft, request: ScaleRequest, wanted: VariantScaling) -> Iterator[str]:
    asked = {schedule.name for schedule in request.schedules}
    for action in wanted.scheduled_actions:
        if action["ScheduledActionName"] in asked and (at := due(action, draft.aws.clock.now())):
            yield f"scheduled action {action['ScheduledActionName']} is due next {at:%Y-%m-%d %H:%M} UTC"
