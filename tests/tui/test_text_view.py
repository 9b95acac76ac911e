"""A long text: moved through, wrapped, searched and followed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.style import Style

from cmapss_tui.widgets.text_rows import cut, in_sight, parts, places, row_counts
from cmapss_tui.widgets.text_view import GUTTER, TextView


class Reader(App[None]):
    """A text and nothing else."""

    def __init__(self, lines: Sequence[str], *, follows: bool = False) -> None:
        super().__init__()
        self.given = lines
        self.written = 0
        self.follows = follows

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"quiet": "grey", "cursor": "blue", "cursor-blurred": "grey"}

    def compose(self) -> ComposeResult:
        yield TextView(str, body=self.body, follows=self.follows, empty="nothing")

    def body(self, line: str) -> Content:
        self.written += 1
        return Content(line)

    def on_mount(self) -> None:
        self.view.focus()
        self.view.show(self.given)

    @property
    def view(self) -> TextView[str]:
        return self.query_one(TextView)

    def painted(self) -> list[str]:
        return ["".join(part.text for part in self.view.render_line(y)).rstrip() for y in range(self.size.height)]


PRINTABLE = st.text(st.characters(exclude_categories=["C"]), max_size=80)  # all else is spelled out before
LINES = [f"line {n}" for n in range(20_000)]


async def test_only_what_is_in_sight_is_written() -> None:
    app = Reader(LINES)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert app.painted()[:2] == ["▌ line 0", "  line 1"]
        assert app.written < 40
        await pilot.press("G")
        await pilot.pause()
        assert app.painted()[-1] == "▌ line 19999"
        assert app.written < 100
        assert app.view.in_sight == LINES[-10:]


async def test_it_follows_until_one_moves_up_and_again_from_the_end() -> None:
    app = Reader(LINES[:50], follows=True)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert app.view.cursor == 49
        app.view.show(LINES[:60])
        assert app.view.cursor == 59
        await pilot.press("k")
        app.view.show(LINES[:70])
        await pilot.pause()
        assert (app.view.following, app.view.cursor) == (False, 58)
        await pilot.press("G")
        app.view.show(LINES[:80])
        assert (app.view.following, app.view.cursor) == (True, 79)


async def test_what_comes_before_moves_nothing_that_is_seen() -> None:
    lines = [f"line {n}" for n in range(100)]
    app = Reader(lines)
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.move_to(50)
        await pilot.pause()
        before = app.painted()
        app.view.show([f"older {n}" for n in range(30)] + lines)
        await pilot.pause()
        assert app.painted() == before
        app.view.show(lines[20:])  # the oldest are let go of
        await pilot.pause()
        assert app.painted() == before


async def test_what_is_found_is_gone_to_round_the_end() -> None:
    app = Reader([f"{'needle' if n % 10 == 3 else 'hay'} {n}" for n in range(40)])
    async with app.run_test(size=(40, 10)):
        view = app.view
        view.move_to(5)
        view.find("NEEDLE")
        assert (view.cursor, view.found) == (13, (2, 4))
        view.find_next(1)
        view.find_next(1)
        view.find_next(1)
        assert view.cursor == 3
        view.find_next(-1)
        assert view.cursor == 33
        view.find("nothing like it")
        assert (view.cursor, view.found) == (33, (0, 0))
        view.find("")
        assert view.found is None


async def test_long_lines_go_off_to_the_right_with_a_sign_of_it_or_on_below() -> None:
    app = Reader(["a" * 30 + "b" * 30 + "END", "short"])
    async with app.run_test(size=(32, 6)) as pilot:
        await pilot.pause()
        assert app.painted()[:2] == ["▌ " + "a" * 29 + "›", "  short"]
        await pilot.press("right", "right")
        assert app.painted()[0] == "▌ " + "b" * 20 + "END"
        app.view.set_wrap(True)
        await pilot.pause()
        assert app.painted()[:4] == ["▌ " + "a" * 30, "  " + "b" * 30, "  END", "  short"]
        await pilot.press("j")
        assert app.view.cursor_line == "short"


async def test_a_line_that_is_higher_than_the_view_is_gone_through_row_by_row() -> None:
    app = Reader(["0123456789" * 20, "end"])
    async with app.run_test(size=(12, 5)) as pilot:
        app.view.set_wrap(True)
        await pilot.pause()
        for _ in range(25):
            if app.view.cursor_line == "end":
                break
            await pilot.press("j")
        assert app.view.cursor_line == "end"
        await pilot.press("g")
        assert app.view.scroll_offset.y == 0


async def test_a_match_far_to_the_right_comes_into_sight() -> None:
    app = Reader(["x" * 500 + "needle"])
    async with app.run_test(size=(40, 5)) as pilot:
        app.view.find("needle")
        await pilot.pause()
        assert "needle" in app.painted()[0]


@pytest.mark.parametrize("before", [30, 31, 32, 33, 500])
async def test_no_sign_at_the_edge_covers_a_match(before: int) -> None:
    app = Reader(["x" * before + "needle" + "y" * 50])
    async with app.run_test(size=(40, 5)) as pilot:
        app.view.find("needle")
        await pilot.pause()
        assert "needle" in app.painted()[0]


@given(PRINTABLE, st.integers(0, 40), st.integers(3, 40))
def test_a_part_ends_in_a_sign_where_not_all_of_it_is_shown(text: str, start: int, room: int) -> None:
    rest = text[start:]
    shown = in_sight(Content(text), start, room, Style()).plain
    assert cell_len(shown) <= room
    if shown != rest:
        assert shown.endswith("›")
        assert rest.startswith(shown[:-1].rstrip(" ")), "what is left of half a wide character is a space"


@pytest.mark.parametrize("text", ["", "a", "größer 温度 🚀" * 20, "x" * 200])
def test_rows_hold_the_whole_text(text: str) -> None:
    rows = parts(text, 7)
    assert "".join(text[start:end] for start, end in rows) == text
    assert row_counts([text], 7) == [len(rows)]


@given(st.text(max_size=200), st.integers(2, 40))
@example("a温\u0301", 2)
def test_no_row_is_wider_than_its_room(text: str, room: int) -> None:
    rows = parts(text, room)
    assert "".join(text[start:end] for start, end in rows) == text
    assert all(cell_len(text[start:end]) <= room for start, end in rows)
    assert row_counts([text], room) == [len(rows)]


@given(st.text("abAB .*", max_size=40), st.text("ab.*", min_size=1, max_size=3))
def test_what_is_found_is_what_is_looked_for(text: str, needle: str) -> None:
    assert all(text[start:end].lower() == needle for start, end in places(text, needle))
    assert bool(places(text, needle)) is (needle in text.lower())


def test_a_part_keeps_its_styles() -> None:
    content = Content("plain ").append(Content.styled("bold", "bold")).append(" plain")
    part = cut(content, 4, 8)
    assert part.plain == "n bo"
    assert [(span.start, span.end) for span in part.spans] == [(2, 4)]


async def test_typing_on_finds_what_the_whole_would_have_found() -> None:
    app = Reader(LINES)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        for typed in ("1", "19", "199", "1999", "9", ""):
            app.view.find(f"line {typed}" if typed else "")
            expected = sum(f"line {typed}" in line for line in LINES) if typed else None
            assert (app.view.found[1] if app.view.found is not None else None) == expected


WIDE_AND_NARROW = st.lists(st.integers(1, 400), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None)
@given(text=PRINTABLE.map(lambda text: text * 4), first=st.integers(1, 200), later=WIDE_AND_NARROW, over=st.booleans())
@example(text="word " * 50, first=82, later=[300], over=True)
@example(text="word " * 50, first=82, later=[1, 2, 3], over=False)
def test_a_wrapped_text_is_shown_at_every_width_also_below_a_dialog(
    text: str, first: int, later: list[int], over: bool
) -> None:
    async def widen() -> None:
        app = Reader([text, "end"])
        async with app.run_test(size=(first, 10)) as pilot:
            app.view.set_wrap(True)
            if over:
                await app.push_screen(ModalScreen())
            for width in later:
                await pilot.resize_terminal(width, 10)
                app.painted()
            if over:
                app.pop_screen()
                await pilot.pause()
            await pilot.pause()
            room = later[-1] - GUTTER - app.view.scrollbar_size_vertical * app.view.show_vertical_scrollbar
            if room > 1:
                app.view.move_to(0)
                shown = [row[GUTTER:] for row in app.painted()]
                assert shown[0] == cut(Content(text), *parts(text, room)[0]).plain.rstrip()

    asyncio.run(widen())
