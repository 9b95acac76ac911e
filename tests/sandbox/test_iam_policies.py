"""What policies say: wildcards, variables, conditions and the order in which statements count."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.iam.conditions import PolicyError, parse_conditions
from cmapss_sandbox.iam.matching import arn_matches, matches
from cmapss_sandbox.iam.policies import Caller, Policies, Policy, Question, evaluate, parse_policy, trusts

USER = "arn:aws:iam::000000000000:user/ana"
ROLE = "arn:aws:iam::000000000000:role/ops"
SESSION = "arn:aws:sts::000000000000:assumed-role/ops/one"
ACCOUNT = frozenset({"000000000000", "arn:aws:iam::000000000000:root"})
OF_USER = Caller(frozenset({USER}), account=ACCOUNT)
OF_ROLE = Caller(frozenset({SESSION}), frozenset({ROLE}), ACCOUNT)


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> Policy:
    return parse_policy(json.dumps({"Version": version, "Statement": list(statements)}))


def statement(effect: str, action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def by_definition(pattern: str, value: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(by_definition(pattern[1:], value[start:]) for start in range(len(value) + 1))
    return bool(value) and pattern[0] in ("?", value[0]) and by_definition(pattern[1:], value[1:])


@given(st.text("ab*?.[", max_size=6), st.text("ab.[*\n", max_size=6))
def test_a_star_is_any_text_and_a_question_mark_one_character(pattern: str, value: str) -> None:
    assert matches(pattern, value) is by_definition(pattern, value)


def test_variables_stand_for_what_is_known_and_never_for_a_pattern() -> None:
    known = {"aws:username": ("a*b",), "aws:tagkeys": ("x", "y")}
    assert matches("home/${aws:username}/*", "home/a*b/x", known)
    assert not matches("home/${aws:username}/*", "home/aXb/x", known)
    assert not matches("home/${aws:userid}", "home/", known)
    assert matches("home/${aws:userid, 'nobody'}", "home/nobody", known)
    assert not matches("${aws:TagKeys}", "x", known), "several values cannot stand for one"
    assert matches("${*}${?}${$}", "*?$", known)
    assert matches("${aws:username}", "${aws:username}"), "an elder policy has no variables"


def test_the_parts_of_an_arn_are_compared_each_by_itself() -> None:
    assert arn_matches("arn:aws:s3:::a*", "arn:aws:s3:::ab:c")
    assert arn_matches("arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x")
    assert not arn_matches("arn:aws:*:role/x", "arn:aws:iam::1:role/x")


ACTIONS = st.sampled_from(["s3:Get", "s3:Put", "ec2:Run"])
STATEMENTS = st.builds(
    statement,
    st.sampled_from(["Allow", "Deny"]),
    st.lists(st.sampled_from(["s3:Get", "s3:*", "*", "EC2:run", "s3:?et"]), min_size=1, max_size=2),
    st.sampled_from(["*", "arn:a", "arn:?"]),
)
DOCUMENTS = st.lists(STATEMENTS, max_size=3)


def says(document: list[dict[str, Any]], effect: str, action: str, resource: str) -> bool:
    return any(
        part["Effect"] == effect
        and any(by_definition(wanted.lower(), action.lower()) for wanted in part["Action"])
        and by_definition(part["Resource"], resource)
        for part in document
    )


@given(
    st.lists(DOCUMENTS, max_size=3),
    st.none() | DOCUMENTS,
    st.none() | DOCUMENTS,
    ACTIONS,
    st.sampled_from(["arn:a", "b"]),
)
def test_a_deny_wins_then_something_allows_within_every_bound(
    identity: list[Any], boundary: Any, session: Any, action: str, resource: str
) -> None:
    bounds = [document for document in (boundary, session) if document is not None]
    denied = any(says(document, "Deny", action, resource) for document in [*identity, *bounds])
    allowed = any(says(document, "Allow", action, resource) for document in identity)
    within = all(says(document, "Allow", action, resource) for document in bounds)
    decision = evaluate(
        Policies(
            tuple(policy(*document) for document in identity),
            None if boundary is None else policy(*boundary),
            None if session is None else (policy(*session),),
        ),
        Question(action, resource, caller=OF_USER),
    )
    assert decision.allowed is (not denied and allowed and within)
    assert decision.explicit is denied


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        (Policies(), "because no identity-based policy allows the s3:Get action"),
        (Policies((policy(statement("Deny")),)), "with an explicit deny in an identity-based policy"),
        (
            Policies((policy(statement("Allow")),), policy(statement("Allow", "ec2:*"))),
            "because no permissions boundary allows the s3:Get action",
        ),
        (
            Policies((policy(statement("Allow")),), None, (policy(statement("Allow", "ec2:*")),)),
            "because no session policy allows the s3:Get action",
        ),
        (
            Policies((policy(statement("Allow")),), None, None, policy(statement("Deny", Principal="*"))),
            "with an explicit deny in a resource-based policy",
        ),
    ],
)
def test_a_refusal_says_which_kind_of_policy_it_is_for(policies: Policies, reason: str) -> None:
    assert evaluate(policies, Question("s3:Get", "arn", caller=OF_USER)).reason == reason


def test_what_is_not_named_is_meant_by_the_opposites() -> None:
    opposite = policy({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:secret*"})
    for action, resource, expected in (
        ("s3:Get", "arn:open", True),
        ("iam:Get", "arn:open", False),
        ("s3:Get", "arn:secret/1", False),
    ):
        assert evaluate(Policies((opposite,)), Question(action, resource)).allowed is expected


@pytest.mark.parametrize(
    ("principal", "caller", "alone"),
    [
        ("*", OF_USER, True),
        ({"AWS": USER}, OF_USER, True),
        ({"AWS": [ROLE]}, OF_ROLE, True),
        ({"AWS": SESSION}, OF_ROLE, True),
        ({"AWS": "000000000000"}, OF_USER, False),
        ({"AWS": "arn:aws:iam::000000000000:root"}, OF_ROLE, False),
        ({"AWS": USER}, OF_ROLE, False),
        ({"Service": "sagemaker.amazonaws.com"}, OF_ROLE, False),
    ],
)
def test_a_resource_lets_in_whom_it_names_and_its_account_only_with_a_policy(
    principal: Any, caller: Caller, alone: bool
) -> None:
    resource = policy(statement("Allow", Principal=principal))
    assert evaluate(Policies(resource=resource), Question("s3:Get", "arn", caller=caller)).allowed is alone
    with_policy = Policies((policy(statement("Allow")),), resource=resource)
    assert evaluate(with_policy, Question("s3:Get", "arn", caller=caller)).allowed


def test_a_role_that_a_resource_names_stays_within_its_session_policy() -> None:
    within = (policy(statement("Allow", "ec2:*")),)
    by_role = policy(statement("Allow", Principal={"AWS": ROLE}))
    by_session = policy(statement("Allow", Principal={"AWS": SESSION}))
    question = Question("s3:Get", "arn", caller=OF_ROLE)
    assert not evaluate(Policies(session=within, resource=by_role), question).allowed
    assert evaluate(Policies(session=within, resource=by_session), question).allowed


def test_everybody_but_whom_a_statement_excepts_is_denied() -> None:
    resource = policy({"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": USER}})
    allowed = Policies((policy(statement("Allow")),), resource=resource)
    assert evaluate(allowed, Question("s3:Get", "arn", caller=OF_USER)).allowed
    assert not evaluate(allowed, Question("s3:Get", "arn", caller=OF_ROLE)).allowed


def test_a_role_is_taken_on_by_whom_it_trusts() -> None:
    question = Question("sts:AssumeRole", ROLE, caller=OF_USER)
    may = Policies((policy(statement("Allow", "sts:AssumeRole")),))
    trusting = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    by_name = policy({**trusting, "Principal": {"AWS": USER}})
    by_account = policy({**trusting, "Principal": {"AWS": "000000000000"}})
    by_service = policy({**trusting, "Principal": {"Service": "sagemaker.amazonaws.com"}})
    assert trusts(by_name, Policies(), question)
    assert not trusts(by_account, Policies(), question)
    assert trusts(by_account, may, question)
    assert not trusts(by_service, may, question)
    assert not trusts(by_name, Policies((policy(statement("Deny")),)), question)


def holds(operator: str, key: str, wanted: Any, **context: Any) -> bool:
    known = {name.replace("_", ":"): tuple(value) for name, value in context.items()}
    [condition] = parse_conditions({operator: {key: wanted}})
    return condition.holds(known, variables=True)


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", ["a", "b"], ["b"], True),
        ("StringEquals", "a*", ["ab"], False),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringNotEquals", ["a", "b"], ["c"], True),
        ("StringEqualsIgnoreCase", "Ab", ["aB"], True),
        ("StringNotEqualsIgnoreCase", "Ab", ["aB"], False),
        ("StringLike", "a*", ["ab"], True),
        ("StringNotLike", "a*", ["ab"], False),
        ("StringEquals", "${k:k}", ["x"], True),
        ("NumericLessThanEquals", 5, ["5.0"], True),
        ("NumericLessThan", 5, ["5"], False),
        ("NumericGreaterThan", "5", ["six"], False),
        ("NumericNotEquals", "5", ["6"], True),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", ["2026-01-05T12:00:00Z"], True),
        ("DateLessThan", "2026-01-01T00:00:00Z", ["1767614400"], False),
        ("Bool", True, ["true"], True),
        ("Bool", "false", ["true"], False),
        ("IpAddress", ["10.0.0.0/8", "127.0.0.0/8"], ["127.0.0.1"], True),
        ("NotIpAddress", "127.0.0.1", ["127.0.0.1"], False),
        ("ArnLike", "arn:aws:iam::*:role/o*", [ROLE], True),
        ("ArnNotEquals", "arn:aws:iam::*:role/o*", [ROLE], False),
        ("BinaryEquals", "YQ==", ["YQ=="], True),
        ("Null", "true", ["x"], False),
        ("Null", False, ["x"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAnyValue:StringLike", ["a*"], ["b", "ax"], True),
        ("ForAnyValue:StringEquals", ["a"], ["b"], False),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("ForAllValues:StringNotEquals", ["a"], ["a", "b"], False),
    ],
)
def test_operators(operator: str, wanted: Any, given: list[str], expected: bool) -> None:
    assert holds(operator, "k:k", wanted, k_k=given) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("NumericLessThan", False),
        ("ArnNotLike", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
        ("Null", True),
    ],
)
def test_what_is_made_of_a_key_that_the_request_lacks(operator: str, expected: bool) -> None:
    assert holds(operator, "k:k", "true") is expected


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "{}",
        '{"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": 1, "Resource": "*"}]}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringIs": {"a": "b"}}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Some:Bool": {"a": "b"}}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": []}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": 1}}',
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)
