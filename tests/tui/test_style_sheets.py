"""A style sheet that keeps what it has parsed, and styles as Textual's own does."""

from __future__ import annotations

from typing import Any

import pytest
from textual.css.parse import parse
from textual.css.stylesheet import Stylesheet, StylesheetParseError

from cmapss_tui.style_sheets import KeptStylesheet

COLOURS = {"ground": "#102030"}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that were parsed."""
    texts: list[str] = []

    def noted(scope: str, css: str, *arguments: Any, **named: Any) -> Any:
        texts.append(css)
        return parse(scope, css, *arguments, **named)

    monkeypatch.setattr("textual.css.stylesheet.parse", noted)
    return texts


def filled(sheet: Stylesheet, count: int) -> list[str]:
    texts = [f"W{n} {{ background: $ground; width: {n}; }}" for n in range(1, count + 1)]
    for n, css in enumerate(texts):
        sheet.add_source(css, ("here", str(n)))
    return texts


def test_each_source_is_parsed_once_however_many_there_are_and_come(parsed: list[str]) -> None:
    sheet = KeptStylesheet(variables=COLOURS)
    texts = filled(sheet, 150)
    assert len(sheet.rules) == 150
    sheet.reparse()
    sheet.set_variables(dict(COLOURS))
    sheet.reparse()
    sheet.add_source("One { width: 1; }", ("here", "one"))
    assert len(sheet.rules) == 151
    assert parsed == [*texts, "One { width: 1; }"]


def test_other_variables_are_parsed_anew_and_give_what_textual_gives() -> None:
    ours, theirs = KeptStylesheet(variables=COLOURS), Stylesheet(variables=COLOURS)
    for sheet in (ours, theirs):
        filled(sheet, 3)
        before = sheet.css
        sheet.set_variables({"ground": "#405060"})
        sheet.reparse()
        assert sheet.css != before
    assert ours.css == theirs.css


def test_where_one_is_wrong_the_rules_stay() -> None:
    sheet = KeptStylesheet(variables=COLOURS)
    filled(sheet, 3)
    before = sheet.css
    sheet.add_source("W1 { width: so-wide; }", ("here", "wrong"))
    with pytest.raises(StylesheetParseError):
        sheet.reparse()
    assert "\n\n".join(rule.css for rule in sheet._rules) == before
