"""Which IAM actions a call needs, after the Service Authorization Reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# What may be called at any time. Everything else changes something and is refused outside the plan runner:
# an operation that AWS adds tomorrow is refused until it is listed here.
READING_OPERATIONS = frozenset(
    {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingActivities",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "ec2:DescribeSubnets",
        "ecr:DescribeImages",
        "iam:GetRole",
        "iam:SimulatePrincipalPolicy",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "pricing:GetProducts",
        "s3:GetBucketLocation",
        "s3:HeadBucket",
        "s3:HeadObject",
        "sagemaker-runtime:InvokeEndpoint",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:DescribeModel",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:ListEndpointConfigs",
        "sagemaker:ListEndpoints",
        "sagemaker:ListModels",
        "sagemaker:ListTags",
        "sagemaker:Search",
        "service-quotas:ListServiceQuotas",
        "sts:GetCallerIdentity",
    }
)

# What a plan is better with: denied, the plan says so and goes on without.
OPTIONAL_ACTIONS = frozenset(
    {
        "ec2:DescribeSubnets",
        "ecr:DescribeImages",
        "iam:GetRole",
        "iam:SimulatePrincipalPolicy",
        "logs:FilterLogEvents",
        "pricing:GetProducts",
        "s3:ListBucket",
        "servicequotas:ListServiceQuotas",
    }
)

_PREFIXES = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
_NAMED_OTHERWISE = {"s3:HeadObject": "s3:GetObject", "s3:HeadBucket": "s3:ListBucket"}
_FREE = frozenset({"sts:GetCallerIdentity"})  # answered to everybody
# What Application Auto Scaling makes sure of before it scales on the caller's behalf.
_REGISTERING = (
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricAlarm",
    "iam:CreateServiceLinkedRole",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DescribeEndpointConfig",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
)


def actions_for(service: str, operation: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The IAM actions that a call needs, its own first; empty for what everybody may ask."""
    return tuple(dict.fromkeys(_actions(service, operation, parameters)))


def _actions(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    own = f"{_PREFIXES.get(service, service)}:{operation}"
    own = _NAMED_OTHERWISE.get(own, own)
    if own in _FREE:
        return
    yield own
    if service == "sagemaker" and parameters.get("ExecutionRoleArn"):
        yield "iam:PassRole"
    if parameters.get("Tags") and operation.startswith("Create"):
        yield "sagemaker:AddTags"
    if operation == "RegisterScalableTarget":
        yield from _REGISTERING
    if operation == "DeleteEndpoint":
        # It deregisters what still scales the endpoint, as its caller.
        yield "application-autoscaling:DeregisterScalableTarget"
        yield "application-autoscaling:DeleteScalingPolicy"
