"""The metrics that endpoints send to CloudWatch: of what was invoked in a minute, and of what idles."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.objects import bucket_and_key
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.serving.accounting import (
    CONCURRENCY_SECONDS,
    COUNTS,
    NAMESPACE,
    UNITS,
    Peaks,
    VariantMinute,
)
from cmapss_sandbox.services.serving.fleet import fleet_of

if TYPE_CHECKING:
    from cmapss_sandbox.services.sagemaker.serving import Serving, ServingVariant

INSTANCES_NAMESPACE = "/aws/sagemaker/Endpoints"
CONCURRENCY = "ConcurrentRequestsPerModel"
_MINUTE = 60
_GIB = 1024**3
# One worker process for each virtual CPU, as the container starts them; measured with XGBoost and no model.
_WORKER_BYTES = 159e6
_VOLUME_BYTES = 30 * _GIB  # of a hosting instance without local storage
_GIB_PER_CPU = {"c": 2, "r": 8}  # by the family's first letter; 4 for all others

Dimensions = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Emission:
    """The values of one metric, {value: how often}, from a time on (Unix seconds) and for so many seconds."""

    namespace: str
    name: str
    unit: str
    dimensions: Dimensions
    start: int
    seconds: int
    counts: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class IdleEmission:
    """The value that a metric sends every so many seconds as long as nothing is invoked."""

    namespace: str
    name: str
    unit: str
    dimensions: Dimensions
    value: float
    every: int


def emissions(region: Region, minute: int) -> Iterator[Emission]:
    """What was counted before the minute (Unix time ÷ 60) and has not been emitted yet."""
    meter = fleet_of(region).meter
    counted = meter.take_before(minute)
    for where, metrics in counted.items():
        yield from _invocation_metrics(where, metrics)
        yield _cpu(region, where, metrics["ModelLatency"])
    for where, metrics in meter.take_before(minute, by_config=True).items():
        if _tells_configs(region, where.endpoint):
            yield from _invocation_metrics(where, metrics)
    yield from _concurrency(region, meter.take_peaks_before(minute * _MINUTE))


def idle_emissions(region: Region) -> Iterator[IdleEmission]:
    """What every variant in service sends in a minute of which nothing was counted for it."""
    for endpoint in region.table("endpoints"):
        serving = _serving(region, endpoint)
        if serving is None:
            continue  # it does not serve, so it measures nothing
        variants = {variant.variant: variant for variant in serving.running}
        if _tells_configs(region, endpoint):
            # Once each, for a config that is deployed anew serves twice while its traffic shifts.
            deployed = {(variant.variant, variant.config): None for variant in serving.running}
            for name, config in deployed:
                yield from _idle_counts(_dimensions(endpoint, name, config))
        for name, variant in variants.items():
            dimensions = _dimensions(endpoint, name)
            yield from _idle_counts(dimensions)
            yield IdleEmission(NAMESPACE, CONCURRENCY, "Count", dimensions, 0.0, CONCURRENCY_SECONDS)
            for metric, value in _instance_metrics(region, variant):
                yield IdleEmission(INSTANCES_NAMESPACE, metric, "Percent", dimensions, value, _MINUTE)


def _invocation_metrics(where: VariantMinute, metrics: Mapping[str, Counter[float]]) -> Iterator[Emission]:
    dimensions = _dimensions(where.endpoint, where.variant, where.config)
    for name, counts in metrics.items():
        yield Emission(NAMESPACE, name, UNITS[name], dimensions, where.minute * _MINUTE, _MINUTE, counts)


def _concurrency(region: Region, peaks: Peaks) -> Iterator[Emission]:
    """The most requests that each instance had at once, for every ten seconds of the minutes that had any."""
    found: defaultdict[tuple[str, str], defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for start, by_instance in peaks.items():
        for instance, peak in by_instance.items():
            found[instance.endpoint, instance.variant][start].append(float(peak))
    for (endpoint, variant), by_start in found.items():
        instances, dimensions = _instances(region, endpoint, variant), _dimensions(endpoint, variant)
        for minute in sorted({start // _MINUTE for start in by_start}):
            for start in range(minute * _MINUTE, (minute + 1) * _MINUTE, CONCURRENCY_SECONDS):
                busy = by_start.get(start, [])
                idle = [0.0] * max(instances - len(busy), 0 if busy else 1)
                counts = Counter([*busy, *idle])
                yield Emission(NAMESPACE, CONCURRENCY, "Count", dimensions, start, CONCURRENCY_SECONDS, counts)


def _idle_counts(dimensions: Dimensions) -> Iterator[IdleEmission]:
    for name in COUNTS:
        yield IdleEmission(NAMESPACE, name, UNITS[name], dimensions, 0.0, _MINUTE)


def _cpu(region: Region, where: VariantMinute, latencies: Mapping[float, float]) -> Emission:
    """How busy the variant's instances were on average, in percent of one CPU: the time that their models took."""
    busy = sum(latency * count for latency, count in latencies.items()) / 1e6
    share = 100 * busy / _MINUTE / max(_instances(region, where.endpoint, where.variant), 1)
    dimensions = _dimensions(where.endpoint, where.variant)
    counts = {share: 1.0}
    return Emission(
        INSTANCES_NAMESPACE, "CPUUtilization", "Percent", dimensions, where.minute * _MINUTE, _MINUTE, counts
    )


def _instance_metrics(region: Region, variant: ServingVariant) -> Iterator[tuple[str, float]]:
    """What a variant's instances measure of themselves when they idle: each worker's memory holds the model."""
    model_bytes = region.objects.head(*bucket_and_key(variant.model_data_url)) or 0
    cpus, memory = _size(variant.instance_type)
    yield "CPUUtilization", 0.0
    yield "MemoryUtilization", min(100 * cpus * (_WORKER_BYTES + model_bytes) / memory, 100.0)
    yield "DiskUtilization", min(100 * model_bytes / _VOLUME_BYTES, 100.0)


def _size(instance_type: str) -> tuple[int, float]:
    """Virtual CPUs and bytes of memory, which an instance type's name tells: twice as many CPUs with each size."""
    _, family, size = [*instance_type.split("."), "", ""][:3]
    times = re.fullmatch(r"(\d*)xlarge", size)
    cpus = 4 * int(times[1] or 1) if times else 2
    return cpus, cpus * _GIB_PER_CPU.get(family[:1], 4) * _GIB


def _tells_configs(region: Region, endpoint: str) -> bool:
    """Whether metrics are also sent for each config: during a deployment with guardrails, and ever since.

    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    """
    return "LastDeploymentConfig" in region.table("endpoints").get(endpoint, {})


def _instances(region: Region, endpoint: str, variant: str) -> int:
    serving = _serving(region, endpoint)
    running = () if serving is None else serving.running
    return sum(other.current_instances for other in running if other.variant == variant)


def _serving(region: Region, endpoint: str) -> Serving | None:
    from cmapss_sandbox.services.sagemaker.serving import serving

    try:
        return serving(region, endpoint)
    except AwsError:
        return None


def _dimensions(endpoint: str, variant: str, config: str | None = None) -> Dimensions:
    pairs = {("EndpointName", endpoint), ("VariantName", variant)}
    return frozenset(pairs if config is None else {*pairs, ("EndpointConfigName", config)})
