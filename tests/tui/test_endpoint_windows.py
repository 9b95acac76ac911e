"""The windows of an endpoint's charts: how they are chosen, paused, moved, and read at one minute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmapss_core import metrics as core_metrics
from cmapss_core.metrics import Metrics
from tests.tui.consoles import (
    MINUTE,
    Console,
    DeafAws,
    metrics,
    screen_text,
    until,
)
from tests.tui.watched import console, view_line, watched


@pytest.fixture
def periods(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The periods of the metrics that were asked for beside those by the minute, in seconds."""
    asked: list[int] = []

    def read(aws: Any, of: Any, start: Any, end: Any, period: int = 60) -> Metrics:
        asked.append(period)
        return replace(metrics(), start=start, end=end, period_seconds=period)

    monkeypatch.setattr(core_metrics, "read_metrics_between", read)
    return asked


@pytest.mark.usefixtures("readings")
async def test_a_key_goes_through_the_windows_and_others_zoom(periods: list[int]) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        assert "15:42–16:42  1h until now  a bar a minute" in view_line(pilot)
        await pilot.press("w")
        await until(pilot, lambda: "3h until now  a bar is 2m, highest minute" in view_line(pilot))
        await pilot.press("plus")
        await until(pilot, lambda: "2h until now  a bar is 2m, highest minute" in view_line(pilot))
        assert periods == [], "so few are asked for by the minute"
        await pilot.press("minus", "w")
        await until(pilot, lambda: periods == [600])
        await until(pilot, lambda: "12h until now  a bar is 10m, mean" in view_line(pilot))
        await pilot.press("w")
        await until(pilot, lambda: periods == [600, 1200])
        await until(pilot, lambda: "11-21 17:00–11-22 17:00  1d until now  a bar is 20m, mean" in view_line(pilot))


@pytest.mark.usefixtures("readings")
async def test_while_paused_the_charts_stand_still_and_do_not_claim_to_be_of_now() -> None:
    aws = DeafAws()
    async with Console(aws).run_test(size=(120, 36)) as pilot:
        screen = await watched(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "1h paused" in screen_text(console(pilot)))
        assert screen._stage is not None
        before = screen._stage.axis
        aws.still.at += 5 * MINUTE
        await pilot.press("left")
        screen.tick()
        assert screen._stage.axis.end == before.end
        await pilot.press("p")
        await until(pilot, lambda: "1h until now" in screen_text(console(pilot)))


@pytest.mark.usefixtures("readings", "periods")
async def test_the_past_says_that_it_is_the_past_and_what_is_of_now() -> None:
    async with Console().run_test(size=(120, 50)) as pilot:
        screen = await watched(pilot)
        await pilot.press("plus", "plus")
        await until(pilot, lambda: "15m until now" in view_line(pilot))
        await pilot.press("less_than_sign", "less_than_sign")
        await until(pilot, lambda: "until 16:27, press 0 for now" in view_line(pilot))
        text = screen_text(console(pilot))
        for panel in ("Why", "Activities", "Variants", "Alarms"):
            assert f"{panel}  of now" in text
        assert screen._view.until is not None
        await pilot.press("0")
        await until(pilot, lambda: "15m until now" in view_line(pilot))
        assert "of now" not in screen_text(console(pilot))


@pytest.mark.usefixtures("readings")
async def test_a_cursor_tells_the_values_of_a_minute_in_every_panel() -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await watched(pilot)
        await pilot.press("left", "left")
        await until(pilot, lambda: "│ 16:38" in view_line(pilot))
        assert screen_text(console(pilot)).count("│ ") > 20, "a line through all charts"
        for _ in range(23):
            await pilot.press("left")
        await until(pilot, lambda: "│ 16:15" in view_line(pilot))
        text = screen_text(console(pilot))
        assert "invocations/min  0" in text, "before the load"
        assert "current –" in text, "what was before the first activity, nobody has told"
        assert "p50 –" in text
        await pilot.press("0")
        await until(pilot, lambda: "│ 16" not in view_line(pilot))
        chart = screen.query_one("#invocations")
        await pilot.hover("#invocations", offset=(chart.size.width // 2, 2))
        await until(pilot, lambda: "│ 16:" in view_line(pilot))
