"""What is asked of the endpoints of a region: one request for all of them, once a minute, and less for the quiet ones.

CloudWatch bills every metric that is asked for, and has a new value of each once a minute. So nothing is asked twice in
a minute; of an endpoint that nobody has called for half an hour only the invocations are, every third minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, known_config
from cmapss_core.idleness import DEFAULT_IDLE_DAYS, IDLE_AFTER, last_invocations, uncountable_because
from cmapss_core.metric_data import read_metric_data
from cmapss_core.metrics import metric_query

MINUTE = timedelta(minutes=1)
WINDOW_MINUTES = 30
WINDOW = WINDOW_MINUTES * MINUTE
QUIET_MINUTES = 3  # between two looks at whether a quiet endpoint is called again
LATE = 5 * MINUTE  # what CloudWatch may still correct: it publishes a minute one to three minutes late
NEWEST = 3  # minutes that may not be published yet

_INVOCATIONS, _LATENCY, _ERRORS_4XX, _ERRORS_5XX = "invocations", "latency", "errors_4xx", "errors_5xx"
_METRICS: Mapping[str, tuple[str, str]] = {
    _INVOCATIONS: ("Invocations", "Sum"),
    _LATENCY: ("ModelLatency", "p99"),
    _ERRORS_4XX: ("Invocation4XXErrors", "Sum"),
    _ERRORS_5XX: ("Invocation5XXErrors", "Sum"),
}
_DETAILS = (_LATENCY, _ERRORS_4XX, _ERRORS_5XX)
_MICROSECONDS = 1_000.0  # in a millisecond: CloudWatch keeps latency in microseconds
_SERVES_NOTHING = frozenset({"Creating", "Failed", "Deleting"})

_Query = tuple[str, str, str]  # endpoint, variant, key of _METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of an endpoint, over all its variants.

    `invocations` are counts, one for each of the last 30 minutes, oldest first; None: before the endpoint was there, or
    not published yet. `invocations_per_minute` is the newest of them, `model_latency_p99_ms` the newest of the slowest
    variant, and the errors are counts over the 30 minutes. `idle_since` is set where nobody has called it for an hour.
    """

    invocations: tuple[float | None, ...]
    invocations_per_minute: float
    model_latency_p99_ms: float | None = None
    errors_4xx: int = 0
    errors_5xx: int = 0
    idle_since: datetime | None = None


class LoadReader:
    """Keeps half an hour of minutes of every endpoint, and asks CloudWatch for what is new."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._values: dict[_Query, dict[datetime, float]] = {}
        self._asked_until: dict[_Query, datetime] = {}
        self._unanswered: frozenset[_Query] = frozenset()
        self._last_called: dict[str, datetime | None] = {}
        self._whole = True

    def ask_anew(self) -> None:
        """Let the next reading ask for every endpoint, also for those whose turn it is not."""
        self._whole = True

    def read(self, endpoints: Sequence[Endpoint]) -> dict[str, Load]:
        """The load of every endpoint that serves, by name. Raises ConsoleError.

        One GetMetricData a minute; a second where an endpoint has just become busy, a third where one has just become
        quiet and it has to be found out since when.
        """
        end = self._aws.clock.now().replace(second=0, microsecond=0)
        serving = [endpoint for endpoint in endpoints if endpoint.status not in _SERVES_NOTHING]
        self._forget(serving, end)
        self._ask([query for endpoint in serving for query in self._wanted(endpoint, end)], end)
        busy = [endpoint for endpoint in serving if self._called(endpoint)]
        self._ask([query for endpoint in busy for query in self._due(endpoint, _DETAILS, end)], end)
        self._whole = False
        self._note_calls(busy)
        quiet = [one for one in serving if self._unknown_since(one, end)]
        if quiet:
            self._last_called.update(last_invocations(self._aws, quiet))
        return {one.name: self._load(one, end) for one in serving if not self._untold(one)}

    def _wanted(self, endpoint: Endpoint, end: datetime) -> Iterable[_Query]:
        if self._called(endpoint):
            return self._due(endpoint, tuple(_METRICS), end)
        young = end - endpoint.created < WINDOW
        return self._due(endpoint, (_INVOCATIONS,), end, every=1 if young or self._whole else QUIET_MINUTES)

    def _due(self, endpoint: Endpoint, kinds: Iterable[str], end: datetime, every: int = 1) -> Iterable[_Query]:
        for variant in endpoint.variants:
            for kind in kinds:
                until = self._asked_until.get((endpoint.name, variant.name, kind))
                if until is None or not until <= end < until + every * MINUTE:
                    yield endpoint.name, variant.name, kind

    def _ask(self, queries: Sequence[_Query], end: datetime) -> None:
        if not queries:
            return
        first = end - WINDOW
        start = min(max(first, self._asked_until.get(query, first) - LATE) for query in queries)
        by_id = {f"q{place}": query for place, query in enumerate(queries)}
        asked = [
            metric_query(identifier, endpoint, variant, *_METRICS[kind])
            for identifier, (endpoint, variant, kind) in by_id.items()
        ]
        data = read_metric_data(self._aws, asked, start, end)
        for identifier, query in by_id.items():
            self._values.setdefault(query, {}).update(data.values[identifier])
            self._asked_until[query] = end
        self._unanswered = self._unanswered.difference(queries) | {by_id[one] for one in data.unanswered}

    def _forget(self, serving: Sequence[Endpoint], end: datetime) -> None:
        """Drop what is older than the window, and endpoints that have gone or were not looked at for as long."""
        there = {endpoint.name for endpoint in serving}
        for query, until in list(self._asked_until.items()):
            if query[0] not in there or not until <= end < until + WINDOW:
                del self._asked_until[query]
                self._values.pop(query, None)
                if query[2] == _INVOCATIONS:
                    self._last_called.pop(query[0], None)
        for values in self._values.values():
            for at in [at for at in values if at < end - WINDOW]:
                del values[at]

    def _called(self, endpoint: Endpoint) -> bool:
        return any(value > 0 for value in self._minutes(endpoint, _INVOCATIONS).values())

    def _note_calls(self, busy: Iterable[Endpoint]) -> None:
        for endpoint in busy:
            minutes = self._minutes(endpoint, _INVOCATIONS)
            self._last_called[endpoint.name] = max(at for at, value in minutes.items() if value > 0) + MINUTE

    def _unknown_since(self, endpoint: Endpoint, end: datetime) -> bool:
        known = endpoint.name in self._last_called or self._untold(endpoint)
        return not known and self._may_idle(endpoint, end)

    def _may_idle(self, endpoint: Endpoint, end: datetime) -> bool:
        config = known_config(self._aws, endpoint)
        return end - endpoint.created >= IDLE_AFTER and uncountable_because(config) is None

    def _untold(self, endpoint: Endpoint) -> bool:
        return any((endpoint.name, variant.name, _INVOCATIONS) in self._unanswered for variant in endpoint.variants)

    def _minutes(self, endpoint: Endpoint, kind: str) -> dict[datetime, float]:
        """Values by minute over all variants: latency is of the slowest, counts are added up."""
        together: dict[datetime, float] = {}
        for variant in endpoint.variants:
            for at, value in self._values.get((endpoint.name, variant.name, kind), {}).items():
                known = together.get(at, 0.0)
                together[at] = max(known, value) if kind == _LATENCY else known + value
        return together

    def _load(self, endpoint: Endpoint, end: datetime) -> Load:
        counted = self._minutes(endpoint, _INVOCATIONS)
        window = [end - ago * MINUTE for ago in range(WINDOW_MINUTES, 0, -1)]
        settled = end - NEWEST * MINUTE
        # A minute without a value had no call, unless it is too new to have one, or older than the endpoint.
        invocations = tuple(
            counted.get(at, 0.0 if endpoint.created < at + MINUTE and at < settled else None) for at in window
        )
        latency = {at: value for at, value in self._minutes(endpoint, _LATENCY).items() if at >= end - LATE}
        newest = [at for at in window[-NEWEST:] if at in counted]
        return Load(
            invocations=invocations,
            invocations_per_minute=counted[newest[-1]] if newest else 0.0,
            model_latency_p99_ms=latency[max(latency)] / _MICROSECONDS if latency else None,
            errors_4xx=round(sum(self._minutes(endpoint, _ERRORS_4XX).values())),
            errors_5xx=round(sum(self._minutes(endpoint, _ERRORS_5XX).values())),
            idle_since=self._idle_since(endpoint, end),
        )

    def _idle_since(self, endpoint: Endpoint, end: datetime) -> datetime | None:
        if endpoint.name not in self._last_called or not self._may_idle(endpoint, end):
            return None
        called = self._last_called[endpoint.name]
        since = max(endpoint.created, called or end - timedelta(days=DEFAULT_IDLE_DAYS))
        return since if end - since >= IDLE_AFTER else None
