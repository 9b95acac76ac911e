"""In dialogs tab goes to what can be used, and an underlined letter to its button from all that is not typed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cmapss_core.plans.plan import Plan
from cmapss_tui.screens.scale import ScaleScreen
from cmapss_tui.widgets.form import Fold, OnOff
from tests.tui.consoles import ENDPOINT, Console, deploy_plan, focused, opened, screen_text, until


class Dialog(ScaleScreen):
    """A dialog with a plan that is there at once."""

    def planner(self) -> Callable[[], Plan]:
        return deploy_plan


@pytest.fixture(autouse=True)
def own_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))


async def ready(pilot: Pilot[None]) -> Dialog:
    """The dialog, with its plan."""
    dialog = Dialog(ENDPOINT)
    await opened(pilot, dialog)
    await until(pilot, lambda: not dialog.query_one("#confirm", Button).disabled)
    return dialog


@pytest.mark.parametrize("place", ["#autoscaling", "#suspended", "CollapsibleTitle", "#cancel"])
async def test_a_letter_leads_to_its_button_from_what_is_not_typed_into(place: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 40)) as pilot:
        dialog = await ready(pilot)
        dialog.query_one(Fold).collapsed = False
        await pilot.pause()
        await focused(pilot, place)
        await pilot.press("A")
        await until(pilot, lambda: dialog.query_one("#confirm").has_focus)
        assert dialog.query_one("#autoscaling", OnOff).on


async def test_a_letter_is_typed_where_letters_are_and_leads_nowhere() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        dialog = await ready(pilot)
        await focused(pilot, "#minimum")
        await pilot.press("A")
        await until(pilot, lambda: dialog.field("minimum").value == "1A")
        assert dialog.query_one("#minimum").has_focus


async def test_the_plan_takes_the_focus_where_it_scrolls_and_is_marked_then() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await ready(pilot)
        await until(pilot, lambda: dialog.query_one("#plan-scroll").max_scroll_y > 0)
        await focused(pilot, "#plan-scroll")
        await until(pilot, lambda: "↑↓ scrolls" in screen_text(app))
        lines = screen_text(app).splitlines()
        region = dialog.query_one("#plan-scroll").region
        assert all(line.startswith("▌") for line in lines[region.y + 1 : region.bottom])


async def test_the_tab_key_passes_over_a_plan_that_is_all_in_sight() -> None:
    app = Console()
    async with app.run_test(size=(120, 60)) as pilot:
        dialog = await ready(pilot)
        await until(pilot, lambda: "put scaling policy" in screen_text(app))
        assert dialog.query_one("#plan-scroll") not in dialog.focus_chain
