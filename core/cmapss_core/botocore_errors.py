"""Failures that never became an answer of AWS: no network, no credentials, a parameter of the wrong type."""

from __future__ import annotations

import re

from cmapss_core.credentials import known_profiles
from cmapss_core.errors import ConsoleError, ErrorKind


def from_botocore_error(error: Exception, operation: str | None) -> ConsoleError:
    """Name the kind of a failure that never became an answer of AWS."""
    from botocore import exceptions as botocore_errors

    message = re.sub(r"\s+", " ", str(error)).strip()
    if isinstance(error, botocore_errors.ProfileNotFound):
        known = ", ".join(known_profiles()) or "none"
        return ConsoleError(ErrorKind.AUTH, message, remedy=f"Profiles on this machine: {known}.", operation=operation)
    if isinstance(error, botocore_errors.ParamValidationError | botocore_errors.InvalidRegionError):
        kind = ErrorKind.INVALID
    elif isinstance(error, botocore_errors.HTTPClientError | botocore_errors.ConnectionError):
        kind = ErrorKind.UNREACHABLE
    elif isinstance(
        error,
        botocore_errors.NoCredentialsError
        | botocore_errors.PartialCredentialsError
        | botocore_errors.CredentialRetrievalError
        | botocore_errors.SSOError
        | botocore_errors.TokenRetrievalError,
    ):
        kind = ErrorKind.AUTH
    else:
        kind = ErrorKind.FAILED
    return ConsoleError(kind, message, operation=operation)
