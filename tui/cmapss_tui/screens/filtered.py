"""A list that a filter narrows down: what the areas of jobs, endpoints and operations have in common."""

from __future__ import annotations

from collections.abc import Collection

from cmapss_core.errors import ConsoleError
from cmapss_tui.filters import Filter, parse
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.table import VirtualTable


class FilteredScreen(ConsoleScreen):
    """A screen with a filter above its table. A subclass says what can be filtered by, and shows its rows."""

    # Not the hidden filter, which comes first: what is typed ahead of the screen would narrow it down.
    AUTO_FOCUS = "VirtualTable"

    def __init__(self) -> None:
        super().__init__()
        self.terms: Filter = ()

    def on_mount(self) -> None:
        self.query_one(FilterBar).offer(self.filter_fields)

    def filter_fields(self) -> Collection[str]:
        """The fields that a filter can name."""
        raise NotImplementedError

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms."""
        raise NotImplementedError

    def on_prompt_bar_changed(self, message: FilterBar.Changed) -> None:
        bar, fields = self.query_one(FilterBar), self.filter_fields()
        if message.text != bar.text:  # more has been typed since
            return
        table = self.query_one(VirtualTable)
        before = table.cursor_row
        self.terms, error = as_far_as_known(message.text, fields)
        if error is not None:
            bar.show_note(error)
        self.show_rows()
        if before is not None and before not in table.rows:
            table.move_to(0)  # Enter opens the first of what is found
        self.refresh_bindings()

    def on_prompt_bar_left(self) -> None:
        self.query_one(VirtualTable).focus()

    async def on_virtual_table_row_selected(self) -> None:
        await self.run_action("open")

    def action_filter(self) -> None:
        """Narrow the list down."""
        self.query_one(FilterBar).open()

    def can_go_back(self) -> bool:
        """There is nothing below the list; what can be left is a filter."""
        return bool(self._filter_text) or super().can_go_back()

    def action_back(self) -> None:
        """Take the filter away, or leave."""
        if self._filter_text:
            self.query_one(FilterBar).clear()
        else:
            super().action_back()

    @property
    def _filter_text(self) -> str:
        return self.query_one(FilterBar).text if self.is_mounted else ""


def as_far_as_known(text: str, fields: Collection[str]) -> tuple[Filter, ConsoleError | None]:
    """The conditions of a text, and what is wrong with it: the list is then as it was before the wrong word."""
    wrong: ConsoleError | None = None
    while True:
        try:
            return parse(text, fields), wrong
        except ConsoleError as error:
            wrong = wrong or error
            text = text.rstrip().rpartition(" ")[0]
