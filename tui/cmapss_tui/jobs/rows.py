"""What the list of training jobs shows of a job: columns, cells, fields to filter by, and orders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from textual.content import Content

from cmapss_core.jobs import RankedJob
from cmapss_tui import formats, theme
from cmapss_tui.filters import Filter, Value, matches, terms_of
from cmapss_tui.jobs.parameters import parameter_names
from cmapss_tui.widgets.table import Cell, Column

RISEN = "✦"
DEFAULT_ORDER = "rank"
LEAST_WIDTH, MOST_WIDTH = 7, 12  # of a column that is a hyper-parameter or a metric

Getter = Callable[[RankedJob], Value]

_OF_EVERY_JOB: Mapping[str, Getter] = MappingProxyType(
    {
        "rank": lambda row: row.rank,
        "objective": lambda row: row.job.objective_value,
        "job": lambda row: row.job.name,
        "name": lambda row: row.job.name,
        "status": lambda row: row.job.status,
        "took": lambda row: row.job.duration_seconds,
        "created": lambda row: row.job.created,
        "tuning_job": lambda row: row.job.tuning_job,
        "instance_type": lambda row: row.job.instance_type,
        "data": lambda row: row.job.data,
    }
)
_NAME = Column("job", "job", elide="middle", minimum=43, frozen=True)
_BEFORE = (
    Column("rank", "#", 5, "right", frozen=True),
    Column("objective", "objective", 11, "right"),
    _NAME,
    Column("status", "status", 12),
)
_TOOK = Column("took", "took", 6, "right")
_AFTER = (
    Column("created", "created", 20, "right", optional=True),
    Column("instance_type", "instance type", 15, optional=True),
    Column("tuning_job", "tuning job", 32, elide="middle", optional=True),
    Column("data", "data", 9, optional=True),
)


@dataclass(frozen=True, slots=True)
class JobFields:
    """What these jobs have beside what every job has: hyper-parameters, those that differ first, and metrics."""

    hyperparameters: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    varied: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        """Every name that a filter may use; metrics may be named without their channel."""
        return {*_OF_EVERY_JOB, *self.hyperparameters, *self.metrics, *map(short, self.metrics)}


def fields_of(rows: Iterable[RankedJob]) -> JobFields:
    """The fields of these jobs; one look at each of them."""
    first: dict[str, str] = {}
    varied: set[str] = set()
    metrics: dict[str, None] = {}
    for row in rows:
        for name, text in row.job.hyperparameters.items():
            if first.setdefault(name, text) != text:
                varied.add(name)
        metrics.update(dict.fromkeys(row.job.metrics))
    names = parameter_names(first)
    names.sort(key=lambda name: name not in varied)
    return JobFields(tuple(names), tuple(sorted(metrics)), frozenset(varied))


def columns_of(fields: JobFields, metric: str | None) -> tuple[Column, ...]:
    """The columns for these fields, in the order in which they are worth the room; `metric` is the objective's."""

    def number(name: str) -> Column:
        width = max(LEAST_WIDTH, min(len(name), MOST_WIDTH))
        return Column(name, name, width, "right", elide="end", optional=True)

    varied = [number(name) for name in fields.hyperparameters if name in fields.varied]
    same = [number(name) for name in fields.hyperparameters if name not in fields.varied]
    metrics = [number(name) for name in fields.metrics if name != metric]
    return (*_BEFORE, *varied, _TOOK, *metrics, *_AFTER, *same)


def key(row: RankedJob) -> str:
    """The job's name, which AWS keeps unique."""
    return row.job.name


def cell(row: RankedJob, column: str, risen: Collection[str] = ()) -> Cell:
    """What a column says of a job; those in `risen` have just become the best."""
    job = row.job
    match column:
        case "rank":
            return formats.NOTHING if row.rank is None else str(row.rank)
        case "objective":
            value = formats.objective(job.objective_value)
            return Content.assemble(value, (f" {RISEN}", theme.GOOD)) if job.name in risen else f"{value}  "
        case "job":
            return job.name
        case "status":
            return status(job.status)
        case "took":
            return formats.duration(job.duration_seconds)
        case "created":
            return formats.moment(job.created)
        case "tuning_job" | "instance_type" | "data":
            return str(_OF_EVERY_JOB[column](row) or formats.NOTHING)
    if column in job.hyperparameters:
        return formats.parameter(job.hyperparameters[column])
    return formats.objective(job.metrics.get(column))


def status(word: str) -> Content:
    """A job's status with its glyph."""
    return Content.styled(f"{theme.JOB_GLYPHS.get(word, '?')} {word}", theme.status_style(word))


def words(row: RankedJob) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    return f"{row.job.name} {row.job.status} {row.job.secondary_status}".lower()


def getter(name: str, fields: JobFields) -> Getter:
    """What a field, in any case, is for a job. A name without a channel is the objective's before any metric's."""
    name = name.lower()
    if name in _OF_EVERY_JOB:
        return _OF_EVERY_JOB[name]
    parameters = [one for one in fields.hyperparameters if one.lower() == name]
    metrics = [one for one in fields.metrics if one.lower() == name]
    by_short = [one for one in fields.metrics if short(one).lower() == name]

    def get(row: RankedJob) -> Value:
        job = row.job
        if by_short and job.objective_metric in by_short:
            return job.objective_value
        for one in parameters:
            if one in job.hyperparameters:
                return job.hyperparameters[one]
        for one in (*metrics, *by_short):
            if one in job.metrics:
                return job.metrics[one]
        return None

    return get


def kept(rows: Sequence[RankedJob], terms: Filter, fields: JobFields) -> Sequence[RankedJob]:
    """The rows that satisfy a filter."""
    if not terms:
        return rows
    getters = {term.field: getter(term.field, fields) for term in terms_of(terms) if term.field is not None}

    def satisfied(row: RankedJob) -> bool:
        return matches(terms, words(row), lambda name: getters[name](row))

    return [row for row in rows if satisfied(row)]


def ordered(rows: Sequence[RankedJob], by: str, fields: JobFields, *, descending: bool) -> list[RankedJob]:
    """The rows in the order of a column; those without a value come last in either direction."""
    get = getter(by, fields)
    valued, without = [], []
    for row in rows:
        value = _sortable(get(row))
        if value is None:
            without.append(row)
        else:
            valued.append((value, row))
    valued.sort(key=lambda pair: pair[0], reverse=descending)
    return [*(row for _, row in valued), *without]


def short(metric: str) -> str:
    """A metric's name without its channel."""
    return metric.rsplit(":", 1)[-1]


def _sortable(value: Value) -> tuple[int, float, str] | None:
    """Something to compare: numbers before words, so that a column with both has an order at all."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return (0, value.timestamp(), "")
    try:
        number = float(value)
    except ValueError:
        return (1, 0.0, str(value))
    return (0, number, "") if number == number else None  # what is not a number has no place among numbers
