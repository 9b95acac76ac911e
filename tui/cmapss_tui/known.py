"""What the screens have read last, kept so that things can be found by their names without asking AWS again."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from cmapss_core.snapshots import Snapshot
    from cmapss_tui.jobs.list import JobList, Prepared

R = TypeVar("R")

JOBS, ENDPOINTS, OPERATIONS = "jobs", "endpoints", "operations"


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a thing, and a word on what it is."""

    name: str
    about: str = ""


class Names(Generic[R]):
    """The names of some rows, to be found by parts of them: ten thousand within a millisecond or two.

    All of them are one text, a line each: Python looks through that faster than through the rows.
    """

    def __init__(self, rows: Sequence[R], name: Callable[[R], str], about: Callable[[R], str] = lambda _: "") -> None:
        self._rows = rows
        self._name = name
        self._about = about
        lines = [name(row).lower() for row in rows]
        self._text = "\n".join(("", *lines, ""))
        self._starts = array("L", accumulate((len(line) + 1 for line in lines), initial=1))

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, words: Sequence[str]) -> Iterator[Named]:
        """Those that have all the words in them, in whatever case, in their order; one that is the word comes first."""
        if not words:
            yield from map(self._named, self._rows)
            return
        parts = sorted((word.lower() for word in words), key=len, reverse=True)
        exact = self._exact(parts[0]) if len(parts) == 1 else None
        if exact is not None:
            yield self._named(self._rows[exact])
        position = self._text.find(parts[0])
        while position != -1:
            row = bisect_right(self._starts, position) - 1
            start, end = self._starts[row], self._starts[row + 1]
            if row != exact and all(self._text.find(part, start, end) != -1 for part in parts[1:]):
                yield self._named(self._rows[row])
            position = self._text.find(parts[0], end)

    def _exact(self, word: str) -> int | None:
        position = self._text.find(f"\n{word}\n")
        return None if position == -1 else bisect_right(self._starts, position + 1) - 1

    def _named(self, row: R) -> Named:
        return Named(self._name(row), self._about(row))


def names_of(names: Sequence[Named]) -> Names[Named]:
    """Names that stand for themselves."""
    return Names(names, lambda one: one.name, lambda one: one.about)


class Known:
    """The last readings by kind. To note one is to keep it: names are gathered when they are searched for."""

    def __init__(self) -> None:
        self._read: dict[str, Any] = {}
        self._gathered: dict[str, tuple[Any, Names[Any]]] = {}

    def note(self, snapshot: Snapshot) -> None:
        """Keep what was read, unless the reading failed or is of no kind that has names."""
        kind = type(snapshot).__name__
        if snapshot.error is None and kind in _GATHERERS:
            self._read[_GATHERERS[kind][0]] = snapshot

    def forget(self) -> None:
        """Know nothing any more: it was of another place."""
        self._read.clear()
        self._gathered.clear()

    @property
    def prepared_jobs(self) -> Prepared | None:
        """The training jobs as they were read last, with what follows from that."""
        listed: JobList | None = self._read.get(JOBS)
        return listed.prepared if listed is not None else None

    def names(self, what: str) -> Names[Any]:
        """What there is of JOBS (best first), ENDPOINTS or OPERATIONS (newest first), as it was read last."""
        snapshot = self._read.get(what)
        if snapshot is None:
            return names_of(())
        gathered = self._gathered.get(what)
        if gathered is None or gathered[0] is not snapshot:
            _, gather = _GATHERERS[type(snapshot).__name__]
            gathered = self._gathered[what] = (snapshot, gather(snapshot))
        return gathered[1]


def _of_jobs(snapshot: Any) -> Names[Any]:
    def about(row: Any) -> str:
        place = f"#{row.rank}, " if row.rank is not None else ""
        return f"{place}{row.job.status}"

    return Names(snapshot.prepared.snapshot.jobs, lambda row: str(row.job.name), about)


def _of_endpoints(snapshot: Any) -> Names[Any]:
    return Names(snapshot.endpoints, lambda one: str(one.name), lambda one: str(one.status))


def _of_operations(snapshot: Any) -> Names[Any]:
    def about(row: Any) -> str:
        operation = row.operation
        return f"{operation.intention} {operation.target}, {operation.status}"

    return Names(snapshot.rows, lambda row: str(row.operation.id), about)


# By the names of the snapshots' classes: to import them would load their modules before any screen needs them.
_GATHERERS: Mapping[str, tuple[str, Callable[[Any], Names[Any]]]] = {
    "JobList": (JOBS, _of_jobs),
    "FleetSnapshot": (ENDPOINTS, _of_endpoints),
    "OperationsSnapshot": (OPERATIONS, _of_operations),
}
