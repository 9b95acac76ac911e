"""What is loaded and parsed ahead, so that the first opening of a screen does not hold the console up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cmapss_core.snapshots import Snapshot
from cmapss_tui import warming
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.screens.endpoint import EndpointScreen
from tests.tui.consoles import ENDPOINT, NOW, Console, Lobby, opened, until
from tests.tui.test_import_hygiene import HEAVY

LOADED = """
import sys
from importlib import import_module
from cmapss_tui.warming import modules
for name in modules():
    import_module(name)
print(*sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_all_screens_are_loaded_and_nothing_heavy(loaded: list[str]) -> None:
    assert [name for name in HEAVY if name in loaded] == []
    screens = {f"cmapss_tui.screens.{path.stem}" for path in Path(warming.__file__).parent.glob("screens/[a-z]*.py")}
    assert screens <= set(loaded)


async def test_after_the_first_data_no_screen_has_anything_left_to_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "QUIET_SECONDS", 0.001)
    monkeypatch.setattr(warming, "SLICE_SECONDS", 0.001)
    async with Console().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Console)
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        assert next(warming.missing(app), None) is not None
        app.heard(app.screen, Snapshot(as_of=NOW))
        await until(pilot, lambda: next(warming.missing(app), None) is None, tries=2000)
        known = set(app.stylesheet.source)
        monkeypatch.setattr("textual.css.stylesheet.parse", None)
        await opened(pilot, EndpointScreen(ENDPOINT))
        await app.pop_screen()
        await opened(pilot, DeleteScreen(ENDPOINT))
        assert set(app.stylesheet.source) == known
