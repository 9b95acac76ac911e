"""PutMetricData: what clients publish, checked as AWS checks it, and taken whole or not at all."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.durable import Published, publish
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import MINUTE, metric_key

_MAXIMUM_DATA = 1000
_MAXIMUM_VALUES = 150
_MAXIMUM_VALUE = 2.0**360
_OLDEST, _NEWEST = timedelta(days=14), timedelta(hours=2)


def put_metric_data(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutMetricData; nobody but AWS writes into AWS/ namespaces."""
    namespace = members["Namespace"]
    if namespace.startswith("AWS/"):
        raise _invalid("The value AWS/ for parameter Namespace is invalid.")
    data = [(f"MetricData.member.{n}", datum) for n, datum in enumerate(members.get("MetricData", []), start=1)]
    for number, entity in enumerate(members.get("EntityMetricData", []), start=1):
        given = enumerate(entity.get("MetricData", []), start=1)
        data += [(f"EntityMetricData.member.{number}.MetricData.member.{n}", datum) for n, datum in given]
    if not data:
        raise AwsError("MissingParameter", "The parameter MetricData is required.")
    if len(data) > _MAXIMUM_DATA:
        raise _invalid(f"The collection MetricData must not have a size greater than {_MAXIMUM_DATA}.")
    # All are read before any is stored: a request is taken whole or refused whole.
    now = region.now()
    publish(region, [_published(now, namespace, datum, parameter) for parameter, datum in data])
    return {}


def _published(now: datetime, namespace: str, datum: Mapping[str, Any], parameter: str) -> Published:
    resolution = datum.get("StorageResolution", MINUTE)
    if resolution not in (1, MINUTE):
        raise _invalid(f"The value {resolution} for parameter {parameter}.StorageResolution is invalid.")
    return Published(
        key=metric_key(namespace, datum["MetricName"], datum.get("Dimensions", [])),
        second=_second(now, datum, parameter) // resolution * resolution,
        resolution=resolution,
        bucket=_bucket(datum, parameter),
        unit=datum.get("Unit", "None"),
    )


def _second(now: datetime, datum: Mapping[str, Any], parameter: str) -> int:
    time: datetime = datum.get("Timestamp", now)
    if time < now - _OLDEST:
        raise _invalid(f"The parameter {parameter}.Timestamp must specify a time within the past two weeks.")
    if time > now + _NEWEST:
        raise _invalid(f"The parameter {parameter}.Timestamp must specify a time no more than two hours in the future.")
    return int(time.timestamp())


def _bucket(datum: Mapping[str, Any], parameter: str) -> Bucket:
    given = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if not given:
        raise AwsError(
            "InvalidParameterCombination",
            f"At least one of the parameters {parameter}.Value, {parameter}.Values and {parameter}.StatisticValues "
            "must be specified.",
        )
    if len(given) > 1:
        raise AwsError(
            "InvalidParameterCombination",
            f"The parameters {parameter}.{given[0]} and {parameter}.{given[1]} are mutually exclusive and you have "
            "specified both.",
        )
    if given == ["StatisticValues"]:
        return _statistic_set(datum["StatisticValues"], f"{parameter}.StatisticValues")
    if given == ["Value"]:
        return Bucket.of({_checked(datum["Value"], f"{parameter}.Value"): 1.0})
    values, counts = datum["Values"], datum.get("Counts", [1.0] * len(datum["Values"]))
    if not values:
        raise _invalid(f"The parameter {parameter}.Values must not be empty.")
    if len(counts) != len(values):
        raise _invalid(f"The parameters {parameter}.Values and {parameter}.Counts must be of the same size.")
    if len(values) > _MAXIMUM_VALUES:
        raise _invalid(f"The collection {parameter}.Values must not have a size greater than {_MAXIMUM_VALUES}.")
    tally: defaultdict[float, float] = defaultdict(float)
    for value, count in zip(values, counts, strict=True):
        tally[_checked(value, f"{parameter}.Values")] += _positive(count, f"{parameter}.Counts")
    return Bucket.of(tally)


def _statistic_set(statistic_set: Mapping[str, float], parameter: str) -> Bucket:
    for name, value in statistic_set.items():
        _checked(value, f"{parameter}.{name}")
    _positive(statistic_set["SampleCount"], f"{parameter}.SampleCount")
    if statistic_set["Minimum"] > statistic_set["Maximum"]:
        raise AwsError(
            "InvalidParameterCombination",
            f"The parameter {parameter}.Maximum must be greater than or equal to {parameter}.Minimum.",
        )
    return Bucket.of_statistic_set(statistic_set)


def _positive(count: float, parameter: str) -> float:
    if _checked(count, parameter) <= 0:
        raise _invalid(f"The value {_shown(count)} for parameter {parameter} is invalid.")
    return count


def _checked(value: float, parameter: str) -> float:
    if not math.isfinite(value) or abs(value) > _MAXIMUM_VALUE:
        raise _invalid(f"The value {_shown(value)} for parameter {parameter} is invalid.")
    return value


def _shown(value: float) -> str:
    """The number as AWS's Java writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(float(value))


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)
