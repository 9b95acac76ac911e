"""Plan the change of a running endpoint: other models, instances, variants or weights; what scales it comes through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.autoscale import check_scalable_type
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.models.sources import ModelSource, PreparedModel, prepare_model
from cmapss_core.plans.models.variants import model_steps
from cmapss_core.plans.names import ENDPOINT_CONFIG_PREFIX
from cmapss_core.plans.plan import Check, Plan, Step
from cmapss_core.plans.preflight import (
    capture_checks,
    instance_type_checks,
    price_checks,
    quota_checks,
    redundancy_checks,
    zone_checks,
)
from cmapss_core.plans.removing.removal import delete_alarm
from cmapss_core.plans.scaling.policy_alarms import put_alarm
from cmapss_core.plans.scaling.steps import VariantScaling, read_variant_scaling, removal_steps, set_up_steps
from cmapss_core.plans.steps import create_endpoint_config, endpoint_config_parameters
from cmapss_core.plans.updating.config import (
    Changes,
    Retention,
    changed_config,
    changed_variants,
    fleet_after,
    is_same,
    named_changes,
    rescaled,
    retention,
)
from cmapss_core.plans.updating.former import Former, former_of
from cmapss_core.plans.updating.guarding import Guarding, guarding, roles_of, usual_strategy
from cmapss_core.plans.updating.requests import UpdateRequest
from cmapss_core.plans.updating.steps import (
    Rest,
    set_instance_count,
    set_weights,
    update_endpoint,
    wait_for_rollout,
    wait_for_scaling,
)
from cmapss_core.plans.updating.strategies import Strategy, rolling_strategies

Parameters = Mapping[str, Any]
Fleet = Sequence[tuple[str, str, int]]  # name, instance type and count of each variant

# A change of counts is waited out; AWS refuses every other change before it has ended.
_RESCALING = ("Updating", "RollingBack")
_AT_REST = ("InService", "UpdateRollbackFailed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The way from the former config to the new one: `scaling` is that of variants for which AWS wants it gone."""

    endpoint: Endpoint
    former: Parameters
    config: Parameters
    models: Mapping[str, PreparedModel]
    kept: Retention
    scaling: tuple[VariantScaling, ...]
    guard: Guarding
    after: Former

    @property
    def fleet(self) -> Fleet:
        """Name, type and count of each variant that the roll-out makes."""
        return list(fleet_after(self.config, self.endpoint, self.kept))

    @property
    def remaining(self) -> set[str]:
        """The variants that the new config has."""
        return {variant["VariantName"] for variant in self.config["ProductionVariants"]}


def plan_update(aws: Aws, request: UpdateRequest) -> Plan:
    """Plan an update; reads only. Raises ConsoleError for everything that would not work.

    Counts and weights alone take no new config. All else is a copy of the present config with the changes, to which
    the endpoint is updated; what it has scaled out to by then is kept. Only where an instance type changes or a
    variant goes, AWS wants the variant's automatic scaling gone meanwhile: it is put back as it was.
    """
    with drafting(aws, "update") as draft:
        endpoint = read_endpoint(aws, request.endpoint)
        _check_status(endpoint)
        former = _former_config(aws, endpoint)
        changes = named_changes(request, former)
        # AWS re-scales no mix of two fleets: there the counts come with a config.
        if request.rescales and endpoint.status != "UpdateRollbackFailed":
            return _rescaling(draft, endpoint, changes)
        return _replacing(draft, request, _change(draft, request, endpoint, former, changes))


def _check_status(endpoint: Endpoint) -> None:
    """Raises ConsoleError unless AWS takes an update of it, now or when instances have come or gone."""
    name, status, rollout = endpoint.name, endpoint.status, endpoint.rollout
    if status in _AT_REST or (status in _RESCALING and rollout is None):
        return
    if rollout is not None and rollout.former_config is not None:
        stage = f", {rollout.stage}" if rollout.stage else ""
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{name} is {status} to {rollout.config}{stage}",
            remedy=f"Wait until that has ended, or stop it: cmapss-console update {name} --stop.",
        )
    if status == "Failed":
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{name} is Failed, and AWS updates it no more",
            remedy=f"Delete it and deploy anew: cmapss-console delete {name}.",
        )
    raise ConsoleError(ErrorKind.CONFLICT, f"{name} is {status}", remedy="It can be updated when it is InService.")


def _former_config(aws: Aws, endpoint: Endpoint) -> Parameters:
    try:
        return endpoint_config_parameters(aws, endpoint.config or "")
    except ConsoleError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        raise error.told_as(
            f"the config {endpoint.config} of {endpoint.name} was deleted, so nobody knows what to change",
            "Create it again under that name, or deploy another endpoint.",
        ) from error


def _rescaling(draft: Draft, endpoint: Endpoint, changes: Changes) -> Plan:
    """Counts and weights alone: the instances that serve stay, and a few minutes are enough."""
    wanted = rescaled(endpoint, changes)
    if not (wanted.counts or wanted.weights):
        raise _nothing_changes(endpoint)
    running = {variant.name: variant for variant in endpoint.variants}
    after = {name: wanted.counts.get(name, variant.desired_instances) for name, variant in running.items()}
    more = Counter[str]()
    for name, count in wanted.counts.items():
        more[running[name].instance_type or ""] += max(0, count - running[name].desired_instances)
    return draft.plan(
        target=endpoint.name,
        steps=[*_waiting(endpoint), *_setting(_rest(endpoint), endpoint, wanted)],
        checks=[*quota_checks(draft, more), *_count_checks(draft.aws, endpoint, changes)],
        before=endpoint.hourly_cost_usd,
        after=draft.cost((running[name].instance_type, count) for name, count in after.items()),
        endpoint_arn=endpoint.arn,
    )


def _change(draft: Draft, request: UpdateRequest, endpoint: Endpoint, former: Parameters, changes: Changes) -> _Change:
    models = _prepared(draft, changes)
    names = {variant: model.name for variant, model in models.items()}
    variants = changed_variants(former, changes, names, request.remove)
    name = ENDPOINT_CONFIG_PREFIX + draft.id.removeprefix(f"{draft.intention}-")
    config = changed_config(former, name, variants, request, draft.tags())
    kept = retention(endpoint, former, changes, request)
    changes_something = kept.counts or kept.weights or any(model.steps for model in models.values())
    # A mix of two fleets is mended by whatever config, also by the one that it came from.
    if endpoint.status != "UpdateRollbackFailed" and is_same(former, config) and not changes_something:
        raise _nothing_changes(endpoint)
    served = {variant["VariantName"]: variant.get("ModelName") for variant in former["ProductionVariants"]}
    new = {name: model for name, model in models.items() if model.steps or served.get(name) != model.name}
    return _Change(
        endpoint=endpoint,
        former=former,
        config=config,
        models=models,
        kept=kept,
        scaling=tuple(_in_the_way(draft.aws, endpoint, former, config)),
        guard=_guard(draft, request, endpoint, config, kept, new),
        after=former_of(draft, endpoint.name, former, config, keep=request.keep_former),
    )


def _guard(
    draft: Draft,
    request: UpdateRequest,
    endpoint: Endpoint,
    config: Parameters,
    kept: Retention,
    models: Mapping[str, PreparedModel],
) -> Guarding:
    """The roll-out as it is asked for; else the usual one, or rolling where no quota has room for a second fleet."""
    fleet = list(fleet_after(config, endpoint, kept))
    counts = {variant: count for variant, _, count in fleet}
    guard = guarding(draft, request, config, counts, models, usual_strategy(counts, bool(models)))
    if request.rollout.kind or request.rollout.bake is not None or _fits(draft, endpoint, fleet, kept, guard.strategy):
        return guard
    for strategy in rolling_strategies(counts.values()):
        if _fits(draft, endpoint, fleet, kept, strategy):
            rolling = guarding(draft, request, config, counts, models, strategy)
            why = Check(None, "the quota has no room for a second fleet, so the update is rolling, batch by batch")
            return replace(rolling, checks=(*rolling.checks, why))
    return guard


def _fits(draft: Draft, endpoint: Endpoint, fleet: Fleet, kept: Retention, strategy: Strategy) -> bool:
    return all(check.ok is not False for check in quota_checks(draft, _peak(endpoint, fleet, kept, strategy)))


def _replacing(draft: Draft, request: UpdateRequest, change: _Change) -> Plan:
    strategy = change.guard.strategy
    beside = draft.cost(strategy.extra_instances((kind, count) for _, kind, count in change.fleet).items())
    before = change.endpoint.hourly_cost_usd
    notes = [f"roll-out: {strategy}", *change.guard.notes]
    if before is not None and beside is not None:
        notes.append(f"while it rolls out, old and new instances are billed: up to ${before + beside:.2f}/h")
    for name, model in change.models.items():
        notes += [note if len(change.models) == 1 else f"{name}: {note}" for note in model.notes]
    types = {name: kind for name, kind, _ in change.fleet}
    settled = {name: change.kept.counts.get(name, count) for name, _, count in change.fleet}
    return draft.plan(
        target=change.endpoint.name,
        steps=_steps(change, request),
        checks=dict.fromkeys(_checks(draft, request, change)),
        before=before,
        after=draft.cost((types[name], count) for name, count in settled.items()),
        notes=[*notes, *change.after.notes],
        endpoint_arn=change.endpoint.arn,
    )


def _steps(change: _Change, request: UpdateRequest) -> Iterator[Step]:
    """In an order in which each undo finds what it needs: undone, the last goes first."""
    endpoint, strategy = change.endpoint, change.guard.strategy
    rest, config = _rest(endpoint), change.config["EndpointConfigName"]
    yield from _waiting(endpoint)
    yield from model_steps(change.models)
    yield create_endpoint_config(change.config)
    for alarm in change.guard.made:
        yield put_alarm(alarm)
    for scaling in change.scaling:
        yield from removal_steps(scaling)
    deployment = strategy.deployment_config(change.guard.alarms)
    way_back = strategy.way_back([variant.desired_instances for variant in endpoint.variants])
    yield update_endpoint(
        rest,
        config,
        deployment,
        change.kept.excluded,
        f"{endpoint.config} → {config}",
        way_back.deployment_config(),
    )
    waits = strategy.waiting_seconds(count for _, _, count in change.fleet)
    yield wait_for_rollout(rest, config, waits, f"{strategy}; usually {round((540 + waits) / 60)} minutes")
    yield from _setting(rest, endpoint, change.kept)
    for scaling in change.scaling:
        if scaling.variant in change.remaining:
            yield from set_up_steps(scaling)
    if not request.keep_alarms:
        for alarm in change.guard.made:
            yield delete_alarm(alarm)
    yield from change.after.steps


def _checks(draft: Draft, request: UpdateRequest, change: _Change) -> Iterator[Check]:
    served = {variant.name: variant.model for variant in change.endpoint.variants}
    for name, model in change.models.items():
        yield Check(None, f"{name} serves {model.name}" + (f" in place of {served[name]}" if name in served else ""))
        yield from model.checks
    yield from change.guard.checks
    served_on = {variant.instance_type for variant in change.endpoint.variants}
    yield from instance_type_checks(draft, (kind for _, kind, _ in change.fleet if kind not in served_on))
    yield from quota_checks(draft, _peak(change.endpoint, change.fleet, change.kept, change.guard.strategy))
    for name, _, count in change.fleet:
        if name in change.models:
            yield from zone_checks(draft, change.models[name].subnets, count)
    yield from _count_checks(draft.aws, change.endpoint, named_changes(request, change.former))
    if change.scaling:
        scaled = ", ".join(scaling.variant for scaling in change.scaling if scaling.variant in change.remaining)
        if scaled:
            yield Check(None, f"{scaled} is not scaled automatically until the roll-out has ended")
    if request.capture is not None and request.capture.enabled:
        role = next(roles_of(draft, change.config, change.models), "")
        yield from capture_checks(draft, change.config["DataCaptureConfig"]["DestinationS3Uri"], role)
    yield from price_checks(draft, (kind for _, kind, _ in change.fleet))


def _peak(endpoint: Endpoint, fleet: Fleet, kept: Retention, strategy: Strategy) -> Counter[str]:
    """Instances by type beside those that run, at the worst moment: in the roll-out, or when it is over."""
    added = Counter[str]()
    for name, kind, count in fleet:
        added[kind] += kept.counts.get(name, count)
    for variant in endpoint.variants:
        if variant.instance_type:
            added[variant.instance_type] -= variant.desired_instances
    return strategy.extra_instances((kind, count) for _, kind, count in fleet) | added


def _count_checks(aws: Aws, endpoint: Endpoint, changes: Changes) -> Iterator[Check]:
    """What to know of counts that are asked for."""
    for name, change in changes.items():
        if change.instances is None:
            continue
        yield from redundancy_checks(change.instances)
        scaling = read_variant_scaling(aws, endpoint.name, name)
        if scaling is None:
            continue
        least, most = scaling.target["MinCapacity"], scaling.target["MaxCapacity"]
        if not least <= change.instances <= most:
            yield Check(
                None, f"{name} is scaled between {least} and {most}: {change.instances} instances will not stay"
            )


def _in_the_way(aws: Aws, endpoint: Endpoint, former: Parameters, config: Parameters) -> Iterator[VariantScaling]:
    """What scales variants that go, or change their type: AWS refuses such an update while it is there."""
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in config["ProductionVariants"]}
    for variant in former["ProductionVariants"]:
        name, instance_type = variant["VariantName"], variant.get("InstanceType")
        if types.get(name, "") == instance_type:
            continue
        scaling = read_variant_scaling(aws, endpoint.name, name)
        if scaling is not None:
            check_scalable_type(types.get(name))
            yield scaling


def _prepared(draft: Draft, changes: Changes) -> dict[str, PreparedModel]:
    known: dict[ModelSource, PreparedModel] = {}
    found = {}
    for name, change in changes.items():
        if change.source is not None:
            known[change.source] = known.get(change.source) or prepare_model(draft, change.source)
            found[name] = known[change.source]
    return found


def _setting(rest: Rest, endpoint: Endpoint, wanted: Retention) -> Iterator[Step]:
    running = {variant.name: variant for variant in endpoint.variants}
    if wanted.weights:
        yield from set_weights(rest, wanted.weights, {name: running[name].weight for name in wanted.weights})
    for name, count in wanted.counts.items():
        yield from set_instance_count(rest, name, count, running[name].desired_instances)


def _waiting(endpoint: Endpoint) -> Iterable[Step]:
    if endpoint.status in _RESCALING:
        yield wait_for_scaling(endpoint.name, endpoint.config or "", endpoint.status)


def _rest(endpoint: Endpoint) -> Rest:
    return Rest(endpoint=endpoint.name, config=endpoint.config or "", failure_reason=endpoint.failure_reason)


def _nothing_changes(endpoint: Endpoint) -> ConsoleError:
    return invalid(f"{endpoint.name} is so already", "There is nothing to update.")
