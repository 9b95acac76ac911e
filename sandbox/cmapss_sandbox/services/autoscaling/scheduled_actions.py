"""Scheduled actions: put, described, deleted, and run as timed events that change a target's bounds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling.activities import record_bounds
from cmapss_sandbox.services.autoscaling.bounds import enforce_bounds, with_bounds
from cmapss_sandbox.services.autoscaling.resources import (
    DIMENSION,
    NAMESPACE,
    absent,
    described_page,
    key_of,
    limit_exceeded,
    named,
    of_target,
    registered,
    scheduled_action_table,
    selected,
    target_table,
    variant_id,
    variant_of,
)
from cmapss_sandbox.services.autoscaling.schedules import next_run, parse_schedule
from cmapss_sandbox.store import Record

DUE = "autoscaling.scheduled_action_due"

_PAGE_SIZE = 50
_MAXIMUM_ACTIONS = 200
# A region that was switched off for longer does not live through all the runs that it missed.
_CAUGHT_UP = timedelta(hours=3)


def put_scheduled_action(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutScheduledAction; an update keeps what is not given, but for StartTime and EndTime, which it then forgets."""
    variant, name = registered(region, request), request["ScheduledActionName"]
    key = key_of(variant, name)
    known = scheduled_action_table(region).get(key)
    if known is None and len(of_target(scheduled_action_table(region), variant.resource_id)) >= _MAXIMUM_ACTIONS:
        raise limit_exceeded("scheduled actions per scalable target", _MAXIMUM_ACTIONS)
    identity = target_table(region)[variant.resource_id]["_id"]
    resource = f"resource/{NAMESPACE}/{variant.resource_id}:scheduledActionName/{name}"
    kept = {member: known[member] for member in known if member not in ("StartTime", "EndTime")} if known else {}
    given = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
    action: Record = {
        "ScheduledActionName": name,
        "ScheduledActionARN": region.arn("autoscaling", f"scheduledAction:{identity}:{resource}"),
        "ServiceNamespace": NAMESPACE,
        "ResourceId": variant.resource_id,
        "ScalableDimension": DIMENSION,
        "CreationTime": region.now(),
        **kept,
        **{member: request[member] for member in given if member in request},
        "_put": region.now(),
    }
    _check(action)
    if known is not None and known["_event"] is not None:
        region.cancel(known["_event"])
    scheduled_action_table(region)[key] = _scheduled(region, action, key, after=region.now())
    return {}


def describe_scheduled_actions(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeScheduledActions."""
    actions, names = selected(scheduled_action_table(region), request), request.get("ScheduledActionNames")
    found = named(actions, names, "ScheduledActionName", "ScheduledActionARN")
    page, token = described_page(
        region, "DescribeScheduledActions", request, found, lambda action: str(action["ScheduledActionARN"]), _PAGE_SIZE
    )
    return {"ScheduledActions": page, "NextToken": token}


def delete_scheduled_action(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteScheduledAction."""
    variant, name = variant_id(request), request["ScheduledActionName"]
    action = None if variant is None else scheduled_action_table(region).get(key_of(variant, name))
    if action is None:
        raise absent("scheduled action found", request, f", scheduled action name: {name}")
    _remove(region, action)
    return {}


def remove_scheduled_actions(region: Region, resource_id: str) -> None:
    """Remove every scheduled action of a target."""
    for action in of_target(scheduled_action_table(region), resource_id):
        _remove(region, action)


def run(region: Region, key: str) -> None:
    """The timed event of an action that is due: its target gets the new bounds, unless that is suspended."""
    action = scheduled_action_table(region)[key]
    variant, bounds = variant_of(action), action["ScalableTargetAction"]
    after = max(region.now(), region.clock.now() - _CAUGHT_UP)
    scheduled_action_table(region)[key] = _scheduled(region, action, key, after=after)
    target = target_table(region)[action["ResourceId"]]
    if target["SuspendedState"]["ScheduledScalingSuspended"]:
        return
    members = {"MinCapacity": "min capacity", "MaxCapacity": "max capacity"}
    change = " and ".join(f"{words} to {bounds[member]}" for member, words in members.items() if member in bounds)
    try:
        changed = with_bounds(target, bounds)
    except AwsError as error:
        record_bounds(region, variant, action["ScheduledActionName"], change, error.message)
        return
    target_table(region)[action["ResourceId"]] = changed
    record_bounds(region, variant, action["ScheduledActionName"], change)
    enforce_bounds(region, variant)


def _check(action: Record) -> None:
    """Refuse an action that does not hold together, in AWS's words."""
    if "Schedule" not in action:
        raise validation_exception("Schedule must be set")
    parse_schedule(action["Schedule"], action.get("Timezone"))
    if "ScalableTargetAction" not in action:
        raise validation_exception("ScalableTargetAction must be set")
    if not action["ScalableTargetAction"]:
        raise validation_exception("At least one of minimum capacity and maximum capacity should be provided")
    with_bounds({}, action["ScalableTargetAction"])
    if "StartTime" in action and "EndTime" in action and action["StartTime"] >= action["EndTime"]:
        raise validation_exception("StartTime must be before EndTime")


def _scheduled(region: Region, action: Record, key: str, *, after: datetime) -> Record:
    """The action with the timed event of its next run, None when it has run for the last time."""
    due = next_run(
        parse_schedule(action["Schedule"], action.get("Timezone")),
        after=after,
        anchor=action["_put"],
        start=action.get("StartTime"),
        end=action.get("EndTime"),
    )
    return {**action, "_event": None if due is None else region.schedule(due, DUE, key=key)}


def _remove(region: Region, action: Record) -> None:
    if action["_event"] is not None:
        region.cancel(action["_event"])
    del scheduled_action_table(region)[key_of(variant_of(action), action["ScheduledActionName"])]
