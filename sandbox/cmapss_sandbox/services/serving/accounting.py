"""What invocations leave behind for CloudWatch, counted by region minute until the minute is over."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

NAMESPACE = "AWS/SageMaker"
# In an idle minute these are zero; a latency that nobody had is not there at all.
COUNTS = (
    "Invocations",
    "InvocationsPerInstance",
    "Invocation4XXErrors",
    "Invocation5XXErrors",
    "InvocationModelErrors",
)
LATENCIES = ("ModelLatency", "OverheadLatency")
UNITS: Mapping[str, str] = {**dict.fromkeys(COUNTS, "None"), **dict.fromkeys(LATENCIES, "Microseconds")}
CONCURRENCY_SECONDS = 10  # how often the requests that an instance has at once are measured


@dataclass(frozen=True, slots=True)
class VariantMinute:
    """A variant of an endpoint in one minute of Unix time, or what it was of one config in it."""

    minute: int
    endpoint: str
    variant: str
    config: str | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation: the container's status, how many instances there were, real microseconds."""

    status: int
    instances: int
    model_latency: int
    overhead_latency: int

    def values(self) -> tuple[tuple[str, float], ...]:
        """The value that it sends to each metric: 1 ÷ instances is its share of InvocationsPerInstance."""
        return (
            ("Invocations", 1.0),
            ("InvocationsPerInstance", 1.0 / max(self.instances, 1)),
            ("Invocation4XXErrors", float(400 <= self.status < 500)),
            ("Invocation5XXErrors", float(self.status >= 500)),
            ("InvocationModelErrors", float(self.status >= 400)),
            ("ModelLatency", float(self.model_latency)),
            ("OverheadLatency", float(self.overhead_latency)),
        )


@dataclass(frozen=True, slots=True)
class Instance:
    """One of the instances behind a variant, by the id in the name of its log stream."""

    endpoint: str
    variant: str
    id: str


MetricCounts = dict[str, Counter[float]]
# The most requests that each instance had at once, by the ten seconds (Unix time) in which it was.
Peaks = dict[int, dict[Instance, int]]


class InvocationMeter:
    """Counts invocations; safe to call from every thread that answers one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[VariantMinute, MetricCounts] = {}
        self._peaks: Peaks = {}
        self._running: Counter[Instance] = Counter()
        self._answered: Counter[Instance] = Counter()

    @contextmanager
    def running(self, instance: Instance, second: int) -> Iterator[None]:
        """Count a request as the instance's own from that second of Unix time until the context is left."""
        with self._lock:
            self._running[instance] += 1
            peaks = self._peaks.setdefault(second - second % CONCURRENCY_SECONDS, {})
            peaks[instance] = max(peaks.get(instance, 0), self._running[instance])
        try:
            yield
        finally:
            with self._lock:
                self._answered[instance] += 1
                self._running[instance] -= 1
                if not self._running[instance]:
                    del self._running[instance]

    def record(self, where: VariantMinute, invocation: Invocation) -> None:
        """Count an invocation in the minute in which it was answered."""
        with self._lock:
            metrics = self._minutes.setdefault(where, defaultdict(Counter))
            for name, value in invocation.values():
                metrics[name][value] += 1

    def take_before(self, minute: int, *, by_config: bool = False) -> dict[VariantMinute, MetricCounts]:
        """Hand out, and forget, what was counted in the minutes before this one: {metric: {value: how often}}.

        It is what was counted for variants, or the same by config.
        """
        with self._lock:
            over = [where for where in self._minutes if where.minute < minute and (where.config is None) != by_config]
            return {where: self._minutes.pop(where) for where in over}

    def take_peaks_before(self, second: int) -> Peaks:
        """Hand out, and forget, how many requests the instances had at once before that second."""
        with self._lock:
            over = [start for start in self._peaks if start < second]
            return {start: self._peaks.pop(start) for start in over}

    def answered(self) -> dict[str, dict[str, dict[str, int]]]:
        """How many requests each instance has had: {endpoint: {variant: {instance: number}}}."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        with self._lock:
            for instance, number in self._answered.items():
                found.setdefault(instance.endpoint, {}).setdefault(instance.variant, {})[instance.id] = number
        return found

    def forget(self, endpoint: str) -> None:
        """Let go of the counts of an endpoint's instances, which are gone."""
        with self._lock:
            for instance in [instance for instance in self._answered if instance.endpoint == endpoint]:
                del self._answered[instance]
