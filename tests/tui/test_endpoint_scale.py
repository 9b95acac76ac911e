"""The autoscaling's dialog."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Button, Input

from cmapss_core.plans import autoscale
from cmapss_core.plans.autoscale import ScaleRequest
from cmapss_core.plans.plan import Plan
from cmapss_core.scaling import Scaling
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
        screen.field("maximum").set("6")
        await until(pilot, lambda: screen.plan is not None)
    assert requests == [
        ScaleRequest(endpoint=ENDPOINT, min=1, max=6, target=12.5, scale_in_cooldown=600, scale_out_cooldown=30)
    ]


@pytest.mark.parametrize(
    ("field", "other", "as_set"),
    [
        ("minimum", "2", "01"),
        ("target", "20", "12.50"),
        ("in", "60", "600"),
        ("scale-in", False, True),
        ("suspended", "in", ""),
    ],
)
async def test_nothing_is_planned_until_a_field_differs_from_what_is_set(
    requests: list[ScaleRequest], field: str, other: str | bool, as_set: str | bool
) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, scaling(target=12.5))
        await opened(pilot, screen)
        await until(pilot, lambda: "Nothing is changed" in screen_text(app))
        assert not requests
        assert screen.query_one("#confirm", Button).disabled
        screen.field(field).set(other)
        await until(pilot, lambda: screen.plan is not None)
        screen.field(field).set(as_set)
        await until(pilot, lambda: "Nothing is changed" in screen_text(app))
        assert screen.plan is None
    assert len(requests) == 1


@pytest.mark.parametrize("missing", ["targets", "policies"])
async def test_what_does_not_scale_yet_is_planned_at_once(requests: list[ScaleRequest], missing: str) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, replace(scaling(), **{missing: ()}))
        await opened(pilot, screen)
        await until(pilot, lambda: screen.plan is not None)
    assert len(requests) == 1


@pytest.mark.parametrize(("instances", "bounds"), [(1, (1, 5)), (2, (2, 5)), (7, (7, 7))])
async def test_where_nothing_scales_yet_what_runs_is_the_minimum(
    requests: list[ScaleRequest], instances: int, bounds: tuple[int, int]
) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, replace(scaling(), targets=(), policies=()), {"AllTraffic": instances})
        await opened(pilot, screen)
        await until(pilot, lambda: screen.plan is not None)
    assert [(request.min, request.max) for request in requests] == [bounds]


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
        await focused(pilot, "#autoscaling")
        await pilot.press("enter")
        await until(pilot, lambda: screen.plan is not None)
    assert requests == [ScaleRequest(endpoint=ENDPOINT, off=True)]


def more(**changes: Any) -> Scaling:
    """What scales two variants: one as ever, the other with changed settings."""
    known = scaling(target=12.5)
    other = replace(known.targets[0], variant="Challenger", min=2, max=4, suspended=("in", "out"))
    policy = replace(known.policies[0], name="other", variant="Challenger", target=30.0, **changes)
    return replace(known, targets=(*known.targets, other), policies=(*known.policies, policy))


async def test_another_variant_brings_its_own_settings(requests: list[ScaleRequest]) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, more(disable_scale_in=True), {"AllTraffic": 1, "Challenger": 2})
        await opened(pilot, screen)
        await until(pilot, lambda: "12.5" in screen_text(app))
        screen.field("variant").set("Challenger")
        await until(pilot, lambda: screen.field("target").value == "30")
        assert not requests, "it is as it is set"
        screen.field("maximum").set("5")
        await until(pilot, lambda: screen.plan is not None)
    assert requests[-1] == ScaleRequest(
        endpoint=ENDPOINT,
        variant="Challenger",
        min=2,
        max=5,
        target=30.0,
        scale_in_cooldown=600,
        scale_out_cooldown=30,
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_is_seldom_changed_is_behind_the_fold(requests: list[ScaleRequest], size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        screen = ScaleScreen(ENDPOINT, scaling())
        await opened(pilot, screen)
        assert "suspended" not in screen_text(app)
        await focused(pilot, "CollapsibleTitle")
        await pilot.press("enter")
        await focused(pilot, "#scale-in")
        await pilot.press("space")
        await until(pilot, lambda: screen.plan is not None and requests[-1].scale_in is False)
        await focused(pilot, "#suspended")
        await until(pilot, lambda: "without forgetting" in screen_text(app))
        screen.field("suspended").set("in,out")
        await until(pilot, lambda: requests[-1].suspend == ("in", "out"))
    assert not requests[-1].resume


async def test_another_metric_has_a_target_and_a_unit_of_its_own(requests: list[ScaleRequest]) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, scaling(target=12.5))
        await opened(pilot, screen)
        screen.field("high-resolution").set(True)
        await until(pilot, lambda: bool(requests) and requests[-1].target == 5.0)
        assert requests[-1].high_resolution is True
        await until(pilot, lambda: "concurrent requests per model" in screen_text(app))
        screen.field("high-resolution").set(False)
        await until(pilot, lambda: screen.field("target").value == "12.5")
        await until(pilot, lambda: "Nothing is changed" in screen_text(app))


async def test_what_is_suspended_is_resumed(requests: list[ScaleRequest]) -> None:
    known = scaling()
    known = replace(known, targets=(replace(known.targets[0], suspended=("out",)),))
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, known)
        await opened(pilot, screen)
        screen.field("maximum").set("6")
        await until(pilot, lambda: screen.plan is not None)
        assert (requests[-1].suspend, requests[-1].resume) == ((), False), "it stays as it is"
        screen.field("suspended").set("")
        await until(pilot, lambda: requests[-1].resume)
        assert requests[-1].suspend == ()


async def test_a_variant_that_is_scaled_in_steps_keeps_its_steps(requests: list[ScaleRequest]) -> None:
    known = scaling()
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = ScaleScreen(ENDPOINT, replace(known, policies=(replace(known.policies[0], target=None),)))
        await opened(pilot, screen)
        await until(pilot, lambda: "Nothing is changed" in screen_text(app))
        assert screen.query_one("#target").disabled
        assert "it is scaled in steps" in screen_text(app)
        screen.field("maximum").set("6")
        await until(pilot, lambda: screen.plan is not None)
    assert requests == [ScaleRequest(endpoint=ENDPOINT, min=1, max=6)]
