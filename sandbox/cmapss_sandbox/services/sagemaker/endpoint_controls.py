"""What only AWS itself does to an endpoint, by a control call: maintenance, taking it out of service, failing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.minutes import ALARMS_EVALUATED
from cmapss_sandbox.services.sagemaker.deployments.pace import SYSTEM_UPDATING
from cmapss_sandbox.services.sagemaker.deployments.steps import Step
from cmapss_sandbox.services.sagemaker.endpoint_transitions import (
    STEP_ENDS,
    begin,
    end_step,
    give_up,
    running,
    set_status,
    watch_alarms,
)
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT

_MAY_FAIL = ("Creating", "Updating", "RollingBack")
_FAILURE = "Request to service failed. If failure persists after retry, contact customer support."


def install(region: Region) -> None:
    """Let steps end, alarms be heeded, and the control call `endpoints` do what no API call does."""
    region.on(STEP_ENDS, end_step)
    region.subscribe(ALARMS_EVALUATED, watch_alarms)
    region.controls["endpoints"] = _act


def _act(region: Region, asked: dict[str, Any]) -> None:
    if len(asked) != 1 or not asked.keys() <= _ACTS.keys() or not all(isinstance(name, str) for name in asked.values()):
        raise ValueError(
            f'An endpoint is changed with {{"system_update": "its name"}}, or by another of {", ".join(_ACTS)}.'
        )
    [(act, name)] = asked.items()
    try:
        with region.lock:
            region.settle()
            with region.transaction():
                _ACTS[act](region, name)
    except AwsError as error:
        raise ValueError(error.message) from error


def _system_update(region: Region, name: str) -> None:
    step = Step("Updating", "Maintenance of the instances", SYSTEM_UPDATING, (), ())
    begin(region, running(region, name), "SystemUpdating", "maintain", [step])


def _out_of_service(region: Region, name: str) -> None:
    set_status(region, running(region, name), "OutOfService")


def _in_service(region: Region, name: str) -> None:
    set_status(region, running(region, name, frozenset({"OutOfService"})), "InService")


def _fail(region: Region, name: str) -> None:
    record = ENDPOINT.get(region, name)
    if record["EndpointStatus"] not in _MAY_FAIL:
        raise ValueError(f"{name} fails while it is {', '.join(_MAY_FAIL)}, not {record['EndpointStatus']}.")
    give_up(region, record, _FAILURE)


_ACTS: Mapping[str, Callable[[Region, str], None]] = {
    "system_update": _system_update,
    "out_of_service": _out_of_service,
    "in_service": _in_service,
    "fail": _fail,
}
