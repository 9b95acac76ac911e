"""The footer: what matters most has room, and the way to the help always."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from cmapss_tui.widgets.footer import ALWAYS, KeyHint, fitted
from cmapss_tui.widgets.hints import GAP, NARROW_GAP

HELP = KeyHint(ALWAYS, "question_mark", Content("? help"), True)


def hint(name: str, *, enabled: bool = True) -> KeyHint:
    return KeyHint(name, name, Content(f"{name} what"), enabled)


hints = st.lists(
    st.builds(KeyHint, st.uuids().map(str), st.just("x"), st.text("abc", min_size=1).map(Content), st.booleans()),
    max_size=12,
).flatmap(lambda some: st.integers(0, len(some)).map(lambda place: [*some[:place], HELP, *some[place:]]))


@given(hints, st.integers(0, 200))
def test_it_fits_in_order_and_the_help_is_never_left_out(some: list[KeyHint], room: int) -> None:
    kept, gap = fitted(some, room)
    assert HELP in kept
    assert kept == [one for one in some if one in kept]
    assert kept == [HELP] or sum(one.content.cell_length for one in kept) + gap * (len(kept) - 1) <= room


@given(hints)
def test_nothing_is_left_out_of_a_wide_one(some: list[KeyHint]) -> None:
    assert fitted(some, 10_000) == (some, GAP)


def test_they_move_together_before_anything_is_left_out() -> None:
    some = [hint("U"), hint("X"), HELP]
    wide = sum(one.content.cell_length for one in some) + 2 * GAP
    assert fitted(some, wide) == (some, GAP)
    assert fitted(some, wide - 1) == (some, NARROW_GAP)


def test_what_cannot_be_done_now_goes_first_and_then_the_last() -> None:
    some = [hint("S", enabled=False), hint("U"), hint("X"), hint("w"), HELP]
    names = (tuple(one.id for one in fitted(some, room)[0]) for room in range(38, 5, -1))
    narrower = [kept for kept, _ in groupby(names)]
    assert narrower == [
        ("S", "U", "X", "w", ALWAYS),
        ("U", "X", "w", ALWAYS),
        ("U", "X", ALWAYS),
        ("U", ALWAYS),
        (ALWAYS,),
    ]
