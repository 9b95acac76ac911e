"""Why an endpoint is scaling, or why it is not, in a sentence or two for each variant that is scaled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cmapss_core.endpoints import Endpoint
from cmapss_core.metrics import Metrics
from cmapss_core.scaling import (
    SUSPENSION_NAMES,
    Alarm,
    ScalableTarget,
    Scaling,
    ScalingActivity,
    ScheduledAction,
)
from cmapss_core.scaling_scene import Scene, scenes

USUAL_CREATION = "9–11 minutes"
_SOON = timedelta(days=1)
# AWS's words for why an alarm led to nothing, and what they mean.
_NOT_SCALED = {
    "AutoScalingAnticipatedFlapping": "it would have to scale the other way at once",
    "TargetServicePutResourceAsUnscalable": "the endpoint is changing",
    "AlreadyAtMaxCapacity": "the maximum runs",
    "AlreadyAtMinCapacity": "the minimum runs",
    "AlreadyAtDesiredCapacity": "as many run as it asks for",
}


def explain(endpoint: Endpoint, scaling: Scaling, metrics: Metrics, now: datetime) -> str:
    """Say what Application Auto Scaling does with this endpoint at `now`, and why."""
    if said := _by_status(endpoint, now):
        return said
    if not scaling.targets:
        return "Not scaling: no scalable target is registered, so the number of instances stays as it is."
    staged = {scene.variant.name: scene for scene in scenes(endpoint, scaling, metrics, now)}
    sentences = [
        (target.variant, _of_variant(staged.get(target.variant), target, scaling)) for target in scaling.targets
    ]
    if len(sentences) == 1 and len(endpoint.variants) <= 1:
        return sentences[0][1]
    return " ".join(f"{variant}: {sentence}" for variant, sentence in sentences)


def _by_status(endpoint: Endpoint, now: datetime) -> str | None:
    since = _span((now - endpoint.modified).total_seconds())
    rescaling = endpoint.current_instances != endpoint.desired_instances
    match endpoint.status:
        case "Creating":
            return f"Being created for {since}: instances are starting, which usually takes {USUAL_CREATION}."
        case "Failed":
            return f"Failed: {endpoint.failure_reason or 'AWS gives no reason'}"
        case "Deleting":
            return f"Being deleted for {since}."
        case "OutOfService":
            return "Out of service: it takes no requests."
        case "RollingBack" | "SystemUpdating":
            return f"{endpoint.status} for {since}: scaling waits until it is in service again."
        case "Updating" if not rescaling:
            return f"Being updated for {since}: scaling waits until it is in service again."
        case "UpdateRollbackFailed":
            return "Not scaling: an update and its roll-back failed, so old and new instances serve. Update it again."
    return None


def _of_variant(scene: Scene | None, target: ScalableTarget, scaling: Scaling) -> str:
    if scene is None:
        return f"Not scaling: the scalable target names a variant {target.variant!r} that is not there."
    main = _main(scene)
    return " ".join([main, *_asides(scene, scaling.scheduled_actions, main)])


def _main(scene: Scene) -> str:
    """The one thing that matters most now."""
    if said := _moving(scene) or _suspended(scene) or _failed(scene) or _stepping(scene):
        return said
    if scene.tracking is not None:
        return _out(scene) or _not_scaled(scene) or _in(scene) or _steady(scene)
    return _not_scaled(scene) or _untracked(scene)


def _moving(scene: Scene) -> str | None:
    now, want = scene.variant.current_instances, scene.variant.desired_instances
    if now == want:
        return None
    running = next((a for a in scene.activities if a.running), None)
    span = f" ({_span((scene.now - running.started).total_seconds())} so far)" if running else ""
    if want > now:
        arriving = want - now
        noun = "instance is" if arriving == 1 else "instances are"
        by_target = running is not None and scene.tracking is not None and "-AlarmHigh-" in running.cause
        because = _because_high(scene) if by_target else _cause(running)
        return f"Scaling out to {want}: {because}. {arriving} {noun} arriving{span}."
    by_target = running is not None and scene.tracking is not None and "-AlarmLow-" in running.cause
    because = (
        f"below {_number(scene.floor)} {scene.unit} for {scene.datapoints_in} datapoints"
        if by_target
        else _cause(running)
    )
    return f"Scaling in from {now} to {want}: {because}{span}."


def _cause(activity: ScalingActivity | None) -> str:
    return activity.cause if activity else "the instance count was changed by hand"


def _because_high(scene: Scene) -> str:
    load = "load" if scene.latest is None else f"{_number(scene.latest)} {scene.unit}"
    needed = scene.datapoints_out
    return f"{load}, target {_number(scene.tracked)}, above it for {needed} of {needed} datapoints"


def _suspended(scene: Scene) -> str | None:
    """Where nothing that a policy wants is done."""
    bounds = f"{scene.target.min}–{scene.target.max} instances"
    if scene.suspends("in") and scene.suspends("out"):
        return f"Not scaling: scaling within {bounds} is suspended."
    return None


def _failed(scene: Scene) -> str | None:
    newest = next((a for a in scene.activities if a.not_scaled_reason is None), None)
    if newest is None or newest.status != "Failed":
        return None
    return f"Not scaling: the last attempt failed. {newest.message or newest.description}"


def _stepping(scene: Scene) -> str | None:
    """A step policy whose alarm is on."""
    for policy in scene.stepping:
        alarm = next((a for a in scene.alarms if a.name in policy.alarm_names and a.state == "ALARM"), None)
        if alarm is None:
            continue
        inward = alarm.side == "low"
        way = "in" if inward else "out"
        on = f"{alarm.name} is in ALARM ({_condition(alarm)})"
        if scene.suspends("in" if inward else "out"):
            return f"Not scaling {way}: {on}, but scale-{way} is suspended."
        if (refused := scene.not_scaled()) is not None:
            return f"Not scaling {way}: {on}. {_reason(refused)}"
        if (ready := scene.cooldown_end(policy.scale_out_cooldown, inward=inward)) is not None:
            return f"Not scaling {way}: cooldown until {ready:%H:%M}; {on}."
        return f"{on}: step policy {policy.name} is expected to scale {way} within a minute."
    return None


def _out(scene: Scene) -> str | None:
    assert scene.tracking is not None  # it is called where there is one
    above = scene.in_a_row(lambda value: value > scene.tracked)
    alarmed = scene.high is not None and scene.high.state == "ALARM"
    # The alarm knows best, but for the minutes by which it is late: a load that is over by now is none.
    if not above and not (alarmed and scene.latest is None):
        return None
    load = f"{_number(scene.latest)} {scene.unit}" if scene.latest is not None else f"the load ({scene.unit})"
    if scene.suspends("out"):
        return f"Not scaling out: scale-out is suspended, and {load} is above the target {_number(scene.tracked)}."
    if scene.count >= scene.target.max:
        refused = scene.not_scaled()
        code = f" ({refused.not_scaled_reason})" if refused else ""
        return f"At the maximum of {scene.target.max}{code}: {load} is above the target {_number(scene.tracked)}."
    ready = scene.cooldown_end(scene.tracking.scale_out_cooldown, inward=False)
    if alarmed and ready is not None:
        return f"Not scaling out yet: cooldown until {ready:%H:%M}; {load}, target {_number(scene.tracked)}."
    if scene.latest is None:
        return f"Above the target {_number(scene.tracked)} {scene.unit}: scale-out expected within a minute."
    wanted = min(scene.target.max, math.ceil(scene.count * scene.latest / scene.tracked - 1e-6))
    needed = scene.datapoints_out
    counted = f"{min(above, needed)} of {needed} datapoints above {_number(scene.tracked)}"
    if alarmed or above >= needed:
        return f"{counted}; scale-out to {wanted} expected within a minute."
    missing = needed - above
    condition = "a minute if the next is too" if missing == 1 else f"{missing} minutes if the next {missing} are too"
    return f"{counted}; scale-out to {wanted} expected within {condition}."


def _not_scaled(scene: Scene) -> str | None:
    refused = scene.not_scaled()
    if refused is None or refused.not_scaled_reason == "AlreadyAtMinCapacity":  # as idle endpoints are
        return None
    return f"Not scaling: {_reason(refused)}"


def _in(scene: Scene) -> str | None:
    assert scene.tracking is not None  # it is called where there is one
    below = scene.in_a_row(lambda value: value < scene.floor)
    alarmed = scene.low is not None and scene.low.state == "ALARM" and scene.latest is None
    if not (below or alarmed) or scene.count <= scene.target.min:
        return None
    if scene.tracking.disable_scale_in:
        return "Not scaling in: the policy's scale-in is disabled."
    if scene.suspends("in"):
        return "Not scaling in: scale-in is suspended."
    needed = scene.datapoints_in
    counted = f"{needed if alarmed else min(below, needed)} of {needed} datapoints below {_number(scene.floor)}"
    ready = scene.cooldown_end(scene.tracking.scale_in_cooldown, inward=True)
    if alarmed or below >= needed:
        if ready is not None:
            return f"Not scaling in: cooldown until {ready:%H:%M}; {counted}."
        return f"{counted}; scale-in expected within a minute."
    missing = needed - below
    earliest = scene.now + timedelta(minutes=missing)
    held = f", after the cooldown until {ready:%H:%M}" if ready is not None and ready > earliest else ""
    more = "the next is too" if missing == 1 else f"the next {missing} are too"
    return f"Not scaling in yet: {counted}; scale-in at {earliest:%H:%M} if {more}{held}."


def _steady(scene: Scene) -> str:
    count, tracked = _instances(scene.count), f"target {_number(scene.tracked)}"
    if not scene.follows_invocations:
        if any(alarm is not None and alarm.state == "OK" for alarm in (scene.high, scene.low)):
            return f"Steady at {count}: {tracked} {scene.unit}, and no alarm is on."
        return f"Steady at {count}: CloudWatch has no {scene.unit} yet, and the policy needs data."
    if scene.latest is None:
        return f"Steady at {count}: CloudWatch has no invocations yet, and the policy needs data."
    load = f"{_number(scene.latest)} {scene.unit}, {tracked}"
    if scene.count <= scene.target.min and scene.latest < scene.floor:
        return f"Steady at the minimum of {scene.target.min}: {load}."
    if scene.floor <= scene.latest <= scene.tracked:
        return f"Steady at {count}: {load}; down to {_number(scene.floor)} nothing is changed."
    return f"Steady at {count}: {load}."


def _untracked(scene: Scene) -> str:
    """Without target tracking: by step policies, by schedule, or not at all."""
    if not scene.stepping:
        bounds = f"{scene.target.min}–{scene.target.max} instances are allowed"
        return f"Not scaling: {bounds}, but no target-tracking policy is set."
    alarms = [alarm for alarm in scene.alarms if any(alarm.name in policy.alarm_names for policy in scene.stepping)]
    if not alarms:
        names = " and ".join(policy.name for policy in scene.stepping)
        return f"Not scaling: step policy {names} has no alarm that would set it off."
    waited = " or ".join(_condition(alarm) for alarm in alarms)
    return f"Steady at {_instances(scene.count)}: a step is taken at {waited}."


def _asides(scene: Scene, actions: Sequence[ScheduledAction], said: str) -> Iterator[str]:
    """What is suspended, if that is not said already, and what is to come by schedule."""
    for way in scene.target.suspended:
        if "suspended" not in said and way != "scheduled":
            yield f"{SUSPENSION_NAMES[way].capitalize()} is suspended."
    dues = [(due, a) for a in actions if a.variant == scene.variant.name and (due := a.next_due(scene.now))]
    if not dues:
        return
    if scene.suspends("scheduled"):
        yield "Its schedule is suspended."
        return
    due, action = min(dues, key=lambda pair: pair[0])
    when = f"{due:%H:%M}" if due - scene.now < _SOON else f"{due:%Y-%m-%d %H:%M}"
    yield f"By schedule, {action.name} sets {_bounds(action)} at {when}."


def _bounds(action: ScheduledAction) -> str:
    if action.min is not None and action.max is not None:
        return f"{action.min}–{action.max} instances"
    return f"a minimum of {action.min}" if action.max is None else f"a maximum of {action.max}"


def _condition(alarm: Alarm) -> str:
    side = "above" if alarm.side == "high" else "below"
    datapoints = f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} datapoints"
    return f"{alarm.metric or 'its metric'} {side} {_number(alarm.threshold)} for {datapoints}"


def _reason(activity: ScalingActivity) -> str:
    code = activity.not_scaled_reason or ""
    return f"{_NOT_SCALED[code]} ({code})." if code in _NOT_SCALED else f"{code}."


def _instances(count: int) -> str:
    return f"{count} instance{'' if count == 1 else 's'}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
