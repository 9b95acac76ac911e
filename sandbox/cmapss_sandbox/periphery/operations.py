"""Which operation a request to S3, IAM or EC2 means, and what it is about, by botocore's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from cmapss_sandbox.wire import models
from cmapss_sandbox.wire.requests import Request, bucket_of_host

_UNKNOWN = "-"
_READING = ("Get", "List", "Describe", "Head", "Generate", "Simulate", "Select", "Download")
# How many labels the path of an operation has: none, the bucket, or the bucket and the key.
_LEVELS = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}


@dataclass(frozen=True, slots=True)
class Named:
    """An operation and its members as they travel: of S3 those outside its body, which may be XML, of others all."""

    operation: str
    members: Mapping[str, Any]
    xml: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.startswith(_READING)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An S3 operation, what a request must have to mean it, and where its members travel."""

    operation: str
    method: str
    level: int
    fixed: Mapping[str, str]
    required: frozenset[tuple[str, str]]
    located: Mapping[tuple[str, str], str]
    xml: bool
    deprecated: bool


def name_form(request: Request) -> Named:
    """The operation of a query request, and its form; of IAM and EC2."""
    body = request.body.decode(errors="replace")
    form = dict(parse_qsl(body, keep_blank_values=True)) or dict(parse_qsl(request.query, keep_blank_values=True))
    return Named(form.get("Action", _UNKNOWN), form)


def name_s3(request: Request) -> Named:
    """The operation of an S3 request, and the members that travel in its path, its query string and its headers."""
    bucket, key = _address(request)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    there = {("querystring", name): value for name, value in query.items()}
    there |= {("header", name): unquote(value) for name, value in request.headers.items()}
    level = 2 if key else 1 if bucket else 0
    meant = [
        candidate
        for candidate in _candidates()
        if (candidate.method, candidate.level) == (request.method, level)
        and candidate.fixed.items() <= query.items()
        and candidate.required <= there.keys()
    ]
    if not meant:
        return Named(_UNKNOWN, {})
    # The one that asks for the most; of two that ask for the same, the one that is not the elder.
    found = max(meant, key=lambda one: (len(one.fixed) + len(one.required), not one.deprecated))
    members = {name: there[where] for where, name in found.located.items() if where in there}
    labels = {"Bucket": bucket, "Key": key}
    return Named(found.operation, {**{name: value for name, value in labels.items() if value}, **members}, found.xml)


def _address(request: Request) -> tuple[str | None, str | None]:
    """The bucket and the key that an S3 request is about, of which there may be neither, or a bucket only."""
    path, bucket_before = request.path.removeprefix("/"), bucket_of_host(request.headers.get("host", ""))
    if bucket_before is not None:
        return bucket_before, path or None
    bucket, _, key = path.partition("/")
    return bucket or None, key or None


@cache
def _candidates() -> tuple[_Candidate, ...]:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    # Not kept, for it is large and the rest of it is moto's affair.
    model = ServiceModel(Loader().load_service_model("s3", "service-2"), "s3")
    found = []
    for name in model.operation_names:
        operation: Any = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        if path not in _LEVELS:
            continue
        fixed = dict(parse_qsl(query, keep_blank_values=True))
        fixed.pop("x-id", None)
        shape = operation.input_shape
        located = {} if shape is None else _located(shape)
        required = frozenset(where for where, member in located.items() if member in shape.required_members)
        payload = None if shape is None else shape.serialization.get("payload")
        found.append(
            _Candidate(
                operation=name,
                method=operation.http["method"],
                level=_LEVELS[path],
                fixed=fixed,
                required=required,
                located=located,
                xml=payload is not None and shape.members[payload].type_name == "structure",
                deprecated=operation.deprecated,
            )
        )
    return tuple(found)


def _located(shape: Any) -> dict[tuple[str, str], str]:
    located = {}
    for member, inner in shape.members.items():
        where = inner.serialization.get("location")
        travels_as = models.serialized_name(inner, member)
        if where in ("querystring", "header"):
            located[where, travels_as.lower() if where == "header" else travels_as] = member
    return located
