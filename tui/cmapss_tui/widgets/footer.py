"""The last line of every screen: which keys do what here, and how many calls that costs."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.screen import Screen

from cmapss_tui.actions import ACTIONS
from cmapss_tui.widgets.hints import GAP, Hint, HintLine

_ORDER = {action.id: position for position, action in enumerate(ACTIONS)}
ALWAYS = "app.help"  # the one key that leads to all others


class KeyBar(HintLine):
    """The active bindings on one line, an area's own first; what does not fit is left to the help."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; background: $panel; color: $foreground; }
    KeyBar > .key-bar--key { color: $accent; text-style: bold; }
    KeyBar > .key-bar--disabled { color: $quiet; text-style: dim; }
    KeyBar > .key-bar--calls { color: $quiet; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--disabled", "key-bar--calls"}

    def __init__(self) -> None:
        super().__init__()
        self._calls = ""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def _bindings_updated(self, _: Screen[object]) -> None:
        self.refresh()

    def show_calls(self, per_minute: int) -> None:
        """Say how many requests went to AWS in the last minute."""
        calls = f"{per_minute} calls/min"
        if calls != self._calls:
            self._calls = calls
            self.refresh()

    def render(self) -> Content:
        """Keys from the left, calls at the right edge."""
        width = self.content_size.width
        line = self.line_of(self._fitting(width - len(self._calls) - GAP))
        padding = max(0, width - line.cell_length - len(self._calls))
        return line.pad_right(padding) + Content.styled(self._calls, ".key-bar--calls")

    def _fitting(self, room: int) -> list[Hint]:
        """As many hints as there is room for, in order; the way to the help is always among them."""
        hints = self._hints()
        room -= sum(content.cell_length + GAP for name, _, content in hints if name == ALWAYS)
        fitting: list[Hint] = []
        for name, key, content in hints:
            if name != ALWAYS:
                room -= content.cell_length + GAP
            if name == ALWAYS or room >= 0:
                fitting.append((key, content))
        return fitting

    def _hints(self) -> list[tuple[str, str, Content]]:
        """Id, key and words of each shown binding, in the order of the action table; unknown ones come first."""
        hints: dict[str, tuple[str, str, Content]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            name = binding.id or binding.action
            if not binding.show or not binding.description or name in hints:
                continue
            key = self.app.get_key_display(binding)
            content = (
                Content.assemble((key, ".key-bar--key"), f" {binding.description}")
                if enabled
                else Content.styled(f"{key} {binding.description}", ".key-bar--disabled")
            )
            hints[name] = (name, binding.key, content)
        return sorted(hints.values(), key=lambda hint: _ORDER.get(hint[0], -1))
