"""The last line of every screen: which keys do what here, and how many calls that costs."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

from cmapss_tui.actions import ACTIONS

_ORDER = {action.id: position for position, action in enumerate(ACTIONS)}
GAP = 3
ALWAYS = "app.help"  # the one key that leads to all others


class KeyBar(Widget):
    """The active bindings on one line, an area's own first; what does not fit is left to the help."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    KeyBar > .key-bar--key { color: $accent; text-style: bold; }
    KeyBar > .key-bar--disabled { color: $quiet; text-style: dim; }
    KeyBar > .key-bar--calls { color: $quiet; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--disabled", "key-bar--calls"}

    def __init__(self) -> None:
        super().__init__()
        self._calls = ""
        self._keys_at: list[tuple[range, str]] = []

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
        room = width - len(self._calls) - GAP if self._calls else width
        hints = self._hints()
        always = [hint for hint in hints if hint[0] == ALWAYS]
        room_for_rest = room - sum(hint[2].cell_length + GAP for hint in always)
        line, self._keys_at = Content(""), []
        fitting = []
        used = 0
        for hint in hints:
            if hint in always:
                fitting.append(hint)
            elif used + hint[2].cell_length <= room_for_rest:
                used += hint[2].cell_length + GAP
                fitting.append(hint)
        for _, key, content in fitting:
            start = line.cell_length
            self._keys_at.append((range(start, start + content.cell_length), key))
            line = line + content + " " * GAP
        line = line.truncate(max(0, width - len(self._calls)))
        return line.pad_right(max(0, width - line.cell_length - len(self._calls))) + Content.styled(
            self._calls, ".key-bar--calls"
        )

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

    def on_click(self, event: Click) -> None:
        """A click on a hint is its key."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for columns, key in self._keys_at:
            if offset.x in columns:
                self.app.simulate_key(key)
