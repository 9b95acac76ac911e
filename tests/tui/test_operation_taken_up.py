"""An operation from the journal: followed, stopped, resumed and rolled back from its screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Button

from cmapss_core.aws import Target
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call
from cmapss_core.plans.running.operations import OperationStatus, Outcome
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.screens.operation import OperationScreen
from tests.tui import journals
from tests.tui.consoles import Console, DeafAws, Lobby, deploy_plan, focused, opened, screen_text, step_event, until
from tests.tui.runners import NO_CAPACITY, Runner, begun, installed, line, shown_buttons


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    return installed(monkeypatch, tmp_path)


@pytest.fixture
def journal(scripted: Runner, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.mark.parametrize(
    ("status", "steps", "buttons"),
    [
        ("open", (1, 2), ["leave", "resume", "rollback"]),
        ("done", (1, 2, 3), ["leave", "rollback", "next"]),
        ("rolled_back", (), ["leave"]),
        ("failed", (), ["leave"]),
    ],
)
async def test_a_past_operation_offers_what_can_be_done_with_it(
    status: OperationStatus, steps: tuple[int, ...], buttons: list[str], scripted: Runner, journal: Journal
) -> None:
    journals.ended(journal, journals.plan_of("deploy-1"), status, *journals.done(*steps))
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = OperationScreen("deploy-1")
        await opened(pilot, screen)
        await until(pilot, lambda: f"{status.replace('_', ' ')}" in screen_text(app))
        await until(pilot, lambda: shown_buttons(screen) == buttons)
        assert app.focused is screen.query_one("#next" if status == "done" else "#leave")
        assert ("about 10m00s" in screen_text(app)) is (status != "rolled_back"), "what is over promises no time"


async def test_what_another_process_carries_out_is_followed_by_its_journal(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of("deploy-1")
    log = journals.begun(journal, plan, *journals.done(1), (2, "started"))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationScreen("deploy-1")
        await opened(pilot, screen)
        await until(pilot, lambda: "running 1/6 steps" in screen_text(app))
        assert "Another console or a verb carries it out" in screen_text(app)
        assert shown_buttons(screen) == ["leave"]
        log.close()  # as its death would
        screen._pollers["journal"].request()
        await until(pilot, lambda: "◐ 2 create endpoint config" in " ".join(line(app, "2 create").split()))
        await until(pilot, lambda: "R goes on where it stopped, B undoes what it did." in screen_text(app))


@pytest.mark.parametrize(
    ("key", "how", "said"),
    [("R", "resume", "Goes on with: create endpoint"), ("B", "roll back", "Undoes, in this order: delete config")],
)
async def test_an_open_operation_is_taken_up_once_that_is_confirmed(
    key: str, how: str, said: str, scripted: Runner, journal: Journal
) -> None:
    journals.ended(journal, journals.plan_of("deploy-1"), "open", *journals.done(1, 2))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationScreen("deploy-1")
        await opened(pilot, screen)
        await until(pilot, lambda: "rollback" in shown_buttons(screen))
        await pilot.press(key)
        await until(pilot, lambda: said in screen_text(app))
        await pilot.press("enter")  # on Cancel
        await until(pilot, lambda: app.screen is screen)
        assert scripted.taken_up == []
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: scripted.taken_up == [(how, "deploy-1")])
        await until(pilot, lambda: shown_buttons(screen) == ["leave", "stop"])
        scripted.say(step_event(2, "undoing" if key == "B" else "started"))
        await until(pilot, lambda: ("delete config" if key == "B" else "2 create endpoint config") in screen_text(app))
        scripted.end(Outcome("rolled_back" if key == "B" else "done"))
        await until(pilot, lambda: ("○ rolled back" if key == "B" else "● done") in screen_text(app))


async def test_a_way_back_that_deletes_an_endpoint_wants_its_name(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of("deploy-1")
    deletion = replace(plan.steps[1], undo=None, call=Call("sagemaker", "DeleteEndpoint", {"EndpointName": "engines"}))
    plan = replace(plan, steps=(plan.steps[0], replace(plan.steps[1], undo=deletion), *plan.steps[2:]))
    journals.ended(journal, plan, "open", *journals.done(1, 2))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationScreen("deploy-1")
        await opened(pilot, screen)
        await until(pilot, lambda: "rollback" in shown_buttons(screen))
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert app.screen.query_one("#confirm", Button).disabled
        await pilot.press("tab", "enter", "enter")
        await pilot.pause()
    assert scripted.taken_up == []


async def test_what_is_done_is_rolled_back_only_by_its_name(scripted: Runner, journal: Journal) -> None:
    journals.ended(journal, journals.plan_of("deploy-1", target="prod"), "done", *journals.done(1, 2))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationScreen("deploy-1")
        await opened(pilot, screen)
        await until(pilot, lambda: "rollback" in shown_buttons(screen))
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        confirm = app.screen.query_one("#confirm", Button)
        assert confirm.disabled
        await focused(pilot, "#typed")
        await pilot.press(*"pro")
        assert confirm.disabled
        await pilot.press("d")
        await until(pilot, lambda: not confirm.disabled)
        await pilot.click("#confirm")
        await until(pilot, lambda: scripted.taken_up == [("roll back", "deploy-1")])
        scripted.end(Outcome("rolled_back"))


async def test_stopping_leaves_it_open_to_be_taken_up(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of()
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot, scripted, plan)
        scripted.say(step_event(1, "started"), step_event(1, "acting"))
        await until(pilot, lambda: "running" in line(app, "1 create model"))
        await pilot.press("S")
        await until(pilot, lambda: "Stopping" in screen_text(app))
        assert scripted.cancelled()
        journals.ended(journal, plan, "open", (1, "acting"))  # as the runner would
        scripted.end(Outcome("interrupted"))
        await until(pilot, lambda: shown_buttons(screen) == ["leave", "resume", "rollback"])
        assert "interrupted" in line(app, "1 create model")


async def test_a_failure_offers_the_undo_and_leaves_the_focus_on_leaving(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of()
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, scripted, plan)
        scripted.say(step_event(1, "started"), step_event(1, "failed", error=NO_CAPACITY))
        journals.ended(journal, plan, "open", (1, "acting"), (1, "failed"), error=NO_CAPACITY)
        scripted.end(Outcome("failed", NO_CAPACITY, ("model m",), ("E  the worker died",)))
        await until(pilot, lambda: "E  the worker died" in screen_text(app))
        assert shown_buttons(screen) == ["leave", "resume", "rollback"]
        assert app.focused is screen.query_one("#leave")


async def test_read_only_takes_nothing_up(scripted: Runner, journal: Journal) -> None:
    journals.ended(journal, journals.plan_of("deploy-1"), "open", *journals.done(1))
    app = Console(DeafAws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=True)))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        screen = OperationScreen("deploy-1")
        await opened(pilot, screen)
        await until(pilot, lambda: "‖ open" in screen_text(app))
        assert shown_buttons(screen) == ["leave"]
        await pilot.press("B")
        await until(pilot, lambda: "Read-only" in screen_text(app))
        assert app.screen is screen


async def test_what_runs_here_is_shown_live_again(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await begun(pilot, scripted)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        screen = OperationScreen(deploy_plan().id)
        await opened(pilot, screen)
        scripted.say(step_event(1, "started"), step_event(1, "done"))
        await until(pilot, lambda: "running 1/6 steps" in screen_text(app))
        assert shown_buttons(screen) == ["leave", "stop"]
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))


async def test_an_unknown_operation_is_said(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, OperationScreen("deploy-nobody"))
        await until(pilot, lambda: "There is no operation 'deploy-nobody'" in screen_text(app))


async def test_what_does_not_fit_is_reached_with_the_arrows(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, scripted)
        scripted.end(Outcome("failed", NO_CAPACITY, ("model m",), tuple(f"log line {n}" for n in range(20))))
        await until(pilot, lambda: "log line 0" in screen_text(app))
        assert "log line 19" not in screen_text(app)
        await pilot.press("pagedown", "pagedown", "pagedown")
        await until(pilot, lambda: "Left in the region: model m." in screen_text(app))
        assert "log line 19" in screen_text(app)
