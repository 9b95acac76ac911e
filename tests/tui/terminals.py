"""A terminal at which somebody answers, in place of the pipes that tests have."""

from __future__ import annotations

import sys
from io import StringIO

import pytest


class Terminal(StringIO):
    """What was typed."""

    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Have these answers typed, and what is asked seen."""
    monkeypatch.setattr(sys, "stdin", Terminal("".join(answers)))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
