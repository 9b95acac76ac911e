"""From a reading of jobs and what the operator asks for to a list that is ready to be shown.

All that takes longer the more jobs there are happens here, in the thread that reads or in one of its own: a screen
only hands over what it gets.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cmapss_core.errors import ConsoleError
from cmapss_core.jobs import JobsSnapshot, RankedJob, TrainingJob, TuningJob, rank
from cmapss_core.ranking import best_of_each, common_metric
from cmapss_core.snapshots import Snapshot
from cmapss_tui.filters import Filter
from cmapss_tui.jobs.rows import DEFAULT_ORDER, JobFields, columns_of, fields_of, kept, key, ordered
from cmapss_tui.widgets.table import Column

STAND_ALONE = ""  # in place of a tuning job's name: the jobs that have none
RISEN_SECONDS = 30.0  # of this machine, for which a new best is pointed at


@dataclass(frozen=True, slots=True)
class Question:
    """What the operator asks to see: the jobs of which tuning job (None: all), that satisfy what, in which order."""

    tuning_job: str | None = None
    terms: Filter = ()
    order: str = DEFAULT_ORDER
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Objective values in the order in which the jobs were made, and the best up to each."""

    values: tuple[float | None, ...] = ()
    best: tuple[float | None, ...] = ()
    jobs: Sequence[TrainingJob] = ()

    def place_of(self, job: TrainingJob) -> int | None:
        """Where a job stands; None where it is not among these."""
        place = bisect_left(self.jobs, _order(job), key=_order)
        return place if place < len(self.jobs) and self.jobs[place].name == job.name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The jobs of one choice, ranked among each other: with what they can be compared and sorted by.

    `statuses` are how many jobs have each, and `stand_alone` how many belong to no tuning job.
    """

    rows: Sequence[RankedJob] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    stand_alone: int = 0
    metric: str | None = None
    fields: JobFields = field(default_factory=JobFields)
    columns: tuple[Column, ...] = ()
    names: Collection[str] = ()  # that a filter may use
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A reading with what follows from it, whatever is asked: the scopes that were asked for so far by their choice.

    `ours` and `theirs` are each tuning job's best, by our ranking and as AWS names it; `risen` are the jobs that
    became the best of all or of their tuning job, with the time at which they were seen to.
    """

    snapshot: JobsSnapshot
    scopes: dict[str | None, Scope] = field(default_factory=dict)
    ours: Mapping[str, TrainingJob] = field(default_factory=dict)
    theirs: Mapping[str, TrainingJob] = field(default_factory=dict)
    risen: Mapping[str, datetime] = field(default_factory=dict)
    in_progress: bool = True

    def risen_by(self, now: datetime, speed: float) -> Collection[str]:
        """The jobs to point at, at that time of a region that runs at that speed."""
        return _lately(self.risen, now, speed)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList(Snapshot):
    """The answer to a question; `places` are the rows' indices by the jobs' names."""

    prepared: Prepared
    question: Question
    scope: Scope = field(default_factory=Scope)
    rows: Sequence[RankedJob] = ()
    places: Mapping[str, int] = field(default_factory=dict)


def prepare(snapshot: JobsSnapshot, before: Prepared | None = None, *, speed: float = 1.0) -> Prepared:
    """What follows from a reading; where its jobs are those of the reading before, that is what is known already."""
    running = any(tuning.status == "InProgress" for tuning in snapshot.tuning_jobs)
    if before is not None and before.snapshot.jobs is snapshot.jobs and not before.in_progress and not running:
        return replace(before, snapshot=snapshot, risen=_lately(before.risen, snapshot.as_of, speed))
    jobs = [row.job for row in snapshot.jobs]
    best_names = {tuning.best_training_job for tuning in snapshot.tuning_jobs}
    ours = best_of_each(jobs)
    return Prepared(
        snapshot=snapshot,
        ours=ours,
        theirs={job.tuning_job: job for job in jobs if job.tuning_job is not None and job.name in best_names},
        risen=_risen(snapshot, ours, before, speed),
        # The first job of all is to be expected as well.
        in_progress=running or not jobs or any(job.status in {"InProgress", "Stopping"} for job in jobs),
    )


def answer(prepared: Prepared, question: Question, error: ConsoleError | None = None) -> JobList:
    """The list that is asked for."""
    scope = prepared.scopes.get(question.tuning_job)
    if scope is None:
        scope = prepared.scopes[question.tuning_job] = _scope(prepared.snapshot, question.tuning_job)
    rows = kept(scope.rows, question.terms, scope.fields)
    if (question.order, question.descending) != (DEFAULT_ORDER, False):
        rows = ordered(rows, question.order, scope.fields, descending=question.descending)
    return JobList(
        as_of=prepared.snapshot.as_of,
        source=prepared.snapshot.source,
        error=error,
        prepared=prepared,
        question=question,
        scope=scope,
        rows=rows,
        places={key(row): place for place, row in enumerate(rows)},
    )


def chosen_tuning_job(prepared: Prepared, question: Question) -> TuningJob | None:
    """The tuning job that the list is restricted to, where AWS still has it."""
    return next((one for one in prepared.snapshot.tuning_jobs if one.name == question.tuning_job), None)


def progress(jobs: Sequence[TrainingJob], metric: str | None, data: str | None) -> Progress:
    """The objective values by order, for that metric and data; jobs measured otherwise have none."""
    in_order = sorted(jobs, key=_order)
    values = tuple(
        job.objective_value if (job.objective_metric, job.data) == (metric, data) else None for job in in_order
    )
    better = max if any(job.objective_type == "Maximize" for job in jobs) else min
    so_far: float | None = None
    best = []
    for value in values:
        if value is not None:
            so_far = value if so_far is None else better(so_far, value)
        best.append(so_far)
    return Progress(values, tuple(best), in_order)


def data_of(rows: Sequence[RankedJob]) -> str | None:
    """Where the data of the jobs is from: of the best, or of the newest while none has a rank."""
    return rows[0].job.data if rows else None


def _order(job: TrainingJob) -> tuple[datetime, str]:
    return (job.created, job.name)


def _scope(snapshot: JobsSnapshot, tuning_job: str | None) -> Scope:
    ranked, metric = snapshot.jobs, snapshot.metric
    if tuning_job is not None:
        jobs = [row.job for row in ranked if (row.job.tuning_job or STAND_ALONE) == tuning_job]
        metric = common_metric(jobs)
        ranked = rank(jobs, metric)
    rows = [_timed(row, snapshot.as_of) if row.job.status == "InProgress" else row for row in ranked]
    fields = fields_of(rows)
    return Scope(
        rows=rows,
        statuses=Counter(row.job.status for row in rows),
        stand_alone=sum(row.job.tuning_job is None for row in rows),
        metric=metric,
        fields=fields,
        columns=columns_of(fields, metric),
        names=fields.names,
        progress=progress([row.job for row in rows], metric, data_of(rows)),
    )


def _timed(row: RankedJob, as_of: datetime) -> RankedJob:
    """A job that still runs has taken the time since it was made."""
    if row.job.duration_seconds is not None:
        return row
    elapsed = (as_of - row.job.created).total_seconds()
    return replace(row, job=replace(row.job, duration_seconds=max(0.0, elapsed)))


def _risen(
    snapshot: JobsSnapshot, ours: Mapping[str, TrainingJob], before: Prepared | None, speed: float
) -> dict[str, datetime]:
    if before is None or before.snapshot.expected is not None or not before.snapshot.jobs:
        return {}  # nothing can have risen above what was not there yet
    known = {job.name for job in before.ours.values()} | {row.job.name for row in before.snapshot.jobs[:1] if row.rank}
    best = {job.name for job in ours.values()} | {row.job.name for row in snapshot.jobs[:1] if row.rank}
    now = dict.fromkeys(best - known, snapshot.as_of)
    return {**_lately(before.risen, snapshot.as_of, speed), **now}


def _lately(risen: Mapping[str, datetime], now: datetime, speed: float) -> dict[str, datetime]:
    return {name: when for name, when in risen.items() if now - when < timedelta(seconds=RISEN_SECONDS * speed)}
