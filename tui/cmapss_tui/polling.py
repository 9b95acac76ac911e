"""Reading AWS in the background: daemon threads, one read in flight for each poller, answers that come as messages.

Threads are daemons of our own, not Textual's workers: those sit in an executor that the interpreter waits for, so
that one hanging call would keep the program from ending.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from textual.events import Callback
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

from cmapss_core.errors import ConsoleError, ErrorKind

if TYPE_CHECKING:
    from cmapss_core.call_meter import Reading

S = TypeVar("S")
T = TypeVar("T")

LOG = logging.getLogger(__name__)
# Without a handler of its own an error would be written over the screen that Textual is drawing.
LOG.addHandler(logging.NullHandler())
_REPORTS: dict[str, Path | None] = {}
# After a failure, in seconds of this machine: where the network or a login is missing, the first tries come soon, and
# however long the interval, nobody waits longer than the most for it to be noticed that all is well again.
LEAST_RETRY_SECONDS, SHORT_RETRY_SECONDS, MOST_RETRY_SECONDS = 1.0, 5.0, 15.0
MOST_THROTTLED_SECONDS = 60.0


class SnapshotRead(Message, bubble=False):
    """A poller's read has come back; sent to its owner only."""

    def __init__(self, poller: str, snapshot: Any) -> None:
        super().__init__()
        self.poller = poller
        self.snapshot = snapshot


class ReadFailed(Message, bubble=False):
    """A poller's read raised instead of answering; sent to its owner only."""

    def __init__(self, poller: str, error: ConsoleError) -> None:
        super().__init__()
        self.poller = poller
        self.error = error


class Pace(Protocol):
    """What decides how often a poller reads."""

    def interval(self, own: float) -> float:
        """Seconds between an answer and the next request, where the poller itself would take `own`."""
        ...

    def wait(self, calls: int) -> float:
        """Seconds to wait before a reading of so many calls."""
        ...

    def reading(self, *, automatic: bool) -> AbstractContextManager[Reading]:
        """Count the calls of one reading."""
        ...


class Poller(Generic[S]):
    """Asks `read` again and again, in a thread, and posts what it answers to `owner` as SnapshotRead.

    `interval` says how many seconds of this machine pass between an answer and the next request; it is given the
    last snapshot, or None before the first. `pace` may want another interval, and may let a reading that is due wait;
    never one that the operator asks for. All methods belong to the event loop's thread.
    """

    def __init__(
        self,
        owner: MessagePump,
        name: str,
        read: Callable[[], S],
        interval: Callable[[S | None], float],
        *,
        pace: Pace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.snapshot: S | None = None
        self.slowed = False  # whether a reading that is due waits for its turn
        self._owner = owner
        self._read = read
        self._choose_interval = interval
        self._pace = pace
        self._monotonic = monotonic
        self._interval = self._paced()
        self._timer: Timer | None = None
        self._due_at: float | None = None
        self._began = 0.0
        self._answered: float | None = None
        self._calls = 1  # that a reading takes: as many as the last
        self._failures = 0  # in a row
        self._generation = 0
        self._in_flight = False
        self._asked_again = False
        self._paused = False
        self._held = False
        self._stopped = True

    @property
    def interval(self) -> float:
        """Seconds of this machine until an answer counts as due for renewal."""
        return self._interval

    @property
    def relaxed(self) -> bool:
        """Whether it reads less often than it would by itself."""
        return self.slowed or self._interval > self._choose_interval(self.snapshot)

    @property
    def in_flight(self) -> bool:
        """Whether a read is on its way."""
        return self._in_flight

    @property
    def seconds_in_flight(self) -> float:
        """For how long the read that is on its way has not been answered; 0 where there is none."""
        return self._monotonic() - self._began if self._in_flight else 0.0

    @property
    def seconds_to_next(self) -> float | None:
        """Until the next read; None where none is planned."""
        if self._timer is None or self._due_at is None:
            return None
        return max(0.0, self._due_at - self._monotonic())

    def start(self) -> None:
        """Read now, and from now on."""
        self._stopped = False
        self.request()

    def request(self) -> None:
        """Read now, also while paused. A read that is in flight already is the answer to this request too."""
        self._send(automatic=False)

    def restart(self) -> None:
        """Drop what is known and what is in flight, because the question has changed, and read anew."""
        self._generation += 1
        self.snapshot = None
        self._stopped = False
        self._asked_again = self._in_flight
        self.request()

    def pause(self) -> None:
        """Ask for nothing more until resumed; a read in flight still arrives."""
        self._paused = True
        self._cancel_timer()

    def resume(self) -> None:
        """Read now, and go on as before the pause."""
        if self._paused:
            self._paused = False
            self.request()

    def hold(self) -> None:
        """Ask for nothing while nobody sees it, or nothing is to move."""
        self._held = True
        self._cancel_timer()

    def release(self) -> None:
        """Go on: at once where an answer is due by now, else when it will be."""
        if self._held:
            self._held = False
            self.reschedule()

    def reschedule(self) -> None:
        """Plan the next read anew, because the interval may be another one now."""
        if self._stopped or self._in_flight or self._paused or self._held:
            return
        self._interval = self._paced()
        elapsed = self._monotonic() - self._answered if self._answered is not None else self._interval
        if elapsed < self._interval and not self._failures:
            self._plan(self._interval - elapsed)
        else:
            self.request()

    def stop(self) -> None:
        """End for good, without waiting for a read in flight: its answer is dropped."""
        self._generation += 1
        self._stopped = True
        self._asked_again = False
        self._cancel_timer()

    def _due(self) -> None:
        """The interval is over: read, as soon as the pace allows it."""
        if self._stopped or self._paused or self._held:
            return
        wait = self._pace.wait(self._calls) if self._pace is not None else 0.0
        self.slowed = wait > 0
        if self.slowed:
            self._plan(wait)
        else:
            self._send(automatic=True)

    def _send(self, *, automatic: bool) -> None:
        self._cancel_timer()
        if self._stopped or self._in_flight:
            return
        self.slowed = False
        self._in_flight = True
        self._began = self._monotonic()
        work = partial(self._work, self._generation, automatic)
        threading.Thread(target=work, name=f"poller {self.name}", daemon=True).start()

    def _work(self, generation: int, automatic: bool) -> None:
        message: SnapshotRead | ReadFailed
        with self._pace.reading(automatic=automatic) if self._pace is not None else nullcontext() as reading:
            try:
                message = SnapshotRead(self.name, self._read())
            except ConsoleError as error:
                message = ReadFailed(self.name, error)
            except Exception as error:
                message = ReadFailed(self.name, unexpected(error))
        calls = reading.calls if reading is not None else 1
        post(self._owner, Callback(partial(self._arrived, generation, message, calls)))

    def _arrived(self, generation: int, message: SnapshotRead | ReadFailed, calls: int) -> None:
        self._in_flight = False
        if generation != self._generation:
            if self._asked_again:
                self._asked_again = False
                self.request()
            return
        if isinstance(message, SnapshotRead):
            self.snapshot = message.snapshot
        error = message.error if isinstance(message, ReadFailed) else getattr(message.snapshot, "error", None)
        self._failures = self._failures + 1 if error is not None else 0
        self._calls = max(1, calls)
        self._answered = self._monotonic()
        self._interval = self._paced()
        if not self._paused and not self._held:
            self._plan(retry_seconds(error, self._interval, self._failures) if error is not None else self._interval)
        self._owner.post_message(message)

    def _paced(self) -> float:
        own = self._choose_interval(self.snapshot)
        return self._pace.interval(own) if self._pace is not None else own

    def _plan(self, seconds: float) -> None:
        self._cancel_timer()
        self._due_at = self._monotonic() + seconds
        # By way of the queue: a timer's own callback may come while the owner is being taken down.
        due = partial(self._owner.call_later, self._due)
        self._timer = self._owner.set_timer(seconds, due, name=f"poll {self.name}")

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


def retry_seconds(error: ConsoleError, interval: float, failures: int) -> float:
    """How long to wait after so many failures in a row: who is throttled slows down, what is away is looked for often.

    What only a part of a reading failed with is no reason to read the rest at another pace.
    """
    if error.kind is ErrorKind.THROTTLED:
        return max(interval, min(interval * 2.0 ** min(failures, 5), MOST_THROTTLED_SECONDS))
    if error.kind in (ErrorKind.AUTH, ErrorKind.UNREACHABLE):
        backed_off = min(LEAST_RETRY_SECONDS * 2.0 ** min(failures - 1, 5), MOST_RETRY_SECONDS)
        return max(min(interval, MOST_RETRY_SECONDS), min(backed_off, max(interval, SHORT_RETRY_SECONDS)))
    return interval


def run_in_thread(
    owner: MessagePump,
    work: Callable[[], T],
    done: Callable[[T], Message],
    failed: Callable[[ConsoleError], Message],
) -> None:
    """Do `work` once in a daemon thread; its result, or its error, comes back to `owner` as a message."""

    def run() -> None:
        try:
            message = done(work())
        except ConsoleError as error:
            message = failed(error)
        except Exception as error:
            message = failed(unexpected(error))
        post(owner, message)

    threading.Thread(target=run, name=f"work for {type(owner).__name__}", daemon=True).start()


def post(owner: MessagePump, message: Message) -> None:
    """Hand over a message from any thread. An owner that has gone, or whose loop has ended, takes nothing."""
    with suppress(RuntimeError):  # a closed event loop; NoActiveAppError is one of these too
        owner.post_message(message)


def unexpected(error: Exception) -> ConsoleError:
    """Log and report an error that nobody foresaw, and make it one that can be shown."""
    from cmapss_tui.crash import redact, write_crash_report

    what = redact(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    LOG.error("unexpected %s", what, exc_info=error)
    if what not in _REPORTS:  # a poller meets the same error again and again
        _REPORTS[what] = write_crash_report(error)
    path = _REPORTS[what]
    return ConsoleError(
        ErrorKind.FAILED,
        what,
        remedy=f"This is a fault of the console; the report is in {path}"
        if path
        else "This is a fault of the console.",
    )
