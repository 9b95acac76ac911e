"""Change the automatic scaling of an endpoint, or end it: bounds and target above, the plan below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from cmapss_core.errors import ConsoleError
from cmapss_tui.arguments import not_negative_integer, positive_integer, positive_number
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field

if TYPE_CHECKING:
    from cmapss_core.plans.autoscale import ScaleRequest
    from cmapss_core.plans.plan import Plan
    from cmapss_core.scaling import Scaling

NUMBERS = ("minimum", "maximum", "target", "in", "out")


class ScaleScreen(PlanScreen):
    """The scaling of one endpoint; `scaling` is what is set now, as far as that has been read."""

    AREA = "endpoints"
    ACTION = "endpoint.scale"
    CONFIRM = "Apply"

    def __init__(self, endpoint: str, scaling: Scaling | None = None) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._scaling = scaling

    def heading(self) -> str:
        """Which endpoint."""
        return f"Autoscaling of {self._endpoint}"

    def form(self) -> ComposeResult:
        """Bounds, target, cooldowns: what is set, else the defaults."""
        from cmapss_core.plans.autoscale import (
            DEFAULT_MAX,
            DEFAULT_SCALE_IN_COOLDOWN,
            DEFAULT_SCALE_OUT_COOLDOWN,
            DEFAULT_TARGET,
        )

        target = next(iter(self._scaling.targets if self._scaling else ()), None)
        policy = next((p for p in (self._scaling.policies if self._scaling else ()) if p.target is not None), None)
        yield Field("autoscaling", "autoscaling", True, hint="follow the load; off ends it")
        yield Field("minimum", "minimum", str(target.min if target else 1), hint="instances")
        yield Field("maximum", "maximum", str(target.max if target else DEFAULT_MAX), hint="instances")
        tracked = policy.target if policy and policy.target is not None else DEFAULT_TARGET
        yield Field("target", "target", f"{tracked:g}", hint="invocations per instance and minute")
        cooldown_in = policy.scale_in_cooldown if policy else DEFAULT_SCALE_IN_COOLDOWN
        cooldown_out = policy.scale_out_cooldown if policy else DEFAULT_SCALE_OUT_COOLDOWN
        yield Field("scale-in cooldown", "in", str(cooldown_in), hint="seconds")
        yield Field("scale-out cooldown", "out", str(cooldown_out), hint="seconds")

    def changed(self, field: str | None) -> None:
        """Numbers count only while the endpoint is scaled."""
        for name in NUMBERS:
            self.query_one(f"#{name}").disabled = not self.field("autoscaling").checked
        super().changed(field)

    def planner(self) -> Callable[[], Plan] | None:
        """Plan what the fields say."""
        from cmapss_core.plans.autoscale import plan_scale

        request = self._request()
        return None if request is None else partial(plan_scale, self.aws, request)

    def _request(self) -> ScaleRequest | None:
        from cmapss_core.plans.autoscale import ScaleRequest, Tracking

        if not self.field("autoscaling").checked:
            for name in NUMBERS:
                self.field(name).show_problem(None)
            return ScaleRequest(endpoint=self._endpoint, off=True)
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
        return ScaleRequest(
            endpoint=self._endpoint,
            min=low,
            max=high,
            target=target,
            scale_in_cooldown=into,
            scale_out_cooldown=out,
        )
