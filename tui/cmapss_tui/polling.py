"""Reading AWS in the background: daemon threads, one read in flight for each poller, answers that come as messages.

Threads are daemons of our own, not Textual's workers: those sit in an executor that the interpreter waits for, so
that one hanging call would keep the program from ending.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from textual.events import Callback
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

from cmapss_core.errors import ConsoleError, ErrorKind

S = TypeVar("S")
T = TypeVar("T")

LOG = logging.getLogger(__name__)
# Without a handler of its own an error would be written over the screen that Textual is drawing.
LOG.addHandler(logging.NullHandler())
_REPORTS: dict[str, Path | None] = {}


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


class Poller(Generic[S]):
    """Asks `read` again and again, in a thread, and posts what it answers to `owner` as SnapshotRead.

    `interval` says how many seconds of this machine pass between an answer and the next request; it is given the
    last snapshot, or None before the first. All methods belong to the event loop's thread.
    """

    def __init__(
        self,
        owner: MessagePump,
        name: str,
        read: Callable[[], S],
        interval: Callable[[S | None], float],
    ) -> None:
        self.name = name
        self.snapshot: S | None = None
        self._owner = owner
        self._read = read
        self._choose_interval = interval
        self._interval = interval(None)
        self._timer: Timer | None = None
        self._generation = 0
        self._in_flight = False
        self._asked_again = False
        self._paused = False
        self._stopped = True

    @property
    def interval(self) -> float:
        """Seconds of this machine until an answer counts as due for renewal."""
        return self._interval

    @property
    def in_flight(self) -> bool:
        """Whether a read is on its way."""
        return self._in_flight

    def start(self) -> None:
        """Read now, and from now on."""
        self._stopped = False
        self.request()

    def request(self) -> None:
        """Read now, also while paused. A read that is in flight already is the answer to this request too."""
        self._cancel_timer()
        if self._stopped or self._in_flight:
            return
        self._in_flight = True
        threading.Thread(target=self._work, args=(self._generation,), name=f"poller {self.name}", daemon=True).start()

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

    def stop(self) -> None:
        """End for good, without waiting for a read in flight: its answer is dropped."""
        self._generation += 1
        self._stopped = True
        self._asked_again = False
        self._cancel_timer()

    def _work(self, generation: int) -> None:
        message: SnapshotRead | ReadFailed
        try:
            message = SnapshotRead(self.name, self._read())
        except ConsoleError as error:
            message = ReadFailed(self.name, error)
        except Exception as error:
            message = ReadFailed(self.name, unexpected(error))
        post(self._owner, Callback(partial(self._arrived, generation, message)))

    def _arrived(self, generation: int, message: SnapshotRead | ReadFailed) -> None:
        self._in_flight = False
        if generation != self._generation:
            if self._asked_again:
                self._asked_again = False
                self.request()
            return
        if isinstance(message, SnapshotRead):
            self.snapshot = message.snapshot
        self._interval = self._choose_interval(self.snapshot)
        if not self._paused:
            self._timer = self._owner.set_timer(self._interval, self.request, name=f"poll {self.name}")
        self._owner.post_message(message)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


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
