"""Names as AWS accepts them, checked before anything is sent."""

from __future__ import annotations

import hashlib
import re

from cmapss_core.errors import ConsoleError, ErrorKind

MAX_NAME = 63
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")  # endpoints, endpoint configs, variants and models alike


def check_name(kind: str, name: str) -> str:
    """The name itself. Raises ConsoleError that says which character or length AWS would refuse."""
    if _NAME.fullmatch(name) and len(name) <= MAX_NAME:
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


def fitted(stem: str, suffix: str) -> str:
    """stem + suffix within 63 characters: a stem that is too long is cut, and told apart by a digest of the whole."""
    name = stem + suffix
    if len(name) <= MAX_NAME:
        return name
    digest = "-" + hashlib.sha256(stem.encode()).hexdigest()[:8]
    return stem[: MAX_NAME - len(suffix) - len(digest)].rstrip("-") + digest + suffix
