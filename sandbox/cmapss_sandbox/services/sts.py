"""Security Token Service: whoever calls is the operator."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.region import Handler, Region, RequestContext

SERVICE = "sts"

_ROLE = "operator"
_SESSION = "sandbox"
_ROLE_ID = "AROACMAPSSSANDBOXOPER"


def get_caller_identity(region: Region, _: dict[str, Any], __: RequestContext) -> dict[str, Any]:
    """GetCallerIdentity: an assumed role of the region's account, whatever keys signed the request."""
    return {
        "UserId": f"{_ROLE_ID}:{_SESSION}",
        "Account": region.account,
        "Arn": f"arn:aws:sts::{region.account}:assumed-role/{_ROLE}/{_SESSION}",
    }


OPERATIONS: dict[str, Handler] = {"GetCallerIdentity": get_caller_identity}
