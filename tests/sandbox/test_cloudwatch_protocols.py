"""What CloudWatch answers does not depend on the protocol: old clients ask in forms, today's in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cmapss_sandbox.region import Region
from tests.sandbox.awscli import run_aws
from tests.sandbox.conftest import NOON, Clients

ALARM = {
    "AlarmName": "hot",
    "Namespace": "Shop",
    "MetricName": "Temperature",
    "Dimensions": [{"Name": "Engine", "Value": "1"}],
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:topic"],
}
METRIC = {"Namespace": "Shop", "MetricName": "Temperature", "Dimensions": [{"Name": "Engine", "Value": "1"}]}
STAT = {"Metric": METRIC, "Period": 60, "Stat": "Sum"}
SPAN = {"StartTime": NOON - timedelta(minutes=5), "EndTime": NOON + timedelta(minutes=5)}


def by_form(cloudwatch: Any, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request in the query protocol, by botocore's own serialiser and parser for it."""
    model = cloudwatch.meta.service_model.operation_model(operation)
    body = create_serializer("query").serialize_to_request(dict(members), model)["body"]
    request = Request(
        cloudwatch.meta.endpoint_url,
        urlencode(body).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Authorization": "AWS4-HMAC-SHA256 Credential=sandbox/20260105/us-east-1/monitoring/aws4_request, "
            "SignedHeaders=host, Signature=0",
        },
    )
    try:
        with urlopen(request) as reply:
            status, text = reply.status, reply.read()
    except HTTPError as error:
        status, text = error.code, error.read()
    parsed: dict[str, Any] = create_parser("query").parse(
        {"status_code": status, "headers": {}, "body": text}, model.output_shape
    )
    return {name: value for name, value in parsed.items() if name != "ResponseMetadata"}


def python_name(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


@pytest.fixture
def cloudwatch(clients: Clients, region: Region) -> Any:
    """A region with an alarm that has gone off."""
    client = clients("cloudwatch")
    by_form(client, "PutMetricAlarm", ALARM)
    for minute, value in enumerate((70.0, 90.0, 95.5)):
        datum = {"MetricName": "Temperature", "Dimensions": METRIC["Dimensions"], "Value": value, "Unit": "Percent"}
        by_form(client, "PutMetricData", {"Namespace": "Shop", "MetricData": [datum]})
        region.advance(60)
        assert region.now() == NOON + timedelta(minutes=minute + 1)
    return client


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("DescribeAlarms", {}),
        ("DescribeAlarms", {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 1}),
        ("DescribeAlarmsForMetric", METRIC),
        ("DescribeAlarmHistory", {"AlarmName": "hot", "HistoryItemType": "StateUpdate"}),
        ("ListMetrics", {"Dimensions": [{"Name": "Engine"}], "RecentlyActive": "PT3H"}),
        ("GetMetricStatistics", {**METRIC, **SPAN, "Period": 60, "Statistics": ["Sum", "Average"]}),
        ("GetMetricStatistics", {**METRIC, **SPAN, "Period": 60, "ExtendedStatistics": ["p90"]}),
        (
            "GetMetricData",
            {
                **SPAN,
                "MetricDataQueries": [
                    {"Id": "m1", "MetricStat": STAT},
                    {"Id": "e1", "Expression": "FILL(m1, 0) / 2", "Label": "half ${LAST}"},
                ],
            },
        ),
    ],
)
def test_both_protocols_tell_the_same(cloudwatch: Any, operation: str, members: dict[str, Any]) -> None:
    answer = getattr(cloudwatch, python_name(operation))(**members)
    told = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    asked = by_form(cloudwatch, operation, members)
    assert any(told.values())
    assert {name: value for name, value in asked.items() if value} == {
        name: value for name, value in told.items() if value
    }


@pytest.mark.parametrize(
    ("operation", "members", "code"),
    [
        ("PutMetricAlarm", {**ALARM, "Period": 90}, "ValidationError"),
        ("DescribeAlarms", {"MaxRecords": 101}, "ValidationError"),
        ("DeleteAlarms", {"AlarmNames": ["cold"]}, "ResourceNotFound"),
        (
            "PutMetricData",
            {"Namespace": "AWS/x", "MetricData": [{"MetricName": "m", "Value": 1}]},
            "InvalidParameterValue",
        ),
        ("GetMetricData", {**SPAN, "MetricDataQueries": [{"Id": "X"}]}, "ValidationError"),
    ],
)
def test_both_protocols_refuse_the_same(cloudwatch: Any, operation: str, members: dict[str, Any], code: str) -> None:
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        getattr(cloudwatch, python_name(operation))(**members)
    error = by_form(cloudwatch, operation, members)["Error"]
    assert (error["Code"], error["Message"]) == (code, refused.value.response["Error"]["Message"])
    assert refused.value.response["Error"]["Code"] == code


def test_the_command_line_tells_the_same(cloudwatch: Any) -> None:
    span = {name: moment.isoformat() for name, moment in SPAN.items()}
    queries = [{"Id": "m1", "MetricStat": STAT, "ReturnData": False}, {"Id": "e1", "Expression": "RATE(m1) * 60"}]
    asked = {"MetricDataQueries": queries, "MaxDatapoints": 1}
    members = json.dumps({**asked, **span})
    url = cloudwatch.meta.endpoint_url
    told = run_aws(url, "cloudwatch", "get-metric-data", "--cli-input-json", members)["MetricDataResults"]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(**asked, **SPAN)
    expected = [value for page in pages for result in page["MetricDataResults"] for value in result["Values"]]
    assert [value for result in told for value in result["Values"]] == expected == [5.5, 20.0]
