"""What calls of S3, IAM and EC2 need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from cmapss_sandbox.iam.matching import Context
from cmapss_sandbox.iam.needs import EVERYTHING, Members, Need, Needs, present, tag_context
from cmapss_sandbox.iam.principals import Directory, directory
from cmapss_sandbox.region import Region

# S3's operations whose action is called otherwise.
_S3_ACTIONS: Mapping[str, str] = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetadataConfiguration": "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListDirectoryBuckets": "ListAllMyDirectoryBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "RenameObject": "PutObject",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
# Actions on one version of an object have a name of their own.
_OF_A_VERSION = frozenset(
    {"GetObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObjectTagging", "PutObjectTagging"}
    | {"DeleteObjectTagging", "GetObjectAttributes", "GetObjectTorrent"}
)
_LISTING = frozenset({"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"})
_WRITING = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_READING = frozenset({"GetObject", "HeadObject"})
# What ids of EC2 begin with, and the resource that they name in an ARN.
_EC2_RESOURCES: Mapping[str, str] = {
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
_EC2_ID = re.compile(r"([a-z]+)-[0-9a-f]{8,17}")


def s3(region: Region, operation: str, members: Members) -> Needs:
    """An action on the object, the bucket or everything; reading what is not there needs to list the bucket as well."""
    bucket, key = members.get("Bucket"), members.get("Key")
    resource = EVERYTHING if bucket is None else _bucket(bucket)
    if operation == "DeleteObjects":
        # Each key that may not be deleted is told so in the answer.
        return Needs(())
    name = _S3_ACTIONS.get(operation, operation)
    if members.get("VersionId") and name in _OF_A_VERSION:
        name = f"{name}Version"
    own = [Need(f"s3:{name}", resource if key is None else f"{resource}/{key}", _s3_context(operation, members))]
    if key is not None:
        own += _also_needed(operation, f"{resource}/{key}", members)
    if operation in _READING and bucket in region.objects.buckets() and region.objects.head(bucket, key or "") is None:
        own.append(Need("s3:ListBucket", resource, {"s3:prefix": ("",)}))
    return Needs(tuple(own))


def deletion(bucket: str, key: str) -> Need:
    """What the deletion of one object of several needs."""
    return Need("s3:DeleteObject", f"{_bucket(bucket)}/{key}")


def iam(region: Region, operation: str, members: Members) -> Needs:
    """An action on the user, role, group, policy or instance profile that the form names, otherwise on everything."""
    found = directory(region)
    tags = _form_tags(members)
    resources = list(_iam_resources(region, found, operation, members)) or [EVERYTHING]
    context = {
        **tag_context(tags),
        **present(
            [
                ("iam:PolicyARN", members.get("PolicyArn") if "Policy" in operation else None),
                ("iam:PermissionsBoundary", members.get("PermissionsBoundary")),
                ("iam:PassedToService", members.get("PassedToService")),
                ("iam:AWSServiceName", members.get("AWSServiceName")),
            ]
        ),
    }
    own = [Need(f"iam:{operation}", resource, context) for resource in resources[:1]]
    if tags and operation.startswith("Create"):
        own.append(Need(f"iam:Tag{operation.removeprefix('Create')}", resources[0], tag_context(tags)))
    if operation == "AddRoleToInstanceProfile" and "RoleName" in members:
        role = found.roles.get(members["RoleName"])
        if role is not None:
            own.append(Need("iam:PassRole", role.arn, {"iam:passedtoservice": ("ec2.amazonaws.com",)}))
    return Needs(tuple(own))


def ec2(region: Region, operation: str, members: Members) -> Needs:
    """An action on the resources whose ids the form has, on a new one of its kind, or on everything where it reads."""
    action, tags = f"ec2:{operation}", tag_context(_form_tags(members))
    if operation.startswith(("Describe", "Get")):
        return Needs((Need(action),))
    resources = [
        region.arn("ec2", f"{_EC2_RESOURCES[match[1]]}/{value}")
        for value in members.values()
        if (match := _EC2_ID.fullmatch(value)) and match[1] in _EC2_RESOURCES
    ]
    if operation.startswith("Create") and operation != "CreateTags":
        kind = re.sub(r"(?<!^)(?=[A-Z])", "-", operation.removeprefix("Create")).lower()
        resources.append(region.arn("ec2", f"{kind}/*"))
    own = [Need(action, resource, tags) for resource in dict.fromkeys(resources)] or [Need(action, context=tags)]
    if tags and operation.startswith("Create") and operation != "CreateTags":
        own.append(Need("ec2:CreateTags", resources[-1], {**tags, "ec2:createaction": (operation,)}))
    return Needs(tuple(own))


def _bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def _also_needed(operation: str, resource: str, members: Members) -> Iterator[Need]:
    """What a write brings besides its bytes: tags, a canned ACL, or the object that it copies."""
    if operation in _WRITING and members.get("Tagging"):
        tags = [{"Key": key, "Value": value} for key, value in parse_qsl(members["Tagging"])]
        yield Need("s3:PutObjectTagging", resource, _requested_object_tags(tags))
    if operation in _WRITING and members.get("ACL"):
        yield Need("s3:PutObjectAcl", resource, present([("s3:x-amz-acl", members["ACL"])]))
    source = members.get("CopySource")
    if source:
        copied, _, version = source.removeprefix("/").partition("?versionId=")
        yield Need("s3:GetObjectVersion" if version else "s3:GetObject", _bucket(copied))


def _s3_context(operation: str, members: Members) -> Context:
    context = present(
        [
            ("s3:x-amz-acl", members.get("ACL")),
            ("s3:x-amz-server-side-encryption", members.get("ServerSideEncryption")),
            ("s3:x-amz-server-side-encryption-aws-kms-key-id", members.get("SSEKMSKeyId")),
            ("s3:x-amz-storage-class", members.get("StorageClass")),
            ("s3:VersionId", members.get("VersionId")),
            ("s3:LocationConstraint", members.get("LocationConstraint")),
        ]
    )
    if operation not in _LISTING:
        return context
    # A listing of everything is one of the empty prefix.
    listed = [("s3:prefix", members.get("Prefix", "")), ("s3:delimiter", members.get("Delimiter"))]
    return {**context, **present([*listed, ("s3:max-keys", members.get("MaxKeys"))])}


def _requested_object_tags(tags: list[dict[str, str]]) -> Context:
    keys = {"s3:requestobjecttagkeys": tuple(tag["Key"] for tag in tags)}
    return {**keys, **{f"s3:requestobjecttag/{tag['Key']}".lower(): (tag["Value"],) for tag in tags}}


def _iam_resources(region: Region, found: Directory, operation: str, members: Members) -> Iterator[str]:
    """What the form names, the holder before the policy; who is there by its own path, who is new by the form's."""
    account = f"arn:aws:iam::{region.account}"
    path = members.get("Path") or "/"
    for member, kind, known in (
        ("UserName", "user", found.users),
        ("RoleName", "role", found.roles),
        ("GroupName", "group", {}),
        ("InstanceProfileName", "instance-profile", {}),
    ):
        name = members.get(member)
        if name:
            identity = known.get(name)
            yield identity.arn if identity is not None else f"{account}:{kind}{path}{name}"
    for member in ("PolicyArn", "PolicySourceArn", "SAMLProviderArn", "OpenIDConnectProviderArn"):
        if members.get(member):
            yield members[member]
    if operation == "CreatePolicy" and members.get("PolicyName"):
        yield f"{account}:policy{path}{members['PolicyName']}"
    service = members.get("AWSServiceName")
    if operation == "CreateServiceLinkedRole" and service:
        yield f"{account}:role/aws-service-role/{service}/*"


def _form_tags(members: Members) -> list[dict[str, str]]:
    """The tags in a form: Tags.member.1.Key of IAM, TagSpecification.1.Tag.1.Key or Tag.1.Key of EC2."""
    return [
        {"Key": value, "Value": members.get(f"{name.removesuffix('.Key')}.Value", "")}
        for name, value in members.items()
        if re.fullmatch(r"(Tags\.member|TagSpecification\.\d+\.Tag|Tag)\.\d+\.Key", name)
    ]
