"""Long texts in lines: broken between words, and a word that is longer than a line where one of its parts ends."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content

SEPARATORS = "/-.,:_"  # a line may end behind one of these


def wrapped(text: str, width: int) -> Sequence[str]:
    """Lines of at most `width` characters."""
    return _Wrapper(max(width, 10), break_on_hyphens=False).wrap(text) or [""]


def folded(content: Content, width: int) -> list[Content]:
    """The same for what has styles; `width` in columns."""
    lines = [line for part in content.split(allow_blank=True) for line in _folded(part, width)]
    return lines or [Content("")]


def end_of_line(text: str, width: int) -> int:
    """How many characters of a word that is longer than `width` stand on its first line: to the end of a part of it,
    where one ends in the last two thirds."""
    end = max(text.rfind(separator, 0, width) for separator in SEPARATORS) + 1
    return end if end > width // 3 else width


def _folded(content: Content, width: int) -> list[Content]:
    text = content.plain
    if content.cell_length <= width:
        return [content]
    if content.cell_length != len(text):
        return content.fold(width)
    lines, start = [], 0
    while len(text) - start > width:
        space = text.rfind(" ", start, start + width + 1)
        end = space if space > start + width // 3 else start + end_of_line(text[start:], width)
        lines.append(content[start:end])
        start = end + (end < len(text) and text[end] == " ")
    return [*lines, content[start:]]


class _Wrapper(textwrap.TextWrapper):
    """Breaks a long word where a part of it ends; the usual one breaks it at the width."""

    def _handle_long_word(self, reversed_chunks: list[str], cur_line: list[str], cur_len: int, width: int) -> None:
        word, room = reversed_chunks[-1], max(1, width - cur_len)
        end = max(word.rfind(separator, 0, room) for separator in SEPARATORS) + 1
        if cur_line and end <= width // 3:
            return  # it begins on the next line
        end = end_of_line(word, room)
        cur_line.append(word[:end])
        reversed_chunks[-1] = word[end:]
