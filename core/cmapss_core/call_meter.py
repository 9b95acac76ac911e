"""How many requests a connection has sent, in all and in the last minute."""

from __future__ import annotations

import threading
import time
from collections import deque


class CallMeter:
    """Counts the requests that were sent, retries included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self.total = 0

    def count(self) -> None:
        """Note one request."""
        now = time.monotonic()
        with self._lock:
            self.total += 1
            self._sent.append(now)
            self._forget(now)

    def per_minute(self) -> int:
        """How many requests went out in the last sixty seconds."""
        with self._lock:
            self._forget(time.monotonic())
            return len(self._sent)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] < now - 60:
            self._sent.popleft()
