"""CloudWatch Logs: groups, streams and events, written by clients and by the region's own containers."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Handler, Region, RequestContext
from cmapss_sandbox.store import Table

SERVICE = "logs"

_DESCRIBE_LIMIT = 50
_EVENTS_LIMIT = 10_000
_EVENT_OVERHEAD_BYTES = 26  # what CloudWatch Logs adds to an event's size
_OLDEST, _NEWEST = timedelta(days=14), timedelta(hours=2)
_SEPARATOR = ":"  # in neither a group's nor a stream's name


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a stream; times are Unix milliseconds."""

    stream: str
    timestamp: int
    message: str
    ingested: int
    id: str


def append(region: Region, group: str, stream: str, messages: Iterable[str]) -> None:
    """Write messages at the region's time, into a group and a stream that are made when they are new."""
    now = _milliseconds(region)
    _groups(region).setdefault(group, {"creationTime": now})
    _streams(region).setdefault(f"{group}{_SEPARATOR}{stream}", {"creationTime": now})
    _write(region, group, stream, [(now, message) for message in messages])


def stream_exists(region: Region, group: str, stream: str) -> bool:
    """Whether something has been written to the stream, or it was created."""
    return f"{group}{_SEPARATOR}{stream}" in _streams(region)


def instance_id(endpoint: str, variant: str, number: int = 1) -> str:
    """The EC2 instance that stands behind a variant, as it shows in the names of log streams."""
    return f"i-0{hashlib.sha256(f'{endpoint}/{variant}/{number}'.encode()).hexdigest()[:16]}"


def create_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """CreateLogGroup."""
    name = members["logGroupName"]
    if name in _groups(region):
        raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
    _groups(region)[name] = {"creationTime": _milliseconds(region)}
    return {}


def create_log_stream(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """CreateLogStream."""
    key = _SEPARATOR.join((_existing_group(region, members), members["logStreamName"]))
    if key in _streams(region):
        raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
    _streams(region)[key] = {"creationTime": _milliseconds(region)}
    return {}


def delete_log_group(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteLogGroup, with its streams and events."""
    group = _existing_group(region, members)
    for stream in list(_streams_of(region, group)):
        _drop_stream(region, group, stream)
    del _groups(region)[group]
    return {}


def delete_log_stream(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DeleteLogStream, with its events."""
    _drop_stream(region, *_existing_stream(region, members))
    return {}


def describe_log_groups(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeLogGroups, by prefix or by a part of the name."""
    prefix, part = members.get("logGroupNamePrefix", ""), members.get("logGroupNamePattern", "").lower()
    names = sorted(name for name in _groups(region) if name.startswith(prefix) and part in name.lower())
    page, token = _page(region, "DescribeLogGroups", members, names, str, _DESCRIBE_LIMIT)
    groups = []
    for name in page:
        arn = region.arn("logs", f"log-group:{name}")
        groups.append(
            {
                "logGroupName": name,
                "creationTime": _groups(region)[name]["creationTime"],
                "metricFilterCount": 0,
                "arn": f"{arn}:*",
                "logGroupArn": arn,
                "logGroupClass": "STANDARD",
                "storedBytes": sum(stream.get("bytes", 0) for stream in _streams_of(region, name).values()),
            }
        )
    return {"logGroups": groups, "nextToken": token}


def describe_log_streams(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """DescribeLogStreams, by name or by the time of the last event."""
    group = _existing_group(region, members)
    prefix = members.get("logStreamNamePrefix", "")
    by_time = members.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise _invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    streams = [(name, record) for name, record in _streams_of(region, group).items() if name.startswith(prefix)]
    streams.sort(
        key=lambda item: (item[1].get("lastEventTimestamp", 0) if by_time else 0, item[0]),
        reverse=members.get("descending", False),
    )
    page, token = _page(region, "DescribeLogStreams", members, streams, lambda item: item[0], _DESCRIBE_LIMIT)
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


def put_log_events(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutLogEvents; events too old or too new are left out and said to be."""
    group, stream = _existing_stream(region, members)
    events = [(event["timestamp"], event["message"]) for event in members["logEvents"]]
    times = [timestamp for timestamp, _ in events]
    if times != sorted(times):
        raise _invalid("Log events in a single PutLogEvents request must be in chronological order.")
    now = _milliseconds(region)
    oldest, newest = (now + int(delta.total_seconds() * 1000) for delta in (-_OLDEST, _NEWEST))
    kept = [index for index, time in enumerate(times) if oldest <= time <= newest]
    _write(region, group, stream, [events[index] for index in kept])
    rejected = {}
    if any(time < oldest for time in times):
        rejected["tooOldLogEventEndIndex"] = sum(time < oldest for time in times)
    if any(time > newest for time in times):
        rejected["tooNewLogEventStartIndex"] = next(i for i, time in enumerate(times) if time > newest)
    token = str(_streams(region)[f"{group}{_SEPARATOR}{stream}"].get("appended", 0)).rjust(56, "0")
    return {"nextSequenceToken": token, "rejectedLogEventsInfo": rejected or None}


def get_log_events(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetLogEvents: the newest unless startFromHead, oldest first; at either end the same token comes back."""
    group, stream = _existing_stream(region, members)
    numbered = list(enumerate(_events(region, group, [stream])))
    limit, token = members.get("limit", _EVENTS_LIMIT), members.get("nextToken")
    match = re.fullmatch(r"([fb])/(\d{56})", token) if token else None
    if token and not match:
        raise _invalid("The specified nextToken is invalid.")
    forward, position = (match[1] == "f", int(match[2])) if match else (members.get("startFromHead", False), None)
    if position is not None:
        numbered = [(n, event) for n, event in numbered if (n >= position if forward else n < position)]
    wanted = [(n, event) for n, event in numbered if _within(event, members)]
    page = wanted[:limit] if forward else wanted[-limit:]
    first, after = (page[0][0], page[-1][0] + 1) if page else (position or 0, position or 0)
    return {
        "events": [
            {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested}
            for _, event in page
        ],
        "nextForwardToken": f"f/{after:056d}",
        "nextBackwardToken": f"b/{first:056d}",
    }


def filter_log_events(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """FilterLogEvents, over the streams of a group, by time and by terms."""
    group = _existing_group(region, members)
    prefix, names = members.get("logStreamNamePrefix", ""), members.get("logStreamNames")
    if names and prefix:
        raise _invalid("logStreamNamePrefix and logStreamNames cannot be given together.")
    streams = [name for name in _streams_of(region, group) if (name in names if names else name.startswith(prefix))]
    matches = _matcher(members.get("filterPattern", ""))
    events = [event for event in _events(region, group, streams) if _within(event, members) and matches(event.message)]
    page, token = _page(region, "FilterLogEvents", members, events, lambda event: event.id, _EVENTS_LIMIT)
    described = [
        {
            "logStreamName": event.stream,
            "timestamp": event.timestamp,
            "message": event.message,
            "ingestionTime": event.ingested,
            "eventId": event.id,
        }
        for event in page
    ]
    return {"events": described, "searchedLogStreams": [], "nextToken": token}


OPERATIONS: dict[str, Handler] = {
    "CreateLogGroup": create_log_group,
    "CreateLogStream": create_log_stream,
    "DeleteLogGroup": delete_log_group,
    "DeleteLogStream": delete_log_stream,
    "DescribeLogGroups": describe_log_groups,
    "DescribeLogStreams": describe_log_streams,
    "FilterLogEvents": filter_log_events,
    "GetLogEvents": get_log_events,
    "PutLogEvents": put_log_events,
}


def _groups(region: Region) -> Table:
    return region.table("log_groups")


def _streams(region: Region) -> Table:
    return region.table("log_streams")


def _streams_of(region: Region, group: str) -> dict[str, Mapping[str, Any]]:
    prefix = group + _SEPARATOR
    return {key.removeprefix(prefix): record for key, record in _streams(region).items() if key.startswith(prefix)}


def _event_table(region: Region, group: str, stream: str) -> Table:
    """The events of one stream: what was written together is one record, numbered."""
    return region.table(_SEPARATOR.join(("log_events", group, stream)))


def _write(region: Region, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
    if not events:
        return
    now, key = _milliseconds(region), f"{group}{_SEPARATOR}{stream}"
    record = _streams(region)[key]
    number = record.get("appended", 0) + 1
    _event_table(region, group, stream)[str(number)] = {"ingested": now, "events": [list(event) for event in events]}
    times = [timestamp for timestamp, _ in events]
    _streams(region)[key] = {
        **record,
        "firstEventTimestamp": min(record.get("firstEventTimestamp", times[0]), *times),
        "lastEventTimestamp": max(record.get("lastEventTimestamp", times[0]), *times),
        "lastIngestionTime": now,
        "appended": number,
        "bytes": record.get("bytes", 0) + sum(len(message.encode()) + _EVENT_OVERHEAD_BYTES for _, message in events),
    }


def _events(region: Region, group: str, streams: Iterable[str]) -> list[LogEvent]:
    """The events of the streams in order of time."""
    return sorted(
        (event for stream in streams for event in _events_of(region, group, stream)), key=lambda event: event.timestamp
    )


def _events_of(region: Region, group: str, stream: str) -> Iterator[LogEvent]:
    for number, record in _event_table(region, group, stream).items():
        for index, (timestamp, message) in enumerate(record["events"]):
            identity = hashlib.sha256(f"{group}:{stream}:{number}:{index}".encode()).hexdigest()
            yield LogEvent(stream, timestamp, message, record["ingested"], str(int(identity, 16))[:56])


def _within(event: LogEvent, members: Mapping[str, Any]) -> bool:
    start, end = members.get("startTime", 0), members.get("endTime")
    return event.timestamp >= start and (end is None or event.timestamp < end)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """The test of a filter pattern of terms: all of them, none of the -terms, one of the ?terms."""
    if pattern.lstrip().startswith(("{", "[", "%")):
        raise _invalid('This region filters by terms only: give words, "phrases", -excluded or ?alternative ones.')
    try:
        terms = shlex.split(pattern)
    except ValueError as error:
        raise _invalid(f"Invalid filter pattern: {error}") from error
    needed = [term for term in terms if term[0] not in "-?"]
    excluded, alternatives = ([term[1:] for term in terms if term[0] == sign] for sign in "-?")
    return lambda message: (
        all(term in message for term in needed)
        and not any(term in message for term in excluded)
        and (not alternatives or any(term in message for term in alternatives))
    )


def _page(
    region: Region,
    operation: str,
    members: Mapping[str, Any],
    items: Sequence[Any],
    identify: Callable[[Any], str],
    size: int,
) -> tuple[list[Any], str | None]:
    token = members.get("nextToken")
    try:
        return cut_page(region, items, identify, operation=operation, token=token, size=members.get("limit", size))
    except AwsError as error:
        raise _invalid("The specified nextToken is invalid.") from error


def _existing_group(region: Region, members: Mapping[str, Any]) -> str:
    identifier: str = members.get("logGroupName") or members.get("logGroupIdentifier", "")
    group = identifier.partition(":log-group:")[2] or identifier
    if group not in _groups(region):
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


def _existing_stream(region: Region, members: Mapping[str, Any]) -> tuple[str, str]:
    group, stream = _existing_group(region, members), members["logStreamName"]
    if f"{group}{_SEPARATOR}{stream}" not in _streams(region):
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    return group, stream


def _drop_stream(region: Region, group: str, stream: str) -> None:
    _event_table(region, group, stream).clear()
    del _streams(region)[f"{group}{_SEPARATOR}{stream}"]


def _milliseconds(region: Region) -> int:
    return int(region.now().timestamp() * 1000)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
