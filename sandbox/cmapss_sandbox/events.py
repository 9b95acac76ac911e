"""Timed events: data in a table, ordered by a heap, run by one thread that sleeps until the next is due."""

from __future__ import annotations

import heapq
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.store import Table

if TYPE_CHECKING:
    from cmapss_sandbox.region import Region

_log = logging.getLogger(__name__)

EventHandler = Callable[..., None]


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """Something that will happen in the region at a time: its name and the arguments for its handler."""

    id: str
    due: datetime
    name: str
    arguments: dict[str, Any]


class EventQueue:
    """The events still to come; those due at the same time run in the order in which they were scheduled."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._heap = [(event["due"], event["order"], id_) for id_, event in table.items()]
        heapq.heapify(self._heap)
        self._order = max((order for _, order, _ in self._heap), default=0)

    def add(self, due: datetime, name: str, arguments: dict[str, Any]) -> str:
        """Schedule an event and return its id."""
        self._order += 1
        id_ = uuid.uuid4().hex
        self._table[id_] = {"due": due, "order": self._order, "name": name, "arguments": arguments}
        heapq.heappush(self._heap, (due, self._order, id_))
        return id_

    def discard(self, event_id: str) -> None:
        """Forget an event; one that has run or is unknown is no error."""
        self._table.pop(event_id, None)

    def next(self) -> TimedEvent | None:
        """The event that is due first, left in the queue."""
        while self._heap:
            due, _, id_ = self._heap[0]
            record = self._table.get(id_)
            if record is not None:
                return TimedEvent(id_, due, record["name"], record["arguments"])
            heapq.heappop(self._heap)
        return None


class Ticker:
    """A thread that runs each event when the region's clock reaches it, asleep in between."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin to run events."""
        self._thread.start()

    def stop(self) -> None:
        """Return once no event is running and none will be started."""
        with self._region.changed:
            self._stopping = True
            self._region.changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            # The lock is let go between events, so that requests are answered while the region catches up.
            with self._region.changed:
                event = self._region.events.next()
                delay = None if event is None else self._region.clock.real_seconds_until(event.due)
                if not self._stopping and delay != 0:
                    self._region.changed.wait(delay)
                if self._stopping:
                    return
                self._region.run_next_event(self._region.clock.now())
