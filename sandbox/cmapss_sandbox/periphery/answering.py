"""A request to S3, IAM or EC2: named, looked at by the region's guards, carried out, its outcome told."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from cmapss_sandbox.errors import AwsError, ConnectionDroppedError, UnreadableAnswerError
from cmapss_sandbox.iam.signatures import has_expired
from cmapss_sandbox.periphery import backends, iam, s3
from cmapss_sandbox.periphery.operations import Named, name_form, name_s3
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire.operations import Outcome, dropped, replaced
from cmapss_sandbox.wire.replies import Reply, error_reply
from cmapss_sandbox.wire.requests import Scope, request_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_log = logging.getLogger(__name__)

_PROTOCOLS = {"s3": "rest-xml", "iam": "query", "ec2": "ec2"}
SIGNING_NAMES = frozenset(_PROTOCOLS)
_MALFORMED = AwsError(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400
)


def answer(region: Region, scope: Scope, environ: WSGIEnvironment, request_id: str) -> Outcome:
    """The outcome of a request that is signed for one of moto's services."""
    service, request = scope.signing_name, request_of(environ)
    named = name_s3(request) if service == "s3" else name_form(request)
    context = RequestContext(
        service, named.operation, scope.access_key, scope.region_name, request.headers, request_id, request
    )
    try:
        if service == "s3" and has_expired(request):
            raise AwsError("AccessDenied", "Request has expired", 403)
        with region.guarded(context, named.members):
            reply = _carry_out(region, context, named, {**environ, "wsgi.input": io.BytesIO(request.body)})
        return Outcome(service, named.operation, reply, _code(reply))
    except AwsError as error:
        failure = error
    except ConnectionDroppedError:
        return dropped(service, named.operation)
    except UnreadableAnswerError as unreadable:
        return replaced(service, named.operation, unreadable)
    except NotImplementedError:
        failure = AwsError("NotImplemented", f"The sandbox does not have {service}'s {named.operation}.", 501)
    except Exception:
        _log.exception("%s.%s failed (request %s)", service, named.operation, request_id)
        # moto checks no document before it takes what it wants from it.
        failure = _MALFORMED if named.xml else AwsError("InternalError", "The sandbox failed; its log says how.", 500)
    refusal = error_reply(service, _PROTOCOLS[service], failure, request_id)
    return Outcome(service, named.operation, refusal, failure.code)


def warm(region: Region) -> None:
    """Load what S3 and IAM need, so that nobody waits for it."""
    for service in ("s3", "iam"):
        with backends.moto(region, service):
            pass


def _carry_out(region: Region, context: RequestContext, named: Named, environ: WSGIEnvironment) -> Reply:
    if context.service == "s3":
        return s3.carry_out(region, context, named, environ)
    if context.service == "iam":
        return iam.carry_out(region, context, named, environ)
    if named.reads:
        with backends.moto(region, context.service):
            return backends.call(context.service, environ)
    return backends.change(region, context.service, environ)


def _code(reply: Reply) -> str:
    """The code in the body of an error, empty where there is none."""
    if reply.status < 400:
        return ""
    return reply.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode(errors="replace")
