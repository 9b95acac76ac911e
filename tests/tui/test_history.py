"""Where one has been: what a browser's two buttons promise, for any way through the console."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.history import KEPT, History, Opened, Visit, subject_of

VISITS = st.builds(
    Visit,
    st.sampled_from(["jobs", "endpoints", "operations"]),
    st.lists(st.builds(Opened, st.sampled_from("abc"), st.none()), max_size=2).map(tuple),
)
MOVES = st.lists(st.one_of(VISITS, st.sampled_from([-1, 1])), max_size=2 * KEPT)


def after(moves: list[Any]) -> History:
    history = History()
    for move in moves:
        history = (history.moved(move) or history) if isinstance(move, int) else history.visited(move)
    return history


@given(MOVES)
def test_it_is_bounded_and_no_place_comes_twice_in_a_row(moves: list[Any]) -> None:
    history = after(moves)
    assert len(history.visits) <= KEPT
    assert all(one != other for one, other in zip(history.visits, history.visits[1:], strict=False))
    assert (history.present is None) == (not history.visits)


@given(MOVES, VISITS)
def test_one_is_where_one_went_last_and_back_leads_to_where_one_was(moves: list[Any], visit: Visit) -> None:
    before = after(moves)
    history = before.visited(visit)
    assert history.present == visit
    if before.present not in (None, visit):
        assert history.moved(1) is None
        back = history.moved(-1)
        assert back is not None
        assert back.present == before.present
        assert back.moved(1) == history


@given(MOVES)
def test_the_way_back_and_forward_again_is_the_same(moves: list[Any]) -> None:
    history = after(moves)
    back, passed = history, 0
    while (further := back.moved(-1)) is not None:
        back, passed = further, passed + 1
    assert back.moved(passed) == (history if history.visits else None)


class Thing:
    def __init__(self, name: str) -> None:
        self.name = name


def made(*_: object, **__: object) -> Any:
    raise AssertionError("nothing is made to be compared")


def test_a_screen_is_known_again_by_the_names_it_is_made_with() -> None:
    assert subject_of(partial(made, "engines")) == subject_of(partial(made, Thing("engines")))
    assert subject_of(partial(made, "engines", 1)) != subject_of(partial(made, "engines", 2))
    assert subject_of(partial(made, "engines")) != subject_of(partial(made, "others"))
    assert subject_of(partial(made, "engines", known=1)) == subject_of(partial(made, "engines", known=2))
    assert subject_of(made) == subject_of(made)
