"""Names as AWS accepts them, checked before anything is sent."""

from __future__ import annotations

import hashlib
import re

from cmapss_core.errors import ConsoleError, ErrorKind

MAX_NAME = 63
# How the names begin that the console gives by itself.
ENDPOINT_PREFIX, ENDPOINT_CONFIG_PREFIX = "cmapss-XGBoostEndpoint-", "cmapss-XGBoostEndpointConfig-"
# Endpoints, endpoint configs and variants; what AWS writes down for models comes to the same.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def check_name(kind: str, name: str) -> str:
    """The name itself. Raises ConsoleError that says which character or length AWS would refuse."""
    if len(name) <= MAX_NAME and _NAME.fullmatch(name):
        return name
    odd = sorted({character for character in name if not re.fullmatch(r"[a-zA-Z0-9-]", character)})
    if not name:
        what = "is empty"
    elif len(name) > MAX_NAME:
        what = f"has {len(name)} characters of at most {MAX_NAME}"
    elif odd:
        what = f"has {' '.join(repr(character) for character in odd)} in it"
    else:
        what = "begins or ends with a hyphen"
    raise ConsoleError(
        ErrorKind.INVALID,
        f"{kind} name {name!r} {what}",
        remedy=f"Use letters, digits and hyphens within, {MAX_NAME} at most.",
    )


def check_bucket_name(name: str) -> str:
    """The bucket's name itself. Raises ConsoleError where S3 has no such names."""
    if _BUCKET.fullmatch(name) and ".." not in name:
        return name
    raise ConsoleError(
        ErrorKind.INVALID,
        f"{name!r} is no bucket's name",
        remedy="It has 3 to 63 small letters, digits, dots and hyphens, and no s3:// before it.",
    )


def fitted(stem: str, suffix: str) -> str:
    """stem + suffix within 63 characters: a stem that is too long is cut, and told apart by a digest of the whole."""
    name = stem + suffix
    if len(name) <= MAX_NAME:
        return name
    digest = "-" + hashlib.sha256(stem.encode()).hexdigest()[:8]
    return stem[: MAX_NAME - len(suffix) - len(digest)].rstrip("-") + digest + suffix
