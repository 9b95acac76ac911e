"""The WSGI application: which service, operation and protocol a request means, and its reply."""

from __future__ import annotations

import gzip
import logging
import re
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from cmapss_sandbox import control, periphery
from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.page import page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services import Service
from cmapss_sandbox.wire import models, parse, serialise, validate
from cmapss_sandbox.wire.replies import Reply, error_reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from botocore.model import OperationModel

_log = logging.getLogger(__name__)

_RUNTIME_PATH = re.compile(r"/endpoints/[^/]+/(async-)?invocations(-response-stream)?")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read; header names are in lower case, the path is still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """Who signed a request, for which region and which service, as its signature says."""

    access_key: str
    region_name: str
    signing_name: str


Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


def application(region: Region, services: Mapping[str, Service]) -> Application:
    """The WSGI application that serves the region."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        path = environ["PATH_INFO"]
        stamps = {"x-amzn-RequestId": request_id}
        scope = _scope(environ.get("HTTP_AUTHORIZATION", ""), environ.get("QUERY_STRING", ""))
        if path.startswith("/_sandbox"):
            about, reply = "control", control.answer(region, environ["REQUEST_METHOD"], path, _body(environ))
        elif scope is None:
            about, reply = "unsigned", _answer_unsigned(region, environ, request_id)
        elif scope.signing_name in periphery.SIGNING_NAMES:
            about, reply = scope.signing_name, periphery.answer(region, scope.signing_name, environ)
        else:
            about, reply = _answer_service(region, services, scope, _request(environ), request_id)
        stamps["Date"] = format_datetime(region.clock.now(), usegmt=True)
        stamps["X-Region-Speed"] = f"{region.clock.rate:g}"
        milliseconds = (time.perf_counter() - started) * 1000
        _log.info("%s %s %s %d %.1f ms", environ["REQUEST_METHOD"], path, about, reply.status, milliseconds)
        overruled = {name.lower() for name in stamps}
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in overruled} | stamps
        if reply.status != HTTPStatus.NO_CONTENT and environ["REQUEST_METHOD"] != "HEAD":
            headers["Content-Length"] = str(len(reply.body))
        start_response(f"{reply.status} {_phrase(reply.status)}", list(headers.items()))
        return [reply.body]

    return answer


def _answer_unsigned(region: Region, environ: WSGIEnvironment, request_id: str) -> Reply:
    if environ["PATH_INFO"] == "/" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return page(region)
    error = AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    return error_reply(None, "json", error, request_id)


def _answer_service(
    region: Region, services: Mapping[str, Service], scope: Scope, request: Request, request_id: str
) -> tuple[str, Reply]:
    """What the request was about, for the log, and its reply."""
    name = models.SIGNING_NAMES.get(scope.signing_name, scope.signing_name)
    if name == "sagemaker" and _RUNTIME_PATH.fullmatch(request.path):
        name = "sagemaker-runtime"
    protocol = _protocol(name, request)
    if name not in services:
        unknown = AwsError("UnknownOperationException", f"This region has no service {name}.", 400)
        return name, error_reply(None, protocol, unknown, request_id)
    about = name
    try:
        operation_name, read_members = _operation(name, protocol, request)
        about = f"{name}.{operation_name}"
        operation = models.operation_model(name, operation_name)
        handler = services[name].operations.get(operation_name)
        if operation is None or handler is None:
            raise AwsError("UnknownOperationException", f"Unknown operation {operation_name}.", 400)
        members = read_members(operation)
        context = RequestContext(name, operation_name, scope.access_key, scope.region_name, request.headers, request_id)
        if operation.input_shape is not None:
            wrong = validate.constraint_violations(operation.input_shape, members)
            if wrong is not None:
                raise AwsError(models.VALIDATION_CODES.get(name, "ValidationException"), wrong)
        if operation_name in services[name].unlocked:
            answer = handler(region, members, context)
        else:
            with region.lock:
                region.settle()
                with region.transaction():
                    answer = handler(region, members, context)
        return about, _success(protocol, operation, answer, request_id)
    except AwsError as error:
        return f"{about} {error.code}", error_reply(name, protocol, error, request_id)
    except Exception:
        _log.exception("%s failed (request %s)", about, request_id)
        message = "The sandbox failed; its log says how."
        failure = AwsError("InternalFailure", message, 500)
        return f"{about} InternalFailure", error_reply(name, protocol, failure, request_id)


def _protocol(service: str, request: Request) -> str:
    if "x-amz-target" in request.headers:
        return "json"
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    return models.PREFERRED_PROTOCOLS.get(service, "json")


def _operation(service: str, protocol: str, request: Request) -> tuple[str, Callable[[OperationModel], dict[str, Any]]]:
    """The name of the operation that is meant, and what reads its members."""
    body = _plain_body(request)
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


def _plain_body(request: Request) -> bytes:
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error):
        raise AwsError("SerializationException", "The body is not what gzip makes.") from None


def _success(protocol: str, operation: OperationModel, answer: dict[str, Any], request_id: str) -> Reply:
    if protocol == "query":
        return Reply(200, {"Content-Type": "text/xml"}, serialise.query_body(operation, answer, request_id))
    if protocol == "rest-json":
        headers, body = serialise.rest_json_reply(operation, answer)
        return Reply(200, {"Content-Type": "application/json", **headers}, body)
    version = operation.service_model.metadata.get("jsonVersion", "1.1")
    return Reply(200, {"Content-Type": f"application/x-amz-json-{version}"}, serialise.json_body(operation, answer))


def _scope(authorization: str, query: str) -> Scope | None:
    """The credential scope of a signature, in the header or in a presigned query; only S3 still knows SigV2."""
    if authorization.startswith("AWS ") or "AWSAccessKeyId=" in query:
        return Scope(authorization.removeprefix("AWS ").partition(":")[0], Region.name, "s3")
    match = re.search(r"Credential=([^,\s]+)", authorization)
    credential = match.group(1) if match else dict(parse_qsl(query)).get("X-Amz-Credential", "")
    parts = credential.split("/")
    if len(parts) == 5:
        return Scope(parts[0], parts[2], parts[3])
    # The asymmetric variant of the signature is for any region and so names none.
    return Scope(parts[0], Region.name, parts[2]) if len(parts) == 4 else None


def _request(environ: WSGIEnvironment) -> Request:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, _body(environ))


def _body(environ: WSGIEnvironment) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
