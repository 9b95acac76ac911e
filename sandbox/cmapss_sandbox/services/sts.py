"""Security Token Service: who calls, and temporary keys for a role or for a user."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_error
from cmapss_sandbox.iam.authorization import known_of
from cmapss_sandbox.iam.conditions import PolicyError
from cmapss_sandbox.iam.needs import present, tag_context
from cmapss_sandbox.iam.policies import Question, parse_policy, trusts
from cmapss_sandbox.iam.principals import Identity, Principal, caller_of, directory, role, sessions
from cmapss_sandbox.region import Handler, Region, RequestContext

SERVICE = "sts"

_KEY_CHARACTERS = string.ascii_uppercase + "234567"
_ROLE_CHAINING_SECONDS = 3600
_SESSION_TOKEN_SECONDS = 43_200
_TOKEN_BYTES = 192
_PACKED_POLICY_CHARACTERS = 2048


def get_caller_identity(region: Region, _: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetCallerIdentity: the user or the session whose keys signed the request, the operator for all other keys."""
    caller = caller_of(region, context.access_key)
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def assume_role(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """AssumeRole: temporary keys with the role's permissions; whether it trusts the caller, where IAM is enforced."""
    caller, arn = caller_of(region, context.access_key), request["RoleArn"]
    found = role(region, arn)
    if found is None or not _trusted(region, caller, found, request, context):
        raise AwsError(
            "AccessDenied", f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}", 403
        )
    seconds = request.get("DurationSeconds", 3600)
    _refuse_duration(caller, found, seconds)
    policies = _session_policies(region, request)
    name = request["RoleSessionName"]
    session: dict[str, Any] = {
        "arn": f"arn:aws:sts::{region.account}:assumed-role/{found.name}/{name}",
        "user_id": f"{found.id}:{name}",
        "identity": ["role", found.name],
        "identity_id": found.id,
        "administrator": False,
        "policies": policies,
        "tags": {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])},
    }
    answer: dict[str, Any] = {
        "Credentials": _issue(region, session, seconds),
        "AssumedRoleUser": {"AssumedRoleId": session["user_id"], "Arn": session["arn"]},
    }
    if policies is not None:
        packed = sum(len(text) for text in policies)
        answer["PackedPolicySize"] = min(100, -(-100 * packed // _PACKED_POLICY_CHARACTERS))
    if "SourceIdentity" in request:
        answer["SourceIdentity"] = request["SourceIdentity"]
    return answer


def get_session_token(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetSessionToken: temporary keys of the user who asks, with the user's own permissions."""
    caller = caller_of(region, context.access_key)
    if caller.token is not None:
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    session: dict[str, Any] = {
        "arn": caller.arn,
        "user_id": caller.user_id,
        "identity": None if caller.identity is None else ["user", caller.identity.name],
        "identity_id": None if caller.identity is None else caller.identity.id,
        "administrator": caller.administrator,
        "policies": None,
        "tags": {},
    }
    return {"Credentials": _issue(region, session, request.get("DurationSeconds", _SESSION_TOKEN_SECONDS))}


OPERATIONS: dict[str, Handler] = {
    "AssumeRole": assume_role,
    "GetCallerIdentity": get_caller_identity,
    "GetSessionToken": get_session_token,
}


def _refuse_duration(caller: Principal, taken: Identity, seconds: int) -> None:
    if caller.is_role and not caller.administrator and seconds > _ROLE_CHAINING_SECONDS:
        raise validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    if seconds > taken.maximum_session_seconds:
        raise validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _trusted(
    region: Region, caller: Principal, taken: Identity, request: Mapping[str, Any], context: RequestContext
) -> bool:
    """Whether the role's trust policy lets the caller in; every role is open to everybody where IAM is not enforced."""
    if region.authority is None:
        return True
    asked = present(
        [
            ("sts:ExternalId", request.get("ExternalId")),
            ("sts:RoleSessionName", request.get("RoleSessionName")),
            ("sts:SourceIdentity", request.get("SourceIdentity")),
            ("sts:TransitiveTagKeys", request.get("TransitiveTagKeys")),
        ]
    )
    known = known_of(caller, context.region_name, region.now(), context.headers)
    context_keys = {**known, **asked, **tag_context(request.get("Tags", []))}
    question = Question("sts:AssumeRole", taken.arn, context_keys, caller.caller)
    return taken.trust is not None and trusts(taken.trust, caller.policies, question)


def _session_policies(region: Region, request: Mapping[str, Any]) -> list[str] | None:
    """The texts of the policies that bound the session, None when it has none."""
    texts = [request["Policy"]] if "Policy" in request else []
    managed = directory(region).managed
    for descriptor in request.get("PolicyArns", []):
        arn = descriptor.get("arn", "")
        if arn not in managed:
            raise AwsError("MalformedPolicyDocument", f"The policy {arn} does not exist or is not attachable.")
        texts.append(managed[arn])
    for text in texts:
        try:
            parse_policy(text)
        except PolicyError as error:
            raise AwsError("MalformedPolicyDocument", str(error)) from error
    return texts or None


def _issue(region: Region, session: dict[str, Any], seconds: int) -> dict[str, Any]:
    """New temporary keys for a session."""
    table, now = sessions(region), region.now()
    for key in [key for key, old in table.items() if old["expires"] < now - timedelta(days=1)]:
        del table[key]
    access_key = "ASIA" + "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(16))
    secret = base64.b64encode(secrets.token_bytes(30)).decode()
    token = base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
    expires = now + timedelta(seconds=seconds)
    table[access_key] = {**session, "secret": secret, "token": token, "issued": now, "expires": expires}
    return {"AccessKeyId": access_key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": expires}
