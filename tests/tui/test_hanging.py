"""An AWS that takes every call and answers none: the console stays usable, and is left at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.tui.terminals import session

# A call hangs for ten seconds, four times. Half a second is what it takes on a machine that has nothing else to do.
LEAVING_SECONDS = 2.5


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


def test_with_every_call_hanging_all_areas_open_and_leaving_is_at_once(black_hole: BlackHole, tmp_path: Path) -> None:
    command = ["-m", "cmapss_tui", "--endpoint-url", black_hole.url, "--region", "us-east-1"]
    with session(tmp_path, command) as terminal:
        assert terminal.shows("Reading the training jobs")
        for key, shown in (("2", "Reading the endpoints"), ("3", "Nothing was begun"), ("4", "No call has failed")):
            seen = len(terminal.written)
            terminal.press(key)
            assert terminal.shows(shown, seen), key
        assert len(black_hole.taken) >= 3, "who is calling, the jobs, and the endpoints were asked for"
        terminal.press("q")
        seconds = terminal.seconds_to_end()
        assert terminal.process.returncode == 0
        assert terminal.left_on() == []
    assert seconds < LEAVING_SECONDS
