"""Every region minute each alarm looks at its metric and takes the state that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from cmapss_sandbox.services.cloudwatch.alarms import alarm_table, is_composite, set_state
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.extended_statistics import samples_needed
from cmapss_sandbox.services.cloudwatch.queries import MetricStat, Window, read_queries, run, statistics_of
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricStore, metric_key
from cmapss_sandbox.store import Record

Points = list[tuple[datetime, float | None]]


def evaluate_alarms(region: Region, end: int, chosen: Callable[[Record], bool] = lambda _: True) -> bool:
    """Bring the chosen metric alarms to the state that the data points before `end` (Unix time) give them.

    Says whether one of them has changed its state.
    """
    changed = False
    for alarm in _metric_alarms(region):
        # Whoever hears of one alarm's change may delete another.
        if alarm["AlarmName"] in alarm_table(region) and chosen(alarm):
            changed |= _evaluate(region, alarm, end)
    return changed


def waits_for_seconds(alarm: Mapping[str, Any]) -> bool:
    """Whether the alarm's periods are less than a minute and its data come from clients, at any time."""
    return period_of(alarm) < MINUTE and not waits_for_region(alarm)


def waits_for_region(alarm: Mapping[str, Any]) -> bool:
    """Whether the alarm's periods are less than a minute but the region itself sends the data, at each minute's end."""
    return period_of(alarm) < MINUTE and alarm.get("Namespace", "").startswith("AWS/")


def has_alarms(region: Region, chosen: Callable[[Record], bool]) -> bool:
    """Whether there are metric alarms of that kind."""
    return any(chosen(alarm) for alarm in _metric_alarms(region))


def longest_evaluation_range(region: Region) -> timedelta:
    """How far back the region's alarms look."""
    seconds = ((alarm["EvaluationPeriods"] + EXTRA_PERIODS) * period_of(alarm) for alarm in _metric_alarms(region))
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
        counts="DatapointsToAlarm" in alarm,
    )


def period_of(alarm: Mapping[str, Any]) -> int:
    """The alarm's period in seconds: its own, or that of the metrics in its expression."""
    if "Period" in alarm:
        return int(alarm["Period"])
    periods = [query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query]
    return max(periods, default=MINUTE)


def _metric_alarms(region: Region) -> list[Record]:
    return [alarm for alarm in alarm_table(region).values() if not is_composite(alarm)]


def _evaluate(region: Region, alarm: Record, end: int) -> bool:
    store, rule, present = metrics_of(region), rule_of(alarm), alarm["StateValue"]
    points = recent_points(store, alarm, end)
    state = evaluate(rule, [value for _, value in points], present)
    if state == present or _too_few_samples(store, alarm, end):
        return False
    known = [(time, value) for time, value in points if value is not None]
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    about = {"unit": alarm["Unit"]} if "Unit" in alarm else {}
    if statistic is not None:
        about["statistic"] = statistic
    data = state_reason_data(rule, about=about, period=period_of(alarm), now=region.now(), points=known)
    set_state(region, alarm["AlarmName"], state, state_reason(rule, state, known), data)
    return True


def _too_few_samples(store: MetricStore, alarm: Record, end: int) -> bool:
    """Whether a percentile has so few values that the alarm is to stay as it is."""
    if alarm.get("EvaluateLowSampleCountPercentile") != "ignore" or "ExtendedStatistic" not in alarm:
        return False
    key = metric_key(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])
    span = alarm["EvaluationPeriods"] * alarm["Period"]
    counted = statistics_of(
        store, MetricStat(key, alarm["Period"], "SampleCount", alarm.get("Unit")), Window(end - span, end, end), end
    )
    return sum(counted.points.values()) < samples_needed(alarm["ExtendedStatistic"])
