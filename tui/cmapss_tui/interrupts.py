"""Signals that ask for an end: the first is heeded in good order, the second ends at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

# What ends a program that has no other idea; not every platform has them all.
ENDINGS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if name in signal.Signals.__members__
)


def exit_code_of_signal(number: int) -> int:
    """The convention of shells for what a signal has ended: 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + number


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
    if before is signal.SIG_IGN or not _in_main_thread():
        yield pressed.is_set
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def terminable() -> Iterator[Callable[[], int | None]]:
    """Inside, SIGTERM does what Ctrl-C does; the function that is yielded says which exit code that makes, if it came.

    Where Ctrl-C is ignored, as it is behind a script's `&`, SIGTERM raises KeyboardInterrupt.
    """
    came = threading.Event()

    def interrupt(_number: int, frame: FrameType | None) -> None:
        came.set()
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    def code() -> int | None:
        return exit_code_of_signal(signal.SIGTERM) if came.is_set() else None

    with _handling((signal.SIGTERM,), interrupt):
        yield code


@contextmanager
def told_to_end(end: Callable[[int], object], at_once: Callable[[], object]) -> Iterator[None]:
    """Inside, the first of these signals calls `end` with its exit code; the second calls `at_once`, and kills."""

    def first(number: int, _frame: FrameType | None) -> None:
        for one in ENDINGS:
            signal.signal(one, second)
        end(exit_code_of_signal(number))

    def second(number: int, _frame: FrameType | None) -> None:
        at_once()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    with _handling(ENDINGS, first):
        yield


@contextmanager
def _handling(numbers: tuple[int, ...], handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Inside, the handler has these signals, where it is the main thread that asks."""
    before: dict[int, Any] = {}
    if _in_main_thread():
        before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, signal.SIG_DFL if old is None else old)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
