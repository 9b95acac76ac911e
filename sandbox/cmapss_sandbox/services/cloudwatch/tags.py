"""Tags of alarms and dashboards: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.store import Table

_MAXIMUM_TAGS = 50
_ARN = re.compile(r"arn:aws[\w-]*:cloudwatch:([\w-]*):(\d*):(alarm:|dashboard/)(.+)")
_TABLES = {"alarm:": "alarms", "dashboard/": "dashboards"}


def tag_resource(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """TagResource; a key that is there gets the new value."""
    arn = _existing(region, members["ResourceARN"])
    set_tags(region, arn, members["Tags"])
    return {}


def untag_resource(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """UntagResource; keys that the resource does not have are no error."""
    arn = _existing(region, members["ResourceARN"])
    tags = _tag_table(region).get(arn, {})
    _tag_table(region)[arn] = {key: value for key, value in tags.items() if key not in members["TagKeys"]}
    return {}


def list_tags_for_resource(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListTagsForResource."""
    tags = _tag_table(region).get(_existing(region, members["ResourceARN"]), {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def set_tags(region: Region, arn: str, tags: Sequence[Mapping[str, str]] | None) -> None:
    """Give a resource tags in addition to those it has, or take all away with None.

    Raises InvalidParameterValue when they would be more than 50.
    """
    if tags is None:
        _tag_table(region).pop(arn, None)
        return
    together = {**_tag_table(region).get(arn, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
    if len(together) > _MAXIMUM_TAGS:
        raise AwsError("InvalidParameterValue", f"A resource can have at most {_MAXIMUM_TAGS} tags.")
    _tag_table(region)[arn] = together


def _existing(region: Region, arn: str) -> str:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise AwsError("InvalidParameterValue", f"Invalid arn syntax: {arn}")
    there = (match[1] or region.name, match[2]) == (region.name, region.account)
    if not there or match[4] not in region.table(_TABLES[match[3]]):
        raise AwsError("ResourceNotFoundException", f"The resource {arn} does not exist.", 404)
    return arn


def _tag_table(region: Region) -> Table:
    return region.table("cloudwatch_tags")
