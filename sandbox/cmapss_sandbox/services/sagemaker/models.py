"""Models: an image and an artefact that an endpoint can serve."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import MODEL, forget, public, set_tags, without_tags

_LISTING = Listing(
    "ListModels",
    "Models",
    "ModelName",
    {"Name": "ModelName", "CreationTime": "CreationTime"},
    "CreationTime",
    "Descending",
)
_summarise = summary("ModelName", "ModelArn", "CreationTime")


def create_model(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateModel; whether the artefact exists is found out when an endpoint downloads it."""
    name = request["ModelName"]
    if ("PrimaryContainer" in request) == ("Containers" in request):
        raise validation_exception("Specify either PrimaryContainer or Containers, and not both.")
    for container in request.get("Containers") or [request["PrimaryContainer"]]:
        if "Image" not in container:
            raise validation_exception(
                f"A container of the model {name} has no Image; the sandbox has no model packages."
            )
    MODEL.refuse_duplicate(region, name)
    arn = MODEL.arn_of(region, name)
    MODEL.records(region)[name] = {
        "EnableNetworkIsolation": False,
        **without_tags(request),
        "ModelArn": arn,
        "CreationTime": region.now(),
    }
    set_tags(region, arn, request.get("Tags", []))
    return {"ModelArn": arn}


def describe_model(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeModel."""
    return public(MODEL.get(region, request["ModelName"]))


def list_models(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListModels."""
    return list_page(region, _LISTING, request, MODEL.records(region).values(), _summarise)


def delete_model(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteModel; endpoints that serve it go on."""
    MODEL.get(region, request["ModelName"])
    forget(region, MODEL, request["ModelName"])
    return {}


def first_container(record: dict[str, Any]) -> dict[str, Any]:
    """The container that answers first when a model is invoked."""
    container: dict[str, Any] = record.get("PrimaryContainer") or record["Containers"][0]
    return container
