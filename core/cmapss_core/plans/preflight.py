"""What AWS would find out too late, looked at before anything is made: role, image, artefact, quotas, prices, zones.

A thing that is wrong forbids the plan; what may not be looked at stops nothing, and the plan says so by itself.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cmapss_core.aws import UNANSWERED, Aws
from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind
from cmapss_core.permissions import SERVICE_PRINCIPAL, Permission
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.plan import Check
from cmapss_core.plans.steps import SERVICE
from cmapss_core.quotas import endpoint_quota, quota_name, usage
from cmapss_core.simulation import simulate

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")
# Registries and their repositories as Amazon ECR writes them; a tag that is not said is "latest".
_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_OBJECT = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)")
_PLACE = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<prefix>.*?))?/?")
_PRICING = "pricing:GetProducts"
_ADDRESSES_PER_INSTANCE = 2  # what the guide on hosting in a VPC asks for


def role_checks(draft: Draft, role_arn: str) -> Iterator[Check]:
    """Whether the execution role is there and lets SageMaker take it on. Raises ConsoleError when logged out."""
    match = _ROLE.fullmatch(role_arn)
    if match is None:
        yield Check(False, f"{role_arn!r} is no ARN of a role", "Give arn:aws:iam::ACCOUNT:role/NAME.")
        return
    account = draft.aws.identity().account
    if match["account"] != account:
        yield Check(
            False,
            f"role {match['name']} is of account {match['account']}, not {account}",
            "Pass a role of the account.",
        )
        return
    try:
        role = _optional(draft.aws, "iam", "GetRole", RoleName=match["name"])
    except ConsoleError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        yield Check(
            False, f"there is no role {match['name']}", "Name another role, or have it made.", ErrorKind.NOT_FOUND
        )
        return
    if role is None:
        return
    if role["Role"]["Arn"] != role_arn:
        yield Check(False, f"role {match['name']} is {role['Role']['Arn']}, not {role_arn}", "Give its whole ARN.")
    elif not _trusts(role["Role"].get("AssumeRolePolicyDocument", {}), SERVICE_PRINCIPAL):
        yield Check(
            False,
            f"role {match['name']} does not let {SERVICE_PRINCIPAL} take it on",
            "Name it in the role's trust policy, or choose another role.",
        )
    else:
        yield Check(True, f"role {match['name']} trusts SageMaker")


def image_checks(draft: Draft, image: str, trained_by: str | None = None) -> Iterator[Check]:
    """Whether an image can be there: well formed, of the endpoint's region, and found in a registry of the account.

    Into registries of other accounts, AWS's own among them, nobody can look; what a job trained with was there.
    """
    match = _IMAGE.fullmatch(image)
    if match is None:
        yield Check(
            False,
            f"image {image!r} is no address in Amazon ECR",
            "Give ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG.",
        )
        return
    name = f"{match['repository']}@{match['digest']}" if match["digest"] else f"{match['repository']}:{_tag(match)}"
    if match["region"] != draft.aws.region:
        yield Check(
            False,
            f"image {name} is in {match['region']}, and the endpoint would be in {draft.aws.region}",
            f"Choose the image of {draft.aws.region}.",
        )
    elif match["account"] != draft.aws.identity().account:
        known = f"the one that {trained_by} trained with" if trained_by else "nobody can look into that account"
        yield Check(True, f"image {name} of account {match['account']}: {known}")
    else:
        yield from _image_found(draft, match, name)


def artefact_checks(draft: Draft, s3_uri: str) -> Iterator[Check]:
    """Whether a model artefact is there, in the endpoint's region. Raises ConsoleError where it cannot be read."""
    match = _OBJECT.fullmatch(s3_uri)
    if match is None:
        raise ConsoleError(
            ErrorKind.INVALID, f"{s3_uri!r} is no address of an object", remedy="Give s3://BUCKET/KEY.tar.gz."
        )
    size = _artefact_size(draft.aws, s3_uri, match["bucket"], match["key"])
    if size == 0:
        yield Check(False, f"the model artefact {s3_uri} is empty", "Train again, or give another artefact.")
    else:
        yield Check(True, f"artefact found ({size / 1e6:.1f} MB)")
    yield from _region_of_bucket(draft.aws, match["bucket"], "the artefact's bucket")


def instance_type_checks(draft: Draft, instance_types: Iterable[str]) -> Iterator[Check]:
    """Which of these types no production variant can have, by the service's own model, with the one next to it.

    A type for which there is a quota is newer than the model on this machine, and nothing is wrong with it.
    """
    known = draft.aws.client(SERVICE).meta.service_model.shape_for("ProductionVariantInstanceType").enum
    for instance_type in dict.fromkeys(instance_types):
        if instance_type in known or _quota(draft.aws, instance_type) is not None:
            continue
        nearest = difflib.get_close_matches(instance_type, known, n=1)
        yield Check(
            False,
            f"there is no instance type {instance_type}",
            f"Did you mean {nearest[0]}?" if nearest else "Choose another, such as ml.m5.xlarge.",
            ErrorKind.INVALID,
        )


def quota_checks(draft: Draft, delta: Mapping[str, int]) -> Iterator[Check]:
    """Whether so many instances more, by type, stay within the quotas while the plan is carried out."""
    wanted = {instance_type: more for instance_type, more in sorted(delta.items()) if more > 0}
    quotas = {instance_type: _quota(draft.aws, instance_type) for instance_type in wanted}
    if all(quota is None for quota in quotas.values()):
        return
    used = usage(draft.aws)
    without = f", without what may not be read: {', '.join(used.unread)}" if used.unread else ""
    for instance_type, quota in quotas.items():
        if quota is None:
            continue
        count = used.instances.get(instance_type, 0) + wanted[instance_type]
        text = f"quota {quota_name(instance_type)}: {count} of {quota:g} with this{without}"
        if count > quota:
            yield Check(False, text, REMEDIES[ErrorKind.QUOTA], ErrorKind.QUOTA)
        elif count == quota:
            yield Check(None, f"{text}; nothing is left to scale out")
        else:
            yield Check(None if without else True, text)


def full_load_checks(draft: Draft, begun: Mapping[str, int], most: Mapping[str, int]) -> Iterator[Check]:
    """Where the quota alone, whatever else there is, keeps instances from scaling out from `begun` to `most`."""
    for instance_type, count in most.items():
        first = begun.get(instance_type, 0)
        quota = _quota(draft.aws, instance_type) if count > first else None
        if quota is not None and first <= quota < count:
            yield Check(None, f"at full load {count} × {instance_type} run, and the quota is {quota:g}")


def price_checks(draft: Draft, instance_types: Iterable[str]) -> Iterator[Check]:
    """Which of these types the Price List has no price for; that it was not to be asked, the plan tells by itself."""
    for instance_type in dict.fromkeys(instance_types):
        unknown = draft.cost([(instance_type, 1)]) is None
        if unknown and _PRICING not in (*draft.recording.denied, *draft.recording.unanswered):
            yield Check(None, f"the Price List has no price for hosting on {instance_type}")


def zone_checks(draft: Draft, subnets: Sequence[str], instances: int) -> Iterator[Check]:
    """Over which zones instances can be spread, as far as anybody can know."""
    if not subnets:
        if instances > 1:
            yield Check(True, "SageMaker spreads instances over zones itself; AWS reports no instance's zone")
        return
    try:
        answer = _optional(draft.aws, "ec2", "DescribeSubnets", SubnetIds=list(subnets))
    except ConsoleError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        yield Check(False, error.message.rstrip("."), "Name subnets of this region.", ErrorKind.NOT_FOUND)
        return
    if answer is None:
        return
    zones = sorted({subnet["AvailabilityZone"] for subnet in answer["Subnets"]})
    if len(zones) < 2:
        yield Check(None, f"all subnets are in {', '.join(zones)}: the loss of that zone is the loss of the endpoint")
    else:
        yield Check(True, f"subnets in {', '.join(zones)}; AWS reports no instance's zone")
    free = sum(subnet.get("AvailableIpAddressCount", 0) for subnet in answer["Subnets"])
    if free < instances * _ADDRESSES_PER_INSTANCE:
        yield Check(None, f"{free} addresses are free in the subnets, and {instances} instances want two each")


def capture_checks(draft: Draft, s3_uri: str, role_arn: str) -> Iterator[Check]:
    """Whether captured requests and answers have a place: the bucket is there, in the region, and open to the role."""
    match = _PLACE.fullmatch(s3_uri)
    if match is None:
        yield Check(False, f"{s3_uri!r} is no place in S3 for captured data", "Give s3://BUCKET/PREFIX.")
        return
    wrong = list(_region_of_bucket(draft.aws, match["bucket"], "the bucket for captured data"))
    yield from wrong or _writing_checks(draft.aws, role_arn, "/".join(filter(None, match.group("bucket", "prefix"))))


def redundancy_checks(instances: int) -> Iterator[Check]:
    """Whether the loss of one instance, or of its zone, is the loss of the endpoint."""
    if instances < 2:
        yield Check(None, "one instance does not survive the loss of its availability zone")


def _optional(aws: Aws, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """The answer to what a plan is only better with; None where there is none, which the plan tells by itself.

    Raises ConsoleError for the answer that there is no such thing, and when logged out.
    """
    try:
        return aws.call(service, operation, **parameters)
    except ConsoleError as error:
        if error.kind in UNANSWERED:
            return None
        raise


def _trusts(document: Mapping[str, Any], service: str) -> bool:
    """Whether a trust policy names a service; on which conditions is not looked at."""
    statements = _listed(document.get("Statement", ()))
    return any(
        statement.get("Effect") == "Allow"
        and {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action", ())))
        and _names(statement.get("Principal", {}), service)
        for statement in statements
    )


def _names(principal: Any, service: str) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and service in _listed(principal.get("Service", ())))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _image_found(draft: Draft, match: re.Match[str], name: str) -> Iterator[Check]:
    image = {"imageDigest": match["digest"]} if match["digest"] else {"imageTag": _tag(match)}
    try:
        answer = _optional(
            draft.aws,
            "ecr",
            "DescribeImages",
            registryId=match["account"],
            repositoryName=match["repository"],
            imageIds=[image],
        )
    except ConsoleError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        yield Check(False, f"there is no image {name}", "Push it, or name another image.", ErrorKind.NOT_FOUND)
        return
    if answer is not None:
        yield Check(True, f"image {name} found")


def _tag(image: re.Match[str]) -> str:
    return image["tag"] or "latest"


def _artefact_size(aws: Aws, s3_uri: str, bucket: str, key: str) -> int:
    try:
        answer = aws.call("s3", "HeadObject", Bucket=bucket, Key=key)
    except ConsoleError as error:
        if error.kind is ErrorKind.DENIED:
            # The answer to a HEAD request has no body that could name what is missing.
            raise error.told_as(
                f"the model artefact {s3_uri} may not be read",
                "Ask for s3:GetObject on it and s3:ListBucket on its bucket, or use another --profile.",
            ) from error
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        raise error.told_as(
            f"the model artefact {s3_uri} is not there",
            "It was deleted or moved: train again, or deploy another job.",
        ) from error
    return int(answer["ContentLength"])


def _region_of_bucket(aws: Aws, bucket: str, what: str) -> Iterator[Check]:
    """Nothing where the bucket is in the endpoint's region, as it has to be, or where that cannot be known."""
    try:
        answer = _optional(aws, "s3", "HeadBucket", Bucket=bucket)
    except ConsoleError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        yield Check(False, f"{what}, {bucket}, is not there", "Name another, or have it made.", ErrorKind.NOT_FOUND)
        return
    region = (answer or {}).get("BucketRegion", aws.region)
    if region != aws.region:
        yield Check(
            False,
            f"{what}, {bucket}, is in {region}, and the endpoint would be in {aws.region}",
            f"Use a bucket of {aws.region}.",
        )


def _writing_checks(aws: Aws, role_arn: str, place: str) -> Iterator[Check]:
    """Whether the role's own policies let it write there: without that, nothing is captured and nobody is told."""
    partition = role_arn.partition(":")[2].partition(":")[0]
    write = Permission("s3:PutObject", f"arn:{partition}:s3:::{place}/capture.jsonl")
    try:
        finding = simulate(aws, role_arn, [write]).get(write)
    except ConsoleError as error:
        if error.kind in UNANSWERED or error.kind is ErrorKind.NOT_FOUND:  # that there is no such role is told apart
            return
        raise
    if finding is not None and finding.verdict.endswith("denied"):
        role = role_arn.rpartition("/")[2]
        yield Check(
            None,
            f"role {role} may not put objects into s3://{place}: nothing is captured unless a policy of the bucket "
            "allows it",
        )


def _quota(aws: Aws, instance_type: str) -> float | None:
    try:
        return endpoint_quota(aws, instance_type)
    except ConsoleError as error:
        if error.kind in UNANSWERED:
            return None
        raise
