"""An operation as a line of their list: its cells, fields, order and place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.filters import Value
from cmapss_tui.operations.states import status_content
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Place
    from cmapss_core.plans.running.operations import OperationSummary

SANDBOX_ACCOUNT = "000000000000"
ELSEWHERE = "↗"
COLUMNS = (
    Column("status", "status", 13),
    Column("intention", "intention", 12),
    Column("target", "target", elide="middle"),
    Column("started", "started", 10, "right"),
    Column("took", "took", 7, "right"),
    Column("steps", "steps", 6, "right"),
)
PLACE_COLUMN = Column("place", "account and region", 27, shown_from=100)
SORTED_BY = ("started", "status", "intention", "target", "took", "steps", "place")
FIELDS = ("status", "intention", "target", "id", "account", "region", "started", "took", "steps")


class Here:
    """Where the console is: what was begun elsewhere is taken up there."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region

    def has(self, row: OperationSummary) -> bool:
        """Whether it was begun in this place, as far as both are known."""
        place = row.operation.place
        if place is None:
            return True
        return place.region == self.region and self.account in ("", place.account)


def cell(row: OperationSummary, column: str, now: datetime | None) -> Cell:
    """What a column says of an operation, `now` being the region's time, None where that is not known yet."""
    operation = row.operation
    match column:
        case "status":
            return status_content(operation.status)
        case "intention":
            return operation.intention
        case "target":
            return operation.target
        case "started":
            return formats.NOTHING if now is None else f"{formats.age((now - operation.started).total_seconds())} ago"
        case "took":
            if not row.in_hand or (now is None and operation.status == "running"):
                return formats.NOTHING
            return formats.duration(row.seconds_in_hand(now or operation.started))
        case "steps":
            known = row.steps_done is not None and operation.status != "rolled_back"
            return f"{row.steps_done}/{row.steps}" if known else formats.NOTHING
        case _:
            return place_words(operation.place)


def place_words(place: Place | None) -> str:
    """An account and a region; the account of every sandbox is called what it is."""
    if place is None:
        return formats.NOTHING
    return f"{'sandbox' if place.account == SANDBOX_ACCOUNT else place.account} {place.region}"


def words(row: OperationSummary) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    operation = row.operation
    return f"{operation.id} {operation.target} {operation.status.replace('_', ' ')}".lower()


def field(row: OperationSummary, now: datetime, name: str) -> Value:
    """What a filter's field is for an operation."""
    operation, place = row.operation, row.operation.place
    values: dict[str, Callable[[], Value]] = {
        "status": lambda: operation.status,
        "intention": lambda: operation.intention,
        "target": lambda: operation.target,
        "id": lambda: operation.id,
        "account": lambda: place.account if place else None,
        "region": lambda: place.region if place else None,
        "started": lambda: operation.started,
        "took": lambda: row.seconds_in_hand(now),
        "steps": lambda: row.steps_done,
        "place": lambda: place_words(place),
    }
    return values[name]()


def ordered(
    rows: Sequence[OperationSummary], by: str, now: datetime, *, descending: bool
) -> Sequence[OperationSummary]:
    """The rows in the order of a column, those without a value last; among equals the newest first, as they come."""
    if by == "started" and descending:
        return rows
    valued = [(row, value) for row in rows if (value := field(row, now, by)) is not None]
    valued.sort(key=lambda pair: pair[1], reverse=descending)
    return [row for row, _ in valued] + [row for row in rows if field(row, now, by) is None]


def title(rows: Sequence[OperationSummary], target: str | None, elsewhere: int) -> Content:
    """How many there are, how many of them want attention, and how many were begun elsewhere."""
    head = Content.styled(f"Operations of {target}" if target else "Operations", "bold")
    if not rows:
        return head
    running, waiting = (sum(row.operation.status == status for row in rows) for status in ("running", "open"))
    counts = [f"{count} {words}" for count, words in ((running, "running"), (waiting, "open")) if count]
    return Content.assemble(
        head,
        f"  {formats.count(len(rows))}",
        (f"  {', '.join(counts)}", theme.WARN if waiting else theme.BUSY),
        (f"   {ELSEWHERE} {formats.count(elsewhere)} elsewhere" if elsewhere else "", theme.QUIET),
    )


def sheet_of(rows: Sequence[OperationSummary]) -> Sheet:
    """The list as data, under the names that the verb's JSON has."""
    from cmapss_tui.documents import operation_document

    documents = [operation_document(row.operation) for row in rows]
    names = ("id", "intention", "target", "status", "started", "ended", "account", "region")
    return Sheet("operations", names, [[document[name] for name in names] for document in documents])
