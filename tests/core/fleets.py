"""A region with as many endpoints as a test wants, behind the face of a connection: its clock is the test's to move."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore import xform_name

from cmapss_core.aws import Aws, Target
from cmapss_core.clock import RegionClock
from cmapss_core.errors import ConsoleError, ErrorKind
from tests.core.scripted import EVERYWHERE

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VARIANT = "AllTraffic"
ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint"


class MovableClock(RegionClock):
    """A region clock that only the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class FleetAws(Aws):
    """Endpoints by name: status, instances, and how many invocations a minute each has had since when.

    `refused` are errors by "service:Operation", or "service:Operation:endpoint" for a description of one.
    """

    def __init__(self, count: int = 0, **target: Any) -> None:
        super().__init__(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", **target))
        self.moved = MovableClock()
        self.clock = self.moved
        self.calls: Counter[str] = Counter()
        self.queries: list[list[dict[str, Any]]] = []
        self.refused: dict[str, ConsoleError] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.rates: dict[str, float] = {}
        self.stopped: dict[str, datetime] = {}
        self.bounds: dict[str, tuple[int, int]] = {}
        self.asynchronous: set[str] = set()
        self._counting = threading.Lock()
        for number in range(1, count + 1):
            self.create(f"engines-{number:02d}")

    def create(self, name: str, status: str = "InService", *, age: timedelta = timedelta(days=2)) -> None:
        """One more endpoint, of one instance."""
        at = self.moved.at - age
        self.endpoints[name] = {
            "EndpointName": name,
            "EndpointArn": f"{ARN}/{name}",
            "EndpointConfigName": f"{name}-config",
            "EndpointStatus": status,
            "CreationTime": at,
            "LastModifiedTime": at,
            "ProductionVariants": [
                {"VariantName": VARIANT, "CurrentInstanceCount": 1, "DesiredInstanceCount": 1, "CurrentWeight": 1.0}
            ],
        }

    def change(self, name: str, status: str, *, current: int = 1, desired: int = 1) -> None:
        """Give an endpoint another status now."""
        variant = {**self.endpoints[name]["ProductionVariants"][0]}
        variant |= {"CurrentInstanceCount": current, "DesiredInstanceCount": desired}
        self.endpoints[name] |= {
            "EndpointStatus": status,
            "LastModifiedTime": self.moved.at,
            "ProductionVariants": [variant],
        }

    def pass_time(self, minutes: float) -> None:
        """Let the region's clock go on."""
        self.moved.at += timedelta(minutes=minutes)

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{service}:{operation}"
        with self._counting:
            self.calls[name] += 1
        self.meter.count()
        for key in (name, f"{name}:{parameters.get('EndpointName')}"):
            if key in self.refused:
                raise self.refused[key]
        if isinstance(known := EVERYWHERE.get(name), dict):
            return known
        answered: Callable[..., dict[str, Any]] | None = getattr(self, f"_{xform_name(operation)}", None)
        if answered is None:
            raise ConsoleError(ErrorKind.UNREACHABLE, "nothing answers in a test", operation=name)
        return answered(**parameters)

    def _list_endpoints(self, **_: Any) -> dict[str, Any]:
        shown = ("EndpointName", "EndpointArn", "EndpointStatus", "CreationTime", "LastModifiedTime")
        rows = [{key: one[key] for key in shown} for one in self.endpoints.values()]
        return {"Endpoints": sorted(rows, key=lambda row: row["CreationTime"], reverse=True)}

    def _describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if EndpointName not in self.endpoints:
            raise ConsoleError(ErrorKind.NOT_FOUND, f"Could not find endpoint {EndpointName}.")
        return self.endpoints[EndpointName]

    def _describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        variant = {
            "VariantName": VARIANT,
            "ModelName": "engines",
            "InstanceType": "ml.m5.xlarge",
            "InitialInstanceCount": 1,
        }
        config: dict[str, Any] = {"EndpointConfigName": EndpointConfigName, "ProductionVariants": [variant]}
        if EndpointConfigName.removesuffix("-config") in self.asynchronous:
            config["AsyncInferenceConfig"] = {"OutputConfig": {}}
        return config

    def _get_products(self, **_: Any) -> dict[str, Any]:
        price = '{"unit": "Hrs", "pricePerUnit": {"USD": "0.23"}}'
        return {"PriceList": [f'{{"terms": {{"OnDemand": {{"a": {{"priceDimensions": {{"b": {price}}}}}}}}}}}']}

    def _describe_scalable_targets(self, **_: Any) -> dict[str, Any]:
        return {
            "ScalableTargets": [
                {"ResourceId": f"endpoint/{name}/variant/{VARIANT}", "MinCapacity": fewest, "MaxCapacity": most}
                for name, (fewest, most) in self.bounds.items()
            ]
        }

    def _get_metric_data(
        self, MetricDataQueries: list[dict[str, Any]], StartTime: datetime, EndTime: datetime, **_: Any
    ) -> dict[str, Any]:
        self.queries.append(MetricDataQueries)
        return {"MetricDataResults": [self._result(query, StartTime, EndTime) for query in MetricDataQueries]}

    def _result(self, query: Mapping[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
        asked = query["MetricStat"]
        name = asked["Metric"]["Dimensions"][0]["Value"]
        period = timedelta(seconds=asked["Period"])
        one = {
            "Invocations": self.rates.get(name, 0.0) * (period / MINUTE),
            "ModelLatency": 2_500.0,
            "Invocation4XXErrors": 1.0,
            "Invocation5XXErrors": 0.0,
        }[asked["Metric"]["MetricName"]]
        until = min(end, self.stopped.get(name, end))
        times = []
        at = max(start, self.endpoints[name]["CreationTime"].replace(second=0))
        at = at.replace(minute=0) if period > MINUTE else at
        while at < until and self.rates.get(name):
            times.append(at)
            at += period
        return {"Id": query["Id"], "Timestamps": times, "Values": [one] * len(times), "StatusCode": "Complete"}
