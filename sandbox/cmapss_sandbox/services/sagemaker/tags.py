"""AddTags, ListTags and DeleteTags."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.resources import find_by_arn, set_tags, tags_of

_PAGE = 50


def add_tags(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """AddTags."""
    kind, name = find_by_arn(region, request["ResourceArn"])
    arn = kind.arn_of(region, name)
    set_tags(region, arn, request["Tags"])
    return {"Tags": tags_of(region, arn)}


def list_tags(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListTags."""
    kind, name = find_by_arn(region, request["ResourceArn"])
    page, token = cut_page(
        region,
        tags_of(region, kind.arn_of(region, name)),
        lambda tag: tag["Key"],
        operation=context.operation,
        token=request.get("NextToken"),
        size=request.get("MaxResults", _PAGE),
        asked=request,
    )
    return {"Tags": page, "NextToken": token}


def delete_tags(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteTags; keys that the resource does not have are no error."""
    kind, name = find_by_arn(region, request["ResourceArn"])
    arn = kind.arn_of(region, name)
    table = region.table("tags")
    deleted = {key.lower() for key in request["TagKeys"]}
    if arn in table:
        table[arn] = {key: value for key, value in table[arn].items() if key.lower() not in deleted}
    return {}
