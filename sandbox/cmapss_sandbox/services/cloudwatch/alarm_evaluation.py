"""Every region minute each alarm looks at its metric and takes the state that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
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
from cmapss_sandbox.services.cloudwatch.queries import MetricStat, Window, read_queries, run, statistics_of
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricStore, metric_key

Points = list[tuple[datetime, float | None]]


def evaluate_alarms(region: Region, end: int, *, fine: bool = False) -> bool:
    """Bring every alarm to the state that the data points before `end` (Unix time) give it; whether one changed.

    With `fine`, only those look whose periods are less than a minute.
    """
    changed = False
    for name, alarm in list(alarm_table(region).items()):
        if fine and period_of(alarm) >= MINUTE:
            continue
        rule, present = rule_of(alarm), alarm["StateValue"]
        points = recent_points(metrics_of(region), alarm, end)
        state = evaluate(rule, [value for _, value in points], present)
        if state != present:
            known = [(time, value) for time, value in points if value is not None]
            about = alarm.get("Statistic") or alarm.get("ExtendedStatistic") or "Expression"
            data = state_reason_data(rule, about, period_of(alarm), region.now(), known)
            set_state(region, name, state, state_reason(rule, state, known), data)
            changed = True
    return changed


def has_fine_alarms(region: Region) -> bool:
    """Whether there are alarms whose periods are less than a minute."""
    return any(period_of(alarm) < MINUTE for alarm in alarm_table(region).values())


def longest_evaluation_range(region: Region) -> timedelta:
    """How far back the region's alarms look."""
    seconds = (
        (alarm["EvaluationPeriods"] + EXTRA_PERIODS) * period_of(alarm) for alarm in alarm_table(region).values()
    )
    return timedelta(seconds=max(seconds, default=0))


def recent_points(store: MetricStore, alarm: Mapping[str, Any], end: int) -> Points:
    """The data points of an alarm's evaluation range, newest first, those missing as None.

    Its periods end at `end` (Unix time) and follow each other without regard to the hour.
    """
    count, period = alarm["EvaluationPeriods"] + EXTRA_PERIODS, period_of(alarm)
    window = Window(end - count * period, end, end)
    if "Metrics" in alarm:
        queries = read_queries(alarm["Metrics"])
        returned = next(query.id for query in queries if query.returns_data)
        try:
            result = run(store, queries, window, end)[returned]
            found = {} if isinstance(result, list) else result.points
        except AwsError:
            found = {}  # an expression that fails has no data points: the alarm says that it has too few
    else:
        key = metric_key(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])
        name = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        found = statistics_of(store, MetricStat(key, period, name, alarm.get("Unit")), window, end).points
    starts = range(end - period, end - (count + 1) * period, -period)
    return [(datetime.fromtimestamp(start, UTC), found.get(start)) for start in starts]


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
        return int(alarm["Period"])
    return max(
        (query.asks.period for query in read_queries(alarm["Metrics"]) if isinstance(query.asks, MetricStat)),
        default=MINUTE,
    )
