"""What carries a plan out does so once, and only while its dialog is in front."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cmapss_core.plans.plan import Plan
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.scale import ScaleScreen
from tests.tui.consoles import ENDPOINT, Console, Lobby, deploy_plan, opened, until
from tests.tui.keys import typed_ahead
from tests.tui.runners import Runner


class Dialog(ScaleScreen):
    """A dialog with a plan that is there at once."""

    def planner(self) -> Callable[[], Plan]:
        return deploy_plan


async def ready(pilot: Pilot[None]) -> tuple[Dialog, Button]:
    """A dialog whose button can be pressed, and has the focus."""
    dialog = Dialog(ENDPOINT)
    await opened(pilot, dialog)
    button = dialog.query_one("#confirm", Button)
    await until(pilot, lambda: not button.disabled)
    button.focus()
    await until(pilot, lambda: button.has_focus)
    return dialog, button


async def test_a_dialog_that_is_left_first_carries_nothing_out(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        dialog, button = await ready(pilot)
        button.press()
        dialog.action_back()
        await until(pilot, lambda: not dialog.is_attached)
        assert [type(screen) for screen in app.screen_stack] == [Lobby]
        assert not scripted.plans


async def test_an_area_that_is_gone_to_first_carries_nothing_out(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        dialog, button = await ready(pilot)
        mode, other = app.current_mode, "operations"
        button.press()
        await app.switch_mode(other)
        await pilot.pause()
        assert [type(screen) for screen in app.screen_stack] == [Lobby]
        await app.switch_mode(mode)
        assert app.screen is dialog
        assert not scripted.plans
        assert not button.disabled


async def test_a_plan_is_carried_out_once(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        _, button = await ready(pilot)
        button.press()
        button.press()
        await until(pilot, lambda: len(scripted.plans) == 1)
        await pilot.pause()
        assert [type(screen) for screen in app.screen_stack] == [Lobby, OperationScreen]
        assert button.disabled
        assert len(scripted.plans) == 1
        scripted.end()


@pytest.mark.parametrize("key", ["escape", "3"])
async def test_what_is_pressed_after_enter_leaves_the_page_of_the_operation(scripted: Runner, key: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        mode = app.current_mode
        await typed_ahead(pilot, "enter", key)
        await until(pilot, lambda: len(scripted.plans) == 1)
        await until(pilot, lambda: not isinstance(app.screen, OperationScreen))
        assert type(app.screen) is Lobby
        assert type(app._screen_stacks[mode][0]) is Lobby
        scripted.end()


async def test_what_is_pressed_before_enter_is_what_counts(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        await typed_ahead(pilot, "escape", "enter")
        await until(pilot, lambda: type(app.screen) is Lobby)
        assert not scripted.plans
