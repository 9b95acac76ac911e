"""The variants that an endpoint runs, as pure functions of its config: what they show, what keeps them from serving."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cmapss_sandbox.objects import ObjectStore
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.models import first_container
from cmapss_sandbox.services.sagemaker.resources import MODEL
from cmapss_sandbox.store import Record

Fleet = dict[str, dict[str, Any]]


def planned_fleet(region: Region, config: Record) -> Fleet:
    """What each variant of a config is made of, by name; kept with the endpoint, for models may be deleted."""
    fleet = {}
    for variant in config["ProductionVariants"]:
        container = first_container(MODEL.get(region, variant["ModelName"]))
        fleet[variant["VariantName"]] = {
            "model": variant["ModelName"],
            "image": container["Image"],
            "model_data_url": container.get("ModelDataUrl"),
            "environment": container.get("Environment", {}),
            "instance_type": variant["InstanceType"],
        }
    return fleet


def described_variants(config: Record, fleet: Fleet, now: datetime) -> list[dict[str, Any]]:
    """The variants of a config as DescribeEndpoint shows them once they are in service as configured."""
    return [
        {
            "VariantName": variant["VariantName"],
            "DeployedImages": [_deployed_image(fleet[variant["VariantName"]]["image"], now)],
            "CurrentWeight": variant["InitialVariantWeight"],
            "DesiredWeight": variant["InitialVariantWeight"],
            "CurrentInstanceCount": variant["InitialInstanceCount"],
            "DesiredInstanceCount": variant["InitialInstanceCount"],
        }
        for variant in config["ProductionVariants"]
    ]


def retained_variants(
    new: Iterable[dict[str, Any]], running: Iterable[Mapping[str, Any]], excluded: frozenset[str]
) -> list[dict[str, Any]]:
    """The new variants with the desired counts and weights of those running under the same name."""
    by_name = {variant["VariantName"]: variant for variant in running}
    kept = []
    for variant in new:
        known = by_name.get(variant["VariantName"], {})
        for member, current in (
            ("DesiredInstanceCount", "CurrentInstanceCount"),
            ("DesiredWeight", "CurrentWeight"),
        ):
            if member in known and member not in excluded:
                variant = {**variant, member: known[member], current: known[member]}
        kept.append(variant)
    return kept


def variants_as_they_are(variants: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The variants with nothing desired but what is current."""
    return [
        {
            **variant,
            "DesiredInstanceCount": variant["CurrentInstanceCount"],
            "DesiredWeight": variant["CurrentWeight"],
        }
        for variant in variants
    ]


def pending_variants(variants: Iterable[Mapping[str, Any]], status: str, since: datetime) -> list[dict[str, Any]]:
    """Variants on their way, as PendingDeploymentSummary shows them: nothing of them runs yet."""
    return [
        {**variant, "CurrentInstanceCount": 0, "VariantStatus": [{"Status": status, "StartTime": since}]}
        for variant in variants
    ]


def failure_reason(objects: ObjectStore, fleet: Fleet) -> str | None:
    """Why the first variant that cannot serve cannot, in AWS's words; None when all can."""
    for name, variant in fleet.items():
        url = variant["model_data_url"]
        if url is not None:
            location = urlsplit(url)
            if objects.head(location.netloc, location.path.lstrip("/")) is None:
                return (
                    f'Failed to download model data for container "container_1" from URL: "{url}". Please ensure '
                    "that there is an object located at the URL and that the role passed to CreateModel has "
                    "permissions to download the object."
                )
        if "xgboost" not in variant["image"] or url is None or not _holds_a_model(objects, url):
            return (
                f"The primary container for production variant {name} did not pass the ping health check. "
                "Please check CloudWatch logs for this endpoint."
            )
    return None


def _holds_a_model(objects: ObjectStore, url: str) -> bool:
    location = urlsplit(url)
    try:
        body = objects.get(location.netloc, location.path.lstrip("/"))
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
            return any(member.isfile() and not member.name.startswith(".") for member in archive)
    except (tarfile.TarError, OSError, EOFError):
        return False


def _deployed_image(image: str, now: datetime) -> dict[str, Any]:
    digest = hashlib.sha256(image.encode()).hexdigest()
    repository = image.rpartition(":")[0] or image
    return {"SpecifiedImage": image, "ResolvedImage": f"{repository}@sha256:{digest}", "ResolutionTime": now}
