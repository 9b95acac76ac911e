"""Endpoint configs: which models on how many instances; immutable."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import (
    ENDPOINT_CONFIG,
    MODEL,
    forget,
    public,
    set_tags,
    without_tags,
)

_LISTING = Listing(
    "ListEndpointConfigs",
    "EndpointConfigs",
    "EndpointConfigName",
    {"Name": "EndpointConfigName", "CreationTime": "CreationTime"},
    "CreationTime",
    "Descending",
)
_summarise = summary("EndpointConfigName", "EndpointConfigArn", "CreationTime")


def create_endpoint_config(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateEndpointConfig; every variant's model must exist."""
    name = request["EndpointConfigName"]
    ENDPOINT_CONFIG.refuse_duplicate(region, name)
    variants = [_checked_variant(region, variant) for variant in request["ProductionVariants"]]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise validation_exception("Variant names must be unique within an endpoint configuration.")
    arn = ENDPOINT_CONFIG.arn_of(region, name)
    ENDPOINT_CONFIG.records(region)[name] = {
        "EnableNetworkIsolation": False,
        **without_tags(request),
        "ProductionVariants": variants,
        "EndpointConfigArn": arn,
        "CreationTime": region.now(),
    }
    set_tags(region, arn, request.get("Tags", []))
    return {"EndpointConfigArn": arn}


def describe_endpoint_config(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeEndpointConfig."""
    return public(ENDPOINT_CONFIG.get(region, request["EndpointConfigName"]))


def list_endpoint_configs(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListEndpointConfigs."""
    return list_page(region, _LISTING, request, ENDPOINT_CONFIG.records(region).values(), _summarise)


def delete_endpoint_config(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteEndpointConfig; AWS does not keep a caller from deleting one in use."""
    ENDPOINT_CONFIG.get(region, request["EndpointConfigName"])
    forget(region, ENDPOINT_CONFIG, request["EndpointConfigName"])
    return {}


def _checked_variant(region: Region, variant: dict[str, Any]) -> dict[str, Any]:
    name = variant["VariantName"]
    if "ServerlessConfig" in variant or "InferenceComponentName" in variant:
        raise validation_exception(f"Variant {name}: the sandbox serves instance-based variants only.")
    for member in ("ModelName", "InstanceType", "InitialInstanceCount"):
        if member not in variant:
            raise validation_exception(f"{member} is required for the production variant {name}.")
    MODEL.get(region, variant["ModelName"])
    return {"InitialVariantWeight": 1.0, **variant}
