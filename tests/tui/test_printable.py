"""What somebody else wrote steers no terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.printable import lines_of


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("plain", ["plain"]),
        ("", [""]),
        ("\x1b[31mred\x1b[0m", ["red"]),
        ("\x1b]0;title\x07after", ["after"]),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", ["link"]),
        ("cut \x1b[38;5", ["cut "]),
        ("10%\r50%\r100%\n", ["10%", "50%", "100%"]),
        ("a\r\nb\n\n", ["a", "b"]),
        ("tab\there", ["tab    here"]),
        ("bell\x07 null\x00 csi\x9b", ["bell\\x07 null\\x00 csi\\x9b"]),
        ("\u202eright to left", ["\\u202eright to left"]),
        ("[bold]not markup[/]", ["[bold]not markup[/]"]),
        ("größer 温度 🚀", ["größer 温度 🚀"]),
    ],
)
def test_what_steers_a_terminal_is_taken_out_or_spelled_out(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x1b[]m;\x07\\\r\n\t\x9b\u202e")))
def test_nothing_but_printable_characters_is_left(text: str) -> None:
    assert all(line.isprintable() for line in lines_of(text))
