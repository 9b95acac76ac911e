"""Endpoints that only who types their name may change: by a pattern of names, or by a tag on them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from cmapss_core.aws import Aws
from cmapss_core.belongings import tags_by_key

PROTECTION_TAG = "protected"
_OFF = frozenset({"false", "no", "off", "0"})


def protected_because(aws: Aws, endpoint: str, arn: str | None) -> str | None:
    """Why an endpoint is protected, None where it is not. Without an ARN there is nothing yet that has tags."""
    for pattern in aws.target.protected:
        if fnmatchcase(endpoint.lower(), pattern.lower()):
            return f"its name matches {pattern}"
    if arn is None:
        return None
    for key, value in tags_by_key(aws, arn).items():
        if key.lower() == PROTECTION_TAG and value.lower() not in _OFF:
            return f"it has the tag {key}={value}"
    return None
