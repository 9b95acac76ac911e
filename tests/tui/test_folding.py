"""Texts in lines: nothing is lost, nothing is too wide, and words are broken where their parts end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from cmapss_tui.folding import folded, wrapped

URI = "s3://sagemaker-us-east-1-000000000000/cmapss/hyper-cmapss-2026-11-22-16-04-50-037-efc6d79a/output/model.tar.gz"
TEXTS = st.text("ab/-.: ü", max_size=120).map(str.strip)


@pytest.mark.parametrize("width", [24, 40, 63, 80])
def test_a_path_is_broken_where_a_part_of_it_ends(width: int) -> None:
    for lines in (wrapped(URI, width), [line.plain for line in folded(Content(URI), width)]):
        assert "".join(lines) == URI
        assert all(len(line) <= width for line in lines)
        assert all(line[-1] in "/-." for line in lines[:-1])


def test_a_name_of_one_part_is_broken_at_the_width() -> None:
    assert wrapped("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert [line.plain for line in folded(Content("x" * 25), 10)] == ["x" * 10, "x" * 10, "x" * 5]


def test_words_stay_whole_and_styles_stay_on_them() -> None:
    lines = folded(Content.assemble("one is training ", ("two", "bold")), 10)
    assert [line.plain for line in lines] == ["one is", "training", "two"]
    assert [(span.start, span.end, span.style) for span in lines[-1].spans] == [(0, 3, "bold")]


@given(TEXTS, st.integers(10, 40))
def test_no_line_is_too_wide_and_no_character_is_lost(text: str, width: int) -> None:
    for lines in (wrapped(text, width), [line.plain for line in folded(Content(text), width)]):
        assert all(len(line) <= width for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
