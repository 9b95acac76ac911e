"""What a call needs of IAM: actions on resources under condition keys, after the Service Authorization Reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# What may be called at any time. Everything else changes something and is refused outside the plan runner:
# an operation that AWS adds tomorrow is refused until it is listed here.
READING_OPERATIONS = frozenset(
    {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingActivities",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "cloudwatch:DescribeAlarmHistory",
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

# What only some accounts need: most have had the service-linked role for long. Where one has not, its absence forbids
# what it is needed for.
CONDITIONAL_ACTIONS = frozenset({"iam:CreateServiceLinkedRole"})
# What planning is better with: denied, the plan says so and goes on without. A step that needs one of them needs it.
OPTIONAL_ACTIONS = CONDITIONAL_ACTIONS | {
    "ec2:DescribeSubnets",
    "ecr:DescribeImages",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
    "logs:DescribeLogGroups",
    "logs:FilterLogEvents",
    "pricing:GetProducts",
    "s3:ListBucket",
    "servicequotas:ListServiceQuotas",
}

EVERYTHING = "*"
SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"
SCALING_PRINCIPAL = "application-autoscaling.amazonaws.com"
LINKED_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
LINKED_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"

Parameters = Mapping[str, Any]
# Condition keys as they are written, each with its values.
Context = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource, and the condition keys that the request brings for it."""

    action: str
    resource: str = EVERYTHING
    context: Context = ()

    @property
    def is_exact(self) -> bool:
        """Whether the resource is known, or there is none: what stands for several cannot be asked about."""
        return self.resource == EVERYTHING or not self.resource.endswith("*")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the resources of a call are; by default, what stands for everywhere."""

    partition: str = "aws"
    region: str = EVERYTHING
    account: str = EVERYTHING

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of the region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def scalable_target(self) -> str:
        """What stands for the ARN of a scalable target, of which only AWS knows the last part."""
        return self.arn("application-autoscaling", "scalable-target/*")


ANYWHERE = Scope()
Rule = Callable[[str, str, Parameters, Scope], Iterator[Permission]]

_PREFIXES = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
_NAMED_OTHERWISE = {"s3:HeadObject": "s3:GetObject", "s3:HeadBucket": "s3:ListBucket"}
_FREE = frozenset({"sts:GetCallerIdentity"})  # answered to everybody
# The members that name a resource of SageMaker's, and what its ARN has before the name; what is made comes first.
_NAMING = {"ModelName": "model", "EndpointName": "endpoint", "EndpointConfigName": "endpoint-config"}


def permissions_for(
    service: str, operation: str, parameters: Parameters, scope: Scope = ANYWHERE
) -> tuple[Permission, ...]:
    """What a call needs, its own action first; nothing for what everybody may ask."""
    own = f"{_PREFIXES.get(service, service)}:{operation}"
    own = _NAMED_OTHERWISE.get(own, own)
    if own in _FREE:
        return ()
    rule = _RULES.get(service, _of_everything)
    return tuple(dict.fromkeys(rule(own, operation, parameters, scope)))


def actions_for(service: str, operation: str, parameters: Parameters) -> tuple[str, ...]:
    """The IAM actions that a call needs, its own first; empty for what everybody may ask."""
    return tuple(dict.fromkeys(needed.action for needed in permissions_for(service, operation, parameters)))


def _sagemaker(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """An action on every resource that is named, iam:PassRole for the role, AddTags for tags on what is made."""
    tags = _tags(parameters.get("Tags"))
    named = [
        _sagemaker_arn(scope, path, name) for member, path in _NAMING.items() for name in _texts(parameters, member)
    ]
    resources = _texts(parameters, "ResourceArn") or named or [EVERYTHING]
    context = (*tags, *_sagemaker_conditions(parameters, scope))
    for resource in resources:
        yield Permission(own, resource, context)
    if role := parameters.get("ExecutionRoleArn"):
        yield _pass_role(role, SERVICE_PRINCIPAL)
    if tags and operation.startswith("Create"):
        yield Permission("sagemaker:AddTags", resources[0], tags)


def _sagemaker_conditions(parameters: Parameters, scope: Scope) -> Context:
    variants = [*parameters.get("ProductionVariants", ()), *parameters.get("ShadowProductionVariants", ())]
    network = parameters.get("VpcConfig", {})
    serverless = [variant["ServerlessConfig"] for variant in variants if "ServerlessConfig" in variant]
    return _context(
        ("sagemaker:InstanceTypes", _each(variants, "InstanceType")),
        ("sagemaker:ModelArn", [_sagemaker_arn(scope, "model", name) for name in _each(variants, "ModelName")]),
        ("sagemaker:NetworkIsolation", _each([parameters], "EnableNetworkIsolation")),
        ("sagemaker:VpcSubnets", network.get("Subnets", ())),
        ("sagemaker:VpcSecurityGroupIds", network.get("SecurityGroupIds", ())),
        ("sagemaker:VolumeKmsKey", _each([parameters], "KmsKeyId")),
        ("sagemaker:ServerlessMaxConcurrency", _each(serverless, "MaxConcurrency")[:1]),
        ("sagemaker:ServerlessMemorySize", _each(serverless, "MemorySizeInMB")[:1]),
    )


def _autoscaling(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """Describing knows no resource; registering makes sure that the caller may do what will be done for it."""
    context = _context(
        ("application-autoscaling:service-namespace", _each([parameters], "ServiceNamespace")),
        ("application-autoscaling:scalable-dimension", _each([parameters], "ScalableDimension")),
    )
    if operation.startswith("Describe"):
        yield Permission(own, context=context)
        return
    tags = _tags(_pairs(parameters.get("Tags")))
    yield Permission(own, scope.scalable_target(), (*context, *tags))
    if tags:
        yield Permission("application-autoscaling:TagResource", scope.scalable_target(), tags)
    if operation == "RegisterScalableTarget":
        yield from _registering(parameters, scope)


def _registering(parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """What Application Auto Scaling makes sure of before it scales on the caller's behalf."""
    if role := parameters.get("RoleARN"):
        yield _pass_role(role, SCALING_PRINCIPAL)
    linked = f"arn:{scope.partition}:iam::{scope.account}:role/aws-service-role/{LINKED_SERVICE}/{LINKED_ROLE}"
    yield Permission("iam:CreateServiceLinkedRole", linked, _context(("iam:AWSServiceName", [LINKED_SERVICE])))
    resource_id = parameters.get("ResourceId", EVERYTHING)
    endpoint = _sagemaker_arn(scope, "endpoint", resource_id.removeprefix("endpoint/").partition("/")[0])
    yield Permission("sagemaker:DescribeEndpoint", endpoint)
    yield Permission("sagemaker:DescribeEndpointConfig", _sagemaker_arn(scope, "endpoint-config", EVERYTHING))
    yield Permission("sagemaker:UpdateEndpointWeightsAndCapacities", endpoint)
    alarms = scope.arn("cloudwatch", f"alarm:TargetTracking-{resource_id}-")
    for operation in ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms"):
        yield Permission(f"cloudwatch:{operation}", alarms)


def _cloudwatch(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """Alarms are resources, metrics are not."""
    named = [*_each([parameters], "AlarmName"), *parameters.get("AlarmNames", ())]
    every = ["*"] if "Alarm" in operation else []
    resources = [scope.arn("cloudwatch", f"alarm:{name}") for name in named or every] or [EVERYTHING]
    actions = [action for action in parameters.get("AlarmActions", ()) if isinstance(action, str)]
    tags = _tags(parameters.get("Tags"))
    for resource in resources:
        yield Permission(own, resource, (*_context(("cloudwatch:AlarmActions", actions)), *tags))
        if tags:
            yield Permission("cloudwatch:TagResource", resource, tags)


def _logs(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """Everything is on a log group, whose ARN has an empty log stream at its end."""
    group = scope.arn("logs", f"log-group:{parameters.get('logGroupName', '')}:log-stream:")
    tags = _tags(_pairs(parameters.get("tags")))
    yield Permission(own, group, tags)
    if tags:
        yield Permission("logs:TagResource", group, tags)


def _s3(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """An action on the bucket, or on the object in it; that an object is not there is told to who may list."""
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    if bucket is None:
        yield Permission(own)
        return
    resource = f"arn:{scope.partition}:s3:::{bucket}"
    yield Permission(own, resource if key is None else f"{resource}/{key}")
    if parameters.get("Tagging"):
        yield Permission("s3:PutObjectTagging", f"{resource}/{key}")
    if operation == "HeadObject":
        yield Permission("s3:ListBucket", resource, _context(("s3:prefix", [""])))


def _runtime(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """To invoke belongs to SageMaker itself."""
    yield Permission(own, _sagemaker_arn(scope, "endpoint", parameters.get("EndpointName", EVERYTHING)))


def _of_everything(own: str, operation: str, parameters: Parameters, scope: Scope) -> Iterator[Permission]:
    """What reads prices, quotas, subnets or roles is about no resource that a plan would be narrowed to."""
    yield Permission(own)


_RULES: Mapping[str, Rule] = {
    "sagemaker": _sagemaker,
    "sagemaker-runtime": _runtime,
    "application-autoscaling": _autoscaling,
    "cloudwatch": _cloudwatch,
    "logs": _logs,
    "s3": _s3,
}


def _sagemaker_arn(scope: Scope, path: str, name: str) -> str:
    return scope.arn("sagemaker", f"{path}/{name.lower()}")


def _pass_role(role: str, principal: str) -> Permission:
    return Permission("iam:PassRole", role, _context(("iam:PassedToService", [principal])))


def _each(structures: Iterable[Parameters], member: str) -> list[Any]:
    return [structure[member] for structure in structures if structure.get(member) is not None]


def _texts(parameters: Parameters, member: str) -> list[str]:
    """The member's value, unless there is none, or one that is not known before an earlier step."""
    value = parameters.get(member)
    return [value] if isinstance(value, str) else []


def _tags(tags: Iterable[Mapping[str, str]] | None) -> Context:
    listed = [(tag["Key"], tag["Value"]) for tag in tags or ()]
    return _context(
        *((f"aws:RequestTag/{key}", [value]) for key, value in listed), ("aws:TagKeys", [key for key, _ in listed])
    )


def _pairs(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags in the other of AWS's two forms."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def _context(*entries: tuple[str, Iterable[Any]]) -> Context:
    """The condition keys that have values, booleans as IAM writes them."""
    texts = ((key, tuple(_text(value) for value in values)) for key, values in entries)
    return tuple((key, values) for key, values in texts if values)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
