"""Keys that were typed ahead leave a dialog once, and nothing below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen

from cmapss_tui import keymap, theme
from cmapss_tui.help import HelpScreen
from cmapss_tui.options import Options
from cmapss_tui.screens.choose_order import choose_order
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.screens.picker import Choice, Picker
from cmapss_tui.widgets.table import Column
from tests.tui.consoles import Console, opened, until


class Plain(App[None]):
    """What dialogs need of an application."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(theme.DARK.variables)


def picker() -> Screen[Any]:
    return Picker("One of", lambda text: [Choice("first", lambda: None)])


def orders() -> Screen[Any]:
    return choose_order([Column("first", "first")], "first")


@pytest.mark.parametrize("make", [picker, orders])
async def test_what_leaves_a_dialog_twice_leaves_the_screen_below_it_alone(make: Callable[[], Screen[Any]]) -> None:
    app = Plain()
    async with app.run_test(size=(80, 24)) as pilot:
        below: Screen[Any] = Screen()
        await app.push_screen(below)
        answers: list[object] = []
        dialog = make()
        await app.push_screen(dialog, answers.append)
        dialog.dismiss(None)
        dialog.dismiss(None)
        await pilot.pause()
        assert app.screen is below
        assert answers == [None]


def confirmation() -> Screen[Any]:
    return ConfirmScreen("Send it?", ["It costs."], "Send", name="engines")


@pytest.mark.parametrize("make", [picker, orders, confirmation])
async def test_every_dialog_has_help_and_says_what_leaves_the_console(make: Callable[[], Screen[Any]]) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        dialog = make()
        await opened(pilot, dialog)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: any("^q leaves the console" in one.message for one in app._notifications))
        assert app.screen is dialog
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("f1")
        await until(pilot, lambda: app.screen is dialog)


async def test_help_has_the_keys_of_the_keymap_in_dialogs_as_well() -> None:
    app = Console(options=Options(keymap={"app.help": "f5"}))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, confirmation())
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
    keymap._in_force.clear()
