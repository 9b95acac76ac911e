"""S3 and IAM through moto behind the same port, and the objects that the region and S3 clients share."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import Clients

BUCKET = "engines-bucket"


@pytest.fixture
def s3(clients: Clients) -> Any:
    return clients("s3")


def keys(s3: Any, **options: Any) -> list[str]:
    return [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET, **options).get("Contents", [])]


def test_s3_clients_see_what_the_region_has_and_what_becomes_of_it(region: Region, s3: Any) -> None:
    region.objects.put(BUCKET, "a/b.csv", b"1,2\n")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
    assert keys(s3) == ["a/b.csv"]
    head = s3.head_object(Bucket=BUCKET, Key="a/b.csv")
    digest = hashlib.md5(b"1,2\n").hexdigest()
    assert (head["ContentLength"], head["ETag"]) == (4, f'"{digest}"')
    assert s3.get_object(Bucket=BUCKET, Key="a/b.csv")["Body"].read() == b"1,2\n"
    region.objects.put(BUCKET, "a/b.csv", b"longer now\n")
    region.objects.put(BUCKET, "c", b"new")
    assert s3.get_object(Bucket=BUCKET, Key="a/b.csv")["Body"].read() == b"longer now\n"
    assert keys(s3, Prefix="c") == ["c"]
    region.objects.delete(BUCKET, "a/b.csv")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket=BUCKET, Key="a/b.csv")
    assert keys(s3) == ["c"]


def test_the_region_sees_what_s3_clients_write_copy_and_delete(region: Region, s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    assert region.objects.buckets() == [BUCKET]
    s3.put_object(Bucket=BUCKET, Key="train/größe 1.csv", Body=b"body", ContentType="text/csv")
    assert region.objects.get(BUCKET, "train/größe 1.csv") == b"body"
    assert s3.head_object(Bucket=BUCKET, Key="train/größe 1.csv")["ContentType"] == "text/csv"
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "train/größe 1.csv"})
    assert region.objects.get(BUCKET, "copy") == b"body"
    s3.delete_object(Bucket=BUCKET, Key="train/größe 1.csv")
    assert list(region.objects.keys(BUCKET)) == ["copy"]
    s3.put_object(Bucket=BUCKET, Key="more", Body=b"")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "copy"}, {"Key": "more"}]})
    assert list(region.objects.keys(BUCKET)) == []
    s3.delete_bucket(Bucket=BUCKET)
    assert region.objects.buckets() == []


def test_an_upload_in_parts_is_one_object(region: Region, s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    bodies = (b"a" * (5 * 1024 * 1024), b"end")
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket=BUCKET, Key="big", PartNumber=number, UploadId=upload, Body=body)["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    assert region.objects.head(BUCKET, "big") is None
    s3.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    assert region.objects.get(BUCKET, "big") == b"".join(bodies)


def test_a_refused_write_leaves_the_region_as_it_was(region: Region, s3: Any) -> None:
    region.objects.put(BUCKET, "kept", b"x")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_object(Bucket="nowhere-at-all", Key="a", Body=b"")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=BUCKET)
    assert region.objects.buckets() == [BUCKET]
    assert region.objects.get(BUCKET, "kept") == b"x"


def test_there_is_an_execution_role_that_sagemaker_may_assume(clients: Clients) -> None:
    role = clients("iam").get_role(RoleName="cmapss-sagemaker-execution")["Role"]
    assert role["Arn"] == "arn:aws:iam::000000000000:role/cmapss-sagemaker-execution"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}
