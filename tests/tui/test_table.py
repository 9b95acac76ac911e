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
        assert "▼number" in lines[0]
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
