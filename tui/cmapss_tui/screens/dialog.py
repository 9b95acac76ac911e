"""Dialogs, which are left once: keys that were typed ahead do not leave the screens beneath as well."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType


class LeftOnce(Screen[ScreenResultType]):
    """A screen that can be dismissed only while it is in front: Textual would take away whichever is."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave with this result; nothing happens where that has been done, or another screen is in front."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(LeftOnce[ScreenResultType], ModalScreen[ScreenResultType]):
    """A dialog over the screen that it is about: what it composes in a VerticalGroup stands in a box in the middle."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > VerticalGroup {
        width: 92; max-width: 96%; max-height: 90%; background: $surface; border: round $rule;
        border-title-color: $accent; padding: 0 1;
    }
    """
