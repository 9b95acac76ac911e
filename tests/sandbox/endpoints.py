"""Endpoints of several configs, and the questions that tests ask of them, through an unmodified client."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.serving import serving
from tests.sandbox.artefacts import IMAGE, ROLE, production_variant
from tests.sandbox.boosters import artefact

CREATED = 11 * 60
UPDATED = 10 * 60
M5 = "ml.m5.xlarge"
# An alarm for deployments to heed.
ALARM = {
    "Namespace": "Custom",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@dataclass(frozen=True, slots=True)
class Hosting:
    """A region and a SageMaker client, with short ways to deploy in it."""

    region: Region
    sagemaker: Any

    def model(self, name: str, body: bytes | None = None, *, image: str = IMAGE, exists: bool = True) -> str:
        """A model of that name, whose artefact can be loaded unless another body is given, or is gone by then."""
        key = f"{name}/model.tar.gz"
        self.region.objects.put("models", key, artefact() if body is None else body)
        container = {"Image": image, "ModelDataUrl": f"s3://models/{key}"}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        if not exists:
            self.region.objects.delete("models", key)
        return name

    def config(self, name: str, *variants: dict[str, Any], **members: Any) -> str:
        """A config of these variants, else of one of a model that is made for it."""
        if not variants:
            count = members.pop("count", 1)
            variants = (production_variant(self.model(f"{name}-model"), InitialInstanceCount=count),)
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=list(variants), **members)
        return name

    def endpoint(self, name: str = "engines", config: str | None = None, count: int = 1, **members: Any) -> str:
        """An endpoint in service, of a config "blue" unless one is named."""
        self.sagemaker.create_endpoint(
            EndpointName=name, EndpointConfigName=config or self.config("blue", count=count), **members
        )
        self.region.advance(CREATED)
        assert self.status(name) == "InService"
        return name

    def update(self, config: str, policy: dict[str, Any] | None = None, **members: Any) -> None:
        """UpdateEndpoint of "engines", with the policy as its DeploymentConfig."""
        if policy is not None:
            members["DeploymentConfig"] = policy
        self.sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName=config, **members)

    def described(self, name: str = "engines") -> dict[str, Any]:
        """DescribeEndpoint."""
        found: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
        return found

    def status(self, name: str = "engines") -> str:
        """The endpoint's status."""
        return str(self.described(name)["EndpointStatus"])

    def shares(self, name: str = "engines") -> dict[str, float]:
        """The part of the traffic that each config gets."""
        variants = serving(self.region, name).variants
        total = sum(variant.weight for variant in variants)
        found: defaultdict[str, float] = defaultdict(float)
        for variant in variants:
            found[variant.config] += variant.weight / total
        return {config: round(share, 6) for config, share in found.items()}

    def until(self, wanted: str, *, seconds: float = 7200, step: float = 30) -> float:
        """Let time pass until the endpoint has that status or its deployment shows it; how long that was."""
        passed = 0.0
        while wanted not in (self.status(), self.stage()):
            assert passed < seconds, f"{wanted} was not reached: {self.described()}"
            self.region.advance(step)
            passed += step
        return passed

    def stage(self) -> str | None:
        """What the variants of the endpoint show of its deployment."""
        endpoint = self.described()
        pending = endpoint.get("PendingDeploymentSummary", {})
        for variant in (*pending.get("ProductionVariants", []), *endpoint.get("ProductionVariants", [])):
            for status in variant.get("VariantStatus", []):
                return str(status["Status"])
        return None

    def trail(self, name: str = "engines", *, seconds: float = 7200, step: float = 30) -> list[tuple[str, str | None]]:
        """Every status and stage that the endpoint goes through until nothing is under way any more."""
        found: list[tuple[str, str | None]] = []
        for _ in range(int(seconds / step)):
            now = (self.status(name), self.stage())
            if not found or found[-1] != now:
                found.append(now)
            if now[0] in ("InService", "Failed", "UpdateRollbackFailed"):
                return found
            self.region.advance(step)
        raise AssertionError(f"{name} did not come to rest: {found}")


def blue_green(kind: str, *, wait: int = 300, termination: int = 0, **members: Any) -> dict[str, Any]:
    """A DeploymentConfig with a blue/green policy; a size is a percentage."""
    routing = {"Type": kind, "WaitIntervalInSeconds": wait}
    for member in ("CanarySize", "LinearStepSize"):
        if member in members:
            routing[member] = size(members.pop(member))
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination, **members}
    return {"BlueGreenUpdatePolicy": policy}


def rolling(batch: Any, *, wait: int = 0, back: Any = None, **members: Any) -> dict[str, Any]:
    """A DeploymentConfig with a rolling policy."""
    policy = {"MaximumBatchSize": size(batch), "WaitIntervalInSeconds": wait, **members}
    if back is not None:
        policy["RollbackMaximumBatchSize"] = size(back)
    return {"RollingUpdatePolicy": policy}


def size(value: Any) -> Any:
    """A CapacitySize: a number of instances, or a percentage such as "30%"."""
    if isinstance(value, str):
        return {"Type": "CAPACITY_PERCENT", "Value": int(value.rstrip("%"))}
    return {"Type": "INSTANCE_COUNT", "Value": value}


def with_alarms(policy: dict[str, Any], *names: str) -> dict[str, Any]:
    """The DeploymentConfig with alarms that roll it back."""
    return {**policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in names]}}
