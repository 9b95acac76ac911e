"""What the screens have read last, kept so that things can be found by their names without asking AWS again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmapss_core.snapshots import Snapshot
    from cmapss_tui.job_list import JobList, Prepared

JOBS, ENDPOINTS, OPERATIONS = "jobs", "endpoints", "operations"


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with its name, the same in lower case to search in, and a word on what it is."""

    name: str
    lower: str
    about: str = ""


def named(name: str, about: str = "") -> Named:
    """A thing by its name."""
    return Named(name, name.lower(), about)


class Known:
    """The last readings by kind. To note one is to keep it: names are gathered when they are searched for."""

    def __init__(self) -> None:
        self._read: dict[str, Any] = {}
        self._gathered: dict[str, tuple[Any, Sequence[Named]]] = {}

    def note(self, snapshot: Snapshot) -> None:
        """Keep what was read, unless the reading failed or is of no kind that has names."""
        kind = type(snapshot).__name__
        if snapshot.error is None and kind in _GATHERERS:
            self._read[_GATHERERS[kind][0]] = snapshot

    @property
    def prepared_jobs(self) -> Prepared | None:
        """The training jobs as they were read last, with what follows from that."""
        listed: JobList | None = self._read.get(JOBS)
        return listed.prepared if listed is not None else None

    def names(self, what: str) -> Sequence[Named]:
        """What there is of JOBS (best first), ENDPOINTS or OPERATIONS (newest first), as it was read last."""
        snapshot = self._read.get(what)
        if snapshot is None:
            return ()
        gathered = self._gathered.get(what)
        if gathered is None or gathered[0] is not snapshot:
            _, gather = _GATHERERS[type(snapshot).__name__]
            gathered = self._gathered[what] = (snapshot, tuple(gather(snapshot)))
        return gathered[1]


def _of_jobs(snapshot: Any) -> Iterator[Named]:
    for row in snapshot.prepared.snapshot.jobs:
        place = f"#{row.rank}, " if row.rank is not None else ""
        yield named(row.job.name, f"{place}{row.job.status}")


def _of_endpoints(snapshot: Any) -> Iterator[Named]:
    return (named(one.name, one.status) for one in snapshot.endpoints)


def _of_operations(snapshot: Any) -> Iterator[Named]:
    for row in snapshot.rows:
        operation = row.operation
        yield named(operation.id, f"{operation.intention} {operation.target}, {operation.status}")


# By the names of the snapshots' classes: to import them would load their modules before any screen needs them.
_GATHERERS: Mapping[str, tuple[str, Callable[[Any], Iterator[Named]]]] = {
    "JobList": (JOBS, _of_jobs),
    "FleetSnapshot": (ENDPOINTS, _of_endpoints),
    "OperationsSnapshot": (OPERATIONS, _of_operations),
}
