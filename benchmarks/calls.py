"""How many calls a minute of the region's clock the console makes for 50 endpoints: in steady state, and idle."""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.children import console_on, measured, until
from benchmarks.measurement import Measurement
from benchmarks.sandboxes import large_region

ENDPOINTS = 50
SPEED = 20.0
MINUTES = 20.0  # of the region
WARM_UP_MINUTES = {"steady": 3.0, "idle": 15.0}  # it is idle ten minutes after the last key
MOST = {"steady": 20.0, "idle": 6.0}


def measure() -> list[Measurement]:
    """Calls over twenty minutes of region time: with an operator at the keys, and with nobody there."""
    with large_region(jobs=10, endpoints=ENDPOINTS, speed=SPEED) as url:
        found = {state: measured("benchmarks.calls", url, state) for state in MOST}
    return [
        Measurement(
            name=f"calls a region minute for {ENDPOINTS} endpoints, {state}, against the most that is allowed",
            ours=found[state],
            peer=most,
            ratio=found[state] / most,
            bar=1.0,
            at_most=True,
            unit="calls",
        )
        for state, most in MOST.items()
    ]


async def _calls_a_minute(url: str, state: str) -> float:
    from cmapss_tui.screens.endpoints import EndpointsScreen

    async with console_on(url) as (console, pilot, aws):
        await pilot.press("2")
        await until(pilot, lambda: isinstance(console.screen, EndpointsScreen))
        screen = console.screen
        assert isinstance(screen, EndpointsScreen)
        await until(pilot, lambda: len(screen.table.rows) == ENDPOINTS)

        async def pass_minutes(minutes: float) -> None:
            for number in range(int(minutes)):
                if state == "steady":
                    await pilot.press("j" if number % 2 else "k")
                await pilot.pause(60 / aws.clock.speed)

        await pass_minutes(WARM_UP_MINUTES[state])
        calls, began = aws.meter.total, aws.clock.now()
        await pass_minutes(MINUTES)
        return (aws.meter.total - calls) / ((aws.clock.now() - began).total_seconds() / 60)


if __name__ == "__main__":
    json.dump(asyncio.run(_calls_a_minute(sys.argv[1], sys.argv[2])), sys.stdout)
