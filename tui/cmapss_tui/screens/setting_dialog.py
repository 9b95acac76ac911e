"""What the dialogs of settings share: a box with what it is about, one value to type, and the choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ScreenResultType
from textual.widgets import Button

from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.widgets.form import Choices
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import paragraph

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

Text = tuple[str, str]  # what is said, and its style


class SettingDialog(Dialog[ScreenResultType]):
    """A subclass composes Lines, a field, Lines with the id "note", and `choices()`; Enter and Set ask for `answer`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]
    DEFAULT_CSS = """
    SettingDialog Lines { margin: 0 0 1 0; padding: 0 1; }
    SettingDialog Field { margin: 0 0 1 0; padding: 0 1; }
    """

    @property
    def console(self) -> ConsoleApp:
        """The application, as what it is."""
        return cast("ConsoleApp", self.app)

    def answer(self) -> None:
        """Leave with what is typed, where nothing is wrong with it."""
        raise NotImplementedError

    def choices(self) -> Choices:
        """Leave it, or set it."""
        return Choices(Button("Cancel", id="cancel", compact=True), Button("Set", id="set", compact=True))

    def say(self, texts: Sequence[Text]) -> None:
        """Say what it is about."""
        self.query_one(Lines).write(lambda width: _lines(texts, width))

    def note(self, texts: Sequence[Text], *, wrong: bool) -> None:
        """Say what is to be said of what is typed; what is wrong cannot be set."""
        self.query_one("#set", Button).disabled = wrong
        self.query_one("#note", Lines).write(lambda width: _lines(texts, width))

    def on_input_submitted(self) -> None:
        self.answer()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "set":
            self.answer()
        else:
            self.dismiss(None)


def _lines(texts: Sequence[Text], width: int) -> list[Content]:
    return [line for text, style in texts for line in paragraph(text, width, style)]
