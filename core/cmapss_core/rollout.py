"""A roll-out under way: which config takes over from which, how, and how far each variant is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRollout:
    """A variant of the fleet that is coming, and the stage it is at, with AWS's words on that.

    `stage` is one of Creating, Updating, Deleting, ActivatingTraffic and Baking; None where AWS shows none.
    """

    name: str
    stage: str | None
    message: str
    since: datetime | None
    instance_type: str | None
    current_instances: int
    desired_instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A deployment under way. `former_config` is None where an endpoint is being created: nothing served before.

    `alarms` are those that roll it back, by name. `strategy` is in words, such as "canary of 1 instance".
    """

    former_config: str | None
    config: str
    started: datetime | None
    variants: tuple[VariantRollout, ...]
    strategy: str
    alarms: tuple[str, ...] = ()

    @property
    def current_instances(self) -> int:
        """Instances of the coming fleet that are there already."""
        return sum(variant.current_instances for variant in self.variants)

    @property
    def desired_instances(self) -> int:
        """Instances that the coming fleet is to have."""
        return sum(variant.desired_instances for variant in self.variants)

    @property
    def stage(self) -> str | None:
        """The stage of the first variant that is at one: they go together."""
        return next((variant.stage for variant in self.variants if variant.stage), None)


def read_rollout(answer: Mapping[str, Any]) -> Rollout | None:
    """What DescribeEndpoint's answer says of a deployment under way; None where there is none.

    While the fleet that goes is worked on, its variants have the stage, and not those that come.
    """
    pending = answer.get("PendingDeploymentSummary")
    if not pending:
        return None
    config, former = pending["EndpointConfigName"], answer.get("EndpointConfigName")
    going = {variant["VariantName"]: variant for variant in answer.get("ProductionVariants", ())}
    deployment = answer.get("LastDeploymentConfig") or {}
    return Rollout(
        former_config=former if former != config and answer["EndpointStatus"] != "Creating" else None,
        config=config,
        started=pending.get("StartTime"),
        variants=tuple(
            _variant(variant, going.get(variant["VariantName"], {}))
            for variant in pending.get("ProductionVariants", ())
        ),
        strategy=strategy_in_words(deployment),
        alarms=alarms_of(deployment),
    )


def alarms_of(deployment_config: Mapping[str, Any]) -> tuple[str, ...]:
    """The alarms that roll a deployment back, by name."""
    alarms = (deployment_config.get("AutoRollbackConfiguration") or {}).get("Alarms") or ()
    return tuple(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm)


def strategy_in_words(deployment_config: Mapping[str, Any]) -> str:
    """A DeploymentConfig in a few words; without any policy AWS shifts all traffic at once."""
    return ", ".join(_words(deployment_config))


def size_in_words(size: Mapping[str, Any]) -> str:
    """A CapacitySize, such as "1 instance" or "25 %"."""
    value = size["Value"]
    if size["Type"] == "CAPACITY_PERCENT":
        return f"{value} %"
    return f"{value} instance" if value == 1 else f"{value} instances"


def _words(deployment_config: Mapping[str, Any]) -> Iterator[str]:
    rolling = deployment_config.get("RollingUpdatePolicy")
    if rolling:
        yield f"rolling by {size_in_words(rolling['MaximumBatchSize'])}"
        yield f"{rolling['WaitIntervalInSeconds']} s between"
        return
    policy = deployment_config.get("BlueGreenUpdatePolicy") or {}
    routing = policy.get("TrafficRoutingConfiguration") or {}
    wait = routing.get("WaitIntervalInSeconds", 0)
    if "CanarySize" in routing:
        yield f"canary of {size_in_words(routing['CanarySize'])}"
        yield f"{wait} s"
    elif "LinearStepSize" in routing:
        yield f"linear by {size_in_words(routing['LinearStepSize'])}"
        yield f"{wait} s between"
    else:
        yield "all at once"
    if bake := policy.get("TerminationWaitInSeconds"):
        yield f"the former fleet stays {bake} s"


def _variant(coming: Mapping[str, Any], going: Mapping[str, Any]) -> VariantRollout:
    statuses: list[Mapping[str, Any]] = [*coming.get("VariantStatus", ()), *going.get("VariantStatus", ())]
    status = statuses[0] if statuses else {}
    return VariantRollout(
        name=coming["VariantName"],
        stage=status.get("Status"),
        message=status.get("StatusMessage", ""),
        since=status.get("StartTime"),
        instance_type=coming.get("InstanceType"),
        current_instances=coming.get("CurrentInstanceCount", 0),
        desired_instances=coming.get("DesiredInstanceCount", 0),
    )
