"""Make an endpoint survive the loss of zones: three instances or more, by the running fleet or by a new config."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from textual.app import ComposeResult

from cmapss_tui.arguments import positive_integer
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan

WAYS: dict[str, str] = {
    "auto": "whichever is faster",
    "capacities": "add to what runs",
    "config": "replace all",
}


class HighAvailabilityScreen(PlanScreen):
    """The instances of one endpoint's variant; `variants` are its names."""

    AREA = "endpoints"
    ACTION = "endpoint.high_availability"
    FLAGS: ClassVar[Mapping[str, str]] = {"--resume-scaling": "autoscaling, suspended: nothing"}
    CONFIRM = "Apply"

    def __init__(self, endpoint: str, variants: Sequence[str] = ()) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._variants = variants

    def heading(self) -> str:
        """Which endpoint."""
        return f"High availability of {self._endpoint}"

    def form(self) -> ComposeResult:
        """How many instances, of which variant, and how they come."""
        from cmapss_core.plans.high_availability import HIGHLY_AVAILABLE

        yield from self.variant_field(self._variants)
        hint = f"{HIGHLY_AVAILABLE} survive the loss of two zones"
        yield Field("instances", "instances", str(HIGHLY_AVAILABLE), hint=hint)
        yield Field("how", "by", "auto", choices=WAYS, hint="replacing takes old and new side by side for a while")

    def worded(self, text: str) -> str:
        """With the choice of how in the place of its flag."""
        return super().worded(text.replace("--by config", f"“how: {WAYS['config']}”"))

    def planner(self) -> Callable[[], Plan] | None:
        """Plan what the fields say."""
        from cmapss_core.plans.high_availability import HighAvailabilityRequest, plan_high_availability

        instances = self.field("instances").parsed(positive_integer)
        if instances is None:
            return None
        request = HighAvailabilityRequest(
            endpoint=self._endpoint,
            instances=instances,
            variant=self.variant,
            by=cast("Literal['auto', 'capacities', 'config']", self.field("by").value),
        )
        return partial(plan_high_availability, self.aws, request)
