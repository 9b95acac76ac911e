"""Nothing stays of a screen that was left, however often all of them are gone through."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from cmapss_tui.app import ConsoleApp
from cmapss_tui.collector import collect
from cmapss_tui.options import Options
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.endpoints import EndpointsScreen
from cmapss_tui.screens.jobs import JobsScreen
from tests.tui.consoles import until
from tests.tui.gallery import GalleryAws, gallery

NEVER = 1e6  # seconds between two readings
# Each of them opens a screen: from the list of an area, and from an endpoint's own.
FROM_JOBS = ("enter", "l", "d", "D", "e", "question_mark", "colon")
FROM_ENDPOINT = ("U", "A", "H", "X", "V", "T")
AREAS = ("3", "4", "5")
ROUNDS = 3
TRIES = 40
FEW_OBJECTS = 2_000  # of three hundred thousand


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GalleryAws]:
    with gallery(tmp_path) as made:
        monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "home"))
        monkeypatch.chdir(tmp_path)
        yield made


async def test_no_screen_that_was_left_stays_and_rounds_through_all_of_them_add_nothing(aws: GalleryAws) -> None:
    app = ConsoleApp(Options(refresh=NEVER, tour=False), lambda options, narrate: aws)
    left: weakref.WeakSet[Screen[object]] = weakref.WeakSet()
    opened: set[str] = set()
    objects: list[int] = []
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, JobsScreen) and bool(app.screen.table.rows))
        for _ in range(ROUNDS):
            await pilot.press("1")
            for key in FROM_JOBS:
                await _there_and_back(pilot, key, left, opened)
            await pilot.press("2")
            await until(pilot, lambda: isinstance(app.screen, EndpointsScreen) and bool(app.screen.table.rows))
            await _there_and_back(pilot, "C", left, opened)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, EndpointScreen) and app.screen.known.endpoint is not None)
            for key in FROM_ENDPOINT:
                await _there_and_back(pilot, key, left, opened)
            left.add(app.screen)
            await pilot.press("escape")
            for area in AREAS:
                await pilot.press(area)
            await _collected(pilot, left)
            objects.append(len(gc.get_objects()))
            assert [screen for screen in left if not screen.is_attached] == []
        assert len(opened) >= 9
        assert objects[-1] - objects[1] < FEW_OBJECTS, objects


async def _there_and_back(
    pilot: Pilot[None], key: str, left: weakref.WeakSet[Screen[object]], opened: set[str]
) -> None:
    app = pilot.app
    area = app.screen
    await pilot.press(key)
    await pilot.pause()
    while app.screen is not area:
        left.add(app.screen)
        opened.add(type(app.screen).__name__)
        await pilot.press("escape")
        await pilot.pause()


async def _collected(pilot: Pilot[None], left: weakref.WeakSet[Screen[object]]) -> None:
    """Collect what was left; a thread that was reading for a screen may hold it until the answer is there."""
    for _ in range(TRIES):
        await _forget_timers(pilot)
        collect()
        if all(screen.is_attached for screen in left):
            return


async def _forget_timers(pilot: Pilot[None]) -> None:
    """The event loop forgets what was cancelled when its time comes, or when it is most of very much."""
    loop = asyncio.get_running_loop()
    for _ in range(2_000):
        loop.call_later(1_000.0, lambda: None).cancel()
    await pilot.pause()
