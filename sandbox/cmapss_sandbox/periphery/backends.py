"""moto, loaded when it is first asked: one request at a time, and what changes it kept for the next start.

moto holds its state in the process. So each request that changed IAM, EC2 or the settings of a bucket is kept in a
table of the region, with the seed of the random numbers and the region time it ran with, and a region that starts
again has moto answer them once more: the same names, ids and keys come out.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import random
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cmapss_sandbox.periphery.execution_role import create_execution_role
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record
from cmapss_sandbox.wire.replies import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from cmapss_sandbox.periphery.mirror import Mirror

_log = logging.getLogger(__name__)

# The numbers that a service's state begins with, so that a VPC which nobody made has the same id at every start.
_FIRST_SEED = 5
_NO_SETTING = " "
_LINKED_ROLES = {
    "AWSServiceRoleForApplicationAutoScaling_Sagemaker": "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
}
_LOAD_MANAGED_POLICIES = "MOTO_IAM_LOAD_MANAGED_POLICIES"
# What the form of a request about AWS's own policies has in it.
_MANAGED_POLICIES = (b"%3Aiam%3A%3Aaws%3Apolicy", b":iam::aws:policy", b"Action=ListPolicies")
_KEPT_HEADERS = ("CONTENT_TYPE", "HTTP_HOST", "HTTP_AUTHORIZATION")
_KEPT_HEADER_PREFIX = "HTTP_X_AMZ_"

# moto has no locks of its own. Whoever needs the region's lock as well takes that first.
_lock = threading.RLock()
_mirrors: WeakKeyDictionary[Region, Mirror] = WeakKeyDictionary()
_restored: set[str] = set()
_revisions: WeakKeyDictionary[Region, int] = WeakKeyDictionary()
_moment: datetime | None = None


@contextmanager
def moto(region: Region, service: str) -> Iterator[Mirror]:
    """Hold moto while it has this region's state of a service, and the view of the region's objects that S3 has.

    One region at a time has moto's state; an older one in this process gets it back when it asks again.
    """
    region.table(_table(service))  # which needs the region's lock when it is new
    with _lock:
        if region not in _mirrors:
            _take_over(region)
        mirror = _mirrors[region]
        if service not in _restored:
            _restored.add(service)
            _restore(region, service, mirror)
        yield mirror


def change(region: Region, service: str, environ: WSGIEnvironment, kept_as: str | None = None) -> Reply:
    """Have moto answer a request that may change what is kept; a success is kept, in place of one of the same key.

    The request's body must be at its beginning.
    """
    with region.transaction(), moto(region, service):
        body = environ["wsgi.input"].read()
        record: Record = {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "query": environ.get("QUERY_STRING", ""),
            "headers": {name: value for name, value in environ.items() if _is_kept(name)},
            "body": base64.b64encode(body).decode(),
            "seed": random.SystemRandom().getrandbits(48),
            "at": region.now(),
        }
        reply = _run(region, service, record, {**environ, "wsgi.input": io.BytesIO(body)})
        if reply.status < 300:
            note_change(region)
            table = region.table(_table(service))
            if kept_as is None:
                kept_as = f"{len(table):08d}"
            # A later request for the same thing has its place at the end.
            table.pop(kept_as, None)
            table[kept_as] = record
        return reply


def bucket_key(bucket: str, setting: str) -> str:
    """The key under which a request is kept that makes a bucket, without a setting, or sets something of it."""
    return f"{bucket}{_NO_SETTING}{setting}"


def forget(region: Region, service: str, prefix: str) -> None:
    """Keep the requests no longer whose keys begin so: what they were about is gone."""
    table = region.table(_table(service))
    for key in [key for key in table if key.startswith(prefix)]:
        del table[key]


def revision(region: Region) -> int:
    """A number that changes with every change of what moto holds for the region."""
    return _revisions.get(region, 0)


def bucket_policy(region: Region, bucket: str) -> str | None:
    """The text of a bucket's policy, None when it has none or is not there."""
    with moto(region, "s3"):
        from moto.s3.models import s3_backends

        found = s3_backends[region.account]["aws"].buckets.get(bucket)
        policy: bytes | str | None = None if found is None else found.policy
    return policy.decode(errors="replace") if isinstance(policy, bytes) else policy


def iam_backend(region: Region) -> Any:
    """moto's IAM of the region's account; moto must be held."""
    from moto.iam.models import iam_backends

    return iam_backends[region.account]["aws"]


def ensure_linked_role(region: Region, service: str) -> None:
    """Make the role that a service works with in the account, unless it is there."""
    with moto(region, "iam"):
        if any(service in role.arn for role in iam_backend(region).roles.values()):
            return
    from werkzeug.test import EnvironBuilder

    form = {"Action": "CreateServiceLinkedRole", "Version": "2010-05-08", "AWSServiceName": service}
    change(region, "iam", EnvironBuilder(path="/", method="POST", data=form).get_environ())


def note_change(region: Region) -> None:
    """Let those look again who have read what is held for the region."""
    _revisions[region] = revision(region) + 1


def call(service: str, environ: WSGIEnvironment) -> Reply:
    """Have moto answer a request that changes nothing which is kept here; moto must be held."""
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        started.update(status=int(status[:3]), headers=dict(headers))

    body = b"".join(_application(service)(environ, start_response))
    return Reply(started["status"], started["headers"], body)


def know_managed_policies(region: Region, body: bytes) -> None:
    """Let IAM have AWS's own policies before the first request that speaks of them; moto must be held.

    They are some 1,600, of which few regions use any.
    """
    backend = iam_backend(region)
    if backend.aws_managed_policies or not any(mention in body for mention in _MANAGED_POLICIES):
        return
    _seed(_FIRST_SEED)
    os.environ[_LOAD_MANAGED_POLICIES] = "true"
    try:
        backend.aws_managed_policies = backend._init_aws_policies()
    finally:
        del os.environ[_LOAD_MANAGED_POLICIES]
        _seed(None)
    backend.managed_policies.update(backend._init_managed_policies())


def _take_over(region: Region) -> None:
    _set_up()
    from cmapss_sandbox.periphery.mirror import Mirror

    _mirrors.clear()
    _restored.clear()
    _mirrors[region] = Mirror(region.objects, region.account, region.name)


def _restore(region: Region, service: str, mirror: Mirror) -> None:
    """Bring moto's state of a service to where the region left it."""
    _application(service)
    if service == "iam":
        backend = iam_backend(region)
        with _as_if(_FIRST_SEED, region.born):
            backend.reset()
            create_execution_role(backend)
    elif service == "ec2":
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[region.account][region.name]  # which takes random numbers when it is new
        with _as_if(_FIRST_SEED, region.born):
            backend.reset()
    records: Mapping[str, Record] = region.table(_table(service))
    if service == "s3":
        # Buckets made with settings of their own, then all the others, then what was set later.
        made = [key for key in records if key.endswith(_NO_SETTING)]
        _repeat(region, service, {key: records[key] for key in made})
        mirror.show(None, None)
        records = {key: record for key, record in records.items() if key not in made}
    _repeat(region, service, records)


def _repeat(region: Region, service: str, records: Mapping[str, Record]) -> None:
    for key, record in records.items():
        reply = _run(region, service, record, _environ(record))
        if reply.status >= 300:
            _log.error("%s of %s could not be done again: %s", key, service, reply.body[:200])


def _run(region: Region, service: str, record: Record, environ: WSGIEnvironment) -> Reply:
    """Have moto answer with the record's random numbers, at its time."""
    if service == "iam":
        know_managed_policies(region, base64.b64decode(record["body"]))
    with _as_if(record["seed"], record["at"]):
        return call(service, environ)


@contextmanager
def _as_if(seed: int, moment: datetime) -> Iterator[None]:
    """Have moto take those random numbers, and that time for now."""
    global _moment
    _seed(seed)
    _moment = moment
    try:
        yield
    finally:
        _moment = None
        _seed(None)


def _seed(number: int | None) -> None:
    from moto.moto_api._internal import mock_random

    mock_random.seed(number)


def _environ(record: Record) -> WSGIEnvironment:
    from werkzeug.test import EnvironBuilder

    environ: WSGIEnvironment = EnvironBuilder(
        path=record["path"],
        method=record["method"],
        query_string=record["query"],
        data=base64.b64decode(record["body"]),
    ).get_environ()
    return {**environ, **record["headers"]}


def _is_kept(name: str) -> bool:
    return name in _KEPT_HEADERS or name.startswith(_KEPT_HEADER_PREFIX)


def _table(service: str) -> str:
    return f"{service}_requests"


def _set_up() -> None:
    # moto reads the account of every caller from here.
    os.environ["MOTO_ACCOUNT_ID"] = Region.account


def _name_linked_roles_as_aws_does() -> None:
    """moto derives the name of a service's own role from the service's, which SageMaker's does not follow."""
    from moto.iam.models import IAMBackend

    create_role = IAMBackend.create_role

    def create_named_role(self: IAMBackend, role_name: str, *arguments: Any, **named: Any) -> Any:
        return create_role(self, _LINKED_ROLES.get(role_name, role_name), *arguments, **named)

    IAMBackend.create_role = create_named_role  # type: ignore[method-assign]  # moto offers no other place


def _take_bodies_as_they_are(application: Any) -> None:
    """moto takes whatever is said to be a form for one, but to S3 it is an object like any other."""

    class BodyRequest(application.request_class):  # type: ignore[misc]  # a class of moto's, known when it runs
        want_form_data_parsed = False

    application.request_class = BodyRequest


@cache
def _application(service: str) -> WSGIApplication:
    _set_up()
    from moto.core import utils
    from moto.moto_server.werkzeug_app import create_backend_app

    application: WSGIApplication = create_backend_app(service)  # type: ignore[arg-type]  # one of its literal names
    if service == "iam":
        _name_linked_roles_as_aws_does()
    if service == "s3":
        _take_bodies_as_they_are(application)
    real = utils.utcnow

    def utcnow() -> datetime:
        return real() if _moment is None else _moment.replace(tzinfo=None)

    for name, module in list(sys.modules.items()):
        if name.startswith(f"moto.{service}.") and hasattr(module, "utcnow"):
            module.utcnow = utcnow  # type: ignore[attr-defined]  # each imports the function by its name
    return application
