"""The last line of every screen: which keys do what here, and how many calls are made, of how many, for how much."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer

from cmapss_tui import formats
from cmapss_tui.actions import ACTIONS
from cmapss_tui.widgets.hints import GAP, NARROW_GAP, HintLine

_ORDER = {action.id: position for position, action in enumerate(ACTIONS)}
ALWAYS = "app.help"  # the one key that leads to all others
IDLE = "idle"
SAID_SECONDS = 2.0  # for which something is said in place of the keys
MEDIUM, WIDE = 96, 116  # columns from which the calls are written with more words


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A binding in the footer; a spare one, which cannot be done now, is the first to be left out."""

    id: str
    key: str
    content: Content
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Calls:
    """What the console's own reading comes to: calls in a minute of the region, of so many, and the cost of a day.

    `cadence` is what the operator chose, in words; `idle`: nobody seems to be there, which the budget follows.
    """

    per_minute: int = 0
    budget: int = 0
    cost_per_day_usd: float = 0.0
    cadence: str = ""
    idle: bool = False

    def written(self, width: int) -> str:
        """In a footer of that width; more than the budget is marked."""
        mark = "▲ " if self.per_minute > self.budget else ""
        if self.idle:
            mark = f"{IDLE}: {mark}"
        if width < MEDIUM:
            return f"{mark}{self.per_minute} of {self.budget}/min"
        cadence = f"{self.cadence} · " if self.cadence else ""
        cost = f" · {formats.money(self.cost_per_day_usd)}/day"
        calls = ("call" if self.per_minute == 1 else "calls") + ("/min" if width >= WIDE else "")
        return f"{cadence}{mark}{self.per_minute} {calls} of {self.budget}{cost}"


class KeyBar(HintLine):
    """The active bindings on one line, an area's own first.

    Where it is narrow they move together; then what cannot be done now is left out, which in read-only is all that
    changes AWS, and after it what does not fit is left to the help, the last of the table first.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; background: $panel; color: $foreground; }
    KeyBar > .key-bar--key { color: $accent; text-style: bold; }
    KeyBar > .key-bar--disabled { color: $quiet; text-style: dim; }
    KeyBar > .key-bar--calls { color: $quiet; }
    KeyBar > .key-bar--said { color: $quiet; text-style: italic; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--disabled", "key-bar--calls", "key-bar--said"}

    def __init__(self) -> None:
        super().__init__()
        self._calls = Calls()
        self._said = ""
        self._silence: Timer | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def _bindings_updated(self, _: Screen[object]) -> None:
        self.refresh()

    def show_calls(self, calls: Calls) -> None:
        """Say how many requests go to AWS, and what that costs."""
        width = self.content_size.width
        changed = calls.written(width) != self._calls.written(width)
        self._calls = calls
        if changed:
            self.refresh()

    def say(self, words: str) -> None:
        """Say something in place of the keys, for a moment."""
        self._said = words
        self.refresh()
        if self._silence is None:
            # By way of the queue: a timer's own callback may come while the screen is being taken down.
            self._silence = self.set_timer(SAID_SECONDS, partial(self.call_later, self._show_keys))
        else:
            self._silence.reset()

    def _show_keys(self) -> None:
        self._said, self._silence = "", None
        self.refresh()

    def render(self) -> Content:
        """Keys from the left, calls at the right edge."""
        width = self.content_size.width
        calls = self._calls.written(width)
        room = width - len(calls) - NARROW_GAP
        hints, gap = fitted(self._hints(), room)
        line = self.line_of([(hint.key, hint.content) for hint in hints], gap)
        if self._said:
            line = Content.styled(self._said, ".key-bar--said").truncate(room, ellipsis=True)
        padding = max(0, width - line.cell_length - len(calls))
        return line.pad_right(padding) + Content.styled(calls, ".key-bar--calls")

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
            hints[name] = KeyHint(name, binding.key, content, spare=not enabled)
        return sorted(hints.values(), key=lambda hint: _ORDER.get(hint.id, -1))


def fitted(hints: list[KeyHint], room: int) -> tuple[list[KeyHint], int]:
    """As many of the hints as there is room for, and the gap between them; the way to the help is always there."""
    if _length(hints, GAP) <= room:
        return hints, GAP
    if _length(hints, NARROW_GAP) <= room:
        return hints, NARROW_GAP
    kept = list(hints)
    # Sorting is stable: the last first, and before those the last of the spare ones.
    for hint in sorted((hint for hint in reversed(hints) if hint.id != ALWAYS), key=lambda hint: not hint.spare):
        if _length(kept, NARROW_GAP) <= room:
            break
        kept.remove(hint)
    return kept, NARROW_GAP


def _length(hints: list[KeyHint], gap: int) -> int:
    return sum(hint.content.cell_length + gap for hint in hints) - gap
