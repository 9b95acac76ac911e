"""Pages of CloudWatch Logs, with its refusal of a token that it never gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.logs.store import LogEvent, invalid

Item = TypeVar("Item")

MAXIMUM_EVENTS = 10_000  # in one page
MAXIMUM_BYTES = 1_048_576


def cut(
    region: Region,
    operation: str,
    members: Mapping[str, Any],
    items: Sequence[Item],
    identify: Callable[[Item], str],
    size: int,
) -> tuple[list[Item], str | None]:
    """The page that a request asks for, and the next token; raises InvalidParameterException for a wrong token."""
    return cut_page(
        region,
        items,
        identify,
        operation=operation,
        token=members.get("nextToken"),
        size=members.get("limit", size),
        refusal=invalid("The specified nextToken is invalid."),
    )


def cut_events(
    region: Region, operation: str, members: Mapping[str, Any], events: Sequence[LogEvent]
) -> tuple[Sequence[LogEvent], str | None]:
    """The page of events that a request asks for: no more than its limit, and no more than a megabyte."""
    pages: list[Sequence[LogEvent]] = []
    rest = events
    while rest:
        page = fitting(rest, members.get("limit", MAXIMUM_EVENTS))
        pages.append(page)
        rest = rest[len(page) :]
    found, token = cut(region, operation, {**members, "limit": 1}, pages, lambda page: page[-1].id, 1)
    return (found[0] if found else []), token


def fitting(events: Sequence[LogEvent], limit: int) -> Sequence[LogEvent]:
    """As many events from the start as one page may have; at least one."""
    room = MAXIMUM_BYTES
    for number, event in enumerate(events[:limit]):
        room -= event.size()
        if room < 0 and number:
            return events[:number]
    return events[:limit]
