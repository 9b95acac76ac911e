"""Nothing is changed by a key that is held down or was typed ahead: only by the button that one has gone to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.widgets import Button, Input

from cmapss_core import traffic
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import Outcome
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.clean_up import CleanUpScreen
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.screens.deploy import DeployScreen
from cmapss_tui.screens.high_availability import HighAvailabilityScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.screens.scale import ScaleScreen
from cmapss_tui.screens.stop_rollout import StopRolloutScreen
from cmapss_tui.screens.traffic import TrafficScreen
from cmapss_tui.screens.update import UpdateScreen
from cmapss_tui.widgets import form
from tests.tui.consoles import ENDPOINT, Console, deploy_plan, endpoint, opened, scaling, screen_text, until
from tests.tui.journals import done, ended, plan_of
from tests.tui.keys import typed_ahead

TIMES = 20
DIALOGS: dict[str, Callable[[], ConsoleScreen]] = {
    "deploy": DeployScreen,
    "update": lambda: UpdateScreen(endpoint(current=3, desired=3)),
    "scale": lambda: ScaleScreen(ENDPOINT, scaling()),
    "high availability": lambda: HighAvailabilityScreen(ENDPOINT),
    "delete": lambda: DeleteScreen(ENDPOINT),
    "clean up": CleanUpScreen,
    "stop roll-out": lambda: StopRolloutScreen(ENDPOINT),
    "traffic": lambda: TrafficScreen(ENDPOINT, known=endpoint(current=1, desired=1), scaling=scaling()),
    "resume": lambda: OperationScreen("deploy-1", ask="resume"),
    "roll back": lambda: OperationScreen("deploy-1", ask="rollback"),
}
PLANNED = [name for name in DIALOGS if name not in ("traffic", "resume", "roll back")]


def planner(_: PlanScreen) -> Callable[[], Plan]:
    return deploy_plan


def carried_out(made: list[str], name: str, *_: Any, **__: Any) -> Outcome:
    made.append(name)
    return Outcome("done")


@pytest.fixture(autouse=True)
def changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What would have been changed; every dialog has a plan at once that could be carried out."""
    made: list[str] = []
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    for name in ("run", "resume", "roll_back"):
        monkeypatch.setattr(runner, name, partial(carried_out, made, name))
    monkeypatch.setattr(traffic, "send_traffic", lambda *args, **options: made.append("traffic"))
    for screen in (
        DeployScreen,
        UpdateScreen,
        ScaleScreen,
        HighAvailabilityScreen,
        DeleteScreen,
        CleanUpScreen,
        StopRolloutScreen,
    ):
        monkeypatch.setattr(screen, "planner", planner)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    ended(Journal(tmp_path / "journal"), plan_of("deploy-1"), "open", *done(1))
    return made


def shown(app: Console, text: str) -> bool:
    return text in screen_text(app)


async def ready(pilot: Any, name: str) -> None:
    """The dialog is open, and its plan is shown or its question asked."""
    screen = DIALOGS[name]()
    await opened(pilot, screen)
    if isinstance(screen, PlanScreen):
        await until(pilot, lambda: screen.plan is not None)
    elif isinstance(screen, OperationScreen):
        await until(pilot, lambda: pilot.app.screen is not screen)


@pytest.mark.parametrize("name", DIALOGS)
@pytest.mark.parametrize("keys", [("enter",), ("space",), ("enter", "space", "escape")], ids="-".join)
async def test_no_key_that_is_held_down_confirms_anything(changes: list[str], name: str, keys: tuple[str, ...]) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, name)
        await typed_ahead(pilot, *islice(cycle(keys), TIMES))
    assert changes == []


@pytest.mark.parametrize("name", DIALOGS)
async def test_what_was_typed_before_the_dialog_has_come_confirms_nothing(changes: list[str], name: str) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, DIALOGS[name]())
        await typed_ahead(pilot, *["enter"] * TIMES)
    assert changes == []


@pytest.mark.parametrize("name", ["delete"])
async def test_enter_after_a_name_goes_to_the_button_and_held_down_presses_nothing(
    changes: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(form, "monotonic", lambda: now)
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, name)
        await typed_ahead(pilot, *ENDPOINT)
        await until(pilot, lambda: "✓ ⏎ goes to Delete" in screen_text(app))
        await pilot.press("enter")
        button = app.screen.query_one("#confirm", Button)
        assert app.focused is button
        for _ in range(3):
            now += 0.6
            await typed_ahead(pilot, *["enter"] * TIMES)
            # A button takes no key while it is shown as pressed, which is timed by another clock than the test's.
            await until(pilot, lambda: not button.has_class("-active"))
        assert changes == []
        assert app.focused is button
        now += 0.8
        await pilot.press("enter")
        await until(pilot, lambda: changes == ["run"])


@pytest.mark.parametrize(("typed", "said"), [("", "is needed"), (ENDPOINT[:-1], "is not the name")])
async def test_enter_after_another_name_stays_there(changes: list[str], typed: str, said: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot, "delete")
        app.screen.query_one("#typed").focus()
        await typed_ahead(pilot, *typed, "enter", "enter")
        await until(pilot, lambda: f"✕ {said}" in screen_text(app))
        assert app.focused is app.screen.query_one("#typed")
    assert changes == []


@pytest.mark.parametrize("key", ["escape", "enter"])
async def test_what_is_left_after_something_was_typed_says_that_nothing_came_of_it(key: str) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, "delete")
        await pilot.press("c")
        await until(pilot, lambda: app.screen.query_one("#typed", Input).value == "c")
        app.screen.query_one("#cancel").focus()
        await pilot.press(key)
        await until(pilot, lambda: any("Nothing was deleted." in one.message for one in app._notifications))


async def test_what_is_left_untouched_says_nothing() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, "delete")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, DeleteScreen))
        assert not list(app._notifications)


async def test_the_hint_says_what_enter_and_tab_do_where_the_focus_is() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot, "update")
        for widget, hint in (
            ("#cancel", "tab or underlined letter moves"),
            ("#instances", "⏎ goes on   tab moves"),
            ("#strategy", "⏎ opens the list   tab moves"),
            ("#guarded", "⏎ turns it   tab moves"),
        ):
            app.screen.query_one(widget).focus()
            await until(pilot, partial(shown, app, hint))


async def test_a_capital_is_not_said_to_move_where_it_is_typed() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot, "delete")
        await until(pilot, lambda: "tab moves" in screen_text(app))
        assert "letter" not in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("name", PLANNED)
async def test_the_choices_are_in_sight_with_cancel_in_focus(name: str, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        await ready(pilot, name)
        screen = app.screen
        assert app.focused is screen.query_one("#cancel")
        for button in screen.query("Choices Button"):
            region = button.region
            assert region.width > 0
            assert screen.region.contains_region(region), button.id
        line = screen_text(app).splitlines()[screen.query_one("#cancel").region.y]
        assert "Cancel" in line
        assert "Show calls (JSON)" in line


def underlined(app: Console) -> str:
    """What of the choices is underlined."""
    labels = [button.label for button in app.screen.query("Choices Button").results(Button)]
    return "".join(
        label.plain[span.start : span.end] for label in labels if isinstance(label, Content) for span in label.spans
    )


@pytest.mark.parametrize(("name", "key", "button"), [("deploy", "D", "confirm"), ("clean up", "S", "calls")])
async def test_a_buttons_capital_goes_to_it_and_presses_nothing(
    changes: list[str], name: str, key: str, button: str
) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, name)
        await pilot.press(key)
        await until(pilot, lambda: app.screen.query_one(f"#{button}").has_focus)
        await until(pilot, lambda: underlined(app) == ("CDS" if name == "deploy" else "CS"))
    assert changes == []


async def test_where_a_name_is_typed_its_capitals_are_typed_too() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, "delete")
        await pilot.press("D")
        await until(pilot, lambda: app.screen.query_one("#typed", Input).value == "D")
        assert underlined(app) == ""
