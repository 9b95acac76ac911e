"""A list that costs the same with a hundred rows and with ten thousand: only lines that are seen are ever written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.events import Blur, Click, Focus, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from cmapss_tui.formats import middle_elided

R = TypeVar("R")
Cell = Content | Text | str

GUTTER = 3  # the cursor's mark, the row's mark, a space
BETWEEN = 2
HEADER_HEIGHT = 1
CURSOR_MARK = "▌"
KEPT_STRIPS = 512


@dataclass(frozen=True, slots=True)
class Column:
    """A column: as wide as `width`, or sharing what is left when that is None.

    It is left out where the table is narrower than `shown_from`. Names that differ at their ends are elided in the
    middle.
    """

    key: str
    title: str
    width: int | None = None
    align: Literal["left", "right"] = "left"
    shown_from: int = 0
    elide: Literal["end", "middle"] = "end"


class VirtualTable(ScrollView, Generic[R], can_focus=True):
    """Rows of any kind, written by `cell(row, column key)` when a line comes into view.

    `key(row)` names a row for good: the cursor stays on it when the rows are replaced. A written line is kept until
    its row changes: what it says has to follow from the row alone, or be forgotten (`forget_lines`). Enter belongs
    to the screen, which asks `cursor_row`; a click on the cursor's row posts RowSelected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1.0)", "page up", show=False),
        Binding("pagedown", "page(1.0)", "page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "half a page up", show=False),
        Binding("ctrl+d", "page(0.5)", "half a page down", show=False),
        Binding("home,g", "first", "first", show=False),
        Binding("end,G", "last", "last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-table--header",
        "virtual-table--cursor",
        "virtual-table--cursor-blurred",
        "virtual-table--empty",
        "virtual-table--mark",
    }
    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr; background: $background; color: $foreground; overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    VirtualTable > .virtual-table--header { color: $quiet; text-style: bold; }
    VirtualTable > .virtual-table--cursor { background: $cursor; text-style: bold; }
    VirtualTable > .virtual-table--cursor-blurred { background: $cursor-blurred; }
    VirtualTable > .virtual-table--empty { color: $quiet; }
    VirtualTable > .virtual-table--mark { color: $accent; }
    """

    class RowHighlighted(Message):
        """The cursor has moved to another row, or to none."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> VirtualTable[Any]:
            """The table."""
            return self.table

    class RowSelected(Message):
        """The row under the cursor was clicked."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> VirtualTable[Any]:
            """The table."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        cell: Callable[[R, str], Cell],
        key: Callable[[R], str],
        *,
        mark: Callable[[R], str] | None = None,
        empty: str = "Nothing here.",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cell = cell
        self._key = key
        self._mark = mark
        self._empty = empty
        self._rows: Sequence[R] = ()
        self._cursor = 0
        self._sorted_by: tuple[str, bool] | None = None
        self._strips: LRUCache[str, tuple[R, Strip]] = LRUCache(KEPT_STRIPS)
        self._layout: tuple[tuple[Column, int], ...] = ()
        self._laid_out_for = -1

    @property
    def rows(self) -> Sequence[R]:
        """What is shown, in this order."""
        return self._rows

    @property
    def cursor(self) -> int:
        """The index of the cursor's row."""
        return self._cursor

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor; None where there are no rows."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def visible_rows(self) -> int:
        """How many rows fit below the header."""
        return max(1, self.scrollable_content_region.height - HEADER_HEIGHT)

    def show(self, rows: Sequence[R], *, empty: str | None = None) -> None:
        """Replace the rows, with the cursor on the row it was on; where that has gone, it stays at its place."""
        before = self.cursor_row
        self._rows = rows
        if empty is not None:
            self._empty = empty
        self._cursor = self._index_of(before)
        self.virtual_size = Size(0, len(rows) + HEADER_HEIGHT)
        self._scroll_to_cursor()
        self.refresh()
        after = self.cursor_row
        if after != before:
            self.post_message(self.RowHighlighted(self, after))

    def show_order(self, key: str, descending: bool) -> None:
        """Mark the column that the rows are sorted by."""
        self._sorted_by = (key, descending)
        self.refresh()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, the nearest there is, and bring it into view."""
        index = max(0, min(index, len(self._rows) - 1))
        if not self._rows or index == self._cursor:
            return
        before, self._cursor = self._cursor, index
        scrolled = self._scroll_to_cursor()
        if not scrolled:
            self._refresh_row(before)
            self._refresh_row(index)
        self.post_message(self.RowHighlighted(self, self._rows[index]))

    def forget_lines(self) -> None:
        """Write every line anew, because something other than the rows has changed."""
        self._strips.clear()
        self.refresh()

    def action_move(self, lines: int) -> None:
        """Move the cursor by so many rows."""
        self.move_to(self._cursor + lines)

    def action_page(self, pages: float) -> None:
        """Move the cursor by so many screenfuls."""
        self.move_to(self._cursor + round(pages * self.visible_rows))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.move_to(len(self._rows) - 1)

    def on_click(self, event: Click) -> None:
        """Move to the row clicked; a click where the cursor is already selects the row."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < HEADER_HEIGHT:
            return
        index = offset.y - HEADER_HEIGHT + self.scroll_offset.y
        if index >= len(self._rows):
            return
        if index == self._cursor:
            self.post_message(self.RowSelected(self, self._rows[index]))
        else:
            self.move_to(index)

    def on_focus(self, _: Focus) -> None:
        self._refresh_row(self._cursor)

    def on_blur(self, _: Blur) -> None:
        self._refresh_row(self._cursor)

    def on_resize(self, _: Resize) -> None:
        self._scroll_to_cursor()

    def notify_style_update(self) -> None:
        """Lines are written in the theme's colours."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header stays, rows scroll beneath it."""
        width = self.scrollable_content_region.width
        self._lay_out(width)
        if y < HEADER_HEIGHT:
            return self._header(width)
        index = y - HEADER_HEIGHT + self.scroll_offset.y
        if index < len(self._rows):
            return self._row_strip(index, width)
        if not self._rows and y == HEADER_HEIGHT + 1:
            return self._text_line(f"{' ' * GUTTER}{self._empty}", "virtual-table--empty", width)
        return Strip.blank(width, self.rich_style)

    def _row_strip(self, index: int, width: int) -> Strip:
        row = self._rows[index]
        at_cursor = index == self._cursor
        key = self._key(row)
        # The cursor's line is written each time: with and without the focus it looks otherwise.
        if at_cursor:
            return self._write(row, at_cursor, width)
        kept = self._strips.get(key)
        if kept is not None and kept[0] == row:
            return kept[1]
        strip = self._write(row, at_cursor, width)
        self._strips[key] = (row, strip)
        return strip

    def _write(self, row: R, at_cursor: bool, width: int) -> Strip:
        style = self.visual_style
        if at_cursor:
            focused = "virtual-table--cursor" if self.has_focus else "virtual-table--cursor-blurred"
            style = self.get_visual_style(focused)
        mark = (self._mark(row) if self._mark is not None else "") or " "
        mark_style = (style + self.get_visual_style("virtual-table--mark", partial=True)).rich_style
        segments = [Segment(CURSOR_MARK if at_cursor else " ", mark_style), Segment(f"{mark} ", mark_style)]
        for position, (column, cells) in enumerate(self._layout):
            content = _fitted(self._cell(row, column.key), cells, column)
            if position:
                segments.append(Segment(" " * BETWEEN, style.rich_style))
            segments += [
                Segment(text, part.rich_style) for text, part in content.render(style, end="", parse_style=_parsed)
            ]
        return Strip(segments).adjust_cell_length(width, style.rich_style)

    def _header(self, width: int) -> Strip:
        titles = []
        for column, cells in self._layout:
            title = column.title
            if self._sorted_by is not None and self._sorted_by[0] == column.key:
                arrow = "▼" if self._sorted_by[1] else "▲"
                title = f"{arrow}{title}" if column.align == "right" else f"{title}{arrow}"
            titles.append(_fitted(title, cells, column).plain)
        return self._text_line(" " * GUTTER + (" " * BETWEEN).join(titles), "virtual-table--header", width)

    def _text_line(self, text: str, component: str, width: int) -> Strip:
        style = self.get_visual_style(component).rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def _lay_out(self, width: int) -> None:
        """Share the width among the columns; lines written for another width are of no use."""
        if width == self._laid_out_for:
            return
        self._laid_out_for = width
        self._strips.clear()
        shown = [column for column in self._columns if width >= column.shown_from]
        fixed = sum(column.width for column in shown if column.width is not None)
        flexible = [column for column in shown if column.width is None]
        left = max(0, width - GUTTER - BETWEEN * (len(shown) - 1) - fixed - 1)
        share, rest = divmod(left, len(flexible)) if flexible else (0, 0)
        cells = {column.key: share + (position < rest) for position, column in enumerate(flexible)}
        self._layout = tuple((column, cells[column.key] if column.width is None else column.width) for column in shown)

    def _index_of(self, row: R | None) -> int:
        if row is not None:
            key = self._key(row)
            if self._cursor < len(self._rows) and self._key(self._rows[self._cursor]) == key:
                return self._cursor
            for index, candidate in enumerate(self._rows):
                if self._key(candidate) == key:
                    return index
        return max(0, min(self._cursor, len(self._rows) - 1))

    def _scroll_to_cursor(self) -> bool:
        top, seen = self.scroll_offset.y, self.visible_rows
        wanted = min(max(top, self._cursor - seen + 1), self._cursor)
        if wanted == top:
            return False
        self.scroll_to(y=wanted, animate=False, force=True, immediate=True)
        return True

    def _refresh_row(self, index: int) -> None:
        line = index - self.scroll_offset.y + HEADER_HEIGHT
        self.refresh(Region(0, line, self.size.width, 1))


def _fitted(cell: Cell, cells: int, column: Column) -> Content:
    if isinstance(cell, str):
        content = Content(middle_elided(cell, cells) if column.elide == "middle" else cell)
    else:
        content = Content.from_rich_text(cell) if isinstance(cell, Text) else cell
    content = content.truncate(cells, ellipsis=True)
    missing = cells - content.cell_length
    return content.pad_left(missing) if column.align == "right" else content.pad_right(missing)


def _parsed(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style
