"""From a handler's answer to the reply's headers and body; what the output shape lacks raises."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from cmapss_sandbox.wire.models import serialized_name

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (datetime,),
    "blob": (bytes,),
    "list": (list, tuple),
    "map": (dict,),
    "structure": (dict,),
}


class WrongAnswerError(Exception):
    """A handler's answer does not fit the operation's output shape."""


def json_body(operation: OperationModel, answer: dict[str, Any]) -> bytes:
    """The body of a json reply."""
    shape = operation.output_shape
    if shape is None:
        if answer:
            raise WrongAnswerError(f"{operation.name} answers nothing, not {sorted(answer)}.")
        return b""
    return json.dumps(_json(shape, answer, operation.name), separators=(",", ":")).encode()


def rest_json_reply(operation: OperationModel, answer: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a rest-json reply."""
    shape = operation.output_shape
    if shape is None:
        return {}, b""
    _check_members(shape, answer, operation.name)
    payload = shape.serialization.get("payload")
    headers, rest = {}, {}
    for name, value in answer.items():
        member = shape.members[name]
        where = member.serialization.get("location")
        if value is None or name == payload:
            continue
        if where == "header":
            headers[serialized_name(member, name)] = _text(member, value, "rfc822")
        elif where == "headers":
            headers |= {serialized_name(member, "") + key: item for key, item in value.items()}
        else:
            rest[serialized_name(member, name)] = _json(member, value, f"{operation.name}.{name}")
    if payload is None:
        return headers, json.dumps(rest).encode() if rest or not headers else b""
    member = shape.members[payload]
    value = answer.get(payload)
    if member.type_name == "blob":
        return headers, value or b""
    return headers, json.dumps(_json(member, value or {}, f"{operation.name}.{payload}")).encode()


def query_body(operation: OperationModel, answer: dict[str, Any], request_id: str) -> bytes:
    """The XML body of a query reply."""
    name, shape = operation.name, operation.output_shape
    namespace = operation.service_model.metadata["xmlNamespace"]
    result = ""
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        result = f"<{wrapper}>{_xml_members(shape, answer, name)}</{wrapper}>"
    return (
        f'<{name}Response xmlns="{namespace}">{result}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def _check(shape: Shape, value: Any, path: str) -> None:
    expected = _TYPES[shape.type_name]
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        raise WrongAnswerError(f"{path} is a {shape.type_name}, not {value!r:.100}.")
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        raise WrongAnswerError(f"{path} is one of {', '.join(shape.enum)}, not {value}.")


def _check_members(shape: StructureShape, value: dict[str, Any], path: str) -> None:
    _check(shape, value, path)
    unknown = value.keys() - shape.members.keys()
    missing = [name for name in shape.required_members if value.get(name) is None]
    if unknown:
        raise WrongAnswerError(f"{path} has no member {', '.join(sorted(unknown))}.")
    if missing:
        raise WrongAnswerError(f"{path} lacks the required {', '.join(missing)}.")
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        raise WrongAnswerError(f"{path} has exactly one of {', '.join(shape.members)}, not {sorted(value)}.")


def _json(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_document_type", False):
            return value
        _check_members(shape, value, path)
        members = shape.members
        return {
            serialized_name(members[name], name): _json(members[name], item, f"{path}.{name}")
            for name, item in value.items()
            if item is not None
        }
    _check(shape, value, path)
    if isinstance(shape, ListShape):
        return _json_list(shape.member, value, f"{path}[]")
    if isinstance(shape, MapShape):
        return {key: _json(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    if shape.type_name == "timestamp":
        stamp = _stamp_format(shape)
        return _epoch_seconds(value) if stamp == "unixTimestamp" else _time(value, stamp)
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return _float(value)
    return value


def _stamp_format(shape: Shape) -> str:
    stamp: str = shape.serialization.get("timestampFormat", "unixTimestamp")
    return stamp


def _epoch_seconds(value: datetime) -> float:
    return round(value.timestamp(), 3)


def _json_list(shape: Shape, items: Sequence[Any], path: str) -> list[Any]:
    """The items of a list; of a metric's thousands of times and values each is as good as the next."""
    kinds = set(map(type, items))
    if shape.type_name in ("float", "double") and kinds <= {float} and all(map(math.isfinite, items)):
        return list(items)
    if shape.type_name == "timestamp" and kinds <= {datetime} and _stamp_format(shape) == "unixTimestamp":
        return list(map(_epoch_seconds, items))
    return [_json(shape, item, path) for item in items]


def _xml_members(shape: StructureShape, value: dict[str, Any], path: str) -> str:
    _check_members(shape, value, path)
    return "".join(
        _xml(shape.members[name], serialized_name(shape.members[name], name), item, f"{path}.{name}")
        for name, item in value.items()
        if item is not None
    )


def _xml(shape: Shape, tag: str, value: Any, path: str) -> str:
    if isinstance(shape, StructureShape):
        return f"<{tag}>{_xml_members(shape, value, path)}</{tag}>"
    _check(shape, value, path)
    flattened = shape.serialization.get("flattened")
    if isinstance(shape, ListShape):
        item_tag = serialized_name(shape.member, tag if flattened else "member")
        items = "".join(_xml(shape.member, item_tag, item, f"{path}[]") for item in value)
        return items if flattened else f"<{tag}>{items}</{tag}>"
    if isinstance(shape, MapShape):
        key_tag, value_tag = serialized_name(shape.key, "key"), serialized_name(shape.value, "value")
        entry_tag = tag if flattened else "entry"
        entries = "".join(
            f"<{entry_tag}><{key_tag}>{escape(key)}</{key_tag}>"
            f"{_xml(shape.value, value_tag, item, f'{path}.{key}')}</{entry_tag}>"
            for key, item in value.items()
        )
        return entries if flattened else f"<{tag}>{entries}</{tag}>"
    return f"<{tag}>{escape(_text(shape, value, 'iso8601'))}</{tag}>"


def _text(shape: Shape, value: Any, stamp: str) -> str:
    _check(shape, value, shape.name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _time(value, shape.serialization.get("timestampFormat", stamp))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return _float(value) if isinstance(value, float) else str(value)


def _time(value: datetime, stamp: str) -> str:
    if stamp == "rfc822":
        return format_datetime(value.astimezone(UTC), usegmt=True)
    if stamp == "unixTimestamp":
        return f"{value.timestamp():.3f}"
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
