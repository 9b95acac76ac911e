"""The autoscaling's dialog."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Button, Input

from cmapss_core.plans import autoscale
from cmapss_core.plans.autoscale import ScaleRequest
from cmapss_core.plans.plan import Plan
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.screens.scale import ScaleScreen
from tests.tui.consoles import ENDPOINT, Console, deploy_plan, focused, opened, scaling, screen_text, until


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[ScaleRequest]:
    asked: list[ScaleRequest] = []

    def plan(aws: Any, request: ScaleRequest) -> Plan:
        asked.append(request)
        return deploy_plan()

    monkeypatch.setattr(autoscale, "plan_scale", plan)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    return asked


async def test_it_starts_from_what_is_set(requests: list[ScaleRequest]) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, scaling(target=12.5))
        await opened(pilot, screen)
        await until(pilot, lambda: screen.plan is not None)
    assert requests == [
        ScaleRequest(endpoint=ENDPOINT, min=1, max=5, target=12.5, scale_in_cooldown=600, scale_out_cooldown=30)
    ]


async def test_min_above_max_is_said_and_stops_it(requests: list[ScaleRequest]) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = ScaleScreen(ENDPOINT)
        await opened(pilot, screen)
        await until(pilot, lambda: screen.plan is not None)
        await focused(pilot, "#maximum")
        screen.query_one("#minimum", Input).value = "7"
        await until(pilot, lambda: "✕ min 7 is above max 5" in screen_text(app))
        assert screen.query_one("#confirm", Button).disabled
    assert len(requests) == 1


async def test_it_can_be_ended(requests: list[ScaleRequest]) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, scaling())
        await opened(pilot, screen)
        await until(pilot, lambda: screen.plan is not None)
        await focused(pilot, "#autoscaling")
        await pilot.press("enter")
        await until(pilot, lambda: len(requests) == 2 and screen.plan is not None)
    assert requests[-1] == ScaleRequest(endpoint=ENDPOINT, off=True)
