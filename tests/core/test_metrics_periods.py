"""Metrics in periods of any length: counts stay per minute, and what the instances measure is in its own namespace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.metrics import read_metrics, read_metrics_between
from tests.core.scripted import NOW, ScriptedAws

QUARTER = timedelta(minutes=15)
START = NOW.replace(hour=16, minute=0)


def endpoint(*variants: str) -> Endpoint:
    return Endpoint(
        name="engines",
        arn="arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines",
        status="InService",
        config="config",
        created=NOW - timedelta(days=1),
        modified=NOW,
        variants=tuple(
            Variant(
                name=name, model="m", instance_type="ml.m5.xlarge", current_instances=1, desired_instances=1, weight=1.0
            )
            for name in variants
        ),
    )


class CloudWatch:
    """Answers every query with the same values, at the times that are given."""

    def __init__(self, *points: tuple[datetime, float]) -> None:
        self.points = points
        self.asked: list[dict[str, Any]] = []
        self.window: tuple[datetime, datetime] | None = None
        self.aws = ScriptedAws({"cloudwatch:GetMetricData": self.answer})

    def answer(self, **parameters: Any) -> dict[str, Any]:
        self.asked += parameters["MetricDataQueries"]
        self.window = (parameters["StartTime"], parameters["EndTime"])
        times, values = [at for at, _ in self.points], [value for _, value in self.points]
        results = [
            {"Id": query["Id"], "Timestamps": times, "Values": values, "StatusCode": "Complete"}
            for query in parameters["MetricDataQueries"]
        ]
        return {"MetricDataResults": results}


def test_counts_of_a_longer_period_are_means_per_minute_and_the_running_one_of_what_has_passed() -> None:
    cloudwatch = CloudWatch((START, 300.0), (START + 2 * QUARTER, 110.0))
    found = read_metrics_between(cloudwatch.aws, endpoint("AllTraffic"), START, NOW, 900)
    assert found.points("invocations") == ((START, 20.0), (START + QUARTER, 0.0), (START + 2 * QUARTER, 10.0))
    assert found.points("invocations_per_instance") == ((START, 20.0), (START + 2 * QUARTER, 10.0))
    assert found.points("cpu_utilization") == ((START, 300.0), (START + 2 * QUARTER, 110.0)), "a mean stays one"
    assert found.points("model_latency_p99_ms")[0] == (START, 0.3)
    assert (found.period_seconds, cloudwatch.window) == (900, (START, NOW))
    assert {query["MetricStat"]["Period"] for query in cloudwatch.asked} == {900}


def test_what_instances_measure_of_themselves_has_a_namespace_of_its_own() -> None:
    cloudwatch = CloudWatch()
    read_metrics(cloudwatch.aws, endpoint("AllTraffic"))
    namespaces = {
        query["MetricStat"]["Metric"]["MetricName"]: query["MetricStat"]["Metric"]["Namespace"]
        for query in cloudwatch.asked
    }
    own = {name for name, namespace in namespaces.items() if namespace == "/aws/sagemaker/Endpoints"}
    assert own == {"CPUUtilization", "MemoryUtilization"}
    assert namespaces["InvocationModelErrors"] == "AWS/SageMaker"


def test_minutes_are_what_they_are() -> None:
    minute = NOW - timedelta(minutes=1)
    cloudwatch = CloudWatch((minute, 40.0))
    found = read_metrics(cloudwatch.aws, endpoint("A", "B"))
    assert found.points("invocations") == ((minute, 80.0),), "of two variants the sum"
    assert found.points("invocations_per_instance") == ((minute, 40.0),), "of two variants the highest"
    assert found.points("invocations", "A") == ((minute, 40.0),)
