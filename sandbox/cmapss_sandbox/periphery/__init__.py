"""S3, IAM and EC2 behind the same port, answered by moto."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cmapss_sandbox.errors import AwsError, ConnectionDroppedError
from cmapss_sandbox.iam.signatures import has_expired
from cmapss_sandbox.periphery import backends, deletions
from cmapss_sandbox.periphery.backends import EXECUTION_ROLE
from cmapss_sandbox.periphery.operations import Named, name_form, name_s3
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire import models, parse, validate
from cmapss_sandbox.wire.operations import Outcome
from cmapss_sandbox.wire.replies import Reply, error_reply
from cmapss_sandbox.wire.requests import Request, Scope, request_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["EXECUTION_ROLE", "SIGNING_NAMES", "answer", "warm"]

_log = logging.getLogger(__name__)

_PROTOCOLS = {"s3": "rest-xml", "iam": "query", "ec2": "ec2"}
SIGNING_NAMES = frozenset(_PROTOCOLS)
_MALFORMED = AwsError(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400
)
_READING = ("Get", "List", "Describe", "Head", "Generate", "Simulate", "Select", "Download")


def answer(region: Region, scope: Scope, environ: WSGIEnvironment, request_id: str) -> Outcome:
    """The outcome of a request that is signed for one of moto's services.

    Raises ConnectionDroppedError where a guard wants no answer.
    """
    service, request = scope.signing_name, request_of(environ)
    bucket, key = _address(request) if service == "s3" else (None, None)
    named = name_s3(request, bucket, key) if service == "s3" else name_form(request)
    context = RequestContext(
        service, named.operation, scope.access_key, scope.region_name, request.headers, request_id, request
    )
    try:
        if service == "s3" and has_expired(request):
            raise AwsError("AccessDenied", "Request has expired", 403)
        with region.guarded(context, named.members):
            if service == "iam":
                _refuse_violations(named)
            reply = _carry_out(region, context, named, request, environ)
        return Outcome(service, named.operation, reply, _code(reply))
    except AwsError as error:
        return Outcome(service, named.operation, _error_reply(service, error, request_id), error.code)
    except ConnectionDroppedError:
        raise
    except NotImplementedError:
        message = f"The sandbox does not have {service}'s {named.operation}."
        failure = AwsError("NotImplemented", message, 501)
    except Exception:
        _log.exception("%s.%s failed (request %s)", service, named.operation, request_id)
        # moto checks no document before it takes what it wants from it.
        failure = _MALFORMED if named.xml else AwsError("InternalError", "The sandbox failed; its log says how.", 500)
    return Outcome(service, named.operation, _error_reply(service, failure, request_id), failure.code)


def warm(region: Region) -> None:
    """Load what S3 and IAM need, so that nobody waits for it."""
    for service in ("s3", "iam"):
        with backends.moto(region, service):
            pass


def _carry_out(
    region: Region, context: RequestContext, named: Named, request: Request, environ: WSGIEnvironment
) -> Reply:
    service, environ = context.service, {**environ, "wsgi.input": io.BytesIO(request.body)}
    if service == "s3":
        if named.operation == "DeleteObjects" and region.authority is not None:
            return _delete_what_may_be(region, context, named, request, environ)
        return _carry_out_s3(region, named, environ)
    if service == "iam":
        return _carry_out_iam(region, context, named, request, environ)
    if named.operation.startswith(_READING):
        with backends.moto(region, service):
            return backends.call(service, environ)
    return backends.change(region, service, environ)


def _carry_out_iam(
    region: Region, context: RequestContext, named: Named, request: Request, environ: WSGIEnvironment
) -> Reply:
    # What they answer of is found where IAM is held, behind this very module.
    from cmapss_sandbox.iam import simulation, user_boundaries

    for part in (simulation, user_boundaries):
        answered: Reply | None = part.answer(region, context, named.members)
        if answered is not None:
            return answered
    if named.operation.startswith(_READING):
        with backends.moto(region, "iam"):
            backends.know_managed_policies(request.body)
            return backends.call("iam", environ)
    with region.transaction():
        reply = backends.change(region, "iam", environ)
        if reply.status < 300:
            user_boundaries.follow(region, named.operation, named.members)
        return reply


def _refuse_violations(named: Named) -> None:
    """Check a form of IAM's against its model, for moto takes what it wants from it without a look."""
    operation = models.operation_model("iam", named.operation)
    if operation is None:
        raise AwsError("InvalidAction", f"Could not find operation {named.operation} for version 2010-05-08")
    if operation.input_shape is not None:
        wrong = validate.constraint_violations(operation.input_shape, parse.parse_query(operation, named.members))
        if wrong is not None:
            raise AwsError("ValidationError", wrong)


def _delete_what_may_be(
    region: Region, context: RequestContext, named: Named, request: Request, environ: WSGIEnvironment
) -> Reply:
    """DeleteObjects, where IAM decides about each key by itself."""
    assert region.authority is not None
    keys = deletions.keys_to_delete(request.body)
    refused = region.authority.denied_deletions(context, named.members["Bucket"], keys)
    if not refused:
        return _carry_out_s3(region, named, environ)
    if len(refused) == len(set(keys)):
        return deletions.with_refusals(Reply(200, {"Content-Type": "application/xml"}), refused)
    body = deletions.without(request.body, refused)
    # What said how long and of what sum the body is, says it of another.
    sums = ("HTTP_CONTENT_MD5", "HTTP_X_AMZ_CHECKSUM", "HTTP_X_AMZ_SDK_CHECKSUM")
    fewer = {name: value for name, value in environ.items() if not name.startswith(sums)}
    fewer |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    reply = _carry_out_s3(region, named, fewer)
    return deletions.with_refusals(reply, refused) if reply.status < 300 else reply


def _carry_out_s3(region: Region, named: Named, environ: WSGIEnvironment) -> Reply:
    bucket, key = named.members.get("Bucket"), named.members.get("Key")
    reading = named.operation.startswith(_READING)
    if key is None and not reading and named.operation != "DeleteObjects":
        return _change_bucket(region, named.operation, bucket, environ)
    with backends.moto(region, "s3") as mirror:
        mirror.show(bucket, key)
        reply = backends.call("s3", environ)
        if not reading and reply.status < 300:
            mirror.keep(bucket, key)
        return reply


def _change_bucket(region: Region, operation: str, bucket: str | None, environ: WSGIEnvironment) -> Reply:
    """Have moto make, set or delete a bucket; of its settings the last of each kind are kept."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    query.pop("x-id", None)
    setting = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
    with region.transaction(), backends.moto(region, "s3") as mirror:
        mirror.show(bucket, None)
        reply = backends.change(region, "s3", environ, backends.bucket_key(bucket or "", setting))
        if reply.status < 300:
            mirror.keep(bucket, None)
            if operation == "DeleteBucket":
                backends.forget(region, "s3", backends.bucket_key(bucket or "", ""))
        return reply


def _error_reply(service: str, error: AwsError, request_id: str) -> Reply:
    return error_reply(service, _PROTOCOLS[service], error, request_id)


def _code(reply: Reply) -> str:
    """The code in the body of an error, empty where there is none."""
    if reply.status < 400:
        return ""
    return reply.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode(errors="replace")


def _address(request: Request) -> tuple[str | None, str | None]:
    """The bucket and the key that an S3 request is about, of which there may be neither, or a bucket only."""
    path, host = request.path.removeprefix("/"), request.headers.get("host", "").partition(":")[0]
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost"), path or None
    bucket, _, key = path.partition("/")
    return bucket or None, key or None
