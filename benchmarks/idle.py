"""The processor time of the console when nobody touches it: beside an empty Textual application with a clock."""

from __future__ import annotations

import fcntl
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Sequence

import psutil

from benchmarks.children import REPOSITORY, SIZE
from benchmarks.measurement import Measurement
from benchmarks.sandboxes import large_region

ENDPOINTS = 50
WARM_UP_SECONDS, SECONDS = 10.0, 20.0
ROUNDS = 3
BAR = 3.0
TO_ENDPOINTS = b"2"
EMPTY_APP = """
from textual.app import App
from textual.widgets import Header

class Empty(App):
    def compose(self):
        yield Header(show_clock=True)

Empty().run()
"""


def measure() -> list[Measurement]:
    """Medians of rounds in which both stand idle at the same time, ours at a list of 50 endpoints on region time."""
    ours, peer = [], []
    with large_region(jobs=10, endpoints=ENDPOINTS, speed=1.0) as url:
        for _ in range(ROUNDS):
            mine, theirs = _idle_beside_each_other(
                (("-m", "cmapss_tui", "--endpoint-url", url), ("-c", EMPTY_APP)),
            )
            ours.append(mine)
            peer.append(theirs)
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return [
        Measurement(
            name=f"processor time while idle at {ENDPOINTS} endpoints, against an empty Textual app with a clock",
            ours=mine / SECONDS * 100,
            peer=theirs / SECONDS * 100,
            ratio=mine / theirs,
            bar=BAR,
            at_most=True,
            unit="%",
        )
    ]


def _idle_beside_each_other(programs: Sequence[Sequence[str]]) -> list[float]:
    """The seconds of processor time that each takes in its own terminal, after a while to come up."""
    with tempfile.TemporaryDirectory(prefix="cmapss-benchmark-home-") as home:
        running = [_Program(arguments, home) for arguments in programs]
        try:
            time.sleep(WARM_UP_SECONDS / 2)
            for program in running:
                program.type(TO_ENDPOINTS)
            time.sleep(WARM_UP_SECONDS / 2)
            before = [program.processor_seconds() for program in running]
            time.sleep(SECONDS)
            return [program.processor_seconds() - was for program, was in zip(running, before, strict=True)]
        finally:
            for program in running:
                program.end()


class _Program:
    """A program at a terminal of its own, whose output is read and thrown away."""

    def __init__(self, arguments: Sequence[str], home: str) -> None:
        self._terminal, inside = pty.openpty()
        columns, lines = SIZE
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = subprocess.Popen(
            (sys.executable, *arguments),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=REPOSITORY,
            env={**os.environ, "TERM": "xterm-256color", "CMAPSS_CONSOLE_HOME": home},
            start_new_session=True,
        )
        os.close(inside)
        threading.Thread(target=self._drain, daemon=True).start()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._terminal, keys)

    def processor_seconds(self) -> float:
        """Of all its threads, so far. Raises psutil.NoSuchProcess where it has ended."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        """At once."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def _drain(self) -> None:
        while True:
            try:
                if not os.read(self._terminal, 65536):
                    return
            except OSError:  # the program has ended
                return
