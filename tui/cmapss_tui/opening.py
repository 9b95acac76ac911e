"""Opening the console, and opening it again after a fault, for as long as the operator wants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cmapss_tui.exits import ExitCode

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.crash import Fault


def run_until_left(make: Callable[[], ConsoleApp]) -> tuple[int, Fault | None]:
    """Run consoles that `make` gives until one is left; after a fault a dialog asks what to do.

    Returns the exit code, and a fault that no dialog could show: it has to be said in a line.
    """
    while True:
        console = make()
        console.greeting = partial(_greet, console)
        console.run()
        if console.fault is None:
            return console.return_code or ExitCode.DONE, None
        from cmapss_tui.crash_dialog import CrashApp

        dialog = CrashApp(console.fault, console.theme)
        again = dialog.run()
        if dialog.failed:
            return ExitCode.FAILED, console.fault
        if not again:
            return ExitCode.FAILED, None


def _greet(console: ConsoleApp) -> None:
    # Imported when it is called: the first frame needs nothing of it.
    from cmapss_tui.touring import offer

    if console.options.tour:
        offer(console)
