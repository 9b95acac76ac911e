"""Faults as they are asked for: set, listed and removed, refused in one line, and for which requests they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.faults.fault import KINDS, read_fault
from cmapss_sandbox.faults.selection import selects
from cmapss_sandbox.faults.standing import Faults
from tests.sandbox.conftest import Control


def test_faults_are_listed_and_removed(control: Control) -> None:
    _, document = control(
        "faults",
        add=[
            {"kind": "throttling", "operation": "sagemaker:Describe*", "share": 0.25, "count": 3, "seed": 7},
            {"kind": "slow", "milliseconds": 20},
            {"kind": "clock-skew", "operation": "*:Describe*"},
        ],
    )
    assert document["added"] == document["faults"]
    throttling, slow, skew = document["faults"]
    assert throttling == {
        "id": 1,
        "kind": "throttling",
        "operation": "sagemaker:Describe*",
        "share": 0.25,
        "remaining": 3,
        "hits": 0,
        "seed": 7,
    }
    assert (slow["milliseconds"], slow["share"], slow["remaining"], slow["operation"]) == (20, 1, None, "*")
    assert skew["seconds"] == 3600
    assert [fault["id"] for fault in control("faults", clear=[2])[1]["faults"]] == [1, 3]
    status, refused = control("faults", clear=[1, 2])
    assert (status, refused["error"]) == (404, "There is no fault 2.")
    assert control("faults", clear=True)[1]["faults"] == []
    assert control("faults", add={"kind": "throttling"})[1]["added"][0]["id"] == 4


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"add": {"kind": "earthquake"}}, "kind is one of throttling, internal-failure,"),
        ({"add": {}}, "kind is one of"),
        ({"add": [1]}, "A fault is added with"),
        ({"add": "throttling"}, "A fault is added with"),
        ({"add": {"kind": "throttling", "share": 1.5}}, "share is from 0 to 1, not 1.5"),
        ({"add": {"kind": "throttling", "share": "all"}}, "share is a number, not 'all'"),
        ({"add": {"kind": "throttling", "count": 0}}, "count is a whole number from 1 to"),
        ({"add": {"kind": "throttling", "count": True}}, "count is a whole number"),
        ({"add": {"kind": "throttling", "seed": -1}}, "seed is a whole number from 0"),
        (
            {"add": {"kind": "throttling", "milliseconds": 5}},
            "throttling knows kind, operation, share, count, seed, not",
        ),
        ({"add": {"kind": "slow"}}, "needs its milliseconds"),
        ({"add": {"kind": "slow", "milliseconds": 10**400}}, "milliseconds is from 1 to 300000"),
        ({"add": {"kind": "throttling", "operation": "CreateEndpoint"}}, "An operation is SERVICE:OPERATION"),
        ({"add": {"kind": "throttling", "operation": "lambda:Invoke"}}, "There is no service 'lambda'"),
        ({"add": {"kind": "throttling", "operation": "sagemaker:MakeEndpoint"}}, "has no operation 'MakeEndpoint'."),
        (
            {"add": {"kind": "throttling", "operation": "sagemaker:InvokeEndpoint"}},
            "sagemaker has no operation 'InvokeEndpoint'. It is sagemaker-runtime:InvokeEndpoint.",
        ),
        ({"add": {"kind": "throttling", "operation": 5}}, "operation is text"),
        ({"clear": "everything"}, "Faults are cleared with"),
        ({"clear": [True]}, "Faults are cleared with"),
        ({"add": {"kind": "throttling"}, "clear": True}, "not both"),
        ({"set": []}, "faults knows add, clear, not set."),
        ({"add": [{"kind": "throttling"}] * 101}, "at most 100 faults"),
    ],
)
def test_wrong_faults_say_what_is_right_and_set_none(control: Control, asked: dict[str, Any], message: str) -> None:
    status, document = control("faults", **asked)
    assert status == 400
    assert message in document["error"]
    assert control("faults", clear=[])[1]["faults"] == []


def test_of_several_faults_either_all_are_set_or_none(control: Control) -> None:
    assert control("faults", add=[{"kind": "throttling"}, {"kind": "slow"}])[0] == 400
    assert control("faults", clear=[])[1]["faults"] == []


_SHARES = st.floats(0, 1)
_SEEDS = st.integers(0, 2**32 - 1)


@given(_SHARES, _SEEDS, st.integers(1, 20) | st.none(), st.integers(1, 60))
def test_the_same_seed_strikes_the_same_requests(share: float, seed: int, count: int | None, requests: int) -> None:
    asked = {"kind": "throttling", "operation": "sagemaker:*", "share": share, "seed": seed, "count": count}

    def struck() -> list[bool]:
        faults = Faults()
        faults.add([asked])
        hits = []
        for number in range(requests):
            hits.append(bool(faults.strike("sagemaker", "ListEndpoints")))
            if number % 3 == 0:  # what it is not for makes no difference
                assert not faults.strike("sts", "GetCallerIdentity")
        assert faults.told()[0]["hits"] == sum(hits)
        return hits

    first = struck()
    assert first == struck()
    assert sum(first) <= (requests if count is None else count)
    assert share != 1 or sum(first) == min(requests, count or requests)
    assert share != 0 or not any(first)


@settings(max_examples=20)
@given(st.floats(0.05, 0.95), _SEEDS)
def test_a_share_is_about_that_share(share: float, seed: int) -> None:
    faults = Faults()
    faults.add([{"kind": "throttling", "share": share, "seed": seed}])
    hits = sum(bool(faults.strike("sagemaker", "ListEndpoints")) for _ in range(2000))
    assert abs(hits / 2000 - share) < 0.06


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS) | _JSON},
        optional=dict.fromkeys(("operation", "share", "count", "seed", "milliseconds", "seconds"), _JSON),
    )
)
def test_whatever_is_asked_is_a_fault_or_one_line(asked: dict[str, Any]) -> None:
    refusal = ""
    try:
        fault = read_fault(1, asked)
        assert 0 <= fault.share <= 1
        assert fault.kind in KINDS
    except ValueError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 1000


@pytest.mark.parametrize(
    ("selector", "service", "operation", "selected"),
    [
        ("*", "s3", "PutObject", True),
        ("sagemaker:*", "sagemaker", "CreateModel", True),
        ("sagemaker:*", "sagemaker-runtime", "InvokeEndpoint", False),
        ("sagemaker*:*", "sagemaker-runtime", "InvokeEndpoint", True),
        ("*:Describe*", "cloudwatch", "DescribeAlarms", True),
        ("sagemaker:Describe*", "sagemaker", "ListModels", False),
        ("sagemaker:createmodel", "sagemaker", "CreateModel", False),
    ],
)
def test_a_selector_means_operations_by_name_and_wildcard(
    selector: str, service: str, operation: str, selected: bool
) -> None:
    assert selects(selector, service, operation) is selected
