"""What invocations leave behind for CloudWatch, counted by region minute until the minute is over."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class VariantMinute:
    """A production variant of an endpoint in one minute of Unix time."""

    minute: int
    endpoint: str
    variant: str


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


MetricCounts = dict[str, Counter[float]]


class InvocationMeter:
    """Counts invocations; safe to call from every thread that answers one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[VariantMinute, MetricCounts] = {}

    def record(self, where: VariantMinute, invocation: Invocation) -> None:
        """Count an invocation in the minute in which it was answered."""
        with self._lock:
            metrics = self._minutes.setdefault(where, defaultdict(Counter))
            for name, value in invocation.values():
                metrics[name][value] += 1

    def take_before(self, minute: int) -> dict[VariantMinute, MetricCounts]:
        """Hand out, and forget, what was counted in the minutes before this one: {metric: {value: how often}}."""
        with self._lock:
            over = [where for where in self._minutes if where.minute < minute]
            return {where: self._minutes.pop(where) for where in over}
