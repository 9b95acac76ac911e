"""The dialog of an export: tables with all rows of the filter, screens as they were before it opened."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from cmapss_tui.options import Options
from cmapss_tui.screens.export import ExportScreen
from cmapss_tui.sheet import Sheet
from tests.tui.consoles import NOW, Console, Lobby, opened, screen_text, until

ROWS = [(number, f"job-{number}", NOW) for number in range(1, 301)]


class Listing(Lobby):
    """A screen with a table of more rows than can be seen."""

    AREA = "jobs"

    def sheet(self) -> Sheet:
        return Sheet("jobs", ("rank", "name", "created"), ROWS)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """A console that exports into a directory of its own."""
    return Console(options=Options(export_directory=tmp_path))


async def dialog(pilot: Pilot[None], screen: Lobby) -> ExportScreen:
    """Open the dialog on a screen."""
    await opened(pilot, screen)
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, ExportScreen) and pilot.app.focused is not None)
    found = pilot.app.screen
    assert isinstance(found, ExportScreen)
    return found


async def export(pilot: Pilot[None], screen: ExportScreen, suffix: str) -> None:
    """Choose a format and press the button."""
    screen.query_one("#field-format").set(suffix)  # type: ignore[attr-defined]  # a Field
    await until(pilot, lambda: screen.query_one("#file", Input).value.endswith(f".{suffix}"))
    screen.query_one("#export", Button).press()


async def test_a_table_goes_out_with_all_its_rows(console: Console, tmp_path: Path) -> None:
    path = tmp_path / "cmapss-jobs-2026-11-22-16-41-07.csv"
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await dialog(pilot, Listing())
        await until(pilot, lambda: "table: 300 rows, CSV" in screen_text(console))
        screen.query_one("#export", Button).press()
        await until(pilot, path.exists)
        await until(pilot, lambda: "exported table: 300 rows, CSV, to" in screen_text(console))
        assert not isinstance(console.screen, ExportScreen)
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["rank", "name", "created"]
    assert [row[1] for row in rows] == [f"job-{number}" for number in range(1, 301)]


async def test_json_is_one_document(console: Console, tmp_path: Path) -> None:
    path = tmp_path / "cmapss-jobs-2026-11-22-16-41-07.json"
    async with console.run_test(size=(120, 36)) as pilot:
        await export(pilot, await dialog(pilot, Listing()), "json")
        await until(pilot, path.exists)
    assert json.loads(path.read_text())[0] == {"rank": 1, "name": "job-1", "created": "2026-11-22T16:41:07Z"}


async def test_a_screen_goes_out_as_it_was_without_the_dialog(console: Console, tmp_path: Path) -> None:
    async with console.run_test(size=(80, 24)) as pilot:
        for suffix in ("txt", "svg"):
            path = tmp_path / f"cmapss-jobs-2026-11-22-16-41-07.{suffix}"
            await export(pilot, await dialog(pilot, Listing()), suffix)
            await until(pilot, path.exists)
            await until(pilot, lambda: not isinstance(console.screen, ExportScreen))
    text = (tmp_path / "cmapss-jobs-2026-11-22-16-41-07.txt").read_text()
    assert "lobby" in text
    assert "1 Jobs" in text
    assert "Overwrite" not in text
    assert "Cancel" not in text
    assert len(text.splitlines()) == 24
    svg = (tmp_path / "cmapss-jobs-2026-11-22-16-41-07.svg").read_text()
    drawn = "".join(ElementTree.fromstring(svg).itertext()).replace("\xa0", " ")
    assert "lobby" in drawn
    assert "Cancel" not in drawn
    assert not re.search(r"url\(\s*[\"']?http", svg), "a viewer would fetch something"


async def test_a_screen_without_a_table_offers_its_picture(console: Console) -> None:
    async with console.run_test(size=(80, 24)) as pilot:
        screen = await dialog(pilot, Lobby())
        assert screen.suffix == "svg"
        assert "cmapss-screen-2026-11-22-16-41-07.svg" in screen.query_one("#file", Input).value


async def test_an_existing_file_is_asked_about_and_another_name_takes_the_question_back(
    console: Console, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("mine")
    async with console.run_test(size=(80, 24)) as pilot:
        screen = await dialog(pilot, Listing())
        button, name = screen.query_one("#export", Button), screen.query_one("#file", Input)
        name.value = str(path)
        await pilot.pause()
        button.press()
        await until(pilot, lambda: "press Overwrite to replace it" in " ".join(screen_text(console).split()))
        assert path.read_text() == "mine"
        assert str(button.label) == "Overwrite"
        assert screen.query_one("#cancel", Button).has_focus
        name.value = str(tmp_path / "other.csv")
        await until(pilot, lambda: str(button.label) == "Export")
        name.value = str(path)
        await pilot.pause()
        button.press()
        await until(pilot, lambda: str(button.label) == "Overwrite")
        button.press()
        await until(pilot, lambda: path.read_text() != "mine")
    assert path.read_text().startswith("rank,name,created")


async def test_a_failure_is_one_line_and_leaves_the_dialog_open(console: Console, tmp_path: Path) -> None:
    async with console.run_test(size=(80, 24)) as pilot:
        screen = await dialog(pilot, Listing())
        screen.query_one("#file", Input).value = str(tmp_path / "nowhere" / "x.csv")
        await pilot.pause()
        screen.query_one("#export", Button).press()
        await until(pilot, lambda: "no such file" in " ".join(screen_text(console).split()))
        assert console.screen is screen
        screen.query_one("#file", Input).value = "  "
        await pilot.pause()
        screen.query_one("#export", Button).press()
        await until(pilot, lambda: "A file's name is needed" in screen_text(console))
        await pilot.press("escape")
        await until(pilot, lambda: console.screen is not screen)
