"""The region's clock: an anchor plus speed times the monotonic clock, so that hours can pass in minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

# At which the years that a datetime has last for days.
FASTEST = 1_000_000


class RegionClock:
    """Tells the region's time; its speed may be changed, and it may be paused, at any moment without a jump."""

    def __init__(
        self,
        anchor: datetime,
        speed: float = 1.0,
        *,
        paused: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_speed(speed)
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._anchor = anchor.astimezone(UTC)
        self._anchored_at = monotonic()
        self._speed = speed
        self._paused = paused

    def now(self) -> datetime:
        """The region's time, with zone UTC."""
        with self._lock:
            return self._read(self._monotonic())

    @property
    def speed(self) -> float:
        """Region seconds in a real second while the clock runs; kept while it is paused."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether the clock stands still."""
        return self._paused

    @property
    def rate(self) -> float:
        """Region seconds in a real second at this moment: the speed, or 0 while the clock is paused."""
        return 0.0 if self._paused else self._speed

    def set_speed(self, speed: float) -> None:
        """Run faster or slower from now on; raises ValueError unless the speed is above 0 and at most FASTEST."""
        _check_speed(speed)
        with self._lock:
            self._anchor_here()
            self._speed = speed

    def pause(self) -> None:
        """Stand still until resume()."""
        with self._lock:
            self._anchor_here()
            self._paused = True

    def resume(self) -> None:
        """Run on from the time at which the clock was paused."""
        with self._lock:
            self._anchor_here()
            self._paused = False

    def forward_to(self, moment: datetime) -> None:
        """Jump to a later moment; an earlier one changes nothing, for a region's time never runs back."""
        with self._lock:
            self._anchor_here()
            self._anchor = max(self._anchor, moment)

    def real_seconds_until(self, moment: datetime) -> float | None:
        """Real seconds until the region reaches the moment (0 if it has); None while the clock is paused."""
        with self._lock:
            remaining = (moment - self._read(self._monotonic())).total_seconds()
            if remaining <= 0:
                return 0.0
            return None if self._paused else remaining / self._speed

    def _read(self, monotonic: float) -> datetime:
        rate = 0.0 if self._paused else self._speed
        return self._anchor + timedelta(seconds=(monotonic - self._anchored_at) * rate)

    def _anchor_here(self) -> None:
        monotonic = self._monotonic()
        self._anchor = self._read(monotonic)
        self._anchored_at = monotonic


def _check_speed(speed: float) -> None:
    if not 0 < speed <= FASTEST:
        raise ValueError(f"The speed must be a number above 0 and at most {FASTEST:,}, not {speed:g}.")
