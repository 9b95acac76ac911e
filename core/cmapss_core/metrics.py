"""CloudWatch's metrics of an endpoint: everything that is shown in one GetMetricData."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint
from cmapss_core.metric_data import MAX_QUERIES, read_metric_data

Points = tuple[tuple[datetime, float], ...]

PERIOD_SECONDS = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over time, oldest first. A minute that is absent had no value."""

    name: str
    unit: str
    points: Points


@dataclass(frozen=True, slots=True)
class Metrics:
    """What CloudWatch knows of the periods from `start` up to, not including, `end`.

    Counts are per minute, the mean of a period's minutes where it has several. `of_variants` has the same by variant
    and series, where there are several.
    """

    start: datetime
    end: datetime
    period_seconds: int
    series: Mapping[str, Series]
    of_variants: Mapping[tuple[str, str], Points] = field(default_factory=dict)

    def points(self, name: str, variant: str | None = None) -> Points:
        """The points of a series, of one variant alone where there are several; none where CloudWatch has none."""
        if variant is not None and self.of_variants:
            return self.of_variants.get((variant, name), ())
        series = self.series.get(name)
        return series.points if series else ()


@dataclass(frozen=True, slots=True)
class _Metric:
    """How a series comes from CloudWatch; over several variants it is added up or the highest is taken."""

    name: str
    metric: str
    statistic: str
    unit: str
    factor: float = 1.0
    added: bool = True
    namespace: str = "AWS/SageMaker"

    @property
    def counts(self) -> bool:
        """Whether it grows with the length of a period, so that it is told per minute."""
        return self.statistic == "Sum"


_MILLISECONDS = 0.001  # CloudWatch keeps latency in microseconds
_INSTANCES = "/aws/sagemaker/Endpoints"  # the namespace of what instances measure of themselves
_SHOWN = (
    _Metric("invocations", "Invocations", "Sum", "per minute"),
    _Metric("invocations_per_instance", "InvocationsPerInstance", "Sum", "per instance and minute", added=False),
    _Metric("model_latency_p50_ms", "ModelLatency", "p50", "ms", _MILLISECONDS, added=False),
    _Metric("model_latency_p90_ms", "ModelLatency", "p90", "ms", _MILLISECONDS, added=False),
    _Metric("model_latency_p99_ms", "ModelLatency", "p99", "ms", _MILLISECONDS, added=False),
    _Metric("overhead_latency_ms", "OverheadLatency", "Average", "ms", _MILLISECONDS, added=False),
    _Metric("errors_4xx", "Invocation4XXErrors", "Sum", "per minute"),
    _Metric("errors_5xx", "Invocation5XXErrors", "Sum", "per minute"),
    _Metric("errors_model", "InvocationModelErrors", "Sum", "per minute"),
    # Up to 100 for each CPU of an instance.
    _Metric("cpu_utilization", "CPUUtilization", "Average", "percent", added=False, namespace=_INSTANCES),
    _Metric("memory_utilization", "MemoryUtilization", "Average", "percent", added=False, namespace=_INSTANCES),
)


def metric_query(
    identifier: str,
    endpoint: str,
    variant: str,
    metric: str,
    statistic: str,
    period_seconds: int = PERIOD_SECONDS,
    namespace: str = "AWS/SageMaker",
) -> dict[str, Any]:
    """A MetricDataQuery for one of SageMaker's metrics of a variant."""
    of = {"EndpointName": endpoint, "VariantName": variant}
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in of.items()],
            },
            "Period": period_seconds,
            "Stat": statistic,
        },
    }


def read_metrics(aws: Aws, endpoint: Endpoint, minutes: int = 30) -> Metrics:
    """The last complete `minutes` of an endpoint, with exactly one GetMetricData. Raises ConsoleError.

    AWS publishes a minute one to three minutes late, so the newest points may be missing or still grow.
    """
    end = aws.clock.now().replace(second=0, microsecond=0)
    return read_metrics_between(aws, endpoint, end - timedelta(minutes=minutes), end)


def read_metrics_between(
    aws: Aws, endpoint: Endpoint, start: datetime, end: datetime, period_seconds: int = PERIOD_SECONDS
) -> Metrics:
    """The periods of an endpoint from `start`, a multiple of the period since 1970, to `end`. Raises ConsoleError.

    CloudWatch keeps periods of 60 s for 15 days, of 300 s for 63 days and of an hour for 455 days.
    """
    variants = [variant.name for variant in endpoint.variants][: MAX_QUERIES // len(_SHOWN)]
    queries = [
        metric_query(
            f"m{number}_{place}",
            endpoint.name,
            variant,
            metric.metric,
            metric.statistic,
            period_seconds,
            metric.namespace,
        )
        for place, variant in enumerate(variants)
        for number, metric in enumerate(_SHOWN)
    ]
    values = read_metric_data(aws, queries, start, end).values
    found = {
        (variant, metric.name): values[f"m{number}_{place}"]
        for place, variant in enumerate(variants)
        for number, metric in enumerate(_SHOWN)
    }
    series, period = {}, timedelta(seconds=period_seconds)
    for metric in _SHOWN:
        every = [found[variant, metric.name] for variant in variants]
        series[metric.name] = Series(metric.name, metric.unit, _merge(metric, every, period, end))
    apart = {
        (variant, metric.name): _merge(metric, [found[variant, metric.name]], period, end)
        for variant in variants
        for metric in _SHOWN
        if len(variants) > 1
    }
    return Metrics(start, end, period_seconds, series, apart)


def _merge(metric: _Metric, found: Iterable[Mapping[datetime, float]], period: timedelta, end: datetime) -> Points:
    together: dict[datetime, list[float]] = {}
    for variant in found:
        for at, value in variant.items():
            # The last period may have begun only a few minutes ago.
            minutes = max(min(period, end - at) / _MINUTE, 1.0) if metric.counts else 1.0
            together.setdefault(at, []).append(value * metric.factor / minutes)
    if metric.unit == "per minute" and together:
        # A count that CloudWatch does not give between two that it does was none.
        at, last = min(together), max(together)
        while at < last:
            at += period
            together.setdefault(at, [0.0])
    return tuple((at, sum(values) if metric.added else max(values)) for at, values in sorted(together.items()))
