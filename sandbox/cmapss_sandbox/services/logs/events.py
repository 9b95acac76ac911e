"""Log events: put, read along one stream in either direction, and filtered over the streams of a group."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.logs.paging import MAXIMUM_BYTES, MAXIMUM_EVENTS, cut_events, fitting
from cmapss_sandbox.services.logs.patterns import matcher
from cmapss_sandbox.services.logs.store import (
    DAY_MILLISECONDS,
    LogEvent,
    event_size,
    events_of,
    existing_group,
    existing_stream,
    forget_expired,
    invalid,
    milliseconds,
    oldest_kept,
    stream_key,
    stream_table,
    streams_of,
    write,
)

_OLDEST, _NEWEST = timedelta(days=14), timedelta(hours=2)
_TOKEN = re.compile(r"([fb])/(\d{56})")
_EARLIEST_DESCENDING = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)


def put_log_events(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutLogEvents; events too old or too new are left out and said to be, a sequence token is not looked at."""
    group, stream = existing_stream(region, members)
    events = [(event["timestamp"], event["message"]) for event in members["logEvents"]]
    _check_sizes([message for _, message in events])
    times = [timestamp for timestamp, _ in events]
    if times != sorted(times):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    now, expired = milliseconds(region), oldest_kept(region, group)
    oldest, newest = (now + int(delta.total_seconds() * 1000) for delta in (-_OLDEST, _NEWEST))
    kept = [event for event in events if max(oldest, expired) <= event[0] <= newest]
    if kept and kept[-1][0] - kept[0][0] > DAY_MILLISECONDS:
        raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    write(region, group, stream, kept)
    rejected = {}
    if times[0] < oldest:
        rejected["tooOldLogEventEndIndex"] = sum(time < oldest for time in times)
    if any(oldest <= time < expired for time in times):
        rejected["expiredLogEventEndIndex"] = sum(time < expired for time in times)
    if times[-1] > newest:
        rejected["tooNewLogEventStartIndex"] = sum(time <= newest for time in times)
    token = str(stream_table(region)[stream_key(group, stream)].get("appended", 0)).rjust(56, "0")
    return {"nextSequenceToken": token, "rejectedLogEventsInfo": rejected or None}


def get_log_events(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetLogEvents: the newest unless startFromHead, oldest first; at either end the same token comes back.

    A token stands for a place between two events, so that those which come later are found from there.
    """
    group, stream = existing_stream(region, members)
    forget_expired(region, group)
    end = members.get("endTime")
    events = [event for event in events_of(region, group, [stream]) if end is None or event.timestamp < end]
    events = _since(events, members)
    forward, place = _place(members)
    limit = members.get("limit", MAXIMUM_EVENTS)
    if place is not None:
        at = bisect_left(events, place, key=lambda event: event.id)
        events = events[at:] if forward else events[:at]
    page = fitting(events, limit) if forward else fitting(events[::-1], limit)[::-1]
    first = page[0].id if page else place or "0" * 56
    after = str(int(page[-1].id) + 1).rjust(56, "0") if page else first
    return {
        "events": [
            {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested} for event in page
        ],
        "nextForwardToken": f"f/{after}",
        "nextBackwardToken": f"b/{first}",
    }


def filter_log_events(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """FilterLogEvents, over the streams of a group, by time and by pattern."""
    group = existing_group(region, members)
    prefix, names = members.get("logStreamNamePrefix"), members.get("logStreamNames")
    if names is not None and prefix is not None:
        raise invalid("logStreamNamePrefix and logStreamNames cannot be given together.")
    newest_first = not members.get("startFromHead", True)
    if newest_first and members.get("startTime", 0) < _EARLIEST_DESCENDING:
        raise invalid("startFromHead can be false only with a startTime on or after 2024-01-01T00:00:00Z.")
    forget_expired(region, group)
    streams = [
        name for name in streams_of(region, group) if name.startswith(prefix or "") and (names is None or name in names)
    ]
    matches = matcher(members.get("filterPattern", ""))
    end = members.get("endTime")
    events = [
        event
        for event in _since(events_of(region, group, streams), members)
        if (end is None or event.timestamp <= end) and matches(event.message)
    ]
    if newest_first:
        events.reverse()
    page, token = cut_events(region, "FilterLogEvents", members, events)
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


def _check_sizes(messages: Sequence[str]) -> None:
    sizes = [event_size(message) for message in messages]
    for size in sizes:
        if size > MAXIMUM_BYTES:
            raise invalid(f"Log event too large: {size} bytes exceeds limit of {MAXIMUM_BYTES}")
    if sum(sizes) > MAXIMUM_BYTES:
        raise invalid(f"Upload too large: {sum(sizes)} bytes exceeds limit of {MAXIMUM_BYTES}")


def _since(events: list[LogEvent], members: Mapping[str, Any]) -> list[LogEvent]:
    start = members.get("startTime", 0)
    return [event for event in events if event.timestamp >= start]


def _place(members: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Which way a request reads, and from where."""
    token = members.get("nextToken")
    if token is None:
        return members.get("startFromHead", False), None
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise invalid("The specified nextToken is invalid.")
    return match[1] == "f", match[2]
