"""Application Auto Scaling: scalable targets, scaling policies, scheduled actions, activities, and what moves them."""

from __future__ import annotations

from collections.abc import Mapping

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Handler, Region
from cmapss_sandbox.services.autoscaling import (
    activities,
    bounds,
    concurrency,
    control,
    policies,
    scheduled_actions,
    tags,
    targets,
)
from cmapss_sandbox.services.autoscaling.resources import targets_of, variant_of, variant_record
from cmapss_sandbox.services.cloudwatch.alarms import ALARM_STATE_CHANGED
from cmapss_sandbox.services.cloudwatch.minutes import ALARMS_EVALUATED

SERVICE = "application-autoscaling"

OPERATIONS: dict[str, Handler] = {
    "DeleteScalingPolicy": policies.delete_scaling_policy,
    "DeleteScheduledAction": scheduled_actions.delete_scheduled_action,
    "DeregisterScalableTarget": targets.deregister_scalable_target,
    "DescribeScalableTargets": targets.describe_scalable_targets,
    "DescribeScalingActivities": activities.describe_scaling_activities,
    "DescribeScalingPolicies": policies.describe_scaling_policies,
    "DescribeScheduledActions": scheduled_actions.describe_scheduled_actions,
    "GetPredictiveScalingForecast": policies.get_predictive_scaling_forecast,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutScalingPolicy": policies.put_scaling_policy,
    "PutScheduledAction": scheduled_actions.put_scheduled_action,
    "RegisterScalableTarget": targets.register_scalable_target,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
}


def install(region: Region) -> None:
    """Act after every region minute and when an action is due, and keep step with what becomes of endpoints."""
    region.guard(concurrency.one_update_at_a_time(SERVICE))
    region.on(scheduled_actions.DUE, scheduled_actions.run)
    region.subscribe(ALARMS_EVALUATED, control.scale)
    region.subscribe(ALARM_STATE_CHANGED, control.follow_set_state)
    region.subscribe("endpoint_in_service", _settle)
    region.subscribe("endpoint_update_asked", _refuse_unscalable)
    region.subscribe("endpoint_deleted", _deregister)


def _settle(region: Region, *, name: str) -> None:
    """An endpoint serves (again): close its activities, and do what had to wait."""
    activities.end_scaling_of(region, name)
    for target in targets_of(region, name):
        bounds.settle(region, target)


def _refuse_unscalable(region: Region, *, name: str, instance_types: Mapping[str, str]) -> None:
    """A variant that is registered keeps its instance type, and stays (SageMaker's endpoint-scaling guide)."""
    for target in targets_of(region, name):
        variant = variant_of(target)
        record = variant_record(region, variant)
        if record is not None and instance_types.get(variant.variant) != record["instance_type"]:
            arn = region.table("endpoints")[name]["EndpointArn"]
            raise validation_exception(
                f'The variant "{variant.variant}" of endpoint "{arn}" is a scalable target of Application Auto '
                "Scaling: deregister it before you change its instance type or remove it."
            )


def _deregister(region: Region, *, name: str) -> None:
    """DeleteEndpoint deregisters scalable targets itself; what an endpoint that failed had in progress is over."""
    activities.end_scaling_of(region, name)
    for target in targets_of(region, name):
        targets.deregister(region, variant_of(target))
