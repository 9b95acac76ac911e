"""An endpoint's fleets, as pure functions: what a config makes of its variants, and how DescribeEndpoint shows them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.models import containers_of, model_data_url
from cmapss_sandbox.services.sagemaker.resources import MODEL
from cmapss_sandbox.store import Record

# A fleet is JSON: its `config` and when that was deployed, its `share` of the traffic, its `variants` and `shadows`
# as DescribeEndpoint shows them, what each is `made_of`, and what data `capture` and `metrics` come with it.
Fleet = dict[str, Any]

_SHOWN = ("ManagedInstanceScaling", "RoutingConfig")


def planned_fleet(region: Region, config: Record) -> Fleet:
    """The fleet of a config, kept with its endpoint, for configs and models may be deleted while it serves."""
    production, shadows = config["ProductionVariants"], config.get("ShadowProductionVariants", [])
    now = region.now()
    made_of = {variant["VariantName"]: _made_of(region, config, variant) for variant in (*production, *shadows)}
    return {
        "config": config["EndpointConfigName"],
        "deployed_at": now,
        "share": 1.0,
        "variants": [_described(variant, made_of[variant["VariantName"]], now) for variant in production],
        "shadows": [_described(variant, made_of[variant["VariantName"]], now) for variant in shadows],
        "made_of": made_of,
        "capture": config.get("DataCaptureConfig"),
        "metrics": config.get("MetricsConfig"),
    }


def desired_counts(fleet: Fleet) -> dict[str, int]:
    """The instances that each variant of a fleet is to have."""
    return {variant["VariantName"]: variant["DesiredInstanceCount"] for variant in _all(fleet)}


def current_counts(fleet: Fleet) -> dict[str, int]:
    """The instances that each variant of a fleet has."""
    return {variant["VariantName"]: variant["CurrentInstanceCount"] for variant in _all(fleet)}


def by_type(fleet: Fleet, counts: Mapping[str, int]) -> Counter[str]:
    """Instances by variant as instances by type."""
    found: Counter[str] = Counter()
    for variant, count in counts.items():
        found[fleet["made_of"][variant]["instance_type"]] += count
    return found


def all_by_type(fleets: Iterable[Fleet], counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The instances of several fleets, each with its counts by variant, as instances by type."""
    return sum((by_type(fleet, of_fleet) for fleet, of_fleet in zip(fleets, counts, strict=True)), Counter())


def scaled(fleet: Fleet, counts: Mapping[str, int], share: float) -> Fleet:
    """The fleet with these instances running and this share of the traffic."""
    return {
        **_each(fleet, lambda variant: {**variant, "CurrentInstanceCount": counts[variant["VariantName"]]}),
        "share": share,
    }


def changed(fleet: Fleet, wanted: Mapping[str, Mapping[str, Any]]) -> Fleet:
    """The fleet with other desired counts and weights, by variant; what is not named stays as it is."""
    return _each(fleet, lambda variant: {**variant, **wanted.get(variant["VariantName"], {})})


def settled(fleet: Fleet) -> Fleet:
    """The fleet with everything current that was desired."""
    return _each(
        fleet,
        lambda variant: {
            **variant,
            "CurrentInstanceCount": variant["DesiredInstanceCount"],
            "CurrentWeight": variant["DesiredWeight"],
        },
    )


def as_it_is(fleet: Fleet) -> Fleet:
    """The fleet with nothing desired but what is current."""
    return _each(
        fleet,
        lambda variant: {
            **variant,
            "DesiredInstanceCount": variant["CurrentInstanceCount"],
            "DesiredWeight": variant["CurrentWeight"],
        },
    )


def retained(new: Fleet, running: Iterable[Mapping[str, Any]], excluded: frozenset[str]) -> Fleet:
    """The new fleet with the desired counts and weights of the variants that run under the same names."""
    by_name = {variant["VariantName"]: variant for variant in running}
    kept = {}
    for variant in _all(new):
        known = by_name.get(variant["VariantName"], {})
        kept[variant["VariantName"]] = {
            member: known[desired]
            for desired, current in (
                ("DesiredInstanceCount", "CurrentInstanceCount"),
                ("DesiredWeight", "CurrentWeight"),
            )
            if desired in known and desired not in excluded
            for member in (desired, current)
        }
    return changed(new, kept)


def merged(fleets: Sequence[Fleet], member: str) -> list[dict[str, Any]]:
    """The `variants` or `shadows` of fleets that serve together, one entry for a name, the first fleet's leading."""
    found: dict[str, dict[str, Any]] = {}
    for fleet in fleets:
        for variant in fleet[member]:
            name = variant["VariantName"]
            known = found.get(name)
            if known is None:
                found[name] = variant
                continue
            found[name] = {
                **known,
                "CurrentInstanceCount": known["CurrentInstanceCount"] + variant["CurrentInstanceCount"],
                "DeployedImages": [*known["DeployedImages"], *variant["DeployedImages"]],
            }
    return list(found.values())


def pending_variants(fleet: Fleet, member: str, status: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The `variants` or `shadows` of a fleet on its way, as PendingDeploymentSummary shows them."""
    return [
        {
            **variant,
            "InstanceType": fleet["made_of"][variant["VariantName"]]["instance_type"],
            **({"VariantStatus": status} if status else {}),
        }
        for variant in fleet[member]
    ]


def capture_summary(capture: Mapping[str, Any]) -> dict[str, Any]:
    """A DataCaptureConfig as DescribeEndpoint tells of it; every member is required there."""
    enabled = capture.get("EnableCapture", False)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


def _made_of(region: Region, config: Record, variant: Mapping[str, Any]) -> dict[str, Any]:
    model = MODEL.get(region, variant["ModelName"])
    containers = containers_of(model)
    first = containers[0]
    return {
        "model": variant["ModelName"],
        "image": first["Image"],
        "model_data_url": model_data_url(first),
        "environment": first.get("Environment", {}),
        "containers": [{"image": each["Image"], "model_data_url": model_data_url(each)} for each in containers],
        "role": model.get("ExecutionRoleArn") or config.get("ExecutionRoleArn"),
        "instance_type": variant["InstanceType"],
        "startup_seconds": variant.get("ContainerStartupHealthCheckTimeoutInSeconds"),
    }


def _described(variant: Mapping[str, Any], made_of: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "VariantName": variant["VariantName"],
        "DeployedImages": [_deployed_image(container["image"], now) for container in made_of["containers"]],
        "CurrentWeight": variant["InitialVariantWeight"],
        "DesiredWeight": variant["InitialVariantWeight"],
        "CurrentInstanceCount": variant["InitialInstanceCount"],
        "DesiredInstanceCount": variant["InitialInstanceCount"],
        **{member: variant[member] for member in _SHOWN if member in variant},
    }


def _deployed_image(image: str, now: datetime) -> dict[str, Any]:
    repository, _, digest = image.partition("@")
    if not digest:
        path, colon, tag = image.rpartition(":")
        repository = path if colon and "/" not in tag else image
        digest = f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"
    return {"SpecifiedImage": image, "ResolvedImage": f"{repository}@{digest}", "ResolutionTime": now}


def _all(fleet: Fleet) -> list[dict[str, Any]]:
    return [*fleet["variants"], *fleet["shadows"]]


def _each(fleet: Fleet, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Fleet:
    return {**fleet, **{member: [change(variant) for variant in fleet[member]] for member in ("variants", "shadows")}}
