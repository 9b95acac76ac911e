"""Going about in the console: where one is, back and forward, and to a screen by the name of what it shows."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App
from textual.screen import Screen

from cmapss_tui.connecting import as_console_screen
from cmapss_tui.history import History, Opened, Visit, made_again, opened, subject_of


class Travels:
    """Keeps the history of places of one console, and goes where it says. All of it on the event loop's thread."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._history = History()
        self._under_way = False
        self._once_read: WeakKeyDictionary[Screen[Any], str] = WeakKeyDictionary()

    def note(self) -> None:
        """Another screen is in front: if it is a place, and one did not go there by the history, it is a new visit."""
        if not self._under_way and (visit := self._here()) is not None:
            self._history = self._history.visited(visit)

    def forget(self) -> None:
        """Begin anew: nothing of what was visited is to be gone to."""
        self._history = History()

    def go(self, steps: int) -> bool:
        """Go back (below 0) or forward; from a dialog, back is the place it lies on. False where nothing is there."""
        in_dialog = not self._under_way and self._here() != self._history.present
        history = self._history if in_dialog and steps < 0 else self._history.moved(steps)
        if history is None or history.present is None:
            return False
        self._history = history
        if not self._under_way:
            self._under_way = True
            self._app.call_later(self._arrive)
        return True

    async def open(self, area: str, path: tuple[Opened, ...]) -> None:
        """Go to an area and the screens of a path on its list; those that lie there already stay as they are."""
        app = self._app
        await app.switch_mode(area)
        kept = 0
        for screen, wanted in zip(app.screen_stack[1:], path, strict=False):
            here = as_console_screen(screen)
            if here is None or opened(here) != wanted:
                break
            kept += 1
        while len(app.screen_stack) > 1 + kept:
            await app.pop_screen()
        for wanted in path[kept:]:
            await app.push_screen(made_again(wanted))

    async def to_list(self, area: str) -> None:
        """Leave what lies on the list of the area in front, unless a dialog is among it: what is typed there stays."""
        above = [as_console_screen(screen) for screen in self._app.screen_stack[1:]]
        if self._app.current_mode == area and all(screen is not None and not screen.HOLDS for screen in above):
            await self.open(area, ())

    async def do_there(self, area: str, screen: partial[Any], action: str) -> None:
        """Go to a screen and, once it has read what it shows, do something there; "" is only to go."""
        wanted = Opened((screen.func, subject_of(screen)), screen)
        before = as_console_screen(self._app.screen)
        if self._app.current_mode == area and before is not None and opened(before) == wanted:
            if action:
                await self._app.run_action(action, before)
            return
        await self.open(area, ())
        made = made_again(wanted)
        if action:
            self._once_read[made] = action
        await self._app.push_screen(made)

    def heard(self, screen: Screen[Any]) -> None:
        """A screen has got its first answer: what was wanted there can be done, or says why not."""
        action = self._once_read.pop(screen, None)
        if action is not None:
            self._app.call_later(partial(self._do, screen, action))

    async def _do(self, screen: Screen[Any], action: str) -> None:
        if self._app.screen is screen:
            await self._app.run_action(action, screen)

    async def _arrive(self) -> None:
        try:
            while (visit := self._history.present) is not None:
                await self.open(visit.area, visit.path)
                if visit is self._history.present:  # no other was asked for on the way
                    break
        finally:
            self._under_way = False

    def _here(self) -> Visit | None:
        """Where one is; None in a dialog, and before there is a connection."""
        screens = [as_console_screen(screen) for screen in self._app.screen_stack]
        if not screens or screens[-1] is None:
            return None
        path = tuple(one for screen in screens[1:] if screen is not None and (one := opened(screen)) is not None)
        on_top = len(screens) == 1 or opened(screens[-1]) is not None
        return Visit(self._app.current_mode, path) if on_top else None
