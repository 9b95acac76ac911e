"""How often the console reads by itself: as the screen wants it, or as the operator chose; less when nobody is there
or the calls of a minute are used up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from textual.events import AppBlur, AppFocus, Event, Key, MouseEvent, Paste

from cmapss_tui import formats
from cmapss_tui.connecting import as_console_screen

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.call_meter import Reading
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.options import Options

# What `i` goes through; None leaves it to the screen.
CHOICES: tuple[float | None, ...] = (None, 2.0, 5.0, 15.0, 60.0, 300.0)
# Without a key or the mouse, in region time, and the same in a terminal that is not the one in front: a day in a fast
# sandbox is as long as its days are.
IDLE_SECONDS, UNFOCUSED_SECONDS = 600.0, 60.0
IDLE_INTERVAL_SECONDS = 60.0  # of the region: metrics have no more than one value in it
IDLE_CALLS_PER_MINUTE = 6
IDLE = "idle"


class Cadence:
    """One for the console. `options` are those in force, whose interval holds until the operator chooses another;
    `speed` is the region's.
    """

    def __init__(
        self,
        options: Callable[[], Options],
        speed: Callable[[], float] = lambda: 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._speed = speed
        self._configured = self._chosen = options().refresh
        self._monotonic = monotonic
        self._noticed = monotonic()
        self._focused = True

    @property
    def refresh(self) -> float | None:
        """The interval in seconds of this machine; None leaves it to each screen."""
        configured = self._options().refresh
        if configured != self._configured:  # set anew since
            self._configured = self._chosen = configured
        return self._chosen

    @property
    def away(self) -> bool:
        """Whether nobody seems to be there; who chose an interval gets it all the same."""
        if self.refresh is not None:
            return False
        left_alone = self.pause * self._speed()
        return left_alone > (IDLE_SECONDS if self._focused else UNFOCUSED_SECONDS)

    @property
    def pause(self) -> float:
        """Seconds of this machine since a key or the mouse."""
        return self._monotonic() - self._noticed

    @property
    def budget(self) -> int:
        """Automatic calls in a minute of the region."""
        calls = self._options().calls_per_minute
        return min(calls, IDLE_CALLS_PER_MINUTE) if self.away else calls

    @property
    def slowed(self) -> str:
        """What is said of a reading that is due and waits."""
        return IDLE if self.away else f"slowed: budget {self.budget}/min"

    @property
    def words(self) -> str:
        """What the operator chose; empty where the screens choose."""
        return "" if self.refresh is None else f"every {formats.duration(self.refresh)}"

    def noticed(self) -> bool:
        """Somebody pressed a key or moved the mouse: whether nobody had been there."""
        was_away = self.away
        self._noticed = self._monotonic()
        return was_away

    def focus(self, focused: bool) -> bool:
        """The terminal came to the front, or went: whether nobody had been there."""
        was_away = self.away
        self._focused = focused
        self._noticed = self._monotonic()
        return was_away

    def choose_next(self) -> None:
        """Go on to the next choice; from one that is none of them, to the next longer."""
        longer = [choice for choice in CHOICES if choice is not None and choice > (self.refresh or 0.0)]
        self._chosen = longer[0] if longer else None

    def interval(self, own: float) -> float:
        """Seconds of this machine between two readings, where the screen would take `own`."""
        if self.refresh is not None:
            return self.refresh
        return max(own, IDLE_INTERVAL_SECONDS / self._speed()) if self.away else own


class Pace:
    """The cadence of one connection, as a poller asks for it."""

    def __init__(self, cadence: Cadence, aws: Aws) -> None:
        self._cadence = cadence
        self._aws = aws

    def interval(self, own: float) -> float:
        """Seconds between an answer and the next request."""
        return self._cadence.interval(own)

    def wait(self, calls: int) -> float:
        """Seconds until a reading of so many calls fits into the budget."""
        return self._aws.meter.seconds_until(calls, self._cadence.budget)

    def reading(self, *, automatic: bool) -> AbstractContextManager[Reading]:
        """Count the calls of one reading."""
        return self._aws.meter.reading(automatic=automatic)


_CADENCES: WeakKeyDictionary[ConsoleApp, Cadence] = WeakKeyDictionary()


def cadence_of(console: ConsoleApp) -> Cadence:
    """The console's cadence, from its options at first."""
    if console not in _CADENCES:
        _CADENCES[console] = Cadence(partial(getattr, console, "options"), partial(_speed, console))
    return _CADENCES[console]


def _speed(console: ConsoleApp) -> float:
    return console.aws.clock.speed if console.connected else 1.0


def heed(console: ConsoleApp, event: Event) -> None:
    """Note from an event whether somebody is there; who comes back sees what is new at once."""
    cadence = cadence_of(console)
    match event:
        case Key() | MouseEvent() | Paste():
            came_back = cadence.noticed()
        case AppFocus() | AppBlur():
            came_back = cadence.focus(isinstance(event, AppFocus))
        case _:
            return
    if came_back and console.connected and (screen := as_console_screen(console.screen)) is not None:
        screen.wake()
