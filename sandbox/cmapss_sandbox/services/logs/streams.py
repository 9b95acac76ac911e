"""Log streams: created, described, deleted."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.logs.paging import cut
from cmapss_sandbox.services.logs.store import (
    drop_stream,
    existing_group,
    existing_stream,
    forget_expired,
    invalid,
    milliseconds,
    stream_exists,
    stream_key,
    stream_table,
    streams_of,
)

_DESCRIBE_LIMIT = 50


def create_log_stream(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """CreateLogStream."""
    group, stream = existing_group(region, members), members["logStreamName"]
    if stream_exists(region, group, stream):
        raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
    stream_table(region)[stream_key(group, stream)] = {"creationTime": milliseconds(region)}
    return {}


def delete_log_stream(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteLogStream, with its events."""
    drop_stream(region, *existing_stream(region, members))
    return {}


def describe_log_streams(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeLogStreams, by name or by the time of the last event."""
    group = existing_group(region, members)
    prefix = members.get("logStreamNamePrefix", "")
    by_time = members.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    forget_expired(region, group)
    streams = [(name, record) for name, record in streams_of(region, group).items() if name.startswith(prefix)]
    streams.sort(
        key=lambda item: (item[1].get("lastEventTimestamp", 0) if by_time else 0, item[0]),
        reverse=members.get("descending", False),
    )
    page, token = cut(region, "DescribeLogStreams", members, streams, lambda item: item[0], _DESCRIBE_LIMIT)
    described = [
        {
            "logStreamName": name,
            "arn": region.arn("logs", f"log-group:{group}:log-stream:{name}"),
            "storedBytes": 0,  # AWS has not filled it since 2019
            **{member: value for member, value in record.items() if member not in ("bytes", "appended")},
        }
        for name, record in page
    ]
    return {"logStreams": described, "nextToken": token}
