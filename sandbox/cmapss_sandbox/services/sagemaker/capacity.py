"""How many instances endpoints may have, by the account's quotas, and can have, by what the region has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.quota_values import asked_by_type, endpoint_quota, quota_name
from cmapss_sandbox.services.sagemaker.deployments.steps import Counts, Step, step_from_json
from cmapss_sandbox.services.sagemaker.fleet import all_by_type, current_counts
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT, instances_exceeded
from cmapss_sandbox.store import Record, Table

_SHORTAGE = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using "
    "a different ML instance type or after some time."
)


def refuse_beyond_quota(region: Region, delta: Mapping[str, int]) -> None:
    """Raise ResourceLimitExceeded when what endpoints use and so many instances more, by type, exceed a quota."""
    used = _reserved(region)
    for instance_type, more in delta.items():
        quota = endpoint_quota(region, instance_type)
        if more > 0 and used[instance_type] + more > quota:
            raise instances_exceeded(quota_name(instance_type), quota, used[instance_type], more)


def insufficient_capacity(region: Region, wanted: Mapping[str, int]) -> str | None:
    """AWS's FailureReason when the region has not so many instances, by type, left to start; None when it has."""
    left = _left(region)
    short = any(more > left[instance_type] for instance_type, more in wanted.items() if instance_type in left)
    return _SHORTAGE if short else None


def install(region: Region) -> None:
    """Let the control call `capacity` say how many instances of a type are left, null for as many as one likes."""
    region.controls["capacity"] = _set_capacity
    region.report("capacity", lambda: _left(region))


def _set_capacity(region: Region, asked: dict[str, Any]) -> None:
    changes = asked_by_type(asked, 'Capacity is set with {"ml.m5.xlarge": 0}, and unlimited again with null.')
    with region.lock:
        region.settle()
        _keep_limits(region, changes)


def _keep_limits(region: Region, changes: Mapping[str, int | None]) -> None:
    with region.transaction():
        running = _running(region)
        for instance_type, left in changes.items():
            if left is None:
                _limits(region).pop(instance_type, None)
            else:
                _limits(region)[instance_type] = {"instances": running[instance_type] + left}


def _left(region: Region) -> dict[str, int]:
    """How many instances can still be started of the types that are limited."""
    running = _running(region)
    return {
        instance_type: max(0, limit["instances"] - running[instance_type])
        for instance_type, limit in _limits(region).items()
    }


def _limits(region: Region) -> Table:
    return region.table("capacity")


def _running(region: Region) -> Counter[str]:
    """The instances of all endpoints by type that are there now."""
    return _instances(region, lambda steps: [steps[0].counts])


def _reserved(region: Region) -> Counter[str]:
    """The instances of all endpoints by type that count against quotas: all that there will be while one changes."""
    return _instances(region, lambda steps: [step.taken() for step in steps])


def _instances(region: Region, choose: Callable[[list[Step]], list[tuple[Counts, ...]]]) -> Counter[str]:
    """The instances of all endpoints by type, of those that change the most at any of the moments that are chosen."""
    found: Counter[str] = Counter()
    for record in ENDPOINT.records(region).values():
        most: Counter[str] = Counter()
        steps = _steps(record)
        for counts in choose(steps) if steps else []:
            most |= all_by_type(record["_deployment"]["fleets"], counts)
        fleets = record["_fleets"]
        found.update(most if steps else all_by_type(fleets, map(current_counts, fleets)))
    return found


def _steps(record: Record) -> list[Step]:
    """What is left of the steps of an endpoint's deployment, as far as instances come and go in them."""
    deployment = record.get("_deployment")
    if deployment is None:
        return []
    steps = map(step_from_json, deployment["steps"][deployment["at"] :])
    return [step for step in steps if step.counts]
