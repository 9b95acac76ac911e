"""Keys that were typed ahead leave a dialog once, and nothing below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen

from cmapss_tui import theme
from cmapss_tui.screens.choose_order import choose_order
from cmapss_tui.screens.picker import Choice, Picker
from cmapss_tui.widgets.table import Column


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
