"""One endpoint's screen on readings that a test makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from cmapss_core.metrics import Metrics
from cmapss_core.watch import Watch
from cmapss_tui.screens.endpoint import EndpointScreen
from tests.tui.consoles import ENDPOINT, Console, opened, screen_text, until, watch


class Readings:
    """What read_watch answers, and how it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[], Watch] = watch
        self.minutes: list[int] = []

    def read(self, aws: Any, name: str, minutes: int, known: Metrics | None = None) -> Watch:
        self.minutes.append(minutes)
        return self.answer()


async def watched(pilot: Pilot[None]) -> EndpointScreen:
    """The screen, with its first reading on it."""
    screen = EndpointScreen(ENDPOINT)
    await opened(pilot, screen)
    await until(pilot, lambda: "reading …" not in screen_text(console(pilot)))
    return screen


def console(pilot: Pilot[None]) -> Console:
    """The application that is piloted."""
    assert isinstance(pilot.app, Console)
    return pilot.app


def view_line(pilot: Pilot[None]) -> str:
    """The line that says which stretch of time the charts show."""
    return next(line for line in screen_text(console(pilot)).splitlines() if " until " in line)
