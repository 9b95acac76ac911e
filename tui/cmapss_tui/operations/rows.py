"""The operations of the journal as rows of a list, read again only where a file of theirs has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot

if TYPE_CHECKING:
    from cmapss_core.clock import RegionClock
    from cmapss_core.plans.journal import Journal, OperationSummary

Stamp = tuple[int, int]  # nanoseconds of its last change, bytes
SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsSnapshot(Snapshot):
    """The operations of this machine, newest first; the same tuple as long as nothing has changed."""

    rows: tuple[OperationSummary, ...] = ()


class OperationsReader:
    """Reads the journal for one list: `target` leaves only that endpoint's operations."""

    def __init__(self, journal: Journal, clock: RegionClock, target: str | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self._target = target
        self._stamps: Mapping[str, Stamp] = {}
        self._known: dict[str, OperationSummary | None] = {}
        self._rows: tuple[OperationSummary, ...] = ()

    def read(self) -> OperationsSnapshot:
        """What there is now; `as_of` is the region's time, though it is this machine that is read."""
        stamps = stamps_of(self._journal)
        known = {
            name: self._known[name] if stamp == self._stamps.get(name) and not self._runs(name) else self._read(name)
            for name, stamp in stamps.items()
        }
        if known != self._known:
            found = [row for row in known.values() if row is not None and self._is_wanted(row)]
            self._rows = tuple(sorted(found, key=lambda row: row.operation.started, reverse=True))
        self._stamps, self._known = stamps, known
        return OperationsSnapshot(as_of=self._clock.now(), source="journal", rows=self._rows)

    def _runs(self, name: str) -> bool:
        # Whose process has died runs no more, though nothing is written of it.
        row = self._known.get(name)
        return row is not None and row.operation.status == "running"

    def _read(self, name: str) -> OperationSummary | None:
        try:
            return self._journal.summary(name.removesuffix(SUFFIX))
        except ConsoleError as error:
            if error.kind is not ErrorKind.NOT_FOUND:  # a name that is no operation's
                raise
            return None

    def _is_wanted(self, row: OperationSummary) -> bool:
        return self._target is None or row.operation.target.casefold() == self._target.casefold()


def stamps_of(journal: Journal) -> dict[str, Stamp]:
    """When each file of operations was last written, and how long it is, by its name."""
    try:
        with os.scandir(journal.directory) as entries:
            found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(SUFFIX)]
    except FileNotFoundError:
        return {}
    return {name: (status.st_mtime_ns, status.st_size) for name, status in found}
