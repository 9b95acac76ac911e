"""A reply before it is written, and the form that an error takes in each protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from botocore.model import StructureShape

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.wire.models import service_model

_XML_ENVELOPES = {
    "rest-xml": '<?xml version="1.0" encoding="UTF-8"?><Error>{said}<RequestId>{request_id}</RequestId></Error>',
    "ec2": (
        '<?xml version="1.0" encoding="UTF-8"?>'
        "<Response><Errors><Error>{said}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply: status, headers, body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


# What stands for the answer of a request whose connection is dropped.
DROPPED = Reply(0)


def error_reply(service: str | None, protocol: str, error: AwsError, request_id: str) -> Reply:
    """An error as clients of that protocol read it: json, rest-json, query, rest-xml or ec2."""
    if protocol == "query":
        return _query_error(service, error, request_id)
    if protocol in _XML_ENVELOPES:
        said = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        body = _XML_ENVELOPES[protocol].format(said=said, request_id=request_id)
        return Reply(error.status, {"Content-Type": "application/xml"}, body.encode())
    return _json_error(service, error)


def _json_error(service: str | None, error: AwsError) -> Reply:
    message_member, headers = "message", {"Content-Type": "application/x-amz-json-1.1"}
    if service is not None:
        model = service_model(service)
        for shape in model.error_shapes:
            if isinstance(shape, StructureShape) and error.code in (shape.name, shape.error_code):
                message_member = next((name for name in shape.members if name.lower() == "message"), "message")
        if model.is_query_compatible:
            headers["x-amzn-query-error"] = f"{error.code};{_fault(error)}"
    headers["x-amzn-ErrorType"] = error.code
    body = {"__type": error.code, message_member: error.message, **error.members}
    return Reply(error.status, headers, json.dumps(body).encode())


def _query_error(service: str | None, error: AwsError, request_id: str) -> Reply:
    namespace = "" if service is None else f' xmlns="{service_model(service).metadata["xmlNamespace"]}"'
    body = (
        f"<ErrorResponse{namespace}><Error><Type>{_fault(error)}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Reply(error.status, {"Content-Type": "text/xml"}, body.encode())


def _fault(error: AwsError) -> str:
    """Whose fault an error is, as the query protocol says it."""
    return "Sender" if error.status < 500 else "Receiver"
