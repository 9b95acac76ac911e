"""What a request makes of what scales a variant: all that it does not ask for stays as it is, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.scaling.policy_alarms import carries_out
from cmapss_core.plans.scaling.request import (
    DEFAULT_MAX,
    DEFAULT_SCALE_IN_COOLDOWN,
    DEFAULT_SCALE_OUT_COOLDOWN,
    DEFAULT_TARGETS,
    POLICY_NAME,
    ScaleRequest,
    Tracking,
    check_bounds,
    check_tracking,
)
from cmapss_core.plans.scaling.scheduling import scheduled_action
from cmapss_core.plans.scaling.step_policy import with_step_policy
from cmapss_core.plans.scaling.steps import CONFIGURATIONS, Parameters, VariantScaling, describe_policy, identity
from cmapss_core.scaling import (
    CONCURRENT_REQUESTS,
    DEFAULT_COOLDOWN,
    INVOCATIONS_PER_INSTANCE,
    METRIC_UNITS,
    SUSPENSIONS,
)

TRACKING = "TargetTrackingScaling"
_CONFIGURATION = CONFIGURATIONS[TRACKING]


def wanted_scaling(
    request: ScaleRequest, variant: str, before: VariantScaling | None, now: datetime, tags: Sequence[Parameters]
) -> VariantScaling:
    """What is asked for, over what is set, over the defaults. Raises ConsoleError for what cannot be.

    The first set-up brings target tracking, unless a step policy is asked for instead. `tags` are for what is made.
    """
    wanted = before or VariantScaling(
        endpoint=request.endpoint, variant=variant, target=identity(request.endpoint, variant)
    )
    wanted = replace(_reduced(wanted, request), target=_target(wanted.target, request))
    if request.tracks or (before is None and request.step_policy is None):
        wanted = replace(wanted, policies=_put(wanted.policies, "PolicyName", _tracking_policy(wanted, request)))
    if request.step_policy is not None:
        policy, alarm = with_step_policy(wanted, request.step_policy, tags)
        wanted = replace(
            wanted,
            policies=_put(wanted.policies, "PolicyName", policy),
            alarms=_put(wanted.alarms, "AlarmName", alarm),
        )
    for schedule in request.schedules:
        action = scheduled_action(wanted, schedule, now)
        wanted = replace(wanted, scheduled_actions=_put(wanted.scheduled_actions, "ScheduledActionName", action))
    return wanted


def metric_of(configuration: Mapping[str, Any]) -> str | None:
    """The predefined metric that target tracking follows, None for one of its own."""
    metric: str | None = configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    return metric


def _reduced(scaling: VariantScaling, request: ScaleRequest) -> VariantScaling:
    """Without the policies, their alarms and the scheduled actions that are to go."""
    _require(request.remove_policies, "policy", (policy["PolicyName"] for policy in scaling.policies))
    _require(
        request.unschedule, "scheduled action", (action["ScheduledActionName"] for action in scaling.scheduled_actions)
    )
    going = [policy for policy in scaling.policies if policy["PolicyName"] in request.remove_policies]
    return replace(
        scaling,
        policies=tuple(policy for policy in scaling.policies if policy not in going),
        alarms=tuple(
            alarm
            for alarm in scaling.alarms
            if not any(carries_out(alarm, describe_policy(policy)) for policy in going)
        ),
        scheduled_actions=tuple(
            action for action in scaling.scheduled_actions if action["ScheduledActionName"] not in request.unschedule
        ),
    )


def _target(now: Parameters, request: ScaleRequest) -> dict[str, Any]:
    low = request.min if request.min is not None else now.get("MinCapacity", 1)
    high = request.max if request.max is not None else now.get("MaxCapacity", DEFAULT_MAX)
    # What another tool lets go down to none stays so, until a minimum is asked for.
    check_bounds(max(low, 1) if request.min is None else low, high)
    suspended = now.get("SuspendedState", {})
    state = {
        member: way in request.suspend or (bool(suspended.get(member)) and not request.resume)
        for member, way in SUSPENSIONS.items()
    }
    kept = {"SuspendedState": state} if suspended or any(state.values()) else {}
    return {**now, "MinCapacity": low, "MaxCapacity": high, **kept}


def _tracking_policy(scaling: VariantScaling, request: ScaleRequest) -> Parameters:
    """The target-tracking policy that is meant, with what is asked of it."""
    known = _meant(scaling, request.policy)
    configuration = known[_CONFIGURATION] if known else {}
    metric_now = metric_of(configuration) if known else INVOCATIONS_PER_INSTANCE
    metric = {None: metric_now, True: CONCURRENT_REQUESTS, False: INVOCATIONS_PER_INSTANCE}[request.high_resolution]
    if known is not None and metric_now is None and metric is not None:
        raise invalid(
            f"policy {known['PolicyName']} follows a metric of its own",
            f"Take it away first: --remove-policy {known['PolicyName']}.",
        )
    changed = known is not None and metric != metric_now
    target = request.target
    if target is None:
        kept = None if changed else configuration.get("TargetValue")
        target = kept if kept is not None else DEFAULT_TARGETS[metric or INVOCATIONS_PER_INSTANCE]
    into, out = request.scale_in_cooldown, request.scale_out_cooldown
    if known is None:
        policy = Tracking(
            min=scaling.target["MinCapacity"],
            max=scaling.target["MaxCapacity"],
            target=target,
            scale_in_cooldown=DEFAULT_SCALE_IN_COOLDOWN if into is None else into,
            scale_out_cooldown=DEFAULT_SCALE_OUT_COOLDOWN if out is None else out,
            scale_in=request.scale_in is not False,
            metric=metric or INVOCATIONS_PER_INSTANCE,
        ).scaling(scaling.endpoint, scaling.variant, request.policy or POLICY_NAME)
        return _alone(scaling, policy.policies[0])
    wanted = {
        **configuration,
        "TargetValue": target,
        **({"PredefinedMetricSpecification": {"PredefinedMetricType": metric}} if changed else {}),
        **({"ScaleInCooldown": into} if into is not None else {}),
        **({"ScaleOutCooldown": out} if out is not None else {}),
        **({"DisableScaleIn": not request.scale_in} if request.scale_in is not None else {}),
    }
    check_tracking(
        target,
        wanted.get("ScaleInCooldown", DEFAULT_COOLDOWN),
        wanted.get("ScaleOutCooldown", DEFAULT_COOLDOWN),
        METRIC_UNITS.get(metric or "", "units of its metric"),
    )
    return _alone(scaling, {**known, _CONFIGURATION: wanted})


def _meant(scaling: VariantScaling, name: str | None) -> Parameters | None:
    """The tracking policy with that name, else the only one; None for one that is not there yet."""
    tracking = [policy for policy in scaling.policies if policy["PolicyType"] == TRACKING]
    if name is None:
        if len(tracking) > 1:
            names = ", ".join(policy["PolicyName"] for policy in tracking)
            raise invalid(f"{scaling.variant} has several target-tracking policies: {names}", "Name one: --policy.")
        return tracking[0] if tracking else None
    found = next((policy for policy in scaling.policies if policy["PolicyName"] == name), None)
    if found is not None and found["PolicyType"] != TRACKING:
        raise invalid(f"policy {name} is a step policy", "Change it with --step-policy, or choose another --policy.")
    return found


def _alone(scaling: VariantScaling, policy: Parameters) -> Parameters:
    """The policy, if no other follows the same predefined metric: AWS allows one for each."""
    metric = metric_of(policy[_CONFIGURATION])
    others = [
        other["PolicyName"]
        for other in scaling.policies
        if other["PolicyType"] == TRACKING and other["PolicyName"] != policy["PolicyName"]
        if metric is not None and metric_of(other[_CONFIGURATION]) == metric
    ]
    if others:
        raise invalid(
            f"policy {others[0]} follows {METRIC_UNITS.get(str(metric), metric)} already",
            f"Change that one: --policy {others[0]}.",
        )
    return policy


def _put(things: tuple[Parameters, ...], member: str, wanted: Parameters) -> tuple[Parameters, ...]:
    """The things with one of them replaced, by name, or added."""
    if any(thing[member] == wanted[member] for thing in things):
        return tuple(wanted if thing[member] == wanted[member] else thing for thing in things)
    return (*things, wanted)


def _require(names: Iterable[str], kind: str, there: Iterable[str]) -> None:
    known = list(there)
    for name in names:
        if name not in known:
            raise ConsoleError(
                ErrorKind.NOT_FOUND,
                f"there is no {kind} {name!r}",
                remedy=f"There is {', '.join(known)}." if known else "There is none.",
            )
