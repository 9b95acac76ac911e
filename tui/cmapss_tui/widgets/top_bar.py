"""The first two lines of every screen: whose AWS this is and what time it is there; the areas, and the data's age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from textual.app import App
from textual.content import Content
from textual.css.query import NoMatches
from textual.geometry import Region
from textual.widget import Widget

from cmapss_tui import formats, theme
from cmapss_tui.actions import Action, in_scope
from cmapss_tui.formats import middle_elided
from cmapss_tui.keymap import first_key, keys_of
from cmapss_tui.place import PRODUCTION_CLASS, Place
from cmapss_tui.widgets.age import NOTHING_READ, Freshness
from cmapss_tui.widgets.hints import NARROW_GAP, Hint, HintLine

BRAND = "cmapss-console"
PRODUCTION, READ_ONLY = "PRODUCTION", "READ-ONLY"
Piece = tuple[str, Content, int]  # name, what is written, columns before it
GAP = 2
AREA_GAPS = (3, 2, 1)
LONGEST, STILL_TELLING, SHORTEST = 30, 12, 6  # columns that a name is shortened to: the clock goes at the second
SSO_ROLE = "AWSReservedSSO_"  # before the name of a permission set, with a hash behind it


def production_mark(app: App[Any]) -> Content:
    """What stands before the title of a dialog that changes something in production; elsewhere it is empty."""
    marked = app.has_class(PRODUCTION_CLASS)
    return Content.assemble((f" {PRODUCTION} ", "bold reverse $error"), " ") if marked else Content("")


class TopBar(Widget):
    """One line that fits its width by dropping what matters least; the clock's tick repaints the clock alone.

    Whose AWS it is, in which region, as which role, and what it is marked as is never dropped: where there is no
    room, the names are shortened.
    """

    DEFAULT_CSS = """
    TopBar { height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    TopBar.-production { background: $production; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._place = Place("connecting …")
        self._now: datetime | None = None
        self._clock_region = Region()

    def show_place(self, place: Place) -> None:
        """Say whose AWS this is."""
        if place != self._place:
            self._place = place
            self.set_class(place.production, PRODUCTION_CLASS)
            self.refresh()

    def tick(self, now: datetime) -> None:
        """Set the region's clock; it is not shown before the place's time is known."""
        first, self._now = self._now is None, now
        if first or not self._clock_region:
            self.refresh()
        else:
            self.refresh(self._clock_region)

    def show_freshness(self, value: Freshness) -> None:
        """Say how old the screen's data is: at the end of the next line, which has the room for it."""
        try:
            self.screen.query_one(AreaBar).show_freshness(value)
        except NoMatches:
            return

    def render(self) -> Content:
        """The fullest of the line's forms that fits."""
        width = self.content_size.width
        pieces: list[Piece] = []
        for pieces in self._forms():
            if _length(pieces) <= width:
                break
        line = Content("")
        self._clock_region = Region()
        for name, content, gap in pieces:
            line = line + Content(" " * gap if line else "")
            if name == "clock":
                # Relative to the widget, whose padding of one column lies before the content.
                self._clock_region = Region(line.cell_length + 1, 0, content.cell_length, 1)
            line = line + content
        return line.truncate(width, ellipsis=True).pad_right(max(0, width - line.cell_length))

    def _forms(self) -> Iterator[list[Piece]]:
        """The line's forms, from the fullest to the barest."""
        full = [("brand", Content.styled(BRAND, "bold $primary"), 0), *_whose(self._place)]
        clocks = list(self._clocks())
        for clock in clocks:
            yield [*full, clock]
        if not clocks:
            yield full
        bare = full[1:]
        for clock in clocks[1:]:
            yield [*bare, clock]
        for longest in range(LONGEST, STILL_TELLING - 1, -1):
            yield [*_whose(_shortened(self._place, longest), role=""), *clocks[-1:]]
        yield bare
        for longest in range(LONGEST, SHORTEST - 1, -1):
            yield list(_whose(_shortened(self._place, longest), role=""))

    def _clocks(self) -> Iterator[Piece]:
        if self._now is None or not self._place.time_known:
            return
        moment, time_of_day = formats.moment(self._now), formats.time_of_day(self._now)
        speed = f" ×{self._place.speed:g}" if self._place.speed != 1 else ""
        for label, time in (("· region time ", moment), ("· region time ", time_of_day), ("· ", time_of_day)):
            yield "clock", Content.assemble((label, theme.QUIET), time, (speed, theme.ACCENT)), 1


def _whose(place: Place, role: str = "role ") -> Iterator[Piece]:
    """What is never dropped."""
    if place.production:
        yield "production", Content.styled(f" {PRODUCTION} ", "bold reverse $error"), GAP
    if place.read_only:
        yield "read-only", Content.styled(f" {READ_ONLY} ", "bold reverse $warning"), 1 if place.production else GAP
    region = f" {place.region}" if place.region else ""
    yield "place", Content.assemble((place.name, "bold $accent"), region), GAP
    for name, text in (("account", place.account), ("role", f"{role}{place.role}" if place.role else "")):
        if text:
            yield name, Content.assemble(("· ", theme.QUIET), text), 1


def _shortened(place: Place, longest: int) -> Place:
    """The place with names of at most so many columns."""
    role = place.role
    if role.startswith(SSO_ROLE):
        role = role.removeprefix(SSO_ROLE).rpartition("_")[0] or role
    return replace(place, name=middle_elided(place.name, longest), role=middle_elided(role, longest))


def _length(form: list[Piece]) -> int:
    return sum((gap if position else 0) + content.cell_length for position, (_, content, gap) in enumerate(form))


class AreaBar(HintLine):
    """The areas of the console, by number, the current one standing out; at the right edge how old the data is."""

    DEFAULT_CSS = """
    AreaBar { background: $surface; color: $quiet; }
    AreaBar > .area-bar--key { color: $accent; }
    AreaBar > .area-bar--current { color: $foreground; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"area-bar--key", "area-bar--current"}

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = f"app.{current}"
        self._freshness = NOTHING_READ
        self._marks: Mapping[str, Content] = {}

    def show_marks(self, marks: Mapping[str, Content]) -> None:
        """Say at each area what waits there, such as ✕3 at the errors, by the ids of their actions."""
        if marks != self._marks:
            self._marks = marks
            self.refresh()

    def show_freshness(self, value: Freshness) -> None:
        """Say how old the screen's data is."""
        if value != self._freshness:
            self._freshness = value
            self.refresh()

    def render(self) -> Content:
        """Number and title of each area; they move together where the age needs the room."""
        width, age = self.content_size.width, self._freshness.content
        areas = [self._hint(action) for action in in_scope("app") if action.method == "area"]
        for gap in AREA_GAPS:
            line = self.line_of(areas, gap)
            if line.cell_length + NARROW_GAP + age.cell_length <= width:
                break
        age = age.truncate(max(0, width - line.cell_length - NARROW_GAP), ellipsis=True)
        return line.pad_right(max(0, width - line.cell_length - age.cell_length)) + age

    def _hint(self, area: Action) -> Hint:
        title = (area.title, ".area-bar--current") if area.id == self._current else area.title
        mark = Content.assemble(" ", self._marks[area.id]) if area.id in self._marks else Content("")
        return keys_of(area)[0], Content.assemble((f"{first_key(area)} ", ".area-bar--key"), title) + mark
