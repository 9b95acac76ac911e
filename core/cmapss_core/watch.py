"""Everything that one endpoint's screen shows, in one snapshot: what fails is said, what is known stays."""

from __future__ import annotations

from dataclasses import dataclass

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.errors import ConsoleError
from cmapss_core.explanation import explain
from cmapss_core.metrics import Metrics, read_metrics
from cmapss_core.scaling import Scaling, read_scaling
from cmapss_core.snapshots import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Snapshot):
    """An endpoint, what scales it, its metrics and the sentence that explains it; None where a reading failed."""

    endpoint: Endpoint | None = None
    scaling: Scaling | None = None
    metrics: Metrics | None = None
    explanation: str = ""


def read_watch(aws: Aws, name: str, minutes: int = 30) -> Watch:
    """Read all of it: about six calls. Never raises; `error` is the first failure."""
    errors: list[ConsoleError] = []
    scaling: Scaling | None = None
    metrics: Metrics | None = None
    try:
        endpoint = read_endpoint(aws, name)
    except ConsoleError as error:
        return Watch(as_of=aws.clock.now(), source="DescribeEndpoint", error=error)
    try:
        scaling = read_scaling(aws, endpoint)
    except ConsoleError as error:
        errors.append(error)
    try:
        metrics = read_metrics(aws, endpoint, minutes)
    except ConsoleError as error:
        errors.append(error)
    now = aws.clock.now()
    explanation = explain(endpoint, scaling, metrics, now) if scaling is not None and metrics is not None else ""
    return Watch(
        as_of=now,
        source=errors[0].operation or "" if errors else "DescribeEndpoint, GetMetricData",
        error=errors[0] if errors else None,
        endpoint=endpoint,
        scaling=scaling,
        metrics=metrics,
        explanation=explanation,
    )
