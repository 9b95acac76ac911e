"""Tags of scalable targets: TagResource, UntagResource and ListTagsForResource."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.autoscaling.resources import target_table
from cmapss_sandbox.store import Record

_MAXIMUM_TAGS = 50
_RESERVED = "aws:"


def tag_resource(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """TagResource; a key that the target has already gets the new value."""
    target, arn = _target(region, request), request["ResourceARN"]
    tags = checked_tags(target["_tags"] | request["Tags"], arn)
    target_table(region)[target["ResourceId"]] = {**target, "_tags": tags}
    return {}


def untag_resource(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """UntagResource; keys that the target does not have are no error."""
    target = _target(region, request)
    rest = {key: value for key, value in target["_tags"].items() if key not in request["TagKeys"]}
    target_table(region)[target["ResourceId"]] = {**target, "_tags": rest}
    return {}


def list_tags_for_resource(region: Region, request: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"Tags": _target(region, request)["_tags"]}


def checked_tags(tags: dict[str, str], arn: str) -> dict[str, str]:
    """The tags, if a target may have them: not too many, and no key that is AWS's own."""
    if any(key.lower().startswith(_RESERVED) for key in tags):
        raise validation_exception(f"Tag keys that begin with {_RESERVED} are reserved for AWS use.")
    if len(tags) > _MAXIMUM_TAGS:
        message = f"A scalable target has at most {_MAXIMUM_TAGS} tags."
        raise AwsError("TooManyTagsException", message, members={"ResourceName": arn} if arn else {})
    return tags


def _target(region: Region, request: dict[str, Any]) -> Record:
    arn = request["ResourceARN"]
    for target in target_table(region).values():
        if target["ScalableTargetARN"] == arn:
            return target
    raise AwsError("ResourceNotFoundException", f"There is no scalable target {arn}.", members={"ResourceName": arn})
