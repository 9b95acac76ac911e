"""Random keys, clicks and sizes while AWS fails: the console stands, answers, and changes nothing unasked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.plans.journal import default_journal_directory
from cmapss_tui.app import ConsoleApp
from cmapss_tui.options import Options
from tests.live import LiveSandbox
from tests.survival.cases import deployment
from tests.survival.dying import sent_out
from tests.survival.monkeys import Monkey
from tests.survival.worlds import difference, world
from tests.tui.consoles import until

SEEDS = int(os.environ.get("CMAPSS_MONKEYS", "1"))
KEYS = int(os.environ.get("CMAPSS_MONKEY_KEYS", "300"))
SHARE = 0.3
KINDS = (
    "throttling",
    "internal-failure",
    "dropped-before",
    "dropped-after",
    "expired-token",
    "access-denied",
    "unreadable",
)


@pytest.fixture
def served(region: LiveSandbox, journals: Iterator[Path]) -> LiveSandbox:
    """A region with an endpoint that scales."""
    assert sent_out(region, next(journals), "run", deployment).status == "done"
    return region


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the console keeps its state, and a monkey its exports."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("cautious", [True, False], ids=["cautious", "bold"])
async def test_a_monkey_breaks_nothing(served: LiveSandbox, seed: int, cautious: bool) -> None:
    before = world(served)
    app = ConsoleApp(Options(), lambda options, narrate: Aws(Target(endpoint_url=served.endpoint_url)))
    monkey = Monkey(seed, cautious=cautious)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.current_mode == "jobs")
        faults = [{"kind": kind, "share": SHARE / len(KINDS), "seed": 10 * seed + n} for n, kind in enumerate(KINDS)]
        await asyncio.to_thread(served.control, "/faults", add=faults)
        try:
            await monkey.play(app, pilot, served, KEYS)
        finally:
            await asyncio.to_thread(served.control, "/faults", clear=True)
    reports = sorted((default_journal_directory().parent / "crashes").glob("*"))
    assert not reports, f"{monkey.told(app)}\n{reports[0].read_text()}"
    if cautious:
        assert not difference(world(served), before), monkey.told(app)
    else:
        assert world(served)["endpoints"], f"an endpoint is gone whose name nobody typed; {monkey.told(app)}"
