"""The objects of a region that a training job's channels mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmapss_sandbox.objects import bucket_and_key
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.access import object_arn

S3DataSource = Mapping[str, Any]


def s3_source(channel: Mapping[str, Any]) -> S3DataSource | None:
    """A channel's S3 data source; None for another kind of source."""
    source: S3DataSource | None = channel["DataSource"].get("S3DataSource")
    return source


def source_files(region: Region, source: S3DataSource) -> list[Path]:
    """The files of a source of the type S3Prefix, in order of their keys, without the keys that stand for folders."""
    bucket, _ = bucket_and_key(source["S3Uri"])
    return [region.objects.path(bucket, key) for key in _keys(region, source) if not key.endswith("/")]


def may_list(region: Region, source: S3DataSource, role: str) -> bool:
    """Whether the role may look for a source's objects."""
    bucket, _ = bucket_and_key(source["S3Uri"])
    return region.permits(role, "s3:ListBucket", f"arn:aws:s3:::{bucket}")


def forbidden_object(region: Region, source: S3DataSource, role: str) -> str | None:
    """The URI of an object of a source that the role may not read, None when it may read all."""
    bucket, _ = bucket_and_key(source["S3Uri"])
    for key in _keys(region, source):
        if not region.permits(role, "s3:GetObject", object_arn(bucket, key)):
            return f"s3://{bucket}/{key}"
    return None


def nothing_found(region: Region, source: S3DataSource, role: str) -> str:
    """What AWS says of a source without objects."""
    bucket, _ = bucket_and_key(source["S3Uri"])
    return (
        f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source. '
        f"Please ensure that the bucket exists in the selected region ({region.name}), that objects exist "
        f'under that S3 prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )


def _keys(region: Region, source: S3DataSource) -> list[str]:
    bucket, prefix = bucket_and_key(source["S3Uri"])
    return sorted(key for key in region.objects.keys(bucket) if key.startswith(prefix))
