"""The bounds of a scalable target, and how its capacity is brought into them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.autoscaling import activities
from cmapss_sandbox.services.autoscaling.arithmetic import Bounds
from cmapss_sandbox.services.autoscaling.resources import VariantId, target_table, variant_of, variant_record
from cmapss_sandbox.store import Record


def with_bounds(record: Mapping[str, Any], bounds: Mapping[str, int]) -> Record:
    """A record with another minimum, maximum or both; raises ValidationException when they do not go together."""
    changed = {**record, **bounds}
    for side, member in (("Minimum", "MinCapacity"), ("Maximum", "MaxCapacity")):
        if changed.get(member, 0) < 0:
            raise validation_exception(f"{side} capacity cannot be less than 0")
    if changed.get("MaxCapacity", math.inf) < changed.get("MinCapacity", 0):
        raise validation_exception("Maximum capacity cannot be less than minimum capacity")
    return changed


def bounds_of(target: Mapping[str, Any]) -> Bounds:
    """The bounds that scaling keeps to: a real-time variant has at least one instance."""
    return Bounds(max(1, target["MinCapacity"]), max(1, target["MaxCapacity"]))


def enforce_bounds(region: Region, variant: VariantId) -> None:
    """Bring the variant into its target's bounds, as soon as its endpoint can be changed.

    Where the endpoint is changing, what that leads to is looked at once it serves again; so is what waits to be passed
    on, for bounds and capacity may have changed by then.
    """
    target, record = target_table(region)[variant.resource_id], variant_record(region, variant)
    if record is None:
        return
    serves = record["endpoint_status"] == "InService"
    target_table(region)[variant.resource_id] = {**target, "_to_be_settled": not serves}
    current = record["DesiredInstanceCount"]
    wanted = bounds_of(target).clip(current)
    under_way = activities.open_activity(region, variant)
    waiting = under_way if under_way and under_way["StatusCode"] == "Pending" else None
    if wanted == current:
        if waiting:
            activities.override(region, variant, current)
    elif not waiting or waiting["_to"] != wanted:
        side = "minimum" if wanted > current else "maximum"
        activities.start_scaling(region, variant, wanted, f"{side} capacity was set to {wanted}")
    elif serves:
        activities.pass_on(region, variant, waiting)


def settle(region: Region, target: Record) -> None:
    """A registered variant serves: what had to wait is done, and measurements count from now on."""
    target_table(region)[target["ResourceId"]] = {**target, "_settled": region.now()}
    if target.get("_to_be_settled"):
        enforce_bounds(region, variant_of(target))
