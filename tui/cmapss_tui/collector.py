"""When garbage is collected and what the collector is spared: walking everything holds the console up for a while."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from textual._styles_cache import StylesCache
from textual.app import App
from textual.timer import Timer

# All generations are collected by themselves after so many collections of the younger ones, which is three times as
# many as Python would wait for: before that comes a pause in which nobody notices.
LATEST = 30
DUE = 5
PAUSE_SECONDS = 1.0


class _Spared:
    """Whether this process has spared anything yet: then there may be screens that have been left."""

    anything = False


def spare() -> None:
    """Leave all that there is now out of further collections, but not what is garbage: that would stay for ever.

    The first time, while the console starts, there is next to no garbage, and half a million objects to walk to find
    it; later on it is only what has come since.
    """
    if _Spared.anything:
        gc.collect()
    _Spared.anything = True
    gc.freeze()


def spare_no_longer() -> None:
    """Let the collector see everything again: much of what stayed was of a connection that is left."""
    gc.unfreeze()


def collect() -> None:
    """Free what was left, with what Textual has painted of it.

    Its cache of grounds is one of a method, so that it keeps the lines of the last thousand widgets whose it was.
    """
    StylesCache.get_inner_outer.cache_clear()
    gc.collect()


def collect_in_pauses(app: App[Any], pause: Callable[[], float]) -> Timer:
    """Collect when nobody has pressed a key for a moment; `pause` says for how many seconds that is.

    The first time, all that has been loaded by then is spared from now on.
    """
    youngest, younger, _ = gc.get_threshold()
    gc.set_threshold(youngest, younger, LATEST)
    first = True

    def collect_in_pause() -> None:
        nonlocal first
        if pause() < PAUSE_SECONDS or not (first or gc.get_count()[2] >= DUE):
            return
        collect()
        if first:
            first = False
            gc.freeze()

    return app.set_interval(PAUSE_SECONDS, collect_in_pause, name="collector")
