"""A titled part of a screen with its age in the corner, and text that is laid out to the width it has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content, Span
from textual.geometry import Size
from textual.widget import Widget

from cmapss_tui import theme
from cmapss_tui.widgets.age import OLD, Freshness, State


class PanelTitle(Widget):
    """One line: the title, a legend as far as there is room, and the age at the right edge."""

    DEFAULT_CSS = "PanelTitle { height: 1; text-wrap: nowrap; text-overflow: clip; }"

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = Content.styled(title, "bold")
        self._legends: tuple[Content, ...] = ()
        self._age = Content("")

    def show_legend(self, *forms: Content) -> None:
        """Say this beside the title: the first of these forms that there is room for."""
        if forms != self._legends:
            self._legends = forms
            self.refresh()

    def show_age(self, freshness: Freshness) -> None:
        """Say how old the panel is; what is live says no more than its age, since all else does as well."""
        age = freshness.content
        if freshness.state is State.LIVE:
            age = Content.styled(freshness.text.removeprefix("live "), theme.QUIET)
        if age != self._age:
            self._age = age
            self.refresh()

    def render(self) -> Content:
        """Title, legend, age; the legend gives way."""
        width = self.content_size.width
        room = width - self._age.cell_length - 1
        lines = [self._title + Content("  ") + legend for legend in self._legends] or [self._title]
        left = next((line for line in lines if line.cell_length <= room), lines[-1])
        if left.cell_length > room:
            left = left.truncate(max(0, room), ellipsis=True)
        return left.pad_right(max(0, width - left.cell_length - self._age.cell_length)) + self._age


class Panel(Vertical):
    """A title line over one widget. What is old is written in grey, below a title that says how old."""

    DEFAULT_CSS = """
    Panel { height: auto; }
    Panel.-old > .panel--content { text-style: dim; }
    """

    def __init__(
        self,
        title: str,
        content: Widget,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._title = PanelTitle(title)
        self._content = content
        content.add_class("panel--content")

    def compose(self) -> ComposeResult:
        """The title, then the content."""
        yield self._title
        yield self._content

    def show_legend(self, *forms: Content) -> None:
        """Say this beside the title: the first of these forms that there is room for."""
        self._title.show_legend(*forms)

    def show_age(self, freshness: Freshness) -> None:
        """Say how old the panel is, and grey it where it is old."""
        self._title.show_age(freshness)
        self.set_class(freshness.old, OLD)


class Scrolled(VerticalScroll):
    """What takes the focus only while there is something to scroll, and marks its edge then."""

    DEFAULT_CSS = "Scrolled:focus { outline-left: outer $accent; }"

    def allow_focus(self) -> bool:
        """The tab key passes over what is all in sight."""
        return super().allow_focus() and self.max_scroll_y > 0


class Lines(Widget):
    """Text that is written to the width it has: as high as it has lines, unless the style sheet says otherwise."""

    DEFAULT_CSS = "Lines { height: auto; text-wrap: nowrap; text-overflow: clip; }"

    def __init__(
        self,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._write: Callable[[int], Sequence[Content]] = lambda width: ()
        self._painted: list[tuple[str, Sequence[Span]]] = []
        self._rows = 0  # that the layout has given it: what is written before the first has no width yet

    def write(self, lines: Callable[[int], Sequence[Content]]) -> None:
        """Show what `lines` gives for a width; repaints only where that differs from what is shown."""
        self._write = lines
        painted = [(line.plain, line.spans) for line in lines(self.content_size.width)]
        if painted != self._painted:
            self.refresh(layout=len(painted) != self._rows)
            self._painted = painted

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A row for each line."""
        self._rows = len(self._write(width))
        return self._rows

    def render(self) -> Content:
        """The lines, as many as fit."""
        width, height = self.content_size
        return Content("\n").join([line.truncate(width, ellipsis=True) for line in self._write(width)[:height]])


def columns(cells: Sequence[Content | str], widths: Sequence[int], right: Collection[int] = ()) -> Content:
    """Cells beside each other, two columns apart, each elided or filled to its width; those in `right` end aligned."""
    line = Content("")
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        content = Content(cell) if isinstance(cell, str) else cell
        content = content.truncate(width, ellipsis=True)
        missing = width - content.cell_length
        content = content.pad_left(missing) if place in right else content.pad_right(missing)
        line = line + ("  " if place else "") + content
    return line


def at_both_ends(left: Content, right: Content, width: int) -> list[Content]:
    """One line that begins with `left` and ends with `right`, or a line for each where that is too narrow."""
    missing = width - left.cell_length - right.cell_length
    return [left.pad_right(missing) + right] if missing >= 2 else [left, right]


def bar(share: float, width: int, style: str) -> Content:
    """A line of `width` columns, ━ as far as `share` of it and ╌ from there on, so that it needs no colour."""
    filled = max(0, min(width, int(width * share)))
    return Content.assemble(("━" * filled, style), ("╌" * (width - filled), "$rule"))
