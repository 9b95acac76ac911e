"""What is known of an endpoint from all readings: a part that fails keeps what it had, and says since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError

if TYPE_CHECKING:
    from cmapss_core.alarm_history import AlarmStates
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.instance_counts import KnownCount
    from cmapss_core.metrics import Metrics, Points
    from cmapss_core.rollout import Rollout
    from cmapss_core.scaling import Scaling
    from cmapss_core.watch import Watch
    from cmapss_tui.screens.endpoint_reading import EndpointReading, SeenRollout

_NEWS = timedelta(minutes=30)
# What only looks, whatever the endpoint's status is.
AT_ANY_STATUS = frozenset(
    "window logs describe operations variant zoom_in zoom_out pan_back pan_forth present point_left point_right".split()
)


@dataclass(frozen=True, slots=True)
class Known:
    """The newest answer of each part. `as_of` says when a part was true, `failures` why it is not renewed, both by
    the name of the field.

    `watch` is the last one that found the endpoint; `metrics` are those of the view, `recent` those by the minute.
    `rollout` is the last one between two configs that was seen under way, whether or not it still is.
    """

    watch: Watch | None = None
    endpoint: Endpoint | None = None
    rollout: Rollout | None = None
    scaling: Scaling | None = None
    metrics: Metrics | None = None
    recent: Metrics | None = None
    alarm_states: tuple[AlarmStates, ...] | None = None
    explanation: str = ""
    rollouts: tuple[SeenRollout, ...] = ()
    counts: tuple[KnownCount, ...] = ()
    hourly_cost_usd_desired: float | None = None
    as_of: Mapping[str, datetime] = field(default_factory=dict)
    failures: Mapping[str, ConsoleError] = field(default_factory=dict)

    def with_reading(self, reading: EndpointReading) -> Known:
        """What is known after one more reading."""
        watch = reading.watch
        found = {
            "endpoint": watch.endpoint,
            "scaling": watch.scaling,
            "metrics": reading.metrics,
            "alarm_states": reading.alarm_states,
            "explanation": watch.explanation or None,
        }
        times = {name: watch.as_of for name, value in found.items() if value is not None}
        if reading.metrics_as_of is not None:
            times["metrics"] = reading.metrics_as_of
        known = replace(
            self,
            scaling=self.scaling if watch.scaling is None else watch.scaling,
            metrics=self.metrics if reading.metrics is None else reading.metrics,
            recent=self.recent if watch.metrics is None else watch.metrics,
            alarm_states=self.alarm_states if reading.alarm_states is None else reading.alarm_states,
            explanation=watch.explanation or self.explanation,
            as_of={**self.as_of, **times},
            failures=_failures(reading, [name for name, value in found.items() if value is None]),
        )
        if watch.endpoint is None:
            return known
        rollout = watch.endpoint.rollout
        return replace(
            known,
            watch=watch,
            endpoint=watch.endpoint,
            rollout=rollout if rollout is not None and rollout.former_config is not None else known.rollout,
            rollouts=reading.rollouts,
            counts=reading.counts,
            hourly_cost_usd_desired=reading.hourly_cost_usd_desired,
        )

    def last_rollout(self, now: datetime) -> Rollout | None:
        """The last roll-out that was seen, as long as how it ended is news."""
        ended = self.rollouts[-1].ended if self.rollouts else None
        return None if ended is not None and now - ended > _NEWS else self.rollout

    def explained(self, now: datetime) -> str:
        """Why it scales or does not, as it was read; a cooldown that is over by then is no reason any more."""
        endpoint, scaling, metrics = self.endpoint, self.scaling, self.recent
        if "cooldown" not in self.explanation or endpoint is None or scaling is None or metrics is None:
            return self.explanation
        from cmapss_core.explanation import explain

        return explain(endpoint, scaling, metrics, now)

    @property
    def variant_names(self) -> tuple[str, ...]:
        """The production variants."""
        return tuple(variant.name for variant in self.endpoint.variants) if self.endpoint is not None else ()

    def points(self, name: str, variant: str | None = None) -> Points:
        """A series of the metrics, of one variant or of all."""
        return self.metrics.points(name, variant) if self.metrics is not None else ()


def _failures(reading: EndpointReading, missing: Iterable[str]) -> dict[str, ConsoleError]:
    """Why parts are missing from a reading; those that have no error of their own were made of one that has."""
    failures = {name: reading.failures.get(name, reading.error) for name in missing}
    return {name: error for name, error in failures.items() if error is not None}


def refused_because(endpoint: Endpoint, method: str) -> str | None:
    """Why an action cannot be done with an endpoint as it is, None where it can: what AWS allows in which status."""
    name, status, rollout = endpoint.name, endpoint.status, endpoint.rollout
    rolling_out = rollout is not None and rollout.former_config is not None
    if status == "Deleting":
        return f"{name} is being deleted."
    if method == "stop_rollout":
        if status == "RollingBack":
            return f"{name} is going back already."
        return None if rolling_out else f"No roll-out of {name} is under way."
    if status in ("Creating", "Failed") and method != "delete":
        way_out = "wait until it is InService" if status == "Creating" else "delete it and deploy again"
        return f"{name} is {status}: {way_out}."
    if rolling_out and method in ("update", "high_availability", "scale"):
        return f"{name} is being updated: wait until that ends, or stop it with S."
    return None
