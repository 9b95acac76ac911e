"""Dashboards: kept, checked and given back; nothing here draws them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.tags import set_tags
from cmapss_sandbox.store import Table

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_PAGE_SIZE = 1000
_MAXIMUM_WIDGETS = 500
_WIDGET_TYPES = ("metric", "text", "log", "alarm", "explorer", "custom")


def put_dashboard(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutDashboard: a body that is no dashboard is refused with what is wrong in it."""
    name, body = members["DashboardName"], members["DashboardBody"]
    if not _NAME.fullmatch(name):
        raise AwsError(
            "InvalidParameterValue", f"The value {name} for field DashboardName contains invalid characters."
        )
    wrong = list(_wrong(body))
    if wrong:
        messages = [{"DataPath": path, "Message": message} for path, message in wrong]
        text = f"The field DashboardBody must be a valid JSON object: {wrong[0][1]}"
        raise AwsError("InvalidParameterInput", text, 400, {"dashboardValidationMessages": messages})
    is_new = name not in _dashboard_table(region)
    _dashboard_table(region)[name] = {"body": body, "modified": region.now()}
    if is_new and "Tags" in members:
        set_tags(region, _arn(region, name), members["Tags"])
    return {"DashboardValidationMessages": []}


def get_dashboard(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetDashboard."""
    name = members["DashboardName"]
    body = _existing(region, name)["body"]
    return {"DashboardArn": _arn(region, name), "DashboardBody": body, "DashboardName": name}


def list_dashboards(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListDashboards, by prefix."""
    prefix = members.get("DashboardNamePrefix", "")
    names = sorted(name for name in _dashboard_table(region) if name.startswith(prefix))
    page, token = cut_page(
        region,
        names,
        str,
        operation="ListDashboards",
        token=members.get("NextToken"),
        size=_PAGE_SIZE,
        refusal=AwsError("InvalidParameterValue", "Request parameter NextToken is invalid"),
    )
    entries = [
        {
            "DashboardName": name,
            "DashboardArn": _arn(region, name),
            "LastModified": _dashboard_table(region)[name]["modified"],
            "Size": len(_dashboard_table(region)[name]["body"].encode()),
        }
        for name in page
    ]
    return {"DashboardEntries": entries, "NextToken": token}


def delete_dashboards(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteDashboards: all of them, or none when one is unknown."""
    if not members["DashboardNames"]:
        raise AwsError("InvalidParameterValue", "Need at least 1 dashboard")
    for name in members["DashboardNames"]:
        _existing(region, name)
    for name in dict.fromkeys(members["DashboardNames"]):
        del _dashboard_table(region)[name]
        set_tags(region, _arn(region, name), None)
    return {}


def _wrong(body: str) -> Iterator[tuple[str, str]]:
    """Where and how a body is no dashboard."""
    try:
        document = json.loads(body)
    except ValueError as error:
        yield "/", f"The body is no JSON: {error}"
        return
    if not isinstance(document, dict) or not isinstance(document.get("widgets", []), list):
        yield "/", "The body must be an object whose widgets are a list"
        return
    widgets = document.get("widgets", [])
    if len(widgets) > _MAXIMUM_WIDGETS:
        yield "/widgets", f"Should NOT have more than {_MAXIMUM_WIDGETS} items"
    for number, widget in enumerate(widgets):
        if not isinstance(widget, dict):
            yield f"/widgets/{number}", "Should be object"
        elif widget.get("type") not in _WIDGET_TYPES:
            yield f"/widgets/{number}/type", "Should match exactly one schema in oneOf"
        elif not isinstance(widget.get("properties"), dict):
            yield f"/widgets/{number}", "Should have required property 'properties'"


def _existing(region: Region, name: str) -> dict[str, Any]:
    found = _dashboard_table(region).get(name)
    if found is None:
        raise AwsError("ResourceNotFound", f"Dashboard {name} does not exist", 404)
    return found


def _arn(region: Region, name: str) -> str:
    return f"arn:aws:cloudwatch::{region.account}:dashboard/{name}"


def _dashboard_table(region: Region) -> Table:
    return region.table("dashboards")
