"""The choice of what to copy, where there is more than one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cmapss_tui import formats, theme
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.take_away.clipboard import copy

SHOWN = 200  # characters of a text: no line is longer


class CopyWhatScreen(Dialog[None]):
    """Everything that can be copied from a screen, a line each; enter copies one and closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,Y", "dismiss", "close", show=False),
        Binding("j", "cursor_down", "down", show=False),
        Binding("k", "cursor_up", "up", show=False),
    ]
    DEFAULT_CSS = """
    CopyWhatScreen OptionList {
        height: auto; max-height: 16; border: none; padding: 0; background: $surface; text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, copyable: Mapping[str, str]) -> None:
        super().__init__()
        self._copyable = copyable

    def compose(self) -> ComposeResult:
        """A line for each text."""
        width = max(map(len, self._copyable))
        with VerticalGroup() as box:
            box.border_title = "Copy"
            box.border_subtitle = "⏎ copies   esc leaves"
            yield OptionList(*(Option(_line(what, text, width)) for what, text in self._copyable.items()))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def action_cursor_down(self) -> None:
        """The next line."""
        self.query_one(OptionList).action_cursor_down()

    def action_cursor_up(self) -> None:
        """The line before."""
        self.query_one(OptionList).action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        what, text = list(self._copyable.items())[event.option_index]
        self.dismiss()
        copy(self.app, what, text)


def _line(what: str, text: str, width: int) -> Content:
    first, *more = text.strip().splitlines() or [""]
    tail = f" … {formats.count(len(more) + 1)} lines" if more else ""
    return Content.assemble((f"{what:<{width}}  ", "bold"), (f"{first[:SHOWN]}{tail}", theme.QUIET))
