"""A screen that belongs to no area: it lights the one that it was opened from."""

from __future__ import annotations

from textual.app import ComposeResult

from cmapss_tui.screens.base import ConsoleScreen


class AnywhereScreen(ConsoleScreen):
    """One screen, in every area."""

    def compose(self) -> ComposeResult:
        """The frame, in the area of the mode."""
        self.AREA = self.app.current_mode  # type: ignore[misc]  # of this screen, not of its class
        yield from super().compose()
