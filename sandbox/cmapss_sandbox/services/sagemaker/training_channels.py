"""The objects of a region that a training job's channels mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmapss_sandbox.region import Region


def s3_source(channel: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A channel's S3 data source; None for another kind of source."""
    source: Mapping[str, Any] | None = channel["DataSource"].get("S3DataSource")
    return source


def channel_files(region: Region, channel: Mapping[str, Any]) -> list[Path]:
    """The files of a channel of the type S3Prefix, in order of their keys."""
    source = s3_source(channel)
    if source is None:
        return []
    bucket, prefix = bucket_and_key(source["S3Uri"])
    keys = [key for key in region.objects.keys(bucket) if key.startswith(prefix) and not key.endswith("/")]
    return [region.objects.path(bucket, key) for key in sorted(keys)]


def may_list(region: Region, channel: Mapping[str, Any], role: str) -> bool:
    """Whether the role may look for a channel's objects."""
    source = s3_source(channel) or {}
    bucket, _ = bucket_and_key(source["S3Uri"])
    return region.permits(role, "s3:ListBucket", f"arn:aws:s3:::{bucket}")


def forbidden_object(region: Region, channel: Mapping[str, Any], role: str) -> str | None:
    """The URI of an object of a channel that the role may not read, None when it may read all."""
    source = s3_source(channel) or {}
    bucket, prefix = bucket_and_key(source["S3Uri"])
    for key in sorted(region.objects.keys(bucket)):
        if key.startswith(prefix) and not region.permits(role, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"):
            return f"s3://{bucket}/{key}"
    return None


def nothing_found(region: Region, channel: Mapping[str, Any], role: str) -> str:
    """What AWS says of a channel without objects."""
    source = s3_source(channel) or {}
    bucket, _ = bucket_and_key(source["S3Uri"])
    return (
        f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source. '
        f"Please ensure that the bucket exists in the selected region ({region.name}), that objects exist "
        f'under that S3 prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The bucket and the key or prefix of an S3 URI."""
    location = urlsplit(uri)
    return location.netloc, location.path.lstrip("/")
