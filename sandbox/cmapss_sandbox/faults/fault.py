"""A fault as it is asked for: its kind, the operations and the share of their requests that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.control import number, refuse_unknown, whole_number
from cmapss_sandbox.faults import refusals
from cmapss_sandbox.faults.selection import EVERYTHING, checked_selector

SLOW = "slow"
DROPPED_BEFORE = "dropped-before"
DROPPED_AFTER = "dropped-after"
UNREADABLE = "unreadable"
CLOCK_SKEW = "clock-skew"
KINDS = (*refusals.KINDS, SLOW, DROPPED_BEFORE, DROPPED_AFTER, UNREADABLE)

_MOST_REQUESTS = 1_000_000
_LARGEST_SEED = 2**32 - 1
_LONGEST_DELAY = 300_000
_LARGEST_SKEW = 10 * 365 * 24 * 3600
_DEFAULT_SKEW = 3600


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, for which operations and for which share of their requests.

    `count` is how many requests it strikes at most. `milliseconds` are how late a slow answer is; `seconds` how far
    the region's clock is ahead of this machine's when it looks at the date of a signature.
    """

    id: int
    kind: str
    operation: str
    share: float
    count: int | None
    seed: int
    milliseconds: float | None
    seconds: float | None


def read_fault(id_: int, asked: Mapping[str, Any]) -> Fault:
    """What is asked for as a fault; raises ValueError."""
    kind, operation = asked.get("kind"), asked.get("operation", EVERYTHING)
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r:.100}.")
    own = {SLOW: ("milliseconds",), CLOCK_SKEW: ("seconds",)}.get(kind, ())
    refuse_unknown(f"The fault {kind}", asked, ("kind", "operation", "share", "count", "seed", *own))
    if not isinstance(operation, str):
        raise ValueError(f"operation is text, such as sagemaker:CreateEndpoint, not {operation!r:.100}.")
    if kind == SLOW and "milliseconds" not in asked:
        raise ValueError("A slow answer needs its milliseconds.")
    count, seed = asked.get("count"), asked.get("seed")
    return Fault(
        id=id_,
        kind=kind,
        operation=checked_selector(operation),
        share=number("share", asked.get("share", 1), 0, 1),
        count=None if count is None else whole_number("count", count, 1, _MOST_REQUESTS),
        seed=id_ if seed is None else whole_number("seed", seed, 0, _LARGEST_SEED),
        milliseconds=number("milliseconds", asked["milliseconds"], 1, _LONGEST_DELAY) if kind == SLOW else None,
        seconds=number("seconds", asked.get("seconds", _DEFAULT_SKEW), -_LARGEST_SKEW, _LARGEST_SKEW)
        if kind == CLOCK_SKEW
        else None,
    )
