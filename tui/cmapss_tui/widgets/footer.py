"""The last line of every screen: which keys do what here, and how many calls that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.content import Content
from textual.screen import Screen

from cmapss_tui.actions import ACTIONS
from cmapss_tui.widgets.hints import GAP, NARROW_GAP, HintLine

_ORDER = {action.id: position for position, action in enumerate(ACTIONS)}
ALWAYS = "app.help"  # the one key that leads to all others


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A binding in the footer."""

    id: str
    key: str
    content: Content
    enabled: bool


class KeyBar(HintLine):
    """The active bindings on one line, an area's own first.

    Where it is narrow they move together, and what does not fit is left to the help: what cannot be done now goes
    before what can, the last of the table before the first.
    """

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
        hints, gap = fitted(self._hints(), width - len(self._calls) - NARROW_GAP)
        line = self.line_of([(hint.key, hint.content) for hint in hints], gap)
        padding = max(0, width - line.cell_length - len(self._calls))
        return line.pad_right(padding) + Content.styled(self._calls, ".key-bar--calls")

    def _hints(self) -> list[KeyHint]:
        """Each shown binding, in the order of the action table; unknown ones come first."""
        hints: dict[str, KeyHint] = {}
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
            hints[name] = KeyHint(name, binding.key, content, enabled)
        return sorted(hints.values(), key=lambda hint: _ORDER.get(hint.id, -1))


def fitted(hints: list[KeyHint], room: int) -> tuple[list[KeyHint], int]:
    """As many of the hints as there is room for, and the gap between them; the way to the help is always there."""
    if _length(hints, GAP) <= room:
        return hints, GAP
    kept = list(hints)
    for hint in (*_last_first(hints, enabled=False), *_last_first(hints, enabled=True)):
        if _length(kept, NARROW_GAP) <= room:
            break
        kept.remove(hint)
    return kept, NARROW_GAP


def _last_first(hints: list[KeyHint], *, enabled: bool) -> list[KeyHint]:
    return [hint for hint in reversed(hints) if hint.enabled is enabled and hint.id != ALWAYS]


def _length(hints: list[KeyHint], gap: int) -> int:
    return sum(hint.content.cell_length + gap for hint in hints) - gap
