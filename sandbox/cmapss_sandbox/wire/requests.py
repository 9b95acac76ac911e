"""An HTTP request, read: its parts, and who signed it for which service."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cmapss_sandbox.region import Region
from cmapss_sandbox.wire.unpack import gunzip

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LOCAL_DOMAIN = ".localhost"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read; header names are in lower case, the path is decoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def plain_body(self) -> bytes:
        """The body, unpacked; raises SerializationException when it is not what its encoding says."""
        if self.headers.get("content-encoding", "").lower() != "gzip":
            return self.body
        return gunzip(self.body)


@dataclass(frozen=True, slots=True)
class Scope:
    """Who signed a request, for which region and which service, as its signature says."""

    access_key: str
    region_name: str
    signing_name: str


def request_of(environ: WSGIEnvironment) -> Request:
    """The request of a WSGI environment, whose body is read."""
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body_of(environ))


def body_of(environ: WSGIEnvironment) -> bytes:
    """The body of a request, which can be read only once."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def scope_of(environ: WSGIEnvironment) -> Scope | None:
    """The credential scope of a signature, in the header or in a presigned query; only S3 still knows SigV2."""
    authorization, query = environ.get("HTTP_AUTHORIZATION", ""), environ.get("QUERY_STRING", "")
    if authorization.startswith("AWS ") or "AWSAccessKeyId=" in query:
        presigned = dict(parse_qsl(query)).get("AWSAccessKeyId")
        return Scope(presigned or authorization.removeprefix("AWS ").partition(":")[0], Region.name, "s3")
    match = re.search(r"Credential=([^,\s]+)", authorization)
    credential = match.group(1) if match else dict(parse_qsl(query)).get("X-Amz-Credential", "")
    parts = credential.split("/")
    if len(parts) == 5:
        return Scope(parts[0], parts[2], parts[3])
    # The asymmetric variant of the signature is for any region and so names none.
    return Scope(parts[0], Region.name, parts[2]) if len(parts) == 4 else None


def bucket_of_host(host: str) -> str | None:
    """The bucket whose name stands before this machine's in a host's name, as S3 clients may have it; else None."""
    name = host.partition(":")[0]
    return name.removesuffix(_LOCAL_DOMAIN) if name.endswith(_LOCAL_DOMAIN) else None


def foreign(environ: WSGIEnvironment) -> str | None:
    """Why a request is not one of this machine's programs or its user, but of a web page somewhere; None when it is.

    A browser carries the requests of any page to this machine too. It names the page's origin with whatever may
    change something, and says of every other request whether it crosses sites; a host name that is not of this machine
    belongs to a page whose name was made to mean this machine. Only the page at / may be linked to from elsewhere.
    """
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if host and not _is_local(host):
        return f"This sandbox answers to 127.0.0.1 and localhost, not to {host}."
    if origin is not None and origin != f"http://{host}":
        return f"This sandbox answers no page of another origin, such as {origin}."
    if environ.get("HTTP_SEC_FETCH_SITE", "none") in ("cross-site", "same-site"):
        linked = environ.get("HTTP_SEC_FETCH_MODE") == "navigate" and environ["REQUEST_METHOD"] == "GET"
        if not (linked and environ["PATH_INFO"] == "/" and scope_of(environ) is None):
            return "This sandbox answers no page of another site."
    return None


@lru_cache(maxsize=256)
def _is_local(host: str) -> bool:
    name = re.sub(r":\d*$", "", host).strip("[]").lower()
    if name == "localhost" or name.endswith(_LOCAL_DOMAIN):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
