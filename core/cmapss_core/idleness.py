"""Whether anybody calls an endpoint: CloudWatch's count of its invocations over days, many endpoints at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.metrics import MAX_QUERIES, metric_query

DEFAULT_IDLE_DAYS = 14
MAX_IDLE_DAYS = 455  # as long as CloudWatch keeps what it has added up by the hour

_DAY_SECONDS = 86_400


def check_idle_days(days: int) -> None:
    """Raises ConsoleError for a number of days that CloudWatch cannot look back."""
    if not 1 <= days <= MAX_IDLE_DAYS:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"idle for {days} days cannot be found out",
            remedy=f"CloudWatch looks back 1 to {MAX_IDLE_DAYS} days.",
        )


def invocations(aws: Aws, endpoints: Sequence[Endpoint], days: int) -> dict[str, float]:
    """How often each endpoint was called in the last days, over all its variants, by name. Raises ConsoleError.

    Asks for 500 variants with each call. An endpoint that CloudWatch could not tell of is left out.
    """
    end = aws.clock.now().replace(second=0, microsecond=0)
    asked = [(endpoint.name, variant.name) for endpoint in endpoints for variant in endpoint.variants]
    counted: dict[str, float] = {endpoint.name: 0.0 for endpoint in endpoints if endpoint.variants}
    for start in range(0, len(asked), MAX_QUERIES):
        some = asked[start : start + MAX_QUERIES]
        queries = [
            metric_query(f"v{place}", endpoint, variant, "Invocations", "Sum", _DAY_SECONDS)
            for place, (endpoint, variant) in enumerate(some)
        ]
        for page in aws.pages(
            "cloudwatch",
            "GetMetricData",
            MetricDataQueries=queries,
            StartTime=end - timedelta(days=days),
            EndTime=end,
        ):
            for result in page["MetricDataResults"]:
                name = some[int(result["Id"][1:])][0]
                if result.get("StatusCode", "Complete") in ("InternalError", "Forbidden"):
                    counted.pop(name, None)
                elif name in counted:
                    counted[name] += sum(result["Values"])
    return counted
