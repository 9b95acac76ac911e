"""A key in the list of training jobs, until it has been painted: with 10,000 jobs beside 100."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from benchmarks.measurement import Measurement

FEW, MANY = 100, 10_000
KEYS = ("j",) * 40 + ("k",) * 20 + ("pagedown", "j", "pageup", "k") * 10
ROUNDS = 5
BAR = 1.5
# Textual paints at most this often; at its usual sixty a second it would measure its own clock.
FRAMES_A_SECOND = 5_000


def measure() -> list[Measurement]:
    """Medians over keys and rounds, measured in a process of their own."""
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks.keystroke"),
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "TEXTUAL_FPS": str(FRAMES_A_SECOND), "TEXTUAL_ANIMATIONS": "none"},
        check=True,
        capture_output=True,
        text=True,
    )
    times: dict[str, list[float]] = json.loads(done.stdout)
    many, few = (statistics.median(times[str(count)]) for count in (MANY, FEW))
    return [
        Measurement(
            name=f"a key in the job list, {MANY:,} jobs against {FEW}",
            ours=many * 1000,
            peer=few * 1000,
            ratio=many / few,
            bar=BAR,
            at_most=True,
            unit="ms",
        )
    ]


async def _seconds_for_each_key(count: int) -> list[float]:
    """How long each key takes until the screen has been painted after it."""
    from textual.events import Key

    from cmapss_core.aws import Aws, Target
    from cmapss_core.jobs import JobsSnapshot, TrainingJob, rank
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.options import Options
    from cmapss_tui.screens.jobs import JobsScreen

    values = random.Random(count)
    now = datetime.now(UTC)
    made = [
        TrainingJob(
            name=f"hyper-cmapss-2026-11-22-16-04-{number:05d}-{values.getrandbits(32):08x}",
            status="Completed",
            created=now - timedelta(minutes=count - number),
            duration_seconds=90.0,
            objective_metric="validation:rmse",
            objective_value=45.0 + abs(values.gauss(0.0, 6.0)),
            objective_type="Minimize",
            model_artifact="s3://bucket/output/model.tar.gz",
            hyperparameters={"max_depth": "8", "eta": "0.0679", "lambda": "0.0069"},
            metrics={},
        )
        for number in range(count)
    ]
    answer = JobsSnapshot(as_of=now, jobs=rank(made, "validation:rmse"), metric="validation:rmse")
    aws = Aws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9"))
    console = ConsoleApp(Options(refresh=1e6), lambda options, narrate: aws)
    reading = patch("cmapss_tui.screens.jobs.read_jobs", lambda *_: answer)
    async with AsyncExitStack() as stack:
        stack.enter_context(reading)
        pilot = await stack.enter_async_context(console.run_test(size=(120, 36)))
        while not isinstance(console.screen, JobsScreen) or not console.screen.table.rows:
            await pilot.pause()
        table = console.screen.table
        await pilot.pause()
        seconds = []
        for key in KEYS:
            before, painted = table.cursor, asyncio.Event()
            started = time.perf_counter()
            console.post_message(Key(key, key if len(key) == 1 else None))
            while table.cursor == before:
                await asyncio.sleep(0)
            console.screen.call_after_refresh(painted.set)
            await painted.wait()
            seconds.append(time.perf_counter() - started)
        return seconds


def _measure_here() -> dict[int, Sequence[float]]:
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(ROUNDS):
        for count, seconds in times.items():
            seconds += asyncio.run(_seconds_for_each_key(count))
    return {**times}


if __name__ == "__main__":
    json.dump(_measure_here(), sys.stdout)
