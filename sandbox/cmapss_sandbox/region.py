"""One emulated region: its clock, its timed events, its tables, its objects and who listens to what."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.calls import KEPT, Call
from cmapss_sandbox.clock import RegionClock
from cmapss_sandbox.events import EventHandler, EventQueue, TimedEvent
from cmapss_sandbox.objects import ObjectStore
from cmapss_sandbox.store import FILE, Store, Table, set_aside

if TYPE_CHECKING:
    from cmapss_sandbox.iam.authorization import Authority
    from cmapss_sandbox.wire.requests import Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a handler may know of a request besides its members; header names are in lower case."""

    service: str
    operation: str
    access_key: str
    region_name: str
    headers: Mapping[str, str]
    request_id: str
    request: Request | None = None


Handler = Callable[["Region", dict[str, Any], RequestContext], dict[str, Any]]
# Looks at a request before it is checked and carried out, and may look at it again when that is done.
Guard = Callable[["Region", RequestContext, Mapping[str, Any]], AbstractContextManager[None]]
# What a control call does with what was asked, and what it tells of it besides the region's status.
Control = Callable[["Region", dict[str, Any]], "dict[str, Any] | None"]
# Real seconds that the clock may run before it is written down again.
_SAVED_AHEAD_SECONDS = 1.0
# The member of a handler's answer that is the HTTP status, where that is not 200.
STATUS = "_status"


class Region:
    """All that one sandbox holds; whoever changes it holds its lock, and a change is kept whole or not at all.

    The clock starts at `now` (this machine's time by default), or where a region with the same state stopped
    when that is later; one that was killed goes on a little later than that, for the time it has told nobody else
    may be ahead of what it had written down. With `strict`, an event that fails raises where events are run; otherwise
    it is logged.
    """

    name = "us-east-1"
    account = "000000000000"

    def __init__(
        self,
        state: Path,
        *,
        speed: float = 1.0,
        paused: bool = False,
        now: datetime | None = None,
        strict: bool = False,
    ) -> None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state = state
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self._written = threading.Condition(self.lock)
        # Where the state of another version of the sandbox was moved to, None where there was none.
        self.set_aside = set_aside(state)
        self.store = Store(state / FILE, self.lock)
        self.objects = ObjectStore(state / "objects", self.now)
        self.events = EventQueue(self.table("timed_events"))
        self.invoke_latency_seconds = 0.0
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self.controls: dict[str, Control] = {}
        # Who decides where IAM is enforced.
        self.authority: Authority | None = None
        self._meta = self.table("region")
        self._strict = strict
        self._handlers: dict[str, EventHandler] = {}
        self._subscribers: defaultdict[str, list[EventHandler]] = defaultdict(list)
        self._reports: dict[str, Callable[[], Any]] = {}
        self._guards: list[Guard] = []
        self._event_time = threading.local()
        started = now or datetime.now(UTC)
        saved = self._meta.get("clock", {}).get("now", started)
        self.clock = RegionClock(max(started, saved), speed, paused=paused)
        self._saved_until = saved
        # When the first region with this state began.
        self.born: datetime = self._meta.setdefault("born", {"at": self.clock.now()})["at"]

    def now(self) -> datetime:
        """The region's time in UTC; while a timed event runs, the time at which it was due."""
        at: datetime | None = getattr(self._event_time, "now", None)
        return at or self.clock.now()

    def told_time(self) -> datetime:
        """The clock's time, to be told to a client: a region that goes on after it was killed is not before it."""
        now = self.clock.now()
        if now > self._saved_until:
            with self.lock:
                self._save_clock()
        return now

    def table(self, name: str) -> Table:
        """The table of that name; writing to it writes to the state folder."""
        return self.store.table(name)

    def arn(self, service: str, resource: str) -> str:
        """The name of a resource of this region and account, such as `endpoint/my-endpoint`."""
        return f"arn:aws:{service}:{self.name}:{self.account}:{resource}"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; keep all changes made inside, or none when it is left by an exception."""
        with self.store.transaction():
            yield
            if self.store.dirty:
                self._save_clock()
                self._written.notify_all()

    def wait_until(self, predicate: Callable[[], bool], seconds: float) -> bool:
        """Wait for something to be so in the tables, at most so many real seconds; whether it came to be."""
        with self._written:
            return self._written.wait_for(predicate, seconds)

    # Timed events

    def on(self, event: str, handler: EventHandler) -> None:
        """Name the handler of a timed event, called as handler(region, **arguments)."""
        self._handlers[event] = handler

    def schedule(self, due: datetime, event: str, /, **arguments: Any) -> str:
        """Let an event happen at a time, now when that is past; JSON arguments; returns the event's id."""
        with self.changed:
            event_id = self.events.add(due, event, arguments)
            self.changed.notify_all()
            return event_id

    def cancel(self, event_id: str) -> None:
        """Let an event not happen; one that has happened or is unknown is no error."""
        with self.lock:
            self.events.discard(event_id)

    def settle(self) -> None:
        """Run whatever is due by now, so that what is read next is the state at this moment."""
        with self.lock:
            now = self.clock.now()
            while self.run_next_event(now):
                pass

    def advance(self, seconds: float) -> None:
        """Let that much region time pass at once, with every event due in it run in order at its own time."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"Time is advanced by 0 or more seconds, not {seconds:g}.")
        with self.changed:
            until = self.clock.now() + timedelta(seconds=seconds)
            while self.run_next_event(until):
                pass
            self.clock.forward_to(until)
            self._save_clock()
            self.changed.notify_all()

    def run_next_event(self, until: datetime) -> bool:
        """Run the next event if it is due by then, and say whether there was one."""
        with self.lock:
            event = self.events.next()
            if event is None or event.due > until:
                return False
            self.clock.forward_to(event.due)
            try:
                with self._at(event.due), self.transaction():
                    self.events.discard(event.id)
                    self._handle(event)
            except Exception:
                self.events.discard(event.id)
                if self._strict:
                    raise
                _log.exception("The timed event %s failed", event.name)
            return True

    # Notifications

    def subscribe(self, event: str, handler: EventHandler) -> None:
        """Be called as handler(region, **arguments) whenever that is notified, within the same transaction."""
        self._subscribers[event].append(handler)

    def notify(self, event: str, /, **arguments: Any) -> None:
        """Tell every subscriber that something has happened."""
        for handler in self._subscribers[event]:
            handler(self, **arguments)

    # Requests

    def guard(self, guard: Guard) -> None:
        """Have every request pass a guard, whose context is around its check and its handler, without the lock.

        A guard refuses by raising AwsError, and drops the connection by raising ConnectionDroppedError, either before
        the request is carried out or after; it gives another answer by raising UnreadableAnswerError.
        """
        self._guards.append(guard)

    @contextmanager
    def guarded(self, context: RequestContext, members: Mapping[str, Any]) -> Iterator[None]:
        """Carry out a request inside; the guards have the first and the last word."""
        with ExitStack() as stack:
            for guard in self._guards:
                stack.enter_context(guard(self, context, members))
            yield

    def permits(self, role_arn: str, action: str, resource: str) -> bool:
        """Whether a role may do that to the resource for the service that has it; always, unless IAM is enforced."""
        return self.authority is None or self.authority.permits(role_arn, action, resource)

    def assumable(self, role_arn: str, service: str = "sagemaker.amazonaws.com") -> bool:
        """Whether a role exists and trusts that service; always, unless IAM is enforced."""
        return self.authority is None or self.authority.assumable(role_arn, service)

    # What there is to tell of itself

    def report(self, name: str, tell: Callable[[], Any]) -> None:
        """Have a part of the sandbox tell how it is, as JSON values, under that name."""
        self._reports[name] = tell

    def reports(self) -> dict[str, Any]:
        """What every part tells now."""
        with self.lock:
            return {name: tell() for name, tell in self._reports.items()}

    # Life

    def set_speed(self, speed: float) -> None:
        """Let time run faster or slower from now on; raises ValueError unless positive and finite."""
        with self.changed:
            self.clock.set_speed(speed)
            self.changed.notify_all()

    def set_paused(self, paused: bool) -> None:
        """Stop the region's time, or let it run on."""
        with self.changed:
            if paused:
                self.clock.pause()
            else:
                self.clock.resume()
            self.changed.notify_all()

    def close(self) -> None:
        """Save the clock and let go of the state folder."""
        with self.lock:
            self._meta["clock"] = {"now": self.clock.now()}
            self.store.close()

    def _handle(self, event: TimedEvent) -> None:
        handler = self._handlers.get(event.name)
        if handler is None:
            raise LookupError(f"Nothing handles the timed event {event.name}.")
        handler(self, **event.arguments)

    @contextmanager
    def _at(self, moment: datetime) -> Iterator[None]:
        self._event_time.now = moment
        try:
            yield
        finally:
            self._event_time.now = None

    def _save_clock(self) -> None:
        """Write down a time that the clock reaches soon, so that not every telling of the time has to write."""
        self._saved_until = self.clock.now() + timedelta(seconds=_SAVED_AHEAD_SECONDS * self.clock.rate)
        self._meta["clock"] = {"now": self._saved_until}
