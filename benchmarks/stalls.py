"""How long the console's event loop stands still at most: while 10,000 jobs load, and while 50 endpoints refresh."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.children import console_on, jobs_shown, measured, until
from benchmarks.measurement import Measurement
from benchmarks.sandboxes import large_region

JOBS, ENDPOINTS = 10_000, 50
REFRESHES = 20
ROUNDS = 3
LIMIT_MS = 50.0
PROBE_SECONDS = 0.002


def measure() -> list[Measurement]:
    """Medians over rounds of the longest stall in each."""
    stalls: dict[str, list[float]] = {"jobs": [], "endpoints": []}
    with large_region(jobs=JOBS, endpoints=ENDPOINTS) as url:
        for _ in range(ROUNDS):
            for what, seconds in measured("benchmarks.stalls", url).items():
                stalls[what].append(seconds * 1000)
    names = {
        "jobs": f"longest stall of the event loop while {JOBS:,} jobs load, against the limit",
        "endpoints": f"longest stall of the event loop while {ENDPOINTS} endpoints refresh, against the limit",
    }
    return [
        Measurement(
            name=names[what],
            ours=statistics.median(found),
            peer=LIMIT_MS,
            ratio=statistics.median(found) / LIMIT_MS,
            bar=1.0,
            at_most=True,
            unit="ms",
        )
        for what, found in stalls.items()
    ]


@asynccontextmanager
async def _probed() -> AsyncIterator[list[float]]:
    """How much later than due the loop came back to a coroutine that only sleeps, each time."""
    late: list[float] = []

    async def probe() -> None:
        while True:
            due = time.perf_counter() + PROBE_SECONDS
            await asyncio.sleep(PROBE_SECONDS)
            late.append(time.perf_counter() - due)

    task = asyncio.create_task(probe())
    try:
        yield late
    finally:
        task.cancel()


async def _stalls(url: str) -> dict[str, float]:
    from cmapss_tui.screens.endpoints import EndpointsScreen

    found: dict[str, float] = {}
    async with console_on(url) as (console, pilot, _):
        async with _probed() as late:
            await jobs_shown(console, pilot, JOBS)
            await pilot.pause(1.0)
            found["jobs"] = max(late)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(console.screen, EndpointsScreen))
        screen = console.screen
        assert isinstance(screen, EndpointsScreen)
        await until(pilot, lambda: len(screen.table.rows) == ENDPOINTS)
        async with _probed() as late:
            for _ in range(REFRESHES):
                await pilot.press("r")
                await pilot.pause(0.3)
            found["endpoints"] = max(late)
    return found


if __name__ == "__main__":
    json.dump(asyncio.run(_stalls(sys.argv[1])), sys.stdout)
