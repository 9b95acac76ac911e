"""What is measured in a process of its own: started with the arguments of its `main`, it prints one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from cmapss_core.aws import Aws
    from cmapss_tui.app import ConsoleApp

SIZE = (120, 36)
PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.02
REPOSITORY = Path(__file__).resolve().parents[1]


def measured(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """What `python -m module arguments` prints, at home in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="cmapss-benchmark-home-") as home:
        done = subprocess.run(
            (sys.executable, "-m", module, *arguments),
            cwd=REPOSITORY,
            env={**os.environ, "TEXTUAL_ANIMATIONS": "none", "CMAPSS_CONSOLE_HOME": home, **(environment or {})},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return json.loads(done.stdout)


@asynccontextmanager
async def console_on(url: str) -> AsyncIterator[tuple[ConsoleApp, Pilot[None], Aws]]:
    """The console as it is, without a terminal, on the sandbox at that address, once it has its first area."""
    from cmapss_core.aws import Aws, Target
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.options import Options
    from cmapss_tui.screens.jobs import JobsScreen

    aws = Aws(Target(endpoint_url=url))
    console = ConsoleApp(Options(tour=False), lambda options, narrate: aws)
    async with console.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(console.screen, JobsScreen) and console.screen.is_mounted)
        await pilot.pause()
        yield console, pilot, aws


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Let the application run until something holds. Raises TimeoutError."""
    for _ in range(int(PATIENCE_SECONDS / PAUSE_SECONDS)):
        if holds():
            return
        await pilot.pause(PAUSE_SECONDS)
    raise TimeoutError(f"not within {PATIENCE_SECONDS:g} s")


async def jobs_shown(console: ConsoleApp, pilot: Pilot[Any], count: int) -> None:
    """Wait until the list of training jobs has so many rows."""
    from cmapss_tui.screens.jobs import JobsScreen

    def listed() -> bool:
        screen = console.screen
        return isinstance(screen, JobsScreen) and len(screen.table.rows) == count

    await until(pilot, listed)
