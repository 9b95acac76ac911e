"""What calls need: an entry for every operation there is, and what differs from its own name."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from cmapss_sandbox.iam.actions import needs
from cmapss_sandbox.iam.needs import EVERYTHING, Need
from cmapss_sandbox.region import Region
from cmapss_sandbox.services import _MODULES
from tests.sandbox.artefacts import ROLE, production_variant

PERIPHERY = ("s3", "iam", "ec2")
# Operations that name a resource in no request, by the Service Authorization Reference and by what they do.
WITHOUT_RESOURCE = {
    "sagemaker": ("List", "Search", "GetSearchSuggestions"),
    "application-autoscaling": ("Describe",),
    "cloudwatch": ("List", "GetMetric", "PutMetricData", "DescribeAlarmsForMetric", "DescribeAnomaly"),
    "pricing": ("",),
    "service-quotas": ("Get", "List"),
    "sts": ("",),
}
NAMED_ALL_THE_SAME = {"ListTags", "ListTrainingJobsForHyperParameterTuningJob", "ListTagsForResource"}
PREFIXES = {
    "sagemaker-runtime": "sagemaker",
    "service-quotas": "servicequotas",
}


def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def filled(shape: Shape | None, depth: int = 0) -> Any:
    """A value of a shape with everything in it, so that no resource is missed."""
    if isinstance(shape, StructureShape):
        return {} if depth > 4 else {name: filled(member, depth + 1) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [filled(shape.member, depth + 1)]
    if isinstance(shape, MapShape):
        return {"key": filled(shape.value, depth + 1)}
    values = {"string": "name-1", "boolean": True, "integer": 1, "long": 1, "float": 1.0, "double": 1.0}
    return {} if shape is None else values.get(shape.type_name, "x")


def own_operations() -> list[tuple[str, str]]:
    modules = [importlib.import_module(f"cmapss_sandbox.services.{name}") for name in _MODULES]
    return [(module.SERVICE, operation) for module in modules for operation in module.OPERATIONS]


@pytest.mark.parametrize(("service", "operation"), own_operations())
def test_every_operation_of_the_region_has_its_action_and_its_resource(
    region: Region, service: str, operation: str
) -> None:
    members = filled(model(service).operation_model(operation).input_shape)
    asked = needs(region, service, operation, members)
    if service == "sts":
        assert asked.own == (), "who they are is told to everybody, and a role says itself whom it trusts"
        return
    action = f"{PREFIXES.get(service, service)}:{operation}"
    mine = [need for need in asked.own if need.action == action]
    assert mine
    free = operation.startswith(WITHOUT_RESOURCE.get(service, ())) if service in WITHOUT_RESOURCE else False
    if free and operation not in NAMED_ALL_THE_SAME:
        assert {need.resource for need in mine} == {EVERYTHING}
    else:
        assert EVERYTHING not in {need.resource for need in mine}


@pytest.mark.parametrize("service", PERIPHERY)
def test_every_operation_of_s3_iam_and_ec2_has_its_action(region: Region, service: str) -> None:
    known = model(service)
    for operation in known.operation_names:
        shape = known.operation_model(operation).input_shape
        members = {} if shape is None else dict.fromkeys(shape.members, "name-1")
        asked = needs(region, service, operation, members)
        assert all(need.action.startswith(f"{service}:") or need.action == "iam:PassRole" for need in asked.own)
        assert asked.own or operation == "DeleteObjects"


def resources(asked: tuple[Need, ...]) -> list[tuple[str, str]]:
    return [(need.action, need.resource.rpartition(":")[2]) for need in asked]


def test_a_new_endpoint_is_asked_about_and_so_is_its_config(region: Region) -> None:
    members = {"EndpointName": "Mine", "EndpointConfigName": "its", "Tags": [{"Key": "owner", "Value": "me"}]}
    asked = needs(region, "sagemaker", "CreateEndpoint", members).own
    assert resources(asked) == [
        ("sagemaker:CreateEndpoint", "endpoint/mine"),
        ("sagemaker:CreateEndpoint", "endpoint-config/its"),
        ("sagemaker:AddTags", "endpoint/mine"),
    ]
    assert asked[0].context["aws:requesttag/owner"] == ("me",)
    assert asked[0].context["aws:tagkeys"] == ("owner",)


def test_a_role_is_passed_with_the_service_it_goes_to(region: Region) -> None:
    asked = needs(region, "sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": ROLE}).own
    assert asked[1] == Need("iam:PassRole", ROLE, {"iam:passedtoservice": ("sagemaker.amazonaws.com",)})
    several = {"TrainingJobDefinitions": [{"RoleArn": ROLE}, {"RoleArn": ROLE + "-2"}]}
    asked = needs(
        region, "sagemaker", "CreateHyperParameterTuningJob", {"HyperParameterTuningJobName": "t", **several}
    ).own
    assert [need.resource for need in asked if need.action == "iam:PassRole"] == [ROLE, ROLE + "-2"]


def test_the_condition_keys_of_a_config_a_model_and_a_training_job(region: Region) -> None:
    variants = [production_variant("M"), production_variant("n", VariantName="b", InstanceType="ml.c5.large")]
    members = {"EndpointConfigName": "c", "ProductionVariants": variants, "KmsKeyId": "key"}
    context = needs(region, "sagemaker", "CreateEndpointConfig", members).own[0].context
    assert context["sagemaker:instancetypes"] == ("ml.m5.xlarge", "ml.c5.large")
    assert [arn.rpartition(":")[2] for arn in context["sagemaker:modelarn"]] == ["model/m", "model/n"]
    assert context["sagemaker:volumekmskey"] == ("key",)
    network = {"VpcConfig": {"Subnets": ["s-1", "s-2"], "SecurityGroupIds": ["g"]}, "EnableNetworkIsolation": True}
    context = needs(region, "sagemaker", "CreateModel", {"ModelName": "m", **network}).own[0].context
    assert context["sagemaker:vpcsubnets"] == ("s-1", "s-2")
    assert (context["sagemaker:vpcsecuritygroupids"], context["sagemaker:networkisolation"]) == (("g",), ("true",))
    job = {"ResourceConfig": {"InstanceType": "ml.m5.large"}, "StoppingCondition": {"MaxRuntimeInSeconds": 60}}
    context = needs(region, "sagemaker", "CreateTrainingJob", {"TrainingJobName": "j", **job}).own[0].context
    assert context["sagemaker:instancetypes"] == ("ml.m5.large",)
    assert context["sagemaker:maxruntimeinseconds"] == ("60",)
    assert "sagemaker:vpcsubnets" not in context, "an absent list is an absent key"


@pytest.mark.parametrize(
    ("operation", "members", "expected"),
    [
        ("ListBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
        ("ListObjectsV2", {"Bucket": "b"}, [("s3:ListBucket", "b")]),
        ("PutObject", {"Bucket": "b", "Key": "k/1"}, [("s3:PutObject", "b/k/1")]),
        ("UploadPart", {"Bucket": "b", "Key": "k"}, [("s3:PutObject", "b/k")]),
        ("DeleteObject", {"Bucket": "b", "Key": "k", "VersionId": "v"}, [("s3:DeleteObjectVersion", "b/k")]),
        (
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "other/x"},
            [("s3:PutObject", "b/k"), ("s3:GetObject", "other/x")],
        ),
        (
            "PutObject",
            {"Bucket": "b", "Key": "k", "Tagging": "a=b", "ACL": "private"},
            [("s3:PutObject", "b/k"), ("s3:PutObjectTagging", "b/k"), ("s3:PutObjectAcl", "b/k")],
        ),
        ("PutBucketCors", {"Bucket": "b"}, [("s3:PutBucketCORS", "b")]),
    ],
)
def test_what_s3_calls_otherwise(
    region: Region, operation: str, members: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    assert resources(needs(region, "s3", operation, members).own) == expected


def test_to_be_told_that_an_object_is_not_there_needs_to_list_the_bucket(region: Region) -> None:
    region.objects.put("there", "key", b"")
    for key, expected in (("key", ["s3:GetObject"]), ("other", ["s3:GetObject", "s3:ListBucket"])):
        asked = needs(region, "s3", "HeadObject", {"Bucket": "there", "Key": key}).own
        assert [need.action for need in asked] == expected


def test_log_streams_and_alarms_are_named_as_their_services_do(region: Region) -> None:
    members = {"logGroupName": "/aws/x", "logStreamName": "s"}
    assert needs(region, "logs", "GetLogEvents", members).own[0].resource.endswith("log-group:/aws/x:log-stream:s")
    assert needs(region, "logs", "FilterLogEvents", members).own[0].resource.endswith("log-group:/aws/x:log-stream:")
    [named, other] = needs(region, "cloudwatch", "DeleteAlarms", {"AlarmNames": ["a", "b"]}).own
    assert (named.resource.rpartition(":alarm:")[2], other.resource.rpartition(":alarm:")[2]) == ("a", "b")
    [asked] = needs(region, "cloudwatch", "PutMetricData", {"Namespace": "Mine"}).own
    assert asked.context == {"cloudwatch:namespace": ("Mine",)}
