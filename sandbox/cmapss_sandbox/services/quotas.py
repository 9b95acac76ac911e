"""Service Quotas: how many instances of each type an account may have behind its endpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Handler, Region, RequestContext
from cmapss_sandbox.services.price_table import HOSTING_PRICES

SERVICE = "service-quotas"

_SERVICE_CODE, _SERVICE_NAME = "sagemaker", "Amazon SageMaker"
_DEFAULT_INSTANCES = 8.0
_PAGE_SIZE = 100
# Third parties agree on these two; the codes of the others are made up here, as clients look them up by name.
_KNOWN_CODES: Mapping[str, str] = {"ml.m5.xlarge": "L-2F737F8D", "ml.m5.4xlarge": "L-E2649D46"}


def endpoint_quota(instance_type: str) -> float:
    """How many instances of the type an account's endpoints may use at once; 0 for a type not offered."""
    return _DEFAULT_INSTANCES if instance_type in HOSTING_PRICES else 0.0


def list_service_quotas(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListServiceQuotas of SageMaker."""
    return _listed(region, members, "ListServiceQuotas")


def list_aws_default_service_quotas(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListAWSDefaultServiceQuotas: nobody has raised one."""
    return _listed(region, members, "ListAWSDefaultServiceQuotas")


def get_service_quota(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetServiceQuota, also for GetAWSDefaultServiceQuota."""
    quota = _quotas(region, members["ServiceCode"]).get(members["QuotaCode"])
    if quota is None:
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return {"Quota": quota}


OPERATIONS: dict[str, Handler] = {
    "GetAWSDefaultServiceQuota": get_service_quota,
    "GetServiceQuota": get_service_quota,
    "ListAWSDefaultServiceQuotas": list_aws_default_service_quotas,
    "ListServiceQuotas": list_service_quotas,
}


def _listed(region: Region, members: dict[str, Any], operation: str) -> dict[str, Any]:
    wanted = members.get("QuotaCode")
    quotas = [quota for code, quota in _quotas(region, members["ServiceCode"]).items() if wanted in (None, code)]
    try:
        # This service's tokens are of letters, digits, + and / only, so the region's travel as hexadecimals.
        given = bytes.fromhex(members["NextToken"]).decode() if "NextToken" in members else None
        page, token = cut_page(
            region,
            quotas,
            lambda quota: str(quota["QuotaCode"]),
            operation=operation,
            token=given,
            size=members.get("MaxResults", _PAGE_SIZE),
        )
    except (ValueError, AwsError) as error:
        raise AwsError("InvalidPaginationTokenException", "Invalid pagination token given.") from error
    return {"Quotas": page, "NextToken": token and token.encode().hex()}


def _quotas(region: Region, service_code: str) -> dict[str, dict[str, Any]]:
    if service_code != _SERVICE_CODE:
        raise AwsError("NoSuchResourceException", "The request failed because the specified service does not exist.")
    return {code: _quota(region, code, instance_type) for instance_type, code in _codes().items()}


def _codes() -> dict[str, str]:
    return {
        instance_type: _KNOWN_CODES.get(
            instance_type, f"L-{hashlib.sha256(instance_type.encode()).hexdigest()[:8].upper()}"
        )
        for instance_type in sorted(HOSTING_PRICES)
    }


def _quota(region: Region, code: str, instance_type: str) -> dict[str, Any]:
    return {
        "ServiceCode": _SERVICE_CODE,
        "ServiceName": _SERVICE_NAME,
        "QuotaArn": region.arn("servicequotas", f"{_SERVICE_CODE}/{code}"),
        "QuotaCode": code,
        "QuotaName": f"{instance_type} for endpoint usage",
        "Value": endpoint_quota(instance_type),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
