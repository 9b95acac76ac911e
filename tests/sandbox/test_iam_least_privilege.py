"""A role with exactly the actions of a journey makes it; without any one of them, the call that needs it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.sandbox.artefacts import ARTEFACT, IMAGE, ROLE, production_variant
from tests.sandbox.boosters import artefact, as_csv, random_rows
from tests.sandbox.conftest import NOON
from tests.sandbox.enforced import Enforced, allow, document, enforced_region
from tests.sandbox.scaling import instances_of, put_policy
from tests.sandbox.test_process import Start, start

__all__ = ["start"]  # the fixture of that name

ACCOUNT = "000000000000"
LINKED_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
SAGEMAKER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
TARGETS = f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/*"
ALARMS = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:TargetTracking-*"
SCALING = {
    "StringEquals": {
        "application-autoscaling:service-namespace": "sagemaker",
        "application-autoscaling:scalable-dimension": "sagemaker:variant:DesiredInstanceCount",
    }
}
# Each action of the journey, what narrows it, and the operation that is refused without it.
ACTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "s3:GetObject": ({"resource": "arn:aws:s3:::models/small/*"}, "GetObject"),
    "sagemaker:CreateModel": ({"resource": f"{SAGEMAKER}:model/*"}, "CreateModel"),
    "iam:PassRole": (
        {"resource": ROLE, "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}},
        "CreateModel",
    ),
    "sagemaker:AddTags": (
        {"resource": f"{SAGEMAKER}:*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["owner"]}}},
        "CreateModel",
    ),
    "sagemaker:CreateEndpointConfig": (
        {
            "resource": f"{SAGEMAKER}:endpoint-config/*",
            "Condition": {"ForAnyValue:StringEquals": {"sagemaker:InstanceTypes": "ml.m5.xlarge"}},
        },
        "CreateEndpointConfig",
    ),
    "sagemaker:CreateEndpoint": (
        {"resource": [f"{SAGEMAKER}:endpoint/*", f"{SAGEMAKER}:endpoint-config/*"]},
        "CreateEndpoint",
    ),
    "sagemaker:DescribeEndpoint": ({"resource": f"{SAGEMAKER}:endpoint/*"}, "DescribeEndpoint"),
    "sagemaker:DescribeEndpointConfig": (
        {"resource": f"{SAGEMAKER}:endpoint-config/*"},
        "RegisterScalableTarget",
    ),
    "application-autoscaling:RegisterScalableTarget": (
        {"resource": TARGETS, "Condition": SCALING},
        "RegisterScalableTarget",
    ),
    "sagemaker:UpdateEndpointWeightsAndCapacities": (
        {"resource": f"{SAGEMAKER}:endpoint/*"},
        "RegisterScalableTarget",
    ),
    "cloudwatch:PutMetricAlarm": ({"resource": ALARMS}, "RegisterScalableTarget"),
    "cloudwatch:DescribeAlarms": ({"resource": ALARMS}, "RegisterScalableTarget"),
    "cloudwatch:DeleteAlarms": ({"resource": ALARMS}, "RegisterScalableTarget"),
    "iam:CreateServiceLinkedRole": (
        {
            "resource": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/*",
            "Condition": {"StringEquals": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}},
        },
        "RegisterScalableTarget",
    ),
    "application-autoscaling:PutScalingPolicy": ({"resource": TARGETS, "Condition": SCALING}, "PutScalingPolicy"),
    "application-autoscaling:DescribeScalableTargets": ({}, "DescribeScalableTargets"),
    "application-autoscaling:DescribeScalingActivities": ({}, "DescribeScalingActivities"),
    "sagemaker:InvokeEndpoint": ({"resource": f"{SAGEMAKER}:endpoint/*"}, "InvokeEndpoint"),
    "application-autoscaling:DeregisterScalableTarget": ({"resource": TARGETS}, "DeleteEndpoint"),
    "application-autoscaling:DeleteScalingPolicy": ({"resource": TARGETS}, "DeleteEndpoint"),
    "sagemaker:DeleteEndpoint": ({"resource": f"{SAGEMAKER}:endpoint/*"}, "DeleteEndpoint"),
    "sagemaker:DeleteEndpointConfig": ({"resource": f"{SAGEMAKER}:endpoint-config/*"}, "DeleteEndpointConfig"),
    "sagemaker:DeleteModel": ({"resource": f"{SAGEMAKER}:model/*"}, "DeleteModel"),
}


def statements(*, without: str = "") -> list[dict[str, Any]]:
    return [allow(action, **narrowed) for action, (narrowed, _) in ACTIONS.items() if action != without]


def journey(client: Any, name: str, wait: Any) -> None:
    """Deploy, scale, invoke and delete; `client` makes clients by service, `wait` waits until the endpoint is there."""
    sagemaker, autoscaling = client("sagemaker"), client("application-autoscaling")
    client("s3").get_object(Bucket="models", Key="small/model.tar.gz")["Body"].read()
    tags = [{"Key": "owner", "Value": "least"}]
    container = {"Image": IMAGE, "ModelDataUrl": ARTEFACT}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags)
    variants = [production_variant(name)]
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, Tags=tags)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)
    wait(sagemaker, "endpoint_in_service", name)
    autoscaling.register_scalable_target(**instances_of(name), MinCapacity=1, MaxCapacity=3)
    put_policy(autoscaling, endpoint=name)
    autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    autoscaling.describe_scaling_activities(ServiceNamespace="sagemaker")
    client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=as_csv(random_rows(1)), ContentType="text/csv")
    sagemaker.delete_endpoint(EndpointName=name)
    wait(sagemaker, "endpoint_deleted", name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    """One region for all tests, with the artefact and the role `least`, whose policy each test writes."""
    with enforced_region(tmp_path_factory.mktemp("least") / "state", NOON) as region:
        region.region.objects.put("models", "small/model.tar.gz", artefact())
        region.client("iam").put_role_policy(
            RoleName="cmapss-sagemaker-execution",
            PolicyName="artefact",
            PolicyDocument=document(allow("s3:GetObject", "s3:ListBucket")),
        )
        region.role("least")
        yield region


def travel(enforced: Enforced, name: str, *, without: str = "") -> None:
    iam = enforced.client("iam")
    if LINKED_ROLE in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        iam.delete_service_linked_role(RoleName=LINKED_ROLE)
    iam.put_role_policy(RoleName="least", PolicyName="only", PolicyDocument=document(*statements(without=without)))
    keys = enforced.assumed(f"arn:aws:iam::{ACCOUNT}:role/least")

    def wait(sagemaker: Any, waiter: str, endpoint: str) -> None:
        enforced.region.advance(900)
        sagemaker.get_waiter(waiter).wait(EndpointName=endpoint)

    try:
        journey(lambda service: enforced.client(service, keys), name, wait)
    finally:
        # The quota has room for a few endpoints only.
        if name in enforced.region.table("endpoints"):
            enforced.region.advance(900)
            enforced.client("sagemaker").delete_endpoint(EndpointName=name)
            enforced.region.advance(900)


def test_exactly_the_actions_of_the_journey_are_enough(enforced: Enforced) -> None:
    travel(enforced, "whole")
    assert not {"whole"} & {*enforced.region.table("endpoints"), *enforced.region.table("models")}
    assert LINKED_ROLE in [role["RoleName"] for role in enforced.client("iam").list_roles()["Roles"]]


@pytest.mark.parametrize("action", ACTIONS)
def test_without_any_one_action_the_call_that_needs_it_is_refused_by_its_name(enforced: Enforced, action: str) -> None:
    with pytest.raises((ClientError, WaiterError)) as caught:
        travel(enforced, f"without-{action.replace(':', '-').lower()}", without=action)
    error = caught.value
    if action == "sagemaker:DescribeEndpoint":
        assert "is not authorized to perform: sagemaker:DescribeEndpoint" in str(error), "as the waiter says it"
        return
    assert isinstance(error, ClientError)
    assert error.operation_name == ACTIONS[action][1]
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    assert action in message
    assert code in ("AccessDeniedException", "AccessDenied") or (
        code == "ValidationException" and message == f"User is missing the following permissions: {action}"
    )


def test_the_journey_in_a_sandbox_of_its_own(start: Start) -> None:
    import boto3
    from botocore.config import Config

    running = start("--enforce-iam", "--tuning-jobs", "0", "--speed", "600")

    def client(service: str, **keys: str) -> Any:
        given = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox", **keys}
        make: Any = boto3.client
        return make(
            service,
            region_name="us-east-1",
            endpoint_url=running.address["endpoint_url"],
            config=Config(retries={"max_attempts": 0}),
            **given,
        )

    s3, iam = client("s3"), client("iam")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="small/model.tar.gz", Body=artefact())
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName="least", AssumeRolePolicyDocument=document(trust), MaxSessionDuration=43200)["Role"][
        "Arn"
    ]
    iam.put_role_policy(RoleName="least", PolicyName="only", PolicyDocument=document(*statements()))
    iam.put_role_policy(
        RoleName="cmapss-sagemaker-execution", PolicyName="artefact", PolicyDocument=document(allow("s3:*"))
    )
    made = client("sts").assume_role(RoleArn=arn, RoleSessionName="least", DurationSeconds=43200)["Credentials"]
    keys = {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
        "aws_session_token": made["SessionToken"],
    }

    def wait(sagemaker: Any, waiter: str, endpoint: str) -> None:
        running.control("POST", "/_sandbox/clock", advance_seconds=900)
        sagemaker.get_waiter(waiter).wait(EndpointName=endpoint, WaiterConfig={"Delay": 1})

    journey(lambda service: client(service, **keys), "real", wait)
    with pytest.raises(ClientError, match="sagemaker:ListModels"):
        client("sagemaker", **keys).list_models()
    told = running.control("GET")["iam"]
    assert told["enforced"]
    assert set(told["asked"][arn]) == {*ACTIONS, "sagemaker:ListModels"}
