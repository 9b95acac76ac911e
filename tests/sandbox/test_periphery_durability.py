"""What is kept of S3, IAM and EC2: any key in a place of its own, and all of it after a kill."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.objects import ObjectStore
from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON, Clients
from tests.sandbox.enforced import enforced_region
from tests.sandbox.test_process import Running, Start, start

__all__ = ["start"]  # the fixture of that name

BUCKET = "engines-bucket"


_SEGMENTS = st.sampled_from(
    ["", ".", "..", "a", "A", "%", "%-", "%_", "\0", "x" * 300, "ü" * 200, "%41" * 100]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
_KEYS = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join).filter(bool)


@settings(max_examples=30)
@given(st.dictionaries(_KEYS, st.none() | st.integers(), min_size=1, max_size=8), st.sets(_KEYS, max_size=3))
def test_any_key_has_its_own_bytes_and_what_is_known_of_them_within_the_store(
    tmp_path_factory: pytest.TempPathFactory, objects: dict[str, int | None], absent: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    store = ObjectStore(folder / "objects")
    for key, number in objects.items():
        store.put("bucket", key, key.encode(), None if number is None else {"number": number})
    assert sorted(store.keys("bucket")) == sorted(objects)
    for key, number in objects.items():
        assert store.get("bucket", key) == key.encode()
        assert store.about("bucket", key) == ({} if number is None else {"number": number})
    for key in absent - objects.keys():
        assert (store.head("bucket", key), store.about("bucket", key)) == (None, {})
    assert [path.name for path in folder.iterdir()] == ["objects"]
    for key in objects:
        store.delete("bucket", key)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


HOSTILE = ["../up", "a/../../up", "/root", "a//b", "nul\0", "über/größe", "A", "a", "a/b", "%2e%2e/x", "x" * 1000, "."]


def test_no_key_leads_out_of_its_bucket(region: Region, s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    before = set(region.state.iterdir())
    for number, key in enumerate(HOSTILE):
        region.objects.put(BUCKET, key, str(number).encode(), {"number": number})
    assert sorted(region.objects.keys(BUCKET)) == sorted(HOSTILE)
    assert sorted(row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]) == sorted(HOSTILE)
    for number, key in enumerate(HOSTILE):
        assert region.objects.about(BUCKET, key) == {"number": number}
    assert set(region.state.iterdir()) == before
    for key in ("../up", "a/../../up", "A", "a", "a/b", "x" * 1000):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"through S3", Metadata={"said": "yes"})
        assert s3.head_object(Bucket=BUCKET, Key=key)["Metadata"] == {"said": "yes"}
        assert region.objects.get(BUCKET, key) == b"through S3"
    assert set(region.state.iterdir()) == before


def test_what_is_known_of_an_object_counts_for_its_bytes_only(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "objects")
    store.put("bucket", "key", b"old", {"is": "old"})

    def fail_halfway() -> None:
        with store.writing("bucket", "key", {"is": "new"}) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert (store.get("bucket", "key"), store.about("bucket", "key")) == (b"old", {"is": "old"})
    place, store._bodies.make_way = store._bodies.make_way, fail_to_place  # type: ignore[method-assign]  # killed there
    with pytest.raises(InterruptedError):
        store.put("bucket", "key", b"new", {"is": "new"})
    assert (store.get("bucket", "key"), store.about("bucket", "key")) == (b"old", {"is": "old"})
    store._bodies.make_way = place  # type: ignore[method-assign]  # as it was
    store.put("bucket", "key", b"new", {"is": "new"})
    assert ObjectStore(tmp_path / "objects").about("bucket", "key") == {"is": "new"}
    store.put("bucket", "key", b"plain")
    assert store.about("bucket", "key") == {}
    store.delete("bucket", "key")
    assert store.about("bucket", "key") == {}
    assert store.buckets() == ["bucket"]


def fail_to_place(bucket: str, key: str) -> Path:
    raise InterruptedError


def test_a_bucket_and_the_execution_role_are_as_old_as_the_region_says(
    clients: Clients, region: Region, s3: Any
) -> None:
    region.objects.put("seeded", "key", b"")
    s3.create_bucket(Bucket=BUCKET)
    region.advance(3600)
    s3.create_bucket(Bucket="later")
    dates = {bucket["Name"]: bucket["CreationDate"] for bucket in s3.list_buckets()["Buckets"]}
    assert dates == {BUCKET: NOON, "seeded": NOON, "later": NOON + timedelta(hours=1)}
    [role] = clients("iam").list_roles()["Roles"]
    assert role["CreateDate"] == NOON
    restarted = ObjectStore(region.objects.root, lambda: NOON + timedelta(days=1))
    assert restarted.created(BUCKET).replace(microsecond=0) == NOON
    restarted.delete_bucket(BUCKET)
    assert restarted.created(BUCKET).replace(microsecond=0) == NOON + timedelta(days=1)


def test_roles_users_keys_buckets_and_objects_outlive_a_killed_process(start: Start) -> None:
    running = start("--tuning-jobs", "0")
    iam, s3 = real_client(running, "iam"), real_client(running, "s3")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "b"}])
    iam.attach_role_policy(RoleName="kept", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    iam.delete_role_policy(RoleName="cmapss-sagemaker-execution", PolicyName="train-and-serve")
    iam.create_user(UserName="kept")
    key = iam.create_access_key(UserName="kept")["AccessKey"]
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket="gone-bucket")
    s3.put_bucket_tagging(Bucket="gone-bucket", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket="gone-bucket")
    s3.put_bucket_policy(Bucket=BUCKET, Policy=TRUST)
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.create_bucket(Bucket="plain-bucket")
    about: dict[str, Any] = {"ContentType": "text/csv", "Metadata": {"who": "me"}, "ServerSideEncryption": "AES256"}
    s3.put_object(Bucket="plain-bucket", Key="a/b", Body=b"x", Tagging="k=v", ACL="public-read", **about)
    s3.put_object(Bucket="plain-bucket", Key="later", Body=b"x")
    s3.put_object_tagging(Bucket="plain-bucket", Key="later", Tagging={"TagSet": [{"Key": "l", "Value": "w"}]})
    version = s3.put_object(Bucket=BUCKET, Key="v", Body=b"2")["VersionId"]

    def told(iam: Any, s3: Any) -> list[Any]:
        head = s3.head_object(Bucket="plain-bucket", Key="a/b")
        answers = [
            iam.get_role(RoleName="kept")["Role"],
            iam.list_attached_role_policies(RoleName="kept")["AttachedPolicies"],
            iam.list_role_policies(RoleName="cmapss-sagemaker-execution")["PolicyNames"],
            iam.list_access_keys(UserName="kept")["AccessKeyMetadata"],
            [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
            s3.get_bucket_versioning(Bucket=BUCKET)["Status"],
            s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"],
            {name: head[name] for name in ("ETag", "LastModified", "ServerSideEncryption", "ContentType", "Metadata")},
            s3.get_object_tagging(Bucket="plain-bucket", Key="a/b")["TagSet"],
            s3.get_object_tagging(Bucket="plain-bucket", Key="later")["TagSet"],
            s3.get_object_acl(Bucket="plain-bucket", Key="a/b")["Grants"],
            s3.get_object(Bucket=BUCKET, Key="v", VersionId=version)["Body"].read(),
        ]
        for answer in answers:
            if isinstance(answer, dict):
                answer.pop("ResponseMetadata", None)
        return answers

    before = told(iam, s3)
    assert before[3][0]["AccessKeyId"] == key["AccessKeyId"]
    assert before[2] == []
    running.end(signal.SIGKILL)
    again = start("--tuning-jobs", "0", "--enforce-iam")
    assert told(real_client(again, "iam"), real_client(again, "s3")) == before
    kept = real_client(again, "sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert kept.get_caller_identity()["Arn"].endswith(":user/kept"), "the secret is the same"


def test_networks_outlive_the_process_too(tmp_path: Path) -> None:
    with enforced_region(tmp_path / "state", NOON) as first:
        ec2 = first.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
        ec2.create_security_group(GroupName="group", Description="text", VpcId=vpc)
        before = networks(ec2)
    with enforced_region(tmp_path / "another", NOON) as other:
        assert vpc not in networks(other.client("ec2"))[0]
    with enforced_region(tmp_path / "state", NOON) as again:
        assert networks(again.client("ec2")) == before


def networks(ec2: Any) -> list[list[str]]:
    return [
        sorted(row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"]),
        sorted(row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]),
        sorted(row["GroupId"] for row in ec2.describe_security_groups()["SecurityGroups"]),
    ]


TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"AWS": "000000000000"}, "Resource": "*"}]}'
)


def real_client(running: Running, service: str, access_key: str = "sandbox", secret: str = "sandbox") -> Any:
    return Session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=running.address["endpoint_url"],
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
    )
