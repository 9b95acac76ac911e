"""How many instances of each type an account may have behind its endpoints: the defaults, and what became of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from botocore.model import StringShape

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Table
from cmapss_sandbox.wire.models import service_model

SERVICE_CODE, SERVICE_NAME = "sagemaker", "Amazon SageMaker"

# A new account has instances with accelerators only when it has asked for them.
_WITHOUT_ACCELERATOR = re.compile(r"ml\.[tmcr]\d")
_DEFAULT_INSTANCES = 8.0
# Third parties agree on these two; the codes of the others are made up here, as clients look them up by name.
_KNOWN_CODES: Mapping[str, str] = {"ml.m5.xlarge": "L-2F737F8D", "ml.m5.4xlarge": "L-E2649D46"}


def endpoint_quota(region: Region, instance_type: str) -> float:
    """How many instances of the type the account's endpoints may use at once."""
    return float(changed_quotas(region).get(instance_type, {}).get("value", default_quota(instance_type)))


def default_quota(instance_type: str) -> float:
    """How many instances of the type an account's endpoints may use that has not asked for more."""
    return _DEFAULT_INSTANCES if _WITHOUT_ACCELERATOR.match(instance_type) else 0.0


def changed_quotas(region: Region) -> Table:
    """The quotas that are not the default, by instance type."""
    return region.table("quotas")


def quota_name(instance_type: str) -> str:
    """The name of a type's quota, by which clients look it up."""
    return f"{instance_type} for endpoint usage"


def instance_types() -> list[str]:
    """All types that an endpoint may have."""
    shape = service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    return sorted(shape.enum) if isinstance(shape, StringShape) else []


def asked_by_type(asked: Mapping[str, Any], usage: str) -> dict[str, int | None]:
    """A control call's instance counts by type, None for null; raises ValueError, with the usage, for anything else."""
    known = instance_types()
    for instance_type, count in asked.items():
        if instance_type not in known:
            raise ValueError(f"{instance_type} is no instance type of an endpoint. {usage}")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
            raise ValueError(f"{instance_type}: {count!r} is no number of instances. {usage}")
    return dict(asked)


def types_by_code(service_code: str) -> dict[str, str]:
    """Every instance type by the code of its quota; raises NoSuchResourceException for a service that has none here."""
    if service_code != SERVICE_CODE:
        raise AwsError("NoSuchResourceException", "The request failed because the specified service does not exist.")
    return {_KNOWN_CODES.get(each, _made_up_code(each)): each for each in instance_types()}


def type_of(service_code: str, code: str) -> str:
    """The instance type whose quota has that code; raises NoSuchResourceException when there is none."""
    found = types_by_code(service_code).get(code)
    if found is None:
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return found


def described_quota(region: Region, code: str, instance_type: str, value: float) -> dict[str, Any]:
    """A quota as the service describes it."""
    return {
        **quota_identity(region, code, instance_type),
        "Value": value,
        "Adjustable": True,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


def quota_identity(region: Region, code: str, instance_type: str) -> dict[str, Any]:
    """What names a quota, wherever the service speaks of it."""
    return {
        "ServiceCode": SERVICE_CODE,
        "ServiceName": SERVICE_NAME,
        "QuotaArn": region.arn("servicequotas", f"{SERVICE_CODE}/{code}"),
        "QuotaCode": code,
        "QuotaName": quota_name(instance_type),
        "Unit": "None",
        "GlobalQuota": False,
    }


def _made_up_code(instance_type: str) -> str:
    return f"L-{hashlib.sha256(instance_type.encode()).hexdigest()[:8].upper()}"
