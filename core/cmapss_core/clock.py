"""The region's clock, told by the Date header of every reply.

The console never asks this machine what time it is when it asks AWS about a window of time: a wrong laptop
clock would show an empty chart. It keeps the difference that the last reply showed instead.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SPEED_HEADER = "x-region-speed"


class RegionClock:
    """The time in the region, and how fast it runs there: 1 on AWS, what it says of itself in a sandbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._anchor = datetime.now(UTC)
        self._anchored_at = time.monotonic()
        self._speed = 1.0
        self._heard = False

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take the time from a reply's headers (keys in lower case); a reply without a Date changes nothing."""
        date = headers.get("date")
        if date is None:
            return
        try:
            told = parsedate_to_datetime(date)
            anchor = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
            speed = max(0.0, float(headers.get(SPEED_HEADER, "1")))
        except (OverflowError, ValueError):
            return
        if not math.isfinite(speed):
            return
        now = time.monotonic()
        with self._lock:
            # The header is cut to whole seconds: it never turns a clock back that is within the second.
            current = self._anchor + timedelta(seconds=(now - self._anchored_at) * self._speed)
            if not self._heard or not anchor <= current < anchor + timedelta(seconds=1 + speed):
                self._anchor = anchor
            else:
                self._anchor = current
            self._anchored_at = now
            self._speed = speed
            self._heard = True

    def now(self) -> datetime:
        """The region's time, with zone UTC."""
        with self._lock:
            return self._anchor + timedelta(seconds=(time.monotonic() - self._anchored_at) * self._speed)

    @property
    def speed(self) -> float:
        """Region seconds in a second of ours, to divide by; 1 for a region that is paused."""
        with self._lock:
            return self._speed or 1.0

    @property
    def paused(self) -> bool:
        """Whether time stands still in the region."""
        with self._lock:
            return self._speed == 0

    @property
    def heard(self) -> bool:
        """Whether any reply has told the time yet."""
        with self._lock:
            return self._heard
