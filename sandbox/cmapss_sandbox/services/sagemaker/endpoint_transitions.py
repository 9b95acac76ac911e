"""How an endpoint gets from one status to the next: what is under way is data, and each of its steps ends in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarms import alarm_arn
from cmapss_sandbox.services.sagemaker.capacity import insufficient_capacity
from cmapss_sandbox.services.sagemaker.deployments.alarms import tripped
from cmapss_sandbox.services.sagemaker.deployments.health import failure_to_start, write_crash
from cmapss_sandbox.services.sagemaker.deployments.pace import (
    CAPACITY_RETRY,
    CAPACITY_WAIT,
    ROLLING_BACK,
    Pace,
)
from cmapss_sandbox.services.sagemaker.deployments.policies import Policy
from cmapss_sandbox.services.sagemaker.deployments.records import DEPLOYING, fleets_at, shown, step_of
from cmapss_sandbox.services.sagemaker.deployments.steps import Situation, Step, roll_back
from cmapss_sandbox.services.sagemaker.fleet import Fleet, all_by_type, as_it_is, current_counts, settled
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT, forget
from cmapss_sandbox.store import Record

STEP_ENDS = "sagemaker.endpoint_step_ends"

_IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
_LONGEST_REASON = 1024


@dataclass(frozen=True, slots=True)
class _Passage:
    """How long a step lasts; whether it is tried again then, or why it fails then, at once where that is 0 seconds."""

    seconds: float
    again: bool = False
    doom: str | None = None


def modifiable(region: Region, name: str) -> Record:
    """An endpoint with nothing under way; raises AWS's refusal when it is absent or something is."""
    record = ENDPOINT.get(region, name)
    if record["EndpointStatus"] in _IN_PROGRESS:
        raise validation_exception(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    return record


def running(region: Region, name: str, statuses: frozenset[str] = frozenset({"InService"})) -> Record:
    """An endpoint that serves and may be changed now; raises AWS's refusal when it is in no such status."""
    record = modifiable(region, name)
    if record["EndpointStatus"] not in statuses:
        raise validation_exception(
            f'Cannot update endpoint "{record["EndpointArn"]}" in status {record["EndpointStatus"]}.'
        )
    return record


def begin(
    region: Region,
    record: Record,
    status: str,
    kind: str,
    steps: Sequence[Step],
    *,
    fleets: Sequence[Fleet] = (),
    pace: Pace | None = None,
    policy: Policy | None = None,
) -> None:
    """Put an endpoint into a status that lasts for these steps, of `fleets`, the old ones first.

    The kind says what comes then: create, update, rescale, undo, roll_back, maintain or delete.
    """
    now = region.now()
    policy = policy or Policy()
    rest = {member: value for member, value in record.items() if member != "FailureReason"}
    deployment = {
        "kind": kind,
        "steps": [step.as_json() for step in steps],
        "at": 0,
        "waited": 0.0,
        "fleets": list(fleets),
        "before": record.get("EndpointStatus"),
        "began": now,
        "time_limit": policy.time_limit,
        "alarms": list(policy.alarms),
        "roll_back_size": dict(policy.roll_back_size),
        "pace": asdict(pace) if pace else None,
    }
    _enter(region, {**rest, "EndpointStatus": status, "LastModifiedTime": now}, deployment)


def set_status(region: Region, record: Record, status: str) -> None:
    """Put an endpoint into another status in which nothing is under way, with the fleets that it has."""
    _settle(region, record, status, record["_fleets"])


def give_up(region: Region, record: Record, reason: str) -> None:
    """Let what is under way fail for good, roll-back and all, so that nothing but deletion is left."""
    _settle(region, record, "Failed", [], reason)


def end_step(region: Region, name: str) -> None:
    """The timed event at the end of a step, or at the end of the time that a deployment may take."""
    record = ENDPOINT.records(region)[name]
    deployment = record["_deployment"]
    reason = deployment["doom"] or _stopped(region, deployment) or _overdue(region, deployment)
    if reason is not None:
        _fail(region, record, deployment, reason)
    elif deployment["again"]:
        _enter(region, record, deployment)
    elif deployment["at"] + 1 < len(deployment["steps"]):
        _enter(region, record, {**deployment, "at": deployment["at"] + 1, "waited": 0.0})
    else:
        _finish(region, record, deployment)


def watch_alarms(region: Region) -> None:
    """Roll back every deployment that has an alarm go off; alarms have just been evaluated."""
    for record in list(ENDPOINT.records(region).values()):
        deployment = record.get("_deployment")
        if deployment is not None and deployment["alarms"]:
            reason = _stopped(region, deployment)
            if reason is not None:
                _fail(region, record, deployment, reason)


def _enter(region: Region, record: Record, deployment: Mapping[str, Any]) -> None:
    """Begin the step that a deployment is at, or have it fail at once."""
    name, now, step = record["EndpointName"], region.now(), step_of(deployment)
    passage = _capacity(region, deployment, step) if step.gate == "capacity" else _Passage(step.seconds)
    if step.gate == "containers":
        passage = _containers(region, name, deployment, step)
    if passage.seconds == 0 and passage.doom is not None:
        _fail(region, record, deployment, passage.doom)
        return
    entered = {
        **deployment,
        "waited": deployment["waited"] + (passage.seconds if passage.again else 0.0),
        "again": passage.again,
        "doom": passage.doom,
        "step_began": now,
        "step_ends": now + timedelta(seconds=passage.seconds),
    }
    _cancel_end(region, record)
    event = region.schedule(min(entered["step_ends"], _deadline(deployment, step)), STEP_ENDS, name=name)
    changed = {**record, "_deployment": entered, "_step_ends": event}
    if deployment["kind"] in DEPLOYING:
        changed["_fleets"] = [fleet for fleet in fleets_at(deployment["fleets"], step) if fleet["share"] > 0]
    ENDPOINT.records(region)[name] = shown(changed)


def _capacity(region: Region, deployment: Mapping[str, Any], step: Step) -> _Passage:
    """Instances are there after the step's time; while the region is short of them, it is asked again and again."""
    shortage = insufficient_capacity(region, all_by_type(deployment["fleets"], step.coming))
    if shortage is None:
        return _Passage(step.seconds)
    if deployment["waited"] < CAPACITY_WAIT:
        return _Passage(CAPACITY_RETRY, again=True)
    return _Passage(0, doom=shortage)


def _containers(region: Region, name: str, deployment: Mapping[str, Any], step: Step) -> _Passage:
    """Containers answer after the step's time, unless they cannot even start, or crash until they are given up."""
    for fleet, counts, coming in zip(deployment["fleets"], step.counts, step.coming, strict=True):
        failure = failure_to_start(region, fleet, [variant for variant, count in coming.items() if count > 0])
        if failure is not None:
            if failure.log:
                write_crash(region, name, fleet["config"], failure, counts[failure.variant] + 1)
            return _Passage(failure.seconds, doom=failure.reason)
    return _Passage(step.seconds)


def _finish(region: Region, record: Record, deployment: Mapping[str, Any]) -> None:
    kind, fleets = deployment["kind"], deployment["fleets"]
    if kind == "delete":
        forget(region, ENDPOINT, record["EndpointName"])
    elif kind in ("create", "update"):
        _settle(region, {**record, "EndpointConfigName": fleets[-1]["config"]}, "InService", [fleets[-1]])
    elif kind == "rescale":
        _settle(region, record, "InService", [settled(fleet) for fleet in record["_fleets"]])
    elif kind == "roll_back":
        _settle(region, record, deployment["before"], fleets[:-1], deployment["reason"])
    else:
        _settle(region, record, "InService", record["_fleets"], deployment.get("reason"))


def _fail(region: Region, record: Record, deployment: Mapping[str, Any], reason: str) -> None:
    """What did not work out is taken back; a first fleet that does not come up is good for nothing but deletion."""
    kind = deployment["kind"]
    undone = {**deployment, "at": 0, "waited": 0.0, "alarms": [], "time_limit": None, "reason": reason}
    record = {**record, "LastModifiedTime": region.now()}
    if kind == "create":
        _settle(region, record, "Failed", [], reason)
    elif kind == "roll_back":
        # What serves is a mix of the old fleet and the new one, and stays so until the next update.
        _settle(region, record, "UpdateRollbackFailed", record["_fleets"], reason)
    elif kind == "update":
        *old, _ = deployment["fleets"]
        situation = situation_of(old, {})
        steps = roll_back(situation, step_of(deployment), deployment["roll_back_size"], Pace(**deployment["pace"]))
        undone |= {"kind": "roll_back", "steps": [step.as_json() for step in steps]}
        if steps:
            _enter(region, {**record, "EndpointStatus": "RollingBack"}, undone)
        else:
            _finish(region, record, undone)
    else:
        step = Step("Updating", "Rolling back to the previous weights and capacity", ROLLING_BACK, (), ())
        undone |= {"kind": "undo", "steps": [step.as_json()]}
        fleets = [as_it_is(fleet) for fleet in record["_fleets"]]
        _enter(region, {**record, "_fleets": fleets, "EndpointStatus": "RollingBack"}, undone)


def _settle(region: Region, record: Record, status: str, fleets: list[Fleet], reason: str | None = None) -> None:
    name = record["EndpointName"]
    _cancel_end(region, record)
    rest = {member: value for member, value in record.items() if member not in ("_deployment", "_step_ends")}
    ENDPOINT.records(region)[name] = shown(
        {
            **rest,
            **({"FailureReason": reason[:_LONGEST_REASON]} if reason else {}),
            "EndpointStatus": status,
            "LastModifiedTime": region.now(),
            "_fleets": fleets,
        }
    )
    if status == "InService":
        region.notify("endpoint_in_service", name=name)


def _cancel_end(region: Region, record: Record) -> None:
    """Whatever comes now, the step that was under way does not end any more."""
    if "_step_ends" in record:
        region.cancel(record["_step_ends"])


def situation_of(old: Sequence[Fleet], new: Mapping[str, int]) -> Situation:
    """Where a deployment starts that leads from fleets that serve to one with these counts."""
    return Situation(tuple(current_counts(fleet) for fleet in old), tuple(fleet["share"] for fleet in old), new)


def _stopped(region: Region, deployment: Mapping[str, Any]) -> str | None:
    """Why a deployment must not go on: one of its alarms has gone off, or its role may not look at them."""
    names = deployment["alarms"]
    if not names or not step_of(deployment).guarded:
        return None
    for role in {made["role"] for made in deployment["fleets"][-1]["made_of"].values()} - {None}:
        if not all(region.permits(role, "cloudwatch:DescribeAlarms", alarm_arn(region, name)) for name in names):
            return (
                f"The deployment was rolled back: the role '{role}' does not have cloudwatch:DescribeAlarms permission "
                "for the alarms in AutoRollbackConfiguration."
            )
    gone_off = tripped(region, names, deployment["began"])
    if not gone_off:
        return None
    return f"The deployment was rolled back: the CloudWatch alarm(s) {', '.join(gone_off)} went into the ALARM state."


def _overdue(region: Region, deployment: Mapping[str, Any]) -> str | None:
    if region.now() >= deployment["step_ends"]:
        return None
    return (
        "The deployment was rolled back: it was not complete within the MaximumExecutionTimeoutInSeconds of "
        f"{deployment['time_limit']:g} seconds."
    )


def _deadline(deployment: Mapping[str, Any], step: Step) -> datetime:
    """When a deployment has taken too long: never, when it is not limited or there is no way back."""
    if deployment["time_limit"] is None or not step.guarded:
        return datetime.max.replace(tzinfo=UTC)
    began: datetime = deployment["began"]
    return began + timedelta(seconds=deployment["time_limit"])
