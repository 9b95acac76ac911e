"""The first two lines of every screen: whose AWS this is, what time it is there, how old the data is, which areas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from cmapss_tui import formats, theme
from cmapss_tui.actions import AREAS, Action, in_scope
from cmapss_tui.widgets.age import NOTHING_READ, Freshness
from cmapss_tui.widgets.hints import Hint, HintLine

BRAND = "cmapss-console"
Piece = tuple[str, Content, int]  # name, what is written, columns before it
GAP = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Whose AWS the console looks at. Empty strings stand for what is not known yet."""

    name: str
    region: str = ""
    account: str = ""
    role: str = ""
    speed: float = 1.0
    read_only: bool = False


class TopBar(Widget):
    """One line that fits its width by dropping what matters least; the clock's tick repaints the clock alone."""

    DEFAULT_CSS = """
    TopBar { height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._place = Place("connecting …")
        self._now: datetime | None = None
        self._freshness = NOTHING_READ
        self._clock_region = Region()

    def show_place(self, place: Place) -> None:
        """Say whose AWS this is."""
        if place != self._place:
            self._place = place
            self.refresh()

    def tick(self, now: datetime) -> None:
        """Set the region's clock."""
        first, self._now = self._now is None, now
        if first or not self._clock_region:
            self.refresh()
        else:
            self.refresh(self._clock_region)

    def show_freshness(self, value: Freshness) -> None:
        """Say how old the screen's data is."""
        if value != self._freshness:
            self._freshness = value
            self.refresh()

    def render(self) -> Content:
        """The fullest of the line's forms that fits, with the age at the right edge."""
        width = self.content_size.width
        age = self._freshness.content
        room = width - age.cell_length - GAP
        forms = self._forms()
        pieces = next((form for form in forms if _length(form) <= room), forms[-1])
        left, offset = Content(""), 0
        self._clock_region = Region()
        for name, content, gap in pieces:
            offset += gap
            if name == "clock":
                # Relative to the widget, whose padding of one column lies before the content.
                self._clock_region = Region(offset + 1, 0, content.cell_length, 1)
            left = left + Content(" " * gap) + content
            offset += content.cell_length
        if left.cell_length > room:
            left = left.truncate(max(0, room), ellipsis=True)
        return left.pad_right(max(0, width - left.cell_length - age.cell_length)) + age

    def _forms(self) -> list[list[Piece]]:
        """The line's forms from the fullest to the barest."""
        place = self._place
        where = Content.assemble((place.name, "bold $accent"), f" {place.region}" if place.region else "")
        clock_full, clock_short = self._clock(formats.moment), self._clock(formats.time_of_day)
        full: list[Piece] = [("brand", Content.styled(BRAND, "bold $primary"), 0)]
        if place.read_only:
            full.append(("read-only", Content.styled(" READ-ONLY ", "bold reverse $warning"), 3))
        full.append(("place", where, 3))
        for name, text in (("account", place.account), ("role", f"role {place.role}" if place.role else "")):
            if text:
                full.append((name, Content.assemble(("· ", theme.QUIET), text), 1))
        if self._now is not None:
            full.append(("separator", Content.styled("· region time", theme.QUIET), 1))
            full.append(("clock", clock_full, 1))
        short = [(name, clock_short if name == "clock" else content, gap) for name, content, gap in full]
        forms = [full, short]
        for dropped in (("separator",), ("brand",), ("role",), ("account",), ("clock",)):
            forms.append(_without(forms[-1], dropped))
        return forms

    def _clock(self, write: Callable[[datetime | None], str]) -> Content:
        speed = f" ×{self._place.speed:g}" if self._place.speed != 1 else ""
        return Content.assemble(write(self._now), (speed, theme.ACCENT))


def _without(form: list[Piece], names: tuple[str, ...]) -> list[Piece]:
    kept = [piece for piece in form if piece[0] not in names]
    return [(name, content, 0 if position == 0 else gap) for position, (name, content, gap) in enumerate(kept)]


def _length(form: list[Piece]) -> int:
    return sum(gap + content.cell_length for _, content, gap in form)


class AreaBar(HintLine):
    """The areas of the console, by number; the current one stands out."""

    DEFAULT_CSS = """
    AreaBar { background: $surface; color: $quiet; }
    AreaBar > .area-bar--key { color: $accent; }
    AreaBar > .area-bar--current { color: $foreground; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"area-bar--key", "area-bar--current"}

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = f"app.{current}"

    def render(self) -> Content:
        """Number and title of each area."""
        return self.line_of([self._hint(action) for action in in_scope("app") if action.group == AREAS])

    def _hint(self, area: Action) -> Hint:
        key, *_ = area.keys
        title = (area.title, ".area-bar--current") if area.id == self._current else area.title
        return key, Content.assemble((f"{key} ", ".area-bar--key"), title)
