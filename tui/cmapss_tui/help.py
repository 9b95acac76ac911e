"""The help: every key of the screen it was asked on, and what it does, from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen

from cmapss_tui import theme
from cmapss_tui.actions import Action, help_for
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.panel import Lines

KEYS_WIDTH = 10
TITLE_WIDTH = 15
VERB_WIDTH = 11
HEADING, KEY = f"bold {theme.BUSY}", f"bold {theme.ACCENT}"
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
    """

    def __init__(self, explained: Screen[Any]) -> None:
        super().__init__()
        self._explained = explained
        self._lines = Lines()

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "Keys, and the verbs of the command line that do the same"
            scroll.border_subtitle = "esc closes"
            yield self._lines

    def on_mount(self) -> None:
        scopes = self._explained.SCOPES if isinstance(self._explained, ConsoleScreen) else ()
        self._lines.write(lambda width: self._written(help_for(scopes), width))

    def _written(self, groups: Mapping[str, tuple[Action, ...]], width: int) -> list[Content]:
        lines: list[Content] = []
        for title, actions in groups.items():
            lines += [Content(""), Content.styled(title, HEADING)]
            for action in actions:
                lines += self._action(action, width)
        lines += [Content(""), Content.styled("Lists", HEADING)]
        for keys, meaning in LIST_KEYS:
            lines.append(Content.assemble((f"  {keys:<{KEYS_WIDTH}}", KEY), meaning))
        return [*lines, Content("")]

    def _action(self, action: Action, width: int) -> list[Content]:
        keys = " ".join(self.app.get_key_display(action.binding.with_key(key)) for key in action.keys)
        head = Content.assemble(
            (f"  {keys:<{KEYS_WIDTH}}", KEY),
            f"{action.title:<{TITLE_WIDTH}}",
            (f"{action.verb or '':<{VERB_WIDTH}}", theme.BUSY),
        )
        first, *rest = Content.styled(action.help, theme.QUIET).wrap(max(1, width - head.cell_length))
        return [head + first, *(Content(" " * head.cell_length) + line for line in rest)]
