"""A deployment under way, as its endpoint's record keeps it, and what the record shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.services.sagemaker.deployments.steps import Step, step_from_json
from cmapss_sandbox.services.sagemaker.fleet import (
    Fleet,
    capture_summary,
    merged,
    pending_variants,
    scaled,
)
from cmapss_sandbox.store import Record

# The kinds of deployment that bring a new fleet.
DEPLOYING = frozenset({"create", "update", "roll_back"})

# What is the sandbox's own in a record:
#   _fleets      the fleets that serve, each with its share of the traffic
#   _deployment  what is under way: its kind, its steps and where it is, its fleets (old ones first) and its limits
#   _step_ends   the timed event that ends the step it is at
#   _fleet       what the variants that serve are made of, by name
_SHOWN = (
    "ProductionVariants",
    "ShadowProductionVariants",
    "DataCaptureConfig",
    "MetricsConfig",
    "PendingDeploymentSummary",
    "_fleet",
)


def step_of(deployment: Mapping[str, Any]) -> Step:
    """The step that a deployment is at."""
    return step_from_json(deployment["steps"][deployment["at"]])


def fleets_at(fleets: list[Fleet], step: Step) -> list[Fleet]:
    """The fleets as they are during a step."""
    return [scaled(fleet, counts, share) for fleet, counts, share in zip(fleets, step.counts, step.shares, strict=True)]


def models_behind(record: Record) -> set[str]:
    """The names of the models that an endpoint serves, or is about to."""
    fleets: list[Fleet] = [*record.get("_fleets", []), *record.get("_deployment", {}).get("fleets", [])]
    return {made["model"] for fleet in fleets for made in fleet["made_of"].values()}


def shown(record: Record) -> Record:
    """The record with all that DescribeEndpoint shows of what serves and of what is under way."""
    rest = {member: value for member, value in record.items() if member not in _SHOWN}
    deployment = record.get("_deployment")
    if deployment is None:
        return {**rest, **_serving(record["_fleets"], [])}
    step = step_of(deployment)
    status = [{"Status": step.status, "StatusMessage": step.message, "StartTime": deployment["step_began"]}]
    if deployment["kind"] not in DEPLOYING:
        return {**rest, **_serving(record["_fleets"], status)}
    *old, coming = fleets_at(deployment["fleets"], step)
    statuses: dict[str, list[dict[str, Any]]] = {"old": [], "new": [], step.actor: status}
    return {**rest, **_serving(old, statuses["old"]), **_pending(deployment, coming, statuses["new"])}


def _serving(fleets: list[Fleet], status: list[dict[str, Any]]) -> Record:
    if not fleets:
        return {}
    found: Record = {"_fleet": {name: made for fleet in reversed(fleets) for name, made in fleet["made_of"].items()}}
    for member, name in (("variants", "ProductionVariants"), ("shadows", "ShadowProductionVariants")):
        variants = merged(fleets, member)
        if variants:
            found[name] = [{**variant, "VariantStatus": status} if status else variant for variant in variants]
    if fleets[0]["capture"] is not None:
        found["DataCaptureConfig"] = capture_summary(fleets[0]["capture"])
    if fleets[0]["metrics"] is not None:
        found["MetricsConfig"] = fleets[0]["metrics"]
    return found


def _pending(deployment: Mapping[str, Any], coming: Fleet, status: list[dict[str, Any]]) -> Record:
    summary = {
        "EndpointConfigName": coming["config"],
        "ProductionVariants": pending_variants(coming, "variants", status),
        "StartTime": deployment["began"],
    }
    shadows = pending_variants(coming, "shadows", status)
    if shadows:
        summary["ShadowProductionVariants"] = shadows
    return {"PendingDeploymentSummary": summary}
