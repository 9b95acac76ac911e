"""Models: images and artefacts that an endpoint can serve."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.objects import bucket_and_key
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.access import object_arn, refuse_unassumable
from cmapss_sandbox.services.sagemaker.listing import by_creation, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import MODEL, create, delete, describe, repeated

_LISTING = by_creation("ListModels", "Models", "ModelName")
_summarise = summary("ModelName", "ModelArn", "CreationTime")

_ECR = re.compile(r"\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\S+")
# Of all keys and values of all containers together.
_ENVIRONMENT_BYTES = 32 * 1024


def create_model(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateModel; its images are looked for when an endpoint starts them."""
    MODEL.refuse_duplicate(region, request["ModelName"])
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise validation_exception("Specify either PrimaryContainer or Containers, and not both.")
    containers = containers_of(request)
    role = request.get("ExecutionRoleArn")
    if role is not None:
        refuse_unassumable(region, role)
    for container in containers:
        _refuse_image(container, in_vpc="VpcConfig" in request)
        _refuse_unserved(container)
        _refuse_artefact(region, role, model_data_url(container))
    _refuse_together(containers)
    return create(region, MODEL, request, {"EnableNetworkIsolation": request.get("EnableNetworkIsolation", False)})


def describe_model(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeModel."""
    return describe(region, MODEL, request)


def list_models(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListModels."""
    return list_page(region, _LISTING, request, MODEL.records(region).values(), _summarise)


def delete_model(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteModel; endpoints that serve it go on."""
    return delete(region, MODEL, request)


def containers_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a model in the order in which a request passes them."""
    containers: list[dict[str, Any]] = record.get("Containers") or [record["PrimaryContainer"]]
    return containers


def model_data_url(container: Mapping[str, Any]) -> str | None:
    """Where a container's one packed artefact is, however its model says so; None when it has none."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    url: str | None = container.get("ModelDataUrl") or source.get("S3Uri")
    return url


def _refuse_image(container: Mapping[str, Any], *, in_vpc: bool) -> None:
    if "ModelPackageName" in container:
        raise validation_exception(f"Could not find model package {container['ModelPackageName']}.")
    if "Image" not in container:
        raise validation_exception("Image is required for every container of a model.")
    if container.get("ImageConfig", {}).get("RepositoryAccessMode") == "Vpc":
        if not in_vpc:
            raise validation_exception("VpcConfig is required for an image with Vpc repository access mode.")
    elif not _ECR.fullmatch(container["Image"]):
        raise validation_exception(
            f'Using non-ECR image "{container["Image"]}" without Vpc repository access mode is not supported.'
        )


def _refuse_unserved(container: Mapping[str, Any]) -> None:
    """Raise for artefacts that the sandbox can not serve, or that are given twice."""
    if container.get("Mode") == "MultiModel" or "AdditionalModelDataSources" in container:
        raise validation_exception(
            "This sandbox serves containers with a single model: give one artefact as ModelDataUrl."
        )
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        return
    if "ModelDataUrl" in container:
        raise validation_exception("Specify either ModelDataUrl or ModelDataSource for a container, and not both.")
    if (source["S3DataType"], source["CompressionType"]) != ("S3Object", "Gzip"):
        raise validation_exception(
            "This sandbox serves packed models: in ModelDataSource give S3DataType S3Object and CompressionType Gzip."
        )


def _refuse_artefact(region: Region, role: str | None, url: str | None) -> None:
    if url is None:
        return
    if not url.endswith(".tar.gz"):
        raise validation_exception(f'Invalid model data URL "{url}": it must end with the suffix .tar.gz.')
    bucket, key = bucket_and_key(url)
    # Of a bucket that this account does not have, only the download can tell what is in it.
    if not url.startswith("s3://") or bucket not in region.objects.buckets():
        return
    if role is not None and not region.permits(role, "s3:GetObject", object_arn(bucket, key)):
        raise validation_exception(
            f'Could not access model data at {url}. Please ensure that the role "{role}" exists and that its trust '
            'relationship policy allows the action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object '
            f"is located in {region.name}."
        )
    if region.objects.head(bucket, key) is None:
        raise validation_exception(f"Could not find model data at {url}.")


def _refuse_together(containers: Sequence[Mapping[str, Any]]) -> None:
    names = [container["ContainerHostname"] for container in containers if "ContainerHostname" in container]
    if repeated(names) is not None:
        raise validation_exception("ContainerHostname must be unique for every container of a model.")
    size = sum(
        len(key.encode()) + len(value.encode())
        for container in containers
        for key, value in container.get("Environment", {}).items()
    )
    if size > _ENVIRONMENT_BYTES:
        raise validation_exception(
            f"The environment variables of a model must not exceed {_ENVIRONMENT_BYTES} bytes; these have {size}."
        )
