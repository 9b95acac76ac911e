"""Where one has been in the console, as a browser knows it: back, and forward again until one goes elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from cmapss_tui.screens.base import ConsoleScreen

KEPT = 50


@dataclass(frozen=True, slots=True)
class Opened:
    """A screen on top of an area's list: what it shows, by which it is known again, and how to make it once more."""

    subject: object
    again: Callable[[], ConsoleScreen] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """An area, and the screens that lie on its list, lowest first: leaving them leads the way one came."""

    area: str
    path: tuple[Opened, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Visits, oldest first, and which of them is the present one. At most `KEPT` are remembered."""

    visits: tuple[Visit, ...] = ()
    position: int = -1

    @property
    def present(self) -> Visit | None:
        """Where one is; None before the first visit."""
        return self.visits[self.position] if self.visits else None

    def visited(self, visit: Visit) -> History:
        """Go elsewhere: what lay ahead is forgotten. The same place is not entered twice in a row."""
        if visit == self.present:
            return self
        visits = (*self.visits[: self.position + 1], visit)[-KEPT:]
        return History(visits, len(visits) - 1)

    def moved(self, steps: int) -> History | None:
        """Go back (below 0) or forward by so many visits; None where there are none that far."""
        position = self.position + steps
        return History(self.visits, position) if 0 <= position < len(self.visits) else None


_OPENED: WeakKeyDictionary[ConsoleScreen, Opened] = WeakKeyDictionary()


def opened(screen: ConsoleScreen) -> Opened | None:
    """A screen as the history keeps it; None for a dialog and for an area's list."""
    if screen not in _OPENED and (again := screen.again()) is not None:
        _OPENED[screen] = Opened((type(screen), subject_of(again)), again)
    return _OPENED.get(screen)


def made_again(one: Opened) -> ConsoleScreen:
    """The screen once more, known for the same as before."""
    screen = one.again()
    _OPENED[screen] = one
    return screen


def subject_of(again: Callable[[], ConsoleScreen]) -> object:
    """What a screen is about: the names of what it is made with, or that itself. Else it is only like itself.

    What is given by keyword is only what is known of it by then: it is another the next time.
    """
    return tuple(getattr(one, "name", one) for one in again.args) if isinstance(again, partial) else again
