"""Every call that failed since the console was opened: what was asked, what came back, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cmapss_core.failed_calls import FailedCall
from cmapss_tui import error_rows
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.filters import matches
from cmapss_tui.keymap import first_key
from cmapss_tui.screens.sorted import SortedScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.table import Column, VirtualTable
from cmapss_tui.widgets.top_bar import TopBar

EXAMPLE = "words   !word   kind:denied   operation:sagemaker   count>5"
NONE_YET = "No call has failed. What AWS refuses or does not answer is listed here, with what to do."
NONE_LEFT = "No failed call satisfies the filter."
AS_THEY_COME = Freshness(State.LIVE, "live")


class ErrorsScreen(SortedScreen):
    """The list of failed calls, newest first. It asks nothing of AWS: the connection keeps them."""

    AREA: ClassVar[str] = "errors"
    SCOPES: ClassVar[tuple[str, ...]] = ("errors",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("errors")]
    DEFAULT_CSS = """
    ErrorsScreen #errors-title { height: 1; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._order, self._turned = error_rows.ORDERS[0], False
        self._with_answers = False
        self._shown: tuple[object, ...] = ()
        self._rows: list[FailedCall] = []

    def body(self) -> ComposeResult:
        """Title, filter, list."""
        yield Lines(id="errors-title")
        yield FilterBar(EXAMPLE)
        yield VirtualTable(error_rows.COLUMNS, error_rows.cell, error_rows.key, empty=NONE_YET, id="errors")

    @property
    def table(self) -> VirtualTable[FailedCall]:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()
        self.show_rows()

    def on_screen_resume(self) -> None:
        if self.is_mounted:
            self.show_rows()

    def tick(self) -> None:
        """What has failed since is shown, and has been seen."""
        if self.is_mounted and self.is_current:
            self.show_rows()
        super().tick()
        self.query_one(TopBar).show_freshness(AS_THEY_COME)

    def filter_fields(self) -> Collection[str]:
        """What the columns show, and more."""
        return error_rows.FIELDS

    def copyable(self) -> Mapping[str, str]:
        """The request id of the failure under the cursor, and what it says."""
        call = self.table.cursor_row
        return copyable_of(call) if call is not None else {}

    def sheet(self) -> Sheet:
        """The rows as they are filtered and sorted."""
        return error_rows.sheet(self._rows)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here is read from AWS."""
        return False if action in ("pause", "refresh", "interval") else super().check_action(action, parameters)

    def why_not(self, action: Action) -> str | None:
        """Without failures there is nothing to open, or to clear."""
        if action.id in ("errors.open", "errors.clear") and self.is_mounted and self.table.cursor_row is None:
            return "There is no failed call in the list."
        return super().why_not(action)

    async def action_open(self) -> None:
        """Show everything about the failure under the cursor."""
        from cmapss_tui.screens.error_detail import ErrorDetailScreen

        call = self.table.cursor_row
        if call is not None:
            await self.app.push_screen(ErrorDetailScreen(call))

    def action_answers(self) -> None:
        """Show what was asked for and is not there, too, or no longer."""
        self._with_answers = not self._with_answers
        self.show_rows()

    def action_clear(self) -> None:
        """Empty the list."""
        self.aws.failed_calls.clear()
        self.show_rows()

    @property
    def sorting(self) -> tuple[str, bool]:
        """As the operator has chosen."""
        return self._order, self._turned

    def columns(self) -> Sequence[Column]:
        """Those that have an order."""
        return [column for column in error_rows.COLUMNS if column.key in error_rows.ORDERS]

    def orders(self) -> Sequence[str]:
        """All that there are."""
        return error_rows.ORDERS

    def choose_order(self, by: str) -> None:
        """Sort by a column, where it has an order."""
        if by in error_rows.ORDERS:
            super().choose_order(by)

    def sort(self, by: str, *, turned: bool) -> None:
        """Sort the failures that are kept."""
        self._order, self._turned = by, turned
        self.show_rows()

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms."""
        log = self.aws.failed_calls
        if self.is_current:
            log.mark_seen()
        shows = (id(log), log.version, self.terms, self._order, self._turned, self._with_answers)
        if shows == self._shown:
            return
        self._shown = shows
        failures, answers = log.all(), log.answers()
        every = (*failures, *answers) if self._with_answers else failures
        fitting = [
            call for call in every if matches(self.terms, error_rows.words(call), partial(error_rows.value, call))
        ]
        self._rows = error_rows.ordered(fitting, self._order, turned=self._turned)
        title = error_rows.title(
            failures, len(answers), shows_answers=self._with_answers, answers_key=first_key("errors.answers")
        )
        with self.app.batch_update():
            self.query_one("#errors-title", Lines).write(lambda width: [title])
            self.query_one(FilterBar).show_note(f"{len(self._rows)} of {len(every)}")
            self.table.show_order(self._order, error_rows.descending(self._order, turned=self._turned))
            self.table.show(self._rows, empty=NONE_LEFT if self.terms else NONE_YET)
        self.refresh_bindings()


def copyable_of(call: FailedCall) -> dict[str, str]:
    """What can be copied of a failed call; its request id goes at once, where AWS gave one."""
    from cmapss_core.policy_statements import policy_text

    found = {"request id": call.request_id} if call.request_id else {}
    found |= {"message": call.message, "operation": call.operation}
    return {**found, "IAM policy": policy_text(call.permissions)} if call.permissions else found
