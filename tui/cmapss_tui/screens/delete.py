"""Delete an endpoint and what belongs to it: the plan says what goes and what stays, and the name has to be typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input

from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan


class DeleteScreen(PlanScreen):
    """The deletion of one endpoint."""

    AREA = "endpoints"
    CONFIRM = "Delete"
    DANGEROUS = True
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-normal")]

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def heading(self) -> str:
        """Which endpoint."""
        return f"Delete {self._endpoint}"

    def form(self) -> ComposeResult:
        """The name, and whether the model stays."""
        yield Field("type its name", "typed", placeholder="the endpoint's name, as above")
        yield Field("keep models", "keep", False, hint="so that they can be deployed again")

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """What a name is made of goes to the name, wherever the focus is; so the footer promises nothing else of it."""
        return character is not None and (character.isalnum() or character == "-")

    def on_key(self, event: Key) -> None:
        """Cancel has the focus at first, and all else is a choice: the typing finds its field."""
        character = event.character
        if character and self.check_consume_key(event.key, character) and not isinstance(self.focused, Input):
            event.stop()
            typed = self.query_one("#typed", Input)
            typed.focus()
            typed.insert_text_at_cursor(character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are for the name here."""
        return False if action == "refresh" else super().check_action(action, parameters)

    def changed(self, field: str | None) -> None:
        """Another name changes who may press the button; another answer about the models changes the plan."""
        if field != "typed":
            super().changed(field)
            return
        typed = self.query_one("#field-typed", Field)
        wrong = typed.value and not self._endpoint.startswith(typed.value)
        typed.show_problem("is not the name" if wrong else None)
        self._enable()

    def planner(self) -> Callable[[], Plan]:
        """Plan the deletion of what is there."""
        from cmapss_core.plans.teardown import plan_delete

        keep = self.query_one("#field-keep", Field).checked
        return partial(plan_delete, self.aws, self._endpoint, keep_model=keep)

    def may_confirm(self) -> bool:
        """Only with exactly this name."""
        return self.query_one("#field-typed", Field).value == self._endpoint
