"""S3, IAM and EC2 behind the same port, answered by moto, which is loaded when one of them is first asked."""

from __future__ import annotations

import json
import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from cmapss_sandbox.region import Region
from cmapss_sandbox.wire.operations import Outcome
from cmapss_sandbox.wire.replies import Reply
from cmapss_sandbox.wire.requests import Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from cmapss_sandbox.mirror import Mirror

SIGNING_NAMES = frozenset({"s3", "iam", "ec2"})
EXECUTION_ROLE = "cmapss-sagemaker-execution"

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_PERMISSIONS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::cmapss-*", "arn:aws:s3:::cmapss-*/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            "Resource": "arn:aws:logs:*:*:log-group:/aws/sagemaker/*",
        },
        {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"},
    ],
}

# moto keeps its state in the process and has no locks, so one request at a time.
_lock = threading.RLock()
_mirrors: WeakKeyDictionary[Region, Mirror] = WeakKeyDictionary()


def answer(region: Region, scope: Scope, environ: WSGIEnvironment, request_id: str) -> Outcome:
    """The outcome of a request that is signed for one of moto's services."""
    service = scope.signing_name
    return Outcome(service, environ["REQUEST_METHOD"], _answer(region, service, environ))


def _answer(region: Region, service: str, environ: WSGIEnvironment) -> Reply:
    with _lock:
        mirror = _mirror(region)
        if service != "s3":
            return _call(service, environ)
        bucket, key = _address(environ)
        mirror.show(bucket, key)
        reply = _call(service, environ)
        if environ["REQUEST_METHOD"] in ("PUT", "POST", "DELETE") and reply.status < 300:
            mirror.keep(bucket, key)
        return reply


def warm(region: Region) -> None:
    """Load what S3 and IAM need, so that nobody waits for it."""
    with _lock:
        _mirror(region)
        _application("s3")
        _application("iam")


def _mirror(region: Region) -> Mirror:
    """The region's own view of moto's state; taken by a new region, an older one in this process starts afresh."""
    if region not in _mirrors:
        _set_up_moto()
        from cmapss_sandbox.mirror import Mirror

        _mirrors.clear()
        _mirrors[region] = Mirror(region.objects, region.account, region.name)
        _create_role(region)
    return _mirrors[region]


def _set_up_moto() -> None:
    # moto reads the account of every caller from here.
    os.environ["MOTO_ACCOUNT_ID"] = Region.account


def _create_role(region: Region) -> None:
    from moto.iam.models import iam_backends

    backend = iam_backends[region.account]["aws"]
    backend.reset()
    backend.create_role(EXECUTION_ROLE, json.dumps(_TRUST), "/", None, "Trains and serves for SageMaker", [], "3600")
    backend.put_role_policy(EXECUTION_ROLE, "train-and-serve", json.dumps(_PERMISSIONS))


def _call(service: str, environ: WSGIEnvironment) -> Reply:
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        started.update(status=int(status[:3]), headers=dict(headers))

    body = b"".join(_application(service)(environ, start_response))
    return Reply(started["status"], started["headers"], body)


@cache
def _application(service: str) -> WSGIApplication:
    _set_up_moto()
    from moto.moto_server.werkzeug_app import create_backend_app

    application: WSGIApplication = create_backend_app(service)  # type: ignore[arg-type]  # one of its literal names
    return application


def _address(environ: WSGIEnvironment) -> tuple[str | None, str | None]:
    """The bucket and the key that an S3 request is about, of which there may be neither, or a bucket only."""
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace").lstrip("/")
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    if host.endswith(".localhost"):
        bucket, key = host.removesuffix(".localhost"), path
    else:
        bucket, _, key = path.partition("/")
    # A POST of many deletions names its keys in the body.
    many = environ["REQUEST_METHOD"] == "POST" and "delete" in parse_qs(
        environ.get("QUERY_STRING", ""), keep_blank_values=True
    )
    return bucket or None, None if many else key or None
