"""Faults on demand: what a region does wrong to a share of its clients' requests, until it is told to stop.

They are as little part of the region's state as its speed: a sandbox starts without any.
"""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.control import refuse_unknown
from cmapss_sandbox.faults.standing import Faults
from cmapss_sandbox.region import Region


def install(region: Region) -> None:
    """Let faults be set by control calls, be told, and happen."""
    faults = Faults()
    region.controls["faults"] = lambda _, asked: _act(faults, asked)
    region.report("faults", faults.told)
    region.guard(faults.guard)


def _act(faults: Faults, asked: dict[str, Any]) -> dict[str, Any]:
    """Set faults or remove some; raises ValueError for what is neither."""
    refuse_unknown("faults", asked, ("add", "clear"))
    if len(asked) > 1:
        raise ValueError("Faults are added or cleared, not both in one call.")
    wanted, cleared = asked.get("add", []), asked.get("clear", [])
    new = wanted if isinstance(wanted, list) else [wanted]
    if not all(isinstance(members, dict) for members in new):
        raise ValueError('A fault is added with {"add": {"kind": "throttling", "operation": "sagemaker:*"}}.')
    if cleared is not True and not (isinstance(cleared, list) and all(type(id_) is int for id_ in cleared)):
        raise ValueError('Faults are cleared with {"clear": true}, or some of them with {"clear": [1, 2]}.')
    if cleared:
        faults.clear(None if cleared is True else cleared)
    added = faults.add(new)
    return {"faults": faults.told(), "added": added}
