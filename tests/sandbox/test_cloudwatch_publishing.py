"""PutMetricData through unmodified clients, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import NOON

PARAMETER = r"MetricData\.member\.2"


def statistics(cloudwatch: Any, name: str, *wanted: str) -> list[dict[str, Any]]:
    points = cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName=name,
        StartTime=NOON - timedelta(minutes=10),
        EndTime=NOON + timedelta(minutes=1),
        Period=60,
        Statistics=wanted or ["Sum"],
    )["Datapoints"]
    return [{statistic: point[statistic] for statistic in wanted or ["Sum"]} for point in points]


def test_only_aws_writes_into_its_namespaces(cloudwatch: Any) -> None:
    with pytest.raises(
        ClientError, match=r"\(InvalidParameterValue\).*The value AWS/ for parameter Namespace is invalid"
    ):
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[{"MetricName": "Invocations", "Value": 1}])


@pytest.mark.parametrize(
    ("datum", "code", "message"),
    [
        ({}, "InvalidParameterCombination", rf"At least one of the parameters {PARAMETER}\.Value, "),
        (
            {"Value": 1, "Values": [1]},
            "InvalidParameterCombination",
            "are mutually exclusive and you have specified both",
        ),
        (
            {"Value": float("nan")},
            "InvalidParameterValue",
            rf"The value NaN for parameter {PARAMETER}\.Value is invalid",
        ),
        ({"Value": float("-inf")}, "InvalidParameterValue", rf"The value -Infinity for parameter {PARAMETER}\.Value"),
        ({"Value": 2.0**361}, "InvalidParameterValue", rf"for parameter {PARAMETER}\.Value is invalid"),
        (
            {"Values": [1, float("inf")]},
            "InvalidParameterValue",
            rf"The value Infinity for parameter {PARAMETER}\.Values",
        ),
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue", "must be of the same size"),
        (
            {"Values": [1, 2], "Counts": [1, 0]},
            "InvalidParameterValue",
            rf"The value 0\.0 for parameter {PARAMETER}\.Counts",
        ),
        ({"Values": []}, "InvalidParameterValue", "must not be empty"),
        ({"Values": list(range(151))}, "InvalidParameterValue", "must not have a size greater than 150"),
        (
            {"StatisticValues": {"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}},
            "InvalidParameterValue",
            rf"The value 0\.0 for parameter {PARAMETER}\.StatisticValues\.SampleCount is invalid",
        ),
        (
            {"StatisticValues": {"SampleCount": 1, "Sum": 0, "Minimum": 2, "Maximum": 1}},
            "InvalidParameterCombination",
            "Maximum must be greater than or equal to",
        ),
        ({"Value": 1, "Timestamp": NOON - timedelta(days=15)}, "InvalidParameterValue", "within the past two weeks"),
        (
            {"Value": 1, "Timestamp": NOON + timedelta(hours=3)},
            "InvalidParameterValue",
            "more than two hours in the future",
        ),
        (
            {"Value": 1, "StorageResolution": 30},
            "InvalidParameterValue",
            rf"The value 30 for parameter {PARAMETER}\.Storage",
        ),
        ({"Value": 1, "Unit": "Furlong"}, "ValidationError", "Member must satisfy enum value set"),
        (
            {"Value": 1, "Dimensions": [{"Name": f"d{n}", "Value": "v"} for n in range(31)]},
            "ValidationError",
            "Member must have length less than or equal to 30",
        ),
    ],
)
def test_wrong_data_are_refused_and_nothing_of_the_request_is_kept(
    cloudwatch: Any, datum: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=rf"\({code}\).*{message}"):
        cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "Good", "Value": 1}, {"MetricName": "Bad", **datum}]
        )
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_a_request_has_one_to_a_thousand_data(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match=r"\(MissingParameter\).*MetricData is required"):
        cloudwatch.put_metric_data(Namespace="Shop")
    data = [{"MetricName": "Many", "Value": 1}] * 1001
    with pytest.raises(ClientError, match=r"MetricData must not have a size greater than 1000"):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data[1:])
    assert statistics(cloudwatch, "Many") == [{"Sum": 1000}]


def test_a_large_request_travels_compressed(cloudwatch: Any) -> None:
    sent: list[Any] = []
    cloudwatch.meta.events.register("before-send.cloudwatch.PutMetricData", lambda request, **_: sent.append(request))
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Many", "Values": [float(value) for value in range(150)], "Counts": [2.0] * 150}
            for _ in range(50)
        ],
    )
    assert sent[0].headers["Content-Encoding"] == b"gzip"
    assert statistics(cloudwatch, "Many", "SampleCount") == [{"SampleCount": 50 * 150 * 2}]


def test_a_statistic_set_is_taken_as_it_is(cloudwatch: Any) -> None:
    statistic_set = {"SampleCount": 4, "Sum": 8, "Minimum": 1, "Maximum": 4}
    datum = {"MetricName": "Set", "StatisticValues": statistic_set, "Timestamp": NOON - timedelta(minutes=1)}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
    assert statistics(cloudwatch, "Set", *statistic_set) == [statistic_set]


def test_data_may_come_with_the_entity_that_they_are_about(cloudwatch: Any) -> None:
    entity = {"KeyAttributes": {"Type": "Service", "Name": "shop", "Environment": "test"}}
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Plain", "Value": 1}],
        EntityMetricData=[{"Entity": entity, "MetricData": [{"MetricName": "About", "Value": 2}]}],
        StrictEntityValidation=True,
    )
    assert statistics(cloudwatch, "Plain") == [{"Sum": 1}]
    assert statistics(cloudwatch, "About") == [{"Sum": 2}]
    with pytest.raises(
        ClientError, match=r"The value NaN for parameter EntityMetricData\.member\.1\.MetricData\.member\.1"
    ):
        cloudwatch.put_metric_data(
            Namespace="Shop", EntityMetricData=[{"MetricData": [{"MetricName": "About", "Value": float("nan")}]}]
        )
