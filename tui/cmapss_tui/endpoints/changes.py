"""What has changed in the list of endpoints since the last readings, marked for about a minute of the region's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cmapss_core.endpoints import Endpoint
from cmapss_core.fleet import FleetSnapshot

UP, DOWN, OTHER = "↑", "↓", "Δ"
MARKED_FOR = timedelta(minutes=1)
MARKED_SECONDS = 4.0  # of this machine, at least: in a region that runs fast a minute is over before it is seen
NOTABLE = 0.25  # of the former value: what always moves a little is marked where it moves by more

_Values = dict[str, object]


@dataclass(slots=True)
class Changes:
    """Compares each reading with the one before it."""

    _values: dict[str, _Values] = field(default_factory=dict)
    _marks: dict[str, dict[str, tuple[str, datetime]]] = field(default_factory=dict)

    def note(self, snapshot: FleetSnapshot) -> None:
        """Take a new reading; an endpoint that is seen for the first time has not changed."""
        values = {one.name: _values(snapshot, one) for one in snapshot.endpoints}
        for name, now in values.items():
            before = self._values.get(name, {})
            for column, one in now.items():
                mark = _mark(column, before[column], one) if column in before else ""
                if mark:
                    self._marks.setdefault(name, {})[column] = (mark, snapshot.as_of)
        # What a reading lacks is compared with what was last known of it.
        self._values = {name: {**self._values.get(name, {}), **now} for name, now in values.items()}
        self._marks = {name: marks for name, marks in self._marks.items() if name in values}

    def of(self, name: str, now: datetime, speed: float = 1.0) -> Mapping[str, str]:
        """The marks of an endpoint's columns, `now` being the region's time."""
        lasting = max(MARKED_FOR, timedelta(seconds=MARKED_SECONDS * speed))
        return {column: mark for column, (mark, at) in self._marks.get(name, {}).items() if now - at < lasting}


def _values(snapshot: FleetSnapshot, endpoint: Endpoint) -> _Values:
    """What is compared, by column; what is not known is left out."""
    values: _Values = {"status": endpoint.status}
    if endpoint.name not in snapshot.undescribed:
        values["instances"] = (endpoint.current_instances, endpoint.desired_instances)
        values["cost"] = endpoint.hourly_cost_usd
        values["config"] = endpoint.config
        values["type"] = tuple(one.instance_type for one in endpoint.variants)
        values["variants"] = len(endpoint.variants)
    if endpoint.name in snapshot.bounds:
        values["bounds"] = snapshot.bounds[endpoint.name]
    load = snapshot.loads.get(endpoint.name)
    if load is not None:
        values["rate"] = load.invocations_per_minute
        values["latency"] = load.model_latency_p99_ms
        values["errors"] = load.errors_4xx + load.errors_5xx
    return {column: value for column, value in values.items() if value is not None}


def _mark(column: str, before: object, now: object) -> str:
    if before == now:
        return ""
    if isinstance(before, tuple) and isinstance(now, tuple) and column == "instances":
        before, now = next((was, one) for was, one in zip(before, now, strict=True) if was != one)
    if not isinstance(before, int | float) or not isinstance(now, int | float):
        return OTHER
    if column in ("rate", "latency") and abs(now - before) < NOTABLE * max(abs(before), 1.0):
        return ""
    if column == "errors" and now < before:  # they pass out of the last half hour
        return ""
    return UP if now > before else DOWN
