"""How old what a panel shows is, and whether it is still being renewed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from cmapss_tui import formats, theme

if TYPE_CHECKING:
    from cmapss_core.clock import RegionClock
    from cmapss_core.errors import ConsoleError
    from cmapss_core.snapshots import Snapshot

OLD_AFTER_INTERVALS, STALE_AFTER_INTERVALS = 2.0, 4.0
SLACK_SECONDS = 2.0  # a reading takes time itself, and region time is told in whole seconds
UNANSWERED_SECONDS = 5.0  # after which a reading that is on its way is said to have no answer
OLD = "-old"  # the class of what is written in grey because it is old


class State(StrEnum):
    """What the age of the data means."""

    WAITING = "waiting"
    LIVE = "live"
    SLOWED = "slowed"
    PAUSED = "paused"
    STALE = "stale"
    FAILED = "failed"
    STOPPED = "stopped"


_LOOKS: dict[State, tuple[str, str]] = {
    State.WAITING: ("◌", theme.QUIET),
    State.LIVE: ("●", theme.GOOD),
    State.SLOWED: ("◔", theme.ACCENT),
    State.PAUSED: ("‖", theme.ACCENT),
    State.STALE: ("▲", theme.WARN),
    State.FAILED: ("✕", theme.BAD),
    State.STOPPED: ("○", theme.QUIET),
}


@dataclass(frozen=True, slots=True)
class Freshness:
    """The age of a snapshot in seconds of this machine, and what to think of it.

    `old`: it is to be greyed, whatever the reason that it was not renewed.
    """

    state: State
    text: str
    seconds: float | None = None
    old: bool = False

    @property
    def content(self) -> Content:
        """Glyph and words, so that nothing rests on colour."""
        glyph, style = _LOOKS[self.state]
        return Content.assemble((f"{glyph} ", style), (self.text, style))


NOTHING_READ = Freshness(State.WAITING, "reading …")


def freshness(
    snapshot: Snapshot | None,
    clock: RegionClock,
    interval: float,
    *,
    paused: bool = False,
    error: ConsoleError | None = None,
    slowed: str = "",
    unanswered: float = 0.0,
) -> Freshness:
    """Judge a snapshot that is renewed every `interval` seconds of this machine.

    Region seconds are divided by the region's speed: an operator waits in seconds of this machine. `snapshot` is the
    last that was complete, `error` that of a read since then. `slowed` says why it is renewed less often than it
    could be, `unanswered` for how many seconds the read that is on its way has been. What was to be renewed by now and
    could not be is old sooner than what is merely late.
    """
    hanging = unanswered > UNANSWERED_SECONDS
    if snapshot is None:
        if error is not None:
            return Freshness(State.FAILED, f"not read: {error.kind}")
        if hanging:
            return Freshness(State.STALE, f"no answer for {formats.age(unanswered)}")
        return Freshness(State.PAUSED, "paused") if paused else NOTHING_READ
    seconds = max(0.0, (clock.now() - snapshot.as_of).total_seconds() / clock.speed)
    age = formats.age(seconds)
    overdue = 1.0 if hanging or error is not None else OLD_AFTER_INTERVALS
    old = seconds > overdue * interval + SLACK_SECONDS
    if error is not None:
        return Freshness(State.FAILED, f"{error.kind} · {age} ago", seconds, old)
    if paused:
        return Freshness(State.PAUSED, f"paused · {age} old", seconds, old)
    if hanging:
        return Freshness(State.STALE, f"no answer for {formats.age(unanswered)} · {age} ago", seconds, old)
    if slowed:
        return Freshness(State.SLOWED, f"{slowed} · {age} ago", seconds, old)
    if seconds > STALE_AFTER_INTERVALS * interval + SLACK_SECONDS:
        return Freshness(State.STALE, f"stale {age}", seconds, old)
    return Freshness(State.LIVE, f"live {age} ago", seconds, old)


def at_work(doing: str, heard: float | None = None, unanswered: float = 0.0) -> Freshness:
    """Judge work that goes on: what it is doing, when it last heard from AWS, and for how long it waits to."""
    if unanswered > UNANSWERED_SECONDS:
        return Freshness(State.STALE, f"no answer for {formats.age(unanswered)} · {doing}", heard, old=True)
    age = "" if heard is None else f" · {formats.age(heard)} ago"
    return Freshness(State.LIVE, f"{doing}{age}", heard)


class Age(Static):
    """A panel's corner that says how old the panel is."""

    DEFAULT_CSS = "Age { width: auto; height: 1; }"
    _shown: tuple[State, str] | None = None

    def show(self, value: Freshness) -> None:
        """Say this; repaints only where the words change."""
        words = (value.state, value.text)  # not the seconds: they are new each time
        if words != self._shown:
            self._shown = words
            self.update(value.content)
