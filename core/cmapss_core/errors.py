"""One hierarchy of errors: what went wrong, what AWS called it, and what the operator can do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorKind(StrEnum):
    """The few ways in which a call can fail, as far as an operator has to tell them apart."""

    AUTH = "auth"
    DENIED = "denied"
    THROTTLED = "throttled"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    QUOTA = "quota"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    FAILED = "failed"


REMEDIES: dict[ErrorKind, str] = {
    ErrorKind.AUTH: "Log in again (aws sso login, or new keys), or name another --profile.",
    ErrorKind.DENIED: "Ask for the permission it names, or use another --profile.",
    ErrorKind.THROTTLED: "AWS limits how often this may be asked; wait a moment.",
    ErrorKind.NOT_FOUND: "Check the name and the region.",
    ErrorKind.CONFLICT: "Wait until the running change has ended, or choose another name.",
    ErrorKind.QUOTA: "Ask Service Quotas for more, or choose another instance type or fewer instances.",
    ErrorKind.INVALID: "Correct the value it names.",
    ErrorKind.UNREACHABLE: "Check the network, the region and --endpoint-url.",
    ErrorKind.REFUSED: "Allow it explicitly if it is meant.",
    ErrorKind.FAILED: "Look at the reason that AWS gives.",
}


class ConsoleError(Exception):
    """An error that an operator is shown: one line that names the thing, and the way out.

    `operation` is "service:Operation" where a call failed, `request_id` is AWS's for it. `model_status` is the HTTP
    status with which a model's container answered, where that was the failure. `http_status` is that of AWS's own
    answer. `repeated` says that the call had been sent before, and that its first answer did not come or was refused:
    what is in the way may be what the first one did.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        remedy: str | None = None,
        operation: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        model_status: int | None = None,
        http_status: int | None = None,
        repeated: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.remedy = remedy if remedy is not None else REMEDIES[kind]
        self.operation = operation
        self.code = code
        self.request_id = request_id
        self.model_status = model_status
        self.http_status = http_status
        self.repeated = repeated

    @property
    def temporary(self) -> bool:
        """Whether the same call is likely to succeed later, with nothing else changed."""
        return self.kind in (ErrorKind.THROTTLED, ErrorKind.UNREACHABLE) or self.http_status in _FAILED_SERVERS

    @property
    def ambiguous(self) -> bool:
        """Whether the call may have done its work all the same."""
        lost = self.kind is ErrorKind.UNREACHABLE or self.http_status in _FAILED_SERVERS
        return self.repeated or (lost and self.kind is not ErrorKind.THROTTLED)

    def told_as(self, message: str, remedy: str) -> ConsoleError:
        """The same failure in words that name the thing; AWS's code and request id stay."""
        return ConsoleError(
            self.kind,
            message,
            remedy=remedy,
            operation=self.operation,
            code=self.code,
            request_id=self.request_id,
            model_status=self.model_status,
            http_status=self.http_status,
            repeated=self.repeated,
        )

    def line(self) -> str:
        """Everything on one line, for stderr and the journal."""
        where = f"{self.operation}: " if self.operation else ""
        request = f" (request {self.request_id})" if self.request_id else ""
        message = self.message.rstrip(".")
        end = "" if message.endswith(("?", "!")) else "."
        return f"{where}{message}{end}{request} {self.remedy}".replace("\n", " ").strip()


def invalid(message: str, remedy: str) -> ConsoleError:
    """The error of what was asked for, where it cannot be as it is."""
    return ConsoleError(ErrorKind.INVALID, message, remedy=remedy)


# Error codes as botocore reports them in Error.Code; the prefixes of messages are for SageMaker, which says
# ValidationException for nearly everything.
_CODES: dict[str, ErrorKind] = {
    "AccessDenied": ErrorKind.DENIED,
    "AccessDeniedException": ErrorKind.DENIED,
    "AuthFailure": ErrorKind.AUTH,
    "ConcurrentUpdateException": ErrorKind.CONFLICT,
    "ExpiredToken": ErrorKind.AUTH,
    "ExpiredTokenException": ErrorKind.AUTH,
    "FailedResourceAccessException": ErrorKind.DENIED,
    "ImageNotFoundException": ErrorKind.NOT_FOUND,
    "IncompleteSignature": ErrorKind.AUTH,
    "InvalidClientTokenId": ErrorKind.AUTH,
    "InvalidSignatureException": ErrorKind.AUTH,
    "InvalidSubnetID.Malformed": ErrorKind.NOT_FOUND,
    "InvalidSubnetID.NotFound": ErrorKind.NOT_FOUND,
    "LimitExceededException": ErrorKind.QUOTA,
    "NoSuchBucket": ErrorKind.NOT_FOUND,
    "NoSuchEntity": ErrorKind.NOT_FOUND,
    "NoSuchKey": ErrorKind.NOT_FOUND,
    "ObjectNotFoundException": ErrorKind.NOT_FOUND,
    "RepositoryNotFoundException": ErrorKind.NOT_FOUND,
    "RequestExpired": ErrorKind.AUTH,
    "RequestLimitExceeded": ErrorKind.THROTTLED,
    "RequestTimeTooSkewed": ErrorKind.AUTH,
    "ResourceInUse": ErrorKind.CONFLICT,
    "ResourceLimitExceeded": ErrorKind.QUOTA,
    "ResourceNotFound": ErrorKind.NOT_FOUND,
    "ResourceNotFoundException": ErrorKind.NOT_FOUND,
    "SignatureDoesNotMatch": ErrorKind.AUTH,
    "SlowDown": ErrorKind.THROTTLED,
    "Throttling": ErrorKind.THROTTLED,
    "ThrottlingException": ErrorKind.THROTTLED,
    "TooManyRequestsException": ErrorKind.THROTTLED,
    "UnauthorizedOperation": ErrorKind.DENIED,
    "UnrecognizedClientException": ErrorKind.AUTH,
    "ValidationError": ErrorKind.INVALID,
    "ValidationException": ErrorKind.INVALID,
    "404": ErrorKind.NOT_FOUND,
    "403": ErrorKind.DENIED,
}
_MESSAGES: tuple[tuple[str, ErrorKind], ...] = (
    ("could not find", ErrorKind.NOT_FOUND),
    ("requested resource not found", ErrorKind.NOT_FOUND),
    ("cannot create already existing", ErrorKind.CONFLICT),
    ("cannot update in-progress", ErrorKind.CONFLICT),
    ("user is missing the following permissions", ErrorKind.DENIED),
)
# Where a signature is refused for its time, new keys would be refused as well.
_SKEWED = ("signature expired", "signature not yet current", "the difference between the request time")
_SET_THE_CLOCK = "Set this machine's clock right."
_TRY_AGAIN = "The failure is on AWS's side; try again in a moment."
_FAILED_SERVERS = (500, 502, 503, 504)


def from_client_error(error: Any, operation: str) -> ConsoleError:
    """Turn a botocore ClientError into ours, keeping AWS's code and request id."""
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", "Unknown"))
    message = str(answer.get("Message") or code)
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    remedy = _TRY_AGAIN if status in _FAILED_SERVERS else None
    if "<html" in message.lower():
        message = f"what answers there is not AWS: it sent a web page (HTTP {status or '?'})"
        remedy = None
    kind = _CODES.get(code, ErrorKind.FAILED)
    if kind is ErrorKind.INVALID:
        kind = next((k for start, k in _MESSAGES if message.lower().startswith(start)), kind)
    if kind is ErrorKind.INVALID and "not found" in message.lower():
        kind = ErrorKind.NOT_FOUND
    if kind is ErrorKind.AUTH and message.lower().startswith(_SKEWED):
        remedy = _SET_THE_CLOCK
    elif kind is not ErrorKind.FAILED:
        remedy = None
    return ConsoleError(
        kind,
        message,
        remedy=remedy,
        operation=operation,
        code=code,
        request_id=metadata.get("RequestId"),
        model_status=error.response.get("OriginalStatusCode"),
        http_status=status,
        repeated=bool(metadata.get("RetryAttempts")),
    )
