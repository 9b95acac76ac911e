"""List calls: sorted, cut into pages, and only then filtered, so that a page may be empty and not the last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record

_DEFAULT_PAGE = 10

# A list request's filter: the member of the record that it looks at, and what makes the record pass.
_FILTERS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "CreationTimeAfter": ("CreationTime", lambda value, wanted: value >= wanted),
    "CreationTimeBefore": ("CreationTime", lambda value, wanted: value < wanted),
    "LastModifiedTimeAfter": ("LastModifiedTime", lambda value, wanted: value >= wanted),
    "LastModifiedTimeBefore": ("LastModifiedTime", lambda value, wanted: value < wanted),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list operation answers, and in which order when the caller does not say."""

    operation: str
    answer: str
    name: str
    sort_members: Mapping[str, str]
    default_sort: str
    default_order: str
    status: str | None = None


def list_page(
    region: Region,
    listing: Listing,
    request: Mapping[str, Any],
    records: Iterable[Record],
    summarise: Callable[[Record], dict[str, Any]],
) -> dict[str, Any]:
    """The answer to a list request over the given records."""
    member = listing.sort_members[request.get("SortBy", listing.default_sort)]
    descending = request.get("SortOrder", listing.default_order) == "Descending"
    ordered = sorted(records, key=lambda record: (record[member], record[listing.name]), reverse=descending)
    page, token = cut_page(
        region,
        ordered,
        lambda record: str(record[listing.name]),
        operation=listing.operation,
        token=request.get("NextToken"),
        size=request.get("MaxResults", _DEFAULT_PAGE),
        asked=request,
    )
    passed = [summarise(record) for record in page if _passes(listing, request, record)]
    return {listing.answer: passed, "NextToken": token}


def by_creation(operation: str, answer: str, name: str) -> Listing:
    """The listing of what has a name and a time of creation, the newest first."""
    members = {"Name": name, "CreationTime": "CreationTime"}
    return Listing(operation, answer, name, members, "CreationTime", "Descending")


def summary(*members: str) -> Callable[[Record], dict[str, Any]]:
    """Makes a list's row of those members of a record that it has."""
    return lambda record: {member: record[member] for member in members if member in record}


def _passes(listing: Listing, request: Mapping[str, Any], record: Record) -> bool:
    if request.get("NameContains", "") not in record[listing.name]:
        return False
    if listing.status and request.get("StatusEquals") not in (None, record[listing.status]):
        return False
    return all(passes(record[member], request[name]) for name, (member, passes) in _FILTERS.items() if name in request)
