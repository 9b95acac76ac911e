"""Failures that never became an answer of AWS: no network, no credentials, a parameter of the wrong type."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache

from cmapss_core.answers import unreadable
from cmapss_core.credentials import configuration_path, known_profiles
from cmapss_core.errors import ConsoleError, ErrorKind

_REGION_OF_HOST = re.compile(r"\.(?!s3)([^./]+)\.amazonaws\.com")


def from_botocore_error(error: Exception, operation: str | None) -> ConsoleError:
    """Name the kind of a failure that never became an answer of AWS."""
    from botocore import exceptions as botocore_errors

    from cmapss_core.parsing import UnreadableAnswerError

    if isinstance(error, UnreadableAnswerError):
        return unreadable(error.what, operation, error.request_id)
    remedy = None
    message = re.sub(r"\s+", " ", str(error)).strip()
    if isinstance(error, botocore_errors.ProfileNotFound):
        kind, remedy = ErrorKind.AUTH, f"Profiles on this machine: {', '.join(known_profiles()) or 'none'}."
    elif isinstance(error, botocore_errors.ConfigParseError | botocore_errors.ConfigNotFound):
        kind, remedy = ErrorKind.AUTH, "Correct the file."
    elif isinstance(
        error,
        botocore_errors.InvalidConfigError
        | botocore_errors.InfiniteLoopConfigError
        | botocore_errors.UnknownCredentialError,
    ):
        kind, remedy = ErrorKind.AUTH, f"Correct it in {configuration_path()}, or name another --profile."
    elif isinstance(error, botocore_errors.PartialCredentialsError):
        kind, remedy = ErrorKind.AUTH, "Give what is missing, or name another --profile."
    elif isinstance(error, botocore_errors.ParamValidationError | botocore_errors.InvalidRegionError):
        kind = ErrorKind.INVALID
    elif isinstance(
        error,
        botocore_errors.HTTPClientError | botocore_errors.ConnectionError | botocore_errors.IncompleteReadError,
    ):
        kind, remedy = ErrorKind.UNREACHABLE, _other_region(message)
    elif isinstance(
        error,
        botocore_errors.NoCredentialsError
        | botocore_errors.CredentialRetrievalError
        | botocore_errors.SSOError
        | botocore_errors.TokenRetrievalError,
    ):
        kind = ErrorKind.AUTH
    else:
        kind = ErrorKind.FAILED
    return ConsoleError(kind, message, remedy=remedy, operation=operation)


def _other_region(message: str) -> str | None:
    """The way out where the host that is not reached is of a region that nobody knows; None for any other."""
    found = _REGION_OF_HOST.search(message)
    if found is None or found[1] in _regions():
        return None
    alike = get_close_matches(found[1], _regions(), n=2)
    return f"No region {found[1]} is known here: " + (
        f"did you mean {' or '.join(alike)}?" if alike else "name another --region."
    )


@cache
def _regions() -> tuple[str, ...]:
    """Every region that botocore knows, of every partition."""
    import botocore.session

    session = botocore.session.Session()
    return tuple(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sagemaker", partition)
    )
