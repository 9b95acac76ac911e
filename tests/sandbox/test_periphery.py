"""S3 and IAM through moto behind the same port, and the objects that the region and S3 clients share."""

from __future__ import annotations

import hashlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.periphery.operations import name_s3
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire.requests import Request
from tests.sandbox.conftest import Clients

BUCKET = "engines-bucket"


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


class SentError(Exception):
    """A client has sent a request, which goes nowhere."""


def request_of_client(client: Any, operation: str, members: dict[str, Any]) -> Request:
    """What a client sends."""
    caught: list[Any] = []

    def catch(request: Any, **_: Any) -> None:
        caught.append(request)
        raise SentError

    client.meta.events.register_first("before-send.s3", catch)
    try:
        with pytest.raises(SentError):
            client._make_api_call(operation, members)
    finally:
        client.meta.events.unregister("before-send.s3", catch)
    url = urlsplit(caught[0].url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in caught[0].headers.items()
    }
    return Request(caught[0].method, unquote(url.path), url.query, headers, b"")


def asked_for(shape: Any) -> dict[str, Any]:
    """The least that an operation must be asked with."""
    values = {
        "string": "a text of some length",
        "integer": 1,
        "long": 1,
        "boolean": True,
        "timestamp": "2026-01-05",
        "blob": b"",
    }
    members: dict[str, Any] = {}
    required = shape.required_members if shape else ()
    if shape and shape.is_tagged_union:
        required = list(shape.members)[:1]
    for name in required:
        member = shape.members[name]
        if member.type_name == "structure":
            members[name] = asked_for(member)
        elif member.type_name == "list":
            inner = member.member
            members[name] = [
                asked_for(inner)
                if inner.type_name == "structure"
                else inner.enum[0]
                if getattr(inner, "enum", None)
                else "value"
            ]
        else:
            members[name] = member.enum[0] if getattr(member, "enum", None) else values[member.type_name]
    return members


def test_every_operation_of_s3_is_known_by_its_request(clients: Clients) -> None:
    s3 = clients("s3")
    # Of two that are asked for alike, the one that is not the elder; and what no bucket of this region has.
    alike = {
        "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
        "GetBucketNotification": "GetBucketNotificationConfiguration",
        "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
        "PutBucketNotification": "PutBucketNotificationConfiguration",
        "ListDirectoryBuckets": "ListBuckets",
    }
    for operation in s3.meta.service_model.operation_names:
        if operation == "WriteGetObjectResponse":
            continue  # of an object lambda, to a host of its own
        members = asked_for(s3.meta.service_model.operation_model(operation).input_shape)
        members |= {"Bucket": "bucket"} if "Bucket" in members else {}
        members |= {"Key": "a/key"} if "Key" in members else {}
        request = request_of_client(s3, operation, members)
        named = name_s3(request)
        assert named.operation == alike.get(operation, operation)
        for name in ("Bucket", "Key"):
            assert named.members.get(name) == members.get(name)


def test_calls_of_s3_iam_and_ec2_are_kept_by_their_names(clients: Clients, region: Region, s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="absent")
    with pytest.raises(ClientError):
        s3.get_object(Bucket=BUCKET, Key="absent")
    clients("iam").list_roles()
    clients("ec2").describe_vpcs()
    assert [(call.service, call.operation, call.status, call.code) for call in region.calls] == [
        ("s3", "CreateBucket", 200, ""),
        ("s3", "HeadObject", 404, ""),
        ("s3", "GetObject", 404, "NoSuchKey"),
        ("iam", "ListRoles", 200, ""),
        ("ec2", "DescribeVpcs", 200, ""),
    ]


@pytest.mark.parametrize(
    ("service", "call", "members"),
    [("s3", "list_buckets", {}), ("iam", "list_roles", {}), ("ec2", "describe_vpcs", {})],
)
def test_a_guard_refuses_in_the_form_of_the_service_and_a_slow_one_holds_nobody_up(
    clients: Clients, region: Region, service: str, call: str, members: dict[str, Any]
) -> None:
    inside, leave = threading.Event(), threading.Event()
    asked: list[str] = []

    @contextmanager
    def guard(region: Region, context: RequestContext, members: Any) -> Iterator[None]:
        asked.append(f"{context.service}.{context.operation}")
        if len(asked) == 1:
            inside.set()
            assert leave.wait(20)
            raise AwsError("SlowDown", "Please reduce your request rate.", 503)
        yield

    region.guard(guard)
    client = clients(service)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(getattr(client, call), **members)
        assert inside.wait(20)
        getattr(client, call)(**members)
        leave.set()
        with pytest.raises(ClientError, match="SlowDown") as caught:
            slow.result()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert len(set(asked)) == 1


def test_pages_prefixes_and_delimiters(region: Region, s3: Any) -> None:
    for number in range(7):
        region.objects.put(BUCKET, f"runs/{number}/model.tar.gz", b"")
    region.objects.put(BUCKET, "readme", b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 3})
    assert [len(page["Contents"]) for page in pages] == [3, 3, 2]
    top = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
    assert [row["Prefix"] for row in top["CommonPrefixes"]] == ["runs/"]
    assert [row["Key"] for row in top["Contents"]] == ["readme"]
    below = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="runs/", Delimiter="/", PaginationConfig={"PageSize": 4}
    )
    assert [row["Prefix"] for page in below for row in page.get("CommonPrefixes", [])] == [
        f"runs/{number}/" for number in range(7)
    ]


def test_conditions_on_what_is_there(s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    etag = s3.put_object(Bucket=BUCKET, Key="a", Body=b"one", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"two", IfNoneMatch="*")
    with pytest.raises(ClientError, match="304"):
        s3.get_object(Bucket=BUCKET, Key="a", IfNoneMatch=etag)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.get_object(Bucket=BUCKET, Key="a", IfMatch='"other"')
    assert s3.get_object(Bucket=BUCKET, Key="a", IfMatch=etag, Range="bytes=1-")["Body"].read() == b"ne"


def test_an_object_has_the_region_s_time(region: Region, s3: Any) -> None:
    region.objects.put(BUCKET, "mine", b"")
    region.advance(60)
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"")
    rows = {row["Key"]: row["LastModified"] for row in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert (rows["theirs"] - rows["mine"]).total_seconds() == 60
    assert rows["theirs"] == region.now() == s3.head_object(Bucket=BUCKET, Key="theirs")["LastModified"]


def test_what_is_no_document_and_what_is_no_operation_is_refused_once(
    clients: Clients, region: Region, s3: Any
) -> None:
    s3.create_bucket(Bucket=BUCKET)
    address = s3.generate_presigned_url("put_bucket_tagging", {"Bucket": BUCKET, "Tagging": {"TagSet": []}})
    for body in (b"<nonsense", b"<Other/>"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(address, data=body, method="PUT"))
        assert caught.value.code == 400
        assert b"MalformedXML" in caught.value.read()
    with pytest.raises(ClientError, match=r"NotImplemented|InvalidAction"):
        clients("iam").list_organizations_features()
    with pytest.raises(ClientError, match=r"NotImplemented|InvalidAction"):
        clients("ec2").describe_capacity_blocks()
    assert [call.operation for call in region.calls][-2:] == ["ListOrganizationsFeatures", "DescribeCapacityBlocks"]


@pytest.mark.parametrize(
    "query",
    [
        "AWSAccessKeyId=sandbox&Signature=x&Expires={past}",
        "X-Amz-Credential=sandbox/20260105/us-east-1/s3/aws4_request&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60",
        "X-Amz-Credential=sandbox/20260105/us-east-1/s3/aws4_request&X-Amz-Date=nonsense&X-Amz-Expires=60",
    ],
)
def test_a_presigned_address_has_an_end(region: Region, s3: Any, query: str) -> None:
    region.objects.put(BUCKET, "a", b"found")
    address = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "a"})
    assert urllib.request.urlopen(address).read() == b"found"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address.partition('?')[0]}?{query.format(past=int(time.time()) - 10)}")
    assert caught.value.code == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in caught.value.read()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_an_object_is_what_was_sent_also_where_it_is_said_to_be_a_form(
    region: Region, s3: Any, content_type: str
) -> None:
    """urllib and curl say so of every body of whose type they know nothing."""
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"key=1&2", ContentType=content_type)
    assert (region.objects.get(BUCKET, "a"), s3.head_object(Bucket=BUCKET, Key="a")["ContentType"]) == (
        b"key=1&2",
        content_type,
    )
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="b", ContentType=content_type)["UploadId"]
    part = s3.generate_presigned_url("upload_part", {"Bucket": BUCKET, "Key": "b", "UploadId": upload, "PartNumber": 1})
    sent = urllib.request.Request(part, data=b"part=1", headers={"Content-Type": content_type}, method="PUT")
    parts = [{"PartNumber": 1, "ETag": urllib.request.urlopen(sent).headers["ETag"]}]
    s3.complete_multipart_upload(Bucket=BUCKET, Key="b", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=BUCKET, Key="b")["Body"].read() == b"part=1"
