"""Where one can jump to on a screen, and the letters that stand for it: what takes the focus, panels and areas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget

from cmapss_tui.widgets.panel import Panel
from cmapss_tui.widgets.top_bar import AreaBar

# Where the fingers lie comes first.
LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """A widget that can have the focus, the letters that stand for it, and where on the screen they are written.

    `panel` is what is brought into sight in that widget; `key` is pressed instead of all this.
    """

    label: str
    widget: Widget
    at: Offset
    panel: Widget | None = None
    key: str | None = None


def labels(count: int) -> list[str]:
    """So many labels, none of which is the beginning of another: a letter each, or two each where there are more."""
    length = 1
    while len(LETTERS) ** length < count:
        length += 1
    return ["".join(letters) for letters, _ in zip(product(LETTERS, repeat=length), range(count), strict=False)]


def targets(screen: Screen[Any]) -> list[Target]:
    """What can have the focus now, in the order of the tab key, then panels that can be scrolled to, then the areas.

    What is scrolled out of sight is left out.
    """
    found = [*map(_focusable, screen.focus_chain), *map(_panel, screen.query(Panel)), *_areas(screen)]
    seen: dict[Offset, Target] = {}
    for target in filter(None, found):
        seen.setdefault(target.at, target)
    return [replace(one, label=label) for label, one in zip(labels(len(seen)), seen.values(), strict=True)]


def _focusable(widget: Widget) -> Target | None:
    at = _corner(widget)
    return None if at is None else Target("", widget, at)


def _panel(panel: Panel) -> Target | None:
    around = (node for node in panel.ancestors if isinstance(node, Widget) and node.focusable)
    scrolled, at = next((node for node in around if node.allow_vertical_scroll), None), _corner(panel)
    return None if scrolled is None or at is None else Target("", scrolled, at, panel=panel)


def _areas(screen: Screen[Any]) -> Iterator[Target]:
    for bar in screen.query(AreaBar):
        at = _corner(bar)
        if at is not None:
            yield from (Target("", bar, at + Offset(column, 0), key=key) for column, key in bar.places())


def _corner(widget: Widget) -> Offset | None:
    """Where the part of a widget that is in sight begins; None where none is."""
    try:
        placed = widget.screen.find_widget(widget)
    except NoWidget:  # it has not been laid out
        return None
    return placed.visible_region.offset if placed.visible_region else None
