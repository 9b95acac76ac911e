"""Whether a request was signed with the secret of its access key, as botocore's own signers see it."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from cmapss_sandbox.wire.requests import Request, bucket_of_host

SIGNED_AT_FORMAT = "%Y%m%dT%H%M%SZ"  # of the time in a signature of version 4

_TOKEN_PARAMETER = "x-amz-security-token"
_HEADER_PARTS = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


def is_signed_with(secret: str, request: Request) -> bool:
    """Whether the signature of a request, in its header or its query string, was made with this secret.

    The time of the signature is not looked at, for clients have the time of this machine, and the region its own.
    """
    from botocore.credentials import Credentials

    query = dict(parse_qsl(request.query, keep_blank_values=True))
    authorization = request.headers.get("authorization", "")
    parts = dict(_HEADER_PARTS.findall(authorization))
    if "Signature" in parts:
        return _fits_version_4(Credentials, secret, request, parts, request.headers.get("x-amz-date", ""))
    if "X-Amz-Signature" in query:
        parts = {name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
        return _fits_version_4(Credentials, secret, request, parts, query.get("X-Amz-Date", ""))
    return _fits_version_2(Credentials, secret, request, query)


def has_expired(request: Request) -> bool:
    """Whether a presigned address is past its end, by this machine's time, which is the time of who made it."""
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    try:
        if "X-Amz-Expires" in query:
            made = datetime.strptime(query["X-Amz-Date"], SIGNED_AT_FORMAT).replace(tzinfo=UTC)
            return datetime.now(UTC) > made + timedelta(seconds=int(query["X-Amz-Expires"]))
        return "Signature" in query and datetime.now(UTC).timestamp() > int(query["Expires"])
    except (KeyError, ValueError, OverflowError):
        return True


def _fits_version_4(credentials: Any, secret: str, request: Request, parts: dict[str, str], stamp: str) -> bool:
    from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
    from botocore.awsrequest import AWSRequest

    scope = parts.get("Credential", "").split("/")
    if len(scope) != 5 or not stamp:
        return False
    service, region_name = scope[3], scope[2]
    presigned = "x-amz-signature" in request.query.lower()
    made_by = SigV4Auth if service != "s3" else S3SigV4QueryAuth if presigned else S3SigV4Auth
    signer: Any = made_by(credentials(scope[0], secret), service, region_name)
    signed = [name for name in parts.get("SignedHeaders", "").split(";") if name in request.headers]
    asked: Any = AWSRequest(
        method=request.method,
        url=_url(request, without="X-Amz-Signature"),
        headers={name: request.headers[name] for name in signed},
        data=request.body,
    )
    asked.context["timestamp"] = stamp
    expected = signer.signature(signer.string_to_sign(asked, signer.canonical_request(asked)), asked)
    return hmac.compare_digest(expected.encode(), parts["Signature"].encode())


def _fits_version_2(credentials: Any, secret: str, request: Request, query: dict[str, str]) -> bool:
    """The elder form, which S3 clients still use for presigned addresses: there, the time is that of the end."""
    from botocore.auth import HmacV1Auth
    from botocore.compat import HTTPHeaders

    given = query.get("Signature") or request.headers.get("authorization", "").rpartition(":")[2]
    headers: Any = HTTPHeaders()
    for name, value in request.headers.items():
        headers[name] = value
    if _TOKEN_PARAMETER in query:
        headers[_TOKEN_PARAMETER] = query[_TOKEN_PARAMETER]
    signer: Any = HmacV1Auth(credentials("-", secret))
    signer._get_date = lambda: query.get("Expires") or request.headers.get("date", "")
    split = urlsplit(_url(request, without="Signature"))
    bucket = bucket_of_host(split.hostname or "")
    path = split.path if bucket is None else f"/{bucket}{split.path}"
    expected = signer.get_signature(request.method, split, headers, auth_path=path)
    return hmac.compare_digest(expected.encode(), given.encode())


def _url(request: Request, *, without: str) -> str:
    """The address as the client signed it."""
    pairs = [pair for pair in request.query.split("&") if pair and pair.partition("=")[0] != without]
    query = f"?{'&'.join(pairs)}" if pairs else ""
    return f"http://{request.headers.get('host', '')}{quote(request.path, safe='/~')}{query}"
