"""The last lines that a container wrote to CloudWatch Logs before it failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind

LINES = 10
_PAGES = 20
NO_CONTAINER = "There is no log group: no container has started, it waited for capacity."


def last_words(aws: Aws, log_group: str, since: datetime) -> tuple[str, ...]:
    """The last lines of the newest stream of a log group, none where they may not be read.

    Without the group no container has started, which is said instead.
    """
    events: list[dict[str, Any]] = []
    start = int(since.timestamp() * 1000)
    try:
        for number, page in enumerate(
            aws.pages("logs", "FilterLogEvents", token="nextToken", logGroupName=log_group, startTime=start)
        ):
            events = [*events, *page.get("events", ())][-1000:]
            if number == _PAGES:
                break
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return (NO_CONTAINER,)
        if not events:
            return ()
    if not events:
        return ()
    events.sort(key=lambda event: int(event["timestamp"]))
    newest = events[-1].get("logStreamName")
    words = [str(event["message"]).rstrip() for event in events if event.get("logStreamName") == newest]
    return tuple(words[-LINES:])
