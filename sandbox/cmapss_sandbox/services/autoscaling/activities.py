"""Scaling activities: what was tried, why, and what became of it; six weeks of them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling.arithmetic import Scaling
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    VariantId,
    described_page,
    selected,
    variant_of,
    variant_record,
)
from cmapss_sandbox.services.sagemaker.endpoints import set_desired_instance_count
from cmapss_sandbox.services.sagemaker.resources import derived
from cmapss_sandbox.store import Record, Table

_RETENTION = timedelta(weeks=6)
_PAGE_SIZE = 50
# Region seconds, from and to, until instances that were asked for have arrived.
_ARRIVAL = (180.0, 240.0)
OPEN = ("Pending", "InProgress")


def start_scaling(region: Region, variant: VariantId, wanted: int, cause: str, policy: str = "") -> None:
    """Ask SageMaker for another instance count, now or, while the endpoint is changing, once it serves again.

    An activity that is under way is overridden. One that cannot be passed on is recorded as Failed.
    """
    record = variant_record(region, variant)
    assert record is not None  # whoever asks has looked
    override(region, variant, wanted)
    own = {"_from": record["CurrentInstanceCount"], "_to": wanted, "_policy": policy}
    activity = _new(region, variant, f"Setting desired instance count to {wanted}.", cause, "Pending", own)
    if record["endpoint_status"] == "InService":
        pass_on(region, variant, activity)
    else:
        _add(region, activity)


def pass_on(region: Region, variant: VariantId, activity: Record) -> None:
    """Let SageMaker carry out an activity that is Pending."""
    wanted = activity["_to"]
    try:
        _set_desired_instance_count(region, variant, wanted)
    except AwsError as error:
        newest = newest_scaling(region, variant)
        if newest is not None and newest.get("_refusal") == error.message and newest["Cause"] == activity["Cause"]:
            return  # the alarm asks again every minute, and is told the same
        request_id = uuid.uuid5(uuid.NAMESPACE_URL, activity["ActivityId"])
        message = (
            f"Failed to set desired instance count to {wanted}. Reason: {error.message} (Service: AmazonSageMaker; "
            f"Status Code: {error.status}; Error Code: {error.code}; Request ID: {request_id})."
        )
        _end(region, {**activity, "_refusal": error.message}, "Failed", message)
        return
    message = f"Successfully set desired instance count to {wanted}. Waiting for change to be fulfilled by {NAMESPACE}."
    _add(region, {**activity, "StatusCode": "InProgress", "StatusMessage": message})


def end_scaling_of(region: Region, endpoint: str) -> None:
    """Close what is in progress on the variants of an endpoint, now that it has the instances it got."""
    for activity in list(_table(region).values()):
        variant = variant_of(activity)
        if activity["StatusCode"] != "InProgress" or variant.endpoint != endpoint:
            continue
        record, wanted = variant_record(region, variant), activity["_to"]
        done = f"Successfully set desired instance count to {wanted}. Change"
        if record is not None and record["CurrentInstanceCount"] == wanted:
            _end(region, activity, "Successful", f"{done} successfully fulfilled by {NAMESPACE}.")
        else:
            reason = region.table("endpoints").get(endpoint, {}).get("FailureReason")
            because = f" Reason: {reason}" if reason else ""
            _end(region, activity, "Unfulfilled", f"{done} could not be fulfilled by {NAMESPACE}.{because}")


def override(region: Region, variant: VariantId, wanted: int) -> None:
    """Close what is under way on a variant because it shall have another capacity."""
    activity = open_activity(region, variant)
    if activity is not None:
        later = f"Found it was later changed to {wanted}."
        begun = activity["StatusCode"] == "InProgress"
        done = f"Successfully set desired instance count to {activity['_to']}. " if begun else ""
        _end(region, activity, "Overridden", done + later)


def abandon(region: Region, variant: VariantId, reason: str, statuses: Collection[str] = OPEN) -> None:
    """Close what is under way on a variant, in one of those statuses, because it cannot end by itself any more."""
    activity = open_activity(region, variant)
    if activity is not None and activity["StatusCode"] in statuses:
        message = f"Failed to set desired instance count to {activity['_to']}. Reason: {reason}."
        _end(region, activity, "Unfulfilled", message)


def record_bounds(region: Region, variant: VariantId, scheduled_action: str, change: str, refusal: str = "") -> None:
    """Record that a scheduled action has set a target's bounds, or why it could not; AWS gives it no end time."""
    cause = f"scheduled action name {scheduled_action} was triggered"
    status, message = "Successful", f"Successfully set {change}"
    if refusal:
        status, message = "Failed", f"Failed to set {change}. Reason: {refusal}"
    _add(region, _new(region, variant, f"Setting {change}", cause, status, {"StatusMessage": message}))


def record_not_scaled(
    region: Region, variant: VariantId, cause: str, code: str, capacity: dict[str, int], since: datetime
) -> None:
    """Record why an alarm led to nothing, once for as long as the alarm stays (since then) and the reason the same."""
    for activity in _newest_first(region, variant):
        if "NotScaledReasons" not in activity:
            break
        [reason] = activity["NotScaledReasons"]
        if (reason["Code"], activity["Cause"], activity["_since"]) == (code, cause, since):
            return
    reasons = {"NotScaledReasons": [{"Code": code, **capacity}], "_since": since}
    _add(region, _new(region, variant, "Attempting to scale due to alarm triggered", cause, "Failed", reasons))


def open_activity(region: Region, variant: VariantId) -> Record | None:
    """The activity under way on a variant: at most one, and no other has been started since."""
    newest = newest_scaling(region, variant)
    return newest if newest is not None and newest["StatusCode"] in OPEN else None


def newest_scaling(region: Region, variant: VariantId) -> Record | None:
    """The last activity that was to change a variant's capacity."""
    return next((activity for activity in _newest_first(region, variant) if "_to" in activity), None)


def completed(region: Region, variant: VariantId) -> Iterator[Scaling]:
    """What policies have done to a variant and has been fulfilled, newest first."""
    return (
        Scaling(activity["StartTime"], activity["EndTime"], activity["_to"] - activity["_from"])
        for activity in _newest_first(region, variant)
        if activity["StatusCode"] == "Successful" and activity.get("_policy")
    )


def describe_scaling_activities(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScalingActivities of the last six weeks, newest first; those that scaled nothing only when asked for."""
    all_of_them, oldest = request.get("IncludeNotScaledActivities", False), region.now() - _RETENTION
    found = [
        activity
        for activity in reversed(selected(_table(region), request))
        if activity["StartTime"] >= oldest and (all_of_them or "NotScaledReasons" not in activity)
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


def _set_desired_instance_count(region: Region, variant: VariantId, wanted: int) -> None:
    """Raise AwsError when SageMaker refuses: a quota, an endpoint in progress."""
    record = variant_record(region, variant)
    assert record is not None  # whoever scales has looked
    current = record["CurrentInstanceCount"]
    seconds = derived(f"{variant.resource_id}:{current}:{wanted}", "scaling", *_ARRIVAL)
    set_desired_instance_count(region, variant.endpoint, variant.variant, wanted, seconds=seconds)


def _table(region: Region) -> Table:
    return region.table("scaling_activities")


def _newest_first(region: Region, variant: VariantId) -> Iterator[Record]:
    table, resource_id = _table(region), variant.resource_id
    return (table[key] for key in reversed(table) if table[key]["ResourceId"] == resource_id)


def _end(region: Region, activity: Record, status: str, message: str) -> None:
    _add(region, {**activity, "EndTime": region.now(), "StatusCode": status, "StatusMessage": message})


def _add(region: Region, activity: Record) -> None:
    """Keep an activity, in the place of what it was before; those older than AWS keeps them are forgotten."""
    table, oldest = _table(region), region.now() - _RETENTION
    while (first := next(iter(table), None)) is not None and table[first]["StartTime"] < oldest:
        del table[first]
    table[activity["ActivityId"]] = activity


def _new(
    region: Region, variant: VariantId, description: str, cause: str, status: str, further: Mapping[str, Any]
) -> Record:
    """An activity that begins now; its id is the same whenever the same happens at the same time, and its own."""
    now = region.now()
    identity = f"{variant.resource_id} {now.isoformat()} {description} {cause}"
    ids = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"{identity} {number}")) for number in itertools.count())
    return {
        "ActivityId": next(activity_id for activity_id in ids if activity_id not in _table(region)),
        "ServiceNamespace": NAMESPACE,
        "ResourceId": variant.resource_id,
        "ScalableDimension": DIMENSION,
        "Description": description,
        "Cause": cause,
        "StartTime": now,
        "StatusCode": status,
        **further,
    }
