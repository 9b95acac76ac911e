"""A fault in a real terminal: the dialog comes up, leaving it gives the terminal back, and no traceback is seen."""

from __future__ import annotations

import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from time import monotonic

import pytest

PATIENCE_SECONDS = 30.0
ALTERNATE_SCREEN, NORMAL_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
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


@dataclass
class Session:
    """A program in a terminal, and what it has written there."""

    process: subprocess.Popen[bytes]
    descriptor: int
    written: str = ""

    def press(self, key: str) -> None:
        os.write(self.descriptor, key.encode())

    def wait_for(self, text: str, since: int = 0) -> None:
        """Read until it has written that, after so many characters."""
        end = monotonic() + PATIENCE_SECONDS
        while text not in self.written[since:]:
            assert self.process.poll() is None, f"it has ended:\n{self.written}"
            assert monotonic() < end, f"not written: {text}"
            self.read(0.1)

    def read(self, seconds: float) -> bool:
        """Take what is there, waiting for so long at most; whether there was anything."""
        ready = bool(select.select([self.descriptor], [], [], seconds)[0])
        if ready:
            self.written += os.read(self.descriptor, 65536).decode("utf-8", "replace")
        return ready

    def exit_code(self) -> int | None:
        """How it ends, with all that it still writes."""
        end = monotonic() + PATIENCE_SECONDS
        while self.read(0.1) or (self.process.poll() is None and monotonic() < end):
            pass
        return self.process.poll()


@contextmanager
def session(home: Path) -> Iterator[Session]:
    """The console in a terminal of 100 columns and 30 lines."""
    own, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    repository = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "TERM": "xterm-256color", "CMAPSS_CONSOLE_HOME": str(home), "HOME": str(home)}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=its, stdout=its, stderr=its, cwd=repository, env=environment
    )
    try:
        yield Session(process, own)
    finally:
        process.kill()
        process.wait()
        os.close(own)
        os.close(its)


@pytest.mark.parametrize("again", [False, True], ids=["quit", "start again"])
def test_the_dialog_comes_up_and_the_terminal_is_given_back(tmp_path: Path, again: bool) -> None:
    with session(tmp_path) as terminal:
        before = termios.tcgetattr(terminal.descriptor)
        terminal.wait_for("lobby")
        terminal.press("x")
        terminal.wait_for("divided by nothing")
        if again:
            seen = len(terminal.written)
            terminal.press("r")
            terminal.wait_for("lobby", seen)
        terminal.press("q")
        assert terminal.exit_code() == (0 if again else 1)
        assert termios.tcgetattr(terminal.descriptor) == before
    assert "fault of the console, not of yours" in terminal.written
    assert "Traceback" not in terminal.written
    assert terminal.written.rindex(NORMAL_SCREEN) > terminal.written.rindex(ALTERNATE_SCREEN)
    [report] = (tmp_path / "crashes").iterdir()
    assert "key_x" in report.read_text()
    assert "AKIA" not in report.read_text()
