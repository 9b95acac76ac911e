"""Pre-flight knows of instances before AWS is asked for them: whether there is room, such a type, and what it costs."""

from __future__ import annotations

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.preflight import full_load_checks, instance_type_checks, price_checks, quota_checks
from tests.core.checking import DENIED, XLARGE, found, said
from tests.core.scripted import Answer, ScriptedAws

# Quotas


def granted(value: float, instance_type: str = XLARGE) -> dict[str, Answer]:
    """A quota of one instance type."""
    listed = [{"QuotaCode": "L-1", "QuotaName": f"{instance_type} for endpoint usage", "Value": value}]
    return {"service-quotas:ListServiceQuotas": {"Quotas": listed}}


def quota(value: float, used: int = 0) -> dict[str, Answer]:
    """A quota, of which another endpoint uses so much."""
    variant = {"VariantName": "AllTraffic", "DesiredInstanceCount": used, "CurrentInstanceCount": used}
    configured = {"VariantName": "AllTraffic", "InstanceType": XLARGE, "InitialInstanceCount": 1}
    return {
        **granted(value),
        "sagemaker:ListEndpoints": {"Endpoints": [{"EndpointName": "other"}] if used else []},
        "sagemaker:DescribeEndpoint": {
            "EndpointStatus": "InService",
            "EndpointConfigName": "other",
            "ProductionVariants": [variant],
        },
        "sagemaker:DescribeEndpointConfig": {"ProductionVariants": [configured]},
    }


@pytest.mark.parametrize(
    ("value", "used", "more", "ok", "text"),
    [
        (8, 2, 3, True, "5 of 8 with this"),
        (8, 5, 3, None, "8 of 8 with this; nothing is left to scale out"),
        (8, 6, 3, False, "9 of 8 with this"),
        (0, 0, 1, False, "1 of 0 with this"),
    ],
)
def test_a_quota_is_compared_with_all_that_there_would_be(
    value: float, used: int, more: int, ok: bool | None, text: str
) -> None:
    [check] = found(ScriptedAws(quota(value, used)), lambda draft: quota_checks(draft, {XLARGE: more}))
    assert (check.ok, check.text) == (ok, f"quota {XLARGE} for endpoint usage: {text}")
    assert (check.kind is ErrorKind.QUOTA) is (ok is False)


def test_endpoints_that_may_not_be_read_make_room_uncertain_and_excess_none_the_less_certain() -> None:
    unreadable: dict[str, Answer] = {"sagemaker:DescribeEndpoint": DENIED}
    aws = ScriptedAws({**quota(8, 6), **unreadable})
    [room] = found(aws, lambda draft: quota_checks(draft, {XLARGE: 3}))
    assert said([room]) == [
        (None, f"quota {XLARGE} for endpoint usage: 3 of 8 with this, without what may not be read: other")
    ]
    [excess] = found(aws, lambda draft: quota_checks(draft, {XLARGE: 9}))
    assert excess.ok is False


def test_nothing_is_asked_where_there_is_nothing_more_or_no_quota() -> None:
    aws = ScriptedAws(quota(8))
    assert found(aws, lambda draft: quota_checks(draft, {XLARGE: 0, "ml.m5.large": -2})) == []
    assert "service-quotas:ListServiceQuotas" not in aws.called
    assert found(aws, lambda draft: quota_checks(draft, {"ml.p9.huge": 1})) == []
    assert "sagemaker:ListEndpoints" not in aws.called


# Prices


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"PriceList": []}, f"the Price List has no price for hosting on {XLARGE}"),
        (DENIED, "pricing:GetProducts is not permitted: the price is unknown"),
        (
            ConsoleError(ErrorKind.THROTTLED, "Rate exceeded"),
            "pricing:GetProducts was not answered (Rate exceeded): the price is unknown",
        ),
    ],
)
def test_a_price_that_is_unknown_is_told_once_with_its_reason(answer: Answer, text: str) -> None:
    aws = ScriptedAws({"pricing:GetProducts": answer})
    assert said(found(aws, lambda draft: price_checks(draft, [XLARGE, XLARGE]))) == [(None, text)]


# Instance types


@pytest.mark.parametrize(
    ("instance_type", "told"),
    [
        ("ml.c5.xlarge", []),
        ("ml.c5.xarge", [(False, "there is no instance type ml.c5.xarge", "Did you mean ml.c5.xlarge?")]),
        (
            "ml.qqqqqqqq",
            [(False, "there is no instance type ml.qqqqqqqq", "Choose another, such as ml.m5.xlarge.")],
        ),
    ],
)
def test_a_misspelt_instance_type_is_told_with_the_one_that_was_meant(
    instance_type: str, told: list[tuple[bool | None, str, str]]
) -> None:
    aws = ScriptedAws({"service-quotas:ListServiceQuotas": {"Quotas": []}})
    checks = found(aws, lambda draft: instance_type_checks(draft, [instance_type, instance_type]))
    assert said(checks) == [one[:2] for one in told]
    assert [check.remedy for check in checks] == [one[2] for one in told]


def test_a_type_that_is_newer_than_the_model_on_this_machine_is_one_if_it_has_a_quota() -> None:
    aws = ScriptedAws(granted(8, "ml.m99.xlarge"))
    assert said(found(aws, lambda draft: instance_type_checks(draft, ["ml.m99.xlarge"]))) == []


# Full load


@pytest.mark.parametrize(("most", "told"), [(8, False), (9, True)])
def test_a_quota_that_keeps_instances_from_scaling_out_is_told(most: int, told: bool) -> None:
    expected = [(None, f"at full load {most} × {XLARGE} run, and the quota is 8")] if told else []
    assert (
        said(found(ScriptedAws(granted(8)), lambda draft: full_load_checks(draft, {XLARGE: 2}, {XLARGE: most})))
        == expected
    )
