"""Two streams, never mixed: data for the next program on stdout, narration for the reader on stderr."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from io import StringIO, TextIOWrapper
from pathlib import PurePath
from typing import IO, Any

from cmapss_core.errors import ConsoleError, ErrorKind

PROGRESS_SECONDS = 10.0


def prepare_streams() -> None:
    """Let no character that a terminal's encoding lacks end a verb."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def abandon(stream: IO[str]) -> None:
    """After what cannot be written: let the interpreter flush into nowhere instead of complaining at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def flush() -> None:
    """Write what still waits to be. Raises as `write` does; narration that cannot be written is left out."""
    if sys.stdout is not None:
        _written(sys.stdout.flush)
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a person is at the other end; a stream that the shell has closed is None."""
    return stream is not None and stream.isatty()


def narrate(line: str, end: str = "\n") -> None:
    """One line for the reader. A reader who has gone, or a log that is full, is no reason to stop."""
    if sys.stderr is not None:  # where it is, print() would take stdout, which is for data
        with suppress(OSError):
            print(line, end=end, file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Data, as it is, with a line's end.

    Raises BrokenPipeError where its reader has gone, ConsoleError(FAILED) where something else is in the way.
    """
    _written(lambda: print(text, flush=True))


def write_json(document: object) -> None:
    """Data, as one JSON document. Raises as `write` does."""
    # Escaped, so that what reads it needs to guess no encoding.
    import json  # the console, which shares this module, needs none

    write(json.dumps(to_json(document), indent=2, allow_nan=False))


def _written(put: Callable[[], None]) -> None:
    try:
        put()
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon(sys.stdout)
        reason = error.strerror or type(error).__name__
        raise ConsoleError(
            ErrorKind.FAILED,
            f"Standard output cannot be written ({reason})",
            remedy="What was to stand there is lost; direct it elsewhere.",
        ) from error


def to_json(value: Any) -> Any:
    """`value` in JSON's terms: times ISO 8601 in UTC, numbers that are none null, dataclasses as objects."""
    match value:
        case None | bool() | str():
            return value.value if isinstance(value, Enum) else value
        case datetime():
            return timestamp(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case int():
            return int(value)
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [to_json(item) for item in value]
        case PurePath():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return to_json(asdict(value))
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a JSON document")


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second: 2026-11-22T16:41:07Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def write_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """An aligned table on stdout; nothing is cut, so that names can be copied. `right`: columns of numbers."""
    write(render_table(columns, rows, right=right, stream=sys.stdout))


def render_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str], stream: IO[str] | None
) -> str:
    """The table as text, with colour only where `stream` is a terminal that wants it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text("–" if cell is None else str(cell)) for cell in row))
    console = Console(file=StringIO(), width=10_000, force_terminal=is_terminal(stream), highlight=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


class Progress:
    """A line of narration that is rewritten on a terminal, and repeated now and then in a log."""

    def __init__(self) -> None:
        self._rewrites = is_terminal(sys.stderr)
        self._said_at = time.monotonic()

    def say(self, line: str) -> None:
        """Show `line` in place of the one before."""
        if self._rewrites:
            narrate(f"\r{line}\x1b[K", end="")
        elif time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            narrate(line)
            self._said_at = time.monotonic()

    def end(self) -> None:
        """Take the line away, for what comes after."""
        if self._rewrites:
            narrate("\r\x1b[K", end="")
