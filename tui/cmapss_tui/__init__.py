"""The faces of the console: the program an operator lives in, and its verbs for scripts."""

from __future__ import annotations

__version__ = "0.1.0"
