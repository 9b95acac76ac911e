"""The dialog of columns: what a list is sorted by."""

from __future__ import annotations

from collections.abc import Sequence

from cmapss_tui.screens.choose import ChooseScreen
from cmapss_tui.widgets.table import Column

COLUMNS = (Column("title", "column"),)


def choose_order(columns: Sequence[Column], order: str) -> ChooseScreen[Column]:
    """The dialog, with the cursor on the present order; choosing that turns it round, as a click on a header does."""
    return ChooseScreen(
        "Sort by",
        columns,
        COLUMNS,
        lambda column, _: column.key if column.title == "#" else column.title,
        lambda column: column.key,
        lambda column: f"{column.key} {column.title}",
        chosen=order,
    )
