"""An operation from the journal: followed, stopped, resumed and rolled back from its screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cmapss_core import endpoints
from cmapss_core.aws import Identity, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Plan
from cmapss_core.plans.running.operations import OperationStatus, Outcome, StepState
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.screens.operation import OperationScreen
from tests.tui import journals
from tests.tui.consoles import Console, DeafAws, Lobby, deploy_plan, focused, opened, screen_text, step_event, until
from tests.tui.runners import NO_CAPACITY, Runner, begun, line, shown_buttons


@pytest.fixture
def journal(scripted: Runner, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@dataclass(frozen=True, slots=True)
class Opened:
    """The screen of one operation in a console that runs."""

    app: Console
    pilot: Pilot[None]
    screen: OperationScreen

    async def shows(self, words: str) -> None:
        """Wait until that is painted."""
        await until(self.pilot, lambda: words in screen_text(self.app))

    async def offers(self, *buttons: str) -> None:
        """Wait until exactly these buttons can be pressed."""
        await until(self.pilot, lambda: shown_buttons(self.screen) == [*buttons])

    async def asks(self, key: str) -> Button:
        """Press a key and wait to be asked; the button that says yes."""
        await self.pilot.press(key)
        await until(self.pilot, lambda: isinstance(self.app.screen, ConfirmScreen))
        return self.app.screen.query_one("#confirm", Button)


@asynccontextmanager
async def showing(
    operation: str = "deploy-1", *, app: Console | None = None, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[Opened]:
    """Open an operation of the journal."""
    app = app or Console()
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = OperationScreen(operation)
        await opened(pilot, screen)
        yield Opened(app, pilot, screen)


@asynccontextmanager
async def beginning(
    scripted: Runner, plan: Plan | None = None, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[Opened]:
    """Begin a plan, and show how it goes."""
    app = Console()
    async with app.run_test(size=size) as pilot:
        yield Opened(app, pilot, await begun(pilot, scripted, plan))


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
    async with showing(size=(80, 24)) as one:
        await one.shows(status.replace("_", " "))
        await one.offers(*buttons)
        assert one.app.focused is one.screen.query_one("#next" if status == "done" else "#leave")
        promised = "about 10m00s" in screen_text(one.app)
        assert promised is (status != "rolled_back"), "what is over promises no time"


@pytest.mark.parametrize(
    ("operation", "buttons"),
    [("deploy-1", ["leave", "rollback", "next"]), ("scale-1", ["leave", "next"])],
)
async def test_of_an_endpoint_that_is_gone_nothing_is_offered_that_cannot_be_done(
    operation: str, buttons: list[str], scripted: Runner, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = journals.plan_of(operation)
    plan = replace(plan, intention=operation.partition("-")[0])
    journals.ended(journal, plan, "done", *journals.done(1, 2, 3))
    app = Console()

    def read(aws: object, name: str) -> None:
        raise ConsoleError(ErrorKind.NOT_FOUND, f"{name} is not there")

    monkeypatch.setattr(endpoints, "read_endpoint", read)
    monkeypatch.setattr(app.given, "identity", lambda: Identity("000000000000", "arn", "operator"))
    async with showing(operation, app=app) as one:
        await one.shows("engines does not exist any more.")
        await one.offers(*buttons)
        assert str(one.screen.query_one("#next", Button).label) == "Back to the endpoints"
        assert "then $0.23/h" in screen_text(one.app)
        assert "Now $" not in screen_text(one.app)
        if "rollback" in buttons:
            await one.asks("B")
            await one.shows("engines does not exist any more.")


async def test_of_another_account_it_is_not_said_that_the_endpoint_is_gone(
    scripted: Runner, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals.ended(journal, journals.plan_of("deploy-1"), "done", *journals.done(1, 2, 3))
    app = Console()
    asked: list[str] = []
    monkeypatch.setattr(endpoints, "read_endpoint", lambda aws, name: asked.append(name))
    monkeypatch.setattr(app.given, "identity", lambda: Identity("123456789012", "arn", "operator"))
    async with showing(app=app) as one:
        await one.offers("leave", "rollback", "next")
        await until(one.pilot, lambda: all(one.asked for one in one.screen.snapshots))  # type: ignore[attr-defined]
        assert "does not exist" not in screen_text(one.app)
    assert asked == []


async def test_what_another_process_carries_out_is_followed_by_its_journal(scripted: Runner, journal: Journal) -> None:
    log = journals.begun(journal, journals.plan_of("deploy-1"), *journals.done(1), (2, "started"))
    async with showing() as one:
        await one.shows("running 1/6 steps")
        await one.shows("Another console or a verb carries it out")
        await one.offers("leave")
        log.close()  # as its death would
        one.screen._pollers["journal"].request()
        await until(one.pilot, lambda: "◐ 2 create endpoint config" in " ".join(line(one.app, "2 create").split()))
        await one.shows("R goes on where it stopped, B undoes what it did.")


@pytest.mark.parametrize(
    ("key", "how", "said", "step", "state", "status", "ending"),
    [
        ("R", "resume", "Goes on with: create endpoint", "2 create endpoint config", "started", "done", "● done"),
        (
            "B",
            "roll back",
            "Undoes, in this order: delete config",
            "delete config",
            "undoing",
            "rolled_back",
            "○ rolled back",
        ),
    ],
)
async def test_an_open_operation_is_taken_up_once_that_is_confirmed(
    key: str,
    how: str,
    said: str,
    step: str,
    state: StepState,
    status: Literal["done", "rolled_back"],
    ending: str,
    scripted: Runner,
    journal: Journal,
) -> None:
    journals.ended(journal, journals.plan_of("deploy-1"), "open", *journals.done(1, 2))
    async with showing() as one:
        await one.offers("leave", "resume", "rollback")
        await one.asks(key)
        await one.shows(said)
        await one.pilot.press("enter")  # on Cancel
        await until(one.pilot, lambda: one.app.screen is one.screen)
        assert scripted.taken_up == []
        await one.asks(key)
        await one.pilot.press("tab", "enter")
        await until(one.pilot, lambda: scripted.taken_up == [(how, "deploy-1")])
        await one.offers("leave", "stop")
        scripted.say(step_event(2, state))
        await one.shows(step)
        scripted.end(Outcome(status))
        await one.shows(ending)


async def test_a_way_back_that_deletes_an_endpoint_wants_its_name(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of("deploy-1")
    deletion = replace(plan.steps[1], undo=None, call=Call("sagemaker", "DeleteEndpoint", {"EndpointName": "engines"}))
    plan = replace(plan, steps=(plan.steps[0], replace(plan.steps[1], undo=deletion), *plan.steps[2:]))
    journals.ended(journal, plan, "open", *journals.done(1, 2))
    async with showing() as one:
        await one.offers("leave", "resume", "rollback")
        assert (await one.asks("B")).disabled
        await one.pilot.press("tab", "enter", "enter")
        await one.pilot.pause()
    assert scripted.taken_up == []


async def test_what_is_done_is_rolled_back_only_by_its_name(scripted: Runner, journal: Journal) -> None:
    journals.ended(journal, journals.plan_of("deploy-1", target="prod"), "done", *journals.done(1, 2))
    async with showing() as one:
        await until(one.pilot, lambda: "rollback" in shown_buttons(one.screen))
        confirm = await one.asks("B")
        assert confirm.disabled
        await focused(one.pilot, "#typed")
        await one.pilot.press(*"pro")
        assert confirm.disabled
        await one.pilot.press("d")
        await until(one.pilot, lambda: not confirm.disabled)
        await one.pilot.click("#confirm")
        await until(one.pilot, lambda: scripted.taken_up == [("roll back", "deploy-1")])
        scripted.end(Outcome("rolled_back"))


async def test_stopping_leaves_it_open_to_be_taken_up(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of()
    async with beginning(scripted, plan) as one:
        scripted.say(step_event(1, "started"), step_event(1, "acting"))
        await until(one.pilot, lambda: "running" in line(one.app, "1 create model"))
        await one.pilot.press("S")
        await one.shows("Stopping")
        assert scripted.cancelled()
        journals.ended(journal, plan, "open", (1, "acting"))  # as the runner would
        scripted.end(Outcome("interrupted"))
        await one.offers("leave", "resume", "rollback")
        assert "interrupted" in line(one.app, "1 create model")


async def test_a_failure_offers_the_undo_and_leaves_the_focus_on_leaving(scripted: Runner, journal: Journal) -> None:
    plan = journals.plan_of()
    async with beginning(scripted, plan, size=(80, 24)) as one:
        scripted.say(step_event(1, "started"), step_event(1, "failed", error=NO_CAPACITY))
        journals.ended(journal, plan, "open", (1, "acting"), (1, "failed"), error=NO_CAPACITY)
        scripted.end(Outcome("failed", NO_CAPACITY, ("model m",), ("E  the worker died",)))
        await one.shows("E  the worker died")
        await one.offers("leave", "resume", "rollback")
        assert one.app.focused is one.screen.query_one("#leave")


async def test_read_only_takes_nothing_up(scripted: Runner, journal: Journal) -> None:
    journals.ended(journal, journals.plan_of("deploy-1"), "open", *journals.done(1))
    reading = DeafAws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=True))
    async with showing(app=Console(reading)) as one:
        await one.shows("‖ open")
        await one.offers("leave")
        await one.pilot.press("B")
        await one.shows("Read-only")
        assert one.app.screen is one.screen


async def test_what_runs_here_is_shown_live_again(scripted: Runner) -> None:
    async with beginning(scripted) as first:
        await first.pilot.press("escape")
        await until(first.pilot, lambda: isinstance(first.app.screen, Lobby))
        again = replace(first, screen=OperationScreen(deploy_plan().id))
        await opened(again.pilot, again.screen)
        scripted.say(step_event(1, "started"), step_event(1, "done"))
        await again.shows("running 1/6 steps")
        await again.offers("leave", "stop")
        scripted.end()
        await again.shows("● done")


async def test_an_unknown_operation_is_said(scripted: Runner) -> None:
    async with showing("deploy-nobody") as one:
        await one.shows("There is no operation 'deploy-nobody'")


async def test_what_does_not_fit_is_reached_with_the_arrows(scripted: Runner) -> None:
    async with beginning(scripted, size=(80, 24)) as one:
        scripted.end(Outcome("failed", NO_CAPACITY, ("model m",), tuple(f"log line {n}" for n in range(20))))
        await one.shows("log line 0")
        assert "log line 19" not in screen_text(one.app)
        await one.pilot.press("pagedown", "pagedown", "pagedown")
        await one.shows("Left in the region: model m.")
        assert "log line 19" in screen_text(one.app)
