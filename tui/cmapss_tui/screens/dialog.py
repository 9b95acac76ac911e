"""What all screens and dialogs have: they are left once, and capitals lead to the buttons on them."""

from __future__ import annotations

from typing import ClassVar

from textual.actions import SkipAction
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import ModalScreen, Screen, ScreenResultType

from cmapss_tui.actions import by_id

HELP = by_id("app.help")


class LeftOnce(Screen[ScreenResultType]):
    """A screen that can be dismissed only while it is in front: Textual would take away whichever is."""

    def on_key(self, event: Key) -> None:
        """A capital goes to its button, whatever has the focus that makes nothing of it itself."""
        if event.character is not None and event.character.isupper():
            from cmapss_tui.widgets.form import Choices

            for choices in self.query(Choices):
                choices.lead(event)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave with this result; nothing happens where that has been done, or another screen is in front."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(LeftOnce[ScreenResultType], ModalScreen[ScreenResultType]):
    """A dialog over the screen that it is about: what it composes in a VerticalGroup stands in a box in the middle.

    No key reaches what is beneath; of the application's own, those work here that are good for anything in a dialog.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(HELP.keys), "app.help", HELP.title, show=False, id=HELP.id),
    ]
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > VerticalGroup {
        width: 92; max-width: 96%; max-height: 90%; background: $surface; border: round $rule;
        border-title-color: $accent; padding: 0 1;
    }
    """

    def action_copy_text(self) -> None:
        """Copy what is selected; with nothing selected it is told what leaves, as everywhere."""
        try:
            super().action_copy_text()
        except SkipAction:
            self.app.action_help_quit()
