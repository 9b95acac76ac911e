"""A screen as it looked at one moment, as SVG or as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.screen import Screen
from textual.strip import Strip


@dataclass(frozen=True, slots=True)
class Picture:
    """The lines that were painted, and how wide they are; making it costs one painting."""

    title: str
    width: int
    strips: Sequence[Strip]


def picture_of(screen: Screen[Any]) -> Picture:
    """What the screen shows now."""
    size = screen.size
    return Picture(screen.app.title, size.width, tuple(screen._compositor.render_strips(size)))


def to_text(picture: Picture) -> str:
    """The picture's letters, without colours and without spaces at the ends of lines."""
    return "\n".join(strip.text[: picture.width].rstrip() for strip in picture.strips) + "\n"


def to_svg(picture: Picture) -> str:
    """The picture as a drawing that names no address: a viewer needs to fetch nothing to show it."""
    from io import StringIO

    from rich._export_format import CONSOLE_SVG_FORMAT
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console(
        width=picture.width,
        height=len(picture.strips),
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    # Control codes are no letters.
    segments = [
        piece
        for strip in picture.strips
        for piece in (*(segment for segment in strip if not segment.control), Segment.line())
    ]
    console.print(Segments(segments), end="")
    frame = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title=picture.title, code_format=frame)
