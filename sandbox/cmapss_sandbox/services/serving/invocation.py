"""One request to a variant: answered by its container, and counted, logged, captured and copied on the way."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import logs
from cmapss_sandbox.services.serving.accounting import Instance, Invocation, VariantMinute
from cmapss_sandbox.services.serving.capture import Exchange, captured
from cmapss_sandbox.services.serving.container import Answer
from cmapss_sandbox.services.serving.fleet import Fleet, fleet_of, instance_of
from cmapss_sandbox.services.serving.payloads import ContainerError

if TYPE_CHECKING:
    from cmapss_sandbox.services.sagemaker.serving import Serving, ServingVariant

_LONGEST_MESSAGE = 2048  # of what a container said, as the runtime passes it on
_SHADOW = "ShadowExperiment"


@dataclass(frozen=True, slots=True)
class InvocationRequest:
    """What came with an invocation, and when (region time)."""

    body: bytes
    at: datetime
    content_type: str | None = None
    accept: str | None = None
    inference_id: str | None = None
    custom_attributes: str | None = None


def log_group(endpoint: str) -> str:
    """Where the containers of an endpoint write."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def log_stream(instance: Instance) -> str:
    """Where the container of one instance writes."""
    return f"{instance.variant}/{instance.id}"


def log_start(region: Region, variant: ServingVariant) -> None:
    """Have each instance of a variant say once what it serves."""
    for number in range(1, variant.current_instances + 1):
        group, stream = log_group(variant.endpoint), log_stream(instance_of(variant, number))
        if not logs.stream_exists(region, group, stream):
            logs.append(region, group, stream, [f"Serving the model at {variant.model_data_url}"])


def answer(
    region: Region, serving: Serving, variant: ServingVariant, request: InvocationRequest, started: float
) -> Answer:
    """What a production variant answers a request that arrived at `started` (time.perf_counter).

    Raises ContainerError when that is no success. Shadow variants get their copies either way.
    """
    try:
        return _answer(region, serving, variant, request, started, None)
    finally:
        fleet = fleet_of(region)
        for shadow in serving.shadows:
            if fleet.is_copied(shadow):
                fleet.shadow_queue.put(partial(_answer_as_shadow, region, serving, shadow, request))


def _answer_as_shadow(region: Region, serving: Serving, shadow: ServingVariant, request: InvocationRequest) -> None:
    with suppress(ContainerError):  # its metrics and its log tell, the caller has been answered long since
        _answer(region, serving, shadow, request, time.perf_counter(), _SHADOW)


def _answer(
    region: Region,
    serving: Serving,
    variant: ServingVariant,
    request: InvocationRequest,
    started: float,
    source: str | None,
) -> Answer:
    fleet = fleet_of(region)
    instance = fleet.instance(variant)
    latency = fleet.limits.latency(variant.endpoint, variant.variant)
    outcome: Answer | ContainerError
    model_seconds = 0.0
    with fleet.meter.running(instance, int(request.at.timestamp())):
        try:
            container = fleet.container(variant)
            model_started = time.perf_counter()
            try:
                outcome = container.invoke(request.body, request.content_type, request.accept)
            finally:
                if latency.model:
                    time.sleep(latency.model)
                model_seconds = time.perf_counter() - model_started
        except ContainerError as error:
            outcome = error
        if overhead := latency.overhead or region.invoke_latency_seconds:
            time.sleep(overhead)
    minute = int(region.now().timestamp()) // 60
    _count(fleet, serving, variant, outcome.status, minute, model_seconds, started)
    if isinstance(outcome, ContainerError):
        outcome = ContainerError(outcome.status, outcome.message[:_LONGEST_MESSAGE])
        with region.transaction():
            logs.append(region, log_group(variant.endpoint), log_stream(instance), [outcome.message])
        raise outcome
    if serving.data_capture is not None and outcome.body:
        _capture(fleet, serving, instance, request, outcome, source)
    return outcome


def _count(
    fleet: Fleet,
    serving: Serving,
    variant: ServingVariant,
    status: int,
    minute: int,
    model_seconds: float,
    started: float,
) -> None:
    """Count it for the variant, and for what the variant is of one config."""
    model_latency = round(model_seconds * 1e6)
    overhead_latency = round((time.perf_counter() - started - model_seconds) * 1e6)
    of_config = variant.current_instances
    of_variant = sum(other.current_instances for other in serving.running if other.variant == variant.variant)
    for config, instances in ((None, of_variant), (variant.config, of_config)):
        fleet.meter.record(
            VariantMinute(minute, variant.endpoint, variant.variant, config),
            Invocation(status, instances, model_latency, overhead_latency),
        )


def _capture(
    fleet: Fleet, serving: Serving, instance: Instance, request: InvocationRequest, outcome: Answer, source: str | None
) -> None:
    config = serving.data_capture
    if config is None or not fleet.captures.samples(f"{instance.endpoint}/{source}", config):
        return
    exchange = Exchange(
        request.body, request.content_type or "application/octet-stream", outcome.body, outcome.content_type
    )
    record = captured(
        exchange,
        config,
        request.at,
        inference_id=request.inference_id,
        custom_attributes=request.custom_attributes,
        source=source,
    )
    fleet.captures.add(config["DestinationS3Uri"], instance, request.at, record)
