"""Failed calls as the list of errors shows, filters, sorts and exports them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual.content import Content

from cmapss_core.errors import ErrorKind
from cmapss_core.failed_calls import FailedCall
from cmapss_tui import formats, theme
from cmapss_tui.filters import Value
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.table import Cell, Column

COLUMNS = (
    Column("last", "last", 9),
    Column("kind", "kind", 13),
    Column("operation", "operation", elide="middle"),
    Column("count", "times", 6, "right"),
    Column("about", "about", None, "left", 120, "middle"),
    Column("message", "message"),
    Column("request_id", "request id", 36, "left", 170),
)
FIELDS = ("kind", "operation", "about", "code", "count", "message", "request_id", "status", "last", "first")
_GLYPHS: dict[ErrorKind, tuple[str, str]] = {
    ErrorKind.AUTH: ("✕", theme.BAD),
    ErrorKind.UNREACHABLE: ("✕", theme.BAD),
    ErrorKind.FAILED: ("✕", theme.BAD),
    ErrorKind.DENIED: ("⊘", theme.BAD),
    ErrorKind.THROTTLED: ("◔", theme.WARN),
    ErrorKind.CONFLICT: ("▲", theme.WARN),
    ErrorKind.QUOTA: ("▲", theme.WARN),
    ErrorKind.INVALID: ("▲", theme.WARN),
    ErrorKind.NOT_FOUND: ("○", theme.QUIET),
}
_ORDERS: dict[str, Callable[[FailedCall], Any]] = {
    "last": lambda call: call.event,
    "kind": lambda call: (call.kind, call.event),
    "operation": lambda call: (call.operation, call.event),
    "count": lambda call: (call.count, call.event),
    "about": lambda call: (call.about, call.event),
}
ORDERS = tuple(_ORDERS)
_GREATEST_FIRST = ("last", "count")


def key(call: FailedCall) -> str:
    """What names a row for good."""
    return str(call.number)


def kind(call: FailedCall) -> Content:
    """In which way it failed: glyph and word."""
    glyph, style = _GLYPHS.get(call.kind, ("✕", theme.BAD))
    return Content.styled(f"{glyph} {'not found' if call.answered else call.kind}", style)


def cell(call: FailedCall, column: str) -> Cell:
    """What a column says of a failed call."""
    match column:
        case "last":
            return formats.time_of_day(call.last)
        case "kind":
            return kind(call)
        case "operation":
            return call.operation
        case "count":
            return formats.count(call.count)
        case "about":
            return call.about or formats.NOTHING
        case "message":
            return call.message
        case _:
            return call.request_id or formats.NOTHING


def words(call: FailedCall) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    parts = (call.operation, call.about, call.kind, call.code, call.message, call.request_id)
    return " ".join(part for part in parts if part).lower()


def value(call: FailedCall, field: str) -> Value:
    """What a filter's field is for a failed call."""
    values: dict[str, Value] = {
        "kind": call.kind,
        "operation": call.operation,
        "about": call.about,
        "code": call.code,
        "count": float(call.count),
        "message": call.message,
        "request_id": call.request_id,
        "status": float(call.http_status) if call.http_status is not None else None,
        "last": call.last,
        "first": call.first,
    }
    return values[field]


def descending(order: str, *, turned: bool) -> bool:
    """Whether the greatest comes first."""
    return (order in _GREATEST_FIRST) is not turned


def ordered(calls: Iterable[FailedCall], order: str, *, turned: bool) -> list[FailedCall]:
    """The calls in that order."""
    return sorted(calls, key=_ORDERS[order], reverse=descending(order, turned=turned))


def sheet(calls: Sequence[FailedCall]) -> Sheet:
    """The list as data."""
    columns = (
        "operation", "about", "kind", "code", "http_status", "count", "first", "last", "attempts", "request_id",
        "message", "remedy",
    )  # fmt: skip
    return Sheet("errors", columns, [tuple(getattr(call, column) for column in columns) for call in calls])


def title(calls: Sequence[FailedCall], answers: int, *, shows_answers: bool, answers_key: str) -> Content:
    """How many there are, of which kinds, and what is not shown."""
    head = Content.styled("Errors", "bold")
    counts = {one: sum(call.kind is one for call in calls) for one in ErrorKind}
    kinds = ", ".join(f"{count} {one}" for one, count in counts.items() if count)
    shown = Content.assemble(head, f"  {len(calls)}", (f"  {kinds}", theme.QUIET)) if calls else head
    if not answers or shows_answers:
        return shown
    were = "look-up that found nothing is" if answers == 1 else "look-ups that found nothing are"
    return shown + Content.styled(f"  · {answers} {were} hidden: {answers_key} shows them", theme.QUIET)
