"""SageMaker Runtime: InvokeEndpoint, with real predictions, outside the region's lock."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Handler, Region, RequestContext
from cmapss_sandbox.services import logs
from cmapss_sandbox.services.serving.accounting import Invocation, VariantMinute
from cmapss_sandbox.services.serving.fleet import fleet_of
from cmapss_sandbox.services.serving.payloads import ContainerError

if TYPE_CHECKING:
    from cmapss_sandbox.services.sagemaker.serving import ServingVariant
    from cmapss_sandbox.services.serving.container import Answer

SERVICE = "sagemaker-runtime"
UNLOCKED = frozenset({"InvokeEndpoint"})


def invoke_endpoint(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """InvokeEndpoint: what the variant's container answers, ModelError 424 when that is not a success."""
    from cmapss_sandbox.services.sagemaker.serving import serving_variants

    started = time.perf_counter()
    fleet = fleet_of(region)
    try:
        variants = serving_variants(region, members["EndpointName"])
    except AwsError as error:
        raise AwsError("ValidationError", error.message) from error
    variant = _chosen(region, variants, members.get("TargetVariant"))
    failure, answer = None, None
    model_started = time.perf_counter()
    try:
        answer = fleet.container(variant).invoke(members["Body"], members.get("ContentType"), members.get("Accept"))
    except ContainerError as error:
        failure = error
    model_seconds = time.perf_counter() - model_started
    if region.invoke_latency_seconds:
        time.sleep(region.invoke_latency_seconds)
    fleet.meter.record(
        VariantMinute(int(region.now().timestamp()) // 60, variant.endpoint, variant.variant),
        Invocation(
            status=failure.status if failure else 200,
            instances=variant.current_instances,
            model_latency=round(model_seconds * 1e6),
            overhead_latency=round((time.perf_counter() - started - model_seconds) * 1e6),
        ),
    )
    if answer is None:
        assert failure is not None
        raise _model_error(region, variant, failure)
    return _success(variant, answer)


OPERATIONS: dict[str, Handler] = {"InvokeEndpoint": invoke_endpoint}


def install(region: Region) -> None:
    """Load models when their endpoint goes into service, and let them go with it."""
    region.subscribe("endpoint_in_service", _start_containers)
    region.subscribe("endpoint_deleted", _stop_containers)


def _start_containers(region: Region, *, name: str) -> None:
    from cmapss_sandbox.services.sagemaker.serving import serving_variants

    variants = serving_variants(region, name)
    fleet_of(region).enter_service(name, region.table("endpoints")[name]["EndpointConfigName"])
    for variant in variants:
        for number in range(1, variant.current_instances + 1):
            stream = _stream(variant, number)
            if not logs.stream_exists(region, _group(variant), stream):
                logs.append(region, _group(variant), stream, [f"Serving the model at {variant.model_data_url}"])
    # The first load imports XGBoost, for which nobody should have to wait while the region is locked.
    threading.Thread(target=_load_models, args=(region, variants), name="model-loader", daemon=True).start()


def _load_models(region: Region, variants: list[ServingVariant]) -> None:
    for variant in variants:
        with suppress(ContainerError):  # whoever invokes it is told
            fleet_of(region).container(variant)


def _stop_containers(region: Region, *, name: str) -> None:
    fleet_of(region).forget(name)


def _chosen(region: Region, variants: list[ServingVariant], target: str | None) -> ServingVariant:
    endpoint = variants[0].endpoint
    if target is None:
        chosen = fleet_of(region).route(variants)
    else:
        chosen = next((variant for variant in variants if variant.variant == target), None)
    if chosen is None:
        what = f"Variant {target}" if target else "A variant with a weight above 0"
        raise AwsError("ValidationError", f"{what} of endpoint {endpoint} not found.")
    return chosen


def _success(variant: ServingVariant, answer: Answer) -> dict[str, Any]:
    return {
        "Body": answer.body,
        "ContentType": answer.content_type,
        "InvokedProductionVariant": variant.variant,
    }


def _model_error(region: Region, variant: ServingVariant, failure: ContainerError) -> AwsError:
    """The container's refusal as SageMaker passes it on."""
    group = _group(variant)
    with region.transaction():
        logs.append(region, group, _stream(variant), [failure.message])
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


def _group(variant: ServingVariant) -> str:
    return f"/aws/sagemaker/Endpoints/{variant.endpoint}"


def _stream(variant: ServingVariant, number: int = 1) -> str:
    return f"{variant.variant}/{logs.instance_id(variant.endpoint, variant.variant, number)}"
