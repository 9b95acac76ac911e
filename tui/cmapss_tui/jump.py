"""Where the focus can jump to on a screen, and the letters that stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget

# Where the fingers lie comes first.
LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """A widget that can have the focus, the letters that stand for it, and where on the screen they are written."""

    label: str
    widget: Widget
    at: Offset


def labels(count: int) -> list[str]:
    """So many labels, none of which is the beginning of another: a letter each, or two each where there are more."""
    length = 1
    while len(LETTERS) ** length < count:
        length += 1
    return ["".join(letters) for letters, _ in zip(product(LETTERS, repeat=length), range(count), strict=False)]


def targets(screen: Screen[Any]) -> list[Target]:
    """What can have the focus now, in the order of the tab key; what is scrolled out of sight is left out."""
    seen = [(widget, at) for widget in screen.focus_chain if (at := _corner(widget)) is not None]
    return [Target(label, widget, at) for label, (widget, at) in zip(labels(len(seen)), seen, strict=True)]


def _corner(widget: Widget) -> Offset | None:
    """Where the part of a widget that is in sight begins; None where none is."""
    try:
        placed = widget.screen.find_widget(widget)
    except NoWidget:  # it has not been laid out
        return None
    return placed.visible_region.offset if placed.visible_region else None
