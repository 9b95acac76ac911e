"""Keys that come faster than a pilot presses them, who waits after each until all is quiet."""

from __future__ import annotations

import unicodedata
from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from tests.tui.consoles import until

_HOPS = 3  # the last key goes to the application, to what has the focus, and what comes of it up from there


async def typed_ahead(pilot: Pilot[Any], *keys: str) -> None:
    """Send all keys at once, as a terminal does whose user types fast or holds a key down, and let them arrive."""
    for key in keys:
        character = key if len(key) == 1 else None
        if character and not character.isalnum():
            key = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
        pilot.app.post_message(Key(key, character))
    await pilot.pause()
    await until(pilot, lambda: not pilot.app._key_order._waiting)
    for _ in range(_HOPS):
        await pilot.pause()
