"""Delete an endpoint and what belongs to it: the plan says what goes and what stays, and the name has to be typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan


class DeleteScreen(PlanScreen):
    """The deletion of one endpoint."""

    AREA = "endpoints"
    ACTION = "endpoint.delete"
    CONFIRM = "Delete"
    NOTHING_DONE = "Nothing was deleted."

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def heading(self) -> str:
        """Which endpoint."""
        return f"Delete {self._endpoint}"

    def name_to_type(self) -> str:
        """Known before there is a plan."""
        return self._endpoint

    def form(self) -> ComposeResult:
        """What stays."""
        yield Field("keep models", "keep-models", False, hint="so that they can be deployed again")
        yield Field("others' models", "all", False, hint="on: models that the console did not make go too")
        yield Field("keep logs", "keep-logs", False, hint="off: they are deleted for good")

    def planner(self) -> Callable[[], Plan]:
        """Plan the deletion of what is there."""
        from cmapss_core.plans.teardown import plan_delete

        return partial(
            plan_delete,
            self.aws,
            self._endpoint,
            keep_model=self.field("keep-models").checked,
            keep_logs=self.field("keep-logs").checked,
            everything=self.field("all").checked,
        )
