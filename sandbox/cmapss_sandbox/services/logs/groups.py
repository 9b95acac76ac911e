"""Log groups: created, described, kept for so many days, tagged, protected, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.logs.paging import cut
from cmapss_sandbox.services.logs.store import (
    drop_stream,
    existing_group,
    forget_expired,
    group_of,
    group_table,
    invalid,
    milliseconds,
    streams_of,
)

_DESCRIBE_LIMIT = 50
_MAXIMUM_TAGS = 50
_RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def create_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """CreateLogGroup."""
    name = members["logGroupName"]
    if name in group_table(region):
        raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
    kept = ("tags", "kmsKeyId", "logGroupClass", "deletionProtectionEnabled")
    given = {member: members[member] for member in kept if member in members}
    group_table(region)[name] = {"creationTime": milliseconds(region), **given}
    return {}


def delete_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteLogGroup, with its streams and events, unless it is protected."""
    group = existing_group(region, members)
    if group_table(region)[group].get("deletionProtectionEnabled"):
        raise AwsError("ValidationException", "The specified log group has deletion protection enabled.")
    for stream in list(streams_of(region, group)):
        drop_stream(region, group, stream)
    del group_table(region)[group]
    return {}


def put_log_group_deletion_protection(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutLogGroupDeletionProtection."""
    _change(region, existing_group(region, members), deletionProtectionEnabled=members["deletionProtectionEnabled"])
    return {}


def describe_log_groups(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeLogGroups, by prefix, by a part of the name, or by identifiers."""
    names = sorted(_wanted(region, members))
    page, token = cut(region, "DescribeLogGroups", members, names, str, _DESCRIBE_LIMIT)
    brief = "logGroupNamePattern" in members  # AWS then tells no more than this of each
    groups = []
    for name in page:
        described = _described(region, name)
        groups.append(
            {member: described[member] for member in ("logGroupName", "arn", "creationTime")} if brief else described
        )
    return {"logGroups": groups, "nextToken": token}


def put_retention_policy(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutRetentionPolicy: what is older than so many days of the region's clock is gone."""
    group, days = existing_group(region, members), members["retentionInDays"]
    if days not in _RETENTIONS:
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member "
            f"must satisfy enum value set: [{', '.join(map(str, _RETENTIONS))}]"
        )
    _change(region, group, retentionInDays=days)
    forget_expired(region, group)
    return {}


def delete_retention_policy(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteRetentionPolicy: from now on nothing is forgotten."""
    group = existing_group(region, members)
    forget_expired(region, group)
    _change(region, group, retentionInDays=None)
    return {}


def tag_resource(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """TagResource, by the group's ARN."""
    return _tag(region, _tagged(region, members["resourceArn"]), members["tags"])


def tag_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """TagLogGroup, which AWS keeps for old clients."""
    return _tag(region, existing_group(region, members), members["tags"])


def untag_resource(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """UntagResource, by the group's ARN; keys that it does not have are no error."""
    return _untag(region, _tagged(region, members["resourceArn"]), members["tagKeys"])


def untag_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """UntagLogGroup, which AWS keeps for old clients."""
    return _untag(region, existing_group(region, members), members["tags"])


def list_tags_for_resource(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListTagsForResource, by the group's ARN."""
    return {"tags": _tags(region, _tagged(region, members["resourceArn"]))}


def list_tags_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListTagsLogGroup, which AWS keeps for old clients."""
    return {"tags": _tags(region, existing_group(region, members))}


def _wanted(region: Region, members: Mapping[str, Any]) -> Iterable[str]:
    groups = group_table(region)
    prefix, part = members.get("logGroupNamePrefix"), members.get("logGroupNamePattern")
    if prefix is not None and part is not None:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    identifiers = members.get("logGroupIdentifiers")
    if identifiers is not None:
        if prefix is not None or part is not None:
            raise invalid("logGroupIdentifiers cannot be given together with another filter.")
        return {group_of(identifier) for identifier in identifiers} & groups.keys()
    kind = members.get("logGroupClass")
    return (
        name
        for name, record in groups.items()
        if name.startswith(prefix or "")
        and (part or "") in name
        and kind in (None, record.get("logGroupClass", "STANDARD"))
    )


def _described(region: Region, name: str) -> dict[str, Any]:
    forget_expired(region, name)
    record, arn = group_table(region)[name], region.arn("logs", f"log-group:{name}")
    own = ("creationTime", "retentionInDays", "kmsKeyId", "deletionProtectionEnabled")
    return {
        "logGroupName": name,
        **{member: record[member] for member in own if member in record},
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "logGroupClass": record.get("logGroupClass", "STANDARD"),
        "storedBytes": sum(stream.get("bytes", 0) for stream in streams_of(region, name).values()),
    }


def _change(region: Region, group: str, **members: Any) -> None:
    record = {**group_table(region)[group], **members}
    group_table(region)[group] = {member: value for member, value in record.items() if value is not None}


def _tagged(region: Region, arn: str) -> str:
    group = group_of(arn)
    if not arn.startswith("arn:") or group not in group_table(region):
        raise AwsError("ResourceNotFoundException", "The specified resource does not exist.")
    return group


def _tags(region: Region, group: str) -> dict[str, str]:
    return dict(group_table(region)[group].get("tags", {}))


def _tag(region: Region, group: str, tags: Mapping[str, str]) -> dict[str, Any]:
    together = {**_tags(region, group), **tags}
    if len(together) > _MAXIMUM_TAGS:
        raise AwsError("TooManyTagsException", f"A log group can have at most {_MAXIMUM_TAGS} tags.")
    _change(region, group, tags=together)
    return {}


def _untag(region: Region, group: str, keys: Iterable[str]) -> dict[str, Any]:
    gone = set(keys)
    _change(region, group, tags={key: value for key, value in _tags(region, group).items() if key not in gone})
    return {}
