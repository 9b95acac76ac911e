"""What calls of SageMaker and its runtime need."""

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
from cmapss_sandbox.region import Region

SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"

# The members that name a resource, and the first part of its ARN; of two, the first is what a request creates.
_NAMING = {
    "TrainingJobName": "training-job",
    "HyperParameterTuningJobName": "hyper-parameter-tuning-job",
    "ModelName": "model",
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
}
_WITHOUT_RESOURCE = frozenset(
    {
        "ListEndpoints",
        "ListEndpointConfigs",
        "ListModels",
        "ListTrainingJobs",
        "ListHyperParameterTuningJobs",
        "Search",
        "GetSearchSuggestions",
    }
)
_TAGGING = ("AddTags", "DeleteTags", "ListTags")
_ROLES = ("ExecutionRoleArn", "RoleArn")


def sagemaker(region: Region, operation: str, members: Members) -> Needs:
    """An action on every resource that the request names, iam:PassRole for the roles in it, AddTags for its tags."""
    action = f"sagemaker:{operation}"
    if operation in _WITHOUT_RESOURCE:
        return Needs((Need(action),))
    tags = tag_context(members.get("Tags") or [])
    context = {**tags, **_conditions(region, members)}
    resources = list(_resources(region, operation, members)) or [EVERYTHING]
    own = [Need(action, arn, {**context, **_tags_of(region, arn)}) for arn in resources]
    own += [_pass_role(role) for role in _passed_roles(members)]
    if operation.startswith("Create") and tags:
        own.append(Need("sagemaker:AddTags", resources[0], tags))
    deregistering = tuple(_deregistering(region, members)) if operation == "DeleteEndpoint" else ()
    return Needs(tuple(own), deregistering=deregistering)


def runtime(region: Region, operation: str, members: Members) -> Needs:
    """The invoke actions, which belong to SageMaker, on the endpoint."""
    endpoint = arn(region, "endpoint", members.get("EndpointName", EVERYTHING))
    context = present([("sagemaker:TargetModel", members.get("TargetModel"))])
    return Needs((Need(f"sagemaker:{operation}", endpoint, {**context, **_tags_of(region, endpoint)}),))


def arn(region: Region, path: str, name: str) -> str:
    """The ARN of a resource of SageMaker's, in lower case as the service writes it."""
    return region.arn("sagemaker", f"{path}/{name.lower()}")


def _resources(region: Region, operation: str, members: Members) -> Iterator[str]:
    if operation in _TAGGING:
        yield members.get("ResourceArn", EVERYTHING)
        return
    for member, path in _NAMING.items():
        if isinstance(members.get(member), str):
            yield arn(region, path, members[member])


def _pass_role(role: str) -> Need:
    return Need("iam:PassRole", role, {"iam:passedtoservice": (SERVICE_PRINCIPAL,)})


def _passed_roles(members: Members) -> list[str]:
    """The roles of a request and of the training jobs that it defines, each once."""
    found = [members.get(member) for member in _ROLES]
    found += [definition.get("RoleArn") for definition in _definitions(members)]
    return list(dict.fromkeys(role for role in found if role))


def _definitions(members: Members) -> list[Members]:
    """The training jobs that a request defines: itself, or those of a tuning job."""
    several = members.get("TrainingJobDefinitions") or []
    one = members.get("TrainingJobDefinition")
    return [*several, *([one] if one else [])] or [members]


def _conditions(region: Region, members: Members) -> Context:
    """SageMaker's own condition keys, of a model, an endpoint config or the training jobs of a request."""
    definitions = _definitions(members)
    variants = [*(members.get("ProductionVariants") or []), *(members.get("ShadowProductionVariants") or [])]
    resources = [definition.get("ResourceConfig") or {} for definition in definitions]
    networks = [definition.get("VpcConfig") or {} for definition in definitions]
    limits = [definition.get("StoppingCondition") or {} for definition in definitions]
    serverless = [variant.get("ServerlessConfig") or {} for variant in variants]
    return present(
        [
            ("sagemaker:InstanceTypes", _each([*variants, *resources], "InstanceType")),
            (
                "sagemaker:ModelArn",
                [arn(region, "model", name) for name in _each(variants, "ModelName")],
            ),
            ("sagemaker:NetworkIsolation", _first(definitions, "EnableNetworkIsolation")),
            (
                "sagemaker:InterContainerTrafficEncryption",
                _first(definitions, "EnableInterContainerTrafficEncryption"),
            ),
            ("sagemaker:VpcSubnets", [subnet for network in networks for subnet in network.get("Subnets", [])]),
            (
                "sagemaker:VpcSecurityGroupIds",
                [group for network in networks for group in network.get("SecurityGroupIds", [])],
            ),
            ("sagemaker:VolumeKmsKey", _first([members, *resources], "KmsKeyId", "VolumeKmsKeyId")),
            (
                "sagemaker:OutputKmsKey",
                _first([definition.get("OutputDataConfig") or {} for definition in definitions], "KmsKeyId"),
            ),
            ("sagemaker:MaxRuntimeInSeconds", _first(limits, "MaxRuntimeInSeconds")),
            ("sagemaker:ServerlessMaxConcurrency", _first(serverless, "MaxConcurrency")),
            ("sagemaker:ServerlessMemorySize", _first(serverless, "MemorySizeInMB")),
        ]
    )


def _each(structures: list[Any], member: str) -> list[Any]:
    return [structure[member] for structure in structures if structure.get(member) is not None]


def _first(structures: list[Any], *members: str) -> Any:
    found = [structure[member] for structure in structures for member in members if structure.get(member) is not None]
    return found[0] if found else None


def _tags_of(region: Region, resource: str) -> Context:
    return resource_tags("sagemaker", region.table("tags").get(resource, {}))


def _deregistering(region: Region, members: Members) -> Iterator[Need]:
    """What the deletion of an endpoint does to Application Auto Scaling, as the caller."""
    prefix = f"endpoint/{members.get('EndpointName')}/variant/"
    scaled = {policy["ResourceId"] for policy in list(region.table("scaling_policies").values())}
    for target in list(region.table("scalable_targets").values()):
        if target["ResourceId"].startswith(prefix):
            resource, context = target["ScalableTargetARN"], scaling_context(target)
            yield Need("application-autoscaling:DeregisterScalableTarget", resource, context)
            if target["ResourceId"] in scaled:
                yield Need("application-autoscaling:DeleteScalingPolicy", resource, context)


def scaling_context(members: Members) -> Context:
    """The condition keys of Application Auto Scaling, of a request or of a scalable target."""
    return present(
        [
            ("application-autoscaling:service-namespace", members.get("ServiceNamespace")),
            ("application-autoscaling:scalable-dimension", members.get("ScalableDimension")),
        ]
    )
