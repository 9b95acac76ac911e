"""The choice of what to copy, where there is more than one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cmapss_tui import formats
from cmapss_tui.screens.picker import Choice, Picker
from cmapss_tui.take_away.clipboard import copy

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

SHOWN = 200  # characters of a text: no line is longer


def choose_copy(console: ConsoleApp, copyable: Mapping[str, str]) -> None:
    """Open the choice; what is chosen is copied."""
    choices = [Choice(what, partial(copy, console, what, text), help=_begins(text)) for what, text in copyable.items()]

    def search(typed: str) -> Sequence[Choice]:
        words = typed.lower().split()
        return [choice for choice in choices if all(word in choice.title.lower() for word in words)]

    def chosen(choice: Choice | None) -> None:
        if choice is not None:
            choice.run()

    console.push_screen(Picker("Copy", search), chosen)


def _begins(text: str) -> str:
    """What a text begins with, and how much more of it there is."""
    first, *more = text.strip().splitlines() or [""]
    return first[:SHOWN] + (f" … {formats.count(len(more) + 1)} lines" if more else "")
