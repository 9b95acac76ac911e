"""MetricDataQueries, as GetMetricData and alarms ask them: metrics with a statistic, and expressions over them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.services.cloudwatch import expressions
from cmapss_sandbox.services.cloudwatch.expressions import MetricSeries
from cmapss_sandbox.services.cloudwatch.statistics import Bucket, statistic
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricKey, MetricStore, metric_key

MAXIMUM_QUERIES = 500

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_SUB_MINUTE_PERIODS = (1, 5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class MetricStat:
    """A metric, the period (seconds) and the statistic that is asked of it."""

    key: MetricKey
    period: int
    statistic: Callable[[Bucket], float | None]
    unit: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """One MetricDataQuery, checked: either a metric's statistic or an expression over other queries."""

    id: str
    label: str
    returns_data: bool
    asks: MetricStat | ast.expr


def read_queries(given: Sequence[Mapping[str, Any]], parameter: str = "MetricDataQueries") -> list[Query]:
    """The queries of a request; raises ValidationError when they are too many, ill-formed or circular."""
    if len(given) > MAXIMUM_QUERIES:
        raise _wrong(f"The collection {parameter} must not have a size greater than {MAXIMUM_QUERIES}.")
    queries = [_read(query, f"{parameter}.member.{n}") for n, query in enumerate(given, start=1)]
    by_id = {query.id: query for query in queries}
    if len(by_id) < len(queries):
        raise _wrong(f"The values for parameter id in {parameter} are not unique.")
    for query in queries:
        for name in sorted(_needs(query) - by_id.keys()):
            raise _wrong(f"Error in expression '{query.id}': Undefined variable {name}.")
    _dependency_order(queries)
    return queries


def run(store: MetricStore, queries: Sequence[Query], start: int, end: int) -> dict[str, MetricSeries]:
    """The points of every query by its id, for periods that begin in [start, end), Unix time."""
    done: dict[str, MetricSeries] = {}
    for query in _dependency_order(queries):
        if isinstance(query.asks, MetricStat):
            done[query.id] = _statistics(store, query.asks, start, end)
        else:
            try:
                done[query.id] = expressions.evaluate(query.asks, done, start, end)
            except ValueError as error:
                raise _wrong(f"Error in expression '{query.id}': {error}") from error
    return done


def checked_period(period: int, parameter: str = "Period") -> int:
    """A period in the store's resolution; raises ValidationError for one that AWS does not have."""
    if period not in _SUB_MINUTE_PERIODS and (period <= 0 or period % MINUTE):
        raise _wrong(f"The parameter {parameter} must be 1, 5, 10, 20, 30 or a multiple of {MINUTE}.")
    return max(period, MINUTE)


def checked_statistic(name: str, parameter: str = "Stat") -> Callable[[Bucket], float | None]:
    """A statistic's function; raises ValidationError when there is none of that name."""
    try:
        return statistic(name)
    except ValueError:
        raise _wrong(f"The value {name} for parameter {parameter} is not supported.") from None


def _statistics(store: MetricStore, asked: MetricStat, start: int, end: int) -> MetricSeries:
    if asked.unit is not None and store.unit(asked.key) != asked.unit:
        return MetricSeries(asked.period, {})
    points = {}
    for time, bucket in store.buckets(asked.key, start, end, asked.period):
        value = asked.statistic(bucket)
        if value is not None:
            points[time] = value
    return MetricSeries(asked.period, points)


def _read(query: Mapping[str, Any], parameter: str) -> Query:
    id_, stat, expression = query["Id"], query.get("MetricStat"), query.get("Expression")
    if not _ID.fullmatch(id_):
        raise _wrong(
            f"The value {id_} for parameter {parameter}.Id is not matching the expected pattern ^{_ID.pattern}$."
        )
    if (stat is None) == (expression is None):
        raise _wrong(f"The parameter {parameter} must have either MetricStat or Expression, and not both.")
    returns_data = query.get("ReturnData", True)
    if stat is None:
        assert expression is not None
        try:
            tree = expressions.parse(expression)
        except ValueError as error:
            raise _wrong(f"Error in expression '{id_}': {error}") from error
        return Query(id_, query.get("Label", id_), returns_data, tree)
    metric = stat["Metric"]
    if "Namespace" not in metric or "MetricName" not in metric:
        raise _wrong(f"The parameter {parameter}.MetricStat.Metric must have a Namespace and a MetricName.")
    asks = MetricStat(
        metric_key(metric["Namespace"], metric["MetricName"], metric.get("Dimensions", [])),
        checked_period(stat["Period"], f"{parameter}.MetricStat.Period"),
        checked_statistic(stat["Stat"], f"{parameter}.MetricStat.Stat"),
        stat.get("Unit"),
    )
    return Query(id_, query.get("Label", metric["MetricName"]), returns_data, asks)


def _needs(query: Query) -> frozenset[str]:
    return frozenset() if isinstance(query.asks, MetricStat) else expressions.names(query.asks)


def _dependency_order(queries: Sequence[Query]) -> list[Query]:
    """The queries so that each comes after those it needs; raises ValidationError when they go round."""
    by_id = {query.id: query for query in queries}
    try:
        order = TopologicalSorter({query.id: _needs(query) for query in queries}).static_order()
        return [by_id[id_] for id_ in order]
    except CycleError as error:
        raise _wrong(f"The expression '{error.args[1][0]}' depends on itself.") from error


def _wrong(message: str) -> AwsError:
    return AwsError("ValidationError", message)
