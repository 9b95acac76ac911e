"""What goes on when its screen is left: a thread of work that the application knows, and any screen can look at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from textual.app import App
from textual.events import Callback

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.polling import post, unexpected

E = TypeVar("E")
R = TypeVar("R")
Run = Callable[[Callable[[E], None], Callable[[], bool]], R]

_WORKS: WeakKeyDictionary[App[Any], dict[tuple[str, str], Background[Any, Any]]] = WeakKeyDictionary()


class Background(Generic[E, R]):
    """Runs `run(tell, cancelled)` in a daemon thread; events, result and error arrive on the event loop's thread.

    `kind` and `subject` name it, such as "traffic" and an endpoint: there is one of each, and a new one takes the
    place of the last. All methods and attributes belong to the event loop's thread. Listeners are called without
    arguments after each change.
    """

    def __init__(self, app: App[Any], kind: str, subject: str, run: Run[E, R]) -> None:
        self.kind = kind
        self.subject = subject
        self.running = False
        self.latest: E | None = None
        self.result: R | None = None
        self.error: ConsoleError | None = None
        self._app = app
        self._run = run
        self._cancelled = threading.Event()
        self._told: deque[E] = deque()
        self._listeners: list[Callable[[], None]] = []
        _WORKS.setdefault(app, {})[kind, subject] = self

    @property
    def watched(self) -> bool:
        """Whether any screen shows it."""
        return bool(self._listeners)

    @property
    def cancelling(self) -> bool:
        """Whether it was told to end and has not yet."""
        return self.running and self._cancelled.is_set()

    def start(self) -> None:
        """Begin."""
        self.running = True
        threading.Thread(target=self._work, name=f"{self.kind} {self.subject}", daemon=True).start()

    def cancel(self) -> None:
        """Tell it to end; it does so at its next opportunity."""
        self._cancelled.set()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change from now on."""
        self._listeners.append(listener)

    def ignore(self, listener: Callable[[], None]) -> None:
        """Call it no longer."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def received(self, event: E) -> None:
        """Take one event; a subclass may keep more than the latest."""
        self.latest = event

    def ended(self) -> None:
        """It is over: say so where nobody is looking."""
        if not self.watched:
            self._app.notify(self.outcome, severity="error" if self.failed else "information", markup=False)

    @property
    def failed(self) -> bool:
        """Whether it went wrong."""
        return self.error is not None

    @property
    def outcome(self) -> str:
        """How it ended, in a line."""
        said = f": {self.error.message}" if self.error is not None else ""
        return f"{'✕' if said else '●'} {self.kind} {self.subject} has ended{said}"

    def _work(self) -> None:
        result: R | None = None
        error: ConsoleError | None = None
        try:
            result = self._run(self._tell, self._cancelled.is_set)
        except ConsoleError as raised:
            error = raised
        except Exception as raised:
            error = _shown(raised)
        post(self._app, Callback(partial(self._over, result, error)))

    def _tell(self, event: E) -> None:
        # One callback at a time: events may come faster than a terminal can be painted.
        self._told.append(event)
        if len(self._told) == 1:
            post(self._app, Callback(self._receive))

    def _receive(self) -> None:
        while self._told:
            self.received(self._told[0])
            self._told.popleft()
        self._changed()

    def _over(self, result: R | None, error: ConsoleError | None) -> None:
        self.running = False
        self.result, self.error = result, error
        self.ended()
        self._changed()

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def find(app: App[Any], kind: str, subject: str) -> Background[Any, Any] | None:
    """The work of that name, running or over; None where there was none since the console was opened."""
    return _WORKS.get(app, {}).get((kind, subject))


def all_of(app: App[Any]) -> list[Background[Any, Any]]:
    """All works of an application, running or over, the oldest first."""
    return list(_WORKS.get(app, {}).values())


def running(app: App[Any]) -> list[Background[Any, Any]]:
    """What is at work now."""
    return [work for work in all_of(app) if work.running]


def forget(app: App[Any]) -> None:
    """Know nothing any more of works that are over: their subjects belong to another place."""
    _WORKS.pop(app, None)


def _shown(error: Exception) -> ConsoleError:
    from cmapss_data.errors import DataError

    if isinstance(error, DataError):
        return ConsoleError(ErrorKind.INVALID, error.problem, remedy=error.remedy)
    return unexpected(error)
