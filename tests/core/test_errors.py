"""AWS's errors become kinds that an operator can act on, on one line, with the request id kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind, from_client_error


def answer(code: str, message: str, **more: Any) -> ConsoleError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RequestId": "r-1"}, **more}
    return from_client_error(SimpleNamespace(response=response), "sagemaker:DescribeEndpoint")


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ValidationException", 'Could not find endpoint "arn".', ErrorKind.NOT_FOUND),
        ("ValidationException", "Requested resource not found.", ErrorKind.NOT_FOUND),
        ("ValidationException", 'Cannot create already existing endpoint "arn".', ErrorKind.CONFLICT),
        ("ValidationException", 'Cannot update in-progress endpoint "arn".', ErrorKind.CONFLICT),
        ("ValidationException", "User is missing the following permissions: cloudwatch:X", ErrorKind.DENIED),
        ("ValidationException", "1 validation error detected: Value 'a_b' at 'endpointName'", ErrorKind.INVALID),
        ("ValidationError", "Endpoint ep of account 000000000000 not found.", ErrorKind.NOT_FOUND),
        ("ResourceNotFound", "Amazon SageMaker can't find a tuning job", ErrorKind.NOT_FOUND),
        ("ObjectNotFoundException", "No scalable target registered", ErrorKind.NOT_FOUND),
        ("ResourceLimitExceeded", "The account-level service limit", ErrorKind.QUOTA),
        ("AccessDeniedException", "is not authorized to perform", ErrorKind.DENIED),
        ("ExpiredTokenException", "The security token is expired", ErrorKind.AUTH),
        ("ThrottlingException", "Rate exceeded", ErrorKind.THROTTLED),
        ("SlowDown", "Please reduce your request rate.", ErrorKind.THROTTLED),
        ("UnauthorizedOperation", "You are not authorized to perform this operation.", ErrorKind.DENIED),
        ("SomethingNew", "that nobody knows", ErrorKind.FAILED),
    ],
)
def test_kinds(code: str, message: str, kind: ErrorKind) -> None:
    error = answer(code, message)
    assert (error.kind, error.code, error.request_id) == (kind, code, "r-1")
    assert error.remedy == REMEDIES[kind]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidSignatureException", "Signature expired: 20261122T200208Z is now earlier than 20261122T205708Z"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20261122T200208Z is still later than 20261122T190708Z"),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ],
)
def test_who_signs_at_a_wrong_time_is_told_to_set_the_clock(code: str, message: str) -> None:
    error = answer(code, message)
    assert (error.kind, error.remedy) == (ErrorKind.AUTH, "Set this machine's clock right.")


def test_a_failure_on_the_side_of_aws_is_told_from_one_that_has_a_reason() -> None:
    error = answer("InternalFailure", "It failed.", ResponseMetadata={"HTTPStatusCode": 500})
    assert (error.kind, error.remedy) == (ErrorKind.FAILED, "The failure is on AWS's side; try again in a moment.")
    page = answer("503", "<html></html>", ResponseMetadata={"HTTPStatusCode": 503})
    assert page.remedy == REMEDIES[ErrorKind.FAILED]


@given(st.text(min_size=1), st.sampled_from(ErrorKind))
def test_an_error_is_one_line(message: str, kind: ErrorKind) -> None:
    line = ConsoleError(kind, message, operation="s3:HeadObject", request_id="r-1").line()
    assert "\n" not in line
    assert line.startswith("s3:HeadObject: ")
    assert "r-1" in line
    assert line.endswith(REMEDIES[kind])


def test_the_status_of_a_model_is_kept() -> None:
    assert answer("ModelError", "Received server error (503)", OriginalStatusCode=503).model_status == 503


def test_a_web_page_is_not_shown_as_a_reason() -> None:
    page = "<!DOCTYPE HTML>\n<html><body>Unsupported method</body></html>"
    error = answer("501", page, ResponseMetadata={"HTTPStatusCode": 501})
    assert error.message == "what answers there is not AWS: it sent a web page (HTTP 501)"


@pytest.mark.parametrize(
    ("message", "line"),
    [("It is.", "It is. Look."), ("did you mean f6?", "did you mean f6? Look."), ("So it is", "So it is. Look.")],
)
def test_a_sentence_ends_once(message: str, line: str) -> None:
    assert ConsoleError(ErrorKind.FAILED, message, remedy="Look.").line() == line
