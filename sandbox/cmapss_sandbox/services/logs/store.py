"""Log groups, streams and events as records; what is older than its group's retention is gone when next looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Table

EVENT_OVERHEAD_BYTES = 26  # what CloudWatch Logs adds to an event's size
DAY_MILLISECONDS = 86_400_000

_SEPARATOR = ":"  # in neither a group's nor a stream's name


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a stream; times are Unix milliseconds, the id orders events of one time as they came."""

    stream: str
    timestamp: int
    message: str
    ingested: int
    id: str

    def size(self) -> int:
        """What it counts against the limits, in bytes."""
        return event_size(self.message)


def event_size(message: str) -> int:
    """What a message counts against the limits, in bytes."""
    return len(message.encode()) + EVENT_OVERHEAD_BYTES


def append(region: Region, group: str, stream: str, messages: Iterable[str]) -> None:
    """Write messages at the region's time, into a group and a stream that are made when they are new."""
    now = milliseconds(region)
    group_table(region).setdefault(group, {"creationTime": now})
    stream_table(region).setdefault(stream_key(group, stream), {"creationTime": now})
    write(region, group, stream, [(now, message) for message in messages])


def stream_exists(region: Region, group: str, stream: str) -> bool:
    """Whether something has been written to the stream, or it was created."""
    return stream_key(group, stream) in stream_table(region)


def group_table(region: Region) -> Table:
    """The log groups by name."""
    return region.table("log_groups")


def stream_table(region: Region) -> Table:
    """The log streams of all groups, by stream_key()."""
    return region.table("log_streams")


def stream_key(group: str, stream: str) -> str:
    """The key of a stream."""
    return f"{group}{_SEPARATOR}{stream}"


def streams_of(region: Region, group: str) -> dict[str, Mapping[str, Any]]:
    """The streams of a group by name, in the order in which they were made."""
    prefix = group + _SEPARATOR
    return {key.removeprefix(prefix): record for key, record in stream_table(region).items() if key.startswith(prefix)}


def write(region: Region, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
    """Add (time in milliseconds, message) to a stream that is there."""
    if not events:
        return
    now, key = milliseconds(region), stream_key(group, stream)
    record = stream_table(region)[key]
    number = record.get("appended", 0) + 1
    _event_table(region, group, stream)[str(number)] = {"ingested": now, "events": [list(event) for event in events]}
    times = [timestamp for timestamp, _ in events]
    stream_table(region)[key] = {
        **record,
        "firstEventTimestamp": min(record.get("firstEventTimestamp", times[0]), *times),
        "lastEventTimestamp": max(record.get("lastEventTimestamp", times[0]), *times),
        "lastIngestionTime": now,
        "appended": number,
        "bytes": record.get("bytes", 0) + sum(event_size(message) for _, message in events),
    }


def events_of(region: Region, group: str, streams: Iterable[str]) -> list[LogEvent]:
    """The events of the streams in order of time, of which those older than the group's retention are gone."""
    found = [event for stream in streams for event in _events(region, group, stream)]
    found.sort(key=lambda event: event.id)
    return found


def oldest_kept(region: Region, group: str) -> int:
    """The time, in milliseconds, before which the group keeps nothing."""
    days = group_table(region)[group].get("retentionInDays")
    return 0 if days is None else milliseconds(region) - days * DAY_MILLISECONDS


def forget_expired(region: Region, group: str) -> None:
    """Let go of what is older than the group's retention."""
    oldest = oldest_kept(region, group)
    for stream, record in streams_of(region, group).items() if oldest else ():
        if record.get("firstEventTimestamp", oldest) < oldest:
            _forget_before(region, group, stream, oldest)


def drop_stream(region: Region, group: str, stream: str) -> None:
    """Remove a stream with its events."""
    _event_table(region, group, stream).clear()
    del stream_table(region)[stream_key(group, stream)]


def milliseconds(region: Region) -> int:
    """The region's time in Unix milliseconds."""
    return int(region.now().timestamp() * 1000)


def existing_group(region: Region, members: Mapping[str, Any]) -> str:
    """The group that a request names, by name or ARN; raises ResourceNotFoundException when it is not there."""
    name, identifier = members.get("logGroupName"), members.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.")
    group = name if name is not None else group_of(identifier or "")
    if group not in group_table(region):
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


def existing_stream(region: Region, members: Mapping[str, Any]) -> tuple[str, str]:
    """The group and the stream that a request names; raises ResourceNotFoundException when one is not there."""
    group, stream = existing_group(region, members), members["logStreamName"]
    if not stream_exists(region, group, stream):
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    return group, stream


def group_of(identifier: str) -> str:
    """The name of the group that a name or an ARN, with or without `:*`, stands for."""
    name = identifier.partition(":log-group:")[2] if identifier.startswith("arn:") else identifier
    return name.removesuffix(":*")


def invalid(message: str) -> AwsError:
    """The refusal of CloudWatch Logs for wrong input."""
    return AwsError("InvalidParameterException", message)


def _event_table(region: Region, group: str, stream: str) -> Table:
    """The events of one stream: what was written together is one record, numbered."""
    return region.table(_SEPARATOR.join(("log_events", group, stream)))


def _events(region: Region, group: str, stream: str) -> Iterator[LogEvent]:
    oldest = oldest_kept(region, group)
    which = int(hashlib.sha256(f"{group}:{stream}".encode()).hexdigest(), 16) % 10**12
    for number, record in _event_table(region, group, stream).items():
        for index, (timestamp, message) in enumerate(record["events"]):
            if timestamp >= oldest:
                # Time, ingestion and place, so that the order of ids is that of events; AWS's have 56 digits too.
                id_ = f"{timestamp:015d}{record['ingested']:015d}{int(number):09d}{index:05d}{which:012d}"
                yield LogEvent(stream, timestamp, message, record["ingested"], id_)


def _forget_before(region: Region, group: str, stream: str, oldest: int) -> None:
    table, key = _event_table(region, group, stream), stream_key(group, stream)
    kept: list[tuple[int, str]] = []
    for number, record in list(table.items()):
        events = [event for event in record["events"] if event[0] >= oldest]
        kept += [(timestamp, message) for timestamp, message in events]
        if not events:
            del table[number]
        elif len(events) < len(record["events"]):
            table[number] = {**record, "events": events}
    known = stream_table(region)[key]
    rest = {member: value for member, value in known.items() if not member.endswith("EventTimestamp")}
    times = [timestamp for timestamp, _ in kept]
    span = {"firstEventTimestamp": min(times), "lastEventTimestamp": max(times)} if times else {}
    stream_table(region)[key] = {**rest, **span, "bytes": sum(event_size(message) for _, message in kept)}
