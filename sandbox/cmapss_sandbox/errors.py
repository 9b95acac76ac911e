"""What a handler raises when AWS would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AwsError(Exception):
    """An error answer of the service: its code, message, HTTP status and the error shape's further members."""

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members: Mapping[str, Any] = members or {}


class ConnectionDroppedError(Exception):
    """The client is to get no answer: its connection is closed without one."""


class UnreadableAnswerError(Exception):
    """The client is to get something else than the answer, as from a proxy in between."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


class SandboxError(Exception):
    """The sandbox cannot start or go on; the message is one line for whoever started it."""


def validation_exception(message: str) -> AwsError:
    """The refusal that most services use for wrong input and missing resources alike."""
    return AwsError("ValidationException", message)


def validation_error(message: str) -> AwsError:
    """The refusal that the services of the query protocol, and SageMaker's runtime, use for wrong input."""
    return AwsError("ValidationError", message)
