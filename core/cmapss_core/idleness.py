"""Whether anybody calls an endpoint: CloudWatch's count of its invocations over days, many endpoints at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.belongings import variants_of
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.metric_data import read_metric_data
from cmapss_core.metrics import metric_query

DEFAULT_IDLE_DAYS = 14
MAX_IDLE_DAYS = 455  # as long as CloudWatch keeps what it has added up by the hour
IDLE_AFTER = timedelta(hours=1)  # from when on the list of endpoints warns; a clean-up takes days

_DAY_SECONDS, _HOUR_SECONDS = 86_400, 3_600


def check_idle_days(days: int) -> None:
    """Raises ConsoleError for a number of days that CloudWatch cannot look back."""
    if not 1 <= days <= MAX_IDLE_DAYS:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"idle for {days} days cannot be found out",
            remedy=f"CloudWatch looks back 1 to {MAX_IDLE_DAYS} days.",
        )


def uncountable_because(config: Mapping[str, Any]) -> str | None:
    """Why CloudWatch's count of invocations says nothing of an endpoint with this described config, None if it does."""
    if config.get("AsyncInferenceConfig"):
        return "it is asynchronous, and CloudWatch does not count its invocations"
    if any(variant.get("ModelName") is None for variant in variants_of(config)):
        return "it hosts inference components, which have to go first"
    return None


def invocations(aws: Aws, endpoints: Sequence[Endpoint], days: int) -> dict[str, float]:
    """How often each endpoint was called in the last days, over all its variants, by name. Raises ConsoleError.

    An endpoint that CloudWatch could not tell of is left out.
    """
    end = aws.clock.now().replace(second=0, microsecond=0)
    counts = _counts(aws, endpoints, end - timedelta(days=days), end, _DAY_SECONDS)
    return {name: sum(values.values()) for name, values in counts.items()}


def last_invocations(aws: Aws, endpoints: Sequence[Endpoint]) -> dict[str, datetime | None]:
    """When each endpoint was last called, by name: at this time or earlier within the hour. Raises ConsoleError.

    None where nobody has called it for 14 days. An endpoint that CloudWatch could not tell of is left out.
    """
    now = aws.clock.now()
    end = now.replace(second=0, microsecond=0)
    start = end.replace(minute=0) - timedelta(days=DEFAULT_IDLE_DAYS)
    last: dict[str, datetime | None] = {}
    for name, values in _counts(aws, endpoints, start, end, _HOUR_SECONDS).items():
        called = [at for at, value in values.items() if value > 0]
        last[name] = min(max(called) + timedelta(seconds=_HOUR_SECONDS), now) if called else None
    return last


def _counts(
    aws: Aws, endpoints: Sequence[Endpoint], start: datetime, end: datetime, period_seconds: int
) -> dict[str, dict[datetime, float]]:
    """Invocations by period of each endpoint that has variants, over all of them."""
    asked = [(endpoint.name, variant.name) for endpoint in endpoints for variant in endpoint.variants]
    queries = [
        metric_query(f"v{place}", endpoint, variant, "Invocations", "Sum", period_seconds)
        for place, (endpoint, variant) in enumerate(asked)
    ]
    data = read_metric_data(aws, queries, start, end)
    counts: dict[str, dict[datetime, float]] = {name: {} for name, _ in asked}
    for place, (name, _) in enumerate(asked):
        if f"v{place}" in data.unanswered:
            counts.pop(name, None)
        elif name in counts:
            for at, value in data.values[f"v{place}"].items():
                counts[name][at] = counts[name].get(at, 0.0) + value
    return counts
