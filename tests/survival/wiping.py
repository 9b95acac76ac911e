"""Takes everything out of a region but its training jobs, with plain boto3: what the console does is on trial here."""

from __future__ import annotations

from contextlib import suppress

from botocore.exceptions import ClientError

from tests.live import LiveSandbox

_HOURS = 3.0  # longer than anything that changes an endpoint


def wiped(sandbox: LiveSandbox) -> None:
    """Delete endpoints, configs, models, what scales them, alarms and log groups; no fault is in the way then."""
    sandbox.control("/faults", clear=True)
    sagemaker, scaling = sandbox.client("sagemaker"), sandbox.client("application-autoscaling")
    cloudwatch, logs = sandbox.client("cloudwatch"), sandbox.client("logs")
    of = {"ServiceNamespace": "sagemaker"}
    for target in scaling.describe_scalable_targets(**of)["ScalableTargets"]:
        scaling.deregister_scalable_target(
            **of, ResourceId=target["ResourceId"], ScalableDimension=target["ScalableDimension"]
        )
    if endpoints := [row["EndpointName"] for row in sagemaker.list_endpoints(MaxResults=100)["Endpoints"]]:
        for name in endpoints:
            try:
                sagemaker.delete_endpoint(EndpointName=name)
            except ClientError:  # it is changing, or being deleted already
                sandbox.advance(minutes=_HOURS * 60)
                with suppress(ClientError):
                    sagemaker.delete_endpoint(EndpointName=name)
        sandbox.advance(minutes=10)
    for config in sagemaker.list_endpoint_configs(MaxResults=100)["EndpointConfigs"]:
        sagemaker.delete_endpoint_config(EndpointConfigName=config["EndpointConfigName"])
    for model in sagemaker.list_models(MaxResults=100)["Models"]:
        sagemaker.delete_model(ModelName=model["ModelName"])
    if alarms := [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]]:
        cloudwatch.delete_alarms(AlarmNames=alarms)
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/Endpoints/")["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
