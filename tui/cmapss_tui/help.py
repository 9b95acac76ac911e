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
from cmapss_tui.actions import Action, Safety, help_for
from cmapss_tui.screens.base import ConsoleScreen

KEYS_WIDTH = 9
TITLE_WIDTH = 13
TABLE_KEYS = (
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
        width: 84; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $rule; border-title-color: $accent; padding: 0 2;
    }
    HelpScreen Static { height: auto; }
    """

    def __init__(self, explained: Screen[Any]) -> None:
        super().__init__()
        self._explained = explained

    def compose(self) -> ComposeResult:
        scopes = self._explained.SCOPES if isinstance(self._explained, ConsoleScreen) else ()
        with VerticalScroll() as scroll:
            scroll.border_title = "Keys"
            scroll.border_subtitle = "esc closes"
            for group, actions in help_for(scopes).items():
                yield Static(self._group(group, actions))
            yield Static(_table_keys())

    def _group(self, title: str, actions: tuple[Action, ...]) -> Content:
        lines: list[Content | str | tuple[str, str]] = [(f"\n{title}\n", f"bold {theme.BUSY}")]
        for action in actions:
            keys = " ".join(self.app.get_key_display(action.binding.with_key(key)) for key in action.keys)
            lines += [
                (f"  {keys:<{KEYS_WIDTH}}", f"bold {theme.ACCENT}"),
                f"{action.title:<{TITLE_WIDTH}}",
                (action.help, theme.QUIET),
            ]
            if action.safety is not Safety.NONE:
                lines.append((f"  [{action.safety}]", theme.WARN))
            if action.verb is not None:
                lines.append((f"\n  {'':<{KEYS_WIDTH + TITLE_WIDTH}}cmapss-console {action.verb}", theme.QUIET))
            lines.append("\n")
        return Content.assemble(*lines)


def _table_keys() -> Content:
    lines: list[Content | str | tuple[str, str]] = [("\nLists\n", f"bold {theme.BUSY}")]
    for keys, meaning in TABLE_KEYS:
        lines += [(f"  {keys:<{KEYS_WIDTH}}", f"bold {theme.ACCENT}"), meaning, "\n"]
    return Content.assemble(*lines)
