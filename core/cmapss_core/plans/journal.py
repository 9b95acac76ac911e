"""What was begun, and how far it came: JSON lines on disk, one file an operation, synced before and after each step."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.operations import Operation, OperationRecord, OperationStatus
from cmapss_core.plans.plan import Plan

__all__ = ["Journal", "Operation", "OperationRecord", "OperationStatus", "default_journal_directory"]

HOME_VARIABLE = "CMAPSS_CONSOLE_HOME"
# Values that may hold secrets: environment variables of a container, and whatever is sent to be predicted.
_HIDDEN = frozenset({"Environment", "Body"})


def default_journal_directory() -> Path:
    """Where the journal is kept: in the console's home, or the user's state folder."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home) / "journal"
    from platformdirs import user_state_path

    return user_state_path("cmapss-console") / "journal"


class OperationLog:
    """The journal of one operation while it runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file: IO[str] = os.fdopen(descriptor, "a", encoding="utf-8")

    def write(self, event: str, at: datetime, **details: Any) -> None:
        """Append one line and sync it: after a crash the journal says at least this much."""
        line = json.dumps({"event": event, "at": at.isoformat(), **details}, default=str, ensure_ascii=False)
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Journal:
    """All operations of this machine, in one directory that only its owner can read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def begin(self, plan: Plan, at: datetime) -> OperationLog:
        """Open the log of a plan that is about to be carried out. Raises ConsoleError where it cannot be written."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            log = OperationLog(self.directory / f"{plan.id}.jsonl")
        except OSError as error:
            raise ConsoleError(
                ErrorKind.FAILED,
                f"the journal in {self.directory} cannot be written: {error.strerror}",
                remedy=f"Nothing was changed. Make it writable, or set {HOME_VARIABLE}.",
            ) from error
        log.write("begun", at, plan=_hidden(plan.document()))
        return log

    def operations(self) -> tuple[Operation, ...]:
        """Every operation that was begun, newest first."""
        found = [op for path in self.directory.glob("*.jsonl") if (op := _operation(path)) is not None]
        return tuple(sorted(found, key=lambda operation: operation.started, reverse=True))

    def read(self, operation_id: str) -> OperationRecord:
        """All that is known of an operation. Raises ConsoleError, of kind not found for an unknown id."""
        raise ConsoleError(ErrorKind.NOT_FOUND, f"There is no operation {operation_id}", remedy="List them.")

    def open_on(self, target: str) -> tuple[Operation, ...]:
        """The open operations on a target, newest first."""
        return tuple(found for found in self.operations() if found.target == target and found.status == "open")


def _operation(path: Path) -> Operation | None:
    lines = list(_lines(path))
    if not lines or "plan" not in lines[0]:
        return None
    first, last = lines[0], lines[-1]
    ended = last["event"] == "ended"
    return Operation(
        id=first["plan"]["plan_id"],
        intention=first["plan"]["intention"],
        target=first["plan"]["target"],
        # Without an end the process was stopped in between: what it began can be taken up again.
        status=last["status"] if ended else "open",
        started=datetime.fromisoformat(first["at"]),
        ended=datetime.fromisoformat(last["at"]) if ended else None,
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # the line in which the machine stopped
                return


def _hidden(value: Any) -> Any:
    """The same document with the values that may be secret left out."""
    if isinstance(value, Mapping):
        return {key: "(hidden)" if key in _HIDDEN else _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner) for inner in value]
    return value
