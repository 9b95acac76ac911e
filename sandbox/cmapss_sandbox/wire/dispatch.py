"""The WSGI application: which service a request is for, its reply, and what every reply carries."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from cmapss_sandbox import control
from cmapss_sandbox.calls import Call
from cmapss_sandbox.errors import AwsError, ConnectionDroppedError
from cmapss_sandbox.page import page
from cmapss_sandbox.periphery import answering
from cmapss_sandbox.region import Region
from cmapss_sandbox.services import Service
from cmapss_sandbox.wire import models
from cmapss_sandbox.wire.operations import Outcome, answer_operation
from cmapss_sandbox.wire.replies import DROPPED, Reply, error_reply
from cmapss_sandbox.wire.requests import Request, Scope, body_of, foreign, request_of, scope_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

_RUNTIME_PATH = re.compile(r"/endpoints/[^/]+/(async-)?invocations(-response-stream)?")

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


def application(region: Region, services: Mapping[str, Service]) -> Application:
    """The WSGI application that serves the region; raises ConnectionDroppedError where there is to be no answer."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        method, path, scope = environ["REQUEST_METHOD"], environ["PATH_INFO"], scope_of(environ)
        outcome = _outcome(region, services, environ, scope, request_id)
        milliseconds = (time.perf_counter() - started) * 1000
        if scope is not None:
            region.calls.append(_call(region, scope, outcome, milliseconds, request_id))
        _log.info(
            "%s %s %s.%s %d %s %.1f ms %s",
            *map(_printable, (method, path, outcome.service, outcome.operation)),
            *(outcome.reply.status, outcome.code or "-", milliseconds, request_id),
        )
        if outcome.reply is DROPPED:
            raise ConnectionDroppedError
        status = f"{outcome.reply.status} {_phrase(outcome.reply.status)}"
        start_response(status, _headers(region, outcome.reply, method, request_id))
        return [outcome.reply.body if method != "HEAD" else b""]

    return answer


def _outcome(
    region: Region, services: Mapping[str, Service], environ: WSGIEnvironment, scope: Scope | None, request_id: str
) -> Outcome:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    stranger = foreign(environ)
    if stranger is not None:
        return Outcome("refused", path, control.refusal(403, stranger), "Forbidden")
    if path == control.PATH or path.startswith(f"{control.PATH}/"):
        return Outcome("_sandbox", path, control.answer(region, method, path, body_of(environ)))
    if scope is None:
        return _answer_unsigned(region, method, path, environ.get("QUERY_STRING", ""), request_id)
    if scope.signing_name in answering.SIGNING_NAMES:
        return answering.answer(region, scope, environ, request_id)
    request = request_of(environ)
    return answer_operation(region, services, _service(scope, request), request, scope, request_id)


def _service(scope: Scope, request: Request) -> str:
    """The service that is meant, by botocore's name; SageMaker and its runtime are signed alike."""
    name = models.SIGNING_NAMES.get(scope.signing_name, scope.signing_name)
    return "sagemaker-runtime" if name == "sagemaker" and _RUNTIME_PATH.fullmatch(request.path) else name


def _answer_unsigned(region: Region, method: str, path: str, query: str, request_id: str) -> Outcome:
    if path == "/" and method in ("GET", "HEAD"):
        return Outcome("_sandbox", "/", page(region, query))
    error = AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    return Outcome("unsigned", path, error_reply(None, "json", error, request_id), error.code)


def _call(region: Region, scope: Scope, outcome: Outcome, milliseconds: float, request_id: str) -> Call:
    return Call(
        at=region.clock.now(),
        service=outcome.service,
        operation=outcome.operation,
        access_key=scope.access_key,
        status=outcome.reply.status,
        code=outcome.code,
        milliseconds=milliseconds,
        request_id=request_id,
    )


def _headers(region: Region, reply: Reply, method: str, request_id: str) -> list[tuple[str, str]]:
    """The reply's own headers and what every reply carries: the region's time above all."""
    stamps = {
        "x-amzn-RequestId": request_id,
        "Date": format_datetime(region.told_time(), usegmt=True),
        "X-Region-Speed": f"{region.clock.rate:g}",
    }
    overruled = {name.lower() for name in stamps}
    headers = {name: value for name, value in reply.headers.items() if name.lower() not in overruled} | stamps
    # What has no body to be measured says of itself how long it would be.
    measured = method != "HEAD" or not any(name.lower() == "content-length" for name in headers)
    if reply.status != HTTPStatus.NO_CONTENT and measured:
        headers["Content-Length"] = str(len(reply.body))
    return list(headers.items())


def _printable(text: str) -> str:
    """Text of a client's as one line of a log, however it was meant."""
    return text if text.isprintable() else ascii(text)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
