"""What the list of training jobs shows of a job: columns, cells, fields to filter by, orders, and the best so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from textual.content import Content

from cmapss_core.jobs import JobsSnapshot, RankedJob, TrainingJob, TuningJob
from cmapss_tui import formats, theme
from cmapss_tui.filters import Value
from cmapss_tui.widgets.table import Cell, Column

MEDIUM, WIDE = 98, 148  # a hundred and a hundred and fifty, less scroll bar and padding
SHORTEST_NAME = 16

COLUMNS = (
    Column("rank", "#", 5, "right"),
    Column("objective", "objective", 10, "right"),
    Column("job", "job", elide="middle"),
    Column("status", "status", 12),
    Column("max_depth", "max_depth", 9, "right", MEDIUM),
    Column("eta", "eta", 7, "right", MEDIUM),
    Column("lambda", "lambda", 7, "right", MEDIUM),
    Column("min_child_weight", "min_child_weight", 16, "right", WIDE),
    Column("subsample", "subsample", 9, "right", WIDE),
    Column("took", "took", 6, "right"),
    Column("created", "created", 20, "right", WIDE),
)
# In the order in which `s` goes through them; the order of ranks is the order of objective values.
SORT_KEYS = ("rank", "job", "status", "max_depth", "eta", "lambda", "took", "created")
_FIELDS = ("rank", "objective", "job", "name", "status", "tuning_job", "took", "instance_type")


@dataclass(frozen=True, slots=True)
class Progress:
    """Objective values in the order in which the jobs were made, the best up to each, and where each job stands."""

    values: tuple[float | None, ...]
    best: tuple[float | None, ...]
    place: dict[str, int]


def key(row: RankedJob) -> str:
    """The job's name, which AWS keeps unique."""
    return row.job.name


def rows_of(snapshot: JobsSnapshot) -> list[RankedJob]:
    """The rows of a snapshot; a job that still runs has taken the time since it was made."""
    return [_timed(row, snapshot) if row.job.status == "InProgress" else row for row in snapshot.jobs]


def cell(row: RankedJob, column: str) -> Cell:
    """What a column says of a job."""
    job = row.job
    if column == "rank":
        return formats.NOTHING if row.rank is None else str(row.rank)
    if column == "objective":
        return formats.objective(job.objective_value)
    if column == "job":
        return job.name
    if column == "status":
        return status(job.status)
    if column == "took":
        return formats.duration(job.duration_seconds)
    if column == "created":
        return formats.moment(job.created)
    return formats.parameter(job.hyperparameters.get(column, formats.NOTHING))


def status(word: str) -> Content:
    """A job's status with its glyph."""
    return Content.styled(f"{theme.JOB_GLYPHS.get(word, '?')} {word}", theme.status_style(word))


def words(row: RankedJob) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    return f"{row.job.name} {row.job.status} {row.job.secondary_status}".lower()


def field(row: RankedJob, name: str) -> Value:
    """What a filter's field, in lower case, is for a job; metrics may be named without their channel."""
    job = row.job
    if name == "rank":
        return row.rank
    if name == "objective":
        return job.objective_value
    if name in {"job", "name"}:
        return job.name
    if name == "status":
        return job.status
    if name == "tuning_job":
        return job.tuning_job
    if name == "instance_type":
        return job.instance_type
    if name == "took":
        return job.duration_seconds
    if job.objective_metric is not None and name == _short(job.objective_metric).lower():
        return job.objective_value
    for parameter, text in job.hyperparameters.items():
        if name == parameter.lower():
            return text
    for metric, value in job.metrics.items():
        if name in (metric.lower(), _short(metric).lower()):
            return value
    return None


def fields_of(rows: Iterable[RankedJob]) -> set[str]:
    """Every field that these jobs can be filtered by."""
    names = set(_FIELDS)
    for row in rows:
        names.update(row.job.hyperparameters)
        for metric in row.job.metrics:
            names.update((metric, _short(metric)))
    return {name for name in names if not name.startswith("_")}


def ordered(rows: Sequence[RankedJob], by: str, *, descending: bool) -> list[RankedJob]:
    """The rows in the order of a column; those without a value come last in either direction."""
    valued = [(value, row) for row in rows if (value := _sort_value(row, by)) is not None]
    valued.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in valued] + [row for row in rows if _sort_value(row, by) is None]


def progress(snapshot: JobsSnapshot) -> Progress:
    """The objective values by order, for the snapshot's metric and data; jobs measured otherwise have none."""
    jobs = sorted((row.job for row in snapshot.jobs), key=lambda job: (job.created, job.name))
    kind = (snapshot.metric, data_of(snapshot))
    values = tuple(job.objective_value if (job.objective_metric, job.data) == kind else None for job in jobs)
    better = max if any(job.objective_type == "Maximize" for job in jobs) else min
    so_far: float | None = None
    best = []
    for value in values:
        if value is not None:
            so_far = value if so_far is None else better(so_far, value)
        best.append(so_far)
    return Progress(values, tuple(best), {job.name: place for place, job in enumerate(jobs)})


def title(snapshot: JobsSnapshot, width: int) -> Content:
    """The line above the list: which tuning job, by what it is judged, and how far it is."""
    head = Content.styled("Training jobs", "bold")
    if data_of(snapshot) == "synthetic":
        head = Content.assemble(head, (" on synthetic data", theme.WARN))
    if not snapshot.tuning_jobs:
        return Content.assemble(head, f"  {formats.count(len(snapshot.jobs))}")
    newest = snapshot.tuning_jobs[0]
    arrow = {"Minimize": "↓", "Maximize": "↑"}.get(newest.objective_type or "", "")
    more = len(snapshot.tuning_jobs) - 1
    tail = Content.assemble(
        (f" and {more} more" if more else "", theme.QUIET),
        (f"  {newest.objective_metric} {arrow}" if newest.objective_metric else "", theme.ACCENT),
        (f"  {_counts(newest)}", theme.QUIET),
    )
    room = width - tail.cell_length - head.cell_length - 3
    if room >= min(len(newest.name), SHORTEST_NAME):
        return Content.assemble(head, (" · ", theme.QUIET), formats.middle_elided(newest.name, room), tail)
    return Content.assemble(formats.middle_elided(newest.name, max(SHORTEST_NAME, room + head.cell_length + 3)), tail)


def data_of(snapshot: JobsSnapshot) -> str | None:
    """Where the data of the jobs is from: of the best, or of the newest while none has a rank."""
    return snapshot.jobs[0].job.data if snapshot.jobs else None


def cross_check(job: TrainingJob, snapshot: JobsSnapshot) -> Content | None:
    """What AWS says of our ranking, where this job is the best by either; None where it is the best by neither."""
    tuning = next((tuning for tuning in snapshot.tuning_jobs if tuning.name == job.tuning_job), None)
    if tuning is None or tuning.best_training_job is None:
        return None
    ours = next((row.job.name for row in snapshot.jobs if row.job.tuning_job == tuning.name and row.rank), None)
    if job.name == ours == tuning.best_training_job:
        return Content.assemble(("✓ ", theme.GOOD), "AWS agrees: best job of this tuning job")
    if job.name == ours:
        return Content.assemble(("▲ ", theme.WARN), f"AWS names another best: {tuning.best_training_job}")
    if job.name == tuning.best_training_job:
        return Content.assemble(("▲ ", theme.WARN), f"AWS names this the best; here {ours or 'none'} is")
    return None


def _timed(row: RankedJob, snapshot: JobsSnapshot) -> RankedJob:
    if row.job.duration_seconds is not None:
        return row
    elapsed = (snapshot.as_of - row.job.created).total_seconds()
    return replace(row, job=replace(row.job, duration_seconds=max(0.0, elapsed)))


def _counts(tuning: TuningJob) -> str:
    parts = [f"{formats.count(tuning.completed)} of {formats.count(tuning.max_jobs)} done"]
    for number, word in ((tuning.in_progress, "running"), (tuning.failed, "failed"), (tuning.stopped, "stopped")):
        if number:
            parts.append(f"{formats.count(number)} {word}")
    return ", ".join(parts)


def _sort_value(row: RankedJob, by: str) -> tuple[int, float, str] | None:
    """Something to compare: numbers before words, so that a column with both has an order at all."""
    value: Value = row.job.created.timestamp() if by == "created" else field(row, by)
    if value is None:
        return None
    try:
        return (0, float(value), "")
    except ValueError:
        return (1, 0.0, str(value))


def _short(metric: str) -> str:
    return metric.rsplit(":", 1)[-1]
