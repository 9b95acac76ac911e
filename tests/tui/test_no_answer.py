"""What is said of time while AWS does not answer: nothing that is not known, and how old what is shown has become."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.call_meter import CallMeter
from cmapss_core.plans.journal import Journal
from cmapss_core.snapshots import Snapshot
from cmapss_tui.polling import Poller
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.operations import OperationsScreen
from cmapss_tui.screens.traffic import Traffic
from cmapss_tui.screens.validate import ValidateScreen, Validation
from cmapss_tui.widgets.age import OLD, State, freshness
from tests.tui import journals
from tests.tui.consoles import (
    ENDPOINT,
    NOW,
    Console,
    DeafAws,
    StillClock,
    evaluation,
    opened,
    screen_text,
    step_event,
    traffic_report,
    until,
)
from tests.tui.runners import Runner, begun


class Timer:
    """This machine's clock, as the test moves it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def metered(console: Console) -> Timer:
    """A meter of the test's own clock, by which AWS has answered just now."""
    timer = Timer()
    console.given.meter = CallMeter(monotonic=timer)
    console.given.meter.note_answer()
    return timer


def unheard() -> DeafAws:
    aws = DeafAws()
    aws.still._heard = False
    return aws


class Waiting(ConsoleScreen):
    """A screen whose reading has not come back."""

    def body(self) -> Any:
        yield from ()


async def test_no_region_time_is_told_before_the_region_has_told_it() -> None:
    aws = unheard()
    console = Console(aws)
    async with console.run_test(size=(120, 36)) as pilot:
        screen = Waiting()
        await opened(pilot, screen)
        assert "cmapss-console  sandbox us-east-1" in screen_text(console)
        assert "region time" not in screen_text(console)
        assert "16:41" not in screen_text(console)
        aws.still._heard = True
        screen.tick()
        await until(pilot, lambda: "region time 2026-11-22 16:41:07Z" in screen_text(console))


async def test_operations_have_no_age_before_the_region_has_told_the_time(scripted: Runner, tmp_path: Path) -> None:
    journal, aws = Journal(tmp_path / "journal"), unheard()
    journals.ended(journal, journals.plan_of("deploy-1"), "done", *journals.done(1, 2))
    log = journals.begun(journal, journals.plan_of("deploy-2", target="turbines"), (1, "started"))
    aws.still.at = NOW + timedelta(days=300)  # a wrong clock of this machine
    console = Console(aws)
    async with console.run_test(size=(120, 36)) as pilot:
        screen = OperationsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: "turbines" in screen_text(console))
        done, running = (
            "".join(one for one in screen_text(console).splitlines() if name in one) for name in ("engines", "turbines")
        )
        assert done.split()[-3:-1] == ["–", "2m00s"]
        assert running.split()[-3:-1] == ["–", "–"]
        aws.still.at, aws.still._heard = NOW + timedelta(minutes=5), True
        screen.tick()
        await until(pilot, lambda: "5m" in screen_text(console))
        await console.push_screen(OperationScreen("deploy-2"))
        await until(pilot, lambda: "running 5m00s" in screen_text(console))
        aws.still._heard = False
        console.screen.tick()  # type: ignore[attr-defined]
        await until(pilot, lambda: "running 0s" in screen_text(console))
    log.close()


@pytest.mark.parametrize(("interval", "speed"), [(60.0, 1.0), (2.0, 60.0)])
def test_what_was_due_and_does_not_come_is_old_as_soon_as_it_is_said(interval: float, speed: float) -> None:
    clock = StillClock(speed)

    def after(seconds: float) -> Any:
        snapshot = Snapshot(as_of=NOW - timedelta(seconds=seconds * speed))
        return freshness(snapshot, clock, interval, unanswered=max(0.0, seconds - interval))

    assert after(interval + 4).state is State.LIVE
    seen = after(interval + 6)
    assert (seen.state, seen.old) == (State.STALE, True)
    assert seen.text.startswith("no answer for 6s · ")
    early = freshness(Snapshot(as_of=NOW), clock, 60.0, unanswered=7.0)  # asked for by hand
    assert (early.state, early.old) == (State.STALE, False)


async def test_the_banner_says_since_when_an_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    console, screen = Console(), Waiting()
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        screen.add_poller("a", lambda: Snapshot(as_of=NOW), lambda _: 1e6)
        await until(pilot, lambda: "live" in screen_text(console))
        timer = metered(console)
        timer.seconds += 12
        monkeypatch.setattr(Poller, "seconds_in_flight", property(lambda _: 12.0))
        screen._second()
        await until(pilot, lambda: "The sandbox does not answer · for 12s" in screen_text(console))
        assert "Waiting for an answer since 16:29:07" in screen_text(console)  # twelve minutes there
        timer.seconds += 3
        console.given.meter.note_answer()
        screen._second()
        await until(pilot, lambda: "Back after 12s" in screen_text(console))


async def test_an_operation_says_when_it_last_heard_and_that_no_answer_comes(scripted: Runner) -> None:
    console = Console()
    async with console.run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot, scripted)
        timer = metered(console)
        screen.operation.monotonic = timer
        scripted.say(step_event(4, "started"), step_event(4, "waiting"))
        await until(pilot, lambda: "0s of about 10m00s" in screen_text(console))
        assert "● running 0/6 steps · 0s ago" in screen_text(console)
        timer.seconds += 4
        screen.tick()
        await until(pilot, lambda: "● running 0/6 steps · 4s ago" in screen_text(console))
        timer.seconds += 8
        screen._second()
        await until(pilot, lambda: "▲ no answer for 11s · running 0/6 steps" in screen_text(console))
        await until(pilot, lambda: "The sandbox does not answer" in screen_text(console))
        assert screen.has_class(OLD)
        console.given.meter.note_answer()
        scripted.say(step_event(4, "waiting"))
        await until(pilot, lambda: "● running 0/6 steps · 0s ago" in screen_text(console))
        screen._second()
        await until(pilot, lambda: "Back after" in screen_text(console))
        assert not screen.has_class(OLD)
        scripted.end()


async def test_an_operation_on_aws_may_ask_for_nothing_for_ten_seconds(scripted: Runner) -> None:
    aws = DeafAws()
    aws.still._speed = 1.0
    console = Console(aws)
    async with console.run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot, scripted)
        timer = metered(console)
        screen.operation.monotonic = timer
        scripted.say(step_event(4, "waiting"))
        await until(pilot, lambda: "0s of about 10m00s" in screen_text(console))
        timer.seconds += 14
        screen.tick()
        await until(pilot, lambda: "● running 0/6 steps · 14s ago" in screen_text(console))
        timer.seconds += 2
        screen.tick()
        await until(pilot, lambda: "no answer for 6s" in screen_text(console))
        scripted.end()


async def test_a_validation_says_that_no_answer_comes() -> None:
    console = Console()
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, ValidateScreen(ENDPOINT))
        timer = metered(console)
        work = Validation(console, "validate", ENDPOINT, lambda tell, cancelled: evaluation(0), monotonic=timer)
        work.running = True
        screen = console.screen
        assert isinstance(screen, ValidateScreen)
        screen._watch(work)
        work.received(evaluation(1000))
        screen.tick()
        await until(pilot, lambda: "● running · 0s ago" in screen_text(console))
        timer.seconds += 9
        screen._second()
        await until(pilot, lambda: "▲ no answer for 9s · running" in screen_text(console))
        await until(pilot, lambda: "The sandbox does not answer" in screen_text(console))
        assert screen.has_class(OLD)


def test_traffic_waits_for_answers_only_where_any_are_due() -> None:
    timer = Timer()
    console = Console()
    traffic = Traffic(console, console.given, ENDPOINT, 60.0, 600.0)
    traffic.monotonic, traffic.running = timer, True
    traffic.received(traffic_report(1, 0.5))
    for second in range(1, 9):
        timer.seconds += 1
        traffic.received(traffic_report(second + 1, second))
    assert traffic.unanswered(1e9) == 0
    for second in range(9, 16):
        timer.seconds += 1
        traffic.received(traffic_report(9, second))
    assert traffic.unanswered(1e9) == 7
    assert traffic.unanswered(2.0) == 2
    timer.seconds += 1
    traffic.received(traffic_report(16, 16, failed=1))
    assert traffic.unanswered(1e9) == 0
