"""SimulatePrincipalPolicy and SimulateCustomPolicy, answered by what decides about calls where IAM is enforced."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from cmapss_sandbox.errors import AwsError, validation_error
from cmapss_sandbox.iam.authorization import known_of
from cmapss_sandbox.iam.conditions import PolicyError
from cmapss_sandbox.iam.matching import Context
from cmapss_sandbox.iam.needs import EVERYTHING, Need
from cmapss_sandbox.iam.policies import Decision, Policies, Policy, Question, evaluate, parse_policy
from cmapss_sandbox.iam.principals import Identity, Principal, directory, operator_role
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire import models, parse, serialise
from cmapss_sandbox.wire.replies import Reply

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_PAGE = 100
# What a policy is called that came with the question.
_INPUT = "PolicyInputList"
_OPERATIONS = frozenset({"SimulatePrincipalPolicy", "SimulateCustomPolicy"})


def answer(region: Region, context: RequestContext, form: Mapping[str, str]) -> Reply | None:
    """The answer to a simulation whose form fits its model, None to whatever is no simulation."""
    name = context.operation
    if name not in _OPERATIONS:
        return None
    operation = models.operation_model("iam", name)
    assert operation is not None
    members = parse.parse_query(operation, form)
    simulated = _of_principal if name == "SimulatePrincipalPolicy" else _of_policies
    results = simulated(region, members)
    page, token = _page(region, members, name, results)
    body = {"EvaluationResults": page, "IsTruncated": token is not None, **({"Marker": token} if token else {})}
    return Reply(200, {"Content-Type": "text/xml"}, serialise.query_body(operation, body, context.request_id))


def _of_principal(region: Region, members: Mapping[str, Any]) -> list[dict[str, Any]]:
    identity = _identity(region, members["PolicySourceArn"])
    session = f"arn:aws:sts::{region.account}:assumed-role/{identity.name}/simulation"
    arn = session if ":role/" in identity.arn else identity.arn
    source = Principal(arn, identity.id, "", region.account, identity=identity, tags=identity.tags)
    return _results(
        region, members, source, (*identity.policies.identity, *_given(members)), identity.policies.boundary
    )


def _of_policies(region: Region, members: Mapping[str, Any]) -> list[dict[str, Any]]:
    arn = members.get("CallerArn", f"arn:aws:iam::{region.account}:user/simulation")
    return _results(region, members, Principal(arn, "simulation", "", region.account), _given(members), None)


def _results(
    region: Region,
    members: Mapping[str, Any],
    source: Principal,
    identity: tuple[Policy, ...],
    boundary: Policy | None,
) -> list[dict[str, Any]]:
    bounds = [
        _policy(text, number) for number, text in enumerate(members.get("PermissionsBoundaryPolicyInputList", []))
    ]
    resource = members.get("ResourcePolicy")
    policies = Policies(
        identity,
        bounds[0] if bounds else boundary,
        None,
        None if resource is None else _policy(resource, 0),
    )
    known: Context = {**known_of(source, region.name, region.now()), **_entries(members)}
    results = []
    for action in members["ActionNames"]:
        if not _ACTION.fullmatch(action):
            raise AwsError("InvalidInput", f"Invalid action name : {action}")
        for arn in members.get("ResourceArns") or [EVERYTHING]:
            need = Need(action, arn)
            decision = evaluate(policies, Question(need.action, need.resource, known, source.caller))
            results.append(_result(need, decision, policies, known, source))
    return results


def _result(need: Need, decision: Decision, policies: Policies, known: Context, source: Principal) -> dict[str, Any]:
    outcome = "allowed" if decision.allowed else "explicitDeny" if decision.explicit else "implicitDeny"
    result: dict[str, Any] = {
        "EvalActionName": need.action,
        "EvalResourceName": need.resource,
        "EvalDecision": outcome,
        "MatchedStatements": [
            {"SourcePolicyId": name, "SourcePolicyType": "none" if name.startswith(_INPUT) else source.kind}
            for name, _ in decision.matched
        ],
        "MissingContextValues": _missing(need, policies, known),
    }
    if policies.boundary is not None:
        within = evaluate(Policies((policies.boundary,)), Question(need.action, need.resource, known, source.caller))
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within.allowed}
    return result


def _missing(need: Need, policies: Policies, known: Context) -> list[str]:
    """The condition keys of statements about the action that nobody has said anything about."""
    given = (*policies.identity, *(() if policies.boundary is None else (policies.boundary,)))
    return sorted(
        {
            condition.key
            for policy in given
            for statement in policy.statements
            if statement.names(need.action)
            for condition in statement.conditions
            if condition.key not in known
        }
    )


def _identity(region: Region, arn: str) -> Identity:
    found = directory(region)
    for identity in (operator_role(region), *found.users.values(), *found.roles.values()):
        if identity.arn == arn:
            return identity
    raise AwsError("NoSuchEntity", f"The entity with ARN {arn} cannot be found.", 404)


def _given(members: Mapping[str, Any]) -> tuple[Policy, ...]:
    return tuple(_policy(text, number) for number, text in enumerate(members.get("PolicyInputList", []), 1))


def _policy(text: str, number: int) -> Policy:
    try:
        return parse_policy(unquote(text) if text.startswith("%7B") else text, f"{_INPUT}.{number}")
    except PolicyError as error:
        raise AwsError("InvalidInput", str(error)) from error


def _entries(members: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        entry["ContextKeyName"].lower(): tuple(entry.get("ContextKeyValues", []))
        for entry in members.get("ContextEntries", [])
        if "ContextKeyName" in entry
    }


def _page(
    region: Region, members: Mapping[str, Any], name: str, results: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], str | None]:
    page, token = cut_page(
        region,
        list(enumerate(results)),
        lambda item: f"{item[0]:06d}",
        operation=name,
        token=members.get("Marker"),
        size=members.get("MaxItems", _PAGE),
        refusal=validation_error("Invalid Marker."),
    )
    return [result for _, result in page], token
