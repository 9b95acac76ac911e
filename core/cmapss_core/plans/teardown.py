"""Plan the end of an endpoint, in the order that always works, so that nothing of it stays behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.belongings import (
    ALARM_PREFIX,
    LOG_GROUP_PREFIX,
    Listed,
    LogGroup,
    configs_in_use,
    is_ours,
    list_endpoint_configs,
    list_models,
    log_groups,
    models_of,
    named_alarms,
    tags_by_key,
    unless_gone,
    uploads_of,
    users_of_artefacts,
    users_of_models,
    variants_of,
)
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import drafting
from cmapss_core.plans.journal import Journal, default_journal_directory
from cmapss_core.plans.plan import DELETE, OWNER_TAG, Check, Plan
from cmapss_core.plans.removing.removal import Removal, steps_of
from cmapss_core.plans.steps import endpoint_config_parameters, model_parameters

Parameters = Mapping[str, Any]

_STACK_TAG = "aws:cloudformation:stack-name"
# What an operation made for an endpoint may be older than the endpoint itself, by as much.
_BEFORE = timedelta(hours=1)


@dataclass(slots=True)
class _Findings:
    """What of an endpoint goes, and what is to be said of what stays."""

    configs: dict[str, Parameters] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    models: dict[str, Parameters] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def stays(self, what: str, why: str) -> None:
        """Tell that something stays."""
        self.checks.append(Check(None, f"{what} stays{why}"))


def plan_delete(
    aws: Aws, name: str, keep_model: bool = False, *, keep_logs: bool = False, everything: bool = False
) -> Plan:
    """Plan the deletion of an endpoint with all that is there for it alone; reads only. Raises ConsoleError.

    That is its scaling, the config it serves, the one that it is being updated to and those that it had before, their
    models, the alarms that roll it back, models that were uploaded for it, and its log group unless `keep_logs`. All
    is read before anything goes: afterwards nobody knows what it was. What another endpoint or endpoint config uses
    stays. Of an endpoint that the console made, models that it did not make stay as well, unless `everything`: they
    were there before. With `keep_model` every model stays.
    """
    with drafting(aws, DELETE) as draft:
        endpoint = _read(aws, name)
        tags = tags_by_key(aws, endpoint.arn)
        found = _Findings()
        found.checks += _status_checks(endpoint, tags)
        plans = _plans_of(endpoint, tags)
        _find_configs(aws, endpoint, plans, found)
        own_only = OWNER_TAG in tags and not everything
        _find_models(aws, endpoint, plans, found, keep=keep_model, own_only=own_only)
        groups = [] if keep_logs else list(_log_groups(aws, endpoint, found))
        if keep_logs:
            found.stays(f"log group {LOG_GROUP_PREFIX}{endpoint.name}", ", as asked")
        alarms = named_alarms(aws, f"{ALARM_PREFIX}{endpoint.name}-")
        removal = Removal(
            endpoints=(endpoint,),
            lost=frozenset(found.lost),
            configs=tuple(found.configs.values()),
            models=tuple(found.models.values()),
            alarms=tuple(alarm.name for alarm in alarms if alarm.console and alarm.endpoint == endpoint.name),
            uploads=tuple(found.uploads),
            log_groups=tuple(groups),
        )
        return draft.plan(
            target=endpoint.name,
            steps=steps_of(aws, removal),
            checks=found.checks,
            before=endpoint.hourly_cost_usd,
            after=0.0,
            notes=found.notes,
            endpoint_arn=endpoint.arn,
        )


def _read(aws: Aws, name: str) -> Endpoint:
    try:
        return read_endpoint(aws, name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            remedy = f"{error.remedy} What is left of one that is gone: cmapss-console clean-up."
            raise error.told_as(error.message, remedy) from error
        raise


def _status_checks(endpoint: Endpoint, tags: Mapping[str, str]) -> Iterator[Check]:
    if endpoint.status in ("InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"):
        yield Check(None, "requests to it will fail from then on")
    if endpoint.status == "Deleting":
        yield Check(None, f"{endpoint.name} is being deleted already: what it leaves behind goes once it is gone")
    elif endpoint.in_progress:
        yield Check(
            None,
            f"it is {endpoint.status}: AWS deletes it once that has ended. A wait for capacity alone takes half an "
            "hour, a container that does not start 24 minutes, a roll-out up to eight hours",
        )
    elif endpoint.status == "Failed":
        yield Check(None, "it has failed, so it is not made again when this is undone")
    if stack := tags.get(_STACK_TAG):
        yield Check(None, f"the CloudFormation stack {stack} made it and will miss it: better delete the stack")


def _plans_of(endpoint: Endpoint, tags: Mapping[str, str]) -> set[str]:
    """The plans that made things for this endpoint: the one that made it, and those in this machine's journal."""
    recorded = {
        operation.id
        for operation in Journal(default_journal_directory()).operations()
        if operation.target == endpoint.name and operation.started >= endpoint.created - _BEFORE
    }
    return {tags[OWNER_TAG], *recorded} if OWNER_TAG in tags else recorded


def _find_configs(aws: Aws, endpoint: Endpoint, plans: Collection[str], found: _Findings) -> None:
    in_use = configs_in_use(aws, passing_over=[endpoint.name])
    coming = endpoint.rollout.config if endpoint.rollout else None
    own = [name for name in dict.fromkeys((endpoint.config, coming)) if name is not None]
    listed = list_endpoint_configs(aws, CreationTimeAfter=endpoint.created - _BEFORE) if plans else ()
    former = [c.name for c in listed if c.name not in own and c.name not in in_use and _made_by(aws, c, plans)]
    for name in (*own, *former):
        parameters = unless_gone(partial(endpoint_config_parameters, aws, name))
        if parameters is None:
            found.lost.add(name)
            continue
        _look_at_config(parameters, found)
        if name in in_use:
            found.stays(f"endpoint config {name}", f": the endpoint {in_use[name]} uses it too")
        else:
            found.configs[name] = parameters


def _look_at_config(parameters: Parameters, found: _Findings) -> None:
    capture = parameters.get("DataCaptureConfig", {})
    if uri := capture.get("DestinationS3Uri"):
        found.notes.append(f"what was captured stays in {uri}")
    for variant in variants_of(parameters):
        if variant.get("ModelName") is None:
            found.checks.append(
                Check(
                    False,
                    f"variant {variant['VariantName']} hosts inference components, and AWS deletes them first only",
                    "Delete the inference components and the endpoint in SageMaker; then: cmapss-console clean-up.",
                    ErrorKind.CONFLICT,
                )
            )


def _find_models(
    aws: Aws, endpoint: Endpoint, plans: Collection[str], found: _Findings, *, keep: bool, own_only: bool
) -> None:
    served = [model for config in found.configs.values() for model in models_of(config)]
    served += [variant.model for variant in endpoint.variants if variant.model]
    listed = list_models(aws, CreationTimeAfter=endpoint.created - _BEFORE) if plans else ()
    unserved = [model.name for model in listed if model.name not in served and _made_by(aws, model, plans)]
    models = list(dict.fromkeys((*served, *unserved)))
    if keep:
        for model in models:
            found.stays(f"model {model}", ", as asked")
        return
    used = users_of_models(aws, models, passing_over=found.configs)
    for model in models:
        if model in used:
            found.stays(f"model {model}", f": {used[model]} uses it too")
        elif (parameters := unless_gone(partial(model_parameters, aws, model))) is None:
            continue
        elif own_only and not is_ours(parameters):
            found.stays(f"model {model}", ": it was not made here, and is no endpoint's now (--all deletes it as well)")
        else:
            found.models[model] = parameters
    _find_uploads(aws, found)


def _find_uploads(aws: Aws, found: _Findings) -> None:
    uploads = {uri for model in found.models.values() if is_ours(model) for uri in uploads_of(model)}
    used = users_of_artefacts(aws, uploads, passing_over=found.models)
    for uri in sorted(uploads):
        if uri in used:
            found.stays(uri, f": the model {used[uri]} serves it too")
        else:
            found.uploads.append(uri)
            found.checks.append(Check(None, f"{uri} goes for good: only its file brings it back"))


def _log_groups(aws: Aws, endpoint: Endpoint, found: _Findings) -> Iterable[LogGroup]:
    name = LOG_GROUP_PREFIX + endpoint.name
    group = next(iter(log_groups(aws, endpoint.name)), None)
    if group is not None and group.protected:
        found.stays(f"log group {name}", ": it is protected from deletion")
        return
    if group is not None:
        found.checks.append(Check(None, f"log group {name} goes for good (--keep-logs keeps it)"))
    # Instances that are only just starting may write one yet.
    yield group or LogGroup(name=name, endpoint=endpoint.name, created=endpoint.created)


def _made_by(aws: Aws, listed: Listed, plans: Collection[str]) -> bool:
    return tags_by_key(aws, listed.arn).get(OWNER_TAG) in plans
