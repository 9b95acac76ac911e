"""A fault in a real terminal: the dialog comes up, leaving it gives the terminal back, and no traceback is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.terminals import session

PROGRAM = """
import sys
import cmapss_tui.app
from tests.tui.consoles import Console, Lobby

class Falling(Lobby):
    def key_x(self):
        raise ZeroDivisionError("divided by nothing", "AKIAABCDEFGHIJKLMNOP")

class FallingConsole(Console):
    MODES = {**Console.MODES, "jobs": Falling}

    def __init__(self, options, connect):
        super().__init__()

cmapss_tui.app.ConsoleApp = FallingConsole
from cmapss_tui.cli import main
sys.exit(main([]))
"""


@pytest.mark.parametrize("again", [False, True], ids=["quit", "start again"])
def test_the_dialog_comes_up_and_the_terminal_is_given_back(tmp_path: Path, again: bool) -> None:
    with session(tmp_path, ["-c", PROGRAM], 100, 30) as terminal:
        assert terminal.shows("lobby")
        terminal.press("x")
        assert terminal.shows("divided by nothing")
        if again:
            seen = len(terminal.written)
            terminal.press("r")
            assert terminal.shows("lobby", seen)
        terminal.press("q")
        assert terminal.exit_code() == (0 if again else 1)
        assert terminal.left_on() == []
    assert "fault of the console, not of yours" in terminal.written
    assert "Traceback" not in terminal.written
    [report] = (tmp_path / "crashes").iterdir()
    assert "key_x" in report.read_text()
    assert "AKIA" not in report.read_text()
