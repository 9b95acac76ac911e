"""A plan as JSON and back again, exactly: but for the values that may be secret, which are never written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from cmapss_core.plans.plan import Call, Plan

if TYPE_CHECKING:
    from cattrs import Converter

# Values that may hold secrets: environment variables of a container, and whatever is sent to be predicted or kept.
_HIDDEN_VALUES = "Environment"
_HIDDEN_WHOLE = "Body"
_HIDDEN_MARK, _TIME_MARK, _KEYS_MARK = "$hidden", "$time", "$object"
_MARKS = (_HIDDEN_MARK, _TIME_MARK, _KEYS_MARK)


class Hidden(str):
    """What stands in a plan that was read from the journal for a value that was not written there."""

    __slots__ = ()


HIDDEN = Hidden("(hidden)")


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-able data. Raises TypeError for parameters that are none."""
    document: dict[str, Any] = _converter().unstructure(plan)
    return document


def plan_from_document(document: Any) -> Plan:
    """The plan that was written down. Raises Exception (cattrs' own) for anything else."""
    return _converter().structure(document, Plan)


def is_hidden(value: Any) -> bool:
    """Whether a value, or part of it, was not written down."""
    if isinstance(value, Mapping):
        return any(is_hidden(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(is_hidden(inner) for inner in value)
    return isinstance(value, Hidden)


@cache
def _converter() -> Converter:
    from cattrs.preconf.json import make_converter

    converter = make_converter(forbid_extra_keys=True, omit_if_default=True)
    converter.register_unstructure_hook(Any, _written)
    converter.register_structure_hook(Any, lambda value, _: _read(value))
    # Parameters, and what a proof shows, are of any kind; their types say so no closer than this.
    converter.register_unstructure_hook_func(_is_mapping_of_any, _written)
    converter.register_structure_hook_func(_is_mapping_of_any, lambda value, _: _read(value))
    converter.register_unstructure_hook_func(_is_mapping_of_values, _written)
    converter.register_structure_hook_func(_is_mapping_of_values, lambda value, _: _shown(value))
    return converter


def _is_mapping_of_any(kind: Any) -> bool:
    return bool(kind == Mapping[str, Any])


def _is_mapping_of_values(kind: Any) -> bool:
    return bool(kind == Mapping[str, tuple[Any, ...]])


def _shown(value: Any) -> dict[str, tuple[Any, ...]]:
    return {path: tuple(good) for path, good in _read(value).items()}


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        members = {str(name): _hidden(value[name]) if _secret(name) else _written(value[name]) for name in value}
        # An object that looks like one of the marks is not to be taken for it.
        return {_KEYS_MARK: members} if any(mark in members for mark in _MARKS) else members
    if isinstance(value, list | tuple):
        return [_written(inner) for inner in value]
    if isinstance(value, Hidden):
        return {_HIDDEN_MARK: True}
    if isinstance(value, datetime):
        return {_TIME_MARK: value.isoformat()}
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no part of a plan")


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_HIDDEN_MARK}:
        return HIDDEN
    if value.keys() == {_TIME_MARK}:
        return datetime.fromisoformat(value[_TIME_MARK])
    members = value[_KEYS_MARK] if value.keys() == {_KEYS_MARK} else value
    return {name: _read(inner) for name, inner in members.items()}


def _secret(name: Any) -> bool:
    """Whether a parameter of this name, or what a proof reads at this path, may hold secrets."""
    parts = str(name).replace("[", ".").split(".")
    return _HIDDEN_VALUES in parts or _HIDDEN_WHOLE in parts


def _hidden(value: Any) -> Any:
    """The same keys, without the values."""
    if isinstance(value, Mapping):
        return {str(name): _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner) for inner in value]
    return {_HIDDEN_MARK: True}


def needs_hidden(call: Call) -> bool:
    """Whether the call cannot be made any more, since part of it was not written down."""
    return is_hidden(call.parameters)
