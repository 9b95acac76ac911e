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
    """A dialog over the screen that it is about."""
