"""Which driver an application of ours has: our own where Textual would take the one it is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.driver import Driver


def tolerant(usual: type[Driver]) -> type[Driver]:
    """The driver of this platform that takes whatever a terminal sends; `usual` where there is none."""
    if usual.__module__ != "textual.drivers.linux_driver":
        return usual
    from cmapss_tui.terminal import TerminalDriver

    return TerminalDriver


def terminal_restorer() -> Callable[[], None]:
    """What sets the terminal to what it is set to now, at once and whatever the application does."""
    try:
        from cmapss_tui.terminal import attributes, give_back
    except ImportError:  # not on a POSIX system
        return lambda: None
    return partial(give_back, attributes())
