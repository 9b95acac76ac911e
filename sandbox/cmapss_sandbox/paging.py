"""Pages and their opaque tokens, as AWS cuts them: by position in the order asked for, filters afterwards."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region

Item = TypeVar("Item")

_SIGNATURE_BYTES = 16


def cut_page(
    region: Region,
    items: Sequence[Item],
    identify: Callable[[Item], str],
    *,
    operation: str,
    token: str | None,
    size: int,
    asked: Mapping[str, Any] | None = None,
    refusal: AwsError | None = None,
) -> tuple[list[Item], str | None]:
    """The page of the ordered items that a token asks for, and the next token, None on the last page.

    A page begins after the item that ended the one before, so that items which have come since shift nothing. Where
    it is said what is asked, a token goes on only with the same question, but for the size of the page.
    Raises the refusal, a ValidationException unless one is given, for a token that this operation of this region
    never gave.
    """
    subject = f"{operation} {json.dumps(_lasting(asked or {}), sort_keys=True, default=str)}"
    start = 0
    if token:
        last, position = _open(region, subject, token, refusal or invalid_token("ValidationException"))
        start = next((n for n, item in enumerate(items, 1) if identify(item) == last), position)
    page = list(items[start : start + size])
    end = start + len(page)
    if end >= len(items) or not page:
        return page, None
    return page, _seal(region, subject, identify(page[-1]), end)


def invalid_token(code: str) -> AwsError:
    """The refusal of a token in the words that most services share, with a service's own code."""
    return AwsError(code, "Invalid pagination token given.")


def _lasting(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in ("NextToken", "MaxResults")}


def _seal(region: Region, subject: str, last: str, position: int) -> str:
    payload = json.dumps([last, position]).encode()
    return base64.b64encode(_sign(region, subject, payload) + payload).decode()


def _open(region: Region, subject: str, token: str, refusal: AwsError) -> tuple[str, int]:
    try:
        sealed = base64.b64decode(token, validate=True)
    except ValueError:
        sealed = b""
    signature, payload = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
    if not payload or not hmac.compare_digest(signature, _sign(region, subject, payload)):
        raise refusal
    last, position = json.loads(payload)
    return last, position


def _sign(region: Region, subject: str, payload: bytes) -> bytes:
    key = f"{_secret(region)}:{subject}".encode()
    return hmac.new(key, payload, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _secret(region: Region) -> str:
    table = region.table("region")
    if "paging" not in table:
        table["paging"] = {"secret": secrets.token_hex(16)}
    secret: str = table["paging"]["secret"]
    return secret
