"""Text that somebody else wrote, made fit for a terminal: what would steer it is taken out or spelled out."""

from __future__ import annotations

import re

TAB = "    "
# What colours and moves: CSI and OSC sequences, and the short ones; a sequence that was cut off ends with its text.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~]?)", re.DOTALL)
_BREAKS = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    """The lines of a text without its escape sequences, other control characters spelled out as \\x07 or \\u202e.

    What a progress bar wrote over itself is a line each time; empty lines at the end are left out.
    """
    if text.isprintable():
        return [text]
    lines = [_spelled(line) for line in _BREAKS.split(_ESCAPES.sub("", text))]
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def _spelled(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(character if character.isprintable() else _escaped(character) for character in line)


def _escaped(character: str) -> str:
    if character == "\t":
        return TAB
    if character.isspace():
        return " "
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
