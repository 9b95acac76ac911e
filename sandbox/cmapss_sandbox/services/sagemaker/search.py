"""Search over training and tuning jobs: any property of theirs, filtered and sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB, Kind, public, tags_of
from cmapss_sandbox.services.sagemaker.tuning_jobs import described
from cmapss_sandbox.store import Record
from cmapss_sandbox.wire.models import service_model

_DEFAULT_PAGE = 10
# Properties that are looked up by a name of the caller's: what holds them, in which member the name stands.
_NAMED = {
    "Metrics": ("FinalMetricDataList", "MetricName", "Value"),
    "Tags": ("Tags", "Key", "Value"),
}
_MISSING = object()

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanOrEqualTo": lambda value, wanted: value >= wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanOrEqualTo": lambda value, wanted: value <= wanted,
    "Equals": lambda value, wanted: value == wanted,
    "NotEquals": lambda value, wanted: value != wanted,
    "Contains": lambda value, wanted: str(wanted).lower() in str(value).lower(),
}


def search(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """Search; by default ordered by LastModifiedTime, newest first. Other resources than jobs are never found."""
    resource = request["Resource"]
    if resource not in ("TrainingJob", "HyperParameterTuningJob"):
        return {"Results": []}
    expression, sort_by = request.get("SearchExpression", {}), request.get("SortBy", "LastModifiedTime")
    for name in (*_names(expression), sort_by):
        _check_property(resource, name)
    kind = TRAINING_JOB if resource == "TrainingJob" else TUNING_JOB
    found = [record for record in _records(region, kind) if _matches(record, expression)]
    descending = request.get("SortOrder", "Descending") == "Descending"
    with_value = [record for record in found if _property(record, sort_by) is not _MISSING]
    without_value = [record for record in found if _property(record, sort_by) is _MISSING]
    with_value.sort(key=lambda record: (_sortable(_property(record, sort_by)), record[kind.name]), reverse=descending)
    page, token = cut_page(
        region,
        with_value + without_value,
        lambda record: str(record[kind.name]),
        operation=f"{context.operation}:{resource}",
        token=request.get("NextToken"),
        size=request.get("MaxResults", _DEFAULT_PAGE),
    )
    members = _shape(resource).members
    results = [{resource: {name: value for name, value in record.items() if name in members}} for record in page]
    return {"Results": results, "NextToken": token}


def _records(region: Region, kind: Kind) -> Iterable[Record]:
    records = kind.records(region).values()
    described_records = map(public, records) if kind is TRAINING_JOB else described(region, records)
    return ({**record, "Tags": tags_of(region, record[kind.arn])} for record in described_records)


def _shape(resource: str) -> StructureShape:
    record = service_model("sagemaker").shape_for("SearchRecord")
    assert isinstance(record, StructureShape)
    shape = record.members[resource]
    assert isinstance(shape, StructureShape)
    return shape


def _names(expression: Mapping[str, Any]) -> Iterable[str]:
    for entry in expression.get("Filters", []):
        yield entry["Name"]
    for nested in expression.get("NestedFilters", []):
        yield nested["NestedPropertyName"]
    for inner in expression.get("SubExpressions", []):
        yield from _names(inner)


def _check_property(resource: str, name: str) -> None:
    head, _, rest = name.partition(".")
    if head in _NAMED and rest:
        return
    shape: Shape = _shape(resource)
    for part in name.split("."):
        while isinstance(shape, ListShape):
            shape = shape.member
        if isinstance(shape, MapShape):
            return
        if not isinstance(shape, StructureShape) or part not in shape.members:
            raise validation_exception(f"Unknown property name: {name}")
        shape = shape.members[part]


def _matches(record: Record, expression: Mapping[str, Any]) -> bool:
    tests = [
        *(_passes(record, entry) for entry in expression.get("Filters", [])),
        *(_passes_nested(record, nested) for nested in expression.get("NestedFilters", [])),
        *(_matches(record, inner) for inner in expression.get("SubExpressions", [])),
    ]
    return any(tests) if tests and expression.get("Operator") == "Or" else all(tests)


def _passes_nested(record: Record, nested: Mapping[str, Any]) -> bool:
    """Whether one object of a list passes all the filters, whose names begin with the list's."""
    prefix = nested["NestedPropertyName"]
    objects = _property(record, prefix)
    filters = [{**entry, "Name": entry["Name"].removeprefix(f"{prefix}.")} for entry in nested["Filters"]]
    return isinstance(objects, list) and any(all(_passes(item, entry) for entry in filters) for item in objects)


def _passes(record: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    value, operator = _property(record, entry["Name"]), str(entry.get("Operator", "Equals"))
    if operator in ("Exists", "NotExists"):
        return (value is not _MISSING) == (operator == "Exists")
    if "Value" not in entry:
        raise validation_exception(f"The operator {operator} on {entry['Name']} needs a Value.")
    if value is _MISSING:
        return operator == "NotEquals"
    if operator == "In":
        return any(_compare("Equals", value, wanted.strip()) for wanted in entry["Value"].split(","))
    return _compare(operator, value, entry["Value"])


def _compare(operator: str, value: Any, text: str) -> bool:
    """Compare as what the value is: a time, a number, or text; hyper-parameters are text that may be a number."""
    if operator == "Contains":
        return bool(_COMPARISONS[operator](value, text))
    try:
        if isinstance(value, datetime):
            return bool(_COMPARISONS[operator](value, parse_timestamp(text)))
        return bool(_COMPARISONS[operator](float(value), float(text)))
    except (TypeError, ValueError):
        if isinstance(value, datetime | int | float):
            raise validation_exception(f"{text!r} is not a value that can be compared with {value}.") from None
        return bool(_COMPARISONS[operator](str(value), text))


def _property(record: Mapping[str, Any], name: str) -> Any:
    head, _, rest = name.partition(".")
    if head in _NAMED and rest:
        holder, key, value = _NAMED[head]
        return {entry[key]: entry[value] for entry in record.get(holder, [])}.get(rest, _MISSING)
    found: Any = record
    for part in name.split("."):
        if isinstance(found, list):
            found = found[0] if found else {}
        found = found.get(part, _MISSING) if isinstance(found, dict) else _MISSING
    return found


def _sortable(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return (0, float(value), "")
        except ValueError:
            return (1, 0.0, value)
    return (0, value.timestamp(), "") if isinstance(value, datetime) else (0, value, "")
