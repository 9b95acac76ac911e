"""Scalable targets: registered, described, deregistered; capacity outside new bounds moves at once."""

from __future__ import annotations

import uuid
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling import activities
from cmapss_sandbox.services.autoscaling.bounds import enforce_bounds, with_bounds
from cmapss_sandbox.services.autoscaling.policies import remove_policies
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    VariantId,
    absent,
    described_page,
    limit_exceeded,
    named,
    selected,
    target_table,
    variant_id,
    variant_record,
)
from cmapss_sandbox.services.autoscaling.scheduled_actions import remove_scheduled_actions
from cmapss_sandbox.services.autoscaling.tags import checked_tags
from cmapss_sandbox.store import Record

_PAGE_SIZE = 50
_MAXIMUM_TARGETS = 500
_BURSTABLE = "ml.t"  # T2, T3 and whatever follows: every burstable family's name begins with a T
_ROLE = (
    f"role/aws-service-role/{NAMESPACE}.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def register_scalable_target(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """RegisterScalableTarget; for a target that is registered it changes what it names, and its capacity if need be."""
    variant = _scalable(region, request)
    known = target_table(region).get(variant.resource_id)
    if known is None:
        if len(target_table(region)) >= _MAXIMUM_TARGETS:
            raise limit_exceeded("scalable targets", _MAXIMUM_TARGETS)
        known = _new_target(region, variant, request)
    elif "Tags" in request:
        raise validation_exception(
            "The scalable target that you tried to tag already exists. To update tags on an existing scalable target, "
            "use the TagResource API."
        )
    bounds: dict[str, int] = {member: request[member] for member in ("MinCapacity", "MaxCapacity") if member in request}
    target = {
        **with_bounds(known, bounds),
        "SuspendedState": known["SuspendedState"] | request.get("SuspendedState", {}),
    }
    target_table(region)[variant.resource_id] = target
    enforce_bounds(region, variant)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def describe_scalable_targets(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScalableTargets."""
    found = named(selected(target_table(region), request), request.get("ResourceIds"), "ResourceId")
    page, token = described_page(
        region, "DescribeScalableTargets", request, found, lambda target: str(target["ResourceId"]), _PAGE_SIZE
    )
    return {"ScalableTargets": page, "NextToken": token}


def deregister_scalable_target(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeregisterScalableTarget, with its policies, their alarms and its scheduled actions."""
    variant = variant_id(request)
    if variant is None or variant.resource_id not in target_table(region):
        raise absent("scalable target found", request)
    deregister(region, variant)
    return {}


def deregister(region: Region, variant: VariantId) -> None:
    """Forget a scalable target and all that belongs to it; its activities stay."""
    remove_policies(region, variant.resource_id)
    remove_scheduled_actions(region, variant.resource_id)
    activities.abandon(region, variant, "the scalable target was deregistered", ("Pending",))
    del target_table(region)[variant.resource_id]


def _scalable(region: Region, request: dict[str, Any]) -> VariantId:
    """The variant that a request wants to register; raises ValidationException unless its instances can be scaled."""
    variant = variant_id(request)
    if variant is None:
        raise validation_exception(
            f"Scalable dimension {request['ScalableDimension']} is not supported by {request['ResourceId']}: there "
            f"are only variants with instances here, whose scalable dimension is {DIMENSION}."
        )
    record = variant_record(region, variant)
    if record is None:
        raise validation_exception(
            f"Could not find the production variant {variant.variant} of an endpoint {variant.endpoint} that is in "
            f"service (resource ID: {variant.resource_id})."
        )
    if record["instance_type"] is None:
        raise validation_exception(f"Scalable dimension {DIMENSION} is not supported by a serverless variant.")
    if record["instance_type"].startswith(_BURSTABLE):
        raise validation_exception(
            f"The instance type {record['instance_type']} of {variant.resource_id} is burstable and cannot be scaled."
        )
    return variant


def _new_target(region: Region, variant: VariantId, request: dict[str, Any]) -> Record:
    if not {"MinCapacity", "MaxCapacity"} <= request.keys():
        raise validation_exception("MinCapacity and MaxCapacity are required to register a new scalable target")
    now = region.now()
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{variant.resource_id} {now.isoformat()}")
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": variant.resource_id,
        "ScalableDimension": DIMENSION,
        "RoleARN": f"arn:aws:iam::{region.account}:{_ROLE}",
        "CreationTime": now,
        "SuspendedState": dict.fromkeys(_SUSPENSIONS, False),
        "ScalableTargetARN": region.arn("application-autoscaling", f"scalable-target/{identity.hex[:24]}"),
        "_id": str(identity),
        "_tags": checked_tags(request.get("Tags", {}), ""),
    }
