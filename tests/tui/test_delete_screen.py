"""The deletion's dialog: it shows what goes and what stays, and wants the name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from cmapss_core.plans import runner, teardown
from cmapss_core.plans.plan import Check, Plan
from cmapss_core.plans.runner import Outcome
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.planning import PlanScreen
from tests.tui.consoles import ENDPOINT, Console, Lobby, delete_plan, focused, opened, screen_text, until

LOGS_GO = Check(None, "its log group goes for good (--keep-logs keeps it)")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool, bool]]:
    """Whether models and logs were to be kept, and whether models that are not ours go, plan by plan."""
    asked: list[tuple[bool, bool, bool]] = []

    def plan(aws: Any, name: str, *, keep_model: bool, keep_logs: bool, everything: bool) -> Plan:
        asked.append((keep_model, keep_logs, everything))
        stays = (Check(None, "model hyper-cmapss-model stays, as asked"),) if keep_model else ()
        return replace(delete_plan(name), checks=(*stays, LOGS_GO, *delete_plan().checks))

    monkeypatch.setattr(teardown, "plan_delete", plan)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    return asked


async def planned(pilot: Pilot[None]) -> DeleteScreen:
    screen = DeleteScreen(ENDPOINT)
    await opened(pilot, screen)
    await until(pilot, lambda: screen.plan is not None)
    return screen


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_shows_what_goes_and_what_it_saves(size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        screen = await planned(pilot)
        text = screen_text(app)
        assert f"Delete {ENDPOINT}" in text
        assert "$0.69/h → $0.00/h" in text
        assert "delete scaling policy" in text
        assert "delete endpoint config" in text
        assert "requests to it will fail" in text
        assert "its log group goes for good (“keep logs” keeps it)" in text
        assert app.focused is screen.query_one("#cancel")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("typed", "enabled"),
    [(ENDPOINT, True), (ENDPOINT[:-1], False), (f"{ENDPOINT}x", False), (ENDPOINT.lower(), False), ("", False)],
)
async def test_only_its_exact_name_makes_it_possible(typed: str, enabled: bool) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.query_one("#typed", Input).value = typed
        await pilot.pause()
        assert screen.query_one("#confirm", Button).disabled is not enabled


@pytest.mark.usefixtures("kept")
async def test_a_letter_that_is_typed_is_promised_to_nothing_else() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        footer = screen_text(app).splitlines()[-1]
        assert "esc back" in footer
        assert "? help" in footer
        assert "q quit" not in footer
        await pilot.press("q")
        assert screen.query_one("#typed", Input).value == "q"


@pytest.mark.usefixtures("kept")
async def test_the_name_can_be_typed_at_once() -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        await pilot.press(*"cmapss-X")
        await until(pilot, lambda: screen.query_one("#typed", Input).value == "cmapss-X")


@pytest.mark.usefixtures("kept")
async def test_a_letter_that_is_not_in_the_name_is_said_at_once() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await planned(pilot)
        await focused(pilot, "#typed")
        await pilot.press(*"cmapsx")
        await until(pilot, lambda: "✕ is not the name" in screen_text(app))


async def test_models_and_logs_can_be_kept(kept: list[tuple[bool, bool, bool]]) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        await focused(pilot, "#keep-models")
        await pilot.press("space")
        await until(pilot, lambda: "stays, as asked" in screen_text(app))
        await focused(pilot, "#keep-logs")
        await pilot.press("space")
        await until(pilot, lambda: kept[-1] == (True, True, False))
        screen.field("all").set(True)
        await until(pilot, lambda: kept[-1] == (True, True, True))
    assert kept[:2] == [(False, False, False), (True, False, False)]


@pytest.mark.usefixtures("kept")
async def test_escape_leaves_everything_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", lambda *args, **options: pytest.fail("nothing may be carried out"))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.query_one("#typed", Input).value = ENDPOINT
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Lobby))


@pytest.mark.usefixtures("kept")
async def test_with_the_name_typed_it_is_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", lambda *args, **options: Outcome("done"))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.query_one("#typed", Input).value = ENDPOINT
        await until(pilot, lambda: not screen.query_one("#confirm", Button).disabled)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, OperationScreen))
        await until(pilot, lambda: "● done" in screen_text(app))
        assert "Back to the endpoints" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
