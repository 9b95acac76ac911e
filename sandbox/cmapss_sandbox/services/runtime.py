"""SageMaker Runtime: InvokeEndpoint, with real predictions, outside the region's lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_error
from cmapss_sandbox.region import STATUS, Handler, Region, RequestContext
from cmapss_sandbox.services import logs
from cmapss_sandbox.services.cloudwatch.minutes import ALARMS_EVALUATED
from cmapss_sandbox.services.sagemaker.serving import Serving, ServingVariant, serving
from cmapss_sandbox.services.serving.fleet import fleet_of
from cmapss_sandbox.services.serving.invocation import InvocationRequest, answer, log_group, log_start, log_stream
from cmapss_sandbox.services.serving.limits import Latency, seconds_asked
from cmapss_sandbox.services.serving.payloads import ContainerError

SERVICE = "sagemaker-runtime"
UNLOCKED = frozenset({"InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"})

LARGEST_BODY = 6_291_456  # bytes of a real-time endpoint's request
# What a caller may ask for that an endpoint of one instance-based model has not, with how AWS says so.
_REFUSED: Mapping[str, str] = {
    "InferenceComponentName": "Inference Component Name header is not allowed for endpoints to which you dont plan to "
    "deploy inference components. Please remove the Inference Component Name header and try again.",
    "TargetModel": "Target Model header is only allowed for multi-model endpoints, which {endpoint} is not.",
    "TargetContainerHostname": "Target Container Hostname header is only allowed for multi-container endpoints in "
    "Direct invocation mode, which {endpoint} is not.",
    "EnableExplanations": "Enable Explanations header is only allowed for endpoints with an explainer, which "
    "{endpoint} has not.",
}
_PASS = nullcontext()


def invoke_endpoint(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """InvokeEndpoint: what the variant's container answers, ModelError 424 when that is not a success."""
    started = time.perf_counter()
    serving = _serving(region, members)
    for member, message in _REFUSED.items():
        if member in members:
            raise validation_error(message.format(endpoint=serving.endpoint))
    now = region.now()
    if not fleet_of(region).limits.admits(serving.endpoint, int(now.timestamp())):
        raise AwsError("ThrottlingException", "Rate exceeded")
    variant = _chosen(region, serving, members.get("TargetVariant"))
    request = InvocationRequest(
        body=members["Body"],
        at=now,
        content_type=members.get("ContentType"),
        accept=members.get("Accept"),
        inference_id=members.get("InferenceId"),
        custom_attributes=members.get("CustomAttributes"),
    )
    try:
        answered = answer(region, serving, variant, request, started)
    except ContainerError as error:
        raise _model_error(region, variant, error) from error
    return {
        STATUS: answered.status,
        "Body": answered.body,
        "ContentType": answered.content_type,
        "InvokedProductionVariant": variant.variant,
    }


def invoke_endpoint_async(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """InvokeEndpointAsync: no endpoint of the sandbox is asynchronous."""
    endpoint = _serving(region, members).endpoint
    raise validation_error(
        f"Endpoint {endpoint} is not configured for asynchronous inference: use InvokeEndpoint, or give its endpoint "
        "configuration an AsyncInferenceConfig.",
    )


def invoke_endpoint_with_response_stream(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """InvokeEndpointWithResponseStream: the XGBoost container does not stream."""
    endpoint = _serving(region, members).endpoint
    raise validation_error(
        f"The container of endpoint {endpoint} does not support response streaming: use InvokeEndpoint.",
    )


OPERATIONS: dict[str, Handler] = {
    "InvokeEndpoint": invoke_endpoint,
    "InvokeEndpointAsync": invoke_endpoint_async,
    "InvokeEndpointWithResponseStream": invoke_endpoint_with_response_stream,
}


def install(region: Region) -> None:
    """Load models when their endpoint goes into service, and let them go with it; write what was captured."""
    region.subscribe("endpoint_in_service", _start_containers)
    region.subscribe("endpoint_deleted", _stop_containers)
    region.subscribe(ALARMS_EVALUATED, _write_captures)
    region.guard(_refuse_too_large)
    region.controls["latency"] = _set_latency
    region.controls["invocation_rate"] = _set_rate
    fleet = fleet_of(region)
    region.report("invocations_by_instance", fleet.meter.answered)
    region.report("invocation_limits", fleet.limits.told)


def _start_containers(region: Region, *, name: str) -> None:
    serving = _serving(region, {"EndpointName": name})
    fleet_of(region).keep_only(name, serving.running)
    for variant in serving.running:
        log_start(region, variant)
    # The first load imports XGBoost, for which nobody should have to wait while the region is locked.
    threading.Thread(target=_load_models, args=(region, serving.running), name="model-loader", daemon=True).start()


def _load_models(region: Region, variants: tuple[ServingVariant, ...]) -> None:
    for variant in variants:
        with suppress(ContainerError):  # whoever invokes it is told
            fleet_of(region).container(variant)


def _stop_containers(region: Region, *, name: str) -> None:
    fleet_of(region).forget(name)


def _write_captures(region: Region) -> None:
    for failure in fleet_of(region).captures.write():
        group, stream = log_group(failure.instance.endpoint), f"{log_stream(failure.instance)}/data-log"
        logs.append(region, group, stream, [failure.message])


def _refuse_too_large(_: Region, context: RequestContext, members: Mapping[str, Any]) -> AbstractContextManager[None]:
    """What is before the runtime refuses a large request without looking at it, and without naming an error."""
    if context.service == SERVICE and len(members.get("Body") or b"") > LARGEST_BODY:
        raise AwsError("413", f"HTTP content length exceeded {LARGEST_BODY} bytes.", 413)
    return _PASS


def _serving(region: Region, members: Mapping[str, Any]) -> Serving:
    try:
        return serving(region, members["EndpointName"])
    except AwsError as error:
        raise validation_error(error.message) from error


def _chosen(region: Region, serving: Serving, target: str | None) -> ServingVariant:
    """Whose turn it is; of those of one name, which an endpoint has while a deployment shifts traffic, too."""
    variants = [variant for variant in serving.variants if target in (None, variant.variant)]
    # A variant may be asked for by name however little traffic it gets.
    chosen = fleet_of(region).route(variants) or (variants[0] if variants and target else None)
    if chosen is None:
        what = f"Variant {target}" if target else "A variant with a weight above 0"
        raise validation_error(f"{what} of endpoint {serving.endpoint} not found.")
    return chosen


def _model_error(region: Region, variant: ServingVariant, failure: ContainerError) -> AwsError:
    """The container's refusal as SageMaker passes it on."""
    group = log_group(variant.endpoint)
    kind = "client" if failure.status < 500 else "server"
    console = f"https://{region.name}.console.aws.amazon.com/cloudwatch/home?region={region.name}"
    return AwsError(
        "ModelError",
        f'Received {kind} error ({failure.status}) from primary with message "{failure.message}". See '
        f"{console}#logEventViewer:group={group} in account {region.account} for more information.",
        424,
        {
            "OriginalStatusCode": failure.status,
            "OriginalMessage": failure.message,
            "LogStreamArn": region.arn("logs", f"log-group:{group}"),
        },
    )


def _set_latency(region: Region, asked: dict[str, Any]) -> None:
    """Add to every request, or to those of one endpoint or variant; `model_milliseconds` counts as the model's."""
    if asked.keys() == {"milliseconds"}:
        region.invoke_latency_seconds = seconds_asked(asked, "milliseconds")
        return
    latencies = asked.keys() & {"milliseconds", "model_milliseconds"}
    if "endpoint" not in asked or not latencies or asked.keys() - latencies - {"endpoint", "variant"}:
        raise ValueError(
            'The latency is set with {"milliseconds": 20}, for one endpoint with {"milliseconds": 20, "endpoint": '
            '"engines"}, and there also with "model_milliseconds" and "variant".'
        )
    latency = Latency(seconds_asked(asked, "milliseconds"), seconds_asked(asked, "model_milliseconds"))
    fleet_of(region).limits.set_latency(asked["endpoint"], asked.get("variant"), latency)


def _set_rate(region: Region, asked: dict[str, Any]) -> None:
    """Throttle an endpoint beyond so many invocations a region second; null lets all through."""
    rate = asked.get("per_second", 0)
    is_rate = rate is None or (isinstance(rate, int | float) and not isinstance(rate, bool) and rate >= 0)
    if asked.keys() != {"endpoint", "per_second"} or not is_rate:
        raise ValueError('The rate is set with {"endpoint": "engines", "per_second": 50}, where null is no limit.')
    fleet_of(region).limits.set_rate(asked["endpoint"], rate)
