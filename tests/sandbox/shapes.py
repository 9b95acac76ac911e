"""Random values for botocore's shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import strategies as st

_DEPTH = 4
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=6)
# What survives in a header or a path: visible characters, nothing that is stripped.
_TOKEN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=6)

_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**53), 2**53),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "timestamp": st.integers(0, 10**9).map(lambda seconds: _EPOCH + timedelta(seconds=seconds)),
    "blob": st.binary(max_size=6),
}


def values_of(shape: Shape, *, all_filled: bool, depth: int = _DEPTH) -> st.SearchStrategy[Any]:
    """Values that a shape allows as far as types go; with `all_filled` nothing is empty, which forms cannot say."""
    least = 1 if all_filled else 0
    if isinstance(shape, StructureShape):
        return _structures(shape, all_filled=all_filled, depth=depth)
    if isinstance(shape, ListShape):
        return st.lists(values_of(shape.member, all_filled=all_filled, depth=depth - 1), min_size=least, max_size=3)
    if isinstance(shape, MapShape):
        value = values_of(shape.value, all_filled=all_filled, depth=depth - 1)
        return st.dictionaries(_TOKEN, value, min_size=least, max_size=3)
    if shape.type_name == "string":
        if isinstance(shape, StringShape) and shape.enum:
            return st.sampled_from(shape.enum)
        return _TOKEN if shape.serialization.get("location") in ("uri", "header", "querystring") else _TEXT
    return _SCALARS[shape.type_name]


def _structures(shape: StructureShape, *, all_filled: bool, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if getattr(shape, "is_document_type", False):
        return st.just({})
    required = {
        name: values_of(shape.members[name], all_filled=all_filled, depth=depth - 1) for name in shape.required_members
    }
    union = getattr(shape, "is_tagged_union", False)
    deep_enough = depth > 0 or union
    optional = {
        name: values_of(member, all_filled=all_filled, depth=depth - 1)
        for name, member in shape.members.items()
        if name not in required
        and (deep_enough or (all_filled and member.type_name in ("string", *_SCALARS)))
        and not getattr(member, "is_document_type", False)
        and not (all_filled and isinstance(member, StructureShape) and not member.members)
    }
    # Of a union one member is set, and one only.
    least = 1 if union or (all_filled and not required) else 0
    most = 1 if union else 4
    if not optional:
        return st.fixed_dictionaries(required)
    return st.lists(st.sampled_from(sorted(optional)), min_size=least, max_size=most, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({**required, **{name: optional[name] for name in chosen}})
    )
