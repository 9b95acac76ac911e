"""CloudWatch Logs: groups, streams and events, written by clients and by the region's own containers."""

from __future__ import annotations

import hashlib

from cmapss_sandbox.region import Handler
from cmapss_sandbox.services.logs import events, groups, streams
from cmapss_sandbox.services.logs.store import append, stream_exists

__all__ = ["OPERATIONS", "SERVICE", "append", "instance_id", "stream_exists"]

SERVICE = "logs"

OPERATIONS: dict[str, Handler] = {
    "CreateLogGroup": groups.create_log_group,
    "CreateLogStream": streams.create_log_stream,
    "DeleteLogGroup": groups.delete_log_group,
    "DeleteLogStream": streams.delete_log_stream,
    "DeleteRetentionPolicy": groups.delete_retention_policy,
    "DescribeLogGroups": groups.describe_log_groups,
    "DescribeLogStreams": streams.describe_log_streams,
    "FilterLogEvents": events.filter_log_events,
    "GetLogEvents": events.get_log_events,
    "ListTagsForResource": groups.list_tags_for_resource,
    "ListTagsLogGroup": groups.list_tags_log_group,
    "PutLogEvents": events.put_log_events,
    "PutLogGroupDeletionProtection": groups.put_log_group_deletion_protection,
    "PutRetentionPolicy": groups.put_retention_policy,
    "TagLogGroup": groups.tag_log_group,
    "TagResource": groups.tag_resource,
    "UntagLogGroup": groups.untag_log_group,
    "UntagResource": groups.untag_resource,
}


def instance_id(endpoint: str, variant: str, number: int = 1) -> str:
    """The EC2 instance that stands behind a variant, as it shows in the names of log streams."""
    return f"i-0{hashlib.sha256(f'{endpoint}/{variant}/{number}'.encode()).hexdigest()[:16]}"
