"""A question before something is done: what it is, and the choice, with Cancel in focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup
from textual.widgets import Button, Input

from cmapss_tui import theme
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.widgets.form import Choices, Field, say_of_name
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import paragraph
from cmapss_tui.widgets.top_bar import production_mark


class ConfirmScreen(Dialog[bool]):
    """Answers True only for the button; where there is a `name`, that has to be typed first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel", show=False)]
    DEFAULT_CSS = """
    ConfirmScreen Lines { margin: 0 0 1 0; padding: 0 1; }
    ConfirmScreen Field { margin: 0 0 1 0; padding: 0 1; }
    """

    def __init__(self, question: str, reasons: Sequence[str], confirm: str, *, name: str | None = None) -> None:
        super().__init__()
        self._question = question
        self._reasons = reasons
        self._confirm = confirm
        self._name_to_type = name

    def compose(self) -> ComposeResult:
        """What it is about, the name where one is wanted, the choice."""
        with VerticalGroup() as box:
            box.border_title = production_mark(self.app) + self._question
            yield Lines()
            if self._name_to_type is not None:
                yield Field("type its name", "typed", placeholder=self._name_to_type)
            yield Choices(
                Button("Cancel", id="cancel", compact=True),
                Button(self._confirm, id="confirm", compact=True, disabled=self._name_to_type is not None),
            )

    def on_mount(self) -> None:
        self.query_one(Lines).write(
            lambda width: [
                line
                for place, reason in enumerate(self._reasons)
                for line in paragraph(reason, width, theme.QUIET if place else "")
            ]
        )
        self.query_one("#cancel", Button).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#confirm", Button).disabled = event.value.strip() != self._name_to_type
        say_of_name(self.query_one(Field), self._name_to_type, self._confirm)

    def on_input_submitted(self) -> None:
        """With the name on to what was asked about: it was typed on purpose."""
        confirm, typed = self.query_one("#confirm", Button), self.query_one(Field)
        if confirm.disabled:
            typed.show_problem("is not the name" if typed.value else "is needed")
        else:
            self.query_one(Choices).enter(confirm)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "confirm":
            self.dismiss(True)
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Answer no; where a name was typed, it is told that nothing came of it."""
        if self.is_active and any(typed.value for typed in self.query(Field)):
            self.app.notify("Nothing was changed.")
        self.dismiss(False)
