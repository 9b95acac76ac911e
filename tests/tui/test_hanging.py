"""An AWS that takes every call and answers none: the console stays usable, and is left at once."""

from __future__ import annotations

import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from time import monotonic

import pytest

PATIENCE_SECONDS = 30.0
# A call hangs for ten seconds, four times. Half a second is what it takes on a machine that has nothing else to do.
LEAVING_SECONDS = 2.5
_ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[^\[]")


@dataclass
class BlackHole:
    """Accepts connections, reads nothing, and never says a word."""

    listening: socket.socket
    taken: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def take(self) -> None:
        with suppress(OSError):
            while True:
                self.taken.append(self.listening.accept()[0])


@pytest.fixture
def black_hole() -> Iterator[BlackHole]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hole = BlackHole(listening)
        threading.Thread(target=hole.take, daemon=True).start()
        yield hole
        for connection in hole.taken:
            connection.close()


@dataclass
class Terminal:
    """A console at a terminal of its own, and all that it has painted."""

    process: subprocess.Popen[bytes]
    end: int
    painted: bytes = b""

    def press(self, keys: str) -> None:
        os.write(self.end, keys.encode())

    def shows(self, text: str) -> bool:
        """Whether that has been painted, as soon as it has been; it fails where it is not."""
        seen = b""
        until = monotonic() + PATIENCE_SECONDS
        while text.encode() not in seen and monotonic() < until:
            if select.select([self.end], [], [], 0.1)[0]:
                self.painted += os.read(self.end, 65536)
            seen = _ESCAPES.sub(b"", self.painted)
        self.painted = b""
        return text.encode() in seen

    def seconds_to_end(self) -> float:
        """How long it takes from now until the process is gone; what it still paints is read meanwhile."""
        began = monotonic()
        while self.process.poll() is None and monotonic() - began < PATIENCE_SECONDS:
            if select.select([self.end], [], [], 0.005)[0]:
                with suppress(OSError):
                    os.read(self.end, 65536)
        return monotonic() - began


@contextmanager
def at_a_terminal(home: Path, *arguments: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    environment = {**os.environ, "CMAPSS_CONSOLE_HOME": str(home), "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-m", "cmapss_tui", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_with_every_call_hanging_all_areas_open_and_leaving_is_at_once(black_hole: BlackHole, tmp_path: Path) -> None:
    with at_a_terminal(tmp_path, "--endpoint-url", black_hole.url, "--region", "us-east-1") as terminal:
        assert terminal.shows("Reading the training jobs")
        for key, shown in (("2", "Reading the endpoints"), ("3", "Nothing was begun"), ("4", "No call has failed")):
            terminal.press(key)
            assert terminal.shows(shown), key
        assert len(black_hole.taken) >= 3, "who is calling, the jobs, and the endpoints were asked for"
        terminal.press("q")
        seconds = terminal.seconds_to_end()
        assert terminal.process.returncode == 0
    assert seconds < LEAVING_SECONDS
