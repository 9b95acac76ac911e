"""The rows that a line of text takes where it is wrapped at a width, and what stands where in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.content import Content, Span
from textual.style import Style

from cmapss_tui.widgets.table_columns import MORE_RIGHT

Part = tuple[int, int]  # of a line's characters: from, and up to without it


def row_counts(texts: Iterable[str], room: int) -> list[int]:
    """How many rows each text takes; in one go, for there may be twenty thousand."""
    return [-(-len(text) // room) or 1 if text.isascii() else len(parts(text, room)) for text in texts]


def parts(text: str, room: int) -> list[Part]:
    """The rows of a text, at most `room` columns each; at least one."""
    if text.isascii() or set(map(get_character_cell_size, set(text))) == {1}:
        return [(start, start + room) for start in range(0, len(text), room)] or [(0, room)]
    rows, start, used = [], 0, 0
    for place, character in enumerate(text):
        cells = get_character_cell_size(character)
        if used + cells > room and place > start:
            rows.append((start, place))
            start, used = place, 0
        used += cells
    return [*rows, (start, len(text))]


def places(text: str, needle: str) -> list[Part]:
    """Where the needle, in lower case, stands in the text."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters of Unicode are longer in lower case
        return []
    return [found.span() for found in re.finditer(re.escape(needle), lowered)]


def cut(content: Content, start: int, end: int) -> Content:
    """The characters from `start` up to `end`, with their styles."""
    spans = [
        Span(max(0, span.start - start), min(end, span.end) - start, span.style)
        for span in content.spans
        if span.end > start and span.start < end
    ]
    return Content(content.plain[start:end], spans)


def in_sight(content: Content, start: int, room: int, quiet: Style) -> Content:
    """The characters from `start` on, as far as the room goes; where there are more, they end in a sign of it."""
    shown = cut(content, start, start + room)
    if len(content.plain) <= start + room and shown.cell_length <= room:
        return shown
    shown = shown.truncate(room - 1)
    return shown.pad_right(room - 1 - shown.cell_length) + Content.styled(MORE_RIGHT, quiet)


def segments(content: Content, style: Style) -> list[Segment]:
    """The content on a ground of that style, as a strip has it."""
    return [Segment(text, part.rich_style) for text, part in content.render(style, end="", parse_style=_parsed)]


def _parsed(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style
