"""Change the automatic scaling of an endpoint, or end it: bounds and target above, the plan below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from cmapss_core.errors import ConsoleError
from cmapss_tui.arguments import not_negative_integer, positive_integer, positive_number
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field, Fold

if TYPE_CHECKING:
    from cmapss_core.plans.autoscale import ScaleRequest
    from cmapss_core.plans.plan import Plan
    from cmapss_core.scaling import Scaling, Suspension

NOTHING_YET = (
    "Nothing is changed yet: what is set stays as it is. Where a field says something else, the plan is shown."
)
BOUNDS = ("minimum", "maximum", "suspended")
TRACKING = ("target", "in", "out", "scale-in", "high-resolution")
SUSPENDED: dict[str, str] = {
    "": "nothing",
    "in": "scale-in",
    "out": "scale-out",
    "in,out": "scaling by load",
    "in,out,scheduled": "everything",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What scales a variant now, or what it would get at first. Cooldowns in seconds.

    `tracks`: target tracking is what scales it. `policy` is that policy's name where it is not the only one.
    `complete`: there are bounds and something that scales within them.
    """

    min: int
    max: int
    target: float
    high_resolution: bool
    scale_in_cooldown: int
    scale_out_cooldown: int
    scale_in: bool
    suspended: tuple[Suspension, ...]
    tracks: bool
    policy: str | None
    complete: bool


def settings_of(scaling: Scaling | None, variant: str | None, instances: int) -> Settings:
    """The settings of a variant; without a name, of the only one. `instances` are asked for now.

    Where nothing scales it yet, what runs is the minimum: the form does not offer to take any of it away.
    """
    from cmapss_core.plans import autoscale
    from cmapss_core.scaling import CONCURRENT_REQUESTS

    targets = [target for target in (scaling.targets if scaling else ()) if variant in (None, target.variant)]
    policies = [policy for policy in (scaling.policies if scaling else ()) if variant in (None, policy.variant)]
    tracking = [policy for policy in policies if policy.target is not None]
    target, policy = next(iter(targets), None), next(iter(tracking), None)
    high_resolution = policy is not None and policy.metric == CONCURRENT_REQUESTS
    return Settings(
        min=target.min if target else max(1, instances),
        max=target.max if target else max(autoscale.DEFAULT_MAX, instances),
        target=policy.target if policy and policy.target is not None else autoscale.DEFAULT_TARGET,
        high_resolution=high_resolution,
        scale_in_cooldown=policy.scale_in_cooldown if policy else autoscale.DEFAULT_SCALE_IN_COOLDOWN,
        scale_out_cooldown=policy.scale_out_cooldown if policy else autoscale.DEFAULT_SCALE_OUT_COOLDOWN,
        scale_in=policy is None or not policy.disable_scale_in,
        suspended=target.suspended if target else (),
        tracks=policy is not None or not policies,
        policy=policy.name if policy and len(tracking) > 1 else None,
        complete=target is not None and bool(policies),
    )


class ScaleScreen(PlanScreen):
    """The scaling of one endpoint; `scaling` is what is set now, `instances` how many are asked for now of each of
    its variants, as far as these have been read."""

    AREA = "endpoints"
    ACTION = "endpoint.scale"
    CONFIRM = "Apply"
    FLAGS: ClassVar[Mapping[str, str]] = {
        "--min": "minimum",
        "--max": "maximum",
        "--resume-scaling": f"suspended: {SUSPENDED['']}",
    }

    def __init__(
        self, endpoint: str, scaling: Scaling | None = None, instances: Mapping[str, int] | None = None
    ) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._scaling = scaling
        self._instances = instances or {}
        self._now = self._settings_of(next(iter(self._instances), None))

    def heading(self) -> str:
        """Which endpoint."""
        return f"Autoscaling of {self._endpoint}"

    def form(self) -> ComposeResult:
        """Variant, bounds, target: what is set, else the defaults; behind the fold what is seldom changed."""
        now = self._now
        yield from self.variant_field(list(self._instances), "each scales by itself")
        yield Field("autoscaling", "autoscaling", True, hint="follow the load; off ends it")
        yield Field("minimum", "minimum", str(now.min), hint="instances")
        yield Field("maximum", "maximum", str(now.max), hint="instances")
        yield Field("target", "target", f"{now.target:g}", hint=self._unit(now.high_resolution))
        yield Field("scale-in cooldown", "in", str(now.scale_in_cooldown), hint="seconds")
        yield Field("scale-out cooldown", "out", str(now.scale_out_cooldown), hint="seconds")
        states = (",".join(target.suspended) for target in (self._scaling.targets if self._scaling else ()))
        suspensions = {**{state: state.replace(",", ", ") for state in states}, **SUSPENDED}
        yield Fold(
            "more: scale-in, high resolution, suspension",
            Field("scale-in", "scale-in", now.scale_in, hint="off: instances are added, and never taken away"),
            Field("high resolution", "high-resolution", now.high_resolution, hint="seen every 10 s, not every minute"),
            Field(
                "suspended",
                "suspended",
                ",".join(now.suspended),
                choices=suspensions,
                hint="without forgetting the settings",
            ),
        )

    def on_mount(self) -> None:
        self._enable_fields()

    def changed(self, field: str | None) -> None:
        """Another variant has settings of its own, another metric a unit of its own; numbers count while it scales."""
        if field == "variant":
            self._now = self._settings_of(self.variant)
            self._show_settings()
        if field == "high-resolution":
            self._show_target()
        self._enable_fields()
        super().changed(field)

    def planner(self) -> Callable[[], Plan] | None:
        """Plan what the fields say."""
        from cmapss_core.plans.autoscale import plan_scale

        request = self._request()
        return None if request in (None, self._unchanged()) else partial(plan_scale, self.aws, request)

    def without_plan(self) -> str:
        """Nothing is wrong where nothing is changed."""
        request = self._request()
        return NOTHING_YET if request is not None and request == self._unchanged() else super().without_plan()

    def _settings_of(self, variant: str | None) -> Settings:
        named = variant if len(self._instances) > 1 else None
        return settings_of(self._scaling, named, self._instances.get(variant or "", 1))

    def _show_settings(self) -> None:
        now = self._now
        values: dict[str, str | bool] = {
            "minimum": str(now.min),
            "maximum": str(now.max),
            "target": f"{now.target:g}",
            "in": str(now.scale_in_cooldown),
            "out": str(now.scale_out_cooldown),
            "scale-in": now.scale_in,
            "high-resolution": now.high_resolution,
        }
        for key, value in values.items():
            self.field(key).set(value)
        self.field("suspended").set(",".join(now.suspended))
        self.field("target").show_hint(self._unit(now.high_resolution))

    def _show_target(self) -> None:
        from cmapss_core.plans.scaling.request import DEFAULT_TARGETS
        from cmapss_core.scaling import CONCURRENT_REQUESTS, INVOCATIONS_PER_INSTANCE

        wanted = self.field("high-resolution").checked
        metric = CONCURRENT_REQUESTS if wanted else INVOCATIONS_PER_INSTANCE
        known = wanted == self._now.high_resolution
        self.field("target").set(f"{self._now.target if known else DEFAULT_TARGETS[metric]:g}")
        self.field("target").show_hint(self._unit(wanted))

    def _unit(self, high_resolution: bool) -> str:
        from cmapss_core.scaling import CONCURRENT_REQUESTS, INVOCATIONS_PER_INSTANCE, METRIC_UNITS

        if not self._now.tracks:
            return "it is scaled in steps: the verb scale changes those"
        return METRIC_UNITS[CONCURRENT_REQUESTS if high_resolution else INVOCATIONS_PER_INSTANCE]

    def _enable_fields(self) -> None:
        on = self.field("autoscaling").checked
        for key in BOUNDS:
            self.field(key).count(on)
        for key in TRACKING:
            self.field(key).count(on and self._now.tracks)

    def _request(self) -> ScaleRequest | None:
        from cmapss_core.plans.autoscale import ScaleRequest, Tracking

        if not self.field("autoscaling").checked:
            return ScaleRequest(endpoint=self._endpoint, variant=self.variant, off=True)
        # All of them, before any of them ends it: each field says what is wrong with its own value.
        low = self.field("minimum").parsed(positive_integer)
        high = self.field("maximum").parsed(positive_integer)
        target = self.field("target").parsed(positive_number)
        into = self.field("in").parsed(not_negative_integer)
        out = self.field("out").parsed(not_negative_integer)
        if low is None or high is None or target is None or into is None or out is None:
            return None
        try:
            Tracking(min=low, max=high, target=target, scale_in_cooldown=into, scale_out_cooldown=out)
        except ConsoleError as error:
            self.field("minimum").show_problem(error.message)
            return None
        suspended = self._suspended()
        request = ScaleRequest(
            endpoint=self._endpoint,
            variant=self.variant,
            min=low,
            max=high,
            suspend=() if suspended == self._now.suspended else suspended,
            resume=suspended != self._now.suspended and bool(self._now.suspended),
        )
        if not self._now.tracks:
            return request
        scale_in, high_resolution = self.field("scale-in").checked, self.field("high-resolution").checked
        return replace(
            request,
            policy=self._now.policy,
            target=target,
            scale_in_cooldown=into,
            scale_out_cooldown=out,
            scale_in=None if scale_in == self._now.scale_in else scale_in,
            high_resolution=None if high_resolution == self._now.high_resolution else high_resolution,
        )

    def _unchanged(self) -> ScaleRequest | None:
        """What the fields ask for as long as they say what is set; None where nothing scales it yet."""
        from cmapss_core.plans.autoscale import ScaleRequest

        now = self._now
        if not now.complete:
            return None
        request = ScaleRequest(endpoint=self._endpoint, variant=self.variant, min=now.min, max=now.max)
        if not now.tracks:
            return request
        return replace(
            request,
            policy=now.policy,
            target=now.target,
            scale_in_cooldown=now.scale_in_cooldown,
            scale_out_cooldown=now.scale_out_cooldown,
        )

    def _suspended(self) -> tuple[Suspension, ...]:
        from cmapss_core.scaling import SUSPENSIONS

        chosen = self.field("suspended").value.split(",")
        return tuple(way for way in SUSPENSIONS.values() if way in chosen)
