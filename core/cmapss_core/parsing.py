"""botocore's parsers, which raise whatever they stumble over: here it is one error, told apart from our faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.parsers import BaseJSONParser, ResponseParser, create_parser

from cmapss_core.answers import require_object

_METADATA = {"ResponseMetadata"}


class UnreadableAnswerError(BotoCoreError):
    """What came is no answer of this service."""

    fmt = "{what}"

    def __init__(self, what: str, response: Mapping[str, Any]) -> None:
        super().__init__(what=what)
        self.what = what
        headers = {str(name).lower(): value for name, value in response.get("headers", {}).items()}
        self.request_id: str | None = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")


class CheckingParserFactory:
    """Makes parsers for a session that raise UnreadableAnswerError, and nothing else."""

    def create_parser(self, protocol_name: str) -> _CheckingParser:
        """The parser of a protocol."""
        return _CheckingParser(create_parser(protocol_name))


class _CheckingParser:
    def __init__(self, parser: ResponseParser) -> None:
        self._parser = parser

    def parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        """As botocore's parsers do. Raises UnreadableAnswerError."""
        status = response["status_code"]
        try:
            parsed: dict[str, Any] = self._parser.parse(response, shape)
            if status >= 300:
                _require_error(parsed)
            elif isinstance(self._parser, BaseJSONParser) and not parsed.keys() - _METADATA:
                require_object(response["body"])
        except Exception as error:
            raise UnreadableAnswerError(_in_words(error, response), response) from error
        return parsed


def _require_error(parsed: Mapping[str, Any]) -> None:
    if "Error" in parsed and not isinstance(parsed["Error"].get("Code", ""), str):
        raise TypeError("its error has no code")


def _in_words(error: Exception, response: Mapping[str, Any]) -> str:
    body, status = response.get("body"), response["status_code"]
    if isinstance(body, bytes) and b"<html" in body[:1_000].lower():
        return f"a web page (HTTP {status})"
    size = f"{len(body):,} bytes that are" if isinstance(body, bytes) else "what came is"
    return f"{size} no answer of this service (HTTP {status}; {type(error).__name__})"
