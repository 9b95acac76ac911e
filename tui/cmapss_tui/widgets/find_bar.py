"""The line in which one says what to look for in a text, or which of its lines to show."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from cmapss_tui.widgets.prompt_bar import PromptBar


class FindBar(PromptBar):
    """Enter goes back to the text, Escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=True, priority=True),
        Binding("enter", "leave", "to the text", show=True, priority=True),
        Binding("down", "leave", "to the text", show=False, priority=True),
    ]

    def __init__(self, prompt: str, example: str, *, id: str) -> None:
        super().__init__(prompt, Input(placeholder=example, compact=True, select_on_focus=False), id=id)
