"""Endpoints: created, described, listed, rescaled and deleted."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.endpoint_transitions import begin, modifiable, running
from cmapss_sandbox.services.sagemaker.fleet import (
    described_variants,
    pending_variants,
    planned_fleet,
)
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import (
    ENDPOINT,
    ENDPOINT_CONFIG,
    derived,
    public,
    set_tags,
)
from cmapss_sandbox.store import Record

_LISTING = Listing(
    "ListEndpoints",
    "Endpoints",
    "EndpointName",
    {"Name": "EndpointName", "CreationTime": "CreationTime", "Status": "EndpointStatus"},
    "CreationTime",
    "Descending",
    "EndpointStatus",
)
_summarise = summary("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")

# Region seconds, from and to, between which an endpoint's name decides.
_CREATING = (540.0, 660.0)
_DELETING = (30.0, 60.0)
_RESCALING = (180.0, 240.0)
_REWEIGHTING = (30.0, 60.0)


def create_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateEndpoint; it is Creating for 9 to 11 region minutes."""
    name = request["EndpointName"]
    ENDPOINT.refuse_duplicate(region, name)
    config = ENDPOINT_CONFIG.get(region, request["EndpointConfigName"])
    fleet = planned_fleet(region, config)
    now, arn = region.now(), ENDPOINT.arn_of(region, name)
    variants = described_variants(config, fleet, now)
    record: Record = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": config["EndpointConfigName"],
        "CreationTime": now,
        "_next": {"variants": variants, "fleet": fleet, "config": config["EndpointConfigName"]},
        "PendingDeploymentSummary": {
            "EndpointConfigName": config["EndpointConfigName"],
            "ProductionVariants": pending_variants(variants, "Creating", now),
            "StartTime": now,
        },
    }
    if "DeploymentConfig" in request:
        record["LastDeploymentConfig"] = request["DeploymentConfig"]
    begin(region, record, "Creating", derived(name, "creating", *_CREATING))
    set_tags(region, arn, request.get("Tags", []))
    return {"EndpointArn": arn}


def describe_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeEndpoint."""
    return public(ENDPOINT.get(region, request["EndpointName"]))


def list_endpoints(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListEndpoints."""
    return list_page(region, _LISTING, request, ENDPOINT.records(region).values(), _summarise)


def delete_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteEndpoint; whoever scales it is told at once, config and model stay."""
    record = modifiable(region, request["EndpointName"])
    begin(region, record, "Deleting", derived(record["EndpointName"], "deleting", *_DELETING))
    region.notify("endpoint_deleted", name=record["EndpointName"])
    return {}


def update_endpoint_weights_and_capacities(
    region: Region, request: dict[str, Any], context: RequestContext
) -> dict[str, Any]:
    """UpdateEndpointWeightsAndCapacities; what a variant's entry leaves out stays as it is."""
    record = running(region, request["EndpointName"])
    wanted = {}
    for entry in request["DesiredWeightsAndCapacities"]:
        if entry.get("DesiredInstanceCount", 1) < 1:
            raise validation_exception(
                f"DesiredInstanceCount of the variant {entry['VariantName']} must be at least 1."
            )
        wanted[entry["VariantName"]] = {key: value for key, value in entry.items() if key != "VariantName"}
    rescaling = any("DesiredInstanceCount" in change for change in wanted.values())
    seconds = derived(record["EndpointName"], "rescaling", *(_RESCALING if rescaling else _REWEIGHTING))
    _change_variants(region, record, wanted, seconds)
    return {"EndpointArn": record["EndpointArn"]}


def set_desired_instance_count(region: Region, endpoint_name: str, variant: str, count: int, *, seconds: float) -> None:
    """Ask for an instance count of one variant, which arrives after so many region seconds.

    Raises AwsError when the endpoint is absent, has no such variant or is not in service.
    """
    record = running(region, endpoint_name)
    _change_variants(region, record, {variant: {"DesiredInstanceCount": count}}, seconds)


def _change_variants(region: Region, record: Record, wanted: dict[str, dict[str, Any]], seconds: float) -> None:
    """Show what is desired now, and let it be current after so many region seconds."""
    absent = wanted.keys() - {variant["VariantName"] for variant in record["ProductionVariants"]}
    if absent:
        raise validation_exception(
            f'The variant name(s) "{", ".join(sorted(absent))}" is/are not present within endpoint '
            f'"{record["EndpointName"]}".'
        )
    desired = [{**variant, **wanted.get(variant["VariantName"], {})} for variant in record["ProductionVariants"]]
    reached = [
        {
            **variant,
            "CurrentInstanceCount": variant["DesiredInstanceCount"],
            "CurrentWeight": variant["DesiredWeight"],
        }
        for variant in desired
    ]
    following = {"variants": reached, "fleet": record["_fleet"], "config": record["EndpointConfigName"]}
    begin(region, {**record, "ProductionVariants": desired, "_next": following}, "Updating", seconds)
