"""S3, IAM and EC2 behind the same port, answered by moto."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.wire.replies import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

SIGNING_NAMES = frozenset({"s3", "iam", "ec2"})

_loading = threading.Lock()


def answer(region: Region, service: str, environ: WSGIEnvironment) -> Reply:
    """moto's reply to a request that is signed for one of its services."""
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        started.update(status=int(status[:3]), headers=dict(headers))

    body = b"".join(_application(service)(environ, start_response))
    return Reply(started["status"], started["headers"], body)


def _application(service: str) -> WSGIApplication:
    with _loading:
        return _load(service)


@cache
def _load(service: str) -> WSGIApplication:
    # moto reads the account of every caller from here.
    os.environ["MOTO_ACCOUNT_ID"] = Region.account
    from moto.moto_server.werkzeug_app import create_backend_app

    application: Any = create_backend_app(service)  # type: ignore[arg-type]  # a name, not the literal type
    return application  # type: ignore[no-any-return]
