"""Policies as AWS evaluates them: an explicit deny wins, then something must allow, within every boundary.

After the policy evaluation logic of the IAM User Guide, for one account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cmapss_sandbox.iam.conditions import Condition, NullCondition, PolicyError, parse_conditions
from cmapss_sandbox.iam.matching import Context, matches

_WITH_VARIABLES = "2012-10-17"
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by every name that a Principal element may have for it.

    `itself` are names of exactly this caller, `role` is the role behind a session, `account` the account's names, and
    `service` is the AWS service that asks, where one does.
    """

    itself: frozenset[str] = frozenset()
    role: frozenset[str] = frozenset()
    account: frozenset[str] = frozenset()
    service: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """May this caller do this to that, given what is known of the request?"""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    caller: Caller = field(default_factory=Caller)


@dataclass(frozen=True, slots=True)
class Principals:
    """The Principal or NotPrincipal element: values by kind, such as AWS or Service."""

    values: Mapping[str, frozenset[str]]
    negated: bool

    def grants(self, caller: Caller) -> frozenset[str]:
        """As what the statement is about the caller: itself, its role, its account; empty when it is not."""
        aws, service = self.values.get("AWS", frozenset()), self.values.get("Service", frozenset())
        named = {
            "itself": _EVERYBODY in aws or bool(aws & caller.itself) or bool(service & caller.service),
            "role": bool(aws & caller.role),
            "account": bool(aws & caller.account),
        }
        if self.negated:
            return frozenset() if any(named.values()) else frozenset({"itself"})
        return frozenset(level for level, is_so in named.items() if is_so)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy; `resources` is None where the language has no Resource element."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...] | None
    not_resources: bool
    principals: Principals | None
    conditions: tuple[Condition | NullCondition, ...]
    variables: bool

    def names(self, action: str) -> bool:
        """Whether it is about an action."""
        return any(matches(pattern, action, ignore_case=True) for pattern in self.actions) is not self.not_actions

    def concerns(self, question: Question) -> bool:
        """Whether it is about the action, the resource and the circumstances; the caller is looked at apart."""
        if not self.names(question.action):
            return False
        if self.resources is not None:
            context = question.context if self.variables else None
            found = any(matches(pattern, question.resource, context) for pattern in self.resources)
            if found is self.not_resources:
                return False
        return all(condition.holds(question.context, variables=self.variables) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document, read; `name` is what a simulation calls it."""

    statements: tuple[Statement, ...]
    name: str = ""

    def matching(self, question: Question, *, allows: bool) -> list[Statement]:
        """Its statements of that effect that concern the question."""
        return [
            statement
            for statement in self.statements
            if statement.allows is allows
            and (statement.principals is None or statement.principals.grants(question.caller))
            and statement.concerns(question)
        ]


@dataclass(frozen=True, slots=True)
class Policies:
    """All that has a say: what is attached to the caller, what bounds it, and what the resource says."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer; `reason` is how AWS ends the sentence of its refusal, `matched` what decided by policy name."""

    allowed: bool
    explicit: bool
    reason: str
    matched: tuple[tuple[str, Statement], ...] = ()


def evaluate(policies: Policies, question: Question) -> Decision:
    """What the policies say to a question."""
    bounds = () if policies.boundary is None else (policies.boundary,)
    resource = () if policies.resource is None else (policies.resource,)
    denying = (
        ("an identity-based policy", policies.identity),
        ("a permissions boundary", bounds),
        ("a session policy", policies.session or ()),
        ("a resource-based policy", resource),
    )
    for kind, group in denying:
        denied = _matching(group, question, allows=False)
        if denied:
            return Decision(False, True, f"with an explicit deny in {kind}", denied)
    granted = _matching(resource, question, allows=True)
    levels = {level for _, statement in granted for level in _levels(statement, question.caller)}
    if "itself" in levels:
        return Decision(True, False, "", granted)
    allowed = _matching(policies.identity, question, allows=True)
    needed: list[tuple[str, tuple[Policy, ...] | None]] = [
        ("permissions boundary", bounds or None),
        ("session policy", policies.session),
    ]
    if not allowed and "role" not in levels:
        return _not_allowed("identity-based policy", question)
    for kind, limits in needed:
        if limits is not None and not _matching(limits, question, allows=True):
            return _not_allowed(kind, question)
    return Decision(True, False, "", allowed or granted)


def trusts(trust: Policy, identity: Policies, question: Question) -> bool:
    """Whether a role's trust policy lets the caller take the role on; trust in an account needs its policies too."""
    if trust.matching(question, allows=False):
        return False
    granted = trust.matching(question, allows=True)
    levels = {level for statement in granted for level in _levels(statement, question.caller)}
    decision = evaluate(identity, question)
    if "account" in levels and decision.allowed:
        return True
    return bool(levels & {"itself", "role"}) and not decision.explicit


@lru_cache(2048)
def parse_policy(text: str, name: str = "") -> Policy:
    """A policy from its JSON text; raises PolicyError when it is not one."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise PolicyError("The policy is not in the valid JSON format.") from None
    if not isinstance(document, dict) or "Statement" not in document:
        raise PolicyError("Syntax errors in policy.")
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    variables = document.get("Version") == _WITH_VARIABLES
    return Policy(tuple(_statement(statement, variables) for statement in statements), name)


def _statement(document: Any, variables: bool) -> Statement:
    if not isinstance(document, dict) or document.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("Syntax errors in policy.")
    if ("Action" in document) == ("NotAction" in document):
        raise PolicyError("A statement has either an Action or a NotAction.")
    resources = document.get("Resource", document.get("NotResource"))
    principals = document.get("Principal", document.get("NotPrincipal"))
    return Statement(
        allows=document["Effect"] == "Allow",
        actions=_texts(document.get("Action", document.get("NotAction"))),
        not_actions="NotAction" in document,
        resources=None if resources is None else _texts(resources),
        not_resources="NotResource" in document,
        principals=None if principals is None else _principals(principals, "NotPrincipal" in document),
        conditions=parse_conditions(document.get("Condition")),
        variables=variables,
    )


def _principals(document: Any, negated: bool) -> Principals:
    if document == _EVERYBODY:
        return Principals({"AWS": frozenset({_EVERYBODY})}, negated)
    if not isinstance(document, dict):
        raise PolicyError("Invalid principal in policy.")
    return Principals({kind: frozenset(_texts(values)) for kind, values in document.items()}, negated)


def _texts(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in listed):
        raise PolicyError("Syntax errors in policy.")
    return tuple(listed)


def _matching(policies: Iterable[Policy], question: Question, *, allows: bool) -> tuple[tuple[str, Statement], ...]:
    return tuple(
        (policy.name, statement) for policy in policies for statement in policy.matching(question, allows=allows)
    )


def _levels(statement: Statement, caller: Caller) -> frozenset[str]:
    return frozenset() if statement.principals is None else statement.principals.grants(caller)


def _not_allowed(kind: str, question: Question) -> Decision:
    return Decision(False, False, f"because no {kind} allows the {question.action} action")
