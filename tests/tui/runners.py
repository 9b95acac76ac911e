"""A runner that says what a test tells it to, in place of the one that changes AWS."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.running.operations import Outcome, StepEvent
from cmapss_tui.screens.operation import OperationScreen
from tests.tui.consoles import Console, deploy_plan, opened, screen_text, until

NO_CAPACITY = ConsoleError(
    ErrorKind.FAILED,
    "the endpoint is Failed: Unable to provision requested ML compute capacity",
    operation="sagemaker:DescribeEndpoint",
    request_id="0f5d6a3c-2a41",
)


class Runner:
    """A runner that says what the test tells it to, and ends when the test lets it."""

    def __init__(self) -> None:
        self.tell: Callable[[StepEvent], None] | None = None
        self.cancelled: Callable[[], bool] = lambda: False
        self.plans: list[Plan] = []
        self.taken_up: list[tuple[str, str]] = []
        self.outcome = Outcome("done")
        self.refusal: ConsoleError | None = None
        self._end = threading.Event()

    def run(self, aws: Any, plan: Plan, journal: Any, *, on_event: Any, cancelled: Any) -> Outcome:
        self.plans.append(plan)
        self.tell, self.cancelled = on_event, cancelled
        if not self._end.wait(30):
            raise AssertionError("the test never let the runner end")
        if self.refusal is not None:
            raise self.refusal
        return self.outcome

    def take_up(self, how: str) -> Callable[..., Outcome]:
        def take(_: Any, operation_id: str, __: Any, *, on_event: Any, cancelled: Any) -> Outcome:
            self.taken_up.append((how, operation_id))
            self.tell, self.cancelled = on_event, cancelled
            if not self._end.wait(30):
                raise AssertionError("the test never let the runner end")
            return self.outcome

        return take

    def say(self, *events: StepEvent) -> None:
        assert self.tell is not None
        for event in events:
            self.tell(event)

    def end(self, outcome: Outcome | None = None) -> None:
        self.outcome = outcome or self.outcome
        self._end.set()


def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    """A runner in place of the real one, beside a journal of the test's own."""
    given = Runner()
    monkeypatch.setattr(runner, "run", given.run)
    monkeypatch.setattr(runner, "resume", given.take_up("resume"))
    monkeypatch.setattr(runner, "roll_back", given.take_up("roll back"))
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    return given


async def begun(pilot: Pilot[None], scripted: Runner, plan: Plan | None = None) -> OperationScreen:
    screen = OperationScreen(plan or deploy_plan())
    await opened(pilot, screen)
    await until(pilot, lambda: scripted.tell is not None)
    return screen


def line(app: Console, words: str) -> str:
    return next((one for one in screen_text(app).splitlines() if words in one), "")


def shown_buttons(screen: OperationScreen) -> list[str]:
    return [button.id or "" for button in screen.query(Button) if button.display and not button.disabled]
