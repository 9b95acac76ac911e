"""A report of what nobody expected, for the person who has to find out why; no secret is in it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cmapss_core.plans.journal import default_journal_directory
from cmapss_tui import __version__, trail
from cmapss_tui.redaction import HIDDEN, redact

__all__ = ["Fault", "UnderWay", "describe", "redact", "write_crash_report"]

_VARIABLE = "--environment"
_TOLD_PACKAGES = ("textual", "rich", "boto3", "botocore")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An operation that was being carried out, and what it is called."""

    operation: str
    title: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What ended the console: in one line, where its report is, and what was under way."""

    what: str
    report: Path | None
    under_way: tuple[UnderWay, ...] = ()

    @classmethod
    def of(cls, error: BaseException, under_way: tuple[UnderWay, ...] = ()) -> Fault:
        """Write the report of an error, and say what it was."""
        what = redact(" ".join(f"{type(error).__name__}: {error}".split()))
        return cls(what, write_crash_report(error), under_way)

    @property
    def line(self) -> str:
        """Everything in one line, where there is no terminal."""
        return f"unexpected {self.what.rstrip('.')}. {self.kept}"

    @property
    def kept(self) -> str:
        """What became of the report."""
        return f"The report is in {self.report}" if self.report else "No report could be kept."


def write_crash_report(error: BaseException) -> Path | None:
    """Where the report of an unexpected error stands now, readable by its owner alone; None where it cannot be kept."""
    try:
        directory = default_journal_directory().parent / "crashes"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        handle, name = tempfile.mkstemp(prefix=f"crash-{stamp}-", suffix=".txt", dir=directory)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(redact(describe(error)))
    except OSError:
        return None
    return Path(name)


def describe(error: BaseException) -> str:
    """What happened, on what, and what led to it: versions, the command line, the traceback, the last actions."""
    return "\n".join(
        (
            f"cmapss-console {__version__}, Python {platform.python_version()}, {platform.platform()}",
            ", ".join(_packages()),
            f"arguments: {' '.join(_arguments(sys.argv[1:]))}",
            "",
            "".join(traceback.format_exception(error)),
            *trail.lines(),
            "",
        )
    )


def _arguments(line: Sequence[str]) -> Iterator[str]:
    """The command line without the values of a container's variables, which need not look like the secrets they are."""
    before = ""
    for one in line:
        start = f"{_VARIABLE}=" if one.startswith(f"{_VARIABLE}=") else ""
        if start or before == _VARIABLE:
            name, equals, _ = one.removeprefix(start).partition("=")
            yield start + (f"{name}={HIDDEN}" if equals else HIDDEN)
        else:
            yield one
        before = one


def _packages() -> Iterator[str]:
    for name in _TOLD_PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} –"
