"""Scaling activities: what was tried, why, and what became of it; six weeks of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling.arithmetic import LastScaling
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    VariantId,
    described_page,
    matches,
)
from cmapss_sandbox.store import Record, Table

_RETENTION = timedelta(weeks=6)
_PAGE_SIZE = 50
# Region seconds, from and to, until instances that were asked for have arrived.
_ARRIVAL = (180.0, 240.0)


def start_scaling(region: Region, variant: VariantId, current: int, wanted: int, cause: str, policy: str = "") -> None:
    """Ask SageMaker for another instance count and record the activity, or its failure when that is refused."""
    from cmapss_sandbox.services.sagemaker.endpoints import set_desired_instance_count
    from cmapss_sandbox.services.sagemaker.resources import derived

    activity = {
        "Description": f"Setting desired instance count to {wanted}.",
        "Cause": cause,
        "_from": current,
        "_to": wanted,
        "_policy": policy,
    }
    seconds = derived(f"{variant.resource_id}:{current}:{wanted}", "scaling", *_ARRIVAL)
    try:
        set_desired_instance_count(region, variant.endpoint, variant.variant, wanted, seconds=seconds)
    except AwsError as error:
        message = f"Failed to set desired instance count to {wanted}. Reason: {error.message}"
        newest = next(_newest_first(region, variant), {})
        if newest.get("StatusMessage") != message:
            ended = {"EndTime": region.now(), "StatusCode": "Failed", "StatusMessage": message}
            _add(region, variant, {**activity, **ended})
        return
    message = f"Successfully set desired instance count to {wanted}. Waiting for change to be fulfilled by {NAMESPACE}."
    _add(region, variant, {**activity, "StatusCode": "InProgress", "StatusMessage": message})


def end_scaling(region: Region, variant: VariantId, current: int) -> None:
    """Close the activities under way on a variant that now has so many instances."""
    for activity in list(_newest_first(region, variant)):
        if activity["StatusCode"] != "InProgress":
            continue
        wanted = activity["_to"]
        status, message = (
            (
                "Successful",
                f"Successfully set desired instance count to {wanted}. Change successfully fulfilled by {NAMESPACE}.",
            )
            if current == wanted
            else ("Unfulfilled", f"Failed to reach {wanted} instances: the variant has {current}.")
        )
        ended = {"EndTime": region.now(), "StatusCode": status, "StatusMessage": message}
        _table(region)[activity["ActivityId"]] = {**activity, **ended}


def record_not_scaled(region: Region, variant: VariantId, cause: str, code: str, **capacity: int) -> None:
    """Record why an alarm led to nothing, once for as long as the reason stays the same."""
    newest: Record = next(_newest_first(region, variant), {})
    if [reason["Code"] for reason in newest.get("NotScaledReasons", [])] == [code]:
        return
    activity = {
        "Description": "Attempting to scale due to alarm triggered",
        "Cause": cause,
        "StatusCode": "Successful" if code == "AlreadyAtDesiredCapacity" else "Failed",
        "NotScaledReasons": [{"Code": code, **capacity}],
    }
    _add(region, variant, activity)


def last_scale_out(region: Region, variant: VariantId) -> LastScaling | None:
    """What the last scale-out that a policy made and that has completed added, and when."""
    for activity in _completed(region, variant):
        if activity["_to"] > activity["_from"]:
            return LastScaling(activity["EndTime"], activity["_to"] - activity["_from"])
    return None


def last_scale_in(region: Region, variant: VariantId) -> LastScaling | None:
    """What the last scale-in removed, None also when a scale-out has interrupted its cooldown since."""
    newest = next(_completed(region, variant), None)
    if newest is None or newest["_to"] > newest["_from"]:
        return None
    return LastScaling(newest["EndTime"], newest["_from"] - newest["_to"])


def describe_scaling_activities(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScalingActivities, newest first; those that scaled nothing only when asked for."""
    all_of_them = request.get("IncludeNotScaledActivities", False)
    found = [
        activity
        for activity in _newest_first(region)
        if matches(activity, request) and (all_of_them or "NotScaledReasons" not in activity)
    ]
    page, token = described_page(
        region,
        "DescribeScalingActivities",
        request,
        found,
        lambda activity: str(activity["ActivityId"]),
        _PAGE_SIZE,
    )
    return {"ScalingActivities": page, "NextToken": token}


def _table(region: Region) -> Table:
    return region.table("scaling_activities")


def _newest_first(region: Region, variant: VariantId | None = None) -> Iterator[Record]:
    return (
        activity
        for activity in reversed(list(_table(region).values()))
        if variant is None or activity["ResourceId"] == variant.resource_id
    )


def _completed(region: Region, variant: VariantId) -> Iterator[Record]:
    """The successful activities that a policy began, newest first."""
    return (
        activity
        for activity in _newest_first(region, variant)
        if activity["StatusCode"] == "Successful" and activity.get("_policy")
    )


def _add(region: Region, variant: VariantId, activity: Record) -> None:
    table, now = _table(region), region.now()
    for known in [known for known, old in table.items() if old["StartTime"] < now - _RETENTION]:
        del table[known]
    identity = f"{variant.resource_id} {now.isoformat()} {activity['Description']} {activity['Cause']}"
    activity_id = str(uuid.uuid5(uuid.NAMESPACE_URL, identity))
    table[activity_id] = {
        "ActivityId": activity_id,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": variant.resource_id,
        "ScalableDimension": DIMENSION,
        "StartTime": now,
        **activity,
    }
