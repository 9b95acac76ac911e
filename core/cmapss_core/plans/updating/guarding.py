"""How an update is guarded: which strategy, watched by which alarms, made by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cmapss_core.belongings import unless_gone, variants_of
from cmapss_core.errors import ErrorKind, invalid
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.models.sources import PreparedModel
from cmapss_core.plans.plan import Check
from cmapss_core.plans.steps import SERVICE
from cmapss_core.plans.updating.alarms import (
    MAX_ALARMS,
    READING,
    Guard,
    named_alarm_checks,
    reading_denied,
    stop_alarm,
)
from cmapss_core.plans.updating.requests import UpdateRequest
from cmapss_core.plans.updating.strategies import DEFAULT_WAIT_INTERVAL, Strategy, strategy_for, usual_size

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarding:
    """A strategy, the alarms to make for it (PutMetricAlarm's parameters), and all that roll it back by name."""

    strategy: Strategy
    made: tuple[Parameters, ...] = ()
    alarms: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()


def usual_strategy(counts: Mapping[str, int], new_models: bool) -> Strategy:
    """What a roll-out is where no strategy is named.

    A new model is what guards are for: nobody knows how it does before it has answered real requests. So one instance
    of it gets its part first, for five minutes, where every variant has two or more; a single instance cannot be
    divided, and takes over at once, with the former one ready for five minutes. Other changes serve the same models,
    and go as AWS does it: all at once, which bills two fleets for the shortest time.
    """
    if not (new_models and counts):
        return Strategy()
    if min(counts.values()) < 2:
        return Strategy(bake=DEFAULT_WAIT_INTERVAL)
    size = usual_size("canary", counts.values())
    return Strategy(kind="canary", size=size, wait_interval=DEFAULT_WAIT_INTERVAL)


def guarding(
    draft: Draft,
    request: UpdateRequest,
    config: Parameters,
    counts: Mapping[str, int],
    models: Mapping[str, PreparedModel],
    default: Strategy,
) -> Guarding:
    """The strategy, `default` where none is named, and the alarms.

    `counts` are instances by variant, `models` the new ones. Where a roll-out stands still to be watched and nobody
    says what to watch, errors roll it back. An execution role that may not look at alarms has AWS roll back every
    update that has some: they are left out then, unless they were asked for. Raises ConsoleError.
    """
    asked = bool(request.alarms or request.guards)
    strategy = strategy_for(request.rollout, counts, default)
    watched = strategy.kind != "all-at-once" or strategy.bake > 0
    if not (watched or asked):
        return Guarding(strategy=strategy)
    usual = (Guard("errors"),) if watched and not request.alarms else ()
    guards = usual if request.guards is None else request.guards
    denied = reading_denied(draft, roles_of(draft, config, models))
    if denied and not asked:
        return Guarding(
            strategy=strategy_for(request.rollout, counts, default if default.kind == "rolling" else Strategy()),
            checks=(Check(None, f"{_roles_lack(denied)}: no alarm can roll the update back, nor anybody stop it"),),
        )
    made = _made(draft, request, config, guards)
    names = (*request.alarms, *(str(alarm["AlarmName"]) for alarm in made))
    return Guarding(
        strategy=strategy,
        made=made,
        alarms=names,
        checks=(*_reading_checks(denied), *named_alarm_checks(draft, request.alarms)),
        notes=tuple(f"rolled back by itself on {reason}" for reason in (*map(str, guards), *request.alarms)),
    )


def roles_of(draft: Draft, config: Parameters, models: Mapping[str, PreparedModel]) -> Iterator[str]:
    """The execution roles of the models that a config serves; those of new models are known before these are there."""
    known = {model.name: model.role_arn for model in models.values()}
    if "ExecutionRoleArn" in config:
        yield config["ExecutionRoleArn"]
    for name in dict.fromkeys(variant["ModelName"] for variant in variants_of(config) if "ModelName" in variant):
        role = known[name] if name in known else _role_of(draft, name)
        if role is not None:
            yield role


def _made(draft: Draft, request: UpdateRequest, config: Parameters, guards: Sequence[Guard]) -> tuple[Parameters, ...]:
    """The alarms to make, among them the one that stops the roll-out where there is room for it."""
    suffix, tags = draft.id.removeprefix(f"{draft.intention}-"), draft.tags()
    variants = [variant["VariantName"] for variant in config["ProductionVariants"]]
    made = [guard.alarm(request.endpoint, variant, suffix, tags) for variant in variants for guard in guards]
    if (total := len(request.alarms) + len(made)) > MAX_ALARMS:
        raise invalid(f"{total} alarms are more than the {MAX_ALARMS} that AWS watches", "Name one that has them all.")
    return (*made, *([stop_alarm(request.endpoint, suffix, tags)] if total < MAX_ALARMS else []))


def _reading_checks(denied: Sequence[str] | None) -> Iterator[Check]:
    if denied is None:
        yield Check(None, f"whether the models' role has {READING} is unknown; without it AWS rolls the update back")
    elif denied:
        yield Check(
            False,
            f"{_roles_lack(denied)}: AWS would roll the update back at once",
            f"Have {READING} given to it, or update without alarms: --strategy all-at-once.",
            ErrorKind.DENIED,
        )


def _roles_lack(roles: Sequence[str]) -> str:
    return f"{', '.join(role.rpartition('/')[2] for role in roles)} lacks {READING}"


def _role_of(draft: Draft, model: str) -> str | None:
    """The execution role of a model; None where it was deleted, which it may be while it serves."""
    described = unless_gone(partial(draft.aws.call, SERVICE, "DescribeModel", ModelName=model)) or {}
    return described.get("ExecutionRoleArn")
