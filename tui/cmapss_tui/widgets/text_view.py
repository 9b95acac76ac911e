"""Text by the thousand lines, of which only those in sight are ever written: to move through, wrap, search, follow."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content, Span
from textual.events import Click, MouseScrollUp, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cmapss_tui.widgets.component_style import component_style
from cmapss_tui.widgets.table_columns import AT_THE_END
from cmapss_tui.widgets.text_rows import cut, in_sight, parts, places, row_counts, segments

L = TypeVar("L")

CURSOR_MARK = "▌"
GUTTER = 2  # the cursor's mark, a space
SIDEWAYS = 20  # columns
KEPT_BODIES = 256


class TextView(ScrollView, Generic[L], can_focus=True):
    """Lines of any kind: `text(line)` is what is wrapped, `body(line)` the same with its colours, and `words(line)` the
    same in lower case, which is searched.

    `margin(line)` stands before the first row of each, `margin_width` columns wide. A view that follows keeps its
    cursor on the last line until it is moved up from there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1.0)", "page up", show=False),
        Binding("pagedown,space", "page(1.0)", "page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "half a page up", show=False),
        Binding("ctrl+d", "page(0.5)", "half a page down", show=False),
        Binding("home,g", "first", "first", show=False),
        Binding("end,G", "last", "last", show=False),
        Binding("left", "sideways(-1)", "left", show=False),
        Binding("right", "sideways(1)", "right", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text-view--cursor",
        "text-view--cursor-blurred",
        "text-view--found",
        "text-view--quiet",
        "text-view--mark",
    }
    DEFAULT_CSS = """
    TextView {
        height: 1fr; background: $background; color: $foreground; overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    TextView > .text-view--cursor { background: $cursor; }
    TextView > .text-view--cursor-blurred { background: $cursor-blurred; }
    TextView > .text-view--found { text-style: reverse; }
    TextView > .text-view--quiet { color: $quiet; }
    TextView > .text-view--mark { color: $accent; }
    """

    class Moved(Message):
        """The cursor is on another line, or what is found or followed has changed."""

    class AtTop(Message):
        """The operator wants to go further up than the first line."""

    def __init__(
        self,
        text: Callable[[L], str],
        *,
        body: Callable[[L], Content] | None = None,
        words: Callable[[L], str] | None = None,
        margin: Callable[[L], Content] | None = None,
        follows: bool = False,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._text = text
        self._body = body or (lambda line: Content(text(line)))
        self._words = words or (lambda line: text(line).lower())
        self._margin = margin
        self._margin_width = 0
        self._lines: Sequence[L] = ()
        self._rows: list[int] = []  # where each line's rows end; empty while every line has one
        self._wrapped_for = -1
        self._wrap = False
        self._left = 0
        self._cursor = 0
        self._can_follow = self._following = follows
        self._empty = empty
        self._needle = ""
        self._found: list[int] = []
        self._bodies: LRUCache[int, Content] = LRUCache(KEPT_BODIES)

    @property
    def lines(self) -> Sequence[L]:
        """What is shown."""
        return self._lines

    @property
    def cursor(self) -> int:
        """The index of the cursor's line."""
        return self._cursor

    @property
    def cursor_line(self) -> L | None:
        """The line under the cursor; None where there is none."""
        return self._lines[self._cursor] if self._lines else None

    @property
    def following(self) -> bool:
        """Whether the cursor stays at the end."""
        return self._following

    @property
    def wraps(self) -> bool:
        """Whether long lines go on below."""
        return self._wrap

    @property
    def found(self) -> tuple[int, int] | None:
        """Which of how many lines with what is looked for is the cursor's (0: none of them); None without a search."""
        if not self._needle:
            return None
        place = bisect_left(self._found, self._cursor)
        here = place < len(self._found) and self._found[place] == self._cursor
        return (place + 1 if here else 0, len(self._found))

    @property
    def in_sight(self) -> Sequence[L]:
        """The lines of which a row is to be seen."""
        if not self._lines:
            return ()
        top = self.scroll_offset.y
        last = min(top + self._height, self._row_count) - 1
        return self._lines[self._line_at(top) : self._line_at(max(top, last)) + 1]

    def show(self, lines: Sequence[L], *, empty: str | None = None) -> None:
        """Replace the lines. Those that are the same objects stay where they are seen, whatever came before them."""
        if empty is not None and empty != self._empty:
            self._empty = empty
            self.refresh()
        if lines is self._lines:
            return
        before = self.cursor_line
        row_before = self._first_row(self._cursor) if before is not None else 0
        index = len(lines) - 1 if self._following else _index_of(before, lines, self._cursor)
        self._lines = lines
        self._cursor = max(0, index)
        self._bodies.clear()
        self._wrapped_for = -1
        self._look()
        self._measure()
        if not self._following and lines:
            shift = self._first_row(self._cursor) - row_before
            self._scroll_to_row(self.scroll_offset.y + shift)
        else:
            self._bring_into_sight()
        self.refresh()
        self.post_message(self.Moved())

    def set_margin_width(self, width: int) -> None:
        """Give what stands before the lines so much room; they are written anew."""
        self._margin_width = width
        self._measure_anew()

    def set_wrap(self, wrap: bool) -> None:
        """Let long lines go on below, or off to the right."""
        self._wrap, self._left = wrap, 0
        self._measure_anew()
        self.post_message(self.Moved())

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.move_to(len(self._lines) - 1)
        self._follow(self._can_follow)

    def find(self, text: str) -> None:
        """Look for a text, without regard to case, and go to the first line from the cursor on that has it."""
        before, self._needle = self._needle, text.lower()
        self._bodies.clear()
        # Where somebody types on, the longer text is only in what is found already.
        self._look(self._found if before and self._needle.startswith(before) else None)
        self.refresh()
        if self._found:
            place = bisect_left(self._found, self._cursor)
            self._go_to_found(place)
        self.post_message(self.Moved())

    def find_next(self, step: int) -> None:
        """Go to the next line (1) or the one before (-1) with what is looked for, round the end."""
        if not self._found:
            return
        place = bisect_right(self._found, self._cursor) if step > 0 else bisect_left(self._found, self._cursor) - 1
        self._go_to_found(place)

    def move_to(self, index: int) -> None:
        """Put the cursor on a line, the nearest there is, and bring it into sight."""
        index = max(0, min(index, len(self._lines) - 1))
        if not self._lines:
            return
        if index < self._cursor:
            self._follow(False)
        if index != self._cursor:
            self._cursor = index
            self.refresh()
            self.post_message(self.Moved())
        self._bring_into_sight()

    def action_move(self, lines: int) -> None:
        """Move the cursor by so many lines; through a line that is higher than the view, row by row."""
        if not self._lines:
            return
        top, first, end = self.scroll_offset.y, self._first_row(self._cursor), self._rows_end(self._cursor)
        if lines > 0 and end > top + self._height:
            self._scroll_to_row(top + 1)
        elif lines < 0 and first < top < end:
            self._scroll_to_row(top - 1)
        elif lines < 0 and self._cursor == 0:
            self.post_message(self.AtTop())
        else:
            self.move_to(self._cursor + lines)

    def action_page(self, pages: float) -> None:
        """Move by so many screenfuls."""
        if not self._lines:
            return
        if pages < 0 and self._cursor == 0 and self.scroll_offset.y == 0:
            self.post_message(self.AtTop())
            return
        rows = round(pages * self._height)
        row = max(0, min(self._first_row(self._cursor) + rows, self._row_count - 1))
        top = self.scroll_offset.y + rows
        self.move_to(self._line_at(row))
        self._scroll_to_row(top)

    def action_first(self) -> None:
        """Move to the first line."""
        if self._cursor == 0:
            self.post_message(self.AtTop())
        self.move_to(0)

    def action_last(self) -> None:
        """Move to the last line, and follow from there where that is possible."""
        self.follow()

    def action_sideways(self, steps: int) -> None:
        """Look further to the right or back; lines that are wrapped have nothing there."""
        if not self._wrap:
            self._left = max(0, self._left + steps * SIDEWAYS)
            self.refresh()

    def on_mouse_scroll_up(self, _: MouseScrollUp) -> None:
        self._follow(False)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        row = -1 if offset is None else offset.y + self.scroll_offset.y
        if 0 <= row < self._row_count:
            self.move_to(self._line_at(row))

    def on_resize(self, _: Resize) -> None:
        self._measure()
        self._bring_into_sight()

    def notify_style_update(self) -> None:
        """Colours are the theme's."""
        super().notify_style_update()
        self._bodies.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the widget."""
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        if row >= self._row_count:
            if not self._lines and y == 1:
                style = self.get_visual_style("text-view--quiet").rich_style
                return Strip([Segment(f"{' ' * GUTTER}{self._empty}", style)]).adjust_cell_length(width, style)
            return Strip.blank(width, self.rich_style)
        index = self._line_at(row)
        return self._row(index, row - self._first_row(index), width)

    def _row(self, index: int, nth: int, width: int) -> Strip:
        line, text, at_cursor = self._lines[index], self._text(self._lines[index]), index == self._cursor
        style = self.visual_style
        if at_cursor:
            style = component_style(self, "text-view--cursor" if self.has_focus else "text-view--cursor-blurred")
        mark = (style + self.get_visual_style("text-view--mark", partial=True)).rich_style
        row = [Segment(f"{CURSOR_MARK} " if at_cursor and nth == 0 else " " * GUTTER, mark)]
        if self._margin_width:
            margin = self._margin(line) if self._margin is not None and nth == 0 else Content("")
            margin = margin.truncate(self._margin_width, ellipsis=True)
            row += segments(margin.pad_right(self._margin_width - margin.cell_length), style)
        room = width - GUTTER - self._margin_width
        if self._rows:
            # Below a dialog the widget has its new width before it is told of it: what was measured holds until then.
            body = cut(self._written(index), *parts(text, self._wrapped_for)[nth])
        else:
            quiet = self.get_visual_style("text-view--quiet", partial=True)
            body = in_sight(self._written(index), self._left, room, quiet)
        row += segments(body, style)
        return Strip(row).adjust_cell_length(width, style.rich_style)

    def _written(self, index: int) -> Content:
        body = self._bodies.get(index)
        if body is None:
            body = self._body(self._lines[index])
            if self._needle:
                found = component_style(self, "text-view--found", partial=True)
                body = body.add_spans([Span(start, end, found) for start, end in places(body.plain, self._needle)])
            self._bodies[index] = body
        return body

    @property
    def _height(self) -> int:
        return max(1, self.scrollable_content_region.height)

    @property
    def _row_count(self) -> int:
        return self._rows[-1] if self._rows else len(self._lines)

    def _line_at(self, row: int) -> int:
        return bisect_right(self._rows, row) if self._rows else row

    def _first_row(self, index: int) -> int:
        if not self._rows:
            return index
        return self._rows[index - 1] if index else 0

    def _rows_end(self, index: int) -> int:
        return self._rows[index] if self._rows else index + 1

    def _measure_anew(self) -> None:
        self._wrapped_for = -1
        self._measure()
        self._bring_into_sight()
        self.refresh()

    def _measure(self) -> None:
        """Count the rows; the count of a wrapped text follows from the width."""
        room = self.scrollable_content_region.width - GUTTER - self._margin_width
        if room != self._wrapped_for:
            self._wrapped_for = room
            wraps = self._wrap and room > 0
            self._rows = list(accumulate(row_counts(map(self._text, self._lines), room))) if wraps else []
        self.virtual_size = Size(0, self._row_count)

    def _look(self, among: Sequence[int] | None = None) -> None:
        needle, words, lines = self._needle, self._words, self._lines
        searched = among if among is not None else range(len(lines) if needle else 0)
        self._found = [place for place in searched if needle in words(lines[place])]

    def _go_to_found(self, place: int) -> None:
        index = self._found[place % len(self._found)]
        self.move_to(index)
        at = self._text(self._lines[index]).lower().find(self._needle)
        room = self.scrollable_content_region.width - GUTTER - self._margin_width - AT_THE_END
        if not self._wrap and not self._left <= at < self._left + room - len(self._needle):
            self._left = max(0, at - room // 2) if at + len(self._needle) > room else 0
            self.refresh()

    def _follow(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self.post_message(self.Moved())

    def _bring_into_sight(self) -> None:
        if not self._lines:
            return
        top, first, end = self.scroll_offset.y, self._first_row(self._cursor), self._rows_end(self._cursor)
        self._scroll_to_row(first if end - first > self._height else min(max(top, end - self._height), first))

    def _scroll_to_row(self, row: int) -> None:
        row = max(0, min(row, self._row_count - self._height))
        if row != self.scroll_offset.y:
            self.scroll_to(y=row, animate=False, force=True, immediate=True)


def _index_of(line: Any, lines: Sequence[Any], index: int) -> int:
    """Where the line is now: at its place, elsewhere as the same object, or its place at the most."""
    if line is None or (index < len(lines) and (lines[index] is line or lines[index] == line)):
        return min(index, len(lines) - 1)
    return next((place for place, one in enumerate(lines) if one is line), min(index, len(lines) - 1))
