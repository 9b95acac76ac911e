"""The variant that tests of Application Auto Scaling scale, and what they do with it and ask of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from shutil import copytree
from typing import Any

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services import Service, install
from tests.sandbox.artefacts import ROLE, production_variant
from tests.sandbox.boosters import IMAGE_REPOSITORY, artefact
from tests.sandbox.conftest import NOON


def instances_of(endpoint: str) -> dict[str, str]:
    """What Application Auto Scaling calls the instances of an endpoint's one variant."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


VARIANT = instances_of("engines")
TRACKING = {
    "TargetValue": 10.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    "ScaleInCooldown": 600,
    "ScaleOutCooldown": 30,
}
CONTEXT = RequestContext("", "", "sandbox", Region.name, {}, "request")


def register(autoscaling: Any, minimum: int = 1, maximum: int = 5) -> None:
    """Make the variant a scalable target with these bounds, or give it others."""
    autoscaling.register_scalable_target(**VARIANT, MinCapacity=minimum, MaxCapacity=maximum)


def put_policy(
    autoscaling: Any, name: str = "Invocations-ScalingPolicy", *, endpoint: str = "engines", **configuration: Any
) -> Any:
    """Have target tracking scale the variant, or that of another endpoint."""
    return autoscaling.put_scaling_policy(
        **instances_of(endpoint),
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={**TRACKING, **configuration},
    )


def counts(sagemaker: Any) -> tuple[str, int, int]:
    """The endpoint's status, and its variant's current and desired instance count."""
    endpoint = sagemaker.describe_endpoint(EndpointName="engines")
    [variant] = endpoint["ProductionVariants"]
    return endpoint["EndpointStatus"], variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def activities(autoscaling: Any, **members: Any) -> list[dict[str, Any]]:
    """Every scaling activity, newest first."""
    found: list[dict[str, Any]] = autoscaling.describe_scaling_activities(ServiceNamespace="sagemaker", **members)[
        "ScalingActivities"
    ]
    return found


def restarted(tmp_path: Path, now: datetime) -> Region:
    """A region that goes on with the state folder as a kill would leave it at this moment."""
    copytree(tmp_path / "state", tmp_path / "again")
    again = Region(tmp_path / "again", paused=True, now=now, strict=True)
    install(again)
    return again


def call(region: Region, service: Service, operation: str, **members: Any) -> Any:
    with region.lock, region.transaction():
        return service.operations[operation](region, members, CONTEXT)


def serving_region(folder: Path) -> tuple[Region, dict[str, Service]]:
    """A region whose endpoint "engines" is in service with one instance."""
    region = Region(folder, paused=True, now=NOON, strict=True)
    services = install(region)
    sagemaker = services["sagemaker"]
    region.objects.put("models", "model.tar.gz", artefact())
    container = {"Image": f"{IMAGE_REPOSITORY}:1.7-1", "ModelDataUrl": "s3://models/model.tar.gz"}
    call(region, sagemaker, "CreateModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variants = [production_variant("m", InitialVariantWeight=1.0)]
    call(region, sagemaker, "CreateEndpointConfig", EndpointConfigName="m", ProductionVariants=variants)
    call(region, sagemaker, "CreateEndpoint", EndpointName="engines", EndpointConfigName="m")
    region.advance(11 * 60)
    region.controls["quotas"](region, {"ml.m5.xlarge": 100})
    return region, services
