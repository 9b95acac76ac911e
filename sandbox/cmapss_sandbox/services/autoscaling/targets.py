"""Scalable targets: registered, described, deregistered; capacity outside new bounds moves at once."""

from __future__ import annotations

import uuid
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling.activities import start_scaling
from cmapss_sandbox.services.autoscaling.arithmetic import Bounds
from cmapss_sandbox.services.autoscaling.policies import remove_policies
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    VariantId,
    absent,
    described_page,
    matches,
    target_table,
    variant_id,
    variant_record,
)
from cmapss_sandbox.store import Record

_PAGE_SIZE = 50
_BURSTABLE = ("ml.t2.", "ml.t3.", "ml.t3a.")
_ROLE = (
    f"role/aws-service-role/{NAMESPACE}.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def register_scalable_target(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """RegisterScalableTarget; for a target that is registered it changes what it names."""
    variant = variant_id(request)
    record = variant_record(region, variant)
    if record is None:
        raise validation_exception(
            f"Could not find the production variant {variant.variant} of an endpoint {variant.endpoint} "
            f"(resource ID: {variant.resource_id})."
        )
    if record["instance_type"].startswith(_BURSTABLE):
        raise validation_exception(
            f"The instance type {record['instance_type']} of {variant.resource_id} is burstable and cannot be scaled."
        )
    known = target_table(region).get(variant.resource_id)
    target = _changed(known or _new_target(region, variant, request), request)
    target_table(region)[variant.resource_id] = target
    if {"MinCapacity", "MaxCapacity"} & request.keys():
        enforce_bounds(region, variant)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def describe_scalable_targets(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScalableTargets."""
    ids = request.get("ResourceIds")
    found = [
        target
        for target in target_table(region).values()
        if matches(target, request) and (not ids or target["ResourceId"] in ids)
    ]
    page, token = described_page(
        region, "DescribeScalableTargets", request, found, lambda target: str(target["ResourceId"]), _PAGE_SIZE
    )
    return {"ScalableTargets": page, "NextToken": token}


def deregister_scalable_target(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeregisterScalableTarget, with its policies and their alarms."""
    variant = variant_id(request)
    if variant.resource_id not in target_table(region):
        raise absent("scalable target found", variant)
    deregister(region, variant.resource_id)
    return {}


def deregister(region: Region, resource_id: str) -> None:
    """Forget a scalable target, its policies and their alarms; its activities stay."""
    remove_policies(region, resource_id)
    del target_table(region)[resource_id]


def list_tags_for_resource(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListTagsForResource."""
    for target in target_table(region).values():
        if target["ScalableTargetARN"] == request["ResourceARN"]:
            return {"Tags": target["_tags"]}
    raise AwsError("ResourceNotFoundException", f"There is no scalable target {request['ResourceARN']}.")


def bounds_of(target: Record) -> Bounds:
    """The bounds that scaling keeps to: a real-time variant has at least one instance."""
    return Bounds(max(1, target["MinCapacity"]), max(1, target["MaxCapacity"]))


def enforce_bounds(region: Region, variant: VariantId) -> None:
    """Bring the variant into its target's bounds; while its endpoint is changing, that waits until it serves."""
    target, record = target_table(region)[variant.resource_id], variant_record(region, variant)
    waits = record is None or record["endpoint_status"] != "InService"
    target_table(region)[variant.resource_id] = {**target, "_out_of_bounds": waits}
    if record is None or waits:
        return
    current = record["DesiredInstanceCount"]
    wanted = bounds_of(target).clip(current)
    if wanted != current:
        side = "minimum" if wanted > current else "maximum"
        start_scaling(region, variant, current, wanted, f"{side} capacity was set to {wanted}")


def _new_target(region: Region, variant: VariantId, request: dict[str, Any]) -> Record:
    if not {"MinCapacity", "MaxCapacity"} <= request.keys():
        raise validation_exception("MinCapacity and MaxCapacity are required to register a new scalable target")
    now = region.now()
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{variant.resource_id} {now.isoformat()}").hex[:24]
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": variant.resource_id,
        "ScalableDimension": DIMENSION,
        "RoleARN": f"arn:aws:iam::{region.account}:{_ROLE}",
        "CreationTime": now,
        "SuspendedState": dict.fromkeys(_SUSPENSIONS, False),
        "ScalableTargetARN": region.arn("application-autoscaling", f"scalable-target/{identity}"),
        "_tags": {},
    }


def _changed(target: Record, request: dict[str, Any]) -> Record:
    changed: Record = {
        **target,
        **{member: request[member] for member in ("MinCapacity", "MaxCapacity") if member in request},
        "SuspendedState": target["SuspendedState"] | request.get("SuspendedState", {}),
        "_tags": target["_tags"] | request.get("Tags", {}),
    }
    if changed["MinCapacity"] < 0:
        raise validation_exception("Minimum capacity cannot be less than 0")
    if changed["MaxCapacity"] < changed["MinCapacity"]:
        raise validation_exception("Maximum capacity cannot be less than minimum capacity")
    return changed
