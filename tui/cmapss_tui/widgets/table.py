"""A list that costs the same with a hundred rows and with ten thousand: only lines that are seen are ever written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.events import Blur, Click, Focus, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cmapss_tui.actions import bindings_for
from cmapss_tui.widgets.component_style import component_style, parsed_style
from cmapss_tui.widgets.table_columns import BETWEEN, GUTTER, Cell, Column, Layout, fitted, furthest, header, lay_out

__all__ = ["Cell", "Column", "VirtualTable"]

R = TypeVar("R")

HEADER_HEIGHT = 1
CURSOR_MARK = "▌"
MARKED = "✓"
KEPT_STRIPS = 512


class TableMessage(Message):
    """Something that a table tells its screen."""

    def __init__(self, table: VirtualTable[Any]) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> VirtualTable[Any]:
        """The table."""
        return self.table


class VirtualTable(ScrollView, Generic[R], can_focus=True):
    """Rows of any kind, written by `cell(row, column key)` when a line comes into view.

    `key(row)` names a row for good: the cursor stays on it when the rows are replaced. A written line is kept until
    its row changes: what it says has to follow from the row alone, or be forgotten (`forget_lines`). `mark(row)` is a
    sign of the row's own; the operator's marks are kept by key, also where a filter hides their rows (`marked`). Enter
    belongs to the screen, which asks `cursor_row`; a click on the cursor's row posts RowSelected, one on the header
    HeaderSelected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("table")]
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

    class RowHighlighted(TableMessage):
        """The cursor has moved to another row, or to none."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__(table)
            self.row = row

    class RowSelected(TableMessage):
        """The row under the cursor was clicked."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__(table)
            self.row = row

    class HeaderSelected(TableMessage):
        """The header of a column was clicked."""

        def __init__(self, table: VirtualTable[Any], column: str) -> None:
            super().__init__(table)
            self.column = column

    class MarksChanged(TableMessage):
        """Other rows are marked now."""

    def __init__(
        self,
        columns: Sequence[Column],
        cell: Callable[[R, str], Cell],
        key: Callable[[R], str],
        *,
        mark: Callable[[R], str] | None = None,
        empty: str = "Nothing here.",
        markable: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cell = cell
        self._key = key
        self._mark = mark
        self._empty, self._markable = empty, markable
        self._rows: Sequence[R] = ()
        self._cursor = 0
        self._sorted_by: tuple[str, bool] | None = None
        self._marked: dict[str, R] = {}
        self._strips: LRUCache[str, tuple[R, Strip]] = LRUCache(KEPT_STRIPS)
        self._offset = 0  # columns that have gone to the left
        self._furthest = 0
        self._layout = Layout()
        self._laid_out_for = (-1, 0)

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

    @property
    def marked(self) -> tuple[R, ...]:
        """The rows that are marked, as they were last shown, in the order in which they were marked."""
        return tuple(self._marked.values())

    @property
    def count_marked(self) -> int:
        """How many rows are marked."""
        return len(self._marked)

    def show(self, rows: Sequence[R], *, empty: str | None = None, places: Mapping[str, int] | None = None) -> None:
        """Replace the rows, with the cursor on the row it was on; where that has gone, it stays at its place.

        `places` are the rows' indices by key: with them, none but the rows that are seen is looked at.
        """
        before = self.cursor_row
        self._rows = rows
        if empty is not None:
            self._empty = empty
        if self._marked:
            known = places if places is not None else {self._key(row): place for place, row in enumerate(rows)}
            self._marked = {key: rows[known[key]] if key in known else row for key, row in self._marked.items()}
        self._cursor = self._index_of(before, places)
        self.virtual_size = Size(0, len(rows) + HEADER_HEIGHT)
        self._scroll_to_cursor()
        self.refresh()
        after = self.cursor_row
        if after is not before and after != before:
            self.post_message(self.RowHighlighted(self, after))

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Have these columns from now on."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self._laid_out_for = (-1, 0)
            self.refresh()

    def shows(self, column: str) -> bool:
        """Whether a column is in sight."""
        return any(one.key == column for one, _ in self._layout.shown)

    def width_of(self, column: str) -> int:
        """The cells of a column that is in sight; 0 for any other."""
        return next((cells for one, cells in self._layout.shown if one.key == column), 0)

    def unmark(self) -> None:
        """Take all marks away."""
        if self._marked:
            self._marked = {}
            self._marks_changed()

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows of a table that is not markable cannot be marked."""
        return self._markable if action in ("mark", "mark_all") else True

    def action_mark(self) -> None:
        """Mark the cursor's row, or take its mark away, and move on."""
        if self._rows:
            self._toggle(self._rows[self._cursor])
            self.move_to(self._cursor + 1)

    def action_mark_all(self) -> None:
        """Take all marks away; where there are none, mark every row."""
        if self._marked:
            self.unmark()
        elif self._rows:
            self._marked = {self._key(row): row for row in self._rows}
            self._marks_changed()

    def action_pan(self, columns: int) -> None:
        """Bring columns into view that there was no room for."""
        offset = max(0, min(self._offset + columns, self._furthest))
        if offset != self._offset:
            self._offset = offset
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
        """Move to the row clicked; where the cursor is already, that selects the row. The gutter marks."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER_HEIGHT:
            column = self._layout.at(offset.x - GUTTER)
            if column is not None:
                self.post_message(self.HeaderSelected(self, column.key))
            return
        index = offset.y - HEADER_HEIGHT + self.scroll_offset.y
        if index >= len(self._rows):
            return
        if offset.x < GUTTER - 1 and self._markable:
            self._toggle(self._rows[index])
        elif index == self._cursor:
            self.post_message(self.RowSelected(self, self._rows[index]))
        else:
            self.move_to(index)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """With shift, the wheel goes through the columns."""
        if event.shift:
            event.stop()
            self.action_pan(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        if event.shift:
            event.stop()
            self.action_pan(-1)

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
            return self._text_line(header(self._layout, width, self._sorted_by), "virtual-table--header", width)
        index = y - HEADER_HEIGHT + self.scroll_offset.y
        if index < len(self._rows):
            return self._row_strip(index, width)
        if not self._rows and y == HEADER_HEIGHT + 1:
            return self._text_line(f"{' ' * GUTTER}{self._empty}", "virtual-table--empty", width)
        return Strip.blank(width, self.rich_style)

    def _row_strip(self, index: int, width: int) -> Strip:
        row = self._rows[index]
        at_cursor = index == self._cursor
        # The cursor's line is written each time: with and without the focus it looks otherwise.
        if at_cursor:
            return self._write(row, at_cursor, width)
        key = self._key(row)
        kept = self._strips.get(key)
        if kept is not None and (kept[0] is row or kept[0] == row):
            return kept[1]
        strip = self._write(row, at_cursor, width)
        self._strips[key] = (row, strip)
        return strip

    def _write(self, row: R, at_cursor: bool, width: int) -> Strip:
        style = self.visual_style
        if at_cursor:
            focused = "virtual-table--cursor" if self.has_focus else "virtual-table--cursor-blurred"
            style = component_style(self, focused)
        sign = (self._mark(row) if self._mark is not None else "") or " "
        sign_style = (style + self.get_visual_style("virtual-table--mark", partial=True)).rich_style
        marked = MARKED if self._marked and self._key(row) in self._marked else " "
        segments = [Segment(f"{CURSOR_MARK if at_cursor else ' '}{marked}{sign} ", sign_style)]
        for position, (column, cells) in enumerate(self._layout.shown):
            content = fitted(self._cell(row, column.key), cells, column)
            if position:
                segments.append(Segment(" " * BETWEEN, style.rich_style))
            segments += [
                Segment(text, part.rich_style) for text, part in content.render(style, end="", parse_style=parsed_style)
            ]
        return Strip(segments).adjust_cell_length(width, style.rich_style)

    def _text_line(self, text: str, component: str, width: int) -> Strip:
        style = self.get_visual_style(component).rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def _lay_out(self, width: int) -> None:
        """Share the width among the columns; lines written for another layout are of no use."""
        if (width, self._offset) == self._laid_out_for:
            return
        self._furthest = furthest(self._columns, width)
        self._offset = min(self._offset, self._furthest)
        self._laid_out_for = (width, self._offset)
        self._strips.clear()
        self._layout = lay_out(self._columns, width, self._offset)

    def _toggle(self, row: R) -> None:
        key = self._key(row)
        if self._marked.pop(key, None) is None:
            self._marked[key] = row
        self._strips.discard(key)
        self._marks_changed(forget=False)

    def _marks_changed(self, *, forget: bool = True) -> None:
        if forget:
            self._strips.clear()
        self.refresh()
        self.post_message(self.MarksChanged(self))

    def _index_of(self, row: R | None, places: Mapping[str, int] | None) -> int:
        if row is not None:
            key = self._key(row)
            if self._cursor < len(self._rows) and self._key(self._rows[self._cursor]) == key:
                return self._cursor
            if places is not None:
                found = places.get(key)
            else:
                found = next((index for index, one in enumerate(self._rows) if self._key(one) == key), None)
            if found is not None:
                return found
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
