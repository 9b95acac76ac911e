"""A key in the list of training jobs, until it has been painted: with 10,000 jobs beside 100."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

from benchmarks.children import console_on, jobs_shown, measured
from benchmarks.measurement import Measurement
from benchmarks.sandboxes import large_region

FEW, MANY = 100, 10_000
KEYS = ("j",) * 40 + ("k",) * 20 + ("pagedown", "j", "pageup", "k") * 10
ROUNDS = 5
PASSES = 2
BAR = 1.3
# Textual paints at most this often; at its usual sixty a second it would measure its own clock.
FRAMES_A_SECOND = "5000"


def measure() -> list[Measurement]:
    """The 95th percentile over keys, in the median of rounds; each round has both, in processes of their own."""
    slow: dict[int, list[float]] = {FEW: [], MANY: []}
    with large_region(jobs=FEW) as few, large_region(jobs=MANY) as many:
        for _ in range(ROUNDS):
            for count, url in ((FEW, few), (MANY, many)):
                seconds = measured(
                    "benchmarks.keystroke", url, str(count), environment={"TEXTUAL_FPS": FRAMES_A_SECOND}
                )
                slow[count].append(statistics.quantiles(seconds, n=20)[-1])
    ours, peer = (statistics.median(slow[count]) for count in (MANY, FEW))
    return [
        Measurement(
            name=f"a key in the job list, p95, {MANY:,} jobs against {FEW}",
            ours=ours * 1000,
            peer=peer * 1000,
            ratio=ours / peer,
            bar=BAR,
            at_most=True,
            unit="ms",
        )
    ]


async def _seconds_for_each_key(url: str, count: int) -> list[float]:
    """How long each key takes until the screen has been painted after it."""
    from textual.events import Key

    from cmapss_tui.screens.jobs import JobsScreen

    async with console_on(url) as (console, pilot, _):
        await jobs_shown(console, pilot, count)
        screen = console.screen
        assert isinstance(screen, JobsScreen)
        await pilot.press("p")  # the readings are measured elsewhere
        await pilot.pause(1.0)
        seconds = []
        for key in KEYS * PASSES:
            before, painted = screen.table.cursor, asyncio.Event()
            started = time.perf_counter()
            console.post_message(Key(key, key if len(key) == 1 else None))
            while screen.table.cursor == before:
                await asyncio.sleep(0)
            screen.call_after_refresh(painted.set)
            await painted.wait()
            seconds.append(time.perf_counter() - started)
        return seconds


if __name__ == "__main__":
    json.dump(asyncio.run(_seconds_for_each_key(sys.argv[1], int(sys.argv[2]))), sys.stdout)
