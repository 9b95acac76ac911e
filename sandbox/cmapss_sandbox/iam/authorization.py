"""The guard that lets a call pass when the policies of whoever signed it allow what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.iam import refusals
from cmapss_sandbox.iam.actions import needs
from cmapss_sandbox.iam.conditions import PolicyError
from cmapss_sandbox.iam.matching import Context
from cmapss_sandbox.iam.needs import Need
from cmapss_sandbox.iam.periphery_actions import deletion
from cmapss_sandbox.iam.policies import Caller, Decision, Policies, Policy, Question, evaluate, parse_policy
from cmapss_sandbox.iam.principals import Principal, principal, role
from cmapss_sandbox.iam.service_actions import LINKED_SERVICE
from cmapss_sandbox.iam.signatures import is_signed_with
from cmapss_sandbox.periphery import backends
from cmapss_sandbox.region import Region, RequestContext

# What a user may ask of IAM without saying of whom.
_ABOUT_ONESELF = frozenset(
    {
        "GetUser",
        "ListAccessKeys",
        "CreateAccessKey",
        "UpdateAccessKey",
        "DeleteAccessKey",
        "UpdateUser",
        "ListMFADevices",
    }
)
_LOOPBACK = "127.0.0.1"


def enforce(region: Region) -> None:
    """Have IAM decide about every call of the region from now on, and tell which actions it was asked about."""
    authority = region.authority = Authority(region)
    region.guard(_guard)
    region.report("iam", lambda: {"enforced": True, "asked": {arn: sorted(of) for arn, of in authority.asked.items()}})


@dataclass(frozen=True, slots=True)
class Authority:
    """What the region asks of IAM besides the guard: about its roles, and about each of many deletions.

    `asked` are the actions that calls of a user or role needed, by its ARN: what a policy for them has to allow.
    """

    region: Region
    asked: dict[str, set[str]] = field(default_factory=dict)

    def permits(self, role_arn: str, action: str, resource: str) -> bool:
        """Whether a role's policies allow what a service does with it; a role that is not there may do nothing."""
        found = role(self.region, role_arn)
        if found is None:
            return False
        account = self.region.account
        session = Principal(
            arn=f"arn:aws:sts::{account}:assumed-role/{found.name}/SageMaker",
            user_id=f"{found.id}:SageMaker",
            secret="",
            account=account,
            identity=found,
            tags=found.tags,
        )
        circumstances = known_of(session, self.region.name, self.region.now())
        return decide(self.region, session, Need(action, resource), circumstances).allowed

    def assumable(self, role_arn: str, service: str) -> bool:
        """Whether a role is there and its trust policy lets the service take it on."""
        found = role(self.region, role_arn)
        if found is None or found.trust is None:
            return False
        source = self.region.arn(service.partition(".")[0], "*")
        known = {"aws:sourceaccount": (self.region.account,), "aws:sourcearn": (source,)}
        question = Question("sts:AssumeRole", role_arn, known, Caller(service=frozenset({service})))
        trusted = found.trust.matching(question, allows=True)
        return bool(trusted) and not found.trust.matching(question, allows=False)

    def denied_deletions(self, context: RequestContext, bucket: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Why each of those keys may not be deleted by the caller; nothing of the others."""
        caller = _authenticated(self.region, context)
        if caller.administrator:
            return {}
        circumstances = _circumstances(self.region, caller, context)
        refused = {}
        for key in keys:
            need = deletion(bucket, key)
            decision = decide(self.region, caller, need, circumstances)
            if not decision.allowed:
                refused[key] = refusals.denial("s3", caller.arn, need, decision)
        return refused


def decide(region: Region, caller: Principal, need: Need, circumstances: Context) -> Decision:
    """What the policies of the caller, and those of a bucket, say to one need."""
    question = Question(need.action, need.resource, {**circumstances, **need.context}, caller.caller)
    attached = caller.policies
    policies = Policies(attached.identity, attached.boundary, attached.session, _bucket_policy(region, need))
    return evaluate(policies, question)


def known_of(caller: Principal, region_name: str, now: datetime, headers: Mapping[str, str] | None = None) -> Context:
    """The global condition keys of a request; it counts as encrypted, as the service's own endpoint would have it."""
    identity = caller.identity
    kind = "AssumedRole" if caller.is_role else "User" if identity else "Account"
    known: dict[str, Any] = {
        "aws:requestedregion": region_name,
        "aws:principalarn": identity.arn if identity is not None else caller.arn,
        "aws:principalaccount": caller.account,
        "aws:resourceaccount": caller.account,
        "aws:principaltype": kind,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:userid": caller.user_id,
        "aws:currenttime": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:sourceip": _LOOPBACK,
        "aws:securetransport": "true",
    }
    if kind == "User" and identity is not None:
        known["aws:username"] = identity.name
    if caller.token is not None:
        known["aws:multifactorauthpresent"] = "false"
    for header, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        if headers and header in headers:
            known[key] = headers[header]
    return {
        **{key: (value,) for key, value in known.items()},
        **{f"aws:principaltag/{key}".lower(): (value,) for key, value in caller.tags.items()},
    }


@contextmanager
def _guard(region: Region, context: RequestContext, members: Mapping[str, Any]) -> Iterator[None]:
    caller = _authenticated(region, context)
    if not caller.administrator:
        _refuse_what_is_not_allowed(region, caller, context, members)
    yield
    if context.operation == "RegisterScalableTarget":
        backends.ensure_linked_role(region, LINKED_SERVICE)


def _refuse_what_is_not_allowed(
    region: Region, caller: Principal, context: RequestContext, members: Mapping[str, Any]
) -> None:
    circumstances = _circumstances(region, caller, context)
    if context.operation in _ABOUT_ONESELF and caller.identity is not None and not caller.is_role:
        members = {"UserName": caller.identity.name, **members}
    with region.lock:
        asked = needs(region, context.service, context.operation, members)
        _note(region, caller, (*asked.own, *asked.registering, *asked.deregistering))
    for need in asked.own:
        decision = decide(region, caller, need, circumstances)
        if not decision.allowed:
            raise refusals.denied(context.service, caller.arn, need, decision)
    missing = [need.action for need in asked.registering if not decide(region, caller, need, circumstances).allowed]
    if missing:
        raise refusals.missing_permissions(missing)
    for need in asked.deregistering:
        if not decide(region, caller, need, circumstances).allowed:
            raise refusals.undeletable(need.action)


def _note(region: Region, caller: Principal, asked: Iterable[Need]) -> None:
    if region.authority is not None:
        arn = caller.arn if caller.identity is None else caller.identity.arn
        region.authority.asked.setdefault(arn, set()).update(need.action for need in asked)


def _authenticated(region: Region, context: RequestContext) -> Principal:
    """Who signed the request; raises what the service has for keys that are unknown, wrong or expired."""
    caller = principal(region, context.access_key)
    token = _token(context)
    if caller is None or (caller.token is not None and caller.token != token):
        raise refusals.unknown_key(context.service)
    if caller.token is None and token is not None and not caller.administrator:
        raise refusals.unknown_key(context.service)
    if context.request is not None and not is_signed_with(caller.secret, context.request):
        raise refusals.signature_mismatch(context.service)
    if caller.expires is not None and caller.expires <= region.now():
        raise refusals.expired_token(context.service)
    return caller


def _token(context: RequestContext) -> str | None:
    sent = context.headers.get("x-amz-security-token")
    if sent is not None or context.request is None:
        return sent
    query = parse_qs(context.request.query)
    return next((query[name][0] for name in ("X-Amz-Security-Token", "x-amz-security-token") if name in query), None)


def _circumstances(region: Region, caller: Principal, context: RequestContext) -> Context:
    return known_of(caller, context.region_name or region.name, region.now(), context.headers)


def _bucket_policy(region: Region, need: Need) -> Policy | None:
    if not need.action.startswith("s3:") or not need.resource.startswith("arn:aws:s3:::"):
        return None
    text = backends.bucket_policy(region, need.resource.removeprefix("arn:aws:s3:::").partition("/")[0])
    if text is None:
        return None
    try:
        return parse_policy(text)
    except PolicyError as error:
        raise AwsError("MalformedPolicy", str(error), 400) from error
