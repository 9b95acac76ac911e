"""Service Quotas through an unmodified client."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import Clients

M5 = {"ServiceCode": "sagemaker", "QuotaCode": "L-2F737F8D"}


@pytest.fixture
def quotas(clients: Clients) -> Any:
    return clients("service-quotas")


def test_quotas_are_found_by_name_and_by_code(quotas: Any) -> None:
    pages = list(quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"))
    listed = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
    assert {len(page["Quotas"]) for page in pages[:-1]} == {100}
    quota = listed["ml.m5.xlarge for endpoint usage"]
    assert (quota["QuotaCode"], quota["Value"], quota["Adjustable"]) == ("L-2F737F8D", 8.0, True)
    assert listed["ml.m5.4xlarge for endpoint usage"]["QuotaCode"] == "L-E2649D46"
    assert listed["ml.t2.medium for endpoint usage"]["Value"] == 8.0
    assert {listed[f"{name} for endpoint usage"]["Value"] for name in ("ml.g5.xlarge", "ml.p4d.24xlarge")} == {0.0}
    assert len({quota["QuotaCode"] for quota in listed.values()}) == len(listed)
    for call in (quotas.get_service_quota, quotas.get_aws_default_service_quota):
        assert call(**M5)["Quota"] == quota
    [one] = quotas.list_service_quotas(**M5)["Quotas"]
    assert one == quota
    defaults = quotas.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker")
    assert sum(len(page["Quotas"]) for page in defaults) == len(listed)
    assert quotas.list_services()["Services"] == [{"ServiceCode": "sagemaker", "ServiceName": "Amazon SageMaker"}]


def test_what_there_is_no_quota_of_and_tokens_that_are_no_tokens(quotas: Any) -> None:
    for service, code in (("sagemaker", "L-00000000"), ("ec2", "L-2F737F8D")):
        for call in (quotas.get_service_quota, quotas.get_aws_default_service_quota):
            with pytest.raises(ClientError, match=r"\(NoSuchResourceException\)"):
                call(ServiceCode=service, QuotaCode=code)
    with pytest.raises(ClientError, match=r"\(NoSuchResourceException\)"):
        quotas.list_service_quotas(ServiceCode="ec2")
    token = quotas.list_service_quotas(ServiceCode="sagemaker", MaxResults=1)["NextToken"]
    assert len(quotas.list_service_quotas(ServiceCode="sagemaker", MaxResults=2, NextToken=token)["Quotas"]) == 2
    for call, given in (
        (quotas.list_service_quotas, "nonsense"),
        (quotas.list_service_quotas, token[:-4]),
        (quotas.list_aws_default_service_quotas, token),
    ):
        with pytest.raises(ClientError, match=r"\(InvalidPaginationTokenException\)"):
            call(ServiceCode="sagemaker", NextToken=given)
    with pytest.raises(ClientError, match="at 'nextToken' failed to satisfy constraint"):
        quotas.list_service_quotas(ServiceCode="sagemaker", NextToken="no token")


def test_a_request_for_more_is_granted_after_a_while(quotas: Any, region: Region) -> None:
    asked = quotas.request_service_quota_increase(**M5, DesiredValue=20)["RequestedQuota"]
    assert (asked["Status"], asked["DesiredValue"]) == ("PENDING", 20.0)
    with pytest.raises(ClientError, match="Only one open service quota increase request is allowed per quota"):
        quotas.request_service_quota_increase(**M5, DesiredValue=30)
    for wanted in (8, 1):
        with pytest.raises(ClientError, match="greater than the current quota value"):
            quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode="L-E2649D46", DesiredValue=wanted)
    assert quotas.get_service_quota(**M5)["Quota"]["Value"] == 8
    region.advance(1800)
    assert quotas.get_service_quota(**M5)["Quota"]["Value"] == 20
    assert quotas.get_aws_default_service_quota(**M5)["Quota"]["Value"] == 8
    granted = quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]
    assert (granted["Status"], granted["LastUpdated"]) == ("APPROVED", region.now())
    newer = quotas.request_service_quota_increase(**M5, DesiredValue=30)["RequestedQuota"]
    history = quotas.list_requested_service_quota_change_history()["RequestedQuotas"]
    assert [known["Id"] for known in history] == [newer["Id"], asked["Id"]]
    by_quota = quotas.list_requested_service_quota_change_history_by_quota(**M5, Status="APPROVED")
    assert [known["Id"] for known in by_quota["RequestedQuotas"]] == [asked["Id"]]
    with pytest.raises(ClientError, match=r"\(NoSuchResourceException\)"):
        quotas.get_requested_service_quota_change(RequestId="unknown")
