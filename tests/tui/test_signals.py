"""What ends the console from without, and what comes in from a terminal, at a real one: it is given back each time."""

from __future__ import annotations

import signal
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmapss_tui.cli import main
from cmapss_tui.interrupts import interruptible, terminable
from cmapss_tui.options import Options
from tests.tui.terminals import Session, session

# What is bound to "x" never gives the screen back, and a signal is all that can end it.
PROGRAM = """
import sys, threading
import cmapss_tui.app
from tests.tui.consoles import Console, Lobby

class Stuck(Lobby):
    def key_x(self):
        sys.__stderr__.write("stuck")
        sys.__stderr__.flush()
        while True:
            threading.Event().wait(0.05)

class Lobbied(Console):
    MODES = {**Console.MODES, "jobs": Stuck}

    def __init__(self, options, connect):
        super().__init__()

cmapss_tui.app.ConsoleApp = Lobbied
from cmapss_tui.cli import main
sys.exit(main([]))
"""
LEAVING_SECONDS = 2.5  # half a second on a machine that has nothing else to do


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Session]:
    """The console in its lobby."""
    with session(tmp_path, ["-c", PROGRAM], 100, 30) as running:
        assert running.shows("lobby")
        yield running


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131), (signal.SIGINT, 130)],
)
def test_a_signal_is_a_way_of_leaving(terminal: Session, number: signal.Signals, code: int) -> None:
    terminal.process.send_signal(number)
    assert terminal.seconds_to_end() < LEAVING_SECONDS
    assert terminal.process.returncode == code
    assert terminal.left_on() == []
    assert "Traceback" not in terminal.written


def test_the_second_signal_ends_at_once(terminal: Session) -> None:
    terminal.press("x")
    assert terminal.shows("stuck")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.read(1.0)
    assert terminal.process.poll() is None
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.exit_code() == -signal.SIGHUP
    assert terminal.left_on() == []


def test_a_signal_during_the_start_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    with session(tmp_path, ["-c", PROGRAM], 100, 30) as terminal:
        while "\x1b[?1049h" not in terminal.written:
            assert terminal.read(30)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.exit_code() == 143
        assert terminal.left_on() == []


def test_without_its_terminal_the_console_ends_by_itself(terminal: Session) -> None:
    terminal.hang_up()
    assert terminal.exit_code() == 129


@pytest.mark.parametrize(
    "typed",
    [
        b"\xe9",
        b"\x1b[200~caf\xe9\x1b[201~",
        b"\x1b[M\xe0\xe0\xe0",
        b"\x1b[999999999;1H",
        b"\x1b[999999999;5u",
        b"\x1b[48;99999999;99999999;0;0t",
        b"\x1b[48;0;0;0;0t\x1b[<35;4;4M\x1b[48;30;100;300;1000t",
    ],
)
def test_whatever_a_terminal_sends_the_console_stays(terminal: Session, typed: bytes) -> None:
    terminal.press(typed)
    while terminal.read(0.3):
        pass
    assert terminal.process.poll() is None
    terminal.press("q:")
    assert terminal.seconds_to_end() < LEAVING_SECONDS
    assert terminal.process.returncode == 0
    assert terminal.left_on() == []
    assert "Traceback" not in terminal.written


def test_a_verb_is_terminated_as_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(arguments: Namespace, options: Options) -> int:
        signal.raise_signal(signal.SIGTERM)
        return 0

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("cmapss_tui.verbs.config.run", run)
    assert main(["config", "path"]) == 143
    assert capsys.readouterr().err == "Interrupted.\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_stops_in_good_order_does_so_for_sigterm_too(capfd: pytest.CaptureFixture[str]) -> None:
    with terminable() as terminated, interruptible() as interrupted:
        assert terminated() is None
        signal.raise_signal(signal.SIGTERM)
        assert interrupted()
        assert terminated() == 143
    assert "Stopping in good order" in capfd.readouterr().err
