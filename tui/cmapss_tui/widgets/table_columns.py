"""The columns of a table: which of them there is room for, and how wide each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.text import Text
from textual.content import Content

from cmapss_tui.formats import middle_elided

Cell = Content | Text | str

GUTTER = 4  # the cursor, whether the row is marked, the row's own sign, a space
BETWEEN = 2
AT_THE_END = 1  # for the sign that there are more columns
MORE_LEFT, MORE_RIGHT = "‹", "›"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: as wide as `width`, or sharing what is left when that is None, which is at least `minimum`.

    It is left out where the table is narrower than `shown_from`, and an `optional` one where there is no room for
    it: then it is reached by going to the right, where the `frozen` columns stay. Names that differ at their ends are
    elided in the middle.
    """

    key: str
    title: str
    width: int | None = None
    align: Literal["left", "right"] = "left"
    shown_from: int = 0
    elide: Literal["end", "middle"] = "end"
    minimum: int = 8
    optional: bool = False
    frozen: bool = False

    @property
    def least(self) -> int:
        """The cells that it takes at least."""
        return self.minimum if self.width is None else self.width


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that are shown, with their cells, and how many more there are to the left and to the right."""

    shown: tuple[tuple[Column, int], ...] = ()
    left: int = 0
    right: int = 0

    def at(self, cell: int) -> Column | None:
        """The column at a cell, counted from where the first begins; a gap belongs to the column before it."""
        start = 0
        for column, cells in self.shown:
            if start <= cell < start + cells + BETWEEN:
                return column
            start += cells + BETWEEN
        return None


def lay_out(columns: Sequence[Column], width: int, offset: int = 0) -> Layout:
    """Share a table's width among the columns; with an offset, so many have made way for those that had no room.

    Those that there is room for go to the left first, the others come after them, each in its order.
    """
    room = max(0, width - GUTTER - AT_THE_END)
    frozen = [column for column in columns if column.frozen] or list(columns[:1])
    wide_enough = [column for column in columns if width >= column.shown_from or column in frozen]
    shown = _fitting(wide_enough, frozen, room)
    if offset <= 0:
        return Layout(_shared(shown, room), 0, len(columns) - len(shown))
    movable = [column for column in shown if column not in frozen]
    gone = min(offset, len(columns) - len(frozen) - 1) if movable else offset - 1
    movable += [column for column in columns if column not in shown]
    rest = movable[gone:]
    while len(rest) > 1 and _least([*frozen, *rest]) > room:
        rest = rest[:-1]
    return Layout(_shared([*frozen, *rest], room), gone, len(movable) - gone - len(rest))


def furthest(columns: Sequence[Column], width: int) -> int:
    """The smallest offset at which the last column is shown."""
    if not lay_out(columns, width).right:
        return 0
    return next((offset for offset in range(1, len(columns)) if not lay_out(columns, width, offset).right), 0)


def header(layout: Layout, width: int, sorted_by: tuple[str, bool] | None) -> str:
    """The line of titles: with the order at the column that the rows are sorted by, and signs of what is not shown."""
    titles = []
    for column, cells in layout.shown:
        title = column.title
        if sorted_by is not None and sorted_by[0] == column.key:
            arrow = "▼" if sorted_by[1] else "▲"
            room = cells - len(arrow)
            title = f"{title if len(title) <= room else middle_elided(title, room)}{arrow}"
        titles.append(fitted(title, cells, column).plain)
    line = f"{MORE_LEFT if layout.left else '':<{GUTTER}}{(' ' * BETWEEN).join(titles)}"
    most = max(0, width - AT_THE_END)
    return f"{line[:most]:<{most}}{MORE_RIGHT}" if layout.right else line


def fitted(cell: Cell, cells: int, column: Column) -> Content:
    """A cell's content at exactly the width of its column."""
    if isinstance(cell, str):
        content = Content(middle_elided(cell, cells) if column.elide == "middle" else cell)
    else:
        content = Content.from_rich_text(cell) if isinstance(cell, Text) else cell
    content = content.truncate(cells, ellipsis=True)
    missing = cells - content.cell_length
    return content.pad_left(missing) if column.align == "right" else content.pad_right(missing)


def _fitting(columns: list[Column], frozen: list[Column], room: int) -> list[Column]:
    """All that are not optional or stay, and of the others the first that there is room for."""
    shown = list(columns)
    for column in reversed(columns):
        if _least(shown) <= room:
            break
        if column.optional and column not in frozen:
            shown.remove(column)
    return shown


def _least(columns: Sequence[Column]) -> int:
    return sum(column.least for column in columns) + BETWEEN * (len(columns) - 1)


def _shared(columns: Sequence[Column], room: int) -> tuple[tuple[Column, int], ...]:
    flexible = [column for column in columns if column.width is None]
    fixed = sum(column.width for column in columns if column.width is not None)
    left = max(0, room - fixed - BETWEEN * (len(columns) - 1))
    share, rest = divmod(left, len(flexible)) if flexible else (0, 0)
    cells = {column.key: share + (position < rest) for position, column in enumerate(flexible)}
    return tuple((column, cells[column.key] if column.width is None else column.width) for column in columns)
