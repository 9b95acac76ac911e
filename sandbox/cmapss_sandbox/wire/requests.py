"""An HTTP request, read: its parts, and who signed it for which service."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


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
        try:
            return gzip.decompress(self.body)
        except (OSError, EOFError, zlib.error):
            raise AwsError("SerializationException", "The body is not what gzip makes.") from None


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
        return Scope(authorization.removeprefix("AWS ").partition(":")[0], Region.name, "s3")
    match = re.search(r"Credential=([^,\s]+)", authorization)
    credential = match.group(1) if match else dict(parse_qsl(query)).get("X-Amz-Credential", "")
    parts = credential.split("/")
    if len(parts) == 5:
        return Scope(parts[0], parts[2], parts[3])
    # The asymmetric variant of the signature is for any region and so names none.
    return Scope(parts[0], Region.name, parts[2]) if len(parts) == 4 else None
