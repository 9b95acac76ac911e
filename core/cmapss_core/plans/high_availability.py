"""Plan an endpoint that survives the loss of its zones: more instances, by the running fleet or by a new config.

SageMaker spreads instances over the zones that it may use. No call of AWS's tells in which zone an instance is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from cmapss_core.aws import Aws
from cmapss_core.belongings import unless_gone
from cmapss_core.endpoints import Endpoint, Variant, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.autoscale import cost_with, one_variant
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.expressions import of_variant
from cmapss_core.plans.names import ENDPOINT_CONFIG_PREFIX
from cmapss_core.plans.plan import Check, Plan, Proof, Step
from cmapss_core.plans.preflight import quota_checks, redundancy_checks, zone_checks
from cmapss_core.plans.scaling.steps import VariantScaling, read_variant_scaling, register_target
from cmapss_core.plans.steps import (
    CHANGE_PATIENCE_SECONDS,
    SERVICE,
    create_endpoint_config,
    describe_endpoint,
    endpoint_config_parameters,
)
from cmapss_core.plans.updating.config import Retention, changed_config, changed_variants, fleet_after, retention
from cmapss_core.plans.updating.former import Former, former_of
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
from cmapss_core.plans.updating.steps import (
    PROGRESS,
    USUAL_SCALING_SECONDS,
    Rest,
    set_instance_count,
    update_endpoint,
    wait_for_rollout,
)

HIGHLY_AVAILABLE = 3  # instances: one is left when two zones are lost

Way = Literal["capacities", "config"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HighAvailabilityRequest:
    """So many instances of a variant, which may be left out where there is only one.

    `by` "capacities" changes the running fleet, in minutes; "config" replaces it, which takes a new endpoint config
    and both fleets at once; "auto" takes the fast way where the endpoint's state allows it.
    """

    endpoint: str
    instances: int = HIGHLY_AVAILABLE
    variant: str | None = None
    by: Literal["auto", "capacities", "config"] = "auto"

    def __post_init__(self) -> None:
        if self.instances < 1:
            raise invalid(f"instances {self.instances} is below 1", "A real-time variant keeps at least one instance.")


def plan_high_availability(aws: Aws, request: HighAvailabilityRequest) -> Plan:
    """Plan that a variant has so many instances; reads only. Raises ConsoleError for what cannot be.

    A variant that is scaled automatically gets them as its minimum, which moves its capacity at once and lasts.
    """
    with drafting(aws, "high-availability") as draft:
        endpoint = read_endpoint(aws, request.endpoint)
        way = _way(endpoint, request)
        variant = one_variant(endpoint, request.variant)
        if variant.instance_type is None:
            raise invalid(f"variant {variant.name} has no instances of its own", "A serverless one scales by itself.")
        scaling = read_variant_scaling(aws, endpoint.name, variant.name)
        # What automatic scaling has added stays until the load goes.
        instances = max(request.instances, variant.desired_instances) if scaling else request.instances
        change = _Change(endpoint, variant, request.instances, instances, scaling)
        config = _config(draft, change) if way == "config" else None
        # With a new config, the new fleet is complete before the former one goes.
        more = config.fleet if config else {variant.instance_type: instances - variant.desired_instances}
        subnets = _subnets(aws, variant)
        return draft.plan(
            target=endpoint.name,
            steps=_by_config(change, config) if config else _by_capacities(change),
            checks=[
                *_instance_checks(change),
                *quota_checks(draft, more),
                *zone_checks(draft, subnets, instances),
            ],
            before=endpoint.hourly_cost_usd,
            after=cost_with(draft, endpoint, variant, instances),
            notes=[*_notes(change, subnets, way), *(config.after.notes if config else ())],
            endpoint_arn=endpoint.arn,
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """A variant that is to have at least `least` instances, and has `instances` of them then."""

    endpoint: Endpoint
    variant: Variant
    least: int
    instances: int
    scaling: VariantScaling | None

    @property
    def rest(self) -> Rest:
        """The endpoint as it is before."""
        endpoint = self.endpoint
        return Rest(endpoint=endpoint.name, config=endpoint.config or "", failure_reason=endpoint.failure_reason)


@dataclass(frozen=True, slots=True)
class _Config:
    """The endpoint config that replaces the former one, the fleet that it brings, by instance type, and what becomes
    of the former one."""

    parameters: Mapping[str, Any]
    kept: Retention
    fleet: Mapping[str, int]
    after: Former


def _way(endpoint: Endpoint, request: HighAvailabilityRequest) -> Way:
    """How the endpoint's state allows it. Raises ConsoleError where it does not, or not in the way that is asked."""
    if endpoint.status == "InService":
        return "config" if request.by == "config" else "capacities"
    if endpoint.status == "UpdateRollbackFailed":
        if request.by == "capacities":
            raise ConsoleError(
                ErrorKind.CONFLICT,
                f"{endpoint.name} is UpdateRollbackFailed: its running fleet cannot be changed",
                remedy="Give it a new config: --by config.",
            )
        return "config"
    remedy = f"Wait until it is InService: cmapss-console watch {endpoint.name}."
    raise ConsoleError(
        ErrorKind.CONFLICT,
        f"{endpoint.name} is {endpoint.status}",
        remedy=remedy if endpoint.in_progress else "It serves nothing: delete it, and deploy again.",
    )


def _by_capacities(change: _Change) -> Iterator[Step]:
    if change.scaling is not None:
        yield from _minimum(change, change.scaling)
        return
    yield from set_instance_count(change.rest, change.variant.name, change.instances, change.variant.desired_instances)


def _minimum(change: _Change, scaling: VariantScaling) -> Iterator[Step]:
    """Raise the minimum, and the maximum where it is below, and wait until so many instances are there."""
    target = scaling.target
    bounds = {"MinCapacity": change.least, "MaxCapacity": max(change.least, target["MaxCapacity"])}
    yield register_target({**target, **bounds}, target)
    count = of_variant(change.variant.name, "CurrentInstanceCount")
    yield Step(
        title="wait for the instances",
        detail="usually 4 minutes",
        call=None,
        proof=Proof(
            call=describe_endpoint(change.endpoint.name),
            shows={f"{count} >= `{change.least}`": (True,), "EndpointStatus": ("InService",)},
            failed={"EndpointStatus": ("Failed", "OutOfService", "Deleting")},
            must_exist=True,
            reason="FailureReason",
            progress=PROGRESS,
            patience_seconds=CHANGE_PATIENCE_SECONDS,
        ),
        usual_seconds=USUAL_SCALING_SECONDS,
    )


def _config(draft: Draft, change: _Change) -> _Config:
    endpoint, name = change.endpoint, change.variant.name
    if endpoint.config is None:
        raise ConsoleError(ErrorKind.CONFLICT, f"{endpoint.name} has no endpoint config", remedy="Deploy it again.")
    former = endpoint_config_parameters(draft.aws, endpoint.config)
    changes = {name: VariantChange(name=name, instances=change.instances)}
    request = UpdateRequest(endpoint=endpoint.name, variants=tuple(changes.values()))
    variants = changed_variants(former, changes, {}, ())
    parameters = changed_config(former, f"{ENDPOINT_CONFIG_PREFIX}{draft.stamp}", variants, request, draft.tags())
    kept = retention(endpoint, former, changes, request)
    fleet: Counter[str] = Counter()
    for _, instance_type, count in fleet_after(parameters, endpoint, kept):
        fleet[instance_type] += count
    return _Config(parameters, kept, fleet, former_of(draft, endpoint.name, former, parameters, keep=False))


def _by_config(change: _Change, config: _Config) -> Iterator[Step]:
    name, rest = config.parameters["EndpointConfigName"], change.rest
    yield create_endpoint_config(config.parameters)
    yield update_endpoint(rest, name, {}, config.kept.excluded, f"{rest.config} → {name}")
    yield wait_for_rollout(rest, name, 0, "usually 9–11 minutes")
    for variant, count in config.kept.counts.items():
        yield from set_instance_count(
            Rest(endpoint=rest.endpoint, config=name), variant, count, change.variant.desired_instances
        )
    if change.scaling is not None:
        yield from _minimum(change, change.scaling)
    yield from config.after.steps


def _instance_checks(change: _Change) -> Iterator[Check]:
    before, after = change.variant.desired_instances, change.instances
    if before == after:
        yield Check(True, f"{change.variant.name} has {after} instances already")
    elif after < before:
        yield Check(None, f"instances go from {before} to {after}")
    yield from redundancy_checks(after)
    if after == 2:
        yield Check(None, "two instances survive the loss of one zone, three that of two")
    for other in change.endpoint.variants:
        if other is not change.variant and other.desired_instances < 2:
            yield Check(None, f"variant {other.name} has one instance: it does not survive the loss of its zone")
    if change.scaling is not None:
        target = change.scaling.target
        if change.least > target["MaxCapacity"]:
            yield Check(None, f"the maximum goes from {target['MaxCapacity']} to {change.least} as well")
        if any(target["SuspendedState"].values()):
            yield Check(None, "scaling is suspended in part: should the instances not come, --resume-scaling first")


def _notes(change: _Change, subnets: Sequence[str], way: Way) -> Iterator[str]:
    if way == "capacities":
        begins = change.variant.initial_instances
        yield (
            f"endpoint config {change.endpoint.config} still says {begins}: update keeps the count, other tools that "
            "update without retaining it go back to that"
        )
    if subnets:
        yield "zones come with the model's subnets: more of them take a new model, which update gives the endpoint"


def _subnets(aws: Aws, variant: Variant) -> Sequence[str]:
    """The subnets of the variant's model; none where it has no VPC of its own, or is gone."""
    if variant.model is None:
        return ()
    described = unless_gone(partial(aws.call, SERVICE, "DescribeModel", ModelName=variant.model)) or {}
    return tuple(described.get("VpcConfig", {}).get("Subnets", ()))
