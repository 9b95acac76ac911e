"""What a person may set to see clients cope: how slow an endpoint or its model is, and how much it takes a second."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.control import number

LONGEST_LATENCY = 60_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that are added to each request, outside its model and within it."""

    overhead: float = 0.0
    model: float = 0.0


_NONE = Latency()


class Limits:
    """Latencies by endpoint and variant (None for all of them), and invocations a second by endpoint."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latencies: dict[tuple[str, str | None], Latency] = {}
        self._rates: dict[str, float] = {}
        self._windows: dict[str, tuple[int, int]] = {}

    def latency(self, endpoint: str, variant: str) -> Latency:
        """What is added to a variant's requests: its own, else its endpoint's."""
        found = self._latencies
        return found.get((endpoint, variant)) or found.get((endpoint, None)) or _NONE

    def set_latency(self, endpoint: str, variant: str | None, latency: Latency) -> None:
        """Slow an endpoint down, or one variant of it; by nothing, to have it as it was."""
        if latency == _NONE:
            self._latencies.pop((endpoint, variant), None)
        else:
            self._latencies[endpoint, variant] = latency

    def set_rate(self, endpoint: str, rate: float | None) -> None:
        """Let an endpoint take so many invocations a region second, None for as many as come."""
        with self._lock:
            self._windows.pop(endpoint, None)
            if rate is None:
                self._rates.pop(endpoint, None)
            else:
                self._rates[endpoint] = rate

    def admits(self, endpoint: str, second: int) -> bool:
        """Whether an endpoint takes one more invocation in that second of Unix time."""
        if endpoint not in self._rates:
            return True
        with self._lock:
            at, taken = self._windows.get(endpoint, (second, 0))
            taken = taken if at == second else 0
            if taken + 1 > self._rates.get(endpoint, float("inf")):
                return False
            self._windows[endpoint] = (second, taken + 1)
            return True

    def told(self) -> dict[str, Any]:
        """What is set, as JSON."""
        latencies = [
            {
                "endpoint": endpoint,
                "variant": variant,
                "milliseconds": latency.overhead * 1000,
                "model_milliseconds": latency.model * 1000,
            }
            for (endpoint, variant), latency in self._latencies.items()
        ]
        return {"latencies": latencies, "invocations_per_second": dict(self._rates)}


def seconds_asked(asked: Mapping[str, Any], member: str) -> float:
    """A latency that was asked for, in seconds; raises ValueError for what is none."""
    return number(member, asked.get(member, 0), 0, LONGEST_LATENCY) / 1000
