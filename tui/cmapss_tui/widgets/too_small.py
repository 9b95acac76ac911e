"""What covers a terminal that is too small to show anything true."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.events import Key
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from cmapss_tui.keymap import QUIT, first_key, keys_of


class TooSmall(Widget, can_focus=True):
    """Covers a screen and takes its keys, so that nothing is pressed unseen; the console can still be left."""

    DEFAULT_CSS = """
    TooSmall {
        layer: too-small; dock: top; width: 100%; height: 100%;
        background: $background; content-align: center middle; text-align: center;
    }
    """

    def __init__(self, needed: tuple[int, int], focused_before: Widget | None) -> None:
        super().__init__()
        self._needed = needed
        self._focused_before = focused_before

    @classmethod
    async def cover(cls, screen: Screen[Any], size: Size, needed: tuple[int, int]) -> None:
        """Cover the screen while the terminal is smaller than `needed` (columns, lines), and no longer."""
        small = size.width < needed[0] or size.height < needed[1]
        covers = screen.query(cls)
        if not small and covers:
            cover = covers.first()
            screen.set_focus(cover._focused_before)
            await cover.remove()
        elif small and not covers:
            cover = cls(needed, screen.focused)
            await screen.mount(cover)
            cover.focus()

    def render(self) -> Content:
        """What is needed, and what there is."""
        width, height = self._needed
        return Content.assemble(
            (f"{width}×{height} needed, this is {self.app.size.width}×{self.app.size.height}", "bold"),
            f"\nEnlarge the terminal, or press {first_key(QUIT)} to quit.",
        )

    async def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in keys_of(QUIT):
            await self.app.run_action("quit")
