"""Everything that one endpoint's screen shows, in one snapshot: what fails is said, what is known stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.errors import ConsoleError
from cmapss_core.explanation import explain
from cmapss_core.metrics import Metrics, read_metrics
from cmapss_core.scaling import Scaling, read_scaling
from cmapss_core.snapshots import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Snapshot):
    """An endpoint, what scales it, its metrics and the sentence that explains it; None where a reading failed.

    `failures` are those of the parts, by the name of the field.
    """

    endpoint: Endpoint | None = None
    scaling: Scaling | None = None
    metrics: Metrics | None = None
    explanation: str = ""
    failures: Mapping[str, ConsoleError] = field(default_factory=dict)


def read_watch(aws: Aws, name: str, minutes: int = 30, known: Metrics | None = None) -> Watch:
    """Read all of it: about six calls, without one of them where the metrics are `known`. Never raises; `error` is
    the first failure."""
    failures: dict[str, ConsoleError] = {}
    scaling: Scaling | None = None
    metrics = known
    try:
        endpoint = read_endpoint(aws, name)
    except ConsoleError as error:
        return Watch(as_of=aws.clock.now(), source="DescribeEndpoint", error=error, failures={"endpoint": error})
    try:
        scaling = read_scaling(aws, endpoint)
    except ConsoleError as error:
        failures["scaling"] = error
    if metrics is None:
        try:
            metrics = read_metrics(aws, endpoint, minutes)
        except ConsoleError as error:
            failures["metrics"] = error
    now = aws.clock.now()
    explanation = explain(endpoint, scaling, metrics, now) if scaling is not None and metrics is not None else ""
    first = next(iter(failures.values()), None)
    return Watch(
        as_of=now,
        source=first.operation or "" if first else "DescribeEndpoint, GetMetricData",
        error=first,
        endpoint=endpoint,
        scaling=scaling,
        metrics=metrics,
        explanation=explanation,
        failures=failures,
    )
