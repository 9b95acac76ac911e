"""The first two lines of every screen: whose AWS this is, what time it is there, how old the data is, which areas."""

from __future__ import annotations

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
AGE_WIDTH = 16


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
        # The form must not change with every second that the age grows by.
        room = width - max(age.cell_length, AGE_WIDTH) - GAP
        pieces = next((form for form in self._forms() if _length(form) <= room), self._forms()[-1])
        line = Content("")
        self._clock_region = Region()
        for name, content, gap in pieces:
            line = line + Content(" " * gap)
            if name == "clock":
                # Relative to the widget, whose padding of one column lies before the content.
                self._clock_region = Region(line.cell_length + 1, 0, content.cell_length, 1)
            line = line + content
        line = line.truncate(max(0, width - age.cell_length - GAP), ellipsis=True)
        return line.pad_right(max(0, width - line.cell_length - age.cell_length)) + age

    def _forms(self) -> list[list[Piece]]:
        """The line's forms, from the fullest to the barest."""
        place = self._place
        where = Content.assemble((place.name, "bold $accent"), f" {place.region}" if place.region else "")
        full: list[Piece] = [("brand", Content.styled(BRAND, "bold $primary"), 0)]
        if place.read_only:
            full.append(("read-only", Content.styled(" READ-ONLY ", "bold reverse $warning"), GAP))
        full.append(("place", where, GAP))
        for name, text in (("account", place.account), ("role", f"role {place.role}" if place.role else "")):
            if text:
                full.append((name, Content.assemble(("· ", theme.QUIET), text), 1))
        forms = [full]
        if self._now is not None:
            moment, time_of_day = formats.moment(self._now), formats.time_of_day(self._now)
            clocks = (("· region time ", moment), ("· region time ", time_of_day), ("· ", time_of_day))
            forms = [[*full, ("clock", self._clock(label, time), 1)] for label, time in clocks]
        for name in ("brand", "role", "account", "clock"):
            forms.append(_without(forms[-1], name))
        return forms

    def _clock(self, label: str, time: str) -> Content:
        speed = f" ×{self._place.speed:g}" if self._place.speed != 1 else ""
        return Content.assemble((label, theme.QUIET), time, (speed, theme.ACCENT))


def _without(form: list[Piece], name: str) -> list[Piece]:
    kept = [piece for piece in form if piece[0] != name]
    return [(kind, content, gap if position else 0) for position, (kind, content, gap) in enumerate(kept)]


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
