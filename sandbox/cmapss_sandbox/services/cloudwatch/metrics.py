"""CloudWatch's calls that read metrics: data, statistics, list."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, islice
from typing import Any

from cmapss_sandbox.errors import AwsError, validation_error
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.extended_statistics import is_statistic, statistic
from cmapss_sandbox.services.cloudwatch.functions import MAXIMUM_POINTS
from cmapss_sandbox.services.cloudwatch.labels import Labelling, label_of, zone_of
from cmapss_sandbox.services.cloudwatch.queries import (
    Query,
    Window,
    is_period,
    period_error,
    read_queries,
    run,
)
from cmapss_sandbox.services.cloudwatch.series import Result
from cmapss_sandbox.services.cloudwatch.statistics import SIMPLE_STATISTICS
from cmapss_sandbox.services.cloudwatch.store import FINE_RETENTION_MINUTES, MINUTE, MetricKey, metric_key

_MAXIMUM_STATISTICS_POINTS = 1440
_LIST_PAGE_SIZE = 500
_LISTED_MINUTES = 14 * 24 * 60
_RECENTLY_ACTIVE_MINUTES = 3 * 60


@dataclass(frozen=True, slots=True)
class Returned:
    """One series of the answer, with its points in the order asked for."""

    query: Query
    label: str
    points: Sequence[tuple[int, float]]


def get_metric_data(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetMetricData: newest first unless asked otherwise, periods without values left out."""
    start, end = members["StartTime"], members["EndTime"]
    if start == end:
        raise validation_error("The parameter StartTime must not equal parameter EndTime.")
    if start > end:
        raise validation_error("The parameter EndTime must be greater than StartTime.")
    limit = members.get("MaxDatapoints", MAXIMUM_POINTS)
    if limit < 1:
        raise validation_error(f"The parameter MaxDatapoints must be between 1 and {MAXIMUM_POINTS}.")
    queries = read_queries(members["MetricDataQueries"])
    if not queries:
        raise validation_error("The collection MetricDataQueries must not be empty.")
    now = int(region.now().timestamp())
    labelling = Labelling(region, now, zone_of(members.get("LabelOptions", {}).get("Timezone")))
    series = run(metrics_of(region), queries, Window(_floor(start), _ceil(end)), now)
    newest_first = members.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    returned = list(_returned(labelling, queries, series, newest_first=newest_first))
    first, last, token = _page(region, returned, members.get("NextToken"), min(limit, MAXIMUM_POINTS))
    return {
        "MetricDataResults": list(_results(region, returned, first, last)),
        "NextToken": token,
        "Messages": [],
    }


def get_metric_statistics(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """GetMetricStatistics, oldest first where AWS promises no order."""
    if members["StartTime"] >= members["EndTime"]:
        raise AwsError(
            "InvalidParameterCombination", "The parameter StartTime must be less than the parameter EndTime."
        )
    start, end = _floor(members["StartTime"]), _ceil(members["EndTime"])
    plain, extended = members.get("Statistics", []), members.get("ExtendedStatistics", [])
    if bool(plain) == bool(extended):
        raise AwsError("InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics")
    period = members["Period"]
    if not is_period(period):
        raise AwsError("InvalidParameterValue", period_error("Period"))
    for number, name in enumerate(extended, start=1):
        if name in SIMPLE_STATISTICS or not is_statistic(name):
            parameter = f"ExtendedStatistics.member.{number}"
            raise AwsError("InvalidParameterValue", f"The value {name} for parameter {parameter} is not supported.")
    asked = math.ceil((end - start) / period)
    if asked > _MAXIMUM_STATISTICS_POINTS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
            f"{_MAXIMUM_STATISTICS_POINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range.",
        )
    functions = {name: statistic(name) for name in (*plain, *extended)}
    key = metric_key(members["Namespace"], members["MetricName"], members.get("Dimensions", []))
    if period < MINUTE:
        start = max(start, int(region.now().timestamp()) - FINE_RETENTION_MINUTES * MINUTE)
    store = metrics_of(region)
    points = []
    for unit in [members["Unit"]] if "Unit" in members else store.units(key):
        for time, buckets in store.periods(key, start, end, period, unit=unit):
            values = {name: function(buckets) for name, function in functions.items()}
            known = {name: value for name, value in values.items() if value is not None}
            statistics = {"ExtendedStatistics": known} if extended else known
            points.append({"Timestamp": datetime.fromtimestamp(time, UTC), "Unit": unit, **statistics})
    return {"Label": members["MetricName"], "Datapoints": points}


def list_metrics(region: Region, members: dict[str, Any], _: RequestContext) -> dict[str, Any]:
    """ListMetrics: each metric of the last two weeks once."""
    now = int(region.now().timestamp()) // MINUTE
    since = now - (_RECENTLY_ACTIVE_MINUTES if "RecentlyActive" in members else _LISTED_MINUTES)
    wanted = [key for key in metrics_of(region).metrics(since) if _passes(key, members)]
    if members.get("OwningAccount", region.account) != region.account:
        wanted = []
    wanted.sort(key=MetricKey.order)
    page, token = cut_page(
        region,
        wanted,
        lambda key: repr(key.order()),
        operation="ListMetrics",
        token=members.get("NextToken"),
        size=_LIST_PAGE_SIZE,
        refusal=AwsError("InvalidParameterValue", "Request parameter NextToken is invalid"),
    )
    accounts = {"OwningAccounts": [region.account] * len(page)} if members.get("IncludeLinkedAccounts") else {}
    return {
        "Metrics": [
            {
                "Namespace": key.namespace,
                "MetricName": key.name,
                "Dimensions": key.dimension_list(),
            }
            for key in page
        ],
        "NextToken": token,
        **accounts,
    }


def _returned(
    labelling: Labelling,
    queries: Sequence[Query],
    series: Mapping[str, Result],
    *,
    newest_first: bool,
) -> Iterator[Returned]:
    for query in queries:
        if not query.returns_data:
            continue
        found = series[query.id]
        for one in found if isinstance(found, list) else [found]:
            points = list(one.points.items())
            if newest_first:
                points.reverse()
            label = label_of(labelling, query, one, in_array=isinstance(found, list))
            yield Returned(query, label, points if _may_see(labelling.region, query) else [])


def _page(region: Region, returned: Sequence[Returned], token: str | None, limit: int) -> tuple[int, int, str | None]:
    """The first point of the page and the one after its last, counted over all series, and the next token."""
    ends = list(accumulate(len(one.points) for one in returned))
    total = ends[-1] if ends else 0
    if token is None and total <= limit:
        return 0, total, None

    def identify(position: int) -> str:
        number = bisect_right(ends, position)
        before = ends[number - 1] if number else 0
        return f"{number} {returned[number].points[position - before][0]}"

    page, following = cut_page(
        region,
        range(total),
        identify,
        operation="GetMetricData",
        token=token,
        size=limit,
        refusal=AwsError("InvalidNextToken", "The next token specified is invalid."),
    )
    return (page[0], page[-1] + 1, following) if page else (total, total, None)


def _results(region: Region, returned: Sequence[Returned], first: int, last: int) -> Iterator[dict[str, Any]]:
    times: dict[int, datetime] = {}  # the same few hundred for every series
    begin = 0
    for one in returned:
        end = begin + len(one.points)
        points = list(islice(one.points, max(first - begin, 0), max(last - begin, 0)))
        for time, _ in points:
            if time not in times:
                times[time] = datetime.fromtimestamp(time, UTC)
        status = "PartialData" if end > last else "Complete"
        yield {
            "Id": one.query.id,
            "Label": one.label,
            "Timestamps": [times[time] for time, _ in points],
            "Values": [value for _, value in points],
            "StatusCode": status if _may_see(region, one.query) else "Forbidden",
        }
        begin = end


def _may_see(region: Region, query: Query) -> bool:
    return query.account in (None, region.account)


def _passes(key: MetricKey, members: Mapping[str, Any]) -> bool:
    return (
        members.get("Namespace", key.namespace) == key.namespace
        and members.get("MetricName", key.name) == key.name
        and all(
            any(wanted["Name"] == name and wanted.get("Value", value) == value for name, value in key.dimensions)
            for wanted in members.get("Dimensions", [])
        )
    )


def _floor(time: datetime) -> int:
    return math.floor(time.timestamp())


def _ceil(time: datetime) -> int:
    return math.ceil(time.timestamp())
