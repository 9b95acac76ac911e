"""UpdateEndpoint: another config for a running endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.capacity import refuse_beyond_quota
from cmapss_sandbox.services.sagemaker.deployments.health import import_early
from cmapss_sandbox.services.sagemaker.deployments.pace import update_pace
from cmapss_sandbox.services.sagemaker.deployments.policies import BlueGreen, read_policy
from cmapss_sandbox.services.sagemaker.deployments.steps import Step, blue_green, rolling
from cmapss_sandbox.services.sagemaker.endpoint_transitions import begin, running, situation_of
from cmapss_sandbox.services.sagemaker.fleet import (
    Fleet,
    all_by_type,
    current_counts,
    desired_counts,
    planned_fleet,
    retained,
)
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT_CONFIG

_UPDATABLE = frozenset({"InService", "UpdateRollbackFailed"})


def update_endpoint(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """UpdateEndpoint: the old fleet serves until the new one takes over, and again when that fails.

    Subscribers to "endpoint_update_asked" (name, instance_types by variant) may refuse it by raising AwsError.
    """
    record = running(region, request["EndpointName"], _UPDATABLE)
    config = ENDPOINT_CONFIG.get(region, request["EndpointConfigName"])
    new = planned_fleet(region, config)
    types = {name: made["instance_type"] for name, made in new["made_of"].items()}
    region.notify("endpoint_update_asked", name=record["EndpointName"], instance_types=types)
    if request.get("RetainAllVariantProperties"):
        excluded = request.get("ExcludeRetainedVariantProperties", [])
        kinds = frozenset(excluded_property["VariantPropertyType"] for excluded_property in excluded)
        known = [*record["ProductionVariants"], *record.get("ShadowProductionVariants", [])]
        new = retained(new, known, kinds)
    deployment_config = _deployment_config(record.get("LastDeploymentConfig"), request)
    counts = desired_counts(new)
    policy = read_policy(region, deployment_config or {}, counts)
    old, pace = record["_fleets"], update_pace(config["EndpointConfigName"])
    situation = situation_of(old, counts)
    steps = (
        blue_green(situation, policy.strategy, pace)
        if isinstance(policy.strategy, BlueGreen)
        else rolling(situation, policy.strategy, pace)
    )
    fleets = [*old, new]
    refuse_beyond_quota(region, _more(fleets, steps))
    import_early()
    changed = {name: value for name, value in record.items() if name != "LastDeploymentConfig"}
    if deployment_config is not None:
        changed["LastDeploymentConfig"] = deployment_config
    begin(region, changed, "Updating", "update", steps, fleets=fleets, pace=pace, policy=policy)
    return {"EndpointArn": record["EndpointArn"]}


def _deployment_config(last: dict[str, Any] | None, request: dict[str, Any]) -> dict[str, Any] | None:
    """The deployment configuration that is asked for, or the last one when that is to be retained."""
    asked: dict[str, Any] | None = request.get("DeploymentConfig")
    return last if asked is None and request.get("RetainDeploymentConfig") else asked


def _more(fleets: Sequence[Fleet], steps: Sequence[Step]) -> Counter[str]:
    """The instances by type that a deployment needs beside those that run now, at the worst moment."""
    *old, _ = fleets
    most: Counter[str] = Counter()
    for step in steps:
        most |= all_by_type(fleets, step.taken())
    return most - all_by_type(old, map(current_counts, old))
