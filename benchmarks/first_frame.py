"""The time to the first painted frame, from the command on: ours beside a Textual application with one label."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measurement import Measurement

ROUNDS = 9
BAR = 1.3
COLUMNS, LINES = 120, 36
PATIENCE_SECONDS = 30.0

# What is painted first by each, and how each is started.
OURS = (b"Connecting", ("-m", "cmapss_tui", "--endpoint-url", "http://127.0.0.1:9"))
EMPTY_APP = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("painted")

Empty().run()
"""
PEER = (b"painted", ("-c", EMPTY_APP))


def measure() -> list[Measurement]:
    """Medians of runs that alternate, each in a terminal of its own; the first of each only warms the caches."""
    ours, peer = [], []
    for _ in range(ROUNDS + 1):
        ours.append(_seconds_to(*OURS))
        peer.append(_seconds_to(*PEER))
    mine, theirs = (statistics.median(times[1:]) for times in (ours, peer))
    return [
        Measurement(
            name="first painted frame, against an empty Textual app",
            ours=mine * 1000,
            peer=theirs * 1000,
            ratio=mine / theirs,
            bar=BAR,
            at_most=True,
            unit="ms",
        )
    ]


def _seconds_to(mark: bytes, arguments: Sequence[str]) -> float:
    """How long a program takes until it has written `mark` to its terminal. Raises TimeoutError."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TERM": "xterm-256color", "CMAPSS_CONSOLE_HOME": home}
        started = time.perf_counter()
        program = subprocess.Popen(
            (sys.executable, *arguments),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=Path(__file__).resolve().parents[1],
            env=environment,
            start_new_session=True,
        )
        os.close(inside)
        try:
            return _wait_for(mark, terminal, started) - started
        finally:
            program.kill()
            program.wait()
            os.close(terminal)


def _wait_for(mark: bytes, terminal: int, started: float) -> float:
    written = b""
    while (left := started + PATIENCE_SECONDS - time.perf_counter()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            break
        try:
            written += os.read(terminal, 65536)
        except OSError:  # the program has ended
            break
        if mark in written:
            return time.perf_counter()
    raise TimeoutError(f"{mark.decode()!r} was not painted; instead: {written[-500:]!r}")
