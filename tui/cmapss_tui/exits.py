"""What the process's exit code tells a script, and which error earns which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from cmapss_core.errors import ConsoleError, ErrorKind


class ExitCode(IntEnum):
    """The exit codes of every verb."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    GATE = 4
    CREDENTIALS = 5
    REFUSED = 6
    INTERRUPTED = 130


_BY_KIND: Mapping[ErrorKind, ExitCode] = {
    ErrorKind.AUTH: ExitCode.CREDENTIALS,
    ErrorKind.DENIED: ExitCode.CREDENTIALS,
    ErrorKind.INVALID: ExitCode.USAGE,
    ErrorKind.NOT_FOUND: ExitCode.NOT_FOUND,
    ErrorKind.REFUSED: ExitCode.REFUSED,
}


def exit_code_of(error: ConsoleError) -> ExitCode:
    """What an error that the operator can act upon is to a script; anything unlisted is a failed operation."""
    return _BY_KIND.get(error.kind, ExitCode.FAILED)
