"""The operations of the journal as rows of a list, read again only where a file of theirs has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError
from cmapss_core.snapshots import Snapshot
from cmapss_tui.operations.journal import OVER

if TYPE_CHECKING:
    from cmapss_core.clock import RegionClock
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.running.operations import Operation

Stamp = tuple[int, int]  # nanoseconds of its last change, bytes


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An operation, with how many of how many steps are done; None where its file cannot be read."""

    operation: Operation
    done: int | None
    steps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsSnapshot(Snapshot):
    """All operations of this machine, newest first."""

    rows: tuple[OperationRow, ...] = ()


class OperationsReader:
    """Reads the journal for one list."""

    def __init__(self, journal: Journal, clock: RegionClock) -> None:
        self._journal = journal
        self._clock = clock
        self._stamps: Mapping[str, Stamp] = {}
        self._rows: tuple[OperationRow, ...] = ()

    def read(self) -> OperationsSnapshot:
        """What there is now; `as_of` is the region's time, though it is this machine that is read."""
        stamps = _stamps(self._journal)
        # Whose process has died runs no more, though nothing is written of it.
        if stamps != self._stamps or any(row.operation.status == "running" for row in self._rows):
            known = {row.operation.id: row for row in self._rows}
            self._rows = tuple(
                self._row(operation, known.get(operation.id), stamps) for operation in self._journal.operations()
            )
            self._stamps = stamps
        return OperationsSnapshot(as_of=self._clock.now(), source="journal", rows=self._rows)

    def _row(self, operation: Operation, known: OperationRow | None, stamps: Mapping[str, Stamp]) -> OperationRow:
        name = f"{operation.id}.jsonl"
        if known is not None and name in stamps and stamps[name] == self._stamps.get(name):
            return OperationRow(operation, known.done, known.steps)
        try:
            record = self._journal.read(operation.id)
        except ConsoleError:
            return OperationRow(operation, None, None)
        return OperationRow(operation, sum(state in OVER for state in record.states.values()), len(record.plan.steps))


def _stamps(journal: Journal) -> dict[str, Stamp]:
    try:
        with os.scandir(journal.directory) as entries:
            found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".jsonl")]
    except FileNotFoundError:
        return {}
    return {name: (status.st_mtime_ns, status.st_size) for name, status in found}
