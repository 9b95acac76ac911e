"""The clean-up's dialog: what is left behind with its cost, what of it goes, and when something has to be typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from cmapss_core.plans import clean_up
from cmapss_core.plans.clean_up import CleanUp, CleanUpRequest
from cmapss_core.plans.removing.leftovers import Finding
from cmapss_tui.screens.clean_up import CleanUpScreen, finding_lines
from cmapss_tui.screens.planning import PlanScreen
from tests.tui.consoles import NOW, Console, delete_plan, focused, opened, screen_text, until

CONFIG = Finding(
    kind="endpoint config",
    name="cmapss-XGBoostEndpointConfig-2026-11-20-10-00-00",
    why="no endpoint needs it",
    since=NOW - timedelta(days=2),
    ours=True,
)
IDLE = Finding(
    kind="endpoint",
    name="forgotten-engines",
    why="nobody has called it for 14 days",
    since=NOW - timedelta(days=30),
    ours=True,
    hourly_cost_usd=0.23,
    kept_because="endpoints go with --idle",
)


class Region:
    """What is found in the region, and what was asked of it."""

    def __init__(self) -> None:
        self.findings: tuple[Finding, ...] = (IDLE, CONFIG)
        self.asked: list[CleanUpRequest] = []

    def survey(self, aws: Any, request: CleanUpRequest) -> CleanUp:
        self.asked.append(request)
        kept = IDLE.kept_because if request.idle_days is None else None
        found = tuple(replace(one, kept_because=kept) if one.kind == "endpoint" else one for one in self.findings)
        plan = replace(delete_plan("us-east-1"), id=f"clean-up-{len(self.asked)}", intention="clean-up")
        return CleanUp(found, plan if any(one.goes for one in found) else replace(plan, steps=()))


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> Region:
    known = Region()
    monkeypatch.setattr(clean_up, "survey", known.survey)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    return known


async def surveyed(pilot: Pilot[None]) -> CleanUpScreen:
    screen = CleanUpScreen()
    await opened(pilot, screen)
    await until(pilot, lambda: screen.plan is not None)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_shows_what_is_left_why_and_what_it_costs(region: Region, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        screen = await surveyed(pilot)
        text = screen_text(app)
        assert "Clean up us-east-1" in text
        assert "−  endpoint config" in text
        assert "no endpoint needs it" in text
        assert "$0.23/h" in text
        assert "stays: endpoints go with “idle endpoints”" in text
        assert "delete endpoint config" in text
        assert app.focused is screen.query_one("#cancel")
        assert not screen.query_one("#field-typed").display
        assert not screen.query_one("#confirm", Button).disabled
    assert region.asked == [CleanUpRequest(older_than_days=1 / 24)]


async def test_where_an_endpoint_goes_the_region_has_to_be_typed(region: Region) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await surveyed(pilot)
        await focused(pilot, "#idle")
        await pilot.press("space")
        await until(pilot, lambda: region.asked[-1].idle_days == 14 and screen.query_one("#field-typed").display)
        assert screen.query_one("#confirm", Button).disabled
        screen.query_one("#cancel").focus()
        await pilot.press(*"us-east-1")
        await until(pilot, lambda: not screen.query_one("#confirm", Button).disabled)
        assert screen.query_one("#typed", Input).value == "us-east-1"


async def test_days_count_only_for_idle_endpoints(region: Region) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await surveyed(pilot)
        assert screen.query_one("#days").disabled
        screen.field("idle").set(True)
        screen.field("days").set("no")
        await until(pilot, lambda: "'no' is not a whole number" in screen_text(app))
        screen.field("days").set("30")
        screen.field("everything").set(True)
        await until(
            pilot, lambda: region.asked[-1] == CleanUpRequest(everything=True, idle_days=30, older_than_days=1 / 24)
        )
        screen.field("older-than").set("soon")
        await until(pilot, lambda: "'soon' is not a duration" in screen_text(app))
        screen.field("older-than").set("12h")
        await until(pilot, lambda: region.asked[-1].older_than_days == 0.5)


async def test_a_clean_region_is_said_to_be(region: Region) -> None:
    region.findings = ()
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await surveyed(pilot)
        assert "Nothing is left behind." in screen_text(app)
        assert "There is nothing to remove." not in screen_text(app)
        assert screen.query_one("#confirm", Button).disabled


YOUNG = replace(CONFIG, since=NOW - timedelta(minutes=5), kept_because="it is younger than 1h (--older-than)")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((YOUNG,), "Nothing older than 1h is left behind. 1 younger thing is left alone: 1 endpoint config."),
        ((YOUNG, YOUNG, IDLE), "There is nothing to remove. 2 younger things are left alone: 2 endpoint configs."),
        ((IDLE,), "There is nothing to remove."),
    ],
)
async def test_what_is_too_young_to_go_is_counted(region: Region, found: tuple[Finding, ...], said: str) -> None:
    region.findings = found
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await surveyed(pilot)
        assert f" {said}\n" in "\n".join(line.rstrip() for line in screen_text(app).splitlines())


@pytest.mark.parametrize("width", [60, 78, 118, 198])
def test_what_goes_comes_first_and_every_line_keeps_to_its_width(width: int) -> None:
    unknown = replace(IDLE, name="x" * 63, hourly_cost_usd=None)
    lines = [line.plain for line in finding_lines((IDLE, unknown, CONFIG), NOW, width)]
    assert lines[0].startswith("−  endpoint config")
    assert max(map(len, lines)) <= width
    assert any("unknown $/h" in line for line in lines)
    assert len(lines) == (3 if width > 150 else 6)
