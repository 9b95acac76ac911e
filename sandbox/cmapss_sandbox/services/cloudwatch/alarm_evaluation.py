"""Every region minute each alarm looks at its metric and takes the state that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarm_state import (
    EXTRA_PERIODS,
    AlarmRule,
    evaluate,
    state_reason,
    state_reason_data,
)
from cmapss_sandbox.services.cloudwatch.alarms import alarm_table, set_state
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.queries import MetricStat, read_queries, run
from cmapss_sandbox.services.cloudwatch.statistics import statistic
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricStore, metric_key

Points = list[tuple[datetime, float | None]]


def evaluate_alarms(region: Region, end: int) -> None:
    """Bring every alarm to the state that the data points before `end` (Unix time) give it."""
    for name, alarm in list(alarm_table(region).items()):
        rule, present = rule_of(alarm), alarm["StateValue"]
        points = recent_points(metrics_of(region), alarm, end)
        state = evaluate(rule, [value for _, value in points], present)
        if state != present:
            known = [(time, value) for time, value in points if value is not None]
            about = alarm.get("Statistic") or alarm.get("ExtendedStatistic") or "Expression"
            data = state_reason_data(rule, about, period_of(alarm), region.now(), known)
            set_state(region, name, state, state_reason(rule, state, known), data)


def recent_points(store: MetricStore, alarm: Mapping[str, Any], end: int) -> Points:
    """The data points of an alarm's evaluation range, newest first, those missing as None.

    Its periods end at `end` (Unix time) and follow each other without regard to the hour.
    """
    count, period = alarm["EvaluationPeriods"] + EXTRA_PERIODS, period_of(alarm)
    if "Metrics" in alarm:
        queries = read_queries(alarm["Metrics"])
        returned = next(query.id for query in queries if query.returns_data)
        try:
            found = run(store, queries, end - count * period, end)[returned].points
        except AwsError:
            found = {}  # an expression that fails has no data points: the alarm says that it has too few
        newest = (end - 1) // period * period
        return [(_time(newest - age * period), found.get(newest - age * period)) for age in range(count)]
    key = metric_key(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])
    make = statistic(alarm.get("Statistic") or alarm["ExtendedStatistic"])
    if "Unit" in alarm and store.unit(key) != alarm["Unit"]:
        return [(_time(end - age * period), None) for age in range(1, count + 1)]
    points: Points = []
    for start in range(end - period, end - (count + 1) * period, -period):
        bucket = store.window(key, start, start + period)
        points.append((_time(start), None if bucket is None else make(bucket)))
    return points


def rule_of(alarm: Mapping[str, Any]) -> AlarmRule:
    """What the alarm waits for."""
    return AlarmRule(
        comparison=alarm["ComparisonOperator"],
        threshold=float(alarm["Threshold"]),
        evaluation_periods=alarm["EvaluationPeriods"],
        datapoints_to_alarm=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
        treat_missing_data=alarm.get("TreatMissingData", "missing"),
    )


def period_of(alarm: Mapping[str, Any]) -> int:
    """The alarm's period in seconds: that of its metric, or the longest of those in its expression."""
    if "Metrics" not in alarm:
        return max(int(alarm["Period"]), MINUTE)
    return max(
        (query.asks.period for query in read_queries(alarm["Metrics"]) if isinstance(query.asks, MetricStat)),
        default=MINUTE,
    )


def _time(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
