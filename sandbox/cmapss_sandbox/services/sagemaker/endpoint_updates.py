"""UpdateEndpoint: another config for a running endpoint."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.endpoint_transitions import begin, running
from cmapss_sandbox.services.sagemaker.fleet import (
    described_variants,
    pending_variants,
    planned_fleet,
    retained_variants,
)
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT_CONFIG, derived

# Region seconds, from and to, between which an endpoint's name decides.
_DEPLOYING = (480.0, 600.0)


def update_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """UpdateEndpoint, all at once: the old fleet serves until the new one takes over or fails.

    Subscribers to "endpoint_update_asked" (name, instance_types by variant) may refuse it by raising AwsError.
    """
    record = running(region, request["EndpointName"])
    config = ENDPOINT_CONFIG.get(region, request["EndpointConfigName"])
    fleet = planned_fleet(region, config)
    region.notify(
        "endpoint_update_asked",
        name=record["EndpointName"],
        instance_types={name: variant["instance_type"] for name, variant in fleet.items()},
    )
    now = region.now()
    variants = described_variants(config, fleet, now)
    if request.get("RetainAllVariantProperties"):
        excluded = request.get("ExcludeRetainedVariantProperties", [])
        kinds = frozenset(prop["VariantPropertyType"] for prop in excluded)
        variants = retained_variants(variants, record["ProductionVariants"], kinds)
    changed = {
        **record,
        "_next": {"variants": variants, "fleet": fleet, "config": config["EndpointConfigName"]},
        "PendingDeploymentSummary": {
            "EndpointConfigName": config["EndpointConfigName"],
            "ProductionVariants": pending_variants(variants, "Creating", now),
            "StartTime": now,
        },
    }
    if not request.get("RetainDeploymentConfig"):
        changed.pop("LastDeploymentConfig", None)
    if "DeploymentConfig" in request:
        changed["LastDeploymentConfig"] = request["DeploymentConfig"]
    begin(region, changed, "Updating", derived(config["EndpointConfigName"], "deploying", *_DEPLOYING))
    return {"EndpointArn": record["EndpointArn"]}
