"""A hand on the keyboard that knows nothing: random keys, clicks and sizes, for a console whose AWS fails at random."""

from __future__ import annotations

import asyncio
import random
import string
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from textual.events import Key, MouseDown, MouseMove, MouseUp, Paste
from textual.geometry import Size
from textual.pilot import OutOfBounds, Pilot

from cmapss_tui.actions import ACTIONS, by_id
from cmapss_tui.app import ConsoleApp
from tests.live import LiveSandbox
from tests.tui.consoles import screen_text

LEAVING = frozenset({*by_id("app.quit").keys, "ctrl+q", "ctrl+c", "ctrl+z"})
CONFIRMING = frozenset({"enter", "space"})
MOVES = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "escape", "backspace")
SIZES = ((80, 24), (120, 36), (200, 60), (40, 10), (81, 25), (250, 20), (60, 10), (2, 90), (1, 1), (300, 100))
PASTES = ("rmse<46", "an engine\nof two lines", "\u202eenigne\u0301 🚀\x1b[2J", "[bold]" * 400)
PATIENCE_SECONDS = 30.0
HANDFUL = 6


@dataclass(slots=True)
class Monkey:
    """Presses keys at a console on a sandbox; `cautious` never presses what confirms, nor the mouse."""

    seed: int
    cautious: bool = False
    pressed: deque[str] = field(default_factory=lambda: deque(maxlen=60))
    _random: random.Random = field(init=False)
    _keys: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        named = {key for action in ACTIONS for key in action.keys}
        known = (named | set(MOVES) | CONFIRMING | set(string.ascii_letters + string.digits)) - LEAVING
        self._keys = sorted(known - CONFIRMING if self.cautious else known)
        # What leads on and back is pressed more often than the rest: else most of it happens in one dialog.
        self._keys += ["escape"] * 6 + ([] if self.cautious else ["enter"] * 8) + ["j", "1", "2", "3", "tab"] * 2

    async def play(self, app: ConsoleApp, pilot: Pilot[Any], sandbox: LiveSandbox, keys: int) -> None:
        """Press so many keys. Raises AssertionError where the console falls, hangs or leaves."""
        while keys > 0:
            for _ in range(count := self._random.randint(1, HANDFUL)):
                self._press(app)
            keys -= count
            if self._random.random() < 0.1:
                await self._resize(pilot)
            if not self.cautious and self._random.random() < 0.15:
                self._drag(app)
            if not self.cautious and self._random.random() < 0.1:
                await self._click(pilot)
            if self._random.random() < 0.03:
                self._paste(app)
            if self._random.random() < 0.05:
                await asyncio.to_thread(sandbox.advance, minutes=self._random.choice((0.5, 2, 15)))
            try:
                await asyncio.wait_for(pilot.pause(), PATIENCE_SECONDS)
            except TimeoutError:
                raise AssertionError(f"it hangs; {self.told(app)}") from None
            assert app._exception is None, f"{app._exception!r}; {self.told(app)}"
            assert app.is_running, f"it has left; {self.told(app)}"

    def told(self, app: ConsoleApp) -> str:
        """What was done last, and what is on the screen."""
        return f"seed {self.seed}, after {' '.join(self.pressed)}, on {app.screen!r}:\n{screen_text(app)}"

    def _press(self, app: ConsoleApp) -> None:
        key = self._random.choice(self._keys)
        self.pressed.append(key)
        character = {"space": " ", "slash": "/"}.get(key, key if len(key) == 1 else None)
        app.post_message(Key(key, character))

    async def _resize(self, pilot: Pilot[Any]) -> None:
        size = Size(*self._random.choice(SIZES))
        self.pressed.append(f"{size.width}×{size.height}")
        await pilot.resize_terminal(*size)

    def _paste(self, app: ConsoleApp) -> None:
        text = self._random.choice(PASTES)
        self.pressed.append(f"paste {text[:10]!r}")
        app.post_message(Paste(text))

    def _drag(self, app: ConsoleApp) -> None:
        """Press, move and let go, faster than anything is painted."""
        for event in (MouseDown, MouseMove, MouseUp):
            x, y = (self._random.randrange(max(1, extent)) for extent in app.size)
            self.pressed.append(f"{event.__name__}{x, y}")
            app.post_message(event(None, x, y, 0, 0, 1, False, False, False, x, y))

    async def _click(self, pilot: Pilot[Any]) -> None:
        width, height = pilot.app.size
        offset = (self._random.randrange(max(1, width)), self._random.randrange(max(1, height)))
        self.pressed.append(f"click{offset}")
        try:
            await pilot.click(offset=offset)
        except OutOfBounds:  # it has been made smaller meanwhile
            return
