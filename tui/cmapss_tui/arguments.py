"""What a value on the command line has to look like, checked before anything is asked of AWS."""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError

_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def positive_integer(text: str) -> int:
    """A whole number of at least 1."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def not_negative_integer(text: str) -> int:
    """A whole number of at least 0."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return value


def positive_number(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def duration(text: str) -> float:
    """Seconds, from a number with a unit or without: 90s, 9m, 1.5h, 90."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0 < seconds < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a duration such as 90s, 9m or 1h")
    return seconds


def port(text: str) -> int:
    """A TCP port; 0 stands for any that is free."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 65535:
        raise ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return value
