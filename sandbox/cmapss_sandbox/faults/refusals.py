"""How each service words what a fault makes it say: its own codes and statuses, after its API reference and models.

A service's "Common Errors" page says what every operation may answer; an exception that its model has goes before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.iam.actions import needs
from cmapss_sandbox.iam.needs import Need
from cmapss_sandbox.iam.policies import Policies, Question, evaluate
from cmapss_sandbox.iam.principals import caller_of
from cmapss_sandbox.iam.refusals import denied, expired_token
from cmapss_sandbox.iam.signatures import SIGNED_AT_FORMAT
from cmapss_sandbox.region import Region, RequestContext

# Code, message and status.
_Words = tuple[str, str, int]

_FAILED = "The request processing has failed because of an unknown error, exception or failure."
_UNAVAILABLE = "The request has failed due to a temporary failure of the server."

_JSON: Mapping[str, _Words] = {
    "throttling": ("ThrottlingException", "Rate exceeded", 400),
    "internal-failure": ("InternalFailure", _FAILED, 500),
    "service-unavailable": ("ServiceUnavailable", _UNAVAILABLE, 503),
    "clock-skew": ("InvalidSignatureException", "{signature}", 400),
}
# What services that have the query protocol say, also when they are asked in JSON.
_QUERY: Mapping[str, _Words] = {
    **_JSON,
    "throttling": ("Throttling", "Rate exceeded", 400),
    "clock-skew": ("SignatureDoesNotMatch", "{signature}", 403),
}
_WORDS: Mapping[str, Mapping[str, _Words]] = {
    "sagemaker": _JSON,
    "sagemaker-runtime": {**_JSON, "clock-skew": ("InvalidSignatureException", "{signature}", 403)},
    "application-autoscaling": {**_JSON, "internal-failure": ("InternalServiceException", _FAILED, 500)},
    "cloudwatch": {**_QUERY, "internal-failure": ("InternalServiceError", _FAILED, 500)},
    "logs": {**_JSON, "service-unavailable": ("ServiceUnavailableException", _UNAVAILABLE, 503)},
    "sts": _QUERY,
    "pricing": {**_JSON, "internal-failure": ("InternalErrorException", _FAILED, 500)},
    "service-quotas": {
        **_JSON,
        "throttling": ("TooManyRequestsException", "Rate exceeded", 400),
        "internal-failure": ("ServiceException", _FAILED, 500),
    },
    "s3": {
        "throttling": ("SlowDown", "Please reduce your request rate.", 503),
        "internal-failure": ("InternalError", "We encountered an internal error. Please try again.", 500),
        "service-unavailable": ("ServiceUnavailable", "Service is unable to handle request.", 503),
        "clock-skew": (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
        ),
    },
    "iam": {**_QUERY, "internal-failure": ("ServiceFailure", _FAILED, 500)},
    "ec2": {
        "throttling": ("RequestLimitExceeded", "Request limit exceeded.", 503),
        "internal-failure": ("InternalError", "An internal error has occurred", 500),
        "service-unavailable": ("Unavailable", "The server is overloaded and can't handle the request.", 503),
        "clock-skew": ("RequestExpired", "Request has expired.", 400),
    },
}
SERVICES = tuple(_WORDS)
# What IAM says is the same where its enforcement refuses.
EXPIRED_TOKEN, ACCESS_DENIED = "expired-token", "access-denied"
KINDS = (*_JSON, EXPIRED_TOKEN, ACCESS_DENIED)

# How far a signature's date may be off; it is more where the query protocol or S3's is at home.
_TOLERANCE = timedelta(minutes=5)
_WIDE_TOLERANCE = timedelta(minutes=15)
_TOLERANT = frozenset({"cloudwatch", "iam", "s3", "sts"})


def refusal(kind: str, region: Region, context: RequestContext, members: Mapping[str, Any]) -> AwsError:
    """What the service of a request says for a kind of fault other than a clock's skew."""
    if kind == ACCESS_DENIED:
        return _denied(region, context, members)
    if kind == EXPIRED_TOKEN:
        return expired_token(context.service)
    return AwsError(*_WORDS.get(context.service, _JSON)[kind])


def skew_refusal(context: RequestContext, ahead: timedelta) -> AwsError | None:
    """What a service says whose clock is ahead of this machine's to a request that was signed at another time.

    None when the date of the signature is near enough, or there is none.
    """
    code, message, status = _WORDS.get(context.service, _JSON)["clock-skew"]
    tolerance = _WIDE_TOLERANCE if context.service in _TOLERANT else _TOLERANCE
    signed, now = _signed_at(context.headers), datetime.now(UTC).replace(microsecond=0) + ahead
    if signed is None or abs(now - signed) <= tolerance:
        return None
    return AwsError(code, message.format(signature=_too_far(signed, now, tolerance)), status)


def _too_far(signed: datetime, now: datetime, tolerance: timedelta) -> str:
    late = signed < now
    limit = now - tolerance if late else now + tolerance
    what, compared, sign = (
        ("Signature expired", "now earlier", "-") if late else ("Signature not yet current", "still later", "+")
    )
    return (
        f"{what}: {signed:{SIGNED_AT_FORMAT}} is {compared} than {limit:{SIGNED_AT_FORMAT}} "
        f"({now:{SIGNED_AT_FORMAT}} {sign} {tolerance.total_seconds() / 60:g} min.)"
    )


def _signed_at(headers: Mapping[str, str]) -> datetime | None:
    try:
        if "x-amz-date" in headers:
            return datetime.strptime(headers["x-amz-date"], SIGNED_AT_FORMAT).replace(tzinfo=UTC)
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None


def _denied(region: Region, context: RequestContext, members: Mapping[str, Any]) -> AwsError:
    """What IAM says to a caller without any policy, whoever it is."""
    needed = needs(region, context.service, context.operation, members).own
    need = needed[0] if needed else Need(f"{context.service}:{context.operation}")
    decision = evaluate(Policies(), Question(need.action, need.resource))
    return denied(context.service, caller_of(region, context.access_key).arn, need, decision)
