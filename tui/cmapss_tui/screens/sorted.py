"""A filtered list that is sorted by one of its columns: what a key, a click on a header and a dialog do."""

from __future__ import annotations

from collections.abc import Sequence

from cmapss_tui.screens.filtered import FilteredScreen
from cmapss_tui.widgets.table import Column, VirtualTable


class SortedScreen(FilteredScreen):
    """A subclass says what it is sorted by and could be, and sorts."""

    @property
    def sorting(self) -> tuple[str, bool]:
        """The column that it is sorted by, and whether that order is turned round."""
        raise NotImplementedError

    def columns(self) -> Sequence[Column]:
        """What can be chosen to sort by."""
        raise NotImplementedError

    def orders(self) -> Sequence[str]:
        """What one key goes through, column by column."""
        raise NotImplementedError

    def sort(self, by: str, *, turned: bool) -> None:
        """Sort by a column."""
        raise NotImplementedError

    def choose_order(self, by: str) -> None:
        """Sort by a column; what it is sorted by already is turned round."""
        order, turned = self.sorting
        self.sort(by, turned=by == order and not turned)

    def on_virtual_table_header_selected(self, message: VirtualTable.HeaderSelected) -> None:
        self.choose_order(message.column)

    async def action_order(self) -> None:
        """Choose the column to sort by, also one that is out of sight."""
        from cmapss_tui.screens.choose_order import choose_order

        await self.app.push_screen(choose_order(self.columns(), self.sorting[0]), self._order_chosen)

    def action_sort(self) -> None:
        """Sort by the next column."""
        (order, turned), orders = self.sorting, self.orders()
        place = orders.index(order) if order in orders else 0
        self.sort(orders[(place + 1) % len(orders)], turned=turned)

    def action_reverse(self) -> None:
        """Turn the order round."""
        order, turned = self.sorting
        self.sort(order, turned=not turned)

    def _order_chosen(self, column: Column | None) -> None:
        if column is not None:
            self.choose_order(column.key)
