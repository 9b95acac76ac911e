"""What the garbage collector is spared: to walk what stays for good again and again would hold the console up."""

from __future__ import annotations

import gc


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
