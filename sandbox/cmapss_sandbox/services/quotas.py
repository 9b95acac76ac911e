"""Service Quotas: the quotas of SageMaker endpoints, and requests for more, which are granted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page, invalid_token
from cmapss_sandbox.region import Handler, Region, RequestContext
from cmapss_sandbox.services.quota_values import (
    SERVICE_CODE,
    SERVICE_NAME,
    asked_by_type,
    changed_quotas,
    default_quota,
    described_quota,
    endpoint_quota,
    quota_identity,
    type_of,
    types_by_code,
)
from cmapss_sandbox.store import Record, Table

SERVICE = "service-quotas"

_PAGE_SIZE = 100
_GRANTED = "quotas.increase_granted"
# After how much region time a request is granted.
_CONSIDERATION = timedelta(minutes=30)


def list_services(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListServices."""
    services = [{"ServiceCode": SERVICE_CODE, "ServiceName": SERVICE_NAME}]
    return _page(region, members, context, "Services", services, "ServiceCode")


def list_service_quotas(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListServiceQuotas of SageMaker, as this account has them."""
    return _listed(region, members, context, partial(endpoint_quota, region))


def list_default_quotas(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListAWSDefaultServiceQuotas, as every account has them at first."""
    return _listed(region, members, context, default_quota)


def get_service_quota(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetServiceQuota."""
    instance_type = type_of(members["ServiceCode"], members["QuotaCode"])
    value = endpoint_quota(region, instance_type)
    return {"Quota": described_quota(region, members["QuotaCode"], instance_type, value)}


def get_default_quota(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetAWSDefaultServiceQuota."""
    instance_type = type_of(members["ServiceCode"], members["QuotaCode"])
    value = default_quota(instance_type)
    return {"Quota": described_quota(region, members["QuotaCode"], instance_type, value)}


def request_increase(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """RequestServiceQuotaIncrease, which is granted half an hour of region time later."""
    code, wanted = members["QuotaCode"], members["DesiredValue"]
    instance_type = type_of(members["ServiceCode"], code)
    if not wanted > endpoint_quota(region, instance_type):
        raise AwsError(
            "IllegalArgumentException", "You must provide a quota value greater than the current quota value."
        )
    if any((known["QuotaCode"], known["Status"]) == (code, "PENDING") for known in _requests(region).values()):
        raise AwsError(
            "ResourceAlreadyExistsException",
            "Only one open service quota increase request is allowed per quota.",
        )
    now, request_id = region.now(), uuid.uuid4().hex
    asked = {
        **quota_identity(region, code, instance_type),
        "Id": request_id,
        "DesiredValue": wanted,
        "Status": "PENDING",
        "Created": now,
        "LastUpdated": now,
        "QuotaRequestedAtLevel": "ACCOUNT",
    }
    _requests(region)[request_id] = asked
    region.schedule(now + _CONSIDERATION, _GRANTED, request_id=request_id)
    return {"RequestedQuota": asked}


def get_requested_change(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetRequestedServiceQuotaChange."""
    found = _requests(region).get(members["RequestId"])
    if found is None:
        raise AwsError("NoSuchResourceException", "The request failed because the specified request does not exist.")
    return {"RequestedQuota": found}


def list_requested_changes(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListRequestedServiceQuotaChangeHistory, of one quota too, the newest first."""
    wanted = {name: members[name] for name in ("ServiceCode", "QuotaCode", "Status") if name in members}
    found = [
        known
        for known in reversed(list(_requests(region).values()))
        if all(known[name] == value for name, value in wanted.items())
    ]
    return _page(region, members, context, "RequestedQuotas", found, "Id")


OPERATIONS: dict[str, Handler] = {
    "GetAWSDefaultServiceQuota": get_default_quota,
    "GetRequestedServiceQuotaChange": get_requested_change,
    "GetServiceQuota": get_service_quota,
    "ListAWSDefaultServiceQuotas": list_default_quotas,
    "ListRequestedServiceQuotaChangeHistory": list_requested_changes,
    "ListRequestedServiceQuotaChangeHistoryByQuota": list_requested_changes,
    "ListServiceQuotas": list_service_quotas,
    "ListServices": list_services,
    "RequestServiceQuotaIncrease": request_increase,
}


def install(region: Region) -> None:
    """Grant requests in time, and let the control call `quotas` set quotas by instance type, null for the default."""
    region.on(_GRANTED, _grant)
    region.controls["quotas"] = _set_quotas
    region.report("quotas", lambda: {name: quota["value"] for name, quota in changed_quotas(region).items()})


def _set_quotas(region: Region, asked: dict[str, Any]) -> None:
    changes = asked_by_type(asked, 'Quotas are set with {"ml.m5.xlarge": 4}, and to their default with null.')
    with region.transaction():
        for instance_type, quota in changes.items():
            if quota is None:
                changed_quotas(region).pop(instance_type, None)
            else:
                changed_quotas(region)[instance_type] = {"value": float(quota)}


def _grant(region: Region, request_id: str) -> None:
    asked = _requests(region)[request_id]
    instance_type = type_of(asked["ServiceCode"], asked["QuotaCode"])
    changed_quotas(region)[instance_type] = {"value": asked["DesiredValue"]}
    _requests(region)[request_id] = {**asked, "Status": "APPROVED", "LastUpdated": region.now()}


def _requests(region: Region) -> Table:
    return region.table("quota_requests")


def _listed(
    region: Region, members: dict[str, Any], context: RequestContext, value: Callable[[str], float]
) -> dict[str, Any]:
    wanted = members.get("QuotaCode")
    quotas = [
        described_quota(region, code, instance_type, value(instance_type))
        for code, instance_type in types_by_code(members["ServiceCode"]).items()
        if wanted in (None, code)
    ]
    return _page(region, members, context, "Quotas", quotas, "QuotaCode")


def _page(
    region: Region, members: dict[str, Any], context: RequestContext, answer: str, items: Sequence[Record], name: str
) -> dict[str, Any]:
    page, token = cut_page(
        region,
        items,
        lambda item: str(item[name]),
        operation=context.operation,
        token=members.get("NextToken"),
        size=members.get("MaxResults", _PAGE_SIZE),
        asked=members,
        refusal=invalid_token("InvalidPaginationTokenException"),
    )
    return {answer: page, "NextToken": token}
