"""A plan is data: what is called, what proves it, and what undoes it. It is printed, confirmed and run as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cmapss_core.errors import ErrorKind
from cmapss_core.permissions import CONDITIONAL_ACTIONS, OPTIONAL_ACTIONS, actions_for

OWNER_TAG = "cmapss-console"
DELETE = "delete"
STOP = "stop"  # the one intention that is carried out beside another on the same target: it ends what that one does


@dataclass(frozen=True, slots=True)
class Call:
    """An API call exactly as it is sent: boto3's service name, the API's operation and parameter names.

    `file` is the path of a file whose content is sent as Body, which is no part of the parameters.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None

    @property
    def iam_actions(self) -> tuple[str, ...]:
        """The IAM actions that it needs, its own first."""
        return actions_for(self.service, self.operation, self.parameters)

    @property
    def name(self) -> str:
        """As errors name it: "service:Operation"."""
        return f"{self.service}:{self.operation}"

    def document(self) -> dict[str, Any]:
        """The call as JSON-able data."""
        body = {} if self.file is None else {"Body": f"(the content of {self.file})"}
        return {"service": self.service, "operation": self.operation, "parameters": {**self.parameters, **body}}


_USERS_OF_MODELS = (
    Call("sagemaker", "ListEndpointConfigs"),
    Call("sagemaker", "DescribeEndpointConfig", {"EndpointConfigName": "*"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What reading back must show: paths (JMESPath) and the values that are good; others are waited out.

    `gone` proofs hold when the thing is not found, and only then; `or_gone` proofs hold then as well, for waits
    during which another may delete it; with `must_exist` it is a failure. `failed` values end the waiting at once,
    with what `reason` points to; `failure` says what that means where the value alone does not. `unchanged` are
    values that only somebody else can have changed to any other: a conflict. `progress` points to what tells how far
    it is. `patience_seconds` is region time.
    """

    call: Call
    shows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    gone: bool = False
    or_gone: bool = False
    must_exist: bool = False
    failed: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    unchanged: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    reason: str | None = None
    failure: str | None = None
    progress: str | None = None
    patience_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a call, or none where there is only something to wait for; then its proof.

    `undo` takes it back, and is itself a step. What it takes back must still be as `proof.unchanged` of the undo
    says, else it belongs to somebody else by now and stays. `sweep` follows on the undo, and takes away what AWS makes
    by itself because of the step, and leaves behind. `spares` is a model that stays, on the way back, where an endpoint
    config names it. `usual_seconds` is how long it tends to take, in region time. `log_group` is where CloudWatch Logs
    has what went wrong, when it fails.
    """

    n: int = 0
    title: str
    detail: str = ""
    call: Call | None
    proof: Proof
    undo: Step | None = None
    sweep: Step | None = None
    spares: str | None = None
    usual_seconds: float | None = None
    log_group: str | None = None

    @property
    def iam_actions(self) -> tuple[str, ...]:
        """The IAM actions of its calls, those of what changes AWS first."""
        return tuple(dict.fromkeys(action for call in self.calls for action in call.iam_actions))

    @property
    def calls(self) -> tuple[Call, ...]:
        """Its call, what it reads back, and how it is found out who needs what it spares."""
        users = () if self.spares is None else _USERS_OF_MODELS
        return tuple(call for call in (self.call, self.proof.call, *users) if call is not None)

    @property
    def way_back(self) -> tuple[Step, ...]:
        """What undoing it takes, in order."""
        return tuple(step for step in (self.undo, self.sweep) if step is not None)

    def document(self) -> dict[str, Any]:
        """The step as JSON-able data: a step that only waits shows the call that it reads with."""
        call = self.call or self.proof.call
        return {
            "n": self.n,
            "title": self.title,
            "detail": self.detail,
            **call.document(),
            "proof": self.proof.call.document(),
            "undo": self.undo.call.document() if self.undo and self.undo.call else None,
            "iam_actions": list(self.iam_actions),
        }


@dataclass(frozen=True, slots=True)
class Check:
    """What pre-flight found: True is good, None is worth knowing, False forbids the plan.

    `remedy` is the way out where it forbids, `kind` the error that carrying it out would be.
    """

    ok: bool | None
    text: str
    remedy: str = ""
    kind: ErrorKind = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plan is for."""

    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An intention and the steps that carry it out. Costs are USD per hour; None where a price is unknown.

    `hourly_cost_usd_range` is between which of them automatic scaling moves it afterwards, if anything does. `reads`
    are the IAM actions that making it took. `protected` is why its target is a protected one, if it is.
    """

    id: str
    intention: str
    target: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...] = ()
    hourly_cost_usd_before: float | None = None
    hourly_cost_usd_after: float | None = None
    notes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    place: Place | None = None
    protected: str | None = None
    hourly_cost_usd_range: tuple[float, float] | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know before saying yes."""
        return tuple(check.text for check in self.checks if check.ok is not True)

    @property
    def forbidding(self) -> tuple[Check, ...]:
        """What stands in the way of carrying it out."""
        return tuple(check for check in self.checks if check.ok is False)

    @property
    def iam_actions(self) -> tuple[str, ...]:
        """Everything that making the plan and carrying it out cannot do without, in alphabetical order."""
        return _sorted(({*self.reads} - OPTIONAL_ACTIONS) | ({*_of_steps(self.steps)} - CONDITIONAL_ACTIONS))

    @property
    def undo_iam_actions(self) -> tuple[str, ...]:
        """What rolling it back needs besides."""
        undos = [undo for step in self.steps for undo in step.way_back]
        return _sorted(set(_of_steps(undos)) - CONDITIONAL_ACTIONS - set(self.iam_actions))

    @property
    def optional_iam_actions(self) -> tuple[str, ...]:
        """What it asks for as well, but does without: it says so then."""
        return _sorted({*self.reads, *_of_steps(self.steps)} & OPTIONAL_ACTIONS - set(self.iam_actions))

    def document(self) -> dict[str, Any]:
        """The plan as --dry-run prints it; of the IAM actions, the optional ones are among all that it asks for."""
        return {
            "plan_id": self.id,
            "intention": self.intention,
            "target": self.target,
            "steps": [step.document() for step in self.steps],
            "checks": [{"ok": check.ok, "text": check.text, "remedy": check.remedy} for check in self.checks],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "protected": self.protected,
            "hourly_cost_usd_before": self.hourly_cost_usd_before,
            "hourly_cost_usd_after": self.hourly_cost_usd_after,
            "hourly_cost_usd_range": list(self.hourly_cost_usd_range) if self.hourly_cost_usd_range else None,
            "iam_actions": list(_sorted({*self.iam_actions, *self.optional_iam_actions})),
            "iam_actions_to_undo": list(self.undo_iam_actions),
            "iam_actions_optional": list(self.optional_iam_actions),
        }


def stamp(at: datetime) -> str:
    """A time as it stands in names, such as 2026-11-22-16-33-42."""
    return f"{at:%Y-%m-%d-%H-%M-%S}"


def numbered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps with their numbers, from 1."""
    return tuple(replace(step, n=n) for n, step in enumerate(steps, start=1))


def _of_steps(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        yield from step.iam_actions


def _sorted(actions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(actions))
