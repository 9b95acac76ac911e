"""Opening the console, and opening it again after a fault, for as long as the operator wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App

from cmapss_tui.exits import ExitCode
from cmapss_tui.interrupts import told_to_end

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.crash import Fault


def run_until_left(make: Callable[[], ConsoleApp]) -> tuple[int, Fault | None]:
    """Run consoles that `make` gives until one is left; after a fault a dialog asks what to do.

    Returns the exit code, and a fault that no dialog could show: it has to be said in a line. What a signal ends is
    not asked anything.
    """
    while True:
        console = make()
        console.greeting = partial(_greet, console)
        signalled = _run(console, console.leave)
        if console.fault is None or signalled is not None:
            return signalled or console.return_code or ExitCode.DONE, console.fault
        from cmapss_tui.crash_dialog import CrashApp

        dialog = CrashApp(console.fault, console.theme)
        signalled = _run(dialog, dialog.leave)
        if dialog.failed:
            return ExitCode.FAILED, console.fault
        if not dialog.return_value:
            return signalled or ExitCode.FAILED, None


def _run(app: App[Any], leave: Callable[[int], None]) -> int | None:
    """Run it until it is left; the exit code where a signal said that it was to be."""
    from cmapss_tui.driving import terminal_restorer

    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # it has not begun yet, or is over
            raise SystemExit(code) from None
        # Past the loop's own queue: it may be waiting for something to read, and the signal is not that.
        loop.call_soon_threadsafe(leave, code)

    with told_to_end(end, terminal_restorer()):
        app.run()
    return codes[-1] if codes else None


def _greet(console: ConsoleApp) -> None:
    # Imported when it is called: the first frame needs nothing of it.
    from cmapss_tui.touring import offer

    if console.options.tour:
        offer(console)
