"""The footer: what matters most has room, and the way to the help always."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from cmapss_core.aws import Target
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.jobs import JobsScreen
from cmapss_tui.widgets.footer import ALWAYS, Calls, KeyBar, KeyHint, fitted
from cmapss_tui.widgets.hints import GAP, NARROW_GAP
from tests.tui.consoles import ENDPOINT, Console, DeafAws, opened, screen_text, until

HELP = KeyHint(ALWAYS, "question_mark", Content("? help"))


def hint(name: str, *, enabled: bool = True) -> KeyHint:
    return KeyHint(name, name, Content(f"{name} what"), spare=not enabled)


hints = st.lists(
    st.builds(KeyHint, st.uuids().map(str), st.just("x"), st.text("abc", min_size=1).map(Content), spare=st.booleans()),
    max_size=12,
).flatmap(lambda some: st.integers(0, len(some)).map(lambda place: [*some[:place], HELP, *some[place:]]))


@given(hints, st.integers(0, 200))
def test_it_fits_in_order_and_the_help_is_never_left_out(some: list[KeyHint], room: int) -> None:
    kept, gap = fitted(some, room)
    assert HELP in kept
    assert [one.id for one in kept] == [one.id for one in some if one.id in {each.id for each in kept}]
    assert kept == [HELP] or sum(one.content.cell_length for one in kept) + gap * (len(kept) - 1) <= room


@given(hints)
def test_nothing_is_left_out_of_a_wide_one(some: list[KeyHint]) -> None:
    assert fitted(some, 10_000) == (some, GAP)


def test_they_move_together_before_anything_is_left_out() -> None:
    some = [hint("U"), hint("X"), HELP]
    wide = sum(one.content.cell_length for one in some) + 2 * GAP
    assert fitted(some, wide) == (some, GAP)
    assert fitted(some, wide - 1) == (some, NARROW_GAP)


def test_what_cannot_be_done_now_is_left_out_first_and_then_the_last() -> None:
    some = [hint("S", enabled=False), hint("U"), hint("X"), hint("w"), HELP]
    narrower = [kept for kept, _ in groupby(words(fitted(some, room)[0]) for room in range(38, 5, -1))]
    assert narrower == [
        "S what U what X what w what ? help",
        "U what X what w what ? help",
        "U what X what ? help",
        "U what ? help",
        "? help",
    ]


@pytest.mark.parametrize("read_only", [False, True])
async def test_what_read_only_forbids_makes_way_for_what_can_be_done(read_only: bool) -> None:
    app = Console(DeafAws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=read_only)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, EndpointScreen(ENDPOINT))
        await until(pilot, lambda: "help" in screen_text(app).splitlines()[-1])
        footer = screen_text(app).splitlines()[-1]
        said = [word for word in ("autoscaling", "traffic", "validate", "window", "logs", "help") if word in footer]
        done = ["validate", "window", "logs", "help"]
        assert said == (done if read_only else ["autoscaling", "traffic", "validate", "help"])


async def test_what_read_only_forbids_is_there_dimmed_where_there_is_room() -> None:
    app = Console(DeafAws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=True)))
    async with app.run_test(size=(300, 60)) as pilot:
        await opened(pilot, EndpointScreen(ENDPOINT))
        await until(pilot, lambda: "stop roll-out" in screen_text(app).splitlines()[-1])


def test_the_calls_are_told_with_their_budget_and_cost_as_far_as_there_is_room() -> None:
    calls = Calls(7, 20, 0.0144)
    assert calls.written(120) == "7 calls/min of 20 · $0.01/day"
    assert calls.written(100) == "7 calls of 20 · $0.01/day"
    assert calls.written(80) == "7 of 20/min"
    assert Calls(3, 6, 0.0144, idle=True).written(120) == "idle: 3 calls/min of 6 · $0.01/day"
    assert Calls(3, 6, 0.0144, idle=True).written(80) == "idle: 3 of 6/min"
    assert Calls(7, 20, 0.0, "every 15s").written(120) == "every 15s · 7 calls/min of 20 · $0.00/day"


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_more_than_the_budget_is_marked(width: int) -> None:
    assert "▲" in Calls(21, 20, 0.0).written(width)
    assert "▲" not in Calls(20, 20, 0.0).written(width)


async def test_a_letter_that_does_nothing_on_a_list_says_so_for_a_moment() -> None:
    app = Console(DeafAws())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, JobsScreen())
        await pilot.press("x")
        await until(pilot, lambda: "x: no action here, ? shows the keys" in screen_text(app))
        await pilot.press("X")
        await until(pilot, lambda: "X: no action here, ? shows the keys" in screen_text(app))
        await pilot.press("slash", *"xyz")
        await until(pilot, lambda: "xyz" in screen_text(app))
        bar = app.screen.query_one(KeyBar)
        bar._show_keys()  # the moment is over
        await until(pilot, lambda: "no action here" not in screen_text(app))
        await pilot.press("v")
        await until(pilot, lambda: "xyzv" in screen_text(app))
        assert "no action here" not in screen_text(app)


def words(hints: list[KeyHint]) -> str:
    return " ".join(one.content.plain for one in hints)
