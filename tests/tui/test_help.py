"""Help: what is in focus first, then the screen and its keys; topics and a search; readable at 80 columns."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Input, Static

import cmapss_tui.screens
import cmapss_tui.widgets
from cmapss_tui import keymap
from cmapss_tui.help import HelpScreen, written
from cmapss_tui.help import texts as help_texts
from cmapss_tui.help.pages import HERE, Entry, Page, Section, about, found, pages
from cmapss_tui.options import Options
from cmapss_tui.screens.export import ExportScreen
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.form import Field
from cmapss_tui.widgets.table import VirtualTable
from tests.tui.consoles import Console, Lobby, focused, opened, screen_text, until
from tests.tui.test_actions import screens


class Gauge(Widget, can_focus=True):
    """A widget that says itself what it is."""

    HELP: ClassVar[str | None] = "How full the tank is."


class Furnished(Lobby):
    """A screen with a few things."""

    def body(self) -> ComposeResult:
        yield Static("lobby")
        yield FilterBar()
        yield Gauge(id="gauge")
        yield Field("rate", "rate", "120")


def test_a_list_is_explained_as_a_list_whatever_its_name_is() -> None:
    said = about(VirtualTable((), lambda row, column: "", str, id="errors"))
    assert said is not None
    assert said.name == "List"


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    yield
    keymap._in_force.clear()


async def help_on(pilot: Pilot[None], console: Console, selector: str, *, press: str = "question_mark") -> str:
    """Ask for help with the focus there."""
    await focused(pilot, selector)
    await pilot.press(press)
    await until(pilot, lambda: isinstance(console.screen, HelpScreen))
    await pilot.pause()
    return screen_text(console)


async def test_what_is_in_focus_comes_first() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Furnished())
        text = await help_on(pilot, console, "#gauge")
        assert text.index("In focus: gauge") < text.index("Everywhere" if "Everywhere" in text else "First line")
        assert "How full the tank is." in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(console.screen, Furnished))
        text = await help_on(pilot, console, "#rate", press="f1")
        assert "In focus: rate" in text
        assert "Invocations a minute, each with 100 rows." in text


async def test_a_question_mark_can_be_typed_and_f1_is_help_there() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Furnished())
        field = await focused(pilot, "#rate")
        assert isinstance(field, Input)
        await pilot.press("question_mark")
        await until(pilot, lambda: "?" in field.value)
        assert not isinstance(console.screen, HelpScreen)


async def test_dialogs_have_help_too() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Furnished())
        await focused(pilot, "#gauge")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, ExportScreen) and console.focused is not None)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(console.screen, HelpScreen))
        await until(pilot, lambda: "Writes the table, or the screen as it was" in screen_text(console))


async def test_the_help_names_the_button_that_has_the_focus() -> None:
    console = Console()
    async with console.run_test(size=(120, 50)) as pilot:
        await opened(pilot, Furnished())
        await focused(pilot, "#gauge")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.focused, Button))
        assert str(console.screen.query_one("#export", Button).label) == "Export"
        assert console.focused is console.screen.query_one("#export")
        await pilot.press("f1")
        await until(pilot, lambda: "Export has the focus at first" in " ".join(screen_text(console).split()))
        assert "Cancel has the focus" not in " ".join(screen_text(console).split())


async def test_topics_are_pages_and_words_are_found_in_all_of_them() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Furnished())
        await help_on(pilot, console, "#gauge")
        await pilot.press("2")
        await until(pilot, lambda: "A filter narrows a list down" in screen_text(console))
        await pilot.press("right")
        await until(pilot, lambda: "Every time is the region's" in screen_text(console))
        await pilot.press("left", "left", "left")
        await until(pilot, lambda: "74 kB" in screen_text(console))
        await pilot.press("slash", *"rolled back")
        await until(pilot, lambda: "stood, or rolled back." in screen_text(console))
        assert "74 kB" not in screen_text(console)
        await pilot.press(*"zzz")
        await until(pilot, lambda: "Nothing has it." in screen_text(console))
        await pilot.press("escape")
        await until(pilot, lambda: "74 kB" in screen_text(console))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(console.screen, Furnished))


def test_what_keys_do_begins_in_one_column_however_long_their_titles_are() -> None:
    titles = ("quit", "back in history")
    entries = tuple(Entry("q", "Text of it.", title, "verb") for title in titles)
    lines = [line.plain for line in written([Section("One", entries[:1]), Section("Two", entries[1:])], 100)]
    assert len({line.index("Text of it.") for line in lines if "Text" in line}) == 1


async def test_the_help_has_the_keys_that_are_in_force() -> None:
    console = Console(options=Options(keymap={"screen.refresh": "f5"}))
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Furnished())
        [refresh] = [
            entry
            for section in pages(console.screen)[0].sections
            for entry in section.entries
            if entry.title == "refresh"
        ]
        assert refresh.label == "f5"


def test_every_screen_says_what_it_is_for() -> None:
    missing = {
        screen.__name__
        for screen in screens()
        if not any(kind.__name__ in help_texts.SCREENS for kind in screen.__mro__)
    }
    bases = {screen.__name__ for screen in screens() if screen.__subclasses__()}
    assert missing <= bases


def test_no_text_is_of_something_that_does_not_exist() -> None:
    named = set()
    for package in (cmapss_tui.widgets, cmapss_tui.screens):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
            named |= {name for name, _ in members}
    assert set(help_texts.SCREENS) <= named
    assert set(help_texts.BY_CLASS) <= named


def test_ids_that_are_explained_are_used() -> None:
    sources = "".join(path.read_text() for path in Path(cmapss_tui.__file__).parent.rglob("*.py"))
    for name in help_texts.BY_ID:
        assert f'id="{name}"' in sources, name


def test_a_widget_without_a_text_is_passed_over() -> None:
    assert about(Static()) is None
    assert about(Gauge(id="gauge")) == help_texts.About("gauge", "How full the tank is.")


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)


@given(
    st.lists(WORDS, min_size=1, max_size=60).map(" ".join),
    st.sampled_from(["", "g", "status:failed"]),
    st.sampled_from([70, 100]),
)
def test_no_line_is_wider_than_the_dialog_and_no_word_is_lost(text: str, label: str, width: int) -> None:
    lines = list(written([Section("Heading", (Entry(label, text),))], width))
    plain = [line.plain for line in lines]
    assert "".join("".join(plain[1:]).split()) == "".join(f"{label}{text}".split())
    assert all(len(line) <= width for line in plain)


def test_a_search_finds_what_has_all_words_anywhere() -> None:
    page = Page(HERE, "Here", (Section("Keys", (Entry("D", "Put it there", "deploy"), Entry("q", "Leave"))),))
    assert found([page], "DEPLOY there") == (Section("Keys", (Entry("D", "Put it there", "deploy"),)),)
    assert found([page], "nowhere") == ()
