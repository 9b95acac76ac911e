"""Endpoints: created, described, listed, rescaled and deleted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.capacity import refuse_beyond_quota
from cmapss_sandbox.services.sagemaker.deployments.health import import_early
from cmapss_sandbox.services.sagemaker.deployments.pace import (
    creation_pace,
    deletion_seconds,
    rescaling_pace,
    rescaling_seconds,
)
from cmapss_sandbox.services.sagemaker.deployments.policies import read_policy
from cmapss_sandbox.services.sagemaker.deployments.steps import Step, creation, growth
from cmapss_sandbox.services.sagemaker.endpoint_transitions import begin, modifiable, running
from cmapss_sandbox.services.sagemaker.fleet import (
    by_type,
    changed,
    current_counts,
    desired_counts,
    planned_fleet,
)
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT, ENDPOINT_CONFIG, public, set_tags
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


def create_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateEndpoint; it is Creating for 9 to 11 region minutes, longer when it is going to fail."""
    name = request["EndpointName"]
    ENDPOINT.refuse_duplicate(region, name)
    config = ENDPOINT_CONFIG.get(region, request["EndpointConfigName"])
    fleet = planned_fleet(region, config)
    counts, arn = desired_counts(fleet), ENDPOINT.arn_of(region, name)
    read_policy(region, request.get("DeploymentConfig", {}), counts)
    refuse_beyond_quota(region, by_type(fleet, counts))
    record: Record = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": config["EndpointConfigName"],
        "CreationTime": region.now(),
    }
    if "DeploymentConfig" in request:
        record["LastDeploymentConfig"] = request["DeploymentConfig"]
    import_early()
    begin(region, record, "Creating", "create", creation(counts, creation_pace(name)), fleets=[fleet])
    set_tags(region, arn, request.get("Tags", []))
    return {"EndpointArn": arn}


def describe_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeEndpoint."""
    return public(ENDPOINT.get(region, request["EndpointName"]))


def list_endpoints(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListEndpoints."""
    return list_page(region, _LISTING, request, ENDPOINT.records(region).values(), _summarise)


def delete_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteEndpoint; config and model stay. Subscribers to "endpoint_deleted" (name) hear at once and may refuse."""
    record = modifiable(region, request["EndpointName"])
    seconds = deletion_seconds(record["EndpointName"])
    begin(region, record, "Deleting", "delete", [Step("Deleting", "Terminating all instances", seconds, (), ())])
    region.notify("endpoint_deleted", name=record["EndpointName"])
    return {}


def update_endpoint_weights_and_capacities(
    region: Region, request: dict[str, Any], context: RequestContext
) -> dict[str, Any]:
    """UpdateEndpointWeightsAndCapacities; what a variant's entry leaves out stays as it is."""
    record = running(region, request["EndpointName"])
    wanted: dict[str, dict[str, Any]] = {}
    for entry in request["DesiredWeightsAndCapacities"]:
        name = entry["VariantName"]
        if name in wanted:
            raise validation_exception(f'The variant name "{name}" is given more than once.')
        if "ServerlessUpdateConfig" in entry:
            raise validation_exception(
                f"ServerlessUpdateConfig cannot be specified for the variant {name}, which is not serverless."
            )
        if entry.get("DesiredInstanceCount", 1) < 1:
            raise validation_exception(f"DesiredInstanceCount of the variant {name} must be at least 1.")
        if not math.isfinite(entry.get("DesiredWeight", 0.0)):
            raise validation_exception(f"DesiredWeight of the variant {name} must be a finite number.")
        wanted[name] = {key: value for key, value in entry.items() if key != "VariantName"}
    rescaled = any("DesiredInstanceCount" in change for change in wanted.values())
    _rescale(region, record, wanted, rescaling_seconds(record["EndpointName"], instances=rescaled))
    return {"EndpointArn": record["EndpointArn"]}


def set_desired_instance_count(region: Region, endpoint_name: str, variant: str, count: int, *, seconds: float) -> None:
    """Ask for an instance count of one variant, which arrives after so many region seconds.

    Raises AwsError when the endpoint is absent, has no such variant, is not in service or would exceed a quota.
    """
    record = running(region, endpoint_name)
    _rescale(region, record, {variant: {"DesiredInstanceCount": count}}, seconds)


def _rescale(region: Region, record: Record, wanted: Mapping[str, Mapping[str, Any]], seconds: float) -> None:
    """Show what is desired now, and let it be current after so many region seconds."""
    [fleet] = record["_fleets"]
    before = current_counts(fleet)
    absent = wanted.keys() - before.keys()
    if absent:
        raise validation_exception(
            f'The variant name(s) "{", ".join(sorted(absent))}" is/are not present within endpoint '
            f'"{record["EndpointName"]}".'
        )
    desired = changed(fleet, wanted)
    after = desired_counts(desired)
    grown = {variant: max(0, after[variant] - count) for variant, count in before.items()}
    refuse_beyond_quota(region, by_type(fleet, grown))
    steps = growth(before, grown, rescaling_pace(seconds))
    begin(region, {**record, "_fleets": [desired]}, "Updating", "rescale", steps, fleets=[desired])
