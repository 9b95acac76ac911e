"""CloudWatch's calls about metrics: put, get, statistics, list."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.expressions import MAXIMUM_POINTS
from cmapss_sandbox.services.cloudwatch.queries import checked_period, checked_statistic, read_queries, run
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricKey, metric_key

_MAXIMUM_DATA = 1000
_MAXIMUM_VALUE = 2.0**360
_MAXIMUM_STATISTICS_POINTS = 1440
_LIST_PAGE_SIZE = 500
_RECENTLY_ACTIVE_MINUTES = 3 * 60
_OLDEST, _NEWEST = timedelta(days=14), timedelta(hours=2)
_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def put_metric_data(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """PutMetricData; nobody but AWS writes into AWS/ namespaces."""
    namespace = members["Namespace"]
    if namespace.startswith("AWS/"):
        raise AwsError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    data = [*members.get("MetricData", [])]
    for entity in members.get("EntityMetricData", []):
        data += entity.get("MetricData", [])
    if not data:
        raise AwsError("MissingParameter", "The parameter MetricData is required.")
    if len(data) > _MAXIMUM_DATA:
        raise AwsError(
            "ValidationError", f"The collection MetricData must not have a size greater than {_MAXIMUM_DATA}."
        )
    # All are read before any is stored: a request is taken whole or refused whole.
    read = [
        (_minute_of(region, datum, f"MetricData.member.{n}"), _bucket(datum, f"MetricData.member.{n}"), datum)
        for n, datum in enumerate(data, start=1)
    ]
    store = metrics_of(region)
    for minute, bucket, datum in read:
        key = metric_key(namespace, datum["MetricName"], datum.get("Dimensions", []))
        store.put(key, minute, bucket, datum.get("Unit", "None"))
    return {}


def get_metric_data(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetMetricData: newest first unless asked otherwise, periods without values left out."""
    start, end = _time_range(members["StartTime"], members["EndTime"])
    queries = read_queries(members["MetricDataQueries"])
    if not queries:
        raise AwsError("ValidationError", "The collection MetricDataQueries must not be empty.")
    series = run(metrics_of(region), queries, start, end)
    newest_first = members.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    returned = [query for query in queries if query.returns_data]
    points = [
        (query.id, time, value)
        for query in returned
        for time, value in sorted(series[query.id].points.items(), reverse=newest_first)
    ]
    page, token = cut_page(
        region,
        points,
        lambda point: f"{point[0]} {point[1]}",
        operation="GetMetricData",
        token=members.get("NextToken"),
        size=min(members.get("MaxDatapoints") or MAXIMUM_POINTS, MAXIMUM_POINTS),
    )
    times = {time: datetime.fromtimestamp(time, UTC) for _, time, _ in page}
    results: dict[str, dict[str, Any]] = {
        query.id: {"Id": query.id, "Label": query.label, "Timestamps": [], "Values": [], "StatusCode": "Complete"}
        for query in returned
    }
    for id_, time, value in page:
        result = results[id_]
        result["Timestamps"].append(times[time])
        result["Values"].append(value)
    if token is not None:
        last = [query.id for query in returned].index(page[-1][0])
        for query in returned[last:]:
            results[query.id]["StatusCode"] = "PartialData"
    return {"MetricDataResults": list(results.values()), "NextToken": token, "Messages": []}


def get_metric_statistics(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetMetricStatistics, oldest first where AWS promises no order."""
    start, end = _time_range(members["StartTime"], members["EndTime"])
    period = checked_period(members["Period"])
    if (end - start) / period > _MAXIMUM_STATISTICS_POINTS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {math.ceil((end - start) / period)} datapoints, which exceeds the limit of "
            f"{_MAXIMUM_STATISTICS_POINTS}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range.",
        )
    plain, extended = members.get("Statistics", []), members.get("ExtendedStatistics", [])
    if not plain and not extended:
        raise AwsError("MissingParameter", "At least one of Statistics and ExtendedStatistics must be given.")
    functions = {name: checked_statistic(name, "Statistics") for name in (*plain, *extended)}
    key = metric_key(members["Namespace"], members["MetricName"], members.get("Dimensions", []))
    store = metrics_of(region)
    unit = store.unit(key)
    wanted = members.get("Unit", unit) == unit
    points = []
    for time, bucket in store.buckets(key, start, end, period) if wanted else []:
        values = {name: function(bucket) for name, function in functions.items()}
        point = {"Timestamp": datetime.fromtimestamp(time, UTC), "Unit": unit}
        point |= {name: values[name] for name in plain}
        known = {name: values[name] for name in extended if values[name] is not None}
        points.append({**point, "ExtendedStatistics": known} if extended else point)
    return {"Label": members["MetricName"], "Datapoints": points}


def list_metrics(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListMetrics, each metric once."""
    now = int(region.now().timestamp()) // MINUTE
    since = now - _RECENTLY_ACTIVE_MINUTES if "RecentlyActive" in members else 0
    wanted = [key for key in metrics_of(region).metrics(since) if _passes(key, members)]
    wanted.sort(key=lambda key: (key.namespace, key.name, sorted(key.dimensions)))
    page, token = cut_page(
        region,
        wanted,
        lambda key: repr((key.namespace, key.name, sorted(key.dimensions))),
        operation="ListMetrics",
        token=members.get("NextToken"),
        size=_LIST_PAGE_SIZE,
    )
    return {
        "Metrics": [
            {
                "Namespace": key.namespace,
                "MetricName": key.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(key.dimensions)],
            }
            for key in page
        ],
        "NextToken": token,
    }


def _passes(key: MetricKey, members: Mapping[str, Any]) -> bool:
    dimensions = dict(key.dimensions)
    return (
        members.get("Namespace", key.namespace) == key.namespace
        and members.get("MetricName", key.name) == key.name
        and all(
            wanted["Name"] in dimensions
            and wanted.get("Value", dimensions[wanted["Name"]]) == dimensions[wanted["Name"]]
            for wanted in members.get("Dimensions", [])
        )
    )


def _time_range(start: datetime, end: datetime) -> tuple[int, int]:
    """Unix times; raises ValidationError unless the start is before the end."""
    if start >= end:
        raise AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
    return math.floor(start.timestamp()), math.ceil(end.timestamp())


def _minute_of(region: Region, datum: Mapping[str, Any], parameter: str) -> int:
    now = region.now()
    time: datetime = datum.get("Timestamp", now)
    if not now - _OLDEST <= time <= now + _NEWEST:
        raise AwsError(
            "InvalidParameterValue",
            f"The parameter {parameter}.Timestamp must specify a time within the past two weeks and no more than "
            "two hours ahead.",
        )
    return int(time.timestamp()) // MINUTE


def _bucket(datum: Mapping[str, Any], parameter: str) -> Bucket:
    given = [name for name in ("Value", "StatisticValues", "Values") if name in datum]
    if not given:
        raise AwsError("MissingParameter", f"One of {parameter}.Value, .Values and .StatisticValues must be specified.")
    if len(given) > 1:
        raise AwsError(
            "InvalidParameterCombination",
            f"The parameters {parameter}.{given[0]} and {parameter}.{given[1]} are mutually exclusive and you have "
            "specified both.",
        )
    if given == ["StatisticValues"]:
        statistic_set = datum["StatisticValues"]
        _check_finite(list(statistic_set.values()), parameter)
        if statistic_set["SampleCount"] <= 0:
            raise AwsError("InvalidParameterValue", f"The parameter {parameter}.SampleCount must be greater than 0.")
        return Bucket.of_statistic_set(statistic_set)
    values = [datum["Value"]] if given == ["Value"] else datum["Values"]
    counts = datum.get("Counts", [1.0] * len(values)) if given == ["Values"] else [1.0]
    if len(counts) != len(values) or not values:
        raise AwsError(
            "InvalidParameterValue", f"The parameters {parameter}.Values and .Counts must be of the same size."
        )
    _check_finite([*values, *counts], parameter)
    tally: Counter[float] = Counter()
    for value, count in zip(values, counts, strict=True):
        tally[value] += count
    if min(counts) <= 0:
        raise AwsError("InvalidParameterValue", f"The parameter {parameter}.Counts must be greater than 0.")
    return Bucket.of(tally)


def _check_finite(numbers: Sequence[float], parameter: str) -> None:
    if not all(math.isfinite(number) and abs(number) <= _MAXIMUM_VALUE for number in numbers):
        raise AwsError(
            "InvalidParameterValue", f"The parameter {parameter} must hold numbers between -2^360 and 2^360."
        )
