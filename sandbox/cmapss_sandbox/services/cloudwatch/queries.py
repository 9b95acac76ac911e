"""MetricDataQueries, as GetMetricData and alarms ask them: metrics with a statistic, and expressions over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from cmapss_sandbox.errors import validation_error
from cmapss_sandbox.services.cloudwatch import expressions, search
from cmapss_sandbox.services.cloudwatch.expressions import Expression
from cmapss_sandbox.services.cloudwatch.extended_statistics import is_statistic, statistic
from cmapss_sandbox.services.cloudwatch.functions import Scope
from cmapss_sandbox.services.cloudwatch.series import MetricSeries, Result
from cmapss_sandbox.services.cloudwatch.store import (
    FINE_RETENTION_MINUTES,
    MINUTE,
    MetricKey,
    MetricStore,
    metric_key,
)

MAXIMUM_QUERIES = 500

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_FINE_PERIODS = (1, 5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class MetricStat:
    """A metric, the period (seconds) and the statistic that is asked of it."""

    key: MetricKey
    period: int
    statistic: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """One MetricDataQuery, checked: either a metric's statistic or an expression over other queries."""

    id: str
    label: str | None
    returns_data: bool
    period: int | None
    account: str | None
    asks: MetricStat | Expression


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is asked for: periods that begin in [start, end), Unix time, counted from the origin."""

    start: int
    end: int
    origin: int = 0


def read_queries(given: Sequence[Mapping[str, Any]], parameter: str = "MetricDataQueries") -> list[Query]:
    """The queries of a request; raises ValidationError when they are too many, ill-formed or circular."""
    if len(given) > MAXIMUM_QUERIES:
        raise validation_error(f"The collection {parameter} must not have a size greater than {MAXIMUM_QUERIES}.")
    errors = [error for n, query in enumerate(given, start=1) for error in _errors(query, f"{parameter}.member.{n}")]
    if errors:
        raise validation_error("\n".join(errors))
    queries = [_read(query) for query in given]
    by_id = {query.id: query for query in queries}
    if len(by_id) < len(queries):
        raise validation_error(f"The values for parameter id in {parameter} are not unique.")
    for query in queries:
        for name in sorted(_names(query) - by_id.keys()):
            raise validation_error(f"Error in expression '{query.id}': Undefined variable {name}.")
    _dependency_order(queries)
    return queries


def run(store: MetricStore, queries: Sequence[Query], window: Window, now: int) -> dict[str, Result]:
    """The series of every query by its id, or array of series where its expression makes one."""
    done: dict[str, Result] = {}
    metrics: list[tuple[str, MetricSeries]] = []

    def found(text: str, name: str, period: int) -> list[MetricSeries]:
        if not is_statistic(name):
            raise validation_error(f"The value {name} for parameter Stat is not a valid statistic.")
        if not is_period(period):
            raise validation_error(period_error("Period"))
        keys = search.find(text, store.metrics())
        return _distinctly_labelled(
            [statistics_of(store, MetricStat(key, period, name, None), window, now) for key in keys]
        )

    for query in _dependency_order(queries):
        if isinstance(query.asks, MetricStat):
            series = done[query.id] = statistics_of(store, query.asks, window, now)
            metrics.append((query.id, series))
            continue
        scope = Scope(done, metrics, window.start, window.end, query.period, window.origin, found)
        try:
            done[query.id] = expressions.evaluate(query.asks, scope)
        except ValueError as error:
            raise validation_error(f"Error in expression '{query.id}': {error}") from error
    return done


def statistics_of(store: MetricStore, asked: MetricStat, window: Window, now: int) -> MetricSeries:
    """The metric's statistic for every period that has values.

    Periods of less than a minute have none that are older than three hours.
    """
    make, start = statistic(asked.statistic), window.start
    if asked.period < MINUTE:
        start = max(start, now - FINE_RETENTION_MINUTES * MINUTE)
    found = store.periods(asked.key, start, window.end, asked.period, window.origin, asked.unit)
    points = {time: value for time, buckets in found if (value := make(buckets)) is not None}
    return MetricSeries(asked.period, points, asked.key.name, asked.key, asked.statistic)


def is_period(period: int) -> bool:
    """Whether AWS has periods of so many seconds."""
    return period in _FINE_PERIODS or (period > 0 and period % MINUTE == 0)


def period_error(parameter: str) -> str:
    """What is said of one that it has not."""
    return f"The parameter {parameter} must be 1, 5, 10, 20, 30 or a multiple of {MINUTE}."


def _errors(query: Mapping[str, Any], parameter: str) -> Iterator[str]:
    id_, stat, expression = query["Id"], query.get("MetricStat"), query.get("Expression")
    if not _ID.fullmatch(id_):
        yield f"The value {id_} for parameter {parameter}.Id is not matching the expected pattern ^{_ID.pattern}$."
    if stat is None and expression is None:
        yield f"The parameter {parameter}.MetricStat is required."
    if stat is not None and expression is not None:
        yield (
            f"The parameters {parameter}.Expression and {parameter}.MetricStat are mutually exclusive and you have "
            "specified both."
        )
    if "Period" in query and not is_period(query["Period"]):
        yield period_error(f"{parameter}.Period")
    if stat is not None:
        for member in ("Namespace", "MetricName"):
            if member not in stat["Metric"]:
                yield f"The parameter {parameter}.MetricStat.Metric.{member} is required."
        if not is_period(stat["Period"]):
            yield period_error(f"{parameter}.MetricStat.Period")
        if not is_statistic(stat["Stat"]):
            yield f"The value {stat['Stat']} for parameter {parameter}.MetricStat.Stat is not a valid statistic."
    elif expression is not None:
        try:
            expressions.parse(expression)
        except ValueError as error:
            yield f"Error in expression '{id_}': {error}."


def _read(query: Mapping[str, Any]) -> Query:
    asks: MetricStat | Expression
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        key = metric_key(metric["Namespace"], metric["MetricName"], metric.get("Dimensions", []))
        asks = MetricStat(key, stat["Period"], stat["Stat"], stat.get("Unit"))
    else:
        asks = expressions.parse(query["Expression"])
    return Query(
        id=query["Id"],
        label=query.get("Label"),
        returns_data=query.get("ReturnData", True),
        period=query.get("Period"),
        account=query.get("AccountId"),
        asks=asks,
    )


def _names(query: Query) -> frozenset[str]:
    return query.asks.names if isinstance(query.asks, Expression) else frozenset()


def _dependency_order(queries: Sequence[Query]) -> list[Query]:
    """The queries so that each comes after those it needs; raises ValidationError when they go round."""
    by_id = {query.id: query for query in queries}
    metrics = frozenset(query.id for query in queries if isinstance(query.asks, MetricStat))
    needs = {
        query.id: _names(query) | metrics
        if isinstance(query.asks, Expression) and "METRICS" in query.asks.functions
        else _names(query)
        for query in queries
    }
    try:
        return [by_id[id_] for id_ in TopologicalSorter(needs).static_order()]
    except CycleError as error:
        raise validation_error(
            f"Error in expression '{error.args[1][0]}': The expression depends on itself."
        ) from error


def _distinctly_labelled(series: list[MetricSeries]) -> list[MetricSeries]:
    """Series that were found, each labelled by what tells it from the others: its name, or its dimensions' values."""
    if len({one.label for one in series}) == len(series):
        return series
    common = frozenset.intersection(*(one.key.dimensions for one in series if one.key is not None))
    labelled = []
    for one in series:
        assert one.key is not None  # a search finds metrics
        own = " ".join(value for _, value in sorted(one.key.dimensions - common))
        labelled.append(replace(one, label=f"{own} {one.label}".strip() if own else one.label))
    return labelled
