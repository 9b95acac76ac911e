"""Arguments of the command line: what each value has to look like, before AWS is asked anything; which are given."""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Number = TypeVar("Number", int, float)

LARGEST = 2**31 - 1  # AWS's integers have 32 bits
MOST_A_MINUTE = 600_000  # ten thousand a second, more than one machine sends
MOST_INSTANCES = 10_000  # more than a variant can be given
LONGEST_PAUSE = 86_400.0  # a day, in seconds
LONGEST_SPAN = 30 * 86_400.0  # thirty days, in seconds
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def positive_integer(text: str) -> int:
    """A whole number of at least 1."""
    return _checked(text, int, lambda value: 1 <= value <= LARGEST, "a whole number of at least 1")


def not_negative_integer(text: str) -> int:
    """A whole number of at least 0."""
    return _checked(text, int, lambda value: 0 <= value <= LARGEST, "a whole number of at least 0")


def instances(text: str) -> int:
    """How many instances."""
    most = f"a whole number of at least 1, at most {MOST_INSTANCES}"
    return _checked(text, int, lambda value: 1 <= value <= MOST_INSTANCES, most)


def positive_number(text: str) -> float:
    """A finite number above 0."""
    return _checked(text, float, lambda value: 0 < value < math.inf, "a number above 0")


def pause(text: str) -> float:
    """Seconds between one thing and the next."""
    return _checked(text, float, lambda value: 0 < value <= LONGEST_PAUSE, "a number of seconds from 0 to a day")


def rate(text: str) -> float:
    """How often in a minute: invocations that are sent, or that an instance is to get."""
    return _checked(text, float, lambda value: 0 < value <= MOST_A_MINUTE, f"a number above 0, at most {MOST_A_MINUTE}")


def word(text: str) -> str:
    """What somebody or something is called: never nothing, as an empty variable of a script has it."""
    if not text.strip():
        raise ArgumentTypeError("it is empty")
    return text


def share(text: str) -> float:
    """A part of a whole."""
    return _checked(text, float, lambda value: 0 <= value <= 1, "a share from 0 to 1")


def signed_seconds(text: str) -> float:
    """A finite number of seconds, ahead or behind."""
    return _checked(text, float, math.isfinite, "a number of seconds")


def duration(text: str) -> float:
    """Seconds, from a number with a unit or without: 90s, 9m, 1.5h, 90."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise ArgumentTypeError(f"{text!r} is not a duration such as 90s, 9m or 1h")
    if seconds > LONGEST_SPAN:
        raise ArgumentTypeError(f"{text!r} is not a duration of at most {LONGEST_SPAN / 86_400:g} days")
    return seconds


def port(text: str) -> int:
    """A TCP port; 0 stands for any that is free."""
    return _checked(text, int, lambda value: 0 <= value <= 65535, "a port from 0 to 65535")


def given(arguments: Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Those of the arguments that were given, by name."""
    return {name: value for name in names if (value := getattr(arguments, name)) is not None}


def flag(name: str) -> str:
    """How an option of this name is written on the command line."""
    return "--" + name.replace("_", "-")


def _checked(text: str, read: Callable[[str], Number], fits: Callable[[Number], bool], what: str) -> Number:
    try:
        value = read(text)
    except ValueError:
        value = None
    if value is None or not fits(value):
        if isinstance(value, int) and value > LARGEST and "at most" not in what:
            what += f" and at most {LARGEST}"
        raise ArgumentTypeError(f"{text!r} is not {what}")
    return value
