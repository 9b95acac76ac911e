"""The whole journey in the console, key by key, on a sandbox whose clock the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cmapss_core.aws import Aws, Target
from cmapss_core.plans import runner
from cmapss_data.importing import import_fleet
from cmapss_tui.app import ConsoleApp
from cmapss_tui.options import Options
from cmapss_tui.screens.clean_up import CleanUpScreen
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.screens.deploy import DeployScreen
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.endpoints import EndpointsScreen
from cmapss_tui.screens.jobs import JobsScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.traffic import TrafficScreen
from cmapss_tui.screens.validate import ValidateScreen
from tests.live import LiveSandbox
from tests.tui.consoles import screen_text

PATIENCE_SECONDS = 20.0


def console(sandbox: LiveSandbox) -> ConsoleApp:
    """The console as it is, on the sandbox."""
    # The minute of the budget is the region's, whose clock the test moves.
    app = ConsoleApp(
        Options(calls_per_minute=10_000), lambda options, narrate: Aws(Target(endpoint_url=sandbox.endpoint_url))
    )
    app.animation_level = "none"
    return app


async def until(pilot: Pilot[Any], holds: Callable[[], Any]) -> None:
    """Let the console run until something holds."""
    for _ in range(int(PATIENCE_SECONDS / 0.05)):
        if holds():
            return
        await pilot.pause(0.05)
    pytest.fail(f"not within {PATIENCE_SECONDS:g} s; on screen:\n{screen_text(pilot.app)}")  # type: ignore[arg-type]


async def shown(pilot: Pilot[Any], screen: type[Any]) -> Any:
    """The screen, once it is the one in front."""
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))
    return pilot.app.screen


async def choose(pilot: Pilot[Any], button: str) -> None:
    """Go to a button with Tab, once it can be chosen, and press it."""
    await until(pilot, lambda: not pilot.app.screen.query_one(f"#{button}", Button).disabled)
    for _ in range(20):
        focused = pilot.app.focused
        if focused is not None and focused.id == button:
            break
        await pilot.press("tab")
    await pilot.press("enter")


@pytest.fixture
def _imported(real_data: Path) -> None:
    """The console has the real files, as after `data import`."""
    import_fleet(real_data)


@pytest.mark.usefixtures("_imported")
async def test_the_journey_in_keys(sandbox: LiveSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.1)  # it is the test that lets the time pass
    app = console(sandbox)
    async with app.run_test(size=(120, 36)) as pilot:

        async def advance(minutes: float) -> None:
            await asyncio.to_thread(sandbox.advance, minutes=minutes)

        await shown(pilot, JobsScreen)
        await until(pilot, lambda: screen_text(app).count("● Completed") >= 2)

        await pilot.press("t")
        await until(pilot, lambda: "home goes to the best" in screen_text(app))
        await pilot.press("D")
        await shown(pilot, DeployScreen)
        await until(pilot, lambda: "put scaling policy" in screen_text(app))
        assert "$0.23/h" in screen_text(app)
        assert sandbox.client("sagemaker").list_models()["Models"] == [], "a plan changes nothing"
        await choose(pilot, "confirm")
        await shown(pilot, OperationScreen)
        await until(pilot, lambda: sandbox.client("sagemaker").list_endpoints()["Endpoints"])
        assert sandbox.client("sagemaker").list_endpoints()["Endpoints"][0]["EndpointStatus"] == "Creating"
        await advance(11)
        await choose(pilot, "next")

        endpoint = await shown(pilot, EndpointScreen)
        await until(pilot, lambda: "InService" in screen_text(app))
        name = endpoint.endpoint_name

        await pilot.press("V")
        await shown(pilot, ValidateScreen)
        await choose(pilot, "start")
        await until(pilot, lambda: "104,897 of 104,897 rows" in screen_text(app))
        assert "NASA's C-MAPSS test set" in screen_text(app)
        await pilot.press("escape")

        await shown(pilot, EndpointScreen)
        await pilot.press("T")
        traffic = await shown(pilot, TrafficScreen)
        await until(pilot, lambda: "expect 5 instances" in screen_text(app))
        await choose(pilot, "start")
        for minute in range(1, 9):
            await advance(1)
            await until(
                pilot, lambda sent=minute * 110: traffic.work.latest is not None and traffic.work.latest.sent >= sent
            )
        await choose(pilot, "stop")
        await pilot.press("escape")

        endpoint = await shown(pilot, EndpointScreen)
        await until(pilot, lambda: "instances 5" in " ".join(screen_text(app).split()))
        assert "high┤" in screen_text(app), "the lane of the alarm"

        await pilot.press("X")
        deletion = await shown(pilot, DeleteScreen)
        await until(pilot, lambda: "delete endpoint config" in screen_text(app))
        assert deletion.query_one("#confirm", Button).disabled, "the name is not typed yet"
        await pilot.press(*name)
        await choose(pilot, "confirm")
        operation = await shown(pilot, OperationScreen)
        await until(pilot, lambda: "delete endpoint" in screen_text(app))
        while operation.operation.running:
            await advance(1)
            await pilot.pause(0.05)
        assert operation.operation.status == "done", screen_text(app)
        await choose(pilot, "next")
        await shown(pilot, EndpointsScreen)

        await pilot.press("C")
        await shown(pilot, CleanUpScreen)
        await until(pilot, lambda: "is left behind" in screen_text(app))
        assert name not in screen_text(app)
        await until(pilot, lambda: "● rank  ● deploy  ● scale  ● validate  ● delete" in screen_text(app))

    sagemaker = sandbox.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    scaling = sandbox.client("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
