"""A titled part of a screen: what it shows, and in its corner how old that is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from cmapss_tui import theme
from cmapss_tui.widgets.age import Freshness, State


class PanelTitle(Widget):
    """One line: the title, a legend as far as there is room, and the age at the right edge."""

    DEFAULT_CSS = "PanelTitle { height: 1; text-wrap: nowrap; text-overflow: clip; }"

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = Content.styled(title, "bold")
        self._legend = Content("")
        self._age = Content("")

    def show_legend(self, legend: Content) -> None:
        """Say this beside the title."""
        if legend != self._legend:
            self._legend = legend
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
        left = self._title
        if self._legend:
            left = left + Content("  ") + self._legend
        room = width - self._age.cell_length - 2
        if left.cell_length > room:
            left = left.truncate(max(0, room), ellipsis=True)
        return left.pad_right(max(0, width - left.cell_length - self._age.cell_length)) + self._age


class Panel(Vertical):
    """A title line over one widget."""

    DEFAULT_CSS = "Panel { height: auto; }"

    def __init__(
        self,
        title: str,
        content: Widget,
        *,
        id: str | None = None,  # noqa: A002 — Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._title = PanelTitle(title)
        self._content = content

    def compose(self) -> ComposeResult:
        """The title, then the content."""
        yield self._title
        yield self._content

    def show_legend(self, legend: Content) -> None:
        """Say this beside the title."""
        self._title.show_legend(legend)

    def show_age(self, freshness: Freshness) -> None:
        """Say how old the panel is."""
        self._title.show_age(freshness)
