"""Application Auto Scaling: scalable targets, target-tracking policies, activities, and the loop behind them."""

from __future__ import annotations

from collections.abc import Mapping

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Handler, Region
from cmapss_sandbox.services.autoscaling import activities, control, policies, targets
from cmapss_sandbox.services.autoscaling.resources import (
    target_table,
    targets_of,
    variant_id,
    variant_record,
)
from cmapss_sandbox.services.cloudwatch.minutes import ALARMS_EVALUATED

SERVICE = "application-autoscaling"

OPERATIONS: dict[str, Handler] = {
    "DeleteScalingPolicy": policies.delete_scaling_policy,
    "DeregisterScalableTarget": targets.deregister_scalable_target,
    "DescribeScalableTargets": targets.describe_scalable_targets,
    "DescribeScalingActivities": activities.describe_scaling_activities,
    "DescribeScalingPolicies": policies.describe_scaling_policies,
    "ListTagsForResource": targets.list_tags_for_resource,
    "PutScalingPolicy": policies.put_scaling_policy,
    "RegisterScalableTarget": targets.register_scalable_target,
}


def install(region: Region) -> None:
    """Act after every region minute, and keep step with what becomes of endpoints."""
    region.subscribe(ALARMS_EVALUATED, control.scale)
    region.subscribe("endpoint_in_service", _settle)
    region.subscribe("endpoint_update_asked", _refuse_unscalable)
    region.subscribe("endpoint_deleted", _deregister)


def _settle(region: Region, *, name: str) -> None:
    """An endpoint serves (again): close its activities, and do what had to wait."""
    for target in targets_of(region, name):
        variant = variant_id(target)
        record = variant_record(region, variant)
        assert record is not None  # it is in service with this variant, whose removal is refused
        activities.end_scaling(region, variant, record["CurrentInstanceCount"])
        target_table(region)[target["ResourceId"]] = {**target, "_settled": region.now()}
        if target.get("_out_of_bounds"):
            targets.enforce_bounds(region, variant)


def _refuse_unscalable(region: Region, *, name: str, instance_types: Mapping[str, str]) -> None:
    """A variant that is registered keeps its instance type, and stays (SageMaker's endpoint-scaling guide)."""
    for target in targets_of(region, name):
        variant = variant_id(target)
        record = variant_record(region, variant)
        if record is not None and instance_types.get(variant.variant) != record["instance_type"]:
            arn = region.table("endpoints")[name]["EndpointArn"]
            raise validation_exception(
                f'The variant "{variant.variant}" of endpoint "{arn}" is a scalable target of Application Auto '
                "Scaling: deregister it before you change its instance type or remove it."
            )


def _deregister(region: Region, *, name: str) -> None:
    """DeleteEndpoint deregisters scalable targets itself."""
    for target in targets_of(region, name):
        targets.deregister(region, target["ResourceId"])
