"""Stop a roll-out that is under way: the old fleet gets its traffic back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cmapss_tui.screens.planning import PlanScreen

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan


class StopRolloutScreen(PlanScreen):
    """The stop of one endpoint's roll-out. There is nothing to choose."""

    AREA = "endpoints"
    ACTION = "endpoint.stop_rollout"
    CONFIRM = "Stop the roll-out"

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def heading(self) -> str:
        """Which endpoint."""
        return f"Stop the roll-out of {self._endpoint}"

    def name_to_type(self) -> str:
        """Known before there is a plan."""
        return self._endpoint

    def planner(self) -> Callable[[], Plan]:
        """Plan it with whatever can stop it."""
        from cmapss_core.plans.stop import plan_stop_rollout

        return partial(plan_stop_rollout, self.aws, self._endpoint)
