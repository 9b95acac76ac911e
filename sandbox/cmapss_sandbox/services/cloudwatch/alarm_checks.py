"""What CloudWatch refuses of an alarm's definition, in its words where they are known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from cmapss_sandbox.errors import validation_error
from cmapss_sandbox.services.cloudwatch.alarm_rules import Rule, names_in, parse_rule
from cmapss_sandbox.services.cloudwatch.alarm_state import COMPARISONS
from cmapss_sandbox.services.cloudwatch.expressions import Expression
from cmapss_sandbox.services.cloudwatch.extended_statistics import is_statistic
from cmapss_sandbox.services.cloudwatch.queries import MetricStat, Query, read_queries
from cmapss_sandbox.services.cloudwatch.statistics import SIMPLE_STATISTICS
from cmapss_sandbox.services.cloudwatch.store import MINUTE

_METRIC_MEMBERS = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_NOT_OFFERED = (
    "ActionConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "ThresholdMetricId",
    "WarmUpConfiguration",
)
_SUPPRESSION = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
_OPTIONS = {
    "TreatMissingData": ("breaching", "notBreaching", "ignore", "missing"),
    "EvaluateLowSampleCountPercentile": ("evaluate", "ignore"),
}
_FINE_PERIODS = (10, 20, 30)
_HOUR, _DAY, _WEEK = 3600, 86400, 604800
_MAXIMUM_METRICS = 10
_MAXIMUM_CHILDREN = 100


def check_alarm(definition: Mapping[str, Any], known: Mapping[str, Any] | None) -> None:
    """Raise ValidationError unless the definition of a metric alarm holds together."""
    _check_type(definition, known)
    _check_offered(definition, _NOT_OFFERED)
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        _require(definition, member)
    if definition["ComparisonOperator"] not in COMPARISONS:
        raise validation_error("Anomaly detection is not offered by this region: compare with a Threshold.")
    _require(definition, "Threshold")
    if not math.isfinite(definition["Threshold"]):
        raise validation_error("Threshold must be a finite number")
    if definition.get("DatapointsToAlarm", 1) > definition["EvaluationPeriods"]:
        raise validation_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    for member, options in _OPTIONS.items():
        given = definition.get(member, options[0])
        if given not in options:
            supported = f"{', '.join(options[:-1])} and {options[-1]}"
            raise validation_error(
                f"Option {given} is not supported. Supported options for parameter {member} are {supported}."
            )
    period = _check_math(definition) if "Metrics" in definition else _check_metric(definition)
    _check_range(period, definition["EvaluationPeriods"])
    _check_actions(definition)


def check_new_composite(
    definition: Mapping[str, Any], known: Mapping[str, Any] | None, alarms: Mapping[str, Any]
) -> None:
    """Raise ValidationError unless the definition of a composite alarm holds together with the alarms there are."""
    _check_type(definition, known)
    _check_offered(definition, (*_SUPPRESSION, "ActionConfiguration"))
    names = names_in(read_rule(definition["AlarmRule"]))
    if len(names) > _MAXIMUM_CHILDREN:
        raise validation_error(f"AlarmRule must not have more than {_MAXIMUM_CHILDREN} alarms.")
    absent = sorted(name for name in names if name not in alarms)
    if absent:
        raise validation_error(f"Could not find the alarm(s) {', '.join(absent)} that AlarmRule refers to.")
    _check_actions(definition)
    scaling = [action for action in _actions(definition) if ":autoscaling:" in action]
    if scaling:
        raise validation_error(f"A composite alarm cannot perform the action {scaling[0]}.")


def read_rule(text: str) -> Rule:
    """A composite alarm's rule; raises ValidationError when it is none."""
    try:
        return parse_rule(text)
    except ValueError as error:
        raise validation_error(f"AlarmRule must be a valid expression: {error}") from error


def _check_type(definition: Mapping[str, Any], known: Mapping[str, Any] | None) -> None:
    if known is not None and ("AlarmRule" in known) != ("AlarmRule" in definition):
        kind = "composite" if "AlarmRule" in known else "metric"
        raise validation_error(f"There is already a {kind} alarm with the name {definition['AlarmName']}.")


def _check_offered(definition: Mapping[str, Any], members: Iterable[str]) -> None:
    for member in members:
        if member in definition:
            raise validation_error(f"{member} is not offered by this region.")


def _check_metric(definition: Mapping[str, Any]) -> int:
    for member in ("MetricName", "Namespace", "Period"):
        _require(definition, member)
    if ("Statistic" in definition) == ("ExtendedStatistic" in definition):
        raise validation_error("Exactly one of Statistic and ExtendedStatistic must be specified")
    extended = definition.get("ExtendedStatistic")
    if extended is not None and (extended in SIMPLE_STATISTICS or not is_statistic(extended)):
        raise validation_error(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    return _checked_period(definition["Period"])


def _check_math(definition: Mapping[str, Any]) -> int:
    for member in _METRIC_MEMBERS:
        if member in definition:
            raise validation_error(f"{member} should not be set if list of Metrics is set.")
    queries = read_queries(definition["Metrics"], "Metrics")
    if sum(query.returns_data for query in queries) != 1:
        raise validation_error("Exactly one element of the metrics list should return data.")
    if any(isinstance(query.asks, Expression) and "SEARCH" in query.asks.functions for query in queries):
        raise validation_error("SEARCH is not supported on Metric Alarms.")
    periods = set(_periods(queries))
    if len(periods) > 1:
        raise validation_error("All metrics in the metrics list must have the same period.")
    if sum(isinstance(query.asks, MetricStat) for query in queries) > _MAXIMUM_METRICS:
        raise validation_error(f"The metrics list must not have more than {_MAXIMUM_METRICS} metrics.")
    return _checked_period(max(periods, default=MINUTE))


def _periods(queries: Iterable[Query]) -> Iterable[int]:
    for query in queries:
        if isinstance(query.asks, MetricStat):
            yield query.asks.period
        elif query.period is not None:
            yield query.period


def _checked_period(period: int) -> int:
    if period not in _FINE_PERIODS and (period < MINUTE or period % MINUTE):
        raise validation_error("Period must be 10, 20, 30 or a multiple of 60")
    return period


def _check_range(period: int, evaluation_periods: int) -> None:
    longest, words = (_DAY, "a day") if period < _HOUR else (_WEEK, "a week")
    if period * evaluation_periods > longest:
        raise validation_error(
            f"Metrics cannot be checked across more than {words} (EvaluationPeriods * Period must be <= {longest})."
        )


def _check_actions(definition: Mapping[str, Any]) -> None:
    for action in _actions(definition):
        if not action.startswith("arn:") or action.count(":") < 5:
            raise validation_error(f"Invalid arn syntax: {action}")


def _actions(definition: Mapping[str, Any]) -> list[str]:
    return [
        action
        for member in ("OKActions", "AlarmActions", "InsufficientDataActions")
        for action in definition.get(member, [])
    ]


def _require(definition: Mapping[str, Any], member: str) -> None:
    if member not in definition:
        raise validation_error(f"{member} must not be null")
