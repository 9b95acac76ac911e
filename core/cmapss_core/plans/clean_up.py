"""Plan the removal of what deployments left behind: what no endpoint needs, and endpoints that nobody calls."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.belongings import (
    Listed,
    LogGroup,
    configs_of,
    described_config,
    is_ours,
    list_endpoint_configs,
    list_endpoints,
    list_models,
    log_groups,
    models_of,
    named_alarms,
    named_targets,
    unless_gone,
    uploads_of,
    users_of_artefacts,
)
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.idleness import DEFAULT_IDLE_DAYS, check_idle_days, invocations, uncountable_because
from cmapss_core.plans.drafting import drafting
from cmapss_core.plans.journal import Journal, default_journal_directory
from cmapss_core.plans.plan import OWNER_TAG, Check, Plan
from cmapss_core.plans.removing.leftovers import Finding, Judge
from cmapss_core.plans.removing.removal import Removal, steps_of
from cmapss_core.plans.scaling.steps import VariantScaling, read_variant_scaling
from cmapss_core.plans.steps import endpoint_config_parameters, model_parameters

Parameters = Mapping[str, Any]

# What is younger may belong to a deployment that is running right now, on this machine or another.
DEFAULT_OLDER_THAN = timedelta(hours=1)

_FOR_GOOD = ("uploaded model", "log group")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpRequest:
    """What to clean up. `everything`: also what the console did not make. `idle_days`: also endpoints that nobody has
    called for so long. `older_than_days` spares what is younger; None is an hour."""

    everything: bool = False
    idle_days: int | None = None
    older_than_days: float | None = None

    @property
    def older_than(self) -> timedelta:
        """How old something has to be. Raises ConsoleError for what is no age."""
        if self.older_than_days is None:
            return DEFAULT_OLDER_THAN
        if not (math.isfinite(self.older_than_days) and 0 <= self.older_than_days <= 36_500):
            raise ConsoleError(
                ErrorKind.INVALID, f"{self.older_than_days:g} days is no age", remedy="Give a number of days from 0."
            )
        return timedelta(days=self.older_than_days)


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What was found, and the plan that removes what of it goes."""

    findings: tuple[Finding, ...]
    plan: Plan


def plan_clean_up(aws: Aws, request: CleanUpRequest, journal: Journal | None = None) -> Plan:
    """Plan a clean-up of the region; without anything to remove a plan without steps. Raises ConsoleError."""
    return survey(aws, request, journal).plan


def survey(aws: Aws, request: CleanUpRequest, journal: Journal | None = None) -> CleanUp:
    """Look for what is left behind and plan its removal; reads only. Raises ConsoleError.

    What an operation that is not finished names stays, whoever asks: it can still be resumed or rolled back. What has
    no tags, such as alarms and log groups, is taken for ours when the name of its endpoint is.
    """
    if request.idle_days is not None:
        check_idle_days(request.idle_days)
    older_than = request.older_than
    with drafting(aws, "clean-up") as draft:
        judge = Judge(
            aws,
            journal or Journal(default_journal_directory()),
            everything=request.everything,
            older_than=older_than,
        )
        region = _read(aws)
        found = _Found()
        _find_idle(aws, region, judge, request.idle_days, found)
        _find_targets(aws, region, judge, found)
        _find_configs(aws, region, judge, found)
        _find_models(aws, region, judge, found)
        _find_alarms(aws, region, judge, found)
        _find_log_groups(aws, region, judge, found)
        costs = [endpoint.hourly_cost_usd for endpoint in found.endpoints]
        known = [cost for cost in costs if cost is not None]
        plan = draft.plan(
            target=aws.region,
            steps=steps_of(aws, found.removal(region)),
            checks=_checks(found),
            before=round(math.fsum(known), 6) if len(known) == len(costs) else None,
            after=0.0,
        )
        return CleanUp(tuple(found.findings), plan)


@dataclass(frozen=True, slots=True)
class _Region:
    """What is there: endpoints by name, configs, the endpoints that need each config, and the models it names."""

    endpoints: Mapping[str, Listed]
    configs: tuple[Listed, ...]
    users: Mapping[str, frozenset[str]]
    models: Mapping[str, tuple[str, ...]]

    @property
    def lost(self) -> frozenset[str]:
        """Configs that endpoints serve and that are gone: nobody knows which models they named."""
        return frozenset(self.users.keys() - self.models.keys())


@dataclass(slots=True)
class _Found:
    """Findings, and what of them goes."""

    findings: list[Finding] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    scalings: list[VariantScaling] = field(default_factory=list)
    configs: list[Parameters] = field(default_factory=list)
    models: list[Parameters] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    log_groups: list[LogGroup] = field(default_factory=list)

    def add(self, finding: Finding) -> bool:
        """Note a finding; whether it goes."""
        self.findings.append(finding)
        return finding.goes

    @property
    def leaving(self) -> frozenset[str]:
        """The names of the endpoints that go."""
        return frozenset(endpoint.name for endpoint in self.endpoints)

    def removal(self, region: _Region) -> Removal:
        """All that goes."""
        return Removal(
            endpoints=tuple(self.endpoints),
            lost=region.lost,
            scalings=tuple(self.scalings),
            configs=tuple(self.configs),
            models=tuple(self.models),
            alarms=tuple(self.alarms),
            uploads=tuple(self.uploads),
            log_groups=tuple(self.log_groups),
        )


def _read(aws: Aws) -> _Region:
    endpoints = {endpoint.name: endpoint for endpoint in list_endpoints(aws)}
    users: dict[str, set[str]] = {}
    for endpoint in endpoints.values():
        for config in configs_of(aws, endpoint):
            users.setdefault(config, set()).add(endpoint.name)
    configs = tuple(list_endpoint_configs(aws))
    return _Region(
        endpoints=endpoints,
        configs=configs,
        users={config: frozenset(names) for config, names in users.items()},
        models={config.name: models_of(described_config(aws, config)) for config in configs},
    )


def _find_idle(aws: Aws, region: _Region, judge: Judge, idle_days: int | None, found: _Found) -> None:
    days = idle_days or DEFAULT_IDLE_DAYS
    born_before = aws.clock.now() - timedelta(days=days)
    old = [listed for listed in region.endpoints.values() if listed.created <= born_before]
    read = [unless_gone(partial(read_endpoint, aws, listed.name)) for listed in old]
    endpoints = [endpoint for endpoint in read if endpoint is not None and not endpoint.in_progress]
    called = invocations(aws, endpoints, days)
    for endpoint in endpoints:
        if called.get(endpoint.name) != 0 and endpoint.status != "Failed":
            continue
        listed = region.endpoints[endpoint.name]
        tags = judge.tags(listed)
        ours = OWNER_TAG in tags
        kept = judge.keeps(endpoint.name, ours=ours, since=listed.created, arn=listed.arn, tags=tags)
        finding = Finding(
            kind="endpoint",
            name=endpoint.name,
            why=f"nobody has called it for {days} day{'s' if days > 1 else ''}",
            since=listed.created,
            ours=ours,
            hourly_cost_usd=endpoint.hourly_cost_usd,
            kept_because=kept
            or _not_countable(aws, region, endpoint)
            or (None if idle_days is not None else "endpoints go with --idle"),
        )
        if found.add(finding):
            found.endpoints.append(endpoint)


def _not_countable(aws: Aws, region: _Region, endpoint: Endpoint) -> str | None:
    """Why CloudWatch's count says nothing of an endpoint, or AWS would not delete it."""
    listed = next((config for config in region.configs if config.name == endpoint.config), None)
    return uncountable_because(described_config(aws, listed) if listed else {})


def _find_targets(aws: Aws, region: _Region, judge: Judge, found: _Found) -> None:
    for target in named_targets(aws):
        if target.endpoint in region.endpoints:
            continue
        ours = judge.made_endpoint(target.endpoint)
        name = f"{target.endpoint}/{target.variant}"
        finding = Finding(
            kind="scalable target",
            name=name,
            why=f"there is no endpoint {target.endpoint}",
            since=target.created,
            ours=ours,
            kept_because=judge.keeps(name, ours=ours, since=target.created, belongs_to=target.endpoint),
        )
        if found.add(finding) and (scaling := read_variant_scaling(aws, target.endpoint, target.variant)):
            found.scalings.append(scaling)


def _find_configs(aws: Aws, region: _Region, judge: Judge, found: _Found) -> None:
    for config in region.configs:
        users = region.users.get(config.name, frozenset())
        if not users <= found.leaving:
            continue
        tags = judge.tags(config)
        ours = OWNER_TAG in tags
        finding = Finding(
            kind="endpoint config",
            name=config.name,
            why=f"it goes with the endpoint {min(users)}" if users else "no endpoint needs it",
            since=config.created,
            ours=ours,
            # What an endpoint serves goes with it, whoever made it: so it is when the endpoint is deleted.
            kept_because=None
            if users
            else judge.keeps(config.name, ours=ours, since=config.created, arn=config.arn, tags=tags),
        )
        if found.add(finding) and (parameters := unless_gone(partial(endpoint_config_parameters, aws, config.name))):
            found.configs.append(parameters)


def _find_models(aws: Aws, region: _Region, judge: Judge, found: _Found) -> None:
    leaving = {parameters["EndpointConfigName"] for parameters in found.configs}
    named = {model for config, models in region.models.items() if config not in leaving for model in models}
    losing = {model for config in leaving for model in region.models.get(config, ())}
    served = sorted(region.lost & {config for config, users in region.users.items() if users - found.leaving})
    for model in list_models(aws):
        if model.name in named:
            continue
        tags = judge.tags(model)
        ours = OWNER_TAG in tags
        kept = judge.keeps(model.name, ours=ours, since=model.created, arn=model.arn, tags=tags)
        if served and model.name not in losing:
            user = min(region.users[served[0]])
            kept = kept or f"the endpoint config of {user} is gone, and nobody knows which models it named"
        finding = Finding(
            kind="model",
            name=model.name,
            why="only endpoint configs that go name it" if model.name in losing else "no endpoint config names it",
            since=model.created,
            ours=ours,
            kept_because=kept,
        )
        if found.add(finding) and (parameters := unless_gone(partial(model_parameters, aws, model.name))):
            found.models.append(parameters)
    _find_uploads(aws, found)


def _find_uploads(aws: Aws, found: _Found) -> None:
    uploads = {uri: str(model["ModelName"]) for model in found.models if is_ours(model) for uri in uploads_of(model)}
    used = users_of_artefacts(aws, uploads, passing_over={model["ModelName"] for model in found.models})
    for uri, model in sorted(uploads.items()):
        if uri not in used:
            why = f"it goes with the model {model}"
            found.add(Finding(kind="uploaded model", name=uri, why=why, since=None, ours=True))
            found.uploads.append(uri)


def _find_alarms(aws: Aws, region: _Region, judge: Judge, found: _Found) -> None:
    # The alarms of target tracking go with their policies, and these with their scalable target.
    scaled = {target.name.rpartition("/")[0] for target in found.findings if target.kind == "scalable target"}
    leaving = found.leaving
    for alarm in named_alarms(aws):
        goes_along = alarm.endpoint in leaving and alarm.console
        if (alarm.endpoint in region.endpoints and not goes_along) or (alarm.tracking and alarm.endpoint in scaled):
            continue
        ours = alarm.console or (alarm.tracking and judge.made_endpoint(alarm.endpoint))
        kept = judge.keeps(alarm.name, ours=ours, since=alarm.changed, belongs_to=alarm.endpoint)
        finding = Finding(
            kind="alarm",
            name=alarm.name,
            why=_gone(alarm.endpoint, leaving),
            since=alarm.changed,
            ours=ours,
            kept_because=None if goes_along else kept,
        )
        if found.add(finding):
            found.alarms.append(alarm.name)


def _find_log_groups(aws: Aws, region: _Region, judge: Judge, found: _Found) -> None:
    leaving = found.leaving
    for group in log_groups(aws):
        if group.endpoint in region.endpoints and group.endpoint not in leaving:
            continue
        ours = judge.made_endpoint(group.endpoint)
        kept = None
        if group.protected:
            kept = "it is protected from deletion"
        elif group.endpoint not in leaving:
            kept = judge.keeps(group.name, ours=ours, since=group.created, belongs_to=group.endpoint)
        finding = Finding(
            kind="log group",
            name=group.name,
            why=_gone(group.endpoint, leaving),
            since=group.created,
            ours=ours,
            kept_because=kept,
        )
        if found.add(finding):
            found.log_groups.append(group)


def _checks(found: _Found) -> Iterator[Check]:
    for endpoint in found.endpoints:
        yield Check(None, f"requests to {endpoint.name} will fail from then on")
    gone = [finding for finding in found.findings if finding.goes and finding.kind in _FOR_GOOD]
    if gone:
        yield Check(None, f"for good, whatever is undone: {counted(gone)}")
    reasons: dict[str, list[Finding]] = {}
    for finding in found.findings:
        if finding.kept_because is not None:
            reasons.setdefault(finding.kept_because, []).append(finding)
    for reason, kept in reasons.items():
        what = f"{kept[0].kind} {kept[0].name} stays" if len(kept) == 1 else f"{counted(kept)} stay"
        yield Check(None, f"{what}: {reason}")


def counted(findings: Collection[Finding]) -> str:
    """How many of each kind, such as "2 models, 1 log group"."""
    kinds = Counter(finding.kind for finding in findings)
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in kinds.items())


def _gone(endpoint: str, leaving: Collection[str]) -> str:
    return f"it goes with the endpoint {endpoint}" if endpoint in leaving else f"there is no endpoint {endpoint}"
