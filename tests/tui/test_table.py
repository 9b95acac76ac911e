"""The virtual table: what it writes, where its cursor stays, and that neither depends on how many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.content import Content
from textual.events import MouseScrollDown
from textual.widgets import Input

from cmapss_tui import theme
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

COLUMNS = (
    Column("number", "number", 7, "right"),
    Column("name", "name", elide="middle"),
    Column("status", "status", 10, shown_from=50),
)
HEIGHT = 12
VISIBLE = HEIGHT - 1


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    name: str


def rows(count: int) -> list[Row]:
    return [Row(number, f"row-{number:05d}-of-many-that-have-long-names-{number:05d}") for number in range(count)]


class TableApp(App[None]):
    """A table, and something else that can have the focus."""

    def __init__(self, shown: list[Row]) -> None:
        super().__init__()
        for one in theme.THEMES:
            self.register_theme(one)
        self.theme = theme.DARK.name
        self.shown = shown
        self.written: list[tuple[Row, str]] = []
        self.heard: list[tuple[str, Any]] = []

    def compose(self) -> ComposeResult:
        table = VirtualTable(COLUMNS, self.cell, lambda row: row.name, mark=lambda row: "*" if row.number == 2 else "")
        table.styles.height = HEIGHT
        yield table
        yield Input()

    def on_mount(self) -> None:
        self.table.show(self.shown)

    @property
    def table(self) -> VirtualTable[Row]:
        return self.query_one(VirtualTable)

    def cell(self, row: Row, column: str) -> Cell:
        self.written.append((row, column))
        if column == "number":
            return str(row.number)
        if column == "status":
            return Content.styled("● fine", theme.GOOD) if row.number % 2 else Text("○ not")
        return row.name

    def on_virtual_table_row_highlighted(self, message: VirtualTable.RowHighlighted) -> None:
        self.heard.append(("highlighted", message.row))

    def on_virtual_table_row_selected(self, message: VirtualTable.RowSelected) -> None:
        self.heard.append(("selected", message.row))

    def on_virtual_table_marks_changed(self, message: VirtualTable.MarksChanged) -> None:
        self.heard.append(("marked", [row.number for row in message.table.marked]))

    def on_virtual_table_header_selected(self, message: VirtualTable.HeaderSelected) -> None:
        self.heard.append(("header", message.column))

    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in self.table.render_line(y)) for y in range(HEIGHT)]


async def test_only_lines_that_are_seen_are_written() -> None:
    app = TableApp(rows(10_000))
    async with app.run_test(size=(60, 20)):
        written = {row.number for row, _ in app.written}
        assert written == set(range(VISIBLE))
        lines = app.lines()
        assert lines[0].split() == ["number", "name", "status"]
        assert lines[1].startswith("▌         0  row-00000")
        assert "○ not" in lines[1]
        assert "● fine" in lines[2]
        assert all(len(line) == 60 - 1 for line in lines)  # a column for the scroll bar


async def test_a_key_writes_as_little_with_ten_thousand_rows_as_with_a_hundred() -> None:
    cells = {}
    for count in (100, 10_000):
        app = TableApp(rows(count))
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.press("j")
            app.written.clear()
            await pilot.press("j", "k", "j", "pagedown", "G", "g")
            cells[count] = len(app.written)
    assert cells[100] == cells[10_000]


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down", "j", "up"], 1),
        (["k"], 0),
        (["G"], 99),
        (["end", "down"], 99),
        (["G", "home"], 0),
        (["pagedown"], VISIBLE),
        (["pagedown", "pagedown", "pageup"], VISIBLE),
        (["ctrl+d"], 6),
        (["ctrl+d", "ctrl+u"], 0),
    ],
)
async def test_keys_move_the_cursor_and_it_stays_in_view(keys: list[str], cursor: int) -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press(*keys)
        assert app.table.cursor == cursor
        marked = [line for line in app.lines() if line.startswith("▌")]
        assert len(marked) == 1
        assert f"row-{cursor:05d}" in marked[0]


async def test_the_cursor_stays_on_its_row_when_the_rows_are_replaced() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("j", "j", "j")
        app.heard.clear()
        app.table.show(list(reversed(rows(100))))
        await pilot.pause()
        assert app.table.cursor_row == rows(100)[3]
        assert app.table.cursor == 96
        assert any(line.startswith("▌") for line in app.lines())
        assert app.heard == []  # it is the same row, unchanged


async def test_where_its_row_has_gone_the_cursor_stays_at_its_place() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("j", "j", "j")
        app.table.show([row for row in rows(100) if row.number != 3])
        await pilot.pause()
        assert app.table.cursor_row == rows(100)[4]
        assert app.heard[-1] == ("highlighted", rows(100)[4])
        app.table.show([])
        await pilot.pause()
        assert app.table.cursor_row is None
        assert app.heard[-1] == ("highlighted", None)
        app.table.show(rows(2))
        assert app.table.cursor_row == rows(2)[0]


async def test_a_line_is_written_anew_only_when_its_row_has_changed() -> None:
    app = TableApp(rows(20))
    async with app.run_test(size=(60, 20)) as pilot:
        app.written.clear()
        changed = rows(20)
        changed[4] = Row(444, changed[4].name)
        app.table.show(changed)
        await pilot.pause()
        assert {row.number for row, _ in app.written} - {0} == {444}  # and the cursor's own line
        assert any(" 444  row-00004" in line for line in app.lines())


async def test_nothing_to_show_is_said() -> None:
    app = TableApp([])
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show([], empty="No job satisfies the filter.")
        await pilot.press("j", "G", "pagedown")
        assert "No job satisfies the filter." in "\n".join(app.lines())


async def test_a_narrow_table_leaves_columns_out_and_elides_the_middle() -> None:
    app = TableApp(rows(3))
    async with app.run_test(size=(60, 20)) as pilot:
        assert "status" in app.lines()[0]
        await pilot.resize_terminal(40, 20)
        await pilot.pause()
        lines = app.lines()
        assert "status" not in lines[0]
        assert "row-00001-of" in lines[2]
        assert lines[2].rstrip().endswith("-00001")
        assert "…" in lines[2]


async def test_a_row_is_marked_and_the_order_is_shown() -> None:
    app = TableApp(rows(5))
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show_order("number", True)
        await pilot.pause()
        lines = app.lines()
        assert "number▼" in lines[0]
        assert [line[2] for line in lines[1:6]] == [" ", " ", "*", " ", " "]


async def test_a_click_moves_the_cursor_and_another_selects() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("G")
        app.heard.clear()
        top = app.table.scroll_offset.y
        await pilot.click(VirtualTable, offset=(5, 3))
        assert app.table.cursor == top + 2
        assert app.heard == [("highlighted", rows(100)[top + 2])]
        await pilot.click(VirtualTable, offset=(5, 3))
        assert app.heard[-1] == ("selected", rows(100)[top + 2])
        await pilot.click(VirtualTable, offset=(5, 0))  # the header
        assert app.table.cursor == top + 2


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.post_message(MouseScrollDown(app.table, 5, 3, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert app.table.scroll_offset.y > 0
        assert app.table.cursor == 0
        await pilot.press("j")
        assert any(line.startswith("▌") for line in app.lines())


async def test_the_cursor_shows_whether_the_table_has_the_focus() -> None:
    app = TableApp(rows(5))
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.focus()
        await pilot.pause()
        focused = app.table.render_line(1)
        app.query_one(Input).focus()
        await pilot.pause()
        blurred = app.table.render_line(1)
        assert focused.text == blurred.text
        assert [s.style for s in focused] != [s.style for s in blurred]


async def test_lines_are_written_in_the_colours_of_the_theme() -> None:
    app = TableApp(rows(5))
    async with app.run_test(size=(60, 20)) as pilot:
        dark = [segment.style for segment in app.table.render_line(2)]
        app.theme = theme.LIGHT.name
        await pilot.pause()
        assert [segment.style for segment in app.table.render_line(2)] != dark


async def test_space_marks_and_goes_on_and_marks_are_kept_by_key() -> None:
    app = TableApp(rows(20))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("space", "j", "space")
        assert [row.number for row in app.table.marked] == [0, 2]
        assert app.table.cursor == 3
        assert [line[1] for line in app.lines()[1:5]] == ["✓", " ", "✓", " "]
        assert ("marked", [0, 2]) in app.heard
        app.table.show([row for row in reversed(rows(20)) if row.number != 0])
        await pilot.pause()
        assert [row.number for row in app.table.marked] == [0, 2], "a filter hides a marked row, and it stays marked"
        assert [line[1] for line in app.lines()].count("✓") == 0  # out of sight, at the end
        await pilot.press("G", "k")
        await pilot.press("space")
        assert [row.number for row in app.table.marked] == [0]


async def test_a_marked_row_is_the_row_as_it_is_now() -> None:
    app = TableApp(rows(3))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("space")
        for places in (None, {row.name: place for place, row in enumerate(rows(3))}):
            changed = [Row(900, rows(3)[0].name), *rows(3)[1:]]
            app.table.show(changed, places=places)
            assert app.table.marked == (changed[0],)


async def test_all_are_marked_and_none() -> None:
    app = TableApp(rows(20))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("asterisk")
        assert len(app.table.marked) == 20
        await pilot.press("asterisk")
        assert app.table.marked == ()
        assert not any("✓" in line for line in app.lines())


async def test_a_click_into_the_gutter_marks() -> None:
    app = TableApp(rows(20))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.click(VirtualTable, offset=(1, 4))
        assert [row.number for row in app.table.marked] == [3]
        assert app.table.cursor == 0


async def test_a_click_on_a_header_names_its_column() -> None:
    app = TableApp(rows(20))
    async with app.run_test(size=(60, 20)) as pilot:
        for title in ("number", "name", "status"):
            await pilot.click(VirtualTable, offset=(app.lines()[0].index(title), 0))
            await pilot.pause()
            assert app.heard[-1] == ("header", "name" if title == "name" else title)


async def test_columns_that_have_no_room_are_said_and_reached() -> None:
    app = TableApp(rows(5))
    async with app.run_test(size=(40, 20)) as pilot:
        assert "status" not in app.lines()[0]
        assert app.lines()[0].endswith("›")
        assert not app.table.shows("status")
        await pilot.press("right")
        await pilot.press("right")
        lines = app.lines()
        assert lines[0].startswith("‹")
        assert "number" in lines[0]
        assert "status" in lines[0]
        assert "● fine" in lines[2]
        assert app.table.shows("status")
        await pilot.press("left", "left", "left")
        assert "status" not in app.lines()[0]


async def test_where_the_places_are_given_no_other_row_is_looked_at() -> None:
    looked: list[int] = []

    class Watched(list[Row]):
        def __getitem__(self, index: Any) -> Any:
            looked.append(index)
            return super().__getitem__(index)

        def __iter__(self) -> Any:
            raise AssertionError("every row was looked at")

    app = TableApp(rows(10_000))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("j", "space", "j")
        shuffled = Watched(reversed(rows(10_000)))
        places = {
            f"row-{9_999 - place:05d}-of-many-that-have-long-names-{9_999 - place:05d}": place
            for place in range(10_000)
        }
        app.table.show(shuffled, places=places)
        await pilot.pause()
        assert app.table.cursor_row == rows(4)[3]
        assert app.table.cursor == 9_996
        assert len(set(looked)) < 3 * VISIBLE
