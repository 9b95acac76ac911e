"""Who calls, and temporary keys, through unmodified clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON, Clients
from tests.sandbox.enforced import Enforced, allow, document, enforced_region, refusal

ACCOUNT = "000000000000"
OPERATOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/operator/sandbox"
EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/cmapss-sagemaker-execution"


def test_whoever_calls_is_the_operator(clients: Clients) -> None:
    identity = clients("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT
    assert identity["Arn"] == OPERATOR
    assert identity["UserId"].endswith(":sandbox")


def test_where_nothing_is_enforced_every_role_is_open_and_keys_say_whose_they_are(
    clients: Clients, region: Region
) -> None:
    answer = clients("sts").assume_role(RoleArn=EXECUTION_ROLE, RoleSessionName="try")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/cmapss-sagemaker-execution/try"
    assert answer["Credentials"]["Expiration"] == region.now() + timedelta(hours=1)
    assert answer["Credentials"]["AccessKeyId"] in region.table("sts_sessions")
    absent = f"{EXECUTION_ROLE}-2"
    code, _, message = refusal(clients("sts").assume_role, RoleArn=absent, RoleSessionName="try")
    assert code == "AccessDenied"
    assert message == f"User: {OPERATOR} is not authorized to perform: sts:AssumeRole on resource: {absent}"


def test_keys_of_users_and_of_sessions_are_told_whose_they_are(enforced: Enforced) -> None:
    keys = enforced.user("ida")
    identity = enforced.client("sts", keys).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ida"
    assert identity["UserId"] == enforced.client("iam").get_user(UserName="ida")["User"]["UserId"]
    role = enforced.role("told")
    identity = enforced.client("sts", enforced.assumed(role, keys)).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/told/session"
    assert identity["UserId"].endswith(":session")


def test_a_role_is_assumed_by_whom_it_trusts(enforced: Enforced) -> None:
    jim, kim = enforced.user("jim"), enforced.user("kim", allow("sts:AssumeRole"))
    trusting = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    of_jim = enforced.role("of-jim", trust={**trusting, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/jim"}})
    of_account = enforced.role("of-account", trust={**trusting, "Principal": {"AWS": ACCOUNT}})
    enforced.assumed(of_jim, jim)
    enforced.assumed(of_account, kim)
    for keys, role in ((kim, of_jim), (jim, of_account), (kim, EXECUTION_ROLE)):
        sts = enforced.client("sts", keys)
        code, _, message = refusal(sts.assume_role, RoleArn=role, RoleSessionName="no")
        assert (code, message.endswith(f"sts:AssumeRole on resource: {role}")) == ("AccessDenied", True)
    condition = {"StringEquals": {"sts:ExternalId": "right"}}
    guarded = enforced.role("guarded", trust={**trusting, "Principal": "*", "Condition": condition})
    assert refusal(enforced.client("sts", jim).assume_role, RoleArn=guarded, RoleSessionName="no")[0] == "AccessDenied"
    enforced.assumed(guarded, jim, ExternalId="right")


def test_a_session_ends_when_the_region_s_time_has_come(enforced: Enforced) -> None:
    role = enforced.role("short", allow("sagemaker:*", "s3:*", "cloudwatch:*"))
    keys = enforced.assumed(role, DurationSeconds=900)
    calls = [
        (enforced.client("sagemaker", keys).list_endpoints, "ExpiredTokenException"),
        (enforced.client("s3", keys).list_buckets, "ExpiredToken"),
        (enforced.client("cloudwatch", keys).list_metrics, "ExpiredToken"),
        (enforced.client("sts", keys).get_caller_identity, "ExpiredToken"),
    ]
    enforced.region.advance(899)
    for call, _ in calls:
        call()
    enforced.region.advance(1)
    for call, code in calls:
        assert refusal(call)[0] == code


def test_a_session_lasts_no_longer_than_its_role_and_a_chained_one_an_hour(enforced: Enforced) -> None:
    role = enforced.role("long", allow("sts:AssumeRole"), MaxSessionDuration=7200)
    sts = enforced.client("sts")
    sts.assume_role(RoleArn=role, RoleSessionName="two-hours", DurationSeconds=7200)
    code, _, message = refusal(sts.assume_role, RoleArn=role, RoleSessionName="more", DurationSeconds=7201)
    assert (code, message) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    chained = enforced.client("sts", enforced.assumed(role))
    chained.assume_role(RoleArn=role, RoleSessionName="an-hour", DurationSeconds=3600)
    message = refusal(chained.assume_role, RoleArn=role, RoleSessionName="more", DurationSeconds=3601)[2]
    assert "1 hour session limit for roles assumed by role chaining" in message


def test_a_session_needs_its_token_and_its_role(enforced: Enforced) -> None:
    role = enforced.role("brief", allow("sagemaker:*"))
    access_key, secret, token = enforced.assumed(role)
    enforced.client("sagemaker", (access_key, secret, token)).list_models()
    for wrong in (None, "another"):
        sagemaker = enforced.client("sagemaker", (access_key, secret, wrong))
        assert refusal(sagemaker.list_models)[0] == "UnrecognizedClientException"
    iam = enforced.client("iam")
    iam.delete_role_policy(RoleName="brief", PolicyName="only")
    iam.delete_role(RoleName="brief")
    enforced.role("brief", allow("sagemaker:*"))
    sagemaker = enforced.client("sagemaker", (access_key, secret, token))
    assert refusal(sagemaker.list_models)[0] == "UnrecognizedClientException", "the new role is another"


def test_policies_and_tags_that_a_session_brings(enforced: Enforced) -> None:
    mine = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    role = enforced.role("tagged", allow("sagemaker:List*", Condition=mine))
    sts = enforced.client("sts")
    keys = enforced.assumed(role, Tags=[{"Key": "team", "Value": "red"}])
    enforced.client("sagemaker", keys).list_models()
    assert refusal(enforced.client("sagemaker", enforced.assumed(role)).list_models)[0] == "AccessDeniedException"
    policy = document(allow("sagemaker:ListModels"))
    assert 0 < sts.assume_role(RoleArn=role, RoleSessionName="small", Policy=policy)["PackedPolicySize"] <= 100
    code, *_ = refusal(sts.assume_role, RoleArn=role, RoleSessionName="wrong", Policy='{"Statement": 1}')
    assert code == "MalformedPolicyDocument"
    arns = [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/absent"}]
    code, *_ = refusal(sts.assume_role, RoleArn=role, RoleSessionName="wrong", PolicyArns=arns)
    assert code == "MalformedPolicyDocument"


def test_a_user_gets_temporary_keys_with_the_same_permissions_once(enforced: Enforced) -> None:
    keys = enforced.user("lea", allow("sagemaker:List*"))
    made = enforced.client("sts", keys).get_session_token(DurationSeconds=900)["Credentials"]
    temporary = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    assert enforced.client("sts", temporary).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/lea"
    enforced.client("sagemaker", temporary).list_models()
    code, _, message = refusal(enforced.client("sts", temporary).get_session_token)
    assert (code, message) == ("AccessDenied", "Cannot call GetSessionToken with session credentials")


def test_a_session_outlives_the_process(tmp_path: Any) -> None:
    with enforced_region(tmp_path / "state", NOON) as first:
        role = first.role("lasting", allow("sagemaker:List*"))
        keys, user = first.assumed(role), first.user("max", allow("sagemaker:List*"))
    with enforced_region(tmp_path / "state", NOON) as second:
        for held in (keys, user):
            second.client("sagemaker", held).list_models()
            assert refusal(second.client("sagemaker", held).describe_model, ModelName="x")[0] == "AccessDeniedException"
