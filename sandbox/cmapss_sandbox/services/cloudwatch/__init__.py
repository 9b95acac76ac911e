"""CloudWatch: metrics in minute buckets, alarms that are evaluated every region minute."""

from __future__ import annotations

from cmapss_sandbox.region import Handler
from cmapss_sandbox.services.cloudwatch import alarms, metrics, publishing
from cmapss_sandbox.services.cloudwatch.minutes import install

__all__ = ["OPERATIONS", "SERVICE", "install"]

SERVICE = "cloudwatch"

OPERATIONS: dict[str, Handler] = {
    "DeleteAlarms": alarms.delete_alarms,
    "DescribeAlarmHistory": alarms.describe_alarm_history,
    "DescribeAlarms": alarms.describe_alarms,
    "GetMetricData": metrics.get_metric_data,
    "GetMetricStatistics": metrics.get_metric_statistics,
    "ListMetrics": metrics.list_metrics,
    "PutMetricAlarm": alarms.put_metric_alarm,
    "PutMetricData": publishing.put_metric_data,
    "SetAlarmState": alarms.set_alarm_state,
}
