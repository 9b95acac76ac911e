"""Pages and their opaque tokens, as AWS cuts them: by position in the order asked for, filters afterwards."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

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
) -> tuple[list[Item], str | None]:
    """The page of the ordered items that a token asks for, and the next token, None on the last page.

    A page begins after the item that ended the one before, so that items which have come since shift nothing.
    Raises ValidationException for a token that this operation of this region never gave.
    """
    start = 0
    if token is not None:
        last, position = _open(region, operation, token)
        start = next((n for n, item in enumerate(items, 1) if identify(item) == last), position)
    page = list(items[start : start + size])
    end = start + len(page)
    if end >= len(items) or not page:
        return page, None
    return page, _seal(region, operation, identify(page[-1]), end)


def _seal(region: Region, operation: str, last: str, position: int) -> str:
    payload = json.dumps([last, position]).encode()
    return base64.urlsafe_b64encode(_sign(region, operation, payload) + payload).decode()


def _open(region: Region, operation: str, token: str) -> tuple[str, int]:
    try:
        sealed = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        sealed = b""
    signature, payload = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
    if not payload or not hmac.compare_digest(signature, _sign(region, operation, payload)):
        raise AwsError("ValidationException", "Invalid pagination token given.")
    last, position = json.loads(payload)
    return last, position


def _sign(region: Region, operation: str, payload: bytes) -> bytes:
    key = f"{_secret(region)}:{operation}".encode()
    return hmac.new(key, payload, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _secret(region: Region) -> str:
    table = region.table("region")
    if "paging" not in table:
        table["paging"] = {"secret": secrets.token_hex(16)}
    secret: str = table["paging"]["secret"]
    return secret
