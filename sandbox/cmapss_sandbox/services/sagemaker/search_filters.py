"""Search expressions: which properties a resource has, how each compares, and what AWS refuses."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.store import Record
from cmapss_sandbox.wire.models import service_model

# Properties that are looked up by a name of the caller's: what holds them, in which member the name stands.
NAMED = {
    "Metrics": ("FinalMetricDataList", "MetricName", "Value"),
    "Tags": ("Tags", "Key", "Value"),
}
MISSING = object()

_MOST_CONDITIONS = 50
_MOST_CONTAINS = 1
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
    "Equals": operator.eq,
    "NotEquals": operator.ne,
}
_ORDERED = ("GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
_OF_TEXT = ("Contains", "In")
_INTEGER = re.compile(r"[-+]?\d+")
_NUMERIC = ("integer", "long", "float", "double")


def check_expression(resource: str, expression: Mapping[str, Any]) -> list[str]:
    """The properties that a search expression is about; raises ValidationException for one that AWS refuses."""
    conditions = list(_conditions(expression))
    if not conditions:
        raise validation_exception("SearchExpression must have at least one Filter, NestedFilter or SubExpression.")
    if len(conditions) > _MOST_CONDITIONS:
        raise validation_exception(f"A SearchExpression can have at most {_MOST_CONDITIONS} conditions.")
    if sum(entry.get("Operator") == "Contains" for entry in conditions) > _MOST_CONTAINS:
        raise validation_exception(f"'CONTAINS' operator usage limit of {_MOST_CONTAINS} exceeded.")
    for name in _nested_names(expression):
        property_type(resource, name)
    for entry in conditions:
        _check_filter(resource, entry)
    return [entry["Name"] for entry in conditions]


def property_type(resource: str, name: str) -> str:
    """The type of a property; raises ValidationException for one that the resource does not have.

    It is "number", "timestamp", "boolean", "text", "any" where it may be a number or text, or "structure".
    """
    head, _, rest = name.partition(".")
    if head in NAMED and rest:
        return "number" if head == "Metrics" else "text"
    shape: Shape = _shape(resource)
    for part in name.split("."):
        while isinstance(shape, ListShape):
            shape = shape.member
        if isinstance(shape, MapShape):
            return "any"
        if not isinstance(shape, StructureShape) or part not in shape.members:
            raise validation_exception(f"Unknown property name: {name}")
        shape = shape.members[part]
    if shape.type_name in _NUMERIC:
        return "number"
    return {"string": "text", "timestamp": "timestamp", "boolean": "boolean"}.get(shape.type_name, "structure")


def members_of(resource: str) -> list[str]:
    """The properties of a resource."""
    return list(_shape(resource).members)


def matches(record: Record, expression: Mapping[str, Any]) -> bool:
    """Whether a record satisfies an expression that has been checked."""
    tests = [
        *(_passes(record, entry) for entry in expression.get("Filters", [])),
        *(_passes_nested(record, nested) for nested in expression.get("NestedFilters", [])),
        *(matches(record, inner) for inner in expression.get("SubExpressions", [])),
    ]
    return any(tests) if tests and expression.get("Operator") == "Or" else all(tests)


def property_value(record: Mapping[str, Any], name: str) -> Any:
    """The value of a property, MISSING where the record has none; of a list, that of its first object."""
    value = record.get(name, MISSING)
    if value is MISSING or isinstance(value, list):
        values = _values(record, name)
        return values[0] if values else MISSING
    return value


@lru_cache
def _shape(resource: str) -> StructureShape:
    record = service_model("sagemaker").shape_for("SearchRecord")
    assert isinstance(record, StructureShape)
    shape = record.members[resource]
    assert isinstance(shape, StructureShape)
    return shape


def _conditions(expression: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from expression.get("Filters", [])
    for nested in expression.get("NestedFilters", []):
        yield from nested["Filters"]
    for inner in expression.get("SubExpressions", []):
        yield from _conditions(inner)


def _nested_names(expression: Mapping[str, Any]) -> Iterator[str]:
    for nested in expression.get("NestedFilters", []):
        yield nested["NestedPropertyName"]
        for entry in nested["Filters"]:
            if not entry["Name"].startswith(f"{nested['NestedPropertyName']}."):
                raise validation_exception(
                    f"The nested filter on {entry['Name']} is not about {nested['NestedPropertyName']}."
                )
    for inner in expression.get("SubExpressions", []):
        yield from _nested_names(inner)


def _check_filter(resource: str, entry: Mapping[str, Any]) -> None:
    name, kind = entry["Name"], property_type(resource, entry["Name"])
    operator_name = entry.get("Operator", "Equals")
    if operator_name in ("Exists", "NotExists"):
        if "Value" in entry:
            raise validation_exception(f"The operator {operator_name} on {name} takes no Value.")
        return
    if "Value" not in entry:
        raise validation_exception(f"The operator {operator_name} on {name} needs a Value.")
    if kind in ("text", "boolean", "structure") and operator_name in _ORDERED:
        raise validation_exception(f"The operator {operator_name} is not supported for the text property {name}.")
    if kind in ("number", "timestamp", "boolean") and operator_name in _OF_TEXT:
        raise validation_exception(f"The operator {operator_name} is only supported for text properties, not {name}.")
    _check_value(name, kind, entry["Value"])


def _check_value(name: str, kind: str, text: str) -> None:
    try:
        if kind == "number":
            float(text)
        elif kind == "timestamp":
            parse_timestamp(text)
    except ValueError:
        raise validation_exception(f"{text!r} is not a value that {name}, a {kind}, can be compared with.") from None


def _passes_nested(record: Record, nested: Mapping[str, Any]) -> bool:
    """Whether one object of a list passes all the filters, whose names begin with the list's."""
    prefix = nested["NestedPropertyName"]
    filters = [{**entry, "Name": entry["Name"].removeprefix(f"{prefix}.")} for entry in nested["Filters"]]
    return any(
        all(_passes(item, entry) for entry in filters) for item in _values(record, prefix) if isinstance(item, dict)
    )


def _passes(record: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether any value of a property satisfies a filter; of a list that is each object's."""
    values, operator_name = _values(record, entry["Name"]), str(entry.get("Operator", "Equals"))
    if operator_name in ("Exists", "NotExists"):
        return bool(values) == (operator_name == "Exists")
    if operator_name == "NotEquals":
        return not any(_compare("Equals", value, entry["Value"]) for value in values)
    if operator_name == "In":
        wanted = [text.strip() for text in entry["Value"].split(",")]
        return any(_compare("Equals", value, text) for value in values for text in wanted)
    if operator_name == "Contains":
        return any(entry["Value"].lower() in str(value).lower() for value in values)
    return any(_compare(operator_name, value, entry["Value"]) for value in values)


def _compare(operator_name: str, value: Any, text: str) -> bool:
    """Compare as what the value is: a time, a truth, a number, or text that may be a number as hyper-parameters are."""
    comparison = _COMPARISONS[operator_name]
    if isinstance(value, datetime):
        return bool(comparison(value, parse_timestamp(text)))
    if isinstance(value, bool):
        return bool(comparison(str(value).lower(), text.lower()))
    try:
        number, wanted = float(value), float(text)
    except (TypeError, ValueError):
        return bool(comparison(str(value), text))
    if isinstance(value, str) and _INTEGER.fullmatch(text):
        # A decimal hyper-parameter is taken for an integer where it is compared with one.
        number = float(int(number))
    return bool(comparison(number, wanted))


def _values(record: Mapping[str, Any], name: str) -> list[Any]:
    head, _, rest = name.partition(".")
    if head in NAMED and rest:
        holder, key, value = NAMED[head]
        return [entry[value] for entry in record.get(holder, []) if entry[key] == rest]
    if isinstance(record.get(head), dict) and rest in record[head]:
        return [record[head][rest]]
    found: list[Any] = [record]
    for part in name.split("."):
        found = [value[part] for value in found if isinstance(value, dict) and part in value]
        found = [item for value in found for item in (value if isinstance(value, list) else [value])]
    return found
