"""The traffic's screen: what to expect, what was sent, and that it goes on when the screen is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

import cmapss_data
from cmapss_core import endpoints as core_endpoints
from cmapss_core import scaling as core_scaling
from cmapss_core import traffic as core_traffic
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.scaling import Scaling
from cmapss_core.traffic import TrafficReport
from cmapss_tui.background import find
from cmapss_tui.screens import traffic
from cmapss_tui.screens.traffic import KIND, TrafficScreen, expectation
from tests.tui.consoles import (
    ENDPOINT,
    NOW,
    Console,
    Lobby,
    endpoint,
    focused,
    opened,
    scaling,
    screen_text,
    traffic_report,
    until,
)


class Load:
    """Load that is sent as the test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []
        self.rows: list[str] = []
        self.tell: Callable[[TrafficReport], None] | None = None
        self.error: ConsoleError | None = None

    def send(
        self, aws: Any, name: str, rows: list[str], rate: float, seconds: float, *, on_progress: Any, cancelled: Any
    ) -> TrafficReport:
        self.asked.append((rate, seconds))
        self.rows = rows
        if self.error is not None:
            raise self.error
        self.tell = on_progress
        tick = threading.Event()
        for _ in range(3000):
            if cancelled():
                break
            tick.wait(0.01)
        return traffic_report(240, 120.0)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    given = Load()
    rows = SimpleNamespace(lines=["1,2,3"])
    monkeypatch.setattr(core_traffic, "send_traffic", given.send)
    monkeypatch.setattr(cmapss_data, "open_fleet", lambda: SimpleNamespace(test_rows=lambda subset: rows))
    return given


async def open_traffic(pilot: Pilot[None]) -> TrafficScreen:
    """The screen, with the focus on its start, if it can be started: it is not there by itself."""
    screen = TrafficScreen(ENDPOINT, known=endpoint(current=1, desired=1), scaling=scaling())
    await opened(pilot, screen)
    assert not screen.query_one("#start", Button).has_focus, "what costs is not begun by a reflex"
    if not screen.query_one("#start", Button).disabled:
        await focused(pilot, "#start")
    return screen


def told(load: Load) -> Callable[[TrafficReport], None]:
    assert load.tell is not None
    return load.tell


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_says_what_to_expect_and_what_was_sent(load: Load, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        await open_traffic(pilot)
        text = " ".join(screen_text(app).split())
        assert "120 per minute on 1 instance is 12 times the target; expect 5 instances in about 8 minutes." in text
        await pilot.press("enter")
        await until(pilot, lambda: load.tell is not None)
        for elapsed in range(1, 121):
            report = traffic_report(elapsed * 2, float(elapsed), failed=3)
            told(load)(replace(report, started=NOW - timedelta(seconds=120)))
        await until(pilot, lambda: "240 answered  3 failed  120 per minute  2m00s of 9m00s" in screen_text(app))
        assert "asked 120 ┄" in screen_text(app)
        assert "█" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "○ stopped" in screen_text(app))
    assert load.asked == [(120.0, 540.0)]
    assert len(load.rows) == 4, "the rows of all four subsets"


async def test_opened_before_the_endpoint_was_read_it_reads_how_that_scales(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [ConsoleError(ErrorKind.THROTTLED, "slower"), endpoint(current=1, desired=1)]

    def read(aws: Any, name: str) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    monkeypatch.setattr(core_endpoints, "read_endpoint", read)
    monkeypatch.setattr(core_scaling, "read_scaling", lambda aws, known: scaling())
    monkeypatch.setattr(traffic, "AGAIN_SECONDS", 0.01)
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = TrafficScreen(ENDPOINT)
        await opened(pilot, screen)
        await focused(pilot, "#start")
        await pilot.press("enter")
        await until(pilot, lambda: "is 12 times the target; expect 5 instances" in screen_text(app))
        assert "not known yet" not in screen_text(app)
        assert load.asked == [(120.0, 540.0)], "and the load goes on"
        await pilot.press("enter")


async def test_what_was_answered_can_be_exported_and_the_screen_come_back_to(load: Load) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_traffic(pilot)
        assert screen.sheet() is None, "nothing has been sent"
        await pilot.press("enter")
        await until(pilot, lambda: load.tell is not None)
        told(load)(traffic_report(240, 120.0))
        await until(pilot, lambda: "240 answered" in screen_text(app))
        sheet = screen.sheet()
        assert sheet is not None
        assert (sheet.columns, [*sheet.rows]) == (("time", "invocations"), [(NOW.replace(second=0), 240)])
        assert isinstance(screen.again()(), TrafficScreen)
        assert screen.work is not None
        screen.work.cancel()
        await until(pilot, lambda: screen.work is not None and not screen.work.running)


async def test_fields_decide_rate_and_duration(load: Load) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_traffic(pilot)
        screen.query_one("#rate", Input).value = "8"
        screen.query_one("#duration", Input).value = "90s"
        await until(pilot, lambda: "0.8 of the target" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: load.asked == [(8.0, 90.0)])
        assert screen.work is not None
        screen.work.cancel()
        await until(pilot, lambda: screen.work is not None and not screen.work.running)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [("rate", "-1", "'-1' is not a number above 0"), ("duration", "soon", "'soon' is not a duration such as 90s")],
)
async def test_a_wrong_value_is_said_and_nothing_is_sent(load: Load, field: str, value: str, says: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_traffic(pilot)
        screen.query_one(f"#{field}", Input).value = value
        await until(pilot, lambda: says in screen_text(app))
        await pilot.press("enter")
        await pilot.pause()
    assert load.asked == []


async def test_it_goes_on_when_the_screen_is_left(load: Load) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await open_traffic(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: load.tell is not None)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        told(load)(traffic_report(240, 120.0))
        work = find(app, KIND, ENDPOINT)
        await until(pilot, lambda: work is not None and work.latest is not None)
        screen = await open_traffic(pilot)
        await until(pilot, lambda: "240 answered" in screen_text(app))
        assert screen.query_one("#start", Button).disabled
        await focused(pilot, "#stop")
        await pilot.press("enter")
        await until(pilot, lambda: "○ stopped" in screen_text(app))
    assert len(load.asked) == 1


async def test_an_endpoint_that_serves_nothing_is_said_to(load: Load) -> None:
    load.error = ConsoleError(ErrorKind.CONFLICT, f"{ENDPOINT} is Creating", remedy="Send load when it is InService.")
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await open_traffic(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "is Creating. Send load when it is InService." in screen_text(app))


@pytest.mark.parametrize(
    ("rate", "seconds", "current", "says"),
    [
        (120, 540, 1, "12 times the target; expect 5 instances in about 8 minutes."),
        (25, 540, 1, "2.5 times the target; expect 3 instances"),
        (120, 540, 5, "2.4 times the target; 5 is the maximum, so nothing will be added."),
        (50, 540, 5, "1 of the target; nothing will be added."),
        (120, 120, 1, "the alarm needs 3 minutes of it"),
    ],
)
def test_the_expectation_follows_from_target_and_bounds(rate: float, seconds: float, current: int, says: str) -> None:
    assert says in expectation(rate, seconds, endpoint(current=current, desired=current), scaling())


def test_without_scaling_nothing_is_expected() -> None:
    assert "will stay as it is" in expectation(120, 540, endpoint(), Scaling())
    assert "not known yet" in expectation(120, 540, None, None)
