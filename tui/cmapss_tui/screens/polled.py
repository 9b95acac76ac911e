"""A screen that reads AWS by itself: pollers that rest while it is hidden, what they answered last, and what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from textual.events import DescendantBlur, DescendantFocus

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot
from cmapss_tui import formats
from cmapss_tui.cadence import Pace, cadence_of
from cmapss_tui.polling import Poller, ReadFailed, SnapshotRead
from cmapss_tui.screens.take_away import TakeAwayScreen
from cmapss_tui.troubles import EVERYWHERE, Cause, Trouble, cause_of, troubles_of
from cmapss_tui.widgets.age import Freshness, freshness
from cmapss_tui.widgets.filter_bar import FilterBar

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_tui.app import ConsoleApp

S = TypeVar("S")
HANGING_SECONDS = 8.0  # without any answer, until it is a trouble of its own
NEVER_ANSWERED = "No answer has come yet"
WAITING_REMEDY = "It is asked again by itself; check the network or VPN."
AWAY = Cause(ErrorKind.UNREACHABLE)


class PolledScreen(TakeAwayScreen):
    """It hears SnapshotRead and ReadFailed of its own pollers, and keeps what they say for its frame.

    Nothing is read while nobody sees it, nor while a filter is being typed: nothing moves below it then.
    """

    DEFAULT_CSS = "PolledScreen.-old TextView, PolledScreen Lines.-old { text-style: dim; }"

    def __init__(self) -> None:
        super().__init__()
        self._of_this_machine: set[str] = set()
        self._pollers: dict[str, Poller[Snapshot]] = {}
        self._failures: dict[str, ConsoleError] = {}
        self._complete: dict[str, Snapshot] = {}
        self._paused = False
        self._hidden = False
        self._typing = False
        self._waited = 0.0  # seconds without an answer, once they were a trouble

    @property
    def console(self) -> ConsoleApp:
        """The application, as what it is."""
        return cast("ConsoleApp", self.app)

    @property
    def aws(self) -> Aws:
        """The connection; there is one as soon as there are screens of this kind."""
        return self.console.aws

    @property
    def paused(self) -> bool:
        """Whether the operator stopped the reading."""
        return self._paused

    @property
    def snapshots(self) -> Iterable[Snapshot]:
        """What each poller answered last that was complete."""
        return self._complete.values()

    def add_poller(
        self, name: str, read: Callable[[], S], interval: Callable[[S | None], float], *, of_aws: bool = True
    ) -> Poller[S]:
        """Start reading, for as long as this screen is visible. The first poller's age is the screen's age.

        What is not `of_aws`, as the journal, says nothing about whether that is within reach.
        """
        if not of_aws:
            self._of_this_machine.add(name)
        poller = Poller(self, name, read, interval, pace=Pace(cadence_of(self.console), self.aws))
        self._pollers[name] = cast("Poller[Snapshot]", poller)
        # Not before everything is composed: the answer may come at once.
        self.call_after_refresh(poller.start)
        return poller

    def freshness_of(self, name: str) -> Freshness:
        """How old the last complete answer of a poller is; what a failed read leaves on the screen is that."""
        return self._judged(name, self._complete.get(name), self._failures.get(name))

    def freshness_of_part(
        self, name: str, as_of: datetime | None, error: ConsoleError | None, interval: float = 0.0
    ) -> Freshness:
        """The same for a part of what a poller reads: when it was true, and the error of a reading since then.

        A part that is read more seldom says after how many seconds that is.
        """
        return self._judged(name, Snapshot(as_of=as_of) if as_of is not None else None, error, interval)

    def troubles(self) -> list[Trouble]:
        """Why readings fail, one for each cause, the gravest first."""
        errors = list(self._failures.values())
        waited = self.unanswered
        if waited > HANGING_SECONDS:
            self._waited = waited
            errors.append(self._no_answer(waited))
        elif self.aws.meter.silence < self._waited:
            self._end(AWAY)
        found = troubles_of(self.console).of(errors)
        if waited <= HANGING_SECONDS:
            return found
        return [replace(one, seconds=max(one.seconds, waited)) if one.cause == AWAY else one for one in found]

    @property
    def unanswered(self) -> float:
        """For how many seconds what is shown waits for an answer of AWS; 0 where none is being waited for."""
        of_aws = [poller for name, poller in self._pollers.items() if name not in self._of_this_machine]
        return max(map(self._unanswered, of_aws), default=0.0)

    def seconds_to_next_try(self, trouble: Trouble) -> float | None:
        """When what fails by it is read again; None while it is being read."""
        failing = [self._pollers[name] for name, error in self._failures.items() if cause_of(error) == trouble.cause]
        waits = [wait for poller in failing if (wait := poller.seconds_to_next) is not None]
        if any(poller.in_flight for poller in (failing or self._pollers.values())):
            return None
        return min(waits, default=None)

    def wake(self) -> None:
        """The cadence is another one now: plan the next readings anew."""
        for poller in self._pollers.values():
            poller.reschedule()

    def read_again(self) -> None:
        """Something was read, or could not be."""

    def recovered(self, seconds: float) -> None:
        """What kept AWS away for so many seconds of this machine is over."""

    def on_unmount(self) -> None:
        for poller in self._pollers.values():
            poller.stop()

    def on_screen_suspend(self) -> None:
        self._hidden = True
        self._hold_or_release()

    def on_screen_resume(self) -> None:
        self._hidden = False
        self._hold_or_release()
        self._read_what_is_old()
        self.read_again()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._typing = any(isinstance(node, FilterBar) for node in event.widget.ancestors)
        self._hold_or_release()

    def on_descendant_blur(self, _: DescendantBlur) -> None:
        self._typing = False
        self._hold_or_release()

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        error = message.snapshot.error
        self.console.heard(self, message.snapshot)
        if error is None:
            self._complete[message.poller] = message.snapshot
            self._succeeded(message.poller)
        else:
            self._failures[message.poller] = error
        self.read_again()

    def on_read_failed(self, message: ReadFailed) -> None:
        self.console.heard(self)
        self._failures[message.poller] = message.error
        self.read_again()

    def action_refresh(self) -> None:
        """Read everything now, paused or not."""
        for poller in self._pollers.values():
            poller.request()

    def action_pause(self) -> None:
        """Stop reading by itself, or go on."""
        self._paused = not self._paused
        for poller in self._pollers.values():
            if self._paused:
                poller.pause()
            else:
                poller.resume()
        self.read_again()

    def action_interval(self) -> None:
        """Go on to the next refresh interval."""
        cadence_of(self.console).choose_next()
        self.wake()
        self.read_again()

    def _judged(
        self, name: str, snapshot: Snapshot | None, error: ConsoleError | None, interval: float = 0.0
    ) -> Freshness:
        poller, cadence = self._pollers[name], cadence_of(self.console)
        slowed = cadence.slowed if poller.slowed or (cadence.away and poller.relaxed) else ""
        return freshness(
            snapshot,
            self.aws.clock,
            max(poller.interval, interval),
            paused=self._paused,
            error=error,
            slowed=slowed,
            unanswered=self._unanswered(poller),
        )

    def _unanswered(self, poller: Poller[Snapshot]) -> float:
        """For how long a reading that is on its way has heard nothing: one of many calls hears some now and then."""
        return min(poller.seconds_in_flight, self.aws.meter.silence)

    def _read_what_is_old(self) -> None:
        """Pollers go by this machine's time; where the region's has leapt ahead, what was read is old all the same."""
        clock = self.aws.clock
        for name, snapshot in self._complete.items():
            poller = self._pollers[name]
            passed = (clock.now() - snapshot.as_of).total_seconds() / clock.speed
            if passed > poller.interval and not self._paused and not self._typing:
                poller.request()

    def _hold_or_release(self) -> None:
        for poller in self._pollers.values():
            if self._hidden or self._typing:
                poller.hold()
            else:
                poller.release()

    def _succeeded(self, name: str) -> None:
        """Forget the poller's failure; what else failed for the same reason is read at once."""
        error = self._failures.pop(name, None)
        if error is not None:
            self.console.identify()  # what hindered the reading may have hindered that as well
        left = {other: cause_of(failed) for other, failed in self._failures.items()}
        causes = {cause_of(error)} if error is not None else set()
        if name not in self._of_this_machine:  # whatever was answered, AWS is within reach
            causes.add(AWAY)
        for cause in causes:
            alike = [other for other, its in left.items() if its == cause]
            if cause.kind in EVERYWHERE:
                for other in alike:
                    self._pollers[other].request()
            if not alike:
                self._end(cause)

    def _end(self, cause: Cause) -> None:
        """A trouble is over: say so, if there was one and it is this screen that finds out."""
        waited, self._waited = (self._waited, 0.0) if cause == AWAY else (0.0, self._waited)
        seconds = troubles_of(self.console).over(cause)
        if seconds is not None:
            self.recovered(max(seconds, waited))

    def _no_answer(self, waited: float) -> ConsoleError:
        """That an answer is being waited for, since a time of the region where that is known."""
        clock = self.aws.clock
        since = clock.now() - timedelta(seconds=waited * clock.speed)
        message = f"Waiting for an answer since {formats.time_of_day(since)}" if clock.heard else NEVER_ANSWERED
        return ConsoleError(ErrorKind.UNREACHABLE, message, remedy=WAITING_REMEDY)
