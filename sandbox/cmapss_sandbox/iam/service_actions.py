"""What calls of the region's other services need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cmapss_sandbox.iam.matching import Context
from cmapss_sandbox.iam.needs import (
    EVERYTHING,
    Members,
    Need,
    Needs,
    present,
    resource_tags,
    tag_context,
)
from cmapss_sandbox.iam.principals import directory
from cmapss_sandbox.iam.sagemaker_actions import arn as sagemaker_arn
from cmapss_sandbox.iam.sagemaker_actions import scaling_context
from cmapss_sandbox.region import Region

LINKED_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
LINKED_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"

_ALARM_NAMES = ("AlarmName", "AlarmNames")
_DASHBOARD_NAMES = ("DashboardName", "DashboardNames")
_STREAM_OPERATIONS = frozenset({"CreateLogStream", "DeleteLogStream", "PutLogEvents", "GetLogEvents"})
# Answered to everybody, but for AssumeRole, of which the role's own trust policy is asked when it is carried out.
_FREE_OF_STS = frozenset({"GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo", "AssumeRole"})


def autoscaling(region: Region, operation: str, members: Members) -> Needs:
    """Describe calls know no resource; registering makes sure that the caller may do what will be done for it."""
    action = f"application-autoscaling:{operation}"
    if operation.startswith("Describe"):
        return Needs((Need(action, context=scaling_context(members)),))
    if "ResourceARN" in members:
        tags = members.get("Tags") or {}
        return Needs((Need(action, members["ResourceARN"], _tag_map_context(tags)),))
    target = region.table("scalable_targets").get(members.get("ResourceId", ""))
    resource = target["ScalableTargetARN"] if target else region.arn("application-autoscaling", "scalable-target/*")
    context = scaling_context(members)
    if target:
        context = {**context, **resource_tags("application-autoscaling", target.get("_tags", {}))}
    own = [Need(action, resource, {**context, **_tag_map_context(members.get("Tags") or {})})]
    if members.get("Tags"):
        own.append(Need("application-autoscaling:TagResource", resource, _tag_map_context(members["Tags"])))
    if operation != "RegisterScalableTarget":
        return Needs(tuple(own))
    if members.get("RoleARN"):
        passed = {"iam:passedtoservice": ("application-autoscaling.amazonaws.com",)}
        own.append(Need("iam:PassRole", members["RoleARN"], passed))
    if target is None:
        own += _linked_role(region)
    return Needs(tuple(own), registering=tuple(_registering(region, members)))


def cloudwatch(region: Region, operation: str, members: Members) -> Needs:
    """Alarms and dashboards are resources, metrics are not."""
    action = f"cloudwatch:{operation}"
    context = present(
        [
            ("cloudwatch:namespace", members.get("Namespace") if operation == "PutMetricData" else None),
            ("cloudwatch:AlarmActions", members.get("AlarmActions")),
        ]
    )
    tags = tag_context(members.get("Tags") or [])
    if "ResourceARN" in members:
        return Needs((Need(action, members["ResourceARN"], tags),))
    resources = list(_cloudwatch_resources(region, operation, members))
    own = [Need(action, resource, {**context, **tags}) for resource in resources]
    if tags:
        own += [Need("cloudwatch:TagResource", resource, tags) for resource in resources]
    return Needs(tuple(own))


def logs(region: Region, operation: str, members: Members) -> Needs:
    """Everything is on a log group, or on a log stream in it."""
    action = f"logs:{operation}"
    if operation in ("ListTagsForResource", "TagResource", "UntagResource"):
        return Needs((Need(action, members.get("resourceArn", EVERYTHING)),))
    named = members.get("logGroupName") or members.get("logGroupIdentifier") or ""
    group = named.partition(":log-group:")[2].removesuffix(":*") or named
    stream = members.get("logStreamName", "") if operation in _STREAM_OPERATIONS else ""
    resource = region.arn("logs", f"log-group:{group}:log-stream:{stream}")
    given = members.get("tags") or {}
    # What is to be removed is a list of keys.
    tags = _tag_map_context(given) if isinstance(given, dict) else {"aws:tagkeys": tuple(given)}
    own = [Need(action, resource, tags)]
    if tags and operation == "CreateLogGroup":
        own.append(Need("logs:TagResource", resource, tags))
    return Needs(tuple(own))


def sts(region: Region, operation: str, members: Members) -> Needs:
    """Who they are is told to everybody."""
    return Needs(() if operation in _FREE_OF_STS else (Need(f"sts:{operation}"),))


def pricing(region: Region, operation: str, members: Members) -> Needs:
    """Prices are no resources."""
    return Needs((Need(f"pricing:{operation}"),))


def quotas(region: Region, operation: str, members: Members) -> Needs:
    """Quotas are resources only where they are to be raised."""
    action = f"servicequotas:{operation}"
    if operation.startswith(("Get", "List")):
        return Needs((Need(action),))
    service, code = members.get("ServiceCode", EVERYTHING), members.get("QuotaCode", EVERYTHING)
    return Needs((Need(action, region.arn("servicequotas", f"{service}/{code}")),))


def _registering(region: Region, members: Members) -> Iterator[Need]:
    resource_id = members.get("ResourceId", "")
    endpoint = resource_id.removeprefix("endpoint/").partition("/")[0]
    record = region.table("endpoints").get(endpoint, {})
    config = record.get("EndpointConfigName", EVERYTHING)
    resource = sagemaker_arn(region, "endpoint", endpoint)
    yield Need("sagemaker:DescribeEndpoint", resource)
    yield Need("sagemaker:DescribeEndpointConfig", sagemaker_arn(region, "endpoint-config", config))
    yield Need("sagemaker:UpdateEndpointWeightsAndCapacities", resource)
    alarms = region.arn("cloudwatch", f"alarm:TargetTracking-{resource_id}-")
    for operation in ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms"):
        yield Need(f"cloudwatch:{operation}", alarms)


def _linked_role(region: Region) -> list[Need]:
    """The first scalable target of an account brings the role that scaling is done with."""
    if LINKED_ROLE in directory(region).roles:
        return []
    resource = f"arn:aws:iam::{region.account}:role/aws-service-role/{LINKED_SERVICE}/{LINKED_ROLE}"
    return [Need("iam:CreateServiceLinkedRole", resource, {"iam:awsservicename": (LINKED_SERVICE,)})]


def _cloudwatch_resources(region: Region, operation: str, members: Members) -> list[str]:
    """The ARNs of the alarms or dashboards that a request names; all alarms where it could name some but does not."""
    for members_of, form in ((_ALARM_NAMES, "alarm:{}"), (_DASHBOARD_NAMES, "dashboard/{}")):
        for member in members_of:
            named: Any = members.get(member)
            if named:
                names = named if isinstance(named, list) else [named]
                return [_cloudwatch_arn(region, form.format(name)) for name in names]
    if "Alarm" in operation and operation != "DescribeAlarmsForMetric":
        return [region.arn("cloudwatch", "alarm:*")]
    if operation in ("GetDashboard", "PutDashboard", "DeleteDashboards"):
        return [_cloudwatch_arn(region, "dashboard/*")]
    return [EVERYTHING]


def _cloudwatch_arn(region: Region, resource: str) -> str:
    # Dashboards belong to an account, not to a region of it.
    if resource.startswith("dashboard/"):
        return f"arn:aws:cloudwatch::{region.account}:{resource}"
    return region.arn("cloudwatch", resource)


def _tag_map_context(tags: Any) -> Context:
    return tag_context([{"Key": key, "Value": value} for key, value in tags.items()])
