"""Errors tell the runner whether to try again, and whether a call may have done its work all the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind, from_client_error


def answered(code: str, status: int, **metadata: Any) -> ConsoleError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status, **metadata}}
    return from_client_error(SimpleNamespace(response=response), "sagemaker:CreateEndpoint")


@pytest.mark.parametrize(
    ("error", "temporary", "ambiguous"),
    [
        (answered("InternalFailure", 500), True, True),
        (answered("InternalServiceException", 500), True, True),
        (answered("ServiceUnavailable", 503), True, True),
        (answered("SlowDown", 503), True, False),
        (answered("ThrottlingException", 400), True, False),
        (answered("ThrottlingException", 400, RetryAttempts=3), True, True),
        (answered("ValidationException", 400), False, False),
        (answered("ValidationException", 400, RetryAttempts=1), False, True),
        (answered("ExpiredTokenException", 403), False, False),
        (answered("AccessDeniedException", 400), False, False),
        (ConsoleError(ErrorKind.UNREACHABLE, "Connection was closed"), True, True),
        (ConsoleError(ErrorKind.FAILED, "endpoint is Failed"), False, False),
    ],
    ids=lambda value: value.line() if isinstance(value, ConsoleError) else None,
)
def test_what_an_error_says_of_the_call(error: ConsoleError, temporary: bool, ambiguous: bool) -> None:
    assert (error.temporary, error.ambiguous) == (temporary, ambiguous)
    again = error.told_as("in other words", "so")
    assert (again.temporary, again.ambiguous) == (temporary, ambiguous), "whoever words it"
