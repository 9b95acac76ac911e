"""Keys in the order in which they were pressed.

Textual hands a key to what has the focus and goes on to the next; what the key is bound to happens only after it has
gone up from there through each container's queue. Of keys that come faster than that, letters would overtake the
Backspace or the Tab before them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Key, Paste

# A key goes up; and once more what came of it, such as the message of a button that it pressed.
_WAYS_UP = 2
# A widget that is taken away may take its queue along: then the next key waits no longer than this.
_LONGEST_SECONDS = 0.25


class KeyOrder:
    """Lets one key or paste of an application through at a time. `handle` is what the application does with it."""

    def __init__(self, app: App[Any], handle: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._waiting: deque[Key | Paste] = deque()
        self._went_to: DOMNode | None = None  # the last that was let through; None once all that came of it is done
        self._turn = 0

    async def take(self, event: Key | Paste) -> None:
        """Let it through when its turn has come, which is at once where nothing is under way."""
        if self._went_to is None:
            await self._let_through(event)
            return
        self._waiting.append(event)
        if len(self._waiting) == 1:
            self._follow(self._went_to)

    def back(self) -> None:
        """The key has come up to the application, and what it is bound to has been done."""
        if not self._waiting:
            self._went_to = None

    async def _let_through(self, event: Key | Paste) -> None:
        app = self._app
        self._went_to = app.focused or app.screen
        await self._handle(event)
        if not event.is_forwarded:
            self.back()  # the application itself had a binding for it

    def _follow(self, start: DOMNode) -> None:
        """Go the way of the key, behind it in each queue."""
        self._turn += 1
        self._app.set_timer(_LONGEST_SECONDS, partial(self._next, self._turn))
        self._step(self._turn, start, start, _WAYS_UP)

    def _step(self, turn: int, start: DOMNode, node: DOMNode | None, ways: int) -> None:
        if turn != self._turn:
            return
        while node is not None and node is not self._app:
            if node.call_later(self._step, turn, start, node.parent, ways):
                return
            node = node.parent
        if ways > 1:
            self._app.call_later(self._step, turn, start, start, ways - 1)
        else:
            self._app.call_later(self._next, turn)

    async def _next(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._turn += 1
        self._went_to = None
        if self._waiting:
            await self._let_through(self._waiting.popleft())
            if self._waiting:
                self._follow(self._went_to or self._app)
