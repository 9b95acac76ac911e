"""What only AWS itself does to an endpoint, by a control call: maintenance, and taking it out of service."""

from __future__ import annotations

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
    running,
    set_status,
    watch_alarms,
)

_ACTS = ("system_update", "out_of_service", "in_service")


def install(region: Region) -> None:
    """Let steps end, alarms be heeded, and the control call `endpoints` do what no API call does."""
    region.on(STEP_ENDS, end_step)
    region.subscribe(ALARMS_EVALUATED, watch_alarms)
    region.controls["endpoints"] = _act


def _act(region: Region, asked: dict[str, Any]) -> None:
    if len(asked) != 1 or not asked.keys() <= set(_ACTS) or not all(isinstance(name, str) for name in asked.values()):
        raise ValueError(
            f'An endpoint is changed with {{"system_update": "its name"}}, or one of {", ".join(_ACTS[1:])}.'
        )
    [(act, name)] = asked.items()
    try:
        with region.transaction():
            region.settle()
            if act == "system_update":
                step = Step("Updating", "Maintenance of the instances", SYSTEM_UPDATING, (), ())
                begin(region, running(region, name), "SystemUpdating", "maintain", [step])
            elif act == "out_of_service":
                set_status(region, running(region, name), "OutOfService")
            else:
                set_status(region, running(region, name, frozenset({"OutOfService"})), "InService")
    except AwsError as error:
        raise ValueError(error.message) from error
