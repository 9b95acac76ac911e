"""The endpoint config that an update leads to: a full copy of the present one, with the changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmapss_core.belongings import variants_of
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.models.variants import MAX_VARIANTS
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange, capture_config

Parameters = Mapping[str, Any]
Changes = Mapping[str, VariantChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What of counts and weights comes with the new config, and what is set when it is in place.

    UpdateEndpoint takes counts, or weights, of all variants from the config or of none. Where the former config has
    what runs by now, it can be undone exactly, and the new config brings what is asked for; else what runs is kept by
    the roll-out, so that undoing brings it back, and what is asked for is set for itself, by variant.
    """

    excluded: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)


def named_changes(request: UpdateRequest, former: Parameters) -> dict[str, VariantChange]:
    """The changes by variant, those without a name being of the only one. Raises ConsoleError."""
    present = [variant["VariantName"] for variant in former["ProductionVariants"]]
    changes: dict[str, VariantChange] = {}
    for change in request.variants:
        if change.name is None and len(present) > 1:
            raise invalid(
                f"{request.endpoint} has the variants {', '.join(present)}", "Say which one: --variant name=…"
            )
        name = change.name or present[0]
        if name in changes:
            raise invalid(f"variant {name} is changed twice", "Say it all at once.")
        changes[name] = change
    absent = [name for name in request.remove if name not in present]
    if absent:
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            f"{request.endpoint} has no variant {' or '.join(absent)} to remove",
            remedy=f"It has {', '.join(present)}.",
        )
    return changes


def changed_variants(former: Parameters, changes: Changes, models: Mapping[str, str], removed: Sequence[str]) -> Any:
    """The production variants of the new config, `models` being those to serve by variant. Raises ConsoleError."""
    present = {variant["VariantName"]: variant for variant in former["ProductionVariants"]}
    variants = [
        _changed(variant, changes.get(name, VariantChange()), models.get(name))
        for name, variant in present.items()
        if name not in removed
    ]
    first = next(iter(present.values()))
    added = [_added(name, change, models, first) for name, change in changes.items() if name not in present]
    _check_together([*variants, *added], former, bool(added))
    return [*variants, *added]


def changed_config(
    former: Parameters, name: str, variants: Sequence[Parameters], request: UpdateRequest, tags: Iterable[Parameters]
) -> dict[str, Any]:
    """What CreateEndpointConfig takes; all that is not changed is as it was, and so are tags that are not replaced."""
    ours = list(tags)
    kept = [tag for tag in former.get("Tags", ()) if tag["Key"] not in {tag["Key"] for tag in ours}]
    config = {**former, "EndpointConfigName": name, "ProductionVariants": list(variants), "Tags": [*kept, *ours]}
    if request.capture is not None:
        config["DataCaptureConfig"] = capture_config(request.capture, former.get("DataCaptureConfig"))
    return config


def is_same(former: Parameters, config: Parameters) -> bool:
    """Whether two configs differ in nothing but name and tags."""
    own = ("EndpointConfigName", "Tags")
    return all(former.get(member) == config.get(member) for member in {*former, *config} if member not in own)


def retention(endpoint: Endpoint, former: Parameters, changes: Changes, request: UpdateRequest) -> Retention:
    """How the counts and weights that are asked for come about, and those that are not are kept."""
    running = {variant.name: variant for variant in endpoint.variants}
    began = {v["VariantName"]: v for v in former["ProductionVariants"] if v["VariantName"] in running}
    counts = {
        name: change.instances
        for name, change in changes.items()
        if name in running and change.instances is not None and change.instances != running[name].desired_instances
    }
    weights = {
        name: change.weight
        for name, change in changes.items()
        if name in running and change.weight is not None and not same_weight(change.weight, running[name].weight)
    }
    # What runs of a shadow variant is not known here.
    alone = not former.get("ShadowProductionVariants")
    as_began = alone and all(
        variant.get("InitialInstanceCount") == running[name].desired_instances for name, variant in began.items()
    )
    weighed_as_began = alone and all(
        same_weight(variant.get("InitialVariantWeight", 1.0), running[name].weight) for name, variant in began.items()
    )
    excluded = [
        *(["DesiredInstanceCount"] if counts and as_began else []),
        *(["DesiredWeight"] if weights and weighed_as_began else []),
        *(["DataCaptureConfig"] if request.capture else []),
    ]
    return Retention(
        excluded=tuple(excluded),
        counts={} if as_began else counts,
        weights={} if weighed_as_began else weights,
    )


def rescaled(endpoint: Endpoint, changes: Changes) -> Retention:
    """The counts and weights that are asked for and are not so yet. Raises ConsoleError for what is not there."""
    running = {variant.name: variant for variant in endpoint.variants}
    for name, one in changes.items():
        if name in running and one.instances is not None and running[name].instance_type is None:
            raise invalid(f"the instances of variant {name} are not counted", "It is serverless, or has several types.")
        if name not in running:
            raise ConsoleError(
                ErrorKind.NOT_FOUND,
                f"{endpoint.name} has no variant {name}",
                remedy=f"It has {', '.join(running)}; a new one needs a model: --variant name={name},job=…",
            )
    after = {name: running[name].weight if one.weight is None else one.weight for name, one in changes.items()}
    if not any(after.get(name, variant.weight) for name, variant in running.items()):
        raise _unweighed()
    return Retention(
        counts={
            name: one.instances
            for name, one in changes.items()
            if one.instances is not None and one.instances != running[name].desired_instances
        },
        weights={
            name: one.weight
            for name, one in changes.items()
            if one.weight is not None and not same_weight(one.weight, running[name].weight)
        },
    )


def same_weight(one: float, other: float) -> bool:
    """Whether AWS takes two weights for one: it keeps them in single precision."""
    return math.isclose(one, other, rel_tol=1e-6)


def fleet_after(config: Parameters, endpoint: Endpoint, kept: Retention) -> Iterator[tuple[str, str, int]]:
    """Name, type and count of each variant, shadows last, as the roll-out makes them: with the counts that it keeps."""
    running = {variant.name: variant.desired_instances for variant in endpoint.variants}
    exact = "DesiredInstanceCount" in kept.excluded
    for variant in variants_of(config):
        if "InstanceType" in variant:
            begins = variant.get("InitialInstanceCount", 0)
            name = variant["VariantName"]
            yield name, variant["InstanceType"], begins if exact else running.get(name, begins)


def _changed(variant: Parameters, change: VariantChange, model: str | None) -> dict[str, Any]:
    name = variant["VariantName"]
    if model is not None and "ModelName" not in variant:
        raise invalid(f"variant {name} serves inference components, not a model", "Change those instead.")
    counted = change.instance_type is not None or change.instances is not None
    if counted and "InstanceType" not in variant:
        kind = "serverless" if "ServerlessConfig" in variant else "on several instance types"
        raise invalid(f"variant {name} is {kind}", "Its instances cannot be chosen: change its model or weight alone.")
    asked = {
        "ModelName": model,
        "InstanceType": change.instance_type,
        "InitialInstanceCount": change.instances,
        "InitialVariantWeight": change.weight,
    }
    return {**variant, **{member: value for member, value in asked.items() if value is not None}}


def _added(name: str, change: VariantChange, models: Mapping[str, str], first: Parameters) -> dict[str, Any]:
    if name not in models:
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            f"there is no variant {name}, and without a model none can be added",
            remedy=f"Name its model: --variant name={name},job=…",
        )
    instance_type = change.instance_type or first.get("InstanceType")
    if instance_type is None:
        raise invalid(f"the new variant {name} has no instance type", "Name it: instance-type=ml.m5.xlarge.")
    return {
        "VariantName": name,
        "ModelName": models[name],
        "InstanceType": instance_type,
        "InitialInstanceCount": 1 if change.instances is None else change.instances,
        "InitialVariantWeight": 1.0 if change.weight is None else change.weight,
    }


def _check_together(variants: Sequence[Parameters], former: Parameters, adding: bool) -> None:
    """Raises ConsoleError for variants that no endpoint config can have together."""
    if not variants:
        raise invalid("no variant would be left", "To end the endpoint, delete it.")
    if len(variants) > MAX_VARIANTS:
        raise invalid(f"{len(variants)} variants are more than {MAX_VARIANTS}", "An endpoint has no more.")
    if adding and former.get("ShadowProductionVariants"):
        raise invalid("a variant is added beside a shadow variant", "Beside one, AWS takes exactly one other.")
    if not any(variant.get("InitialVariantWeight", 1.0) for variant in variants):
        raise _unweighed()


def _unweighed() -> ConsoleError:
    return invalid("no variant would have a weight above 0", "Nobody would answer: give one a weight.")
