"""The area of settings: what is set and by whom, changed in place, kept in the file, and in force at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cmapss_core.aws import Target
from cmapss_tui import keymap
from cmapss_tui.cadence import cadence_of
from cmapss_tui.configuration import read_config
from cmapss_tui.options import Layers, merged
from cmapss_tui.screens.picker import Picker
from cmapss_tui.screens.setting_keys import KeysScreen
from cmapss_tui.screens.setting_value import ValueScreen
from cmapss_tui.screens.settings import SettingsScreen
from cmapss_tui.setting_rows import Part
from cmapss_tui.settings import value_text
from tests.tui.consoles import Console, DeafAws, opened, screen_text, until

FILE = """\
# My console.
region = "eu-west-1"  # the nearest
read_only = false
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _own_keys() -> Iterator[None]:
    yield
    keymap.use(Console(), {})


def console(path: Path, **layers: Any) -> Console:
    given = Layers(path, **layers)
    return Console(DeafAws(), merged(read_config(path, given) if path.exists() else given))


async def at_row(pilot: Pilot[None], part: Part, name: str) -> SettingsScreen:
    """Open the settings with the cursor on a row."""
    screen = SettingsScreen()
    await opened(pilot, screen)
    await to_row(pilot, screen, part, name)
    return screen


async def to_row(pilot: Pilot[None], screen: SettingsScreen, part: Part, name: str) -> None:
    rows = [(row.part, row.name) for row in screen.table.rows]
    screen.table.move_to(rows.index((part, name)))
    await pilot.pause()


def shown(screen: SettingsScreen, part: Part, name: str) -> tuple[str, str]:
    row = next(row for row in screen.table.rows if (row.part, row.name) == (part, name))
    return row.value, row.set_by


def toasts(app: Console) -> str:
    return " ".join(str(one.message) for one in app._notifications)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_setting_is_listed_with_its_value_and_who_set_it(file: Path, size: tuple[int, int]) -> None:
    app = console(file, environment={"refresh": 5.0})
    async with app.run_test(size=size) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "refresh")
        assert shown(screen, Part.SETTINGS, "calls_per_minute") == ("20", "default")
        assert shown(screen, Part.SETTINGS, "read_only") == ("false", "file")
        assert shown(screen, Part.SETTINGS, "refresh") == ("5", "CMAPSS_REFRESH")
        assert shown(screen, Part.SETTINGS, "theme") == (app.usual_theme, "default")
        assert shown(screen, Part.KEYS, "jobs.deploy") == ("D", "default")
        assert shown(screen, Part.ABOUT, "configuration")[0] == str(file)
        text = screen_text(app)
        assert "CMAPSS_REFRESH says what it is" in text
        assert "Seconds between two readings" in text
        sheet = screen.sheet()
        assert ["settings", "region", "us-east-1", "sandbox", "The AWS region."] in [list(row) for row in sheet.rows]
        assert screen.copyable()["value"] == "5"


async def test_a_value_is_checked_as_it_is_typed_kept_in_the_file_and_in_force(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "refresh")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ValueScreen))
        await pilot.press("x")
        assert "a number of seconds above 0" in screen_text(app)
        assert app.screen.query_one("#set", Button).disabled
        await pilot.press("enter")
        assert isinstance(app.screen, ValueScreen)
        await pilot.press("backspace", "2", ".", "5", "enter")
        await until(pilot, lambda: app.options.refresh == 2.5)
        await until(pilot, lambda: shown(screen, Part.SETTINGS, "refresh") == ("2.5", "file"))
        assert file.read_text(encoding="utf-8") == f"{FILE}refresh = 2.5\n"
        await pilot.press("backspace")
        await until(pilot, lambda: app.options.refresh is None)
        assert file.read_text(encoding="utf-8") == FILE


async def test_yes_and_no_are_turned_and_a_list_has_commas(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "read_only")
        await pilot.press("enter")
        await until(pilot, lambda: app.options.read_only)
        assert app.aws.target.read_only
        assert "read_only = true" in file.read_text(encoding="utf-8")
        await to_row(pilot, screen, Part.SETTINGS, "protected")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ValueScreen))
        await pilot.press(*"a-*, b", "enter")
        await until(pilot, lambda: app.options.protected == ("a-*", "b"))
        assert app.aws.target.protected == ("a-*", "b")
        assert 'protected = ["a-*", "b"]' in file.read_text(encoding="utf-8")


async def test_a_theme_is_seen_before_it_is_chosen_and_comes_back_when_it_is_not(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        before = app.theme
        await at_row(pilot, Part.SETTINGS, "theme")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"cmapss-light")
        await until(pilot, lambda: app.theme == "cmapss-light")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == before)
        assert "theme" not in file.read_text(encoding="utf-8")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"cmapss-light", "enter")
        await until(pilot, lambda: app.options.theme == "cmapss-light")
        assert app.theme == "cmapss-light"
        assert 'theme = "cmapss-light"' in file.read_text(encoding="utf-8")


async def test_a_key_is_pressed_a_clash_is_told_and_the_key_works_at_once(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.KEYS, "settings.filter")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        await pilot.press("q")
        await pilot.pause()
        assert "q would be both settings.filter and app.quit" in screen_text(app)
        assert "press another key" in screen_text(app)
        assert "enter sets it" not in screen_text(app)
        assert "Elsewhere it has keys of its own: " in screen_text(app)
        await pilot.press("enter")
        assert isinstance(app.screen, KeysScreen)
        await pilot.press("f6")
        await pilot.pause()
        assert "✓ f6" in screen_text(app)
        assert "enter sets it" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.options.keymap == {"settings.filter": "f6"})
        assert '"settings.filter" = "f6"' in file.read_text(encoding="utf-8")
        await until(pilot, lambda: shown(screen, Part.KEYS, "settings.filter") == ("f6", "file"))
        assert "f6 filter" in screen_text(app)
        await pilot.press("f6")
        await until(pilot, lambda: screen.query_one("FilterBar").has_class("-shown"))
        await pilot.press("escape", "backspace")
        await until(pilot, lambda: app.options.keymap == {})
        assert file.read_text(encoding="utf-8") == FILE
        await pilot.press("slash")
        await until(pilot, lambda: screen.query_one("FilterBar").has_class("-shown"))


async def test_what_a_variable_says_goes_on_and_that_is_told(file: Path) -> None:
    app = console(file, environment={"calls_per_minute": 7})
    async with app.run_test(size=(120, 36)) as pilot:
        await at_row(pilot, Part.SETTINGS, "calls_per_minute")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ValueScreen))
        await pilot.press("backspace", "9", "enter")
        await until(pilot, lambda: "calls_per_minute = 9" in file.read_text(encoding="utf-8"))
        await until(pilot, lambda: "CMAPSS_CALLS_PER_MINUTE goes on saying 7 for calls_per_minute" in toasts(app))
        assert app.options.calls_per_minute == 7


async def test_where_nothing_can_be_written_it_holds_until_the_end(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    app = Console(DeafAws(), merged(Layers(in_the_way / "config.toml")))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "tour")
        await pilot.press("enter")
        await until(pilot, lambda: not app.options.tour)
        assert "tour holds until the console ends" in toasts(app)
        await until(pilot, lambda: shown(screen, Part.SETTINGS, "tour") == ("false", "chosen here"))


async def test_facts_and_defaults_say_why_there_is_nothing_to_do(file: Path) -> None:
    file.write_text(f"{FILE}\n[profiles.prod]\nread_only = true\n", encoding="utf-8")
    app = console(file)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await at_row(pilot, Part.ABOUT, "version")
        await pilot.press("enter")
        await until(pilot, lambda: "There is nothing to set here." in toasts(app))
        await to_row(pilot, screen, Part.PROFILES, "prod.read_only")
        await pilot.press("enter")
        await until(pilot, lambda: "What holds for one profile" in toasts(app))
        await to_row(pilot, screen, Part.SETTINGS, "tour")
        await pilot.press("backspace")
        await until(pilot, lambda: "tour is not in the file" in toasts(app))


async def test_the_list_is_narrowed_down(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "region")
        await pilot.press("slash", *"set_by:file", "enter")
        await until(pilot, lambda: [row.name for row in screen.table.rows] == ["read_only"])


async def test_areas_are_written_with_the_key_that_they_have_now(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_row(pilot, Part.KEYS, "app.errors")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        await pilot.press("f4", "enter")
        await until(pilot, lambda: "f4 Errors" in screen_text(app))
        await pilot.press("backspace")
        await until(pilot, lambda: "4 Errors" in screen_text(app) and "f4" not in screen_text(app))
        assert "app.errors is as by default" in toasts(app)


async def test_several_keys_and_the_former_key_of_another_action_work(file: Path) -> None:
    file.write_text('[keymap]\n"table.down" = "f8, f9"\n"table.up" = "j"\n', encoding="utf-8")
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "profile")
        at = screen.table.cursor
        await pilot.press("f8", "f9")
        assert screen.table.cursor == at + 2
        await pilot.press("j")
        assert screen.table.cursor == at + 1
        await pilot.press("down", "k", "up")
        assert screen.table.cursor == at + 1


@pytest.mark.parametrize(("value", "text"), [(1e6, "1000000"), (5.0, "5"), (2.5, "2.5"), (True, "true"), (None, "–")])
def test_a_value_is_written_plainly(value: object, text: str) -> None:
    assert value_text(value) == text


LOCAL = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("target", "flags", "variables", "rows"),
    [
        (
            Target(region="us-east-1", endpoint_url=LOCAL),
            {},
            {},
            {
                "sandbox": ("true", "no credentials"),
                "profile": ("none", "sandbox"),
                "region": ("us-east-1", "sandbox"),
                "endpoint_url": (LOCAL, "sandbox"),
                "refresh": ("automatic", "default"),
                "protected": ("none", "default"),
            },
        ),
        (
            Target(region="us-east-1", endpoint_url=LOCAL),
            {"sandbox": True},
            {},
            {"sandbox": ("true", "--sandbox"), "region": ("us-east-1", "sandbox")},
        ),
        (
            Target(region="us-east-1", endpoint_url=LOCAL),
            {"endpoint_url": LOCAL, "region": "us-east-1"},
            {},
            {
                "sandbox": ("false", "default"),
                "profile": ("default", "default"),
                "region": ("us-east-1", "--region"),
                "endpoint_url": (LOCAL, "--endpoint-url"),
            },
        ),
        (
            Target(endpoint_url=LOCAL),
            {},
            {"AWS_ENDPOINT_URL": LOCAL},
            {"sandbox": ("false", "default"), "endpoint_url": (LOCAL, "AWS_ENDPOINT_URL")},
        ),
        (
            Target(profile="test", region="eu-west-1"),
            {"profile": "test"},
            {"AWS_PROFILE": "other"},
            {
                "profile": ("test", "--profile"),
                "region": ("eu-west-1", "at the start"),
                "endpoint_url": ("AWS's own", "default"),
            },
        ),
        (
            Target(),
            {},
            {"AWS_PROFILE": "other", "AWS_DEFAULT_REGION": "eu-west-3"},
            {"profile": ("other", "AWS_PROFILE"), "region": ("eu-west-3", "AWS_DEFAULT_REGION")},
        ),
    ],
    ids=["without credentials", "sandbox asked for", "an address", "an address of AWS's", "profile", "AWS's own"],
)
async def test_what_is_in_force_is_shown_and_who_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    target: Target,
    flags: dict[str, Any],
    variables: dict[str, str],
    rows: dict[str, tuple[str, str]],
) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    aws = DeafAws(target)
    aws._region = target.region or "eu-west-3"
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    app = Console(aws, merged(Layers(tmp_path / "config.toml", flags=flags)))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "region")
        assert {name: shown(screen, Part.SETTINGS, name) for name in rows} == rows


async def test_what_is_set_while_something_else_is_in_force_is_told(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_row(pilot, Part.SETTINGS, "region")
        said = "eu-west-1 is set (file), and holds where there is no sandbox."
        await until(pilot, lambda: said in screen_text(app))


async def test_an_interval_that_was_chosen_is_in_force_until_another_is_set(file: Path) -> None:
    app = console(file)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await at_row(pilot, Part.SETTINGS, "refresh")
        cadence_of(app).choose_next()
        screen.show_rows()
        assert shown(screen, Part.SETTINGS, "refresh") == ("2", "chosen here")
