"""Requests checked against the constraints of their input shape, with AWS's wording."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from cmapss_sandbox.wire.patterns import compile_pattern

_NUMBERS = ("integer", "long", "float", "double")
_SCALARS = ("string", *_NUMBERS)


def constraint_violations(shape: StructureShape, members: dict[str, Any]) -> str | None:
    """AWS's one message for everything that is wrong with a request's members; None when nothing is."""
    errors = [
        f"Value {_shown(value)} at '{path}' failed to satisfy constraint: {constraint}"
        for path, value, constraint in _structure(shape, members, "")
    ]
    if not errors:
        return None
    count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected: "
    return count + "; ".join(errors)


_Violation = tuple[str, Any, str]


def _structure(shape: StructureShape, members: dict[str, Any], prefix: str) -> Iterator[_Violation]:
    for name, member in shape.members.items():
        path = f"{prefix}{name[0].lower()}{name[1:]}"
        value = members.get(name)
        if value is not None:
            yield from _value(member, value, path)
        elif name in shape.required_members:
            yield path, None, "Member must not be null"


def _value(shape: Shape, value: Any, path: str) -> Iterator[_Violation]:
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            yield path, value, f"Member must have exactly one of [{', '.join(shape.members)}]"
        if not getattr(shape, "is_document_type", False):
            yield from _structure(shape, value, f"{path}.")
        return
    broken = _broken(shape, value)
    yield from ((path, value, constraint) for constraint in broken)
    if isinstance(shape, ListShape):
        yield from _list(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _map(shape, value, path)


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[_Violation]:
    if shape.member.type_name in _SCALARS:
        if any(_broken(shape.member, item) for item in value):
            yield path, value, f"Member must satisfy constraint: [{_constraints(shape.member)}]"
        return
    for number, item in enumerate(value, 1):
        yield from _value(shape.member, item, f"{path}.{number}.member")


def _map(shape: MapShape, value: dict[str, Any], path: str) -> Iterator[_Violation]:
    if any(_broken(shape.key, key) for key in value):
        yield path, value, f"Map keys must satisfy constraint: [{_constraints(shape.key)}]"
    if shape.value.type_name in _SCALARS:
        if any(_broken(shape.value, item) for item in value.values()):
            yield path, value, f"Map value must satisfy constraint: [{_constraints(shape.value)}]"
        return
    for key, item in value.items():
        yield from _value(shape.value, item, f"{path}.{key}.member")


def _broken(shape: Shape, value: Any) -> list[str]:
    return [text for text, holds in _checks(shape, value) if not holds]


def _constraints(shape: Shape) -> str:
    return ", ".join(text for text, _ in _checks(shape, None))


def _checks(shape: Shape, value: Any) -> Iterator[tuple[str, bool]]:
    """Each constraint of a shape in AWS's words, and whether the value satisfies it; None satisfies none."""
    metadata, kind = shape.metadata, shape.type_name
    if isinstance(shape, StringShape) and shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", value in shape.enum
    if "max" in metadata:
        yield _limit(kind, "less", metadata["max"]), value is not None and _size(kind, value) <= metadata["max"]
    if "min" in metadata:
        yield _limit(kind, "greater", metadata["min"]), value is not None and _size(kind, value) >= metadata["min"]
    if "pattern" in metadata:
        matches = value is not None and compile_pattern(metadata["pattern"]).fullmatch(value) is not None
        yield f"Member must satisfy regular expression pattern: {metadata['pattern']}", matches


def _limit(kind: str, side: str, limit: float) -> str:
    measured = "value" if kind in _NUMBERS else "length"
    return f"Member must have {measured} {side} than or equal to {limit}"


def _size(kind: str, value: Any) -> float:
    return float(value) if kind in _NUMBERS else len(value)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"'[{', '.join(map(str, value))}]'"
    if isinstance(value, dict):
        return f"'{{{', '.join(f'{key}={item}' for key, item in value.items())}}}'"
    if isinstance(value, bytes):
        return f"'java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]'"
    return f"'{value.isoformat()}'" if isinstance(value, datetime) else f"'{value}'"
