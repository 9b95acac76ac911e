"""GetMetricData for any number of queries: as few requests as CloudWatch allows, and what each query was answered."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from cmapss_core.answers import understood
from cmapss_core.aws import Aws

MAX_QUERIES = 500  # in one request

_NO_ANSWER = ("InternalError", "Forbidden")


@dataclass(frozen=True, slots=True)
class MetricData:
    """Values by time for each query's id; `unanswered` are the ids that CloudWatch could not tell of."""

    values: Mapping[str, Mapping[datetime, float]]
    unanswered: frozenset[str] = frozenset()


def read_metric_data(aws: Aws, queries: Sequence[Mapping[str, Any]], start: datetime, end: datetime) -> MetricData:
    """What CloudWatch knows between two times, 500 queries with each request. Raises ConsoleError."""
    values: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in queries}
    unanswered: set[str] = set()
    for first in range(0, len(queries), MAX_QUERIES):
        for page in aws.pages(
            "cloudwatch",
            "GetMetricData",
            MetricDataQueries=queries[first : first + MAX_QUERIES],
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
        ):
            for result in page["MetricDataResults"]:
                identifier, found = understood(result, partial(_found, values, result))
                values[identifier].update(found)
                if result.get("StatusCode", "Complete") in _NO_ANSWER:
                    unanswered.add(identifier)
    return MetricData(values, frozenset(unanswered))


def _found(asked: Collection[str], result: Mapping[str, Any]) -> tuple[str, dict[datetime, float]]:
    """The query that a result is of, and its values by time. Raises ValueError where it is of none, or not whole."""
    identifier, found = result["Id"], dict(zip(result["Timestamps"], result["Values"], strict=True))
    if identifier not in asked or not all(map(math.isfinite, found.values())):
        raise ValueError(identifier)
    return identifier, found
