"""Invocations of an endpoint called `engines`, and the metrics that they leave."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import Clients


def invoke(runtime: Any, body: bytes, **members: Any) -> Any:
    """InvokeEndpoint with CSV, unless the members say otherwise."""
    return runtime.invoke_endpoint(**{"EndpointName": "engines", "Body": body, "ContentType": "text/csv", **members})


def metric(
    clients: Clients,
    region: Region,
    name: str,
    statistic: str,
    variant: str = "AllTraffic",
    *,
    namespace: str = "AWS/SageMaker",
    config: str | None = None,
    period: int = 60,
) -> list[float]:
    """The values of a metric in this region hour, oldest first; of one config if it is named."""
    dimensions = [{"Name": "VariantName", "Value": variant}, {"Name": "EndpointName", "Value": "engines"}]
    if config is not None:
        dimensions.append({"Name": "EndpointConfigName", "Value": config})
    answer = clients("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions},
                    "Period": period,
                    "Stat": statistic,
                },
            }
        ],
        StartTime=region.now().replace(minute=0),
        EndTime=region.now(),
        ScanBy="TimestampAscending",
    )
    values: list[float] = answer["MetricDataResults"][0]["Values"]
    return values
