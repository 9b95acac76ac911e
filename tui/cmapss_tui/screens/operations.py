"""What was begun on this machine, from the journal: what runs, what is open, and what is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.filters import matches
from cmapss_tui.operations import listing
from cmapss_tui.operations.journal import default_journal
from cmapss_tui.operations.listing import COLUMNS, FIELDS, PLACE_COLUMN, SORTED_BY, Here, place_words
from cmapss_tui.operations.rows import OperationsReader, OperationsSnapshot
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.anywhere import AnywhereScreen
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.sorted import SortedScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

if TYPE_CHECKING:
    from cmapss_core.plans.running.operations import OperationSummary

RUNNING_SECONDS, RESTING_SECONDS = 1.0, 3.0
NONE_YET = "Nothing was begun here yet. What is deployed, changed or deleted is listed here, and can be undone here."
NONE_OF_IT = "Nothing was begun on it from this machine."
NONE_LEFT = "No operation satisfies the filter."
EXAMPLE = "words   !word   status:open   intention:deploy   started>2026-11-22"


class OperationsScreen(SortedScreen, AnywhereScreen):
    """The list of operations, or of one endpoint's. It needs no AWS: the journal is on this machine."""

    SCOPES: ClassVar[tuple[str, ...]] = ("operations",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("operations")]
    DEFAULT_CSS = """
    OperationsScreen #operations-title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, target: str | None = None) -> None:
        super().__init__()
        self._target = target
        self._rows: Sequence[OperationSummary] | None = None
        self._here = Here("", "")
        self._now: datetime | None = None
        self._written: tuple[tuple[Cell, Cell], ...] = ()
        self._order, self._turned = SORTED_BY[0], False

    def body(self) -> ComposeResult:
        """Title, filter, list."""
        yield Static(id="operations-title", markup=False)
        yield FilterBar(EXAMPLE)
        yield VirtualTable(
            COLUMNS,
            lambda row, column: listing.cell(row, column, self._time() if self.aws.clock.heard else None),
            lambda row: row.operation.id,
            mark=lambda row: "" if self._here.has(row) else listing.ELSEWHERE,
            empty="Reading the journal …",
            id="operations",
        )

    @property
    def table(self) -> VirtualTable[OperationSummary]:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()
        reader = OperationsReader(default_journal(), self.aws.clock, self._target)
        self.add_poller("operations", reader.read, _interval, of_aws=False)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        snapshot: OperationsSnapshot = message.snapshot
        place = self.console.place
        here = Here(place.account, place.region)
        if snapshot.rows is self._rows and (here.account, here.region) == (self._here.account, self._here.region):
            return
        self._rows, self._here = snapshot.rows, here
        self.show_rows()

    def tick(self) -> None:
        """Ages go on between readings, and are written anew where their words are others."""
        super().tick()
        if self.is_mounted and self.is_current:
            self._now = self.aws.clock.now()
            table, now = self.table, self._now
            top = table.scroll_offset.y
            seen = table.rows[top : top + table.visible_rows]
            told = now if self.aws.clock.heard else None
            written = tuple((listing.cell(row, "started", told), listing.cell(row, "took", told)) for row in seen)
            if written != self._written:
                self._written = written
                table.forget_lines()

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return FIELDS

    def why_not(self, action: Action) -> str | None:
        """There has to be an operation; and what runs, is over or was begun elsewhere is not taken up."""
        if action.id in ("operations.open", "operations.resume", "operations.rollback") and self.is_mounted:
            row = self.table.cursor_row
            if row is None:
                return "There is no operation under the cursor."
            if action.id != "operations.open":
                return self._why_not_taken_up(row, action.title) or super().why_not(action)
        return super().why_not(action)

    def again(self) -> Callable[[], ConsoleScreen] | None:
        """The operations of the same endpoint; the area's own list is where it is."""
        return partial(OperationsScreen, self._target) if self._target is not None else None

    def copyable(self) -> Mapping[str, str]:
        """The id, what it is about, and the command that takes it up or shows it."""
        row = self.table.cursor_row
        if row is None:
            return {}
        operation = row.operation
        commands = {"open": ("resume", "rollback"), "done": ("rollback",)}.get(operation.status, ("show",))
        return {
            "id": operation.id,
            "target": operation.target,
            **{f"command: {verb}": f"cmapss-console operations {verb} {operation.id}" for verb in commands},
        }

    def sheet(self) -> Sheet:
        """The list as it is filtered and ordered."""
        return listing.sheet_of(self.table.rows)

    async def action_open(self) -> None:
        """Show the operation under the cursor."""
        await self._open(None)

    async def action_resume(self) -> None:
        """Go on with the operation under the cursor, once that is confirmed."""
        await self._open("resume")

    async def action_rollback(self) -> None:
        """Undo what the operation under the cursor did, once that is confirmed."""
        await self._open("rollback")

    @property
    def sorting(self) -> tuple[str, bool]:
        """The column that it is sorted by, and whether that order is turned round."""
        return self._order, self._turned

    def columns(self) -> Sequence[Column]:
        """What can be chosen to sort by."""
        return (*COLUMNS, PLACE_COLUMN)

    def orders(self) -> Sequence[str]:
        """What one key goes through, column by column."""
        return SORTED_BY

    def sort(self, by: str, *, turned: bool) -> None:
        """Sort by a column."""
        self._order, self._turned = by, turned
        self.show_rows()

    def action_sort(self) -> None:
        """Sort by the next column, each in its own direction."""
        self._turned = False
        super().action_sort()

    def on_virtual_table_row_highlighted(self) -> None:
        self.refresh_bindings()

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms, in their order."""
        if self._rows is None:
            return
        now = self._time()
        chosen: Sequence[OperationSummary] = self._rows
        if self.terms:
            chosen = [
                row for row in chosen if matches(self.terms, listing.words(row), partial(listing.field, row, now))
            ]
        chosen = listing.ordered(chosen, self._order, now, descending=self._descending)
        elsewhere = sum(not self._here.has(row) for row in self._rows)
        with self.app.batch_update():
            title = listing.title(self._rows, self._target, elsewhere)
            self.query_one("#operations-title", Static).update(title, layout=False)
            self.query_one(FilterBar).show_note(f"{len(chosen):,} of {len(self._rows):,}")
            self.table.show_columns((*COLUMNS, PLACE_COLUMN) if elsewhere else COLUMNS)
            self.table.show_order(self._order, self._descending)
            self.table.show(chosen, empty=self._why_empty())
            self.table.forget_lines()
        self.refresh_bindings()

    def _why_empty(self) -> str:
        return NONE_LEFT if self.terms else NONE_YET if self._target is None else NONE_OF_IT

    @property
    def _descending(self) -> bool:
        return (self._order == "started") != self._turned  # the newest first

    def _time(self) -> datetime:
        if self._now is None:
            self._now = self.aws.clock.now()
        return self._now

    def _why_not_taken_up(self, row: OperationSummary, doing: str) -> str | None:
        operation = row.operation
        if not self._here.has(row):
            return f"It was begun in {place_words(operation.place)}: switch there first."
        possible = {"resume": ("open",), "roll back": ("open", "done")}[doing]
        if operation.status not in possible:
            return f"The operation is {operation.status.replace('_', ' ')}: there is nothing to {doing}."
        if doing == "resume" and row.rolling_back:
            return "Some of it is undone already: it can only be rolled back further."
        return None

    async def _open(self, ask: str | None) -> None:
        from cmapss_tui.screens.operation import OperationScreen

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(OperationScreen(row.operation.id, ask=ask))


def _interval(snapshot: OperationsSnapshot | None) -> float:
    running = snapshot is None or any(row.operation.status == "running" for row in snapshot.rows)
    return RUNNING_SECONDS if running else RESTING_SECONDS
