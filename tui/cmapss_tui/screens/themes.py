"""The choice of a theme, seen as one moves through them; what is chosen is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cmapss_tui.console_settings import theme_names
from cmapss_tui.saving import save_setting
from cmapss_tui.screens.picker import Choice, Picker

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp


def choose_theme(console: ConsoleApp, then: Callable[[], None] = lambda: None) -> None:
    """Open the choice; leaving it brings the theme back that was there before."""
    before = console.theme
    choices = [_choice(console, name, before, then) for name in theme_names()]
    choices.sort(key=lambda choice: choice.title != before)

    def search(text: str) -> Sequence[Choice]:
        return [choice for choice in choices if all(word in choice.title for word in text.lower().split())]

    def chosen(choice: Choice | None) -> None:
        if choice is not None:
            choice.run()

    console.push_screen(Picker("Theme", search, restore=partial(_show, console, before)), chosen)


def _choice(console: ConsoleApp, name: str, before: str, then: Callable[[], None]) -> Choice:
    return Choice(
        name,
        partial(save_setting, console, "theme", name, then),
        help="dark" if console.available_themes[name].dark else "light",
        hint="● now" if name == before else "",
        preview=partial(_show, console, name),
    )


def _show(console: ConsoleApp, name: str) -> None:
    console.theme = name
