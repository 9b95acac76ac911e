"""How often the console reads: as the screens want, as the operator chose, and less when nobody is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import AppBlur, AppFocus, Key
from textual.geometry import Offset

from cmapss_core.call_meter import CallMeter
from cmapss_tui import cadence
from cmapss_tui.cadence import CHOICES, IDLE_SECONDS, UNFOCUSED_SECONDS, Cadence, Pace, cadence_of
from cmapss_tui.options import Options
from tests.tui.consoles import Console, DeafAws, Lobby, until


class Watch:
    """A clock of this machine that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Given:
    """Options that change while the console is open."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.watch = Watch()
        self.speed = 1.0
        self.cadence = Cadence(lambda: self.options, lambda: self.speed, self.watch)


def test_the_screens_choose_until_the_operator_does() -> None:
    given = Given()
    assert given.cadence.interval(7.0) == 7.0
    seen = []
    for _ in CHOICES:
        given.cadence.choose_next()
        seen.append((given.cadence.refresh, given.cadence.words))
    assert seen == [
        (2.0, "every 2s"),
        (5.0, "every 5s"),
        (15.0, "every 15s"),
        (60.0, "every 1m00s"),
        (300.0, "every 5m00s"),
        (None, ""),
    ]


def test_what_is_configured_is_where_choosing_begins_and_what_is_set_anew_holds_at_once() -> None:
    given = Given(Options(refresh=7.0))
    assert given.cadence.interval(1.0) == 7.0
    given.cadence.choose_next()
    assert given.cadence.refresh == 15.0
    given.options = replace(given.options, refresh=30.0)
    assert given.cadence.refresh == 30.0


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_without_anybody_there_it_reads_at_most_once_a_minute_of_the_region(speed: float) -> None:
    given = Given()
    given.speed = speed
    given.watch.now += (IDLE_SECONDS + 1) / speed
    assert given.cadence.away
    assert given.cadence.interval(0.5) == 60 / speed
    assert given.cadence.interval(90.0) == 90.0
    assert given.cadence.budget == 6
    assert given.cadence.slowed == "idle"
    assert given.cadence.noticed()
    assert given.cadence.interval(0.5) == 0.5
    assert given.cadence.budget == 20
    assert not given.cadence.noticed()


def test_a_terminal_that_is_not_in_front_is_left_sooner() -> None:
    given = Given()
    given.cadence.focus(False)
    given.watch.now += UNFOCUSED_SECONDS + 1
    assert given.cadence.away
    assert given.cadence.focus(True)
    given.watch.now += UNFOCUSED_SECONDS + 1
    assert not given.cadence.away


def test_who_chose_an_interval_gets_it_when_away_too() -> None:
    given = Given(Options(refresh=5.0))
    given.watch.now += IDLE_SECONDS + 1
    assert given.cadence.interval(1.0) == 5.0
    assert not given.cadence.away


def test_a_pace_lets_a_reading_wait_for_the_budget_of_the_moment() -> None:
    given, aws = Given(Options(calls_per_minute=10)), DeafAws()
    aws.meter = CallMeter(lambda: 1.0, given.watch)
    pace = Pace(given.cadence, aws)
    with pace.reading(automatic=True):
        for _ in range(8):
            aws.meter.count("sagemaker")
    assert pace.wait(2) == 0
    assert pace.wait(3) == 60
    assert given.cadence.slowed == "slowed: budget 10/min"


async def test_keys_and_the_terminal_s_focus_tell_that_somebody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    console, watch = Console(), Watch()
    monkeypatch.setitem(cadence._CADENCES, console, Cadence(lambda: console.options, monotonic=watch))
    woken: list[bool] = []
    monkeypatch.setattr(Lobby, "wake", lambda self: woken.append(True))
    async with console.run_test() as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        watch.now += IDLE_SECONDS + 1
        assert cadence_of(console).away
        console.post_message(Key("j", "j"))
        await until(pilot, lambda: woken == [True])
        assert not cadence_of(console).away
        await pilot.press("j")
        await pilot.pause()
        assert woken == [True]  # once
        console.post_message(AppBlur())
        await pilot.pause()
        watch.now += UNFOCUSED_SECONDS + 1
        assert cadence_of(console).away
        console.post_message(AppFocus())
        await until(pilot, lambda: woken == [True, True])
        watch.now += IDLE_SECONDS + 1
        await pilot.hover(offset=Offset(3, 3))
        await until(pilot, lambda: len(woken) == 3)
