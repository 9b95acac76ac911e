"""S3's requests carried out by moto, with the region's objects shown to it before and kept from it afterwards."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cmapss_sandbox.periphery import backends, deletions
from cmapss_sandbox.periphery.operations import Named
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire.replies import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from cmapss_sandbox.iam.authorization import Authority

# What says how long the body is, and of what sum.
_ABOUT_THE_BODY = ("HTTP_CONTENT_MD5", "HTTP_X_AMZ_CHECKSUM", "HTTP_X_AMZ_SDK_CHECKSUM")


def carry_out(region: Region, context: RequestContext, named: Named, environ: WSGIEnvironment) -> Reply:
    """The reply to a request of S3's."""
    if named.operation == "DeleteObjects" and region.authority is not None:
        return _delete_what_may_be(region, region.authority, context, named, environ)
    return _carry_out(region, named, environ)


def _carry_out(region: Region, named: Named, environ: WSGIEnvironment) -> Reply:
    bucket, key = named.members.get("Bucket"), named.members.get("Key")
    if key is None and not named.reads and named.operation != "DeleteObjects":
        return _change_bucket(region, named.operation, bucket, environ)
    with backends.moto(region, "s3") as mirror:
        mirror.show(bucket, key)
        reply = backends.call("s3", environ)
        if not named.reads and reply.status < 300:
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


def _delete_what_may_be(
    region: Region, authority: Authority, context: RequestContext, named: Named, environ: WSGIEnvironment
) -> Reply:
    """DeleteObjects, where IAM decides about each key by itself."""
    body = environ["wsgi.input"].getvalue()
    keys = deletions.keys_to_delete(body)
    refused = authority.denied_deletions(context, named.members["Bucket"], keys)
    if not refused:
        return _carry_out(region, named, environ)
    if len(refused) == len(set(keys)):
        return deletions.with_refusals(Reply(200, {"Content-Type": "application/xml"}), refused)
    rest = deletions.without(body, refused)
    fewer = {name: value for name, value in environ.items() if not name.startswith(_ABOUT_THE_BODY)}
    fewer |= {"wsgi.input": io.BytesIO(rest), "CONTENT_LENGTH": str(len(rest))}
    reply = _carry_out(region, named, fewer)
    return deletions.with_refusals(reply, refused) if reply.status < 300 else reply
