"""The steps that remove endpoints and what belonged to them, in the order that always works.

What brings itself back when undone goes first; what is gone for good, uploads and logs, goes last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from cmapss_core.aws import Aws
from cmapss_core.belongings import LogGroup
from cmapss_core.endpoints import Endpoint
from cmapss_core.plans.plan import Call, Proof, Step
from cmapss_core.plans.scaling.policy_alarms import put_alarm, read_policy_alarms
from cmapss_core.plans.scaling.steps import VariantScaling, read_variant_scaling, removal_steps
from cmapss_core.plans.steps import (
    delete_endpoint,
    delete_endpoint_config,
    delete_model,
    endpoint_deletion,
    tags_of,
    wait_for_running_changes,
    wait_until_gone,
)
from cmapss_core.plans.undoing import undone_by

Parameters = Mapping[str, Any]

FOR_GOOD = "for good"
_ALARMS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What goes. Configs and models are the parameters that make them again; uploads are S3 URIs.

    `scalings` are those of variants that no longer are; those of the endpoints that go are read with them.
    `lost` are configs of these endpoints that are gone already: without its config an endpoint does not come back.
    """

    endpoints: tuple[Endpoint, ...] = ()
    lost: frozenset[str] = frozenset()
    scalings: tuple[VariantScaling, ...] = ()
    configs: tuple[Parameters, ...] = ()
    models: tuple[Parameters, ...] = ()
    alarms: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()


def steps_of(aws: Aws, removal: Removal) -> Iterator[Step]:
    """The steps of a removal; reads only. Raises ConsoleError."""
    scaling = [step for endpoint in removal.endpoints for step in _scaling(aws, endpoint, removal.lost)]
    scaling += _for_good(step for scaled in removal.scalings for step in removal_steps(scaled))
    yield from scaling
    for endpoint in removal.endpoints:
        yield from _end(aws, endpoint, removal.lost)
    for config in removal.configs:
        yield delete_endpoint_config(config)
    for model in removal.models:
        yield delete_model(model)
    yield from _alarms(aws, [name for name in removal.alarms if name not in _alarms_deleted(scaling)])
    for uri in removal.uploads:
        yield delete_upload(uri)
    for group in removal.log_groups:
        yield delete_log_group(group)


def delete_alarm(alarm: Parameters) -> Step:
    """Delete an alarm that these parameters of PutMetricAlarm make again."""
    making = put_alarm(alarm)
    assert making.undo is not None
    return undone_by(making.undo, replace(making, undo=None), "put again")


def delete_upload(uri: str) -> Step:
    """Delete a packed model that the console uploaded; the file that it came from is all that can bring it back."""
    parts = urlsplit(uri)
    place = {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}
    return Step(
        title="delete uploaded model",
        detail=f"{uri}, {FOR_GOOD}",
        call=Call("s3", "DeleteObject", place),
        proof=Proof(call=Call("s3", "HeadObject", place), gone=True),
    )


def delete_log_group(group: LogGroup) -> Step:
    """Delete a log group with all that is in it."""
    return Step(
        title="delete log group",
        detail=f"{group.name}{_size(group)}, {FOR_GOOD}",
        call=Call("logs", "DeleteLogGroup", {"logGroupName": group.name}),
        proof=Proof(
            call=Call("logs", "DescribeLogGroups", {"logGroupNamePrefix": group.name}),
            shows={f"length(logGroups[?logGroupName=='{group.name}'])": (0,)},
        ),
    )


def _size(group: LogGroup) -> str:
    if not group.size:
        return ""
    return f", {group.size / 1e6:.1f} MB" if group.size >= 1e6 else f", {group.size / 1e3:.1f} kB"


def _scaling(aws: Aws, endpoint: Endpoint, lost: Collection[str]) -> Iterator[Step]:
    variants = [variant.name for variant in endpoint.variants]
    variants += [variant.name for variant in endpoint.rollout.variants] if endpoint.rollout else []
    for variant in dict.fromkeys(variants):
        scaling = read_variant_scaling(aws, endpoint.name, variant)
        if scaling is not None:
            steps = removal_steps(scaling)
            yield from steps if _comes_back(endpoint, lost) else _for_good(steps)


def _end(aws: Aws, endpoint: Endpoint, lost: Collection[str]) -> Iterator[Step]:
    if endpoint.status == "Deleting":
        yield wait_until_gone(endpoint.name)
        return
    # AWS refuses to delete what it is still changing, and auto scaling may have begun a change meanwhile.
    yield wait_for_running_changes(endpoint.name, endpoint.status)
    tags = tags_of(aws, endpoint.arn)
    coming = (endpoint.rollout.config,) if endpoint.rollout else ()
    if endpoint.config is None or not _comes_back(endpoint, lost):
        served = tuple(config for config in (endpoint.config, *coming) if config is not None)
        yield endpoint_deletion(endpoint.name, {"EndpointConfigName": served} if served else {})
        return
    parameters = {"EndpointName": endpoint.name, "EndpointConfigName": endpoint.config}
    yield delete_endpoint({**parameters, "Tags": tags} if tags else parameters, coming)


def _comes_back(endpoint: Endpoint, lost: Collection[str]) -> bool:
    """Whether undoing makes it again: what failed would fail again, and without its config there is nothing to make."""
    return endpoint.status not in ("Failed", "Deleting") and endpoint.config not in (None, *lost)


def _for_good(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps without their undo, for what has nothing left that it could be put back on."""
    return (replace(step, undo=None) for step in steps)


def _alarms(aws: Aws, names: list[str]) -> Iterator[Step]:
    for start in range(0, len(names), _ALARMS_AT_ONCE):
        for alarm in read_policy_alarms(aws, {}, names[start : start + _ALARMS_AT_ONCE]):
            yield delete_alarm(alarm)


def _alarms_deleted(steps: Iterable[Step]) -> set[str]:
    calls = [step.call for step in steps if step.call and step.call.operation == "DeleteAlarms"]
    return {name for call in calls for name in call.parameters["AlarmNames"]}
