"""From a request to {member: Python value}, by protocol: json, query and rest-json."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.wire.models import serialized_name

Members = dict[str, Any]
# A query string's dotted names as a tree: the value at a name, and what is below it.
_Tree = dict[str, Any]

_FLOAT_WORDS = {"NaN", "Infinity", "-Infinity"}
# No request of these services nests deeper than a few search expressions.
_DEEPEST = 100

# What AWS calls the types that it can not convert something to.
_WANTED = {
    "blob": "a Blob",
    "boolean": "a Boolean",
    "double": "a Double",
    "float": "a Float",
    "integer": "an Integer",
    "long": "a Long",
    "string": "a String",
    "timestamp": "a Date",
}
_FOUND_LIST = "Start of list found where not expected"
_FOUND_STRUCTURE = "Start of structure or map found where not expected."


def parse_json(operation: OperationModel, body: bytes) -> Members:
    """The members of a json request; unknown ones are ignored, as AWS does."""
    if operation.input_shape is None:
        return {}
    return _document(operation.input_shape, _load_json(body))


def parse_query(operation: OperationModel, form: Mapping[str, str]) -> Members:
    """The members of a query request, from its decoded form."""
    if operation.input_shape is None:
        return {}
    tree: _Tree = {}
    for name, value in form.items():
        node = tree
        for part in name.split("."):
            node = node.setdefault(part, {})
        node[""] = value
    return _structure_from_tree(operation.input_shape, tree)


def parse_rest_json(
    operation: OperationModel, labels: Mapping[str, str], query: str, headers: Mapping[str, str], body: bytes
) -> Members:
    """The members of a rest-json request, from its path, query string, headers (lower-case names) and body."""
    shape = operation.input_shape
    if shape is None:
        return {}
    arguments = dict(parse_qsl(query, keep_blank_values=True))
    payload = shape.serialization.get("payload")
    located: Members = {}
    in_body = {}
    for name, member in shape.members.items():
        travels_as = serialized_name(member, name)
        where = member.serialization.get("location")
        if name == payload:
            if member.type_name in ("blob", "string"):
                located[name] = body if member.type_name == "blob" else body.decode()
            elif body:
                located[name] = _value(member, _load_json(body))
        elif where == "uri":
            located[name] = _scalar_from_text(member, unquote(labels[travels_as]))
        elif where == "querystring" and travels_as in arguments:
            located[name] = _scalar_from_text(member, arguments[travels_as])
        elif where == "header" and travels_as.lower() in headers:
            located[name] = _scalar_from_text(member, headers[travels_as.lower()])
        elif where == "headers":
            prefix = travels_as.lower()
            located[name] = {
                key.removeprefix(prefix): value for key, value in headers.items() if key.startswith(prefix)
            }
        elif where is None:
            in_body[travels_as] = name
    if in_body and payload is None and body:
        document = _document(shape, _load_json(body))
        located |= {name: document[name] for name in in_body.values() if name in document}
    return located


def _load_json(body: bytes) -> Any:
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
        # What JSON can escape and no text can hold: one half of a pair of surrogates.
        if b"\\ud" in body.lower():
            json.dumps(document, ensure_ascii=False).encode()
    except ValueError:
        raise _serialization_error("The body is not a JSON document.") from None
    except RecursionError:
        raise _too_deep() from None
    if body.count(b"[") + body.count(b"{") > _DEEPEST and _nests_deeper(document, _DEEPEST):
        raise _too_deep()
    return document


def _too_deep() -> AwsError:
    return _serialization_error(f"The body nests deeper than {_DEEPEST} levels.")


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON.")


def _nests_deeper(document: Any, levels: int) -> bool:
    layer = [document]
    for _ in range(levels):
        layer = [
            item
            for value in layer
            if isinstance(value, list | dict)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(layer)


def _document(shape: StructureShape, value: Any) -> Members:
    members: Members = _value(shape, value)
    return members


def _value(shape: Shape, value: Any) -> Any:
    reader = _READERS.get(shape.type_name)
    return reader(shape, value) if reader else _scalar(shape, value)


def _structure(shape: StructureShape, value: Any) -> Any:
    if getattr(shape, "is_document_type", False):
        return value
    if not isinstance(value, dict):
        raise _serialization_error(_FOUND_LIST if isinstance(value, list) else "Expected null")
    found = {}
    for name, member in shape.members.items():
        given = value.get(serialized_name(member, name))
        if given is not None:
            found[name] = _value(member, given)
    return found


def _list(shape: ListShape, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _serialization_error(_FOUND_STRUCTURE if isinstance(value, dict) else "Expected list or null")
    return [_value(shape.member, item) for item in value if item is not None]


def _map(shape: MapShape, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _serialization_error(_FOUND_LIST if isinstance(value, list) else "Expected map or null")
    return {key: _value(shape.value, item) for key, item in value.items() if item is not None}


def _scalar(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if isinstance(value, str):
        if kind == "string":
            return value
        if kind == "timestamp":
            return _timestamp(value)
        if kind == "blob":
            return _blob(value)
        if kind in ("float", "double") and value in _FLOAT_WORDS:
            return float(value)
    elif isinstance(value, bool):
        if kind == "boolean":
            return value
    elif isinstance(value, int | float):
        return _number(shape, value)
    raise _cannot_be_converted(value, kind)


def _number(shape: Shape, value: float) -> Any:
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            # AWS cuts off what is behind the point.
            return int(value)
        if kind in ("float", "double"):
            return float(value)
        if kind == "timestamp":
            return _timestamp(value)
    except OverflowError:
        pass
    raise _cannot_be_converted(value, kind)


_READERS: dict[str, Any] = {"structure": _structure, "list": _list, "map": _map}


def _structure_from_tree(shape: StructureShape, tree: _Tree) -> Members:
    found = {}
    for name, member in shape.members.items():
        travels_as = serialized_name(member, name)
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            travels_as = serialized_name(member.member, travels_as)
        if travels_as in tree:
            found[name] = _from_tree(member, tree[travels_as])
    return found


def _from_tree(shape: Shape, tree: _Tree) -> Any:
    if isinstance(shape, StructureShape):
        return _structure_from_tree(shape, tree)
    flattened = shape.serialization.get("flattened")
    if isinstance(shape, ListShape):
        items = tree if flattened else tree.get(serialized_name(shape.member, "member"), {})
        return [_from_tree(shape.member, items[number]) for number in _numbered(items)]
    if isinstance(shape, MapShape):
        entries = tree if flattened else tree.get("entry", {})
        key, value = serialized_name(shape.key, "key"), serialized_name(shape.value, "value")
        return {
            _from_tree(shape.key, entries[number].get(key, {})): _from_tree(shape.value, entries[number].get(value, {}))
            for number in _numbered(entries)
        }
    if "" not in tree:
        raise _serialization_error(_FOUND_STRUCTURE)
    return _scalar_from_text(shape, tree[""])


def _numbered(tree: _Tree) -> list[str]:
    return sorted((name for name in tree if re.fullmatch(r"\d{1,9}", name)), key=int)


def _scalar_from_text(shape: Shape, text: str) -> Any:
    kind = shape.type_name
    try:
        if kind in ("integer", "long") and "_" not in text:
            return int(text)
        if kind in ("float", "double") and "_" not in text:
            return float(text)
    except ValueError:
        pass
    if kind in ("integer", "long", "float", "double"):
        raise _cannot_be_converted(text, kind)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise _cannot_be_converted(text, kind)
        return text == "true"
    if kind == "timestamp":
        return _timestamp(text)
    return _blob(text) if kind == "blob" else text


def _timestamp(value: str | float) -> datetime:
    try:
        moment = parse_timestamp(value)  # type: ignore[arg-type]  # it takes epoch seconds as well
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, RuntimeError, OSError):
        raise _cannot_be_converted(value, "timestamp") from None


def _blob(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise _serialization_error(f"'{value[:100]}' can not be converted to a Blob") from None


def _cannot_be_converted(value: Any, kind: str) -> AwsError:
    if isinstance(value, list):
        return _serialization_error(_FOUND_LIST)
    if isinstance(value, dict):
        return _serialization_error(_FOUND_STRUCTURE)
    found = str(value).upper() if isinstance(value, bool) else "STRING" if isinstance(value, str) else "NUMBER"
    return _serialization_error(f"{found}_VALUE can not be converted to {_WANTED[kind]}")


def _serialization_error(message: str) -> AwsError:
    return AwsError("SerializationException", message)
