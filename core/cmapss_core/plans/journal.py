"""What was begun, and how far it came: JSON lines on disk, one file an operation, synced before and after each step.

Whoever has an operation in hand holds the lock of its file; the lock ends with the process, however that ends.
What ended long ago is removed once there is much of it, never what can still be taken up.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import STOP, Place, Plan
from cmapss_core.plans.running.history import (
    BEGUN,
    BEGUN_ANEW,
    ENDED,
    RESUMED,
    ROLLING_BACK,
    begun_line,
    read_lines,
    read_outline,
    record_of,
    summary_of,
)
from cmapss_core.plans.running.locks import is_locked, locked_folder, try_to_lock
from cmapss_core.plans.running.operations import Operation, OperationRecord, OperationStatus, OperationSummary

__all__ = [
    "Journal",
    "JournalError",
    "Operation",
    "OperationLog",
    "OperationRecord",
    "OperationStatus",
    "OperationSummary",
    "default_journal_directory",
]

HOME_VARIABLE = "CMAPSS_CONSOLE_HOME"
_SUFFIX = ".jsonl"
_OTHERS = 0o077
# Of operations that have ended these are kept: so many that were written last, and whatever is younger.
KEPT_OPERATIONS, KEPT_DAYS = 1000, 400
# How many operations are remembered, so that those of another time are not read again for each list.
_REMEMBERED = 10_000


class JournalError(ConsoleError):
    """The journal cannot be read or written, so nothing may be changed."""


def default_journal_directory() -> Path:
    """Where the journal is kept: in the console's home, or the user's state folder."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home) / "journal"
    from platformdirs import user_state_path

    return user_state_path("cmapss-console") / "journal"


class OperationLog:
    """The journal of one operation that this process has in hand, until it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        if os.fstat(self._descriptor).st_mode & _OTHERS:
            os.fchmod(self._descriptor, 0o600)

    def lock(self) -> bool:
        """Take the operation in hand; False where another has it."""
        return try_to_lock(self._descriptor)

    def write(self, event: str, at: datetime, **details: Any) -> None:
        """Append one line and sync it: after a crash the journal says at least this much. Raises JournalError."""
        line = json.dumps({"event": event, "at": at.isoformat(), **details})
        try:
            os.write(self._descriptor, self._line_end() + line.encode() + b"\n")
            os.fsync(self._descriptor)
        except OSError as error:
            raise _unwritable(self.path.parent, error, "What was begun can be taken up once there is room.") from error

    def close(self) -> None:
        """Let go of the operation."""
        os.close(self._descriptor)

    def _line_end(self) -> bytes:
        """What ends a line in which whoever wrote it was stopped."""
        size = os.fstat(self._descriptor).st_size
        return b"\n" if size and os.pread(self._descriptor, 1, size - 1) != b"\n" else b""


class Journal:
    """All operations of this machine, in one directory that only its owner can read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def begin(self, plan: Plan, at: datetime) -> tuple[OperationLog, OperationRecord]:
        """Take a plan in hand that is about to be carried out, with what is known of it if it was begun before.

        Raises ConsoleError, before anything is changed, where the journal cannot be written, or while it or another
        operation on the same target is running. What ended more than KEPT_DAYS ago, and is not among the
        KEPT_OPERATIONS that were written last, is removed from the journal.
        """
        line = begun_line(plan)
        with self._writing() as folder:
            path = self._path(plan.id)
            before = read_lines(path) if path.exists() else []
            known = record_of(before, running=False) if before else None
            if known is not None and begun_line(known.plan) != line:
                raise ConsoleError(
                    ErrorKind.CONFLICT, f"{plan.id} is another operation already", remedy="Make the plan again."
                )
            log = self._in_hand(folder, plan.id, plan.intention, plan.target, plan.place)
            with _closed_on_error(log):
                if known is None:
                    log.write(BEGUN, at, **line)
                else:
                    log.write(BEGUN_ANEW if known.operation.status == "rolled_back" else RESUMED, at)
                self._remove_old()
                return log, record_of(read_lines(path), running=True)

    def reopen(self, record: OperationRecord, event: str, at: datetime) -> tuple[OperationLog, OperationRecord]:
        """Take an operation in hand again that was read before. Raises ConsoleError where another has done so."""
        operation = record.operation
        with self._writing() as folder:
            if not self._path(operation.id).is_file():
                raise _unknown(operation.id)  # it is as old as that, and was removed just now
            log = self._in_hand(folder, operation.id, operation.intention, operation.target, operation.place)
            with _closed_on_error(log):
                now = record_of(read_lines(log.path), running=False)
                if now.operation.status != operation.status or len(now.events) != len(record.events):
                    raise ConsoleError(
                        ErrorKind.CONFLICT,
                        f"{operation.id} has just been taken up by another console",
                        remedy="Look at it again.",
                    )
                log.write(event, at)
                return log, now

    def settle(self, target: str, place: Place | None, at: datetime) -> None:
        """End the open operations on a target that was deleted with all that they had made of it.

        One that cannot be read or is in somebody's hand stays as it is.
        """
        for operation in self.open_on(target, place):
            with suppress(ConsoleError):
                log, _ = self.reopen(self.read(operation.id), ROLLING_BACK, at)
                with closing(log):
                    log.write(ENDED, at, status="rolled_back")

    def operations(self, newest: int | None = None) -> tuple[Operation, ...]:
        """Every operation that was begun, newest first, or those that were written last."""
        with self._reading():
            found = [_listed(path) for path in self._paths("")[:newest]]
        return tuple(sorted(filter(None, found), key=lambda operation: operation.started, reverse=True))

    def open_on(self, target: str, place: Place | None = None) -> tuple[Operation, ...]:
        """The open operations on a target, newest first; in that place, or wherever."""
        return tuple(
            operation
            for operation in self.operations()
            if operation.status == "open" and _same_target(operation, target, place)
        )

    def read(self, operation_id: str) -> OperationRecord:
        """All that is known of an operation. Raises ConsoleError, of kind not found for an unknown id."""
        path = self._path(operation_id)
        with self._reading():
            if not path.is_file():
                raise _unknown(operation_id)
            running = is_locked(path)  # before what is read, as for a list
            return record_of(read_lines(path), running=running)

    def summary(self, operation_id: str) -> OperationSummary | None:
        """What a list says of an operation; None where its file is of none, or cannot be read.

        Raises ConsoleError where the folder cannot be read.
        """
        path = self._path(operation_id)
        with self._reading():
            return _summary(path)

    def newest(self, intention: str, count: int) -> Iterator[OperationRecord]:
        """What is known of the operations of one intention that were written last, the latest first.

        Those that cannot be read are left out.
        """
        paths: list[Path] = []
        with suppress(ConsoleError), self._reading():
            paths = self._paths(f"{intention}-")[:count]
        for path in paths:
            with suppress(ConsoleError, OSError):
                yield record_of(read_lines(path), running=False)

    def _path(self, operation_id: str) -> Path:
        # An id is typed by people: it names a file in this folder and nowhere else.
        if not re.fullmatch(r"\w[\w.-]*", operation_id):
            raise _unknown(operation_id)
        return self.directory / f"{operation_id}{_SUFFIX}"

    def _paths(self, prefix: str) -> list[Path]:
        """The files of operations whose id begins so, the one that was written last first."""
        if not self.directory.exists():
            return []
        with os.scandir(self.directory) as entries:
            found = [entry for entry in entries if entry.name.startswith(prefix) and entry.name.endswith(_SUFFIX)]
            return [Path(entry.path) for entry in sorted(found, key=_written_at, reverse=True)]

    def _in_hand(
        self, folder: int, operation_id: str, intention: str, target: str, place: Place | None
    ) -> OperationLog:
        """Open and lock the file of an operation, unless it or another on the same target is in hand."""
        path = self._path(operation_id)
        for other in self._paths(""):
            if is_locked(other):
                running = _listed(other)
                beside = running is not None and (running.intention == STOP) != (intention == STOP)
                if other == path or (running is not None and not beside and _same_target(running, target, place)):
                    raise _busy(target, running.id if running else operation_id)
        log = OperationLog(path)
        with _closed_on_error(log):
            os.fsync(folder)
            if not log.lock():
                raise _busy(target, operation_id)
        return log

    def _remove_old(self) -> None:
        """Remove what ended long ago, by this machine's time, while this is alone among all consoles.

        What cannot be removed stays.
        """
        oldest = time.time() - timedelta(days=KEPT_DAYS).total_seconds()
        for path in self._paths("")[KEPT_OPERATIONS:]:
            with suppress(OSError):
                if path.stat().st_mtime < oldest and _has_ended(path):
                    path.unlink()

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """Alone among all consoles; yields the open folder. Raises ConsoleError where it cannot be written."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.directory.stat().st_mode & _OTHERS:
                self.directory.chmod(0o700)
            with locked_folder(self.directory) as folder:
                yield folder
        except OSError as error:
            raise _unwritable(self.directory, error, "Nothing was changed.") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """While nobody begins anything: who only looks whether a file is locked is never in the way.

        Raises ConsoleError where the folder is there and cannot be read.
        """
        if not self.directory.exists():
            yield
            return
        try:
            with locked_folder(self.directory, shared=True):
                yield
        except OSError as error:
            raise JournalError(
                ErrorKind.FAILED,
                f"the journal in {self.directory} cannot be read: {error.strerror}",
                remedy=f"Make it readable, or set {HOME_VARIABLE}.",
            ) from error


@contextmanager
def _closed_on_error(log: OperationLog) -> Iterator[None]:
    try:
        yield
    except BaseException:
        log.close()
        raise


def _listed(path: Path) -> Operation | None:
    """The operation of a file; None where it is of none, or cannot be read."""
    summary = _summary(path)
    return summary.operation if summary is not None else None


def _summary(path: Path) -> OperationSummary | None:
    """What a list says of it."""
    try:
        # The lock is looked at first: whoever lets go of it has written how it ended.
        if is_locked(path):
            return summary_of(read_outline(path), running=True)
        status = path.stat()
        return _at_rest(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def _at_rest(path: Path, size: int, changed: int) -> OperationSummary | None:
    """The same of a file that nobody has in hand, read again only where it has changed. Raises OSError."""
    return summary_of(read_outline(path), running=False)


def _has_ended(path: Path) -> bool:
    """Whether a file is of an operation that nobody has in hand, and that is not open."""
    operation = _listed(path)
    return operation is not None and operation.status not in ("running", "open") and operation.ended is not None


def _written_at(entry: os.DirEntry[str]) -> tuple[float, str]:
    return entry.stat().st_mtime, entry.name


def _same_target(operation: Operation, target: str, place: Place | None) -> bool:
    """Whether it is about the same thing: AWS has no two endpoints whose names differ in case alone."""
    elsewhere = None not in (operation.place, place) and operation.place != place
    return operation.target.casefold() == target.casefold() and not elsewhere


def _busy(target: str, operation_id: str) -> ConsoleError:
    return ConsoleError(
        ErrorKind.CONFLICT,
        f"{operation_id} is running on {target}",
        remedy=f"Wait until it has ended; cmapss-console operations show {operation_id}",
    )


def _unknown(operation_id: str) -> ConsoleError:
    return ConsoleError(
        ErrorKind.NOT_FOUND,
        f"There is no operation {operation_id!r} in the journal",
        remedy="cmapss-console operations lists them.",
    )


def _unwritable(directory: Path, error: OSError, first: str) -> JournalError:
    return JournalError(
        ErrorKind.FAILED,
        f"the journal in {directory} cannot be written: {error.strerror}",
        remedy=f"{first} Make it writable, or set {HOME_VARIABLE}.",
    )
