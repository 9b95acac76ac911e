"""Service Quotas through an unmodified client."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import Clients


def test_quotas_are_found_by_name_and_by_code(clients: Clients) -> None:
    quotas = clients("service-quotas")
    pages = quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 2}
    )
    listed = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
    quota = listed["ml.m5.xlarge for endpoint usage"]
    assert (quota["QuotaCode"], quota["Value"], quota["Adjustable"]) == ("L-2F737F8D", 8.0, True)
    assert len({quota["QuotaCode"] for quota in listed.values()}) == len(listed) == 7
    for call in (quotas.get_service_quota, quotas.get_aws_default_service_quota):
        assert call(ServiceCode="sagemaker", QuotaCode="L-2F737F8D")["Quota"] == quota
    [one] = quotas.list_service_quotas(ServiceCode="sagemaker", QuotaCode="L-2F737F8D")["Quotas"]
    assert one == quota
    assert len(quotas.list_aws_default_service_quotas(ServiceCode="sagemaker")["Quotas"]) == 7
    for token in ("nonsense", "00ff", b"{}".hex()):
        with pytest.raises(ClientError, match=r"\(InvalidPaginationTokenException\)"):
            quotas.list_service_quotas(ServiceCode="sagemaker", NextToken=token)
    for service, code in (("sagemaker", "L-00000000"), ("ec2", "L-2F737F8D")):
        with pytest.raises(ClientError, match=r"\(NoSuchResourceException\)"):
            quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
