"""Filter patterns by themselves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.services.logs.patterns import matcher

LINES = ["GET ok", "POST failed hard", "ping", "POST ok", "GET failed 404"]
DOCUMENTS = [
    {"level": 40, "path": "/invocations", "tags": ["a", "b"], "ok": True},
    {"level": 10, "path": "/ping", "user": {"name": "x[1]"}, "ok": False},
    {"level": 30.5, "path": None, "Level-2": "high"},
]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("failed", [1, 4]),
        ("POST failed", [1]),
        ('"failed hard"', [1]),
        ("POST -failed", [3]),
        ('-"failed hard" -GET', [2, 3]),
        ("?ping ?ok", [0, 2, 3]),
        ("post", []),
        ("%GET|ping%", [0, 2, 4]),
        (r"failed %\d{3}%", [4]),
        ("{ $.a = 1 }", []),
    ],
)
def test_terms(pattern: str, found: list[int]) -> None:
    assert [number for number, line in enumerate(LINES) if matcher(pattern)(line)] == found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("{ $.level = 40 }", [0]),
        ("{ $.level > 10 }", [0, 2]),
        ("{ $.level <= 30.5 }", [1, 2]),
        ("{ $.level != 40 }", [1, 2]),
        ('{ $.path = "/in*" }', [0]),
        ("{ $.path = /ping }", [1]),
        ("{ $.path IS NULL }", [2]),
        ("{ $.ok IS TRUE }", [0]),
        ("{ $.ok IS FALSE || $.level = 40 }", [0, 1]),
        ("{ $.user EXISTS }", [1]),
        ("{ $.user NOT EXISTS && $.level > 35 }", [0]),
        ('{ $.user.name = "x[1]" }', [1]),
        ('{ $.tags[1] = "b" }', [0]),
        ("{ $.tags[7] EXISTS }", []),
        ("{ $['Level-2'] = high }", [2]),
        ('{ ($.level = 10 || $.level = 40) && $.path = "*g" }', [1]),
        ('{ $.level = "40" }', []),
    ],
)
def test_conditions_on_json(pattern: str, found: list[int]) -> None:
    matches = matcher(pattern)
    assert [number for number, document in enumerate(DOCUMENTS) if matches(json.dumps(document))] == found
    assert not matches("no JSON, $.level = 40")


@pytest.mark.parametrize(
    "pattern",
    [
        '"unclosed',
        "%unclosed",
        "%(%",
        "status=404",
        "[ip, user]",
        "{ $.a = 1",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a > high }",
        "{ ($.a = 1 }",
        "{ $.a = 1 && }",
        "{ $.a IS MAYBE }",
        "{ $.a = 1 $.b = 2 }",
        "{" + "(" * 400 + "$.a = 1" + ")" * 400 + "}",
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(AwsError) as refused:
        matcher(pattern)
    assert refused.value.code == "InvalidParameterException"


@given(st.text(alphabet='{}$.[]()=<>!&|"%-?a1 \\', max_size=30), st.sampled_from([*LINES, "{}", "[1]", "1"]))
def test_no_pattern_fails_otherwise(pattern: str, line: str) -> None:
    try:
        matches = matcher(pattern)
    except AwsError:
        return
    assert matches(line) in (True, False)


@given(
    st.lists(st.text(alphabet="ab", min_size=1, max_size=2), min_size=1, max_size=4),
    st.text(alphabet="ab ", max_size=9),
)
def test_all_terms_have_to_be_there(terms: list[str], line: str) -> None:
    assert matcher(" ".join(terms))(line) == all(term in line for term in terms)
    assert matcher(" ".join(f"-{term}" for term in terms))(line) == (not any(term in line for term in terms))
