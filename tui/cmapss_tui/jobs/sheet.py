"""The list of jobs as a table of data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import overload

from cmapss_core.jobs import RankedJob
from cmapss_tui.documents import job_document
from cmapss_tui.jobs.list import JobList
from cmapss_tui.sheet import Sheet, Value


def sheet_of(jobs: JobList) -> Sheet:
    """The columns of `jobs --json`, then every hyper-parameter, then every metric; a row is made when it is taken."""
    fields = jobs.scope.fields

    def row_of(row: RankedJob) -> Sequence[Value]:
        return (
            *job_document(row).values(),
            *(_number_or_text(row.job.hyperparameters.get(name)) for name in fields.hyperparameters),
            *(row.job.metrics.get(name) for name in fields.metrics),
        )

    own = tuple(job_document(jobs.rows[0])) if jobs.rows else ("rank", "name", "status")
    return Sheet("jobs", (*own, *fields.hyperparameters, *fields.metrics), Rows(jobs.rows, row_of))


class Rows(Sequence[Sequence[Value]]):
    """Rows of data that are made when they are asked for: ten thousand are not made on a key."""

    def __init__(self, rows: Sequence[RankedJob], row_of: Callable[[RankedJob], Sequence[Value]]) -> None:
        self._rows = rows
        self._row_of = row_of

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Sequence[Value]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[Value]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[Value] | Sequence[Sequence[Value]]:
        if isinstance(index, slice):
            return [self._row_of(row) for row in self._rows[index]]
        return self._row_of(self._rows[index])


def _number_or_text(text: str | None) -> Value:
    """A hyper-parameter, which AWS keeps as text, as the number that it is, where that is written the same way."""
    if text is None:
        return None
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if math.isfinite(value) and text[-1:].isdigit() else text
    return text
