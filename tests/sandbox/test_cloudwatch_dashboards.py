"""Dashboards, and the tags of CloudWatch's resources, through unmodified clients."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import NOON

BODY = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "engines"}}]})


def test_dashboards_are_kept_as_they_were_given(cloudwatch: Any) -> None:
    for name in ("fleet-a", "fleet-b", "other"):
        assert cloudwatch.put_dashboard(DashboardName=name, DashboardBody=BODY)["DashboardValidationMessages"] == []
    found = cloudwatch.get_dashboard(DashboardName="other")
    assert found["DashboardBody"] == BODY
    assert found["DashboardArn"] == "arn:aws:cloudwatch::000000000000:dashboard/other"
    listed = cloudwatch.list_dashboards(DashboardNamePrefix="fleet")["DashboardEntries"]
    assert [(entry["DashboardName"], entry["Size"], entry["LastModified"]) for entry in listed] == [
        ("fleet-a", len(BODY), NOON),
        ("fleet-b", len(BODY), NOON),
    ]
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\).*Dashboard none does not exist"):
        cloudwatch.delete_dashboards(DashboardNames=["other", "none"])
    cloudwatch.delete_dashboards(DashboardNames=["other", "fleet-a"])
    assert [entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]] == ["fleet-b"]
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        cloudwatch.get_dashboard(DashboardName="other")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("{", "/"),
        ("[]", "/"),
        ('{"widgets": [{"type": "pie", "properties": {}}]}', "/widgets/0/type"),
        ('{"widgets": [{"type": "text", "properties": {}}, {"type": "text"}]}', "/widgets/1"),
        ('{"widgets": [7]}', "/widgets/0"),
    ],
)
def test_what_is_no_dashboard_is_refused_and_said_where(cloudwatch: Any, body: str, path: str) -> None:
    with pytest.raises(ClientError, match="The field DashboardBody must be a valid JSON object") as refused:
        cloudwatch.put_dashboard(DashboardName="wrong", DashboardBody=body)
    assert refused.value.response["Error"]["Code"] in ("InvalidParameterInput", "DashboardInvalidInputError")
    response: dict[str, Any] = {**refused.value.response}
    assert response["dashboardValidationMessages"][0]["DataPath"] == path
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_tags_of_alarms_and_dashboards(cloudwatch: Any) -> None:
    alarm = {
        "AlarmName": "hot",
        "Namespace": "Shop",
        "MetricName": "Temperature",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
    }
    cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "team", "Value": "fleet"}])
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody=BODY, Tags=[{"Key": "team", "Value": "x"}])
    arn = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    cloudwatch.tag_resource(
        ResourceARN=arn, Tags=[{"Key": "team", "Value": "bench"}, {"Key": "stage", "Value": "test"}]
    )
    assert {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]} == {
        "team": "bench",
        "stage": "test",
    }
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team", "none"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    dashboard = cloudwatch.get_dashboard(DashboardName="d")["DashboardArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=dashboard)["Tags"] == [{"Key": "team", "Value": "x"}]
    cloudwatch.delete_alarms(AlarmNames=["hot"])
    with pytest.raises(ClientError, match=r"\(ResourceNotFoundException\)"):
        cloudwatch.list_tags_for_resource(ResourceARN=arn)
    cloudwatch.put_metric_alarm(**alarm)
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    with pytest.raises(ClientError, match="at most 50 tags"):
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(51)])
    with pytest.raises(ClientError, match="Invalid arn syntax: nothing"):
        cloudwatch.tag_resource(ResourceARN="nothing", Tags=[])
