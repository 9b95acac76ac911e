"""One call of an operation: read by its model, looked at by the region's guards, checked, carried out, written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cmapss_sandbox.errors import AwsError, ConnectionDroppedError, UnreadableAnswerError
from cmapss_sandbox.region import STATUS, Handler, Region, RequestContext
from cmapss_sandbox.services import Service
from cmapss_sandbox.wire import models, parse, serialise, validate
from cmapss_sandbox.wire.parse import Members
from cmapss_sandbox.wire.replies import DROPPED, Reply, error_reply
from cmapss_sandbox.wire.requests import Request, Scope

if TYPE_CHECKING:
    from botocore.model import OperationModel

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request was about, its reply, and the code of the error when it is one."""

    service: str
    operation: str
    reply: Reply
    code: str = ""


def answer_operation(
    region: Region, services: Mapping[str, Service], name: str, request: Request, scope: Scope, request_id: str
) -> Outcome:
    """The outcome of a request to one of the region's own services, by botocore's name for it."""
    protocol, operation_name = _protocol(name, request), "-"
    if name not in services:
        error = AwsError("UnknownOperationException", f"This region has no service {name}.", 400)
        return Outcome(name, operation_name, error_reply(None, protocol, error, request_id), error.code)
    try:
        operation_name, read_members = _operation(name, protocol, request)
        operation = models.operation_model(name, operation_name)
        handler = services[name].operations.get(operation_name)
        if operation is None or handler is None:
            raise AwsError("UnknownOperationException", f"Unknown operation {operation_name}.", 400)
        members = read_members(operation)
        context = RequestContext(
            name, operation_name, scope.access_key, scope.region_name, request.headers, request_id, request
        )
        with region.guarded(context, members):
            _refuse_violations(name, operation, members)
            answer = _carry_out(region, services[name], handler, members, context)
        return Outcome(name, operation_name, _success(protocol, operation, answer, request_id))
    except AwsError as error:
        return Outcome(name, operation_name, error_reply(name, protocol, error, request_id), error.code)
    except ConnectionDroppedError:
        return dropped(name, operation_name)
    except UnreadableAnswerError as unreadable:
        return replaced(name, operation_name, unreadable)
    except Exception:
        _log.exception("%s.%s failed (request %s)", name, operation_name, request_id)
        failure = AwsError("InternalFailure", "The sandbox failed; its log says how.", 500)
        return Outcome(name, operation_name, error_reply(name, protocol, failure, request_id), failure.code)


def dropped(service: str, operation: str) -> Outcome:
    """The outcome of a request whose connection is closed without an answer."""
    return Outcome(service, operation, DROPPED, "ConnectionDropped")


def replaced(service: str, operation: str, unreadable: UnreadableAnswerError) -> Outcome:
    """The outcome of a request whose client gets something else than the answer."""
    return Outcome(service, operation, Reply(200, {}, unreadable.body), "Unreadable")


def _protocol(service: str, request: Request) -> str:
    preferred = models.PREFERRED_PROTOCOLS.get(service, "json")
    if preferred == "rest-json":  # whose bodies are of any type
        return preferred
    if "x-amz-target" in request.headers:
        return "json"
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return "query" if is_form and models.reads_queries(service) else preferred


def _operation(service: str, protocol: str, request: Request) -> tuple[str, Callable[[OperationModel], Members]]:
    """The name of the operation that is meant, and what reads its members."""
    body = request.plain_body()
    if protocol == "rest-json":
        match = models.match_uri(service, request.method, request.path)
        if match is None:
            raise AwsError("UnknownOperationException", f"Unknown operation {request.method} {request.path}.", 404)
        name, labels = match
        return name, lambda operation: parse.parse_rest_json(operation, labels, request.query, request.headers, body)
    if protocol == "query":
        try:
            form = dict(parse_qsl(body.decode() or request.query, keep_blank_values=True))
        except UnicodeDecodeError:
            raise AwsError("SerializationException", "The body is not a form.") from None
        return form.get("Action", "(none)"), lambda operation: parse.parse_query(operation, form)
    target = request.headers.get("x-amz-target", "(none)")
    return target.rpartition(".")[2], lambda operation: parse.parse_json(operation, body)


def _refuse_violations(service: str, operation: OperationModel, members: Members) -> None:
    if operation.input_shape is None:
        return
    wrong = validate.constraint_violations(operation.input_shape, members)
    if wrong is not None:
        raise AwsError(models.VALIDATION_CODES.get(service, "ValidationException"), wrong)


def _carry_out(
    region: Region, service: Service, handler: Handler, members: Members, context: RequestContext
) -> Members:
    if context.operation in service.unlocked:
        return handler(region, members, context)
    with region.lock:
        region.settle()
        with region.transaction():
            return handler(region, members, context)


def _success(protocol: str, operation: OperationModel, answer: Members, request_id: str) -> Reply:
    status: int = answer.pop(STATUS, 200)
    if protocol == "query":
        return Reply(status, {"Content-Type": "text/xml"}, serialise.query_body(operation, answer, request_id))
    if protocol == "rest-json":
        headers, body = serialise.rest_json_reply(operation, answer)
        return Reply(status, {"Content-Type": "application/json", **headers}, body)
    version = operation.service_model.metadata.get("jsonVersion", "1.1")
    return Reply(status, {"Content-Type": f"application/x-amz-json-{version}"}, serialise.json_body(operation, answer))
