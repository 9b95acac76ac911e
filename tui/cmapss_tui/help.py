"""The help: every key of the screen it was asked on, and what it does, from the table of actions."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from cmapss_tui import theme
from cmapss_tui.actions import Action, help_for
from cmapss_tui.screens.base import ConsoleScreen

KEYS_WIDTH = 9
TITLE_WIDTH = 13
VERB_WIDTH = 11
LIST_KEYS = (
    ("↑ ↓  j k", "move"),
    ("g  G", "first, last row"),
    ("^u  ^d", "half a page"),
)


class HelpScreen(ModalScreen[None]):
    """A dialog over the screen it explains."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "close", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 104; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $rule; border-title-color: $accent; padding: 0 2;
        scrollbar-size-vertical: 1;
    }
    HelpScreen Static { height: auto; }
    """

    def __init__(self, explained: Screen[Any]) -> None:
        super().__init__()
        self._explained = explained

    def compose(self) -> ComposeResult:
        scopes = self._explained.SCOPES if isinstance(self._explained, ConsoleScreen) else ()
        with VerticalScroll() as scroll:
            scroll.border_title = "Keys, and the verbs of the command line that do the same"
            scroll.border_subtitle = "esc closes"
            for group, actions in help_for(scopes).items():
                yield Static(self._group(group, actions))
            yield Static(_list_keys())

    def _group(self, title: str, actions: tuple[Action, ...]) -> Content:
        lines: list[Content | str | tuple[str, str]] = [(f"\n{title}", f"bold {theme.BUSY}")]
        for action in actions:
            keys = " ".join(self.app.get_key_display(action.binding.with_key(key)) for key in action.keys)
            lines += [
                (f"\n  {keys:<{KEYS_WIDTH}}", f"bold {theme.ACCENT}"),
                f"{action.title:<{TITLE_WIDTH}}",
                (f"{action.verb or '':<{VERB_WIDTH}}", theme.BUSY),
                (action.help, theme.QUIET),
            ]
        return Content.assemble(*lines)


def _list_keys() -> Content:
    lines: list[Content | str | tuple[str, str]] = [("\nLists", f"bold {theme.BUSY}")]
    for keys, meaning in LIST_KEYS:
        lines += [(f"\n  {keys:<{KEYS_WIDTH}}", f"bold {theme.ACCENT}"), meaning]
    return Content.assemble(*lines, "\n")
