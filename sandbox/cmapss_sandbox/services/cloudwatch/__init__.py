"""CloudWatch: metrics in minute buckets, alarms that are evaluated every region minute, dashboards."""

from __future__ import annotations

from cmapss_sandbox.region import Handler, Region
from cmapss_sandbox.services.cloudwatch import (
    alarm_calls,
    composite_alarms,
    dashboards,
    metrics,
    minutes,
    publishing,
    tags,
)

SERVICE = "cloudwatch"

OPERATIONS: dict[str, Handler] = {
    "DeleteAlarms": alarm_calls.delete_alarms,
    "DeleteDashboards": dashboards.delete_dashboards,
    "DescribeAlarmHistory": alarm_calls.describe_alarm_history,
    "DescribeAlarms": alarm_calls.describe_alarms,
    "DescribeAlarmsForMetric": alarm_calls.describe_alarms_for_metric,
    "DisableAlarmActions": alarm_calls.disable_alarm_actions,
    "EnableAlarmActions": alarm_calls.enable_alarm_actions,
    "GetDashboard": dashboards.get_dashboard,
    "GetMetricData": metrics.get_metric_data,
    "GetMetricStatistics": metrics.get_metric_statistics,
    "ListDashboards": dashboards.list_dashboards,
    "ListMetrics": metrics.list_metrics,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutCompositeAlarm": composite_alarms.put_composite_alarm,
    "PutDashboard": dashboards.put_dashboard,
    "PutMetricAlarm": alarm_calls.put_metric_alarm,
    "PutMetricData": publishing.put_metric_data,
    "SetAlarmState": alarm_calls.set_alarm_state,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
}


def install(region: Region) -> None:
    """Have the region's minutes end here, and its composite alarms follow others."""
    minutes.install(region)
    composite_alarms.install(region)
