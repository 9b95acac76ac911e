"""How AWS says no: to keys that nobody has, to keys that have expired, and to what no policy allows."""

from __future__ import annotations

from dataclasses import dataclass

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.iam.needs import EVERYTHING, Need
from cmapss_sandbox.iam.policies import Decision

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_EC2_AUTHENTICATION = "AWS was not able to validate the provided access credentials"
_NAMED_BY_KIND = ("user", "role", "group", "instance-profile")


@dataclass(frozen=True, slots=True)
class _Form:
    """A service's codes, texts and HTTP statuses."""

    denied: tuple[str, int]
    unknown: tuple[str, str, int]
    expired: tuple[str, str, int]
    mismatch: tuple[str, str, int]


_JSON = _Form(
    ("AccessDeniedException", 400),
    ("UnrecognizedClientException", _INVALID, 403),
    ("ExpiredTokenException", _EXPIRED, 403),
    ("InvalidSignatureException", _MISMATCH, 403),
)
_REST_JSON = _Form(("AccessDeniedException", 403), _JSON.unknown, _JSON.expired, _JSON.mismatch)
_QUERY = _Form(
    ("AccessDenied", 403),
    ("InvalidClientTokenId", _INVALID, 403),
    ("ExpiredToken", _EXPIRED, 403),
    ("SignatureDoesNotMatch", _MISMATCH, 403),
)
_FORMS = {
    "sagemaker-runtime": _REST_JSON,
    # Its json protocol keeps the codes of the query protocol.
    "cloudwatch": _QUERY,
    "sts": _QUERY,
    "iam": _QUERY,
    "s3": _Form(
        ("AccessDenied", 403),
        ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
        ("ExpiredToken", "The provided token has expired.", 400),
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
            403,
        ),
    ),
    "ec2": _Form(
        ("UnauthorizedOperation", 403),
        ("AuthFailure", _EC2_AUTHENTICATION, 401),
        ("RequestExpired", "Request has expired.", 400),
        ("AuthFailure", _EC2_AUTHENTICATION, 401),
    ),
}


def unknown_key(service: str) -> AwsError:
    """Nobody has this access key, or not with this session token."""
    return _error(_form(service).unknown)


def expired_token(service: str) -> AwsError:
    """The session has ended."""
    return _error(_form(service).expired)


def signature_mismatch(service: str) -> AwsError:
    """The request was not signed with the secret of its access key."""
    return _error(_form(service).mismatch)


def denied(service: str, caller_arn: str, need: Need, decision: Decision) -> AwsError:
    """No policy allows it, or one denies it."""
    code, status = _form(service).denied
    message = denial(service, caller_arn, need, decision)
    return AwsError(
        code, f"You are not authorized to perform this operation. {message}" if service == "ec2" else message, status
    )


def denial(service: str, caller_arn: str, need: Need, decision: Decision) -> str:
    """The sentence that says who may not do what to what, and why."""
    what = _resource(service, need)
    return f"User: {caller_arn} is not authorized to perform: {need.action}{what} {decision.reason}"


def missing_permissions(actions: list[str]) -> AwsError:
    """What Application Auto Scaling answers when the caller may not do what it would do for the caller."""
    return AwsError(
        "ValidationException", f"User is missing the following permissions: {', '.join(dict.fromkeys(actions))}"
    )


def undeletable(action: str) -> AwsError:
    """What DeleteEndpoint answers when the caller may not deregister what scales the endpoint."""
    purpose = (
        "to delete its scaling policies"
        if action.endswith(":DeleteScalingPolicy")
        else "to deregister the scalable target"
    )
    return AwsError(
        "AccessDeniedException",
        "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to "
        f"invoke DeleteEndpoint does not have {action} permission {purpose}.",
    )


def _form(service: str) -> _Form:
    return _FORMS.get(service, _JSON)


def _error(said: tuple[str, str, int]) -> AwsError:
    code, message, status = said
    return AwsError(code, message, status)


def _resource(service: str, need: Need) -> str:
    """How a refusal names the resource: S3 in quotes, IAM by kind and name, and no resource not at all."""
    if need.resource == EVERYTHING:
        return ""
    if service == "s3":
        return f' on resource: "{need.resource}"'
    kind, _, name = need.resource.split(":", 5)[-1].partition("/")
    if service == "iam" and need.action != "iam:PassRole":
        named = name.rpartition("/")[2] if kind in _NAMED_BY_KIND else need.resource
        return f" on resource: {kind} {named}"
    return f" on resource: {need.resource}"
