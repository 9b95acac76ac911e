"""One sentence on why an endpoint is scaling, or why it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.metrics import Metrics, Points
from cmapss_core.scaling import Alarm, ScalableTarget, Scaling, ScalingActivity, ScalingPolicy

# Target tracking as it is seen to behave: three minutes above the target scale out, fifteen below 90 % of it in.
MINUTES_OUT = 3
MINUTES_IN = 15
SCALE_IN_SHARE = 0.9

USUAL_CREATION = "9–11 minutes"


@dataclass(frozen=True, slots=True)
class _Scene:
    """What there is to explain of one variant."""

    variant: Variant
    target: ScalableTarget
    policy: ScalingPolicy
    high: Alarm | None
    low: Alarm | None
    activities: tuple[ScalingActivity, ...]
    load: Points
    now: datetime

    @property
    def tracked(self) -> float:
        assert self.policy.target is not None  # checked before a scene is made
        return self.policy.target

    @property
    def latest(self) -> float | None:
        return self.load[-1][1] if self.load else None

    @property
    def minutes_out(self) -> int:
        return self.high.evaluation_periods if self.high else MINUTES_OUT

    @property
    def minutes_in(self) -> int:
        return self.low.evaluation_periods if self.low else MINUTES_IN

    @property
    def floor(self) -> float:
        return self.low.threshold if self.low else self.tracked * SCALE_IN_SHARE

    def minutes_while(self, holds: Callable[[float], bool]) -> int:
        """How many of the newest minutes in a row it holds for."""
        count = 0
        for _, value in reversed(self.load):
            if not holds(value):
                break
            count += 1
        return count


def explain(endpoint: Endpoint, scaling: Scaling, metrics: Metrics, now: datetime) -> str:
    """Say in one sentence what Application Auto Scaling does with this endpoint at `now`, and why."""
    if said := _by_status(endpoint, now):
        return said
    if not scaling.targets:
        return "Not scaling: no scalable target is registered, so the number of instances stays as it is."
    target = scaling.targets[0]
    variant = next((v for v in endpoint.variants if v.name == target.variant), None)
    if variant is None:
        return f"Not scaling: the scalable target names a variant {target.variant!r} that is not there."
    if target.suspended:
        return f"Not scaling: scaling within {target.min}–{target.max} instances is suspended."
    policy = next((p for p in scaling.policies if p.variant == target.variant and p.target is not None), None)
    if policy is None:
        return f"Not scaling: {target.min}–{target.max} instances are allowed, but no target-tracking policy is set."
    alarms = [alarm for alarm in scaling.alarms if alarm.name in policy.alarm_names]
    scene = _Scene(
        variant=variant,
        target=target,
        policy=policy,
        high=next((alarm for alarm in alarms if alarm.side == "high"), None),
        low=next((alarm for alarm in alarms if alarm.side == "low"), None),
        activities=tuple(a for a in scaling.activities if a.variant == variant.name),
        load=metrics.points("invocations_per_instance"),
        now=now,
    )
    return _moving(scene) or _failed(scene) or _high(scene) or _low(scene) or _steady(scene)


def _by_status(endpoint: Endpoint, now: datetime) -> str | None:
    since = _span((now - endpoint.modified).total_seconds())
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
    return None


def _moving(scene: _Scene) -> str | None:
    now, want = scene.variant.current_instances, scene.variant.desired_instances
    if now == want:
        return None
    running = next((a for a in scene.activities if a.running), None)
    span = f" ({_span((scene.now - running.started).total_seconds())} so far)" if running else ""
    if want > now:
        arriving = want - now
        noun = "instance is" if arriving == 1 else "instances are"
        because = _because_high(scene) if running and "AlarmHigh" in running.cause else _cause(running)
        return f"Scaling out to {want}: {because}. {arriving} {noun} arriving{span}."
    because = (
        f"below {_number(scene.floor)} per instance and minute for {scene.minutes_in} minutes"
        if running and "AlarmLow" in running.cause
        else _cause(running)
    )
    return f"Scaling in from {now} to {want}: {because}{span}."


def _cause(activity: ScalingActivity | None) -> str:
    return activity.cause if activity else "the instance count was changed by hand"


def _because_high(scene: _Scene) -> str:
    load = "load" if scene.latest is None else f"{_number(scene.latest)} invocations per instance a minute"
    return f"{load}, target {_number(scene.tracked)}, above it for {scene.minutes_out} of {scene.minutes_out} minutes"


def _failed(scene: _Scene) -> str | None:
    newest = next((a for a in scene.activities if a.not_scaled_reason is None), None)
    if newest is None or newest.status != "Failed":
        return None
    return f"Not scaling: the last attempt failed. {newest.message or newest.description}"


def _high(scene: _Scene) -> str | None:
    above = scene.minutes_while(lambda value: value > scene.tracked)
    alarmed = scene.high is not None and scene.high.state == "ALARM"
    if not above or scene.latest is None:
        return None
    load = f"{_number(scene.latest)} invocations per instance a minute"
    if scene.variant.current_instances >= scene.target.max:
        return f"At the maximum of {scene.target.max}: {load} is above the target {_number(scene.tracked)}."
    ready = _cooldown_end(scene, scene.policy.scale_out_cooldown)
    if alarmed and ready is not None:
        return f"Not scaling out yet: {load}, target {_number(scene.tracked)}; cooldown until {ready:%H:%M}."
    wanted = min(scene.target.max, math.ceil(scene.variant.current_instances * scene.latest / max(scene.tracked, 1e-9)))
    counted = f"{min(above, scene.minutes_out)} of {scene.minutes_out} minutes above {_number(scene.tracked)}"
    if alarmed or above >= scene.minutes_out:
        return f"{counted}: scaling out to {wanted} is expected within a minute."
    return f"{counted}: scales out to {wanted} if the next {_minutes(scene.minutes_out - above)} too."


def _low(scene: _Scene) -> str | None:
    below = scene.minutes_while(lambda value: value < scene.floor)
    if not below or scene.variant.current_instances <= scene.target.min:
        return None
    if scene.policy.disable_scale_in:
        return "Not scaling in: the policy's scale-in is disabled."
    counted = f"{min(below, scene.minutes_in)} of {scene.minutes_in} minutes below {_number(scene.floor)}"
    ready = _cooldown_end(scene, scene.policy.scale_in_cooldown)
    if below >= scene.minutes_in:
        if ready is not None:
            return f"Not scaling in: {counted}, cooldown until {ready:%H:%M}."
        return f"{counted}: scaling in is expected within a minute."
    return f"Not scaling in yet: {counted}."


def _steady(scene: _Scene) -> str:
    count = scene.variant.current_instances
    noun = "instance" if count == 1 else "instances"
    if scene.latest is None:
        return f"Steady at {count} {noun}: CloudWatch has no invocations yet, and the policy needs data."
    load = f"{_number(scene.latest)} per instance and minute, target {_number(scene.tracked)}"
    if count <= scene.target.min and scene.latest < scene.floor:
        return f"Steady at the minimum of {scene.target.min}: {load}."
    return f"Steady at {count} {noun}: {load}."


def _cooldown_end(scene: _Scene, seconds: int) -> datetime | None:
    """When the cooldown after the last activity ends; None when it is over. It starts when an activity completes."""
    ended = max((a.ended for a in scene.activities if a.ended and a.status == "Successful"), default=None)
    if ended is None:
        return None
    ready = ended + timedelta(seconds=seconds)
    return ready if ready > scene.now else None


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _minutes(count: int) -> str:
    return "minute is" if count == 1 else f"{count} minutes are"


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
