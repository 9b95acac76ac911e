"""Who may do what where IAM is enforced, as unmodified clients are told it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cmapss_sandbox.region import Region
from tests.sandbox.artefacts import IMAGE, ROLE, production_variant
from tests.sandbox.enforced import ANYBODY, Enforced, Keys, allow, deny, document, refusal

ANA = "arn:aws:iam::000000000000:user/ana"


CALLS = [
    ("sagemaker", "list_endpoints", {}, "AccessDeniedException", 400, "sagemaker:ListEndpoints"),
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "x", "Body": b""}, "AccessDeniedException", 403, None),
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "sagemaker"}, None, 400, None),
    ("cloudwatch", "list_metrics", {}, "AccessDenied", 403, "cloudwatch:ListMetrics"),
    ("logs", "describe_log_groups", {}, "AccessDeniedException", 400, "logs:DescribeLogGroups"),
    ("pricing", "get_products", {"ServiceCode": "AmazonSageMaker"}, None, 400, "pricing:GetProducts"),
    ("service-quotas", "list_service_quotas", {"ServiceCode": "sagemaker"}, None, 400, None),
    ("iam", "list_users", {}, "AccessDenied", 403, "iam:ListUsers"),
    ("s3", "list_buckets", {}, "AccessDenied", 403, "s3:ListAllMyBuckets"),
    ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403, "ec2:DescribeVpcs"),
]


@pytest.mark.parametrize(("service", "call", "members", "code", "status", "action"), CALLS)
def test_nobody_may_do_anything_and_is_told_what_is_missing(
    enforced: Enforced,
    nobody: Keys,
    service: str,
    call: str,
    members: dict[str, Any],
    code: str | None,
    status: int,
    action: str | None,
) -> None:
    found = refusal(getattr(enforced.client(service, nobody), call), **members)
    assert found[:2] == (code or "AccessDeniedException", status)
    assert "User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: " in found[2]
    assert (action or "") in found[2]
    assert "because no identity-based policy allows the " in found[2]


@pytest.mark.parametrize(
    ("service", "call", "unknown", "wrong"),
    [
        ("sagemaker", "list_endpoints", ("UnrecognizedClientException", 403), ("InvalidSignatureException", 403)),
        ("sts", "get_caller_identity", ("InvalidClientTokenId", 403), ("SignatureDoesNotMatch", 403)),
        ("iam", "list_users", ("InvalidClientTokenId", 403), ("SignatureDoesNotMatch", 403)),
        ("cloudwatch", "list_metrics", ("InvalidClientTokenId", 403), ("SignatureDoesNotMatch", 403)),
        ("s3", "list_buckets", ("InvalidAccessKeyId", 403), ("SignatureDoesNotMatch", 403)),
        ("ec2", "describe_vpcs", ("AuthFailure", 401), ("AuthFailure", 401)),
    ],
)
def test_keys_that_nobody_has_and_a_secret_that_is_wrong(
    enforced: Enforced, nobody: Keys, service: str, call: str, unknown: tuple[str, int], wrong: tuple[str, int]
) -> None:
    for keys, expected in (
        (("AKIAIOSFODNN7EXAMPLE", "x", None), unknown),
        ((nobody[0], "x", None), wrong),
        (("sandbox", "x", None), wrong),
        ((*nobody[:2], "a token"), unknown),
    ):
        assert refusal(getattr(enforced.client(service, keys), call))[:2] == expected


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 Credential=sandbox/20260105/us-east-1/sagemaker/aws4_request, Signature=x",
        "AWS4-HMAC-SHA256 Credential=sandbox/20260105/us-east-1/sagemaker/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=sandbox/20260105/r/sagemaker/aws4_request, SignedHeaders=;;x, Signature=\xe9",
        "AWS4-HMAC-SHA256 Credential=sandbox/x/y/sagemaker/z, SignedHeaders=host;x-amz-date, Signature=00",
    ],
)
def test_half_a_signature_is_none(enforced: Enforced, authorization: str) -> None:
    asked = urllib.request.Request(
        enforced.url,
        data=b"{}",
        headers={"Authorization": authorization, "X-Amz-Target": "SageMaker.ListModels", "X-Amz-Date": "x"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked)
    assert caught.value.code == 403
    assert json.loads(caught.value.read())["__type"] == "InvalidSignatureException"


def test_a_key_that_was_made_inactive_is_unknown(enforced: Enforced) -> None:
    keys = enforced.user("leaver", allow("sagemaker:*"))
    enforced.client("sagemaker", keys).list_endpoints()
    enforced.client("iam").update_access_key(UserName="leaver", AccessKeyId=keys[0], Status="Inactive")
    assert refusal(enforced.client("sagemaker", keys).list_endpoints)[0] == "UnrecognizedClientException"


def test_what_is_refused_has_not_happened(enforced: Enforced) -> None:
    keys = enforced.user("reader", allow("sagemaker:Describe*", "s3:GetObject", "iam:Get*"))
    sagemaker, s3, iam = (enforced.client(service, keys) for service in ("sagemaker", "s3", "iam"))
    enforced.client("s3").create_bucket(Bucket="untouched")
    variants = [production_variant("m")]
    for call, members in (
        (sagemaker.create_endpoint_config, {"EndpointConfigName": "refused", "ProductionVariants": variants}),
        (s3.put_object, {"Bucket": "untouched", "Key": "a", "Body": b"x"}),
        (iam.create_user, {"UserName": "another"}),
    ):
        assert refusal(call, **members)[1] in (400, 403)
    assert "refused" not in enforced.region.table("endpoint_configs")
    assert list(enforced.region.objects.keys("untouched")) == []
    assert "another" not in [user["UserName"] for user in enforced.client("iam").list_users()["Users"]]


def test_policies_of_users_of_their_groups_and_attached_ones_all_count(enforced: Enforced) -> None:
    keys = enforced.user("ana", allow("sagemaker:ListModels"))
    iam, sagemaker = enforced.client("iam"), enforced.client("sagemaker", keys)
    sagemaker.list_models()
    assert refusal(sagemaker.list_endpoints)[0] == "AccessDeniedException"
    iam.create_group(GroupName="team")
    iam.put_group_policy(
        GroupName="team", PolicyName="lists", PolicyDocument=document(allow("sagemaker:ListEndpoints"))
    )
    iam.add_user_to_group(GroupName="team", UserName="ana")
    sagemaker.list_endpoints()
    made = iam.create_policy(PolicyName="jobs", PolicyDocument=document(allow("sagemaker:ListTrainingJobs")))["Policy"]
    iam.attach_user_policy(UserName="ana", PolicyArn=made["Arn"])
    sagemaker.list_training_jobs()
    iam.create_policy_version(
        PolicyArn=made["Arn"], PolicyDocument=document(deny("sagemaker:ListModels")), SetAsDefault=True
    )
    assert refusal(sagemaker.list_training_jobs)[0] == "AccessDeniedException"
    assert refusal(sagemaker.list_models)[2] == (
        f"User: {ANA} is not authorized to perform: sagemaker:ListModels "
        "with an explicit deny in an identity-based policy"
    )
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly")
    assert refusal(sagemaker.describe_endpoint, EndpointName="x")[0] == "ValidationException", "AWS's own counts too"


def test_a_boundary_bounds_a_role_and_a_session_policy_its_session(enforced: Enforced) -> None:
    bound = enforced.client("iam").create_policy(
        PolicyName="bound", PolicyDocument=document(allow("sagemaker:List*", "sts:*"))
    )["Policy"]["Arn"]
    role = enforced.role("bounded", allow("sagemaker:*"), PermissionsBoundary=bound)
    sagemaker = enforced.client("sagemaker", enforced.assumed(role))
    sagemaker.list_endpoints()
    message = refusal(sagemaker.describe_endpoint, EndpointName="X")[2]
    assert message == (
        "User: arn:aws:sts::000000000000:assumed-role/bounded/session is not authorized to perform: "
        "sagemaker:DescribeEndpoint on resource: arn:aws:sagemaker:us-east-1:000000000000:endpoint/x "
        "because no permissions boundary allows the sagemaker:DescribeEndpoint action"
    )
    narrow = enforced.assumed(role, Policy=document(allow("sagemaker:ListModels")))
    enforced.client("sagemaker", narrow).list_models()
    message = refusal(enforced.client("sagemaker", narrow).list_endpoints)[2]
    assert message.endswith("because no session policy allows the sagemaker:ListEndpoints action")


def test_a_boundary_bounds_a_user_too(enforced: Enforced) -> None:
    iam = enforced.client("iam")
    bound = iam.create_policy(PolicyName="lists", PolicyDocument=document(allow("sagemaker:List*")))["Policy"]["Arn"]
    keys = enforced.user("ivo", allow("sagemaker:*"))
    sagemaker = enforced.client("sagemaker", keys)
    assert refusal(sagemaker.describe_model, ModelName="x")[0] == "ValidationException"
    iam.put_user_permissions_boundary(UserName="ivo", PermissionsBoundary=bound)
    assert "because no permissions boundary allows" in refusal(sagemaker.describe_model, ModelName="x")[2]
    sagemaker.list_models()
    iam.delete_user_permissions_boundary(UserName="ivo")
    assert refusal(sagemaker.describe_model, ModelName="x")[0] == "ValidationException"
    for call in (iam.put_user_permissions_boundary, iam.delete_user_permissions_boundary):
        members = {"PermissionsBoundary": bound} if call == iam.put_user_permissions_boundary else {}
        assert refusal(call, UserName="nobody-there", **members)[0] == "NoSuchEntity"
    iam.create_user(UserName="bounded", PermissionsBoundary=bound)
    enforced.allow_user("bounded", allow("sagemaker:*"))
    iam.update_user(UserName="bounded", NewUserName="renamed")
    made = iam.create_access_key(UserName="renamed")["AccessKey"]
    renamed = enforced.client("sagemaker", (made["AccessKeyId"], made["SecretAccessKey"], None))
    assert refusal(renamed.describe_model, ModelName="x")[0] == "AccessDeniedException"


def test_resources_and_condition_keys_narrow_what_is_allowed(enforced: Enforced) -> None:
    small = {"ForAllValues:StringEquals": {"sagemaker:InstanceTypes": ["ml.m5.large"]}}
    tagged = {"StringEquals": {"aws:RequestTag/owner": "${aws:username}"}}
    models = "arn:aws:sagemaker:*:*:model/${aws:username}-*"
    keys = enforced.user(
        "bea",
        allow("sagemaker:CreateModel", resource=models),
        allow(
            "iam:PassRole",
            resource=ROLE,
            Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        allow("sagemaker:CreateEndpointConfig", Condition={**small, **tagged}),
        allow("sagemaker:AddTags", resource="*"),
    )
    sagemaker = enforced.client("sagemaker", keys)
    model = {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}}
    sagemaker.create_model(ModelName="bea-1", **model)
    assert "model/ana-1" in refusal(sagemaker.create_model, ModelName="ana-1", **model)[2]
    other = {**model, "ExecutionRoleArn": f"{ROLE}-2"}
    assert f"iam:PassRole on resource: {ROLE}-2" in refusal(sagemaker.create_model, ModelName="bea-2", **other)[2]
    tags = {"Tags": [{"Key": "owner", "Value": "bea"}]}
    fits = [production_variant("bea-1", InstanceType="ml.m5.large")]
    sagemaker.create_endpoint_config(EndpointConfigName="fits", ProductionVariants=fits, **tags)
    for members in (
        {"ProductionVariants": [production_variant("bea-1")], **tags},
        {"ProductionVariants": fits},
        {"ProductionVariants": fits, "Tags": [{"Key": "owner", "Value": "ana"}]},
    ):
        message = refusal(sagemaker.create_endpoint_config, EndpointConfigName="not", **members)[2]
        assert "sagemaker:CreateEndpointConfig on resource: " in message


def test_tags_of_what_is_there_and_the_region_s_time_are_known(enforced: Enforced) -> None:
    operator = enforced.client("sagemaker")
    for name in ("red", "blue"):
        operator.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[production_variant("bea-1")],
            Tags=[{"Key": "colour", "Value": name}],
        )
    red = {"StringEquals": {"aws:ResourceTag/colour": "red"}}
    soon = {"DateLessThan": {"aws:CurrentTime": "2026-01-05T13:00:00Z"}}
    keys = enforced.user("cid", allow("sagemaker:DescribeEndpointConfig", Condition={**red, **soon}))
    sagemaker = enforced.client("sagemaker", keys)
    sagemaker.describe_endpoint_config(EndpointConfigName="red")
    assert refusal(sagemaker.describe_endpoint_config, EndpointConfigName="blue")[0] == "AccessDeniedException"
    enforced.region.advance(3600)
    assert refusal(sagemaker.describe_endpoint_config, EndpointConfigName="red")[0] == "AccessDeniedException"


def test_an_endpoint_is_not_deleted_by_who_may_not_deregister_what_scales_it(enforced: Enforced) -> None:
    region = enforced.region
    keys = enforced.user("gil", allow("sagemaker:DeleteEndpoint"))
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/scaled/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ScalableTargetARN": region.arn("application-autoscaling", "scalable-target/1"),
    }
    with region.transaction():
        region.table("scalable_targets")[target["ResourceId"]] = target
    code, status, message = refusal(enforced.client("sagemaker", keys).delete_endpoint, EndpointName="scaled")
    assert (code, status) == ("AccessDeniedException", 400)
    assert message == (
        "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to "
        "invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister "
        "the scalable target."
    )
    with region.transaction():
        del region.table("scalable_targets")[target["ResourceId"]]
    assert (
        refusal(enforced.client("sagemaker", keys).delete_endpoint, EndpointName="scaled")[0] == "ValidationException"
    )


def test_execution_roles_are_asked_too(enforced: Enforced) -> None:
    region = enforced.region
    assert region.assumable(ROLE)
    assert not region.assumable(ROLE, "ec2.amazonaws.com")
    assert not region.assumable(f"{ROLE}-2")
    for account, expected in (("000000000000", True), ("111111111111", False)):
        condition = {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:*:{account}:*"},
        }
        trust = {**ANYBODY, "Principal": {"Service": "sagemaker.amazonaws.com"}, "Condition": condition}
        assert region.assumable(enforced.role(f"of-{account}", trust=trust)) is expected
    assert region.permits(ROLE, "s3:GetObject", "arn:aws:s3:::cmapss-models/a/model.tar.gz")
    assert not region.permits(ROLE, "s3:GetObject", "arn:aws:s3:::other/a")
    assert not region.permits(f"{ROLE}-2", "s3:GetObject", "arn:aws:s3:::cmapss-models/a")


def test_where_nothing_is_enforced_every_role_may_do_everything(region: Region) -> None:
    assert region.permits("arn:aws:iam::000000000000:role/absent", "s3:GetObject", "arn:aws:s3:::x/y")
    assert region.assumable("arn:aws:iam::000000000000:role/absent")


def test_changes_of_everything_at_once_hold_nobody_up(enforced: Enforced) -> None:
    keys = enforced.user("hal", allow("sagemaker:*", "s3:*", "iam:*", "application-autoscaling:*"))
    enforced.region.objects.create_bucket("busy")
    services = {name: enforced.client(name, keys) for name in ("sagemaker", "s3", "iam", "sts")}
    role = enforced.role("busy")

    def act(number: int) -> None:
        services["iam"].create_role(RoleName=f"busy-{number}", AssumeRolePolicyDocument=document(ANYBODY))
        services["s3"].put_object(Bucket="busy", Key=f"{number}", Body=b"x")
        services["sagemaker"].list_endpoints()
        services["sts"].assume_role(RoleArn=role, RoleSessionName=f"busy-{number}")
        services["s3"].put_bucket_tagging(Bucket="busy", Tagging={"TagSet": [{"Key": "a", "Value": f"{number}"}]})
        enforced.region.permits(role, "s3:GetObject", "arn:aws:s3:::busy/1")
        services["s3"].list_objects_v2(Bucket="busy")

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(act, number) for number in range(18)]:
            done.result(timeout=60)
    assert len(list(enforced.region.objects.keys("busy"))) == 18


def test_a_simulation_says_what_would_happen(enforced: Enforced) -> None:
    iam = enforced.client("iam")
    role = enforced.role("simulated", allow("sagemaker:List*"), deny("sagemaker:ListModels"))
    actions = ["sagemaker:ListEndpoints", "sagemaker:ListModels", "sagemaker:CreateModel"]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role, ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    results = [row for page in pages for row in page["EvaluationResults"]]
    assert [row["EvalActionName"] for row in results] == actions
    assert [row["EvalDecision"] for row in results] == ["allowed", "explicitDeny", "implicitDeny"]
    assert results[0]["MatchedStatements"][0]["SourcePolicyId"] == "only"
    passed = document(allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "a"}}))
    entry = {"ContextKeyName": "iam:PassedToService", "ContextKeyType": "string"}
    for value, expected in (("a", "allowed"), ("b", "implicitDeny")):
        [row] = iam.simulate_custom_policy(
            PolicyInputList=[passed],
            ActionNames=["iam:PassRole"],
            ResourceArns=[ROLE],
            ContextEntries=[{**entry, "ContextKeyValues": [value]}],
        )["EvaluationResults"]
        assert row["EvalDecision"] == expected
    [row] = iam.simulate_custom_policy(PolicyInputList=[passed], ActionNames=["iam:PassRole"])["EvaluationResults"]
    assert (row["EvalDecision"], row["MissingContextValues"]) == ("implicitDeny", ["iam:passedtoservice"])
    assert refusal(iam.simulate_principal_policy, PolicySourceArn=f"{role}-2", ActionNames=actions)[0] == "NoSuchEntity"
    assert refusal(iam.simulate_custom_policy, PolicyInputList=["{}"], ActionNames=actions)[0] == "InvalidInput"
    assert refusal(iam.simulate_custom_policy, PolicyInputList=[passed], ActionNames=["nonsense"])[0] == "InvalidInput"


def test_the_region_says_that_it_enforces(enforced: Enforced) -> None:
    with urllib.request.urlopen(f"{enforced.url}/_sandbox") as answer:
        assert json.loads(answer.read())["iam"]["enforced"]


def test_a_simulation_about_the_operator_allows_everything(enforced: Enforced) -> None:
    iam = enforced.client("iam")
    caller = enforced.client("sts").get_caller_identity()["Arn"]
    role = caller.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rpartition("/")[0]
    results = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["sagemaker:DeleteEndpoint", "iam:PassRole"], ResourceArns=[ROLE]
    )["EvaluationResults"]
    assert [row["EvalDecision"] for row in results] == ["allowed", "allowed"]


def test_it_tells_what_each_caller_needed_whether_or_not_it_was_allowed(enforced: Enforced) -> None:
    keys = enforced.user("watched", allow("sagemaker:ListModels"))
    sagemaker = enforced.client("sagemaker", keys)
    sagemaker.list_models()
    enforced.client("sts", keys).get_caller_identity()
    refusal(sagemaker.list_endpoints)
    with urllib.request.urlopen(f"{enforced.url}/_sandbox") as answer:
        asked = json.loads(answer.read())["iam"]["asked"]
    assert asked["arn:aws:iam::000000000000:user/watched"] == ["sagemaker:ListEndpoints", "sagemaker:ListModels"]
    assert not any("operator" in arn for arn in asked)
