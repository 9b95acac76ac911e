"""Ctrl-C while something is under way: the first asks it to stop in good order, the second stops it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C is told by the function that is yielded; only the second raises KeyboardInterrupt."""
    pressed = threading.Event()

    def note(_signal: int, _frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()
        with suppress(OSError):  # past print(), which cannot be entered twice, and may just have been interrupted
            os.write(2, b"\nStopping in good order; Ctrl-C again stops at once.\n")

    before: Any = signal.getsignal(signal.SIGINT)
    # A process in the background of a script may have been told to ignore it, and only the main thread may ask.
    if before is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
