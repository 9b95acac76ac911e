"""Pre-flight forbids what AWS would refuse later, says what nobody can know, and is stopped by no denied reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.plan import Check
from cmapss_core.plans.preflight import (
    artefact_checks,
    capture_checks,
    image_checks,
    quota_checks,
    redundancy_checks,
    role_checks,
    zone_checks,
)
from tests.core.checking import DENIED, XLARGE, Checks, found, said
from tests.core.scripted import Answer, ScriptedAws, not_found

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/engines"
AWS_IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
OWN_IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/xgboost"
ARTEFACT = "s3://models/job/output/model.tar.gz"


# Role


def trust(*principals: str, effect: str = "Allow", action: Any = "sts:AssumeRole") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": {"Service": list(principals)}, "Action": action}
    return {"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Statement": [statement]}}}


@pytest.mark.parametrize(
    "role",
    [
        trust("sagemaker.amazonaws.com"),
        trust("ec2.amazonaws.com", "sagemaker.amazonaws.com", action=["sts:AssumeRole", "sts:TagSession"]),
    ],
)
def test_a_role_that_trusts_sagemaker_is_good(role: dict[str, Any]) -> None:
    assert said(found(ScriptedAws({"iam:GetRole": role}), lambda draft: role_checks(draft, ROLE))) == [
        (True, "role engines trusts SageMaker")
    ]


@pytest.mark.parametrize(
    ("role_arn", "role", "text"),
    [
        ("engines", {}, "'engines' is no ARN of a role"),
        ("arn:aws:iam::000000000000:user/engines", {}, "'arn:aws:iam::000000000000:user/engines' is no ARN of a role"),
        (ROLE.replace(ACCOUNT, "111111111111"), {}, "role engines is of account 111111111111, not 000000000000"),
        (ROLE, not_found("The role with name engines cannot be found."), "there is no role engines"),
        (ROLE.replace("service-role/", ""), trust("sagemaker.amazonaws.com"),
         f"role engines is {ROLE}, not arn:aws:iam::000000000000:role/engines"),
        (ROLE, trust("ec2.amazonaws.com"), "role engines does not let sagemaker.amazonaws.com take it on"),
        (ROLE, trust("sagemaker.amazonaws.com", effect="Deny"),
         "role engines does not let sagemaker.amazonaws.com take it on"),
        (ROLE, trust("sagemaker.amazonaws.com", action="sts:TagSession"),
         "role engines does not let sagemaker.amazonaws.com take it on"),
    ],
)  # fmt: skip
def test_a_role_that_sagemaker_could_not_take_on_forbids(role_arn: str, role: Answer, text: str) -> None:
    [check] = found(ScriptedAws({"iam:GetRole": role}), lambda draft: role_checks(draft, role_arn))
    assert (check.ok, check.text) == (False, text)
    assert check.remedy


# Image


@pytest.mark.parametrize(
    "image",
    [
        "sagemaker-xgboost:1.7-1",
        "docker.io/library/xgboost",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/Upper:1",
        "68331368837.dkr.ecr.us-east-1.amazonaws.com/short:1",
        f"https://{AWS_IMAGE}",
        f"{OWN_IMAGE}@sha256:short",
    ],
)
def test_an_image_that_is_none_of_ecr_forbids(image: str) -> None:
    [check] = found(ScriptedAws({}), lambda draft: image_checks(draft, image))
    assert (check.ok, check.text) == (False, f"image {image!r} is no address in Amazon ECR")


def test_an_image_of_another_region_forbids() -> None:
    image = AWS_IMAGE.replace("us-east-1", "eu-west-1")
    [check] = found(ScriptedAws({}), lambda draft: image_checks(draft, image))
    assert check.ok is False
    assert "is in eu-west-1, and the endpoint would be in us-east-1" in check.text


def test_into_another_account_nobody_looks() -> None:
    aws = ScriptedAws({})
    assert said(found(aws, lambda draft: image_checks(draft, AWS_IMAGE))) == [
        (True, "image sagemaker-xgboost:1.7-1 of account 683313688378: nobody can look into that account")
    ]
    assert said(found(aws, lambda draft: image_checks(draft, AWS_IMAGE, "best-job"))) == [
        (True, "image sagemaker-xgboost:1.7-1 of account 683313688378: the one that best-job trained with")
    ]


@pytest.mark.parametrize(
    ("suffix", "asked", "name"),
    [
        ("", {"imageTag": "latest"}, "team/xgboost:latest"),
        (":3", {"imageTag": "3"}, "team/xgboost:3"),
        (f"@sha256:{'a' * 64}", {"imageDigest": f"sha256:{'a' * 64}"}, f"team/xgboost@sha256:{'a' * 64}"),
    ],
)
def test_an_image_of_the_account_is_looked_for(suffix: str, asked: dict[str, str], name: str) -> None:
    aws = ScriptedAws({"ecr:DescribeImages": {"imageDetails": [{}]}})
    assert said(found(aws, lambda draft: image_checks(draft, OWN_IMAGE + suffix))) == [(True, f"image {name} found")]
    assert dict(aws.calls)["ecr:DescribeImages"] == {
        "registryId": ACCOUNT,
        "repositoryName": "team/xgboost",
        "imageIds": [asked],
    }
    aws = ScriptedAws({"ecr:DescribeImages": not_found()})
    [check] = found(aws, lambda draft: image_checks(draft, OWN_IMAGE + suffix))
    assert (check.ok, check.text, check.kind) == (False, f"there is no image {name}", ErrorKind.NOT_FOUND)


# Artefact


def bucket(region: str = "us-east-1", size: int = 120_000) -> dict[str, Answer]:
    return {"s3:HeadObject": {"ContentLength": size}, "s3:HeadBucket": {"BucketRegion": region}}


def test_an_artefact_is_there_and_in_the_region() -> None:
    checks = found(ScriptedAws(bucket()), lambda draft: artefact_checks(draft, ARTEFACT))
    assert said(checks) == [(True, "artefact found (0.1 MB)")]


def test_an_artefact_of_another_region_or_an_empty_one_forbids() -> None:
    elsewhere = found(ScriptedAws(bucket("eu-west-1")), lambda draft: artefact_checks(draft, ARTEFACT))
    assert [check.text for check in elsewhere if check.ok is False] == [
        "the artefact's bucket, models, is in eu-west-1, and the endpoint would be in us-east-1"
    ]
    [empty] = found(ScriptedAws(bucket(size=0)), lambda draft: artefact_checks(draft, ARTEFACT))
    assert (empty.ok, empty.text) == (False, f"the model artefact {ARTEFACT} is empty")


@pytest.mark.parametrize(
    ("answer", "kind"), [(DENIED, ErrorKind.DENIED), (not_found(), ErrorKind.NOT_FOUND)], ids=["denied", "gone"]
)
def test_an_artefact_that_cannot_be_read_ends_the_planning(answer: ConsoleError, kind: ErrorKind) -> None:
    aws = ScriptedAws({**bucket(), "s3:HeadObject": answer})
    with pytest.raises(ConsoleError, match=r"the model artefact s3://models/job/output/model\.tar\.gz") as caught:
        found(aws, lambda draft: artefact_checks(draft, ARTEFACT))
    assert caught.value.kind is kind


@pytest.mark.parametrize("uri", ["models/model.tar.gz", "s3://models", "s3://models/", "https://models/x"])
def test_what_is_no_object_is_no_artefact(uri: str) -> None:
    with pytest.raises(ConsoleError, match="no address of an object"):
        found(ScriptedAws({}), lambda draft: artefact_checks(draft, uri))


# Zones and redundancy


def subnets(*zones: str, addresses: int = 250) -> dict[str, Answer]:
    return {
        "ec2:DescribeSubnets": {
            "Subnets": [{"AvailabilityZone": zone, "AvailableIpAddressCount": addresses} for zone in zones]
        }
    }


def test_zones_are_those_of_the_subnets() -> None:
    aws = ScriptedAws(subnets("us-east-1b", "us-east-1a", "us-east-1b"))
    assert said(found(aws, lambda draft: zone_checks(draft, ["s-1", "s-2", "s-3"], 3))) == [
        (True, "subnets in us-east-1a, us-east-1b; AWS reports no instance's zone")
    ]


def test_subnets_of_one_zone_and_without_addresses_are_warned_of() -> None:
    aws = ScriptedAws(subnets("us-east-1a", "us-east-1a", addresses=2))
    assert said(found(aws, lambda draft: zone_checks(draft, ["s-1", "s-2"], 3))) == [
        (None, "all subnets are in us-east-1a: the loss of that zone is the loss of the endpoint"),
        (None, "4 addresses are free in the subnets, and 3 instances want two each"),
    ]


def test_a_subnet_that_is_not_there_forbids() -> None:
    aws = ScriptedAws({"ec2:DescribeSubnets": not_found("The subnet ID 'subnet-1' does not exist")})
    [check] = found(aws, lambda draft: zone_checks(draft, ["subnet-1"], 3))
    assert (check.ok, check.text) == (False, "The subnet ID 'subnet-1' does not exist")


def test_without_subnets_nobody_knows_a_zone() -> None:
    aws = ScriptedAws({})
    [check] = found(aws, lambda draft: zone_checks(draft, [], 2))
    assert check == Check(True, "SageMaker spreads instances over zones itself; AWS reports no instance's zone")
    assert found(aws, lambda draft: zone_checks(draft, [], 1)) == []


def test_one_instance_is_warned_of() -> None:
    assert [check.ok for check in redundancy_checks(1)] == [None]
    assert list(redundancy_checks(2)) == []


# Capture


def may_write(decision: str) -> dict[str, Answer]:
    def simulate(ActionNames: list[str], ResourceArns: list[str], **_: Any) -> dict[str, Any]:
        [action], [resource] = ActionNames, ResourceArns
        result = {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision}
        return {"EvaluationResults": [result], "IsTruncated": False}

    return {"iam:SimulatePrincipalPolicy": simulate}


@pytest.mark.parametrize("uri", ["s3://captures/engines", "s3://captures/engines/", "s3://captures"])
def test_a_place_for_captured_data_is_there_and_open_to_the_role(uri: str) -> None:
    def checks(draft: Draft) -> Iterator[Check]:
        yield from capture_checks(draft, uri, ROLE)

    assert found(ScriptedAws({**bucket(), **may_write("allowed")}), checks) == []
    [closed] = found(ScriptedAws({**bucket(), **may_write("implicitDeny")}), checks)
    assert closed.ok is None
    assert f"role engines may not put objects into {uri.rstrip('/')}" in closed.text
    [elsewhere] = found(ScriptedAws(bucket("eu-west-1")), checks)
    assert (elsewhere.ok, "eu-west-1" in elsewhere.text) == (False, True)
    [gone] = found(ScriptedAws({"s3:HeadBucket": not_found()}), checks)
    assert (gone.ok, gone.text) == (False, "the bucket for captured data, captures, is not there")


def test_what_is_no_place_for_captured_data_forbids() -> None:
    [check] = found(ScriptedAws({}), lambda draft: capture_checks(draft, "captures", ROLE))
    assert check.ok is False


# What is not answered

OPTIONAL: dict[str, tuple[str, Checks]] = {
    "iam:GetRole": ("iam:GetRole", lambda draft: role_checks(draft, ROLE)),
    "ecr:DescribeImages": ("ecr:DescribeImages", lambda draft: image_checks(draft, OWN_IMAGE)),
    "s3:HeadBucket": ("s3:ListBucket", lambda draft: artefact_checks(draft, ARTEFACT)),
    "service-quotas:ListServiceQuotas": (
        "servicequotas:ListServiceQuotas",
        lambda draft: quota_checks(draft, {XLARGE: 1}),
    ),
    "ec2:DescribeSubnets": ("ec2:DescribeSubnets", lambda draft: zone_checks(draft, ["s-1"], 1)),
    "iam:SimulatePrincipalPolicy": (
        "iam:SimulatePrincipalPolicy",
        lambda draft: capture_checks(draft, "s3://captures", ROLE),
    ),
}


@pytest.mark.parametrize("operation", OPTIONAL)
@pytest.mark.parametrize(
    ("error", "how"),
    [
        (DENIED, "is not permitted"),
        (ConsoleError(ErrorKind.THROTTLED, "Rate exceeded."), "was not answered (Rate exceeded)"),
        (ConsoleError(ErrorKind.UNREACHABLE, "no route"), "was not answered (no route)"),
        (ConsoleError(ErrorKind.FAILED, "internal"), "was not answered (internal)"),
    ],
    ids=["denied", "throttled", "unreachable", "failed"],
)
def test_what_is_only_better_known_stops_no_plan_and_is_told_by_name(
    operation: str, error: ConsoleError, how: str
) -> None:
    action, checks = OPTIONAL[operation]
    unanswered = [check for check in found(ScriptedAws({**bucket(), operation: error}), checks) if check.ok is None]
    assert [check.text.partition(": ")[0] for check in unanswered] == [f"{action} {how}"]


@pytest.mark.parametrize("operation", OPTIONAL)
def test_whoever_is_logged_out_is_told_so(operation: str) -> None:
    expired = ConsoleError(ErrorKind.AUTH, "The security token included in the request is expired")
    _, checks = OPTIONAL[operation]
    with pytest.raises(ConsoleError, match="expired"):
        found(ScriptedAws({**bucket(), operation: expired}), checks)
