"""What is said about the age of data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.screen import ModalScreen

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot
from cmapss_tui.widgets.age import NOTHING_READ, Freshness, State, freshness
from tests.tui.consoles import NOW, Console, Lobby, StillClock, opened, screen_text, until

ERROR = ConsoleError(ErrorKind.UNREACHABLE, "nothing answers")


def read(real_seconds_ago: float, speed: float) -> Snapshot:
    return Snapshot(as_of=NOW - timedelta(seconds=real_seconds_ago * speed))


@pytest.mark.parametrize("speed", [1.0, 60.0])
@pytest.mark.parametrize(
    ("seconds", "interval", "state", "text"),
    [
        (0, 1, State.LIVE, "live 0s ago"),
        (2, 1, State.LIVE, "live 2s ago"),
        (47, 5, State.STALE, "stale 47s"),
        (47, 60, State.LIVE, "live 47s ago"),
        (7200, 60, State.STALE, "stale 2h00m"),
    ],
)
def test_age_counts_in_the_operators_seconds(
    seconds: float, interval: float, state: State, text: str, speed: float
) -> None:
    seen = freshness(read(seconds, speed), StillClock(speed), interval)
    assert (seen.state, seen.text) == (state, text)


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now() -> None:
    assert freshness(read(-5, 1.0), StillClock(1.0), 1).text == "live 0s ago"


def test_paused_data_is_not_called_stale() -> None:
    seen = freshness(read(600, 1.0), StillClock(1.0), 1, paused=True)
    assert (seen.state, seen.text) == (State.PAUSED, "paused · 10m old")


def test_after_an_error_the_age_is_that_of_what_is_still_shown() -> None:
    seen = freshness(read(30, 1.0), StillClock(1.0), 1, error=ERROR)
    assert (seen.state, seen.text) == (State.FAILED, "unreachable · 30s ago")


def test_what_is_older_than_two_intervals_is_grey_whatever_the_reason() -> None:
    clock = StillClock(1.0)
    assert not freshness(read(12, 1.0), clock, 5).old
    assert freshness(read(13, 1.0), clock, 5).old
    assert freshness(read(13, 1.0), clock, 5).state is State.LIVE  # not stale yet
    assert freshness(read(13, 1.0), clock, 5, paused=True).old
    assert freshness(read(13, 1.0), clock, 5, error=ERROR).old
    assert not freshness(None, clock, 5).old  # there is nothing to be grey


def test_a_reading_that_is_not_answered_is_told_once_it_takes_longer_than_it_should() -> None:
    clock = StillClock(1.0)
    assert freshness(read(8, 1.0), clock, 2, unanswered=4).state is State.LIVE
    assert freshness(read(8, 1.0), clock, 2, unanswered=6).text == "no answer for 6s · 8s ago"
    assert freshness(None, clock, 2, unanswered=6).text == "no answer for 6s"


def test_what_is_read_less_often_than_it_could_be_says_why() -> None:
    seen = freshness(read(90, 1.0), StillClock(1.0), 5, slowed="slowed: budget 20/min")
    assert (seen.state, seen.text, seen.old) == (State.SLOWED, "slowed: budget 20/min · 1m ago", True)


def test_before_the_first_reading_it_says_so() -> None:
    clock = StillClock()
    assert freshness(None, clock, 1) == NOTHING_READ
    assert freshness(None, clock, 1, paused=True).text == "paused"
    assert freshness(None, clock, 1, error=ERROR).text == "not read: unreachable"


def test_nothing_is_said_by_colour_alone() -> None:
    clock = StillClock(1.0)
    looks = {
        freshness(read(0, 1.0), clock, 1).content.plain[0],
        freshness(read(99, 1.0), clock, 1).content.plain[0],
        freshness(read(0, 1.0), clock, 1, paused=True).content.plain[0],
        freshness(read(0, 1.0), clock, 1, slowed="slowed").content.plain[0],
        freshness(read(0, 1.0), clock, 1, error=ERROR).content.plain[0],
        NOTHING_READ.content.plain[0],
        Freshness(State.STOPPED, "over").content.plain[0],
    }
    assert len(looks) == len(State)


class Read(Lobby):
    """A screen with something that was read."""

    def on_mount(self) -> None:
        self.add_poller("it", lambda: Snapshot(as_of=self.aws.clock.now()), lambda _: 60.0)


async def test_below_a_dialog_time_goes_on() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, Read())
        await until(pilot, lambda: "● live 0s ago" in screen_text(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, ModalScreen))
        app.given.clock.at += timedelta(minutes=7)  # type: ignore[attr-defined]
        await until(pilot, lambda: " 7s ago" in painted(app).splitlines()[1], tries=4000)
        assert "16:48:07Z" in painted(app)


async def test_below_another_screen_nothing_is_repainted() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        below = Read()
        await opened(pilot, below)
        await pilot.app.push_screen(Lobby())
        await until(pilot, lambda: below._seconds is not None and not below._seconds._active.is_set(), tries=4000)


def painted(app: Console) -> str:
    """The whole terminal: what is in front, and around it what lies below."""
    strips = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return "\n".join("".join(segment.text for segment in strip) for strip in strips.strips)  # type: ignore[union-attr]
