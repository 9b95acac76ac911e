"""Terminals: one at which somebody answers, in place of the pipes that tests have, and real ones to run programs in."""

from __future__ import annotations

import os
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import ioctl
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

PATIENCE_SECONDS = 30.0
# What is turned on for the console, and how that is turned off again.
MODES = {
    "alternate screen": (r"\x1b\[\?1049h", r"\x1b\[\?1049l"),
    "hidden cursor": (r"\x1b\[\?25l", r"\x1b\[\?25h"),
    "mouse": (r"\x1b\[\?1000h", r"\x1b\[\?1000l"),
    "moves of the mouse": (r"\x1b\[\?1003h", r"\x1b\[\?1003l"),
    "bracketed paste": (r"\x1b\[\?2004h", r"\x1b\[\?2004l"),
    "focus": (r"\x1b\[\?1004h", r"\x1b\[\?1004l"),
    "kitty's keys": (r"\x1b\[>\d+u", r"\x1b\[<u"),
}
_ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[^\[]")


class Terminal(StringIO):
    """What was typed."""

    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Have these answers typed, and what is asked seen."""
    monkeypatch.setattr(sys, "stdin", Terminal("".join(answers)))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


@dataclass
class Session:
    """A program in a terminal, and what it has written there."""

    process: subprocess.Popen[bytes]
    end: int
    before: list[Any] = field(default_factory=list)
    written: str = ""
    hung_up: bool = False

    def __post_init__(self) -> None:
        self.before = termios.tcgetattr(self.end)

    def press(self, keys: str | bytes) -> None:
        """Type all of that at once."""
        os.write(self.end, keys.encode() if isinstance(keys, str) else keys)

    def shows(self, text: str, since: int = 0) -> bool:
        """Whether that has been painted, behind so many characters, as soon as it has been."""
        until = monotonic() + PATIENCE_SECONDS
        while text not in _ESCAPES.sub("", self.written[since:]):
            if monotonic() > until or (not self.read(0.1) and self.process.poll() is not None):
                return False
        return True

    def read(self, seconds: float) -> bool:
        """Take what is there, waiting for so long at most; whether there was anything."""
        if not select.select([self.end], [], [], seconds)[0]:
            return False
        try:
            self.written += os.read(self.end, 65536).decode("utf-8", "replace")
        except OSError:  # nobody has the other end any more
            return False
        return True

    def hang_up(self) -> None:
        """Be gone, as the window of a terminal that is closed."""
        self.hung_up = True
        os.close(self.end)

    def seconds_to_end(self) -> float:
        """How long it takes from now until the process is gone; what it still writes is read."""
        began = monotonic()
        while self.process.poll() is None and monotonic() - began < PATIENCE_SECONDS:
            if self.hung_up:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.1)
            else:
                self.read(0.005)
        seconds = monotonic() - began
        while not self.hung_up and self.read(0):
            pass
        return seconds

    def exit_code(self) -> int | None:
        """How it ends; None where it does not."""
        self.seconds_to_end()
        return self.process.poll()

    def left_on(self) -> list[str]:
        """What the terminal still is in that it was not in before."""
        found = [name for name, (on, off) in MODES.items() if self._last(on) > self._last(off)]
        return [*found, "raw"] if termios.tcgetattr(self.end) != self.before else found

    def _last(self, pattern: str) -> int:
        return max((found.start() for found in re.finditer(pattern, self.written)), default=-1)


@contextmanager
def session(home: Path, command: Sequence[str], columns: int = 120, lines: int = 36) -> Iterator[Session]:
    """A Python program, by its arguments, in a terminal of its own with `home` as its user's folder."""
    own, its = os.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "CMAPSS_CONSOLE_HOME": str(home), "HOME": str(home)}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        start_new_session=True,
    )
    running = Session(process, own)
    os.close(its)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        if not running.hung_up:
            os.close(own)
