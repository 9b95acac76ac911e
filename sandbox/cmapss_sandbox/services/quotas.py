"""Service Quotas: how many instances of each type an account may have behind its endpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import StringShape

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Handler, Region, RequestContext
from cmapss_sandbox.services.price_table import HOSTING_PRICES
from cmapss_sandbox.store import Table
from cmapss_sandbox.wire.models import service_model

SERVICE = "service-quotas"

_SERVICE_CODE, _SERVICE_NAME = "sagemaker", "Amazon SageMaker"
_DEFAULT_INSTANCES = 8.0
_PAGE_SIZE = 100
# Third parties agree on these two; the codes of the others are made up here, as clients look them up by name.
_KNOWN_CODES: Mapping[str, str] = {"ml.m5.xlarge": "L-2F737F8D", "ml.m5.4xlarge": "L-E2649D46"}

# Instance type -> how many instances its quota allows.
_Values = Callable[[str], float]


def endpoint_quota(region: Region, instance_type: str) -> float:
    """How many instances of the type the account's endpoints may use at once."""
    return float(_changed(region).get(instance_type, {}).get("value", _default_quota(instance_type)))


def quota_name(instance_type: str) -> str:
    """The name of that quota, by which clients look it up."""
    return f"{instance_type} for endpoint usage"


def asked_by_type(asked: Mapping[str, Any], usage: str) -> dict[str, int | None]:
    """A control call's instance counts by type, None for null; raises ValueError, with the usage, for anything else."""
    shape = service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    known = shape.enum if isinstance(shape, StringShape) else []
    for instance_type, count in asked.items():
        if instance_type not in known:
            raise ValueError(f"{instance_type} is no instance type of an endpoint. {usage}")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
            raise ValueError(f"{instance_type}: {count!r} is no number of instances. {usage}")
    return dict(asked)


def list_service_quotas(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListServiceQuotas of SageMaker, as this account has them."""
    return _listed(region, members, context, lambda instance_type: endpoint_quota(region, instance_type))


def list_default_quotas(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListAWSDefaultServiceQuotas, as every account has them at first."""
    return _listed(region, members, context, _default_quota)


def get_service_quota(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetServiceQuota."""
    return _found(region, members, lambda instance_type: endpoint_quota(region, instance_type))


def get_default_quota(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetAWSDefaultServiceQuota."""
    return _found(region, members, _default_quota)


OPERATIONS: dict[str, Handler] = {
    "GetAWSDefaultServiceQuota": get_default_quota,
    "GetServiceQuota": get_service_quota,
    "ListAWSDefaultServiceQuotas": list_default_quotas,
    "ListServiceQuotas": list_service_quotas,
}


def install(region: Region) -> None:
    """Let the control call `quotas` set quotas by instance type, null for the default."""
    region.controls["quotas"] = _set_quotas
    region.report("quotas", lambda: {name: quota["value"] for name, quota in _changed(region).items()})


def _set_quotas(region: Region, asked: dict[str, Any]) -> None:
    changes = asked_by_type(asked, 'Quotas are set with {"ml.m5.xlarge": 4}, and to their default with null.')
    with region.transaction():
        for instance_type, quota in changes.items():
            if quota is None:
                _changed(region).pop(instance_type, None)
            else:
                _changed(region)[instance_type] = {"value": float(quota)}


def _changed(region: Region) -> Table:
    """The quotas that are not the default, by instance type."""
    return region.table("quotas")


def _default_quota(instance_type: str) -> float:
    return _DEFAULT_INSTANCES if instance_type in HOSTING_PRICES else 0.0


def _found(region: Region, members: dict[str, Any], values: _Values) -> dict[str, Any]:
    quota = _quotas(region, members["ServiceCode"], values).get(members["QuotaCode"])
    if quota is None:
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return {"Quota": quota}


def _listed(region: Region, members: dict[str, Any], context: RequestContext, values: _Values) -> dict[str, Any]:
    wanted = members.get("QuotaCode")
    quotas = _quotas(region, members["ServiceCode"], values)
    page, token = cut_page(
        region,
        [quota for code, quota in quotas.items() if wanted in (None, code)],
        lambda quota: str(quota["QuotaCode"]),
        operation=context.operation,
        token=members.get("NextToken"),
        size=members.get("MaxResults", _PAGE_SIZE),
        asked=members,
        refusal="InvalidPaginationTokenException",
    )
    return {"Quotas": page, "NextToken": token}


def _quotas(region: Region, service_code: str, values: _Values) -> dict[str, dict[str, Any]]:
    """SageMaker's quotas by code; raises NoSuchResourceException for another service."""
    if service_code != _SERVICE_CODE:
        raise AwsError("NoSuchResourceException", "The request failed because the specified service does not exist.")
    return {
        code: {
            "ServiceCode": _SERVICE_CODE,
            "ServiceName": _SERVICE_NAME,
            "QuotaArn": region.arn("servicequotas", f"{_SERVICE_CODE}/{code}"),
            "QuotaCode": code,
            "QuotaName": quota_name(instance_type),
            "Value": values(instance_type),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
        for instance_type, code in _codes().items()
    }


def _codes() -> dict[str, str]:
    return {instance_type: _KNOWN_CODES.get(instance_type, _code(instance_type)) for instance_type in HOSTING_PRICES}


def _code(instance_type: str) -> str:
    return f"L-{hashlib.sha256(instance_type.encode()).hexdigest()[:8].upper()}"
