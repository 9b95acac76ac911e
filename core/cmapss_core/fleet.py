"""The fleet at a glance: every endpoint of the region with its load, its bounds and what it costs, in few calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, EndpointsReader
from cmapss_core.errors import ConsoleError
from cmapss_core.fleet_load import Load, LoadReader
from cmapss_core.scaling import NAMESPACE, resource_id
from cmapss_core.snapshots import Snapshot

Value = TypeVar("Value")

CALLS_A_MINUTE = 20
BOUNDS_AGE = timedelta(minutes=5)  # only a plan changes them; the endpoint's own screen reads them each time
MINUTE = timedelta(minutes=1)

Bounds = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSnapshot(Snapshot):
    """All endpoints of the region, newest first, with what is known of each by name.

    `loads` lacks those that serve nothing and those that CloudWatch says nothing of; `bounds` are the fewest and the
    most instances, of endpoints that are scaled. `error` is of the listing alone: `failures` says what part is missing
    and why, under "details", "load" and "bounds". `undescribed` are only listed; `catching_up`: the next reading knows
    more of them, and load and bounds with it.
    """

    endpoints: tuple[Endpoint, ...] = ()
    loads: Mapping[str, Load] = field(default_factory=dict)
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    failures: Mapping[str, ConsoleError] = field(default_factory=dict)
    undescribed: frozenset[str] = frozenset()
    catching_up: bool = False

    @property
    def changing(self) -> bool:
        """Whether any endpoint will change by itself."""
        return any(endpoint.in_progress for endpoint in self.endpoints)


class FleetReader:
    """Reads the fleet again and again within a budget of calls in a minute of the region's.

    With 50 endpoints, read every 15 s while some change: 4 listings, at most half the budget of descriptions, one or
    two requests for metrics and one for bounds. Where nothing changes, one reading a minute is a listing and at most
    one request for metrics; the bounds are read every fifth minute.
    """

    def __init__(self, aws: Aws, calls_a_minute: int = CALLS_A_MINUTE) -> None:
        self._aws = aws
        self._endpoints = EndpointsReader(aws, max(2, calls_a_minute // 2))
        self._load = LoadReader(aws)
        self._loads = _Part[Mapping[str, Load]]({})
        self._bounds = _Part[Mapping[str, Bounds]]({})
        self._states: dict[str, object] = {}

    def ask_anew(self) -> None:
        """Let the next reading ask for what is not due yet: the operator wants to see it now."""
        self._load.ask_anew()
        self._bounds.forget()

    def read(self) -> FleetSnapshot:
        """The fleet now. Never raises: `error` and `failures` say what failed, and what is known stays."""
        listed = self._endpoints.read()
        if listed.error is None and not listed.catching_up:
            self._read_parts(listed.endpoints)
        parts = {"details": listed.details_error, "load": self._loads.error, "bounds": self._bounds.error}
        return FleetSnapshot(
            as_of=listed.as_of,
            source="ListEndpoints, GetMetricData",
            error=listed.error,
            endpoints=listed.endpoints,
            loads=self._loads.value,
            bounds=self._bounds.value,
            failures={part: error for part, error in parts.items() if error is not None},
            undescribed=listed.undescribed,
            catching_up=listed.catching_up,
        )

    def _read_parts(self, endpoints: Sequence[Endpoint]) -> None:
        now = self._aws.clock.now()
        minute = now.replace(second=0, microsecond=0)
        states = {endpoint.name: (endpoint.modified, endpoint.variants) for endpoint in endpoints}
        if self._loads.due(minute, MINUTE):
            self._loads.read(minute, lambda: self._load.read(endpoints))
        changed = states != self._states
        if endpoints and self._bounds.due(minute, MINUTE if changed else BOUNDS_AGE):
            self._bounds.read(minute, lambda: self._read_bounds(endpoints))
            self._states = dict(states)

    def _read_bounds(self, endpoints: Sequence[Endpoint]) -> dict[str, Bounds]:
        """The bounds of every endpoint that is scaled; a variant that is not keeps what it has."""
        found = {
            target["ResourceId"]: (target["MinCapacity"], target["MaxCapacity"])
            for page in self._aws.pages(
                "application-autoscaling", "DescribeScalableTargets", ServiceNamespace=NAMESPACE
            )
            for target in page["ScalableTargets"]
        }
        bounds = {}
        for endpoint in endpoints:
            scaled = [(one, found.get(resource_id(endpoint.name, one.name))) for one in endpoint.variants]
            if any(of is not None for _, of in scaled):
                each = [of or (one.desired_instances, one.desired_instances) for one, of in scaled]
                bounds[endpoint.name] = (sum(fewest for fewest, _ in each), sum(most for _, most in each))
        return bounds


class _Part(Generic[Value]):
    """A part of the reading that is read more rarely than the rest: its last answer, and why there is no newer one."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self.error: ConsoleError | None = None
        self._read_at: datetime | None = None

    def due(self, now: datetime, age: timedelta) -> bool:
        """Whether it is older than that, or the clock has been turned back."""
        return self._read_at is None or not self._read_at <= now < self._read_at + age

    def forget(self) -> None:
        """Have it due at once."""
        self._read_at = None

    def read(self, now: datetime, ask: Callable[[], Value]) -> None:
        """Ask for it; what fails keeps the answer that there was."""
        self._read_at = now
        try:
            self.value = ask()
        except ConsoleError as error:
            self.error = error
        else:
            self.error = None
