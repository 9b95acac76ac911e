"""How many requests a connection sends in a minute of its region, what they cost, and a budget for those of its own.

Money is what CloudWatch asks for GetMetricData, $0.01 for 1,000 metrics requested; all else that is read is free.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MINUTE = 60.0  # region seconds
PROJECTED_FROM_MINUTES = 5
MINUTES_A_DAY = 1440
USD_A_METRIC = 0.01 / 1_000
INVOCATIONS = "sagemaker-runtime"  # what is sent to a model is load, not looking

_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


@dataclass(slots=True)
class Reading:
    """How many requests one reading has taken so far; `automatic` where nobody asked for it just now."""

    automatic: bool
    calls: int = 0


class CallMeter:
    """Counts the requests that were sent, retries included, and the metrics that were asked for.

    A minute is one of the region: 60 seconds of this machine divided by the region's `speed`.
    """

    def __init__(
        self, speed: Callable[[], float] = lambda: 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._speed = speed
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sent: deque[tuple[float, str]] = deque()
        self._automatic: deque[float] = deque()
        self._metrics: deque[tuple[float, int]] = deque()
        self._began: float | None = None
        self._answered: float | None = None
        self.total = 0

    def count(self, service: str = "") -> None:
        """Note one request."""
        now = self._monotonic()
        reading = _reading.get()
        with self._lock:
            self.total += 1
            self._sent.append((now, service))
            if reading is not None:
                reading.calls += 1
                if reading.automatic:
                    self._automatic.append(now)
            self._forget(now)

    def note_answer(self) -> None:
        """Note that a reply has come, whatever it says."""
        self._answered = self._monotonic()

    @property
    def silence(self) -> float:
        """Seconds of this machine since the last reply; infinite where there was none."""
        return math.inf if self._answered is None else self._monotonic() - self._answered

    def count_metrics(self, metrics: int) -> None:
        """Note that so many metrics are asked of CloudWatch."""
        now = self._monotonic()
        with self._lock:
            self._began = now if self._began is None else self._began
            self._metrics.append((now, metrics))
            self._forget(now)

    def per_minute(self) -> int:
        """How many requests went out in the last minute of the region; what is sent to models is not among them."""
        return sum(count for service, count in self.per_minute_by_service().items() if service != INVOCATIONS)

    def per_minute_by_service(self) -> Counter[str]:
        """The same for each service, invocations too."""
        with self._lock:
            self._forget(self._monotonic())
            return Counter(service for _, service in self._sent)

    def automatic_per_minute(self) -> int:
        """How many of the last minute were sent by readings that nobody asked for."""
        with self._lock:
            self._forget(self._monotonic())
            return len(self._automatic)

    @property
    def cost_per_day_usd(self) -> float:
        """What a day would cost that goes on like the last minutes."""
        now = self._monotonic()
        with self._lock:
            self._forget(now)
            if self._began is None:
                return 0.0
            minute = self._minute
            minutes = min(max((now - self._began) / minute, 1.0), float(PROJECTED_FROM_MINUTES))
            return sum(metrics for _, metrics in self._metrics) / minutes * MINUTES_A_DAY * USD_A_METRIC

    @contextmanager
    def reading(self, *, automatic: bool) -> Iterator[Reading]:
        """Count the requests of this thread, until the end of the block, as those of one reading."""
        reading = Reading(automatic)
        token = _reading.set(reading)
        try:
            yield reading
        finally:
            _reading.reset(token)

    def seconds_until(self, calls: int, budget: int) -> float:
        """Seconds of this machine until a reading of so many calls fits into a budget of automatic calls a minute.

        A reading that is larger than the budget fits when nothing else was sent.
        """
        now = self._monotonic()
        with self._lock:
            self._forget(now)
            over = min(len(self._automatic) + calls - budget, len(self._automatic))
            if over <= 0:
                return 0.0
            return max(0.0, self._automatic[over - 1] + self._minute - now)

    @property
    def _minute(self) -> float:
        return MINUTE / self._speed()

    def _forget(self, now: float) -> None:
        minute = self._minute
        while self._sent and self._sent[0][0] <= now - minute:
            self._sent.popleft()
        while self._automatic and self._automatic[0] <= now - minute:
            self._automatic.popleft()
        while self._metrics and self._metrics[0][0] <= now - PROJECTED_FROM_MINUTES * minute:
            self._metrics.popleft()
