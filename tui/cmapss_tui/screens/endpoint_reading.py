"""What the screen of an endpoint reads, how often, and what it keeps when a part of it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError
from cmapss_core.snapshots import Snapshot

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.metrics import Metrics
    from cmapss_core.rollout import Rollout
    from cmapss_core.scaling import Scaling
    from cmapss_core.watch import Watch

FAST_REGION_SECONDS, SLOW_REGION_SECONDS = 15.0, 60.0
FASTEST_SECONDS, SLOW_SECONDS = 1.0, (2.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointReading(Snapshot):
    """A watch, and what the instances that are asked for will cost an hour."""

    watch: Watch
    hourly_cost_usd_desired: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The newest answer of each part, and when it was true: a part that fails keeps what it had.

    `rollout` is the last one between two configs that was seen under way, whether or not it still is.
    """

    endpoint: Endpoint | None = None
    endpoint_as_of: datetime | None = None
    rollout: Rollout | None = None
    scaling: Scaling | None = None
    scaling_as_of: datetime | None = None
    metrics: Metrics | None = None
    metrics_as_of: datetime | None = None
    explanation: str = ""
    explained_as_of: datetime | None = None
    hourly_cost_usd_desired: float | None = None

    def with_reading(self, reading: EndpointReading) -> Known:
        """What is known after one more reading."""
        watch, known = reading.watch, self
        if watch.endpoint is not None:
            rollout = watch.endpoint.rollout
            known = replace(
                known,
                endpoint=watch.endpoint,
                endpoint_as_of=watch.as_of,
                rollout=rollout if rollout is not None and rollout.former_config is not None else known.rollout,
                hourly_cost_usd_desired=reading.hourly_cost_usd_desired,
            )
        if watch.scaling is not None:
            known = replace(known, scaling=watch.scaling, scaling_as_of=watch.as_of)
        if watch.metrics is not None:
            known = replace(known, metrics=watch.metrics, metrics_as_of=watch.as_of)
        if watch.explanation:
            known = replace(known, explanation=watch.explanation, explained_as_of=watch.as_of)
        return known


def read_reading(aws: Aws, name: str, minutes: int) -> EndpointReading:
    """One reading of an endpoint; never raises."""
    from cmapss_core.pricing import hourly_cost
    from cmapss_core.watch import read_watch

    watch = read_watch(aws, name, minutes)
    cost = None
    if watch.endpoint is not None:
        try:
            cost = hourly_cost(aws, [(v.instance_type, v.desired_instances) for v in watch.endpoint.variants])
        except ConsoleError:
            cost = None  # a price is an extra, and asked for again at the next reading
    return EndpointReading(
        as_of=watch.as_of, source=watch.source, error=watch.error, watch=watch, hourly_cost_usd_desired=cost
    )


def reading_interval(reading: EndpointReading | None, speed: float) -> float:
    """Seconds of this machine until the next reading: often while anything moves, else once a region minute."""
    if reading is None or moving(reading.watch):
        return max(FASTEST_SECONDS, FAST_REGION_SECONDS / speed)
    return min(max(SLOW_SECONDS[0], SLOW_REGION_SECONDS / speed), SLOW_SECONDS[1])


def moving(watch: Watch) -> bool:
    """Whether instances come or go, or the status is about to change."""
    endpoint, scaling = watch.endpoint, watch.scaling
    if endpoint is None:
        return False
    return (
        endpoint.in_progress
        or endpoint.current_instances != endpoint.desired_instances
        or any(activity.running for activity in (scaling.activities if scaling else ()))
    )


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
