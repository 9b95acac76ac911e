"""Endpoint configs: which models on how many instances; immutable."""

from __future__ import annotations

import math
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import by_creation, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT_CONFIG, MODEL, create, delete, describe, repeated

_LISTING = by_creation("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName")
_summarise = summary("EndpointConfigName", "EndpointConfigArn", "CreationTime")

# What the sandbox can not serve, for an endpoint that would behave otherwise than it was told is worse than none.
_UNSERVED = ("AsyncInferenceConfig", "ExplainerConfig")
_UNSERVED_VARIANT = ("ServerlessConfig", "InstancePools")
_FREQUENCIES = (10, 30, 60, 120, 180, 240, 300)


def create_endpoint_config(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateEndpointConfig; every variant's model must exist."""
    ENDPOINT_CONFIG.refuse_duplicate(region, request["EndpointConfigName"])
    for member in _UNSERVED:
        if member in request:
            raise validation_exception(f"{member} is not supported: this sandbox serves real-time endpoints only.")
    production, shadow = request["ProductionVariants"], request.get("ShadowProductionVariants", [])
    _refuse_variants(production, shadow)
    _refuse_metrics(request.get("MetricsConfig", {}))
    _refuse_capture(request.get("DataCaptureConfig", {}))
    record: dict[str, Any] = {
        "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        "ProductionVariants": [_checked_variant(region, variant) for variant in production],
    }
    if shadow:
        record["ShadowProductionVariants"] = [_checked_variant(region, variant) for variant in shadow]
    return create(region, ENDPOINT_CONFIG, request, record)


def describe_endpoint_config(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeEndpointConfig."""
    return describe(region, ENDPOINT_CONFIG, request)


def list_endpoint_configs(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListEndpointConfigs."""
    return list_page(region, _LISTING, request, ENDPOINT_CONFIG.records(region).values(), _summarise)


def delete_endpoint_config(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteEndpointConfig; AWS does not keep a caller from deleting one in use."""
    return delete(region, ENDPOINT_CONFIG, request)


def _refuse_variants(production: list[dict[str, Any]], shadow: list[dict[str, Any]]) -> None:
    if shadow and (len(production), len(shadow)) != (1, 1):
        raise validation_exception(
            "An endpoint configuration with ShadowProductionVariants must have exactly one production variant and "
            "one shadow variant."
        )
    names = [variant["VariantName"] for variant in (*production, *shadow)]
    if repeated(names) is not None:
        raise validation_exception("Variant names must be unique within an endpoint configuration.")


def _refuse_metrics(metrics: dict[str, Any]) -> None:
    frequency = metrics.get("MetricPublishFrequencyInSeconds", _FREQUENCIES[0])
    if frequency not in _FREQUENCIES:
        raise validation_exception(
            f"1 validation error detected: Value '{frequency}' at 'metricsConfig.metricPublishFrequencyInSeconds' "
            "failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(map(str, _FREQUENCIES))}]"
        )


def _refuse_capture(capture: dict[str, Any]) -> None:
    modes = [option["CaptureMode"] for option in capture.get("CaptureOptions", [])]
    if repeated(modes) is not None:
        raise validation_exception("CaptureOptions must not name a CaptureMode twice.")


def _checked_variant(region: Region, variant: dict[str, Any]) -> dict[str, Any]:
    name = variant["VariantName"]
    for member in _UNSERVED_VARIANT:
        if member in variant:
            raise validation_exception(
                f"{member} of the production variant {name} is not supported: this sandbox serves variants with an "
                "InstanceType and an InitialInstanceCount."
            )
    for member in ("ModelName", "InstanceType", "InitialInstanceCount"):
        if member not in variant:
            raise validation_exception(f"{member} is required for the production variant {name}.")
    if not math.isfinite(variant.get("InitialVariantWeight", 1.0)):
        raise validation_exception(f"InitialVariantWeight of the production variant {name} must be a finite number.")
    MODEL.get(region, variant["ModelName"])
    return {"InitialVariantWeight": 1.0, **variant}
