"""A plan is data: what is called, what proves it, and what undoes it. It is printed, confirmed and run as it stands."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws

OWNER_TAG = "cmapss-console"


@dataclass(frozen=True, slots=True)
class Call:
    """An API call exactly as it is sent: boto3's service name, the API's operation and parameter names."""

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def iam_action(self) -> str:
        """The IAM action that allows it."""
        return f"{self.service}:{self.operation}"

    def document(self) -> dict[str, Any]:
        """The call as JSON-able data."""
        return {"service": self.service, "operation": self.operation, "parameters": dict(self.parameters)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What reading back must show: paths (JMESPath) and the values that are good; others are waited out.

    `gone` proofs hold when the thing is not found, and only then; `or_gone` proofs hold then as well, for waits
    during which another may delete it. `failed` values end the waiting at once, with what `reason` points to.
    `patience_seconds` is region time.
    """

    call: Call
    shows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    gone: bool = False
    or_gone: bool = False
    failed: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    reason: str | None = None
    patience_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a call, or none where there is only something to wait for; then its proof.

    `undo` is the call that takes the step back. `usual_seconds` is how long it tends to take, in region time.
    """

    n: int = 0
    title: str
    detail: str = ""
    call: Call | None
    proof: Proof
    undo: Call | None = None
    undo_title: str | None = None
    usual_seconds: float | None = None

    @property
    def iam_action(self) -> str | None:
        """The IAM action that the step needs; waiting needs none of its own."""
        return self.call.iam_action if self.call else None

    def document(self) -> dict[str, Any]:
        """The step as JSON-able data: a step that only waits shows the call that it reads with."""
        call = self.call or self.proof.call
        return {
            "n": self.n,
            "title": self.title,
            **call.document(),
            "undo": self.undo.document() if self.undo else None,
        }


@dataclass(frozen=True, slots=True)
class Check:
    """What pre-flight found: True is good, None is worth knowing, False forbids the plan."""

    ok: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An intention and the steps that carry it out. Costs are USD per hour; None where a price is unknown."""

    id: str
    intention: str
    target: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...] = ()
    hourly_cost_usd_before: float | None = None
    hourly_cost_usd_after: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know before saying yes."""
        return tuple(check.text for check in self.checks if check.ok is not True)

    def document(self) -> dict[str, Any]:
        """The plan as --dry-run prints it."""
        return {
            "plan_id": self.id,
            "intention": self.intention,
            "target": self.target,
            "steps": [step.document() for step in self.steps],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "hourly_cost_usd_before": self.hourly_cost_usd_before,
            "hourly_cost_usd_after": self.hourly_cost_usd_after,
        }


def plan_id(aws: Aws, intention: str) -> str:
    """A new plan's id: intention, region time and four random digits, fit for a file name."""
    return f"{intention}-{stamp(aws.clock.now())}-{secrets.token_hex(2)}"


def stamp(at: datetime) -> str:
    """A time as it stands in names, such as 2026-11-22-16-33-42."""
    return f"{at:%Y-%m-%d-%H-%M-%S}"


def numbered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps with their numbers, from 1."""
    return tuple(replace(step, n=n) for n, step in enumerate(steps, start=1))


def owner_tags(plan: str) -> list[dict[str, str]]:
    """The tags that mark what the console made, and with which plan."""
    return [{"Key": OWNER_TAG, "Value": plan}]
