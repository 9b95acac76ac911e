"""The memory of the console with 10,000 training jobs: beside an empty Textual application with the same clients."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
from collections.abc import Sequence

import psutil

from benchmarks.children import SIZE, console_on, jobs_shown, measured
from benchmarks.measurement import Measurement
from benchmarks.sandboxes import large_region

JOBS = 10_000
ROUNDS = 3
BAR = 1.5
MEBIBYTE = 2**20


def measure() -> list[Measurement]:
    """Medians of rounds that alternate; the clients are those that the console has made by then."""
    ours, peer = [], []
    with large_region(jobs=JOBS) as url:
        for _ in range(ROUNDS):
            found = measured("benchmarks.memory", url)
            ours.append(found["bytes"])
            peer.append(measured("benchmarks.memory", url, *found["services"])["bytes"])
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return [
        Measurement(
            name=f"memory with {JOBS:,} jobs, against an empty Textual app that holds the same boto3 clients",
            ours=mine / MEBIBYTE,
            peer=theirs / MEBIBYTE,
            ratio=mine / theirs,
            bar=BAR,
            at_most=True,
            unit="MiB",
        )
    ]


async def _console(url: str) -> dict[str, object]:
    async with console_on(url) as (console, pilot, aws):
        await jobs_shown(console, pilot, JOBS)
        await pilot.pause(1.0)
        return {"bytes": _resident(), "services": aws.services}


async def _empty(url: str, services: Sequence[str]) -> dict[str, object]:
    from textual.app import App

    from cmapss_core.aws import Aws, Target

    app: App[None] = App()
    async with app.run_test(size=SIZE) as pilot:
        aws = Aws(Target(endpoint_url=url))
        clients = [aws.client(service) for service in services]
        await pilot.pause(1.0)
        assert len(clients) == len(services)
        return {"bytes": _resident()}


def _resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    address, *names = sys.argv[1:]
    json.dump(asyncio.run(_empty(address, names) if names else _console(address)), sys.stdout)
