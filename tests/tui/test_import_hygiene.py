"""What the way to the first painted frame must not load: it is paid before anything can be seen."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("boto3", "botocore", "numpy", "pandas", "sklearn", "xgboost", "moto", "optuna")

FIRST_FRAME = """
import sys, threading
from cmapss_tui.app import ConsoleApp
from cmapss_tui.options import Options

class Console(ConsoleApp):
    def on_ready(self):
        self.painted = self.screen._compositor.render_strips(self.size)
        self.exit()

console = Console(Options(), lambda options, narrate: threading.Event().wait())
console.run(headless=True, size=(80, 24))
text = "\\n".join(strip.text for strip in console.painted)
assert "cmapss-console" in text and "Connecting" in text, text
print(*sorted(name for name in sys.modules if "." not in name))
"""

LIST_OF_JOBS = """
import sys
import cmapss_tui.screens.jobs, cmapss_tui.screens.job_detail
print(*sorted(name for name in sys.modules if "." not in name))
"""


@pytest.mark.parametrize("program", [FIRST_FRAME, LIST_OF_JOBS], ids=["first frame", "list of jobs"])
def test_nothing_heavy_is_loaded(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [name for name in HEAVY if name in done.stdout.split()] == []
