"""What the account's endpoints may have, and what counts against it."""

from __future__ import annotations

from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.quotas import endpoint_quota, usage
from tests.core.scripted import ScriptedAws, not_found

LARGE, SMALL = "ml.m5.xlarge", "ml.m5.large"


def quotas(**values: float) -> dict[str, Any]:
    """Service Quotas with these values by code; L-1 is of LARGE, L-2 of SMALL, in two pages among others."""
    names = {"L-0": f"{LARGE} for training job usage", "L-1": f"{LARGE} for endpoint usage"}
    second = {"L-2": f"{SMALL} for endpoint usage"}

    def listed(ServiceCode: str, QuotaCode: str | None = None, NextToken: str = "", **_: Any) -> dict[str, Any]:
        assert ServiceCode == "sagemaker"
        page = {**names, **second} if QuotaCode else second if NextToken else names
        found = [
            {"QuotaCode": code, "QuotaName": name, "Value": values.get(code.replace("-", ""), 0.0)}
            for code, name in page.items()
            if QuotaCode in (None, code)
        ]
        return {"Quotas": found, **({} if QuotaCode or NextToken else {"NextToken": "more"})}

    return {"service-quotas:ListServiceQuotas": listed}


def test_the_code_is_found_by_name_once_and_the_value_asked_for_each_time() -> None:
    values = {"L1": 8.0, "L2": 2.0}
    aws = ScriptedAws(quotas(**values))
    assert (endpoint_quota(aws, LARGE), endpoint_quota(aws, SMALL)) == (8.0, 2.0)
    aws.answers |= quotas(L1=20.0)
    before = len(aws.calls)
    assert endpoint_quota(aws, LARGE) == 20.0, "more was granted meanwhile"
    assert len(aws.calls) == before + 1


def test_a_type_without_a_quota_has_none() -> None:
    assert endpoint_quota(ScriptedAws(quotas()), "ml.p9.huge") is None


def variant(name: str = "AllTraffic", **members: Any) -> dict[str, Any]:
    return {"VariantName": name, **members}


def endpoints(**described: dict[str, Any] | ConsoleError) -> ScriptedAws:
    """A region of these endpoints; each has a config of its name with one LARGE and, as a shadow, one SMALL variant."""

    def describe(EndpointName: str) -> Any:
        found = described[EndpointName]
        if isinstance(found, ConsoleError):
            raise found
        return {"EndpointStatus": "InService", "EndpointConfigName": EndpointName, **found}

    def config(EndpointConfigName: str) -> dict[str, Any]:
        if EndpointConfigName == "gone":
            raise not_found()
        return {
            "ProductionVariants": [variant(InstanceType=LARGE, InitialInstanceCount=3)],
            "ShadowProductionVariants": [variant("Shadow", InstanceType=SMALL, InitialInstanceCount=1)],
        }

    return ScriptedAws(
        {
            "sagemaker:ListEndpoints": {"Endpoints": [{"EndpointName": name} for name in described]},
            "sagemaker:DescribeEndpoint": describe,
            "sagemaker:DescribeEndpointConfig": config,
        }
    )


def counts(desired: int, current: int) -> dict[str, int]:
    return {"DesiredInstanceCount": desired, "CurrentInstanceCount": current}


SHADOW = variant("Shadow", **counts(2, 2))


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"ProductionVariants": [variant(**counts(5, 5))]}, {LARGE: 5}),
        ({"ProductionVariants": [variant(**counts(5, 2))]}, {LARGE: 5}),
        ({"ProductionVariants": [variant(**counts(2, 5))]}, {LARGE: 5}),
        ({"ProductionVariants": [variant(**counts(4, 4))], "ShadowProductionVariants": [SHADOW]}, {LARGE: 4, SMALL: 2}),
        ({"EndpointStatus": "Creating"}, {LARGE: 3, SMALL: 1}),
        ({"EndpointStatus": "Failed"}, {}),
        (
            {
                "EndpointStatus": "Updating",
                "ProductionVariants": [variant(**counts(3, 3))],
                "PendingDeploymentSummary": {
                    "EndpointConfigName": "next",
                    "ProductionVariants": [variant(InstanceType=SMALL, **counts(3, 1))],
                },
            },
            {LARGE: 3, SMALL: 3},
        ),
        ({"ProductionVariants": [variant(InstancePools=[{"InstanceType": SMALL, "CurrentInstanceCount": 2}])]},
         {LARGE: 3, SMALL: 2}),
    ],
    ids=["settled", "growing", "shrinking", "with a shadow", "creating", "failed", "being replaced", "of pools"],
)  # fmt: skip
def test_what_is_there_or_promised_counts(described: dict[str, Any], expected: dict[str, int]) -> None:
    found = usage(endpoints(one=described))
    assert {name: count for name, count in found.instances.items() if count} == expected
    assert found.unread == ()


def test_all_endpoints_count_together_and_what_cannot_be_read_is_named() -> None:
    serving = {"ProductionVariants": [variant(**counts(2, 2))]}
    aws = endpoints(
        a=serving,
        b=serving,
        c=ConsoleError(ErrorKind.DENIED, "no"),
        d=not_found(),
        e={**serving, "EndpointConfigName": "gone"},
    )
    found = usage(aws)
    assert found.instances == {LARGE: 4}
    assert found.unread == ("c", "e"), "one that is gone counts no more"


def test_a_region_that_cannot_be_listed_is_an_error() -> None:
    aws = ScriptedAws({"sagemaker:ListEndpoints": ConsoleError(ErrorKind.DENIED, "no")})
    with pytest.raises(ConsoleError):
        usage(aws)
