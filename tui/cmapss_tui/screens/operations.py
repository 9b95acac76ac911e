"""What was begun on this machine, from the journal: what runs, what is open, and what is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from cmapss_tui import formats, theme
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.filters import Value, matches
from cmapss_tui.operations.journal import default_journal
from cmapss_tui.operations.rows import OperationRow, OperationsReader, OperationsSnapshot
from cmapss_tui.operations.states import status_content
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.filtered import FilteredScreen
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

if TYPE_CHECKING:
    from cmapss_core.plans.running.operations import Operation

RUNNING_SECONDS, RESTING_SECONDS = 1.0, 3.0
NONE_YET = "Nothing was begun here yet. What is deployed, changed or deleted is listed here, and can be undone here."
NONE_LEFT = "No operation satisfies the filter."
EXAMPLE = "words   !word   status:open   intention:deploy"
COLUMNS = (
    Column("status", "status", 13),
    Column("intention", "intention", 9),
    Column("target", "target", elide="middle"),
    Column("started", "started", 8, "right"),
    Column("took", "took", 7, "right"),
    Column("steps", "steps", 6, "right"),
    Column("place", "account and region", 28, "left", 116),
)
_FIELDS = ("status", "intention", "target", "id", "account", "region")


@dataclass(frozen=True, slots=True)
class Line:
    """An operation as the list shows it, with its times in words."""

    row: OperationRow
    age: str
    took: str


class OperationsScreen(FilteredScreen):
    """The list of operations. It needs no AWS: the journal is on this machine."""

    AREA: ClassVar[str] = "operations"
    SCOPES: ClassVar[tuple[str, ...]] = ("operations",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("operations")]
    DEFAULT_CSS = """
    OperationsScreen #operations-title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[OperationRow, ...] | None = None
        self._lines: list[Line] = []

    def body(self) -> ComposeResult:
        """Title, filter, list."""
        yield Static(id="operations-title")
        yield FilterBar(EXAMPLE)
        yield VirtualTable(
            COLUMNS, cell, lambda line: line.row.operation.id, empty="Reading the journal …", id="operations"
        )

    @property
    def table(self) -> VirtualTable[Line]:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()
        self.add_poller("operations", OperationsReader(default_journal(), self.aws.clock).read, _interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        snapshot: OperationsSnapshot = message.snapshot
        self._rows = snapshot.rows
        self.show_rows()

    def tick(self) -> None:
        """Ages go on between readings."""
        super().tick()
        if self.is_mounted and self.is_current:
            self.show_rows()

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return _FIELDS

    def why_not(self, action: Action) -> str | None:
        """Without operations there is nothing to open."""
        if action.id == "operations.open" and self.is_mounted and self.table.cursor_row is None:
            return "There is no operation to open."
        return super().why_not(action)

    async def action_open(self) -> None:
        """Show the operation under the cursor."""
        from cmapss_tui.screens.operation import OperationScreen

        line = self.table.cursor_row
        if line is not None:
            await self.app.push_screen(OperationScreen(line.row.operation.id))

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms."""
        if self._rows is None:
            return
        now = self.aws.clock.now()
        lines = [
            line_of(row, now) for row in self._rows if matches(self.terms, words(row), partial(field, row.operation))
        ]
        if lines == self._lines and self.table.rows:
            return
        self._lines = lines
        with self.app.batch_update():
            self.query_one("#operations-title", Static).update(title(self._rows), layout=False)
            self.query_one(FilterBar).show_note(f"{len(lines)} of {len(self._rows)}")
            self.table.show(lines, empty=NONE_LEFT if self.terms else NONE_YET)
        self.refresh_bindings()


def line_of(row: OperationRow, now: datetime) -> Line:
    """The line of an operation, `now` being the region's time."""
    operation = row.operation
    until = now if operation.status == "running" else operation.ended
    return Line(
        row,
        formats.age((now - operation.started).total_seconds()),
        formats.duration((until - operation.started).total_seconds() if until else None),
    )


def cell(line: Line, column: str) -> Cell:
    """What a column says of an operation."""
    row, operation = line.row, line.row.operation
    match column:
        case "status":
            return status_content(operation.status)
        case "intention":
            return operation.intention
        case "target":
            return operation.target
        case "started":
            return line.age
        case "took":
            return line.took
        case "steps":
            known = row.done is not None and operation.status != "rolled_back"
            return f"{row.done}/{row.steps}" if known else formats.NOTHING
        case _:
            place = operation.place
            return f"{place.account} {place.region}" if place is not None else formats.NOTHING


def words(row: OperationRow) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    return f"{row.operation.id} {row.operation.target} {row.operation.status}".lower()


def field(operation: Operation, name: str) -> Value:
    """What a filter's field is for an operation."""
    place = operation.place
    values: dict[str, Value] = {
        "status": operation.status,
        "intention": operation.intention,
        "target": operation.target,
        "id": operation.id,
        "account": place.account if place else None,
        "region": place.region if place else None,
    }
    return values[name]


def title(rows: Sequence[OperationRow]) -> Content:
    """How many there are, and how many of them want attention."""
    head = Content.styled("Operations", "bold")
    if not rows:
        return head
    running, waiting = (sum(row.operation.status == status for row in rows) for status in ("running", "open"))
    counts = [f"{count} {words}" for count, words in ((running, "running"), (waiting, "open")) if count]
    return Content.assemble(head, f"  {len(rows)}", (f"  {', '.join(counts)}", theme.WARN if waiting else theme.BUSY))


def _interval(snapshot: OperationsSnapshot | None) -> float:
    running = snapshot is None or any(row.operation.status == "running" for row in snapshot.rows)
    return RUNNING_SECONDS if running else RESTING_SECONDS
