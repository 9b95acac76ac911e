"""The events of a log group, from the newest backwards, and then whatever is added to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from cmapss_core.answers import understood
from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot

TAIL = 1_000  # events of a first look, and of each look further back
KEPT = 20_000
PAGES = 50  # of one look: a page may be empty and not be the last, while AWS searches through a long time
# CloudWatch Logs reads the newest first only from here on (API reference of FilterLogEvents, startFromHead).
EARLIEST = datetime(2024, 1, 1, tzinfo=UTC)
LATE = timedelta(minutes=1)  # events of several hosts do not arrive in the order of their times


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event; `timestamp` in milliseconds since 1970, the id unique in its log group."""

    id: str
    timestamp: int
    stream: str
    message: str

    @property
    def at(self) -> datetime:
        """Its time, with zone UTC."""
        return datetime.fromtimestamp(self.timestamp / 1000, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSnapshot(Snapshot):
    """The events as far as they are known, oldest first.

    `missing`: there is no such log group (yet). `older`: there may be events before these that can be read; `full`:
    no more of them are kept.
    """

    events: tuple[LogEvent, ...] = ()
    missing: bool = False
    older: bool = False
    full: bool = False


class LogReader:
    """Reads the tail of a log group first, and follows it from there; for one thread at a time.

    `stream_prefix` narrows it down to the streams that begin so. `since`, a span of the region's time, is how far the
    first look goes back; without it, TAIL events are read, however old they are.
    """

    def __init__(
        self, aws: Aws, log_group: str, stream_prefix: str | None = None, *, since: timedelta | None = None
    ) -> None:
        self._aws = aws
        self._since = since
        self._asked: dict[str, Any] = {"logGroupName": log_group}
        if stream_prefix:
            self._asked["logStreamNamePrefix"] = stream_prefix
        self._events: tuple[LogEvent, ...] = ()
        self._ids: set[str] = set()
        self._start: int | None = None
        self._older = False
        self._older_wanted = False

    def want_older(self) -> None:
        """Let the next reading look further back as well; may be called in any thread."""
        self._older_wanted = True

    def read(self) -> LogSnapshot:
        """What there is now. Raises ConsoleError; without a log group it is a snapshot that says so."""
        missing = False
        try:
            self._follow()
            if self._older_wanted:
                self._older_wanted = False
                self._look_back()
        except ConsoleError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise self._in_words(error) from error
            missing = True
        full = len(self._events) >= KEPT
        return LogSnapshot(
            as_of=self._aws.clock.now(),
            source="FilterLogEvents",
            events=self._events,
            missing=missing,
            older=self._older and not full,
            full=full,
        )

    def _follow(self) -> None:
        if self._events:
            found, complete = self._newest(self._events[-1].timestamp - _milliseconds(LATE), None, KEPT)
            if complete:
                self._add(found)
                return
            self._events, self._ids = (), set()  # what is missing in between would be missing without a word
        else:
            if self._start is None:
                begins = EARLIEST if self._since is None else max(EARLIEST, self._aws.clock.now() - self._since)
                self._start = int(begins.timestamp() * 1000)
            found, complete = self._newest(self._start, None, TAIL if self._since is None else KEPT)
        self._older = not complete or self._since is not None
        self._add(found)

    def _look_back(self) -> None:
        room = min(TAIL, KEPT - len(self._events))
        if not self._older or not self._events or room <= 0:
            return
        first = self._events[0].timestamp
        # Those of the same millisecond are known already, and come again.
        known = sum(event.timestamp == first for event in self._events)
        found, complete = self._newest(int(EARLIEST.timestamp() * 1000), first, room + known)
        self._older = not complete
        self._add(found)

    def _newest(self, start: int, end: int | None, limit: int) -> tuple[list[LogEvent], bool]:
        """At most `limit` events of that time, from the newest on, and whether these are all."""
        asked = {**self._asked, "startTime": start, "startFromHead": False, "limit": min(limit, 10_000)}
        if end is not None:
            asked["endTime"] = end
        found: list[LogEvent] = []
        for number, page in enumerate(self._aws.pages("logs", "FilterLogEvents", token="nextToken", **asked), start=1):
            found += (understood(event, partial(_event, event)) for event in page.get("events", ()))
            if page.get("nextToken") and (len(found) >= limit or number >= PAGES):
                return found[:limit], False
        return found[:limit], len(found) <= limit

    def _add(self, found: Iterable[LogEvent]) -> None:
        new = {event.id: event for event in found if event.id not in self._ids}
        if not new:
            return
        events = sorted((*self._events, *new.values()), key=lambda event: (event.timestamp, event.id))
        if len(events) > KEPT:
            events = events[-KEPT:]
            self._older = True
        self._events = tuple(events)
        self._ids = {event.id for event in events}

    def _in_words(self, error: ConsoleError) -> ConsoleError:
        if error.kind is not ErrorKind.DENIED:
            return error
        group = self._asked["logGroupName"]
        return error.told_as(error.message, f"Ask for logs:FilterLogEvents on the log group {group}.")


def _event(answer: Mapping[str, Any]) -> LogEvent:
    """An event as FilterLogEvents has it. Raises OverflowError or ValueError where its time is none."""
    event = LogEvent(answer["eventId"], answer["timestamp"], answer["logStreamName"], answer["message"])
    event.at.astimezone()
    return event


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
