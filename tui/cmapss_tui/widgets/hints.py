"""A line of keys and what they do, which can be clicked as well."""

from __future__ import annotations

from textual.content import Content
from textual.events import Click
from textual.widget import Widget

GAP, NARROW_GAP = 3, 2
Hint = tuple[str, Content]  # the key, and what is written for it


class HintLine(Widget):
    """One line; a click on a hint is its key."""

    DEFAULT_CSS = """
    HintLine { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: clip; }
    """

    _columns: tuple[tuple[range, str], ...] = ()

    def line_of(self, hints: list[Hint], gap: int = GAP) -> Content:
        """The hints side by side; where each is, is kept for the mouse."""
        line, columns = Content(""), []
        for key, content in hints:
            line = line + Content(" " * gap) if line else line
            columns.append((range(line.cell_length, line.cell_length + content.cell_length), key))
            line = line + content
        self._columns = tuple(columns)
        return line

    def places(self) -> list[tuple[int, str]]:
        """Where each hint begins, in columns from the edge of the widget, and its key."""
        return [(columns.start + self.styles.padding.left, key) for columns, key in self._columns]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            for columns, key in self._columns:
                if offset.x in columns:
                    self.app.simulate_key(key)
