"""Search over jobs, models and endpoints by any property, in any order; and what it suggests to search for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.deployments.records import models_behind
from cmapss_sandbox.services.sagemaker.endpoints import describe_endpoint
from cmapss_sandbox.services.sagemaker.resources import (
    ENDPOINT,
    MODEL,
    TRAINING_JOB,
    TUNING_JOB,
    Kind,
    public,
    tags_of,
)
from cmapss_sandbox.services.sagemaker.search_filters import (
    MISSING,
    NAMED,
    check_expression,
    matches,
    members_of,
    property_type,
    property_value,
)
from cmapss_sandbox.services.sagemaker.tuning_records import described
from cmapss_sandbox.store import Record

_DEFAULT_PAGE = 10
_MOST_SUGGESTIONS = 10
_KINDS: Mapping[str, Kind] = {
    "TrainingJob": TRAINING_JOB,
    "HyperParameterTuningJob": TUNING_JOB,
    "Endpoint": ENDPOINT,
    "Model": MODEL,
}
# A model is found inside its record on the model dashboard, which has no time of its own.
_DEFAULT_SORTS = {"Model": "Model.CreationTime"}


def search(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """Search; by default ordered by LastModifiedTime, models by their CreationTime, newest first.

    It finds training jobs, tuning jobs, models and endpoints; of other resources, and other accounts', there are none.
    """
    resource = request["Resource"]
    kind = _KINDS.get(resource)
    if kind is None or request.get("CrossAccountFilterOption") == "CrossAccount":
        return {"Results": [], "TotalHits": {"Value": 0, "Relation": "EqualTo"}}
    expression = request.get("SearchExpression")
    sort_by = request.get("SortBy", _DEFAULT_SORTS.get(resource, "LastModifiedTime"))
    used = [] if expression is None else check_expression(resource, expression)
    property_type(resource, sort_by)
    records = _records(region, resource, context)
    if request.get("VisibilityConditions") or "Tags" in {name.partition(".")[0] for name in (sort_by, *used)}:
        records = [_with_tags(region, kind, record) for record in records]
    found = [record for record in records if _is_visible(record, request)]
    if expression is not None:
        found = [record for record in found if matches(record, expression)]
    page, token = cut_page(
        region,
        _ordered(found, kind, sort_by, descending=request.get("SortOrder", "Descending") == "Descending"),
        lambda record: str(record[kind.name]),
        operation=f"{context.operation}:{resource}",
        token=request.get("NextToken"),
        size=request.get("MaxResults", _DEFAULT_PAGE),
    )
    shown = members_of(resource)
    return {
        "Results": [
            {resource: {member: whole[member] for member in shown if member in whole}}
            for whole in (_with_tags(region, kind, record) for record in page)
        ],
        "NextToken": token,
        "TotalHits": {"Value": len(found), "Relation": "EqualTo"},
    }


def get_search_suggestions(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetSearchSuggestions: the hyper-parameters, metrics and tags that begin as the hint does, and properties."""
    resource = request["Resource"]
    if resource not in _KINDS:
        return {"PropertyNameSuggestions": []}
    hint = request.get("SuggestionQuery", {}).get("PropertyNameQuery", {}).get("PropertyNameHint", "")
    records = _records(region, resource, context)
    named = {name for record in records for name in _named(_with_tags(region, _KINDS[resource], record))}
    names = [name for name in (*sorted(named), *members_of(resource)) if name.lower().startswith(hint.lower())]
    return {"PropertyNameSuggestions": [{"PropertyName": name} for name in names[:_MOST_SUGGESTIONS]]}


def _records(region: Region, resource: str, context: RequestContext) -> Iterable[Record]:
    """The resources as they are described, without their tags."""
    kind = _KINDS[resource]
    records = kind.records(region).values()
    if resource == "HyperParameterTuningJob":
        return described(region, records)
    if resource == "Endpoint":
        return [describe_endpoint(region, {kind.name: record[kind.name]}, context) for record in records]
    if resource == "Model":
        endpoints = [(endpoint, models_behind(endpoint)) for endpoint in ENDPOINT.records(region).values()]
        return [_on_dashboard(region, record, endpoints) for record in records]
    return records


def _on_dashboard(region: Region, model: Record, endpoints: Iterable[tuple[Record, set[str]]]) -> Record:
    """A model as the model dashboard has it: itself, and the endpoints that it is behind."""
    serving = [endpoint for endpoint, models in endpoints if model["ModelName"] in models]
    members = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    return {
        **model,
        "Model": {**public(model), "Tags": tags_of(region, model["ModelArn"])},
        "Endpoints": [{member: endpoint[member] for member in members} for endpoint in serving],
    }


def _with_tags(region: Region, kind: Kind, record: Record) -> Record:
    return {**record, "Tags": tags_of(region, record[kind.arn])}


def _is_visible(record: Record, request: Mapping[str, Any]) -> bool:
    """Whether the tags of a record that visibility conditions are about have the values they ask for."""
    for condition in request.get("VisibilityConditions", []):
        value = property_value(record, condition.get("Key", ""))
        if value is not MISSING and value != condition.get("Value"):
            return False
    return True


def _ordered(found: list[Record], kind: Kind, sort_by: str, *, descending: bool) -> list[Record]:
    """Sorted by a property, then by name; records without it come last in either order."""
    valued = [(property_value(record, sort_by), record) for record in found]
    with_value = [(_sortable(value), record) for value, record in valued if value is not MISSING]
    with_value.sort(key=lambda item: (item[0], item[1][kind.name]), reverse=descending)
    return [record for _, record in with_value] + [record for value, record in valued if value is MISSING]


def _sortable(value: Any) -> tuple[int, float, str]:
    if isinstance(value, datetime):
        return (0, value.timestamp(), "")
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, str(value))


def _named(record: Record) -> Iterator[str]:
    for head, (holder, key, _) in NAMED.items():
        yield from (f"{head}.{entry[key]}" for entry in record.get(holder, []))
    yield from (f"HyperParameters.{name}" for name in record.get("HyperParameters", {}))
