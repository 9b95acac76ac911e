"""Real-time endpoints: what they are, what they run on, and the state they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.pricing import hourly_cost
from cmapss_core.rollout import Rollout, read_rollout
from cmapss_core.snapshots import Snapshot

# A status is a glyph and a word, never a colour alone.
STATUS_GLYPHS: Mapping[str, str] = {
    "InService": "●",
    "Creating": "◐",
    "Updating": "◐",
    "SystemUpdating": "◐",
    "RollingBack": "◐",
    "UpdateRollbackFailed": "✕",
    "Failed": "✕",
    "OutOfService": "○",
    "Deleting": "◌",
}
IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A production variant: a model on a number of instances, with a share of the traffic."""

    name: str
    model: str | None
    instance_type: str | None
    current_instances: int
    desired_instances: int
    weight: float
    initial_instances: int = 1
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as DescribeEndpoint shows it. `hourly_cost_usd` is of the instances that run now; None: unknown.

    `rollout` is the deployment that is under way, if one is; `deployment_config` is how the last one was asked to be
    carried out, as AWS's DeploymentConfig.
    """

    name: str
    arn: str
    status: str
    config: str | None
    created: datetime
    modified: datetime
    failure_reason: str | None = None
    variants: tuple[Variant, ...] = ()
    hourly_cost_usd: float | None = None
    rollout: Rollout | None = None
    deployment_config: Mapping[str, Any] | None = None

    @property
    def in_progress(self) -> bool:
        """Whether the status will change by itself."""
        return self.status in IN_PROGRESS

    @property
    def initial_instances(self) -> int:
        """Instances that the endpoint was created with, over all variants."""
        return sum(variant.initial_instances for variant in self.variants)

    @property
    def current_instances(self) -> int:
        """Instances that run now, over all variants."""
        return sum(variant.current_instances for variant in self.variants)

    @property
    def desired_instances(self) -> int:
        """Instances that are asked for, over all variants."""
        return sum(variant.desired_instances for variant in self.variants)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointsSnapshot(Snapshot):
    """All endpoints of the region, newest first."""

    endpoints: tuple[Endpoint, ...] = ()


class EndpointsReader:
    """Reads the fleet: one ListEndpoints, and a DescribeEndpoint only for what changed since the last reading."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known: dict[str, Endpoint] = {}

    def read(self) -> EndpointsSnapshot:
        """The fleet now. Never raises; `error` says what failed, and what is known stays."""
        try:
            listed = [
                row
                for page in self._aws.pages(
                    "sagemaker", "ListEndpoints", SortBy="CreationTime", SortOrder="Descending", MaxResults=100
                )
                for row in page["Endpoints"]
            ]
            endpoints = [endpoint for row in listed if (endpoint := self._endpoint(row)) is not None]
        except ConsoleError as error:
            return EndpointsSnapshot(
                as_of=self._aws.clock.now(),
                source="ListEndpoints",
                error=error,
                endpoints=tuple(self._known.values()),
            )
        self._known = {endpoint.name: endpoint for endpoint in endpoints}
        return EndpointsSnapshot(as_of=self._aws.clock.now(), source="ListEndpoints", endpoints=tuple(endpoints))

    def _endpoint(self, row: Mapping[str, Any]) -> Endpoint | None:
        known = self._known.get(row["EndpointName"])
        unchanged = known is not None and (known.status, known.modified) == (
            row["EndpointStatus"],
            row["LastModifiedTime"],
        )
        if unchanged and known is not None and not known.in_progress:
            return known
        try:
            return read_endpoint(self._aws, row["EndpointName"])
        except ConsoleError as error:
            if error.kind is ErrorKind.NOT_FOUND:  # deleted between the two calls
                return None
            raise


def read_endpoint(aws: Aws, name: str) -> Endpoint:
    """One endpoint by name. Raises ConsoleError, of kind not found where there is none."""
    try:
        answer = aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            raise error.told_as(
                f"There is no endpoint {name!r} in {aws.region}", "List them: cmapss-console endpoints."
            ) from error
        raise
    variants = _variants(aws, answer)
    endpoint = Endpoint(
        name=answer["EndpointName"],
        arn=answer["EndpointArn"],
        status=answer["EndpointStatus"],
        config=answer.get("EndpointConfigName"),
        created=answer["CreationTime"],
        modified=answer["LastModifiedTime"],
        failure_reason=answer.get("FailureReason"),
        variants=variants,
        rollout=read_rollout(answer),
        deployment_config=answer.get("LastDeploymentConfig"),
    )
    return replace(endpoint, hourly_cost_usd=_cost(aws, variants))


def describe_config(aws: Aws, name: str) -> dict[str, Any]:
    """An endpoint config, asked for once: configs are immutable. Raises ConsoleError."""
    return aws.remember(
        ("endpoint config", name), lambda: aws.call("sagemaker", "DescribeEndpointConfig", EndpointConfigName=name)
    )


def _variants(aws: Aws, answer: Mapping[str, Any]) -> tuple[Variant, ...]:
    configured: dict[str, Mapping[str, Any]] = {}
    if name := answer.get("EndpointConfigName"):
        try:
            configured = {v["VariantName"]: v for v in describe_config(aws, name).get("ProductionVariants", [])}
        except ConsoleError as error:
            if error.kind is not ErrorKind.NOT_FOUND:  # AWS lets the config of a living endpoint be deleted
                raise
    running = {v["VariantName"]: v for v in answer.get("ProductionVariants", [])}
    return tuple(_variant(name, configured.get(name, {}), running.get(name)) for name in (running or configured))


def _variant(name: str, configured: Mapping[str, Any], running: Mapping[str, Any] | None) -> Variant:
    # While an endpoint is being created there may be no variants to describe, only those that were asked for.
    asked = configured.get("InitialInstanceCount", 0)
    shown: Mapping[str, Any] = running or {}
    images = shown.get("DeployedImages", [])
    return Variant(
        name=name,
        model=configured.get("ModelName"),
        instance_type=configured.get("InstanceType"),
        current_instances=shown.get("CurrentInstanceCount", 0),
        desired_instances=shown.get("DesiredInstanceCount", asked),
        weight=shown.get("CurrentWeight", configured.get("InitialVariantWeight", 1.0)),
        initial_instances=asked,
        image=images[0].get("SpecifiedImage") if images else None,
    )


def _cost(aws: Aws, variants: tuple[Variant, ...]) -> float | None:
    try:
        return hourly_cost(aws, [(variant.instance_type, variant.current_instances) for variant in variants])
    except ConsoleError:
        # The price is an extra: an endpoint is shown without it, and it is asked for again at the next reading.
        return None
