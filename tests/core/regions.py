"""A sandbox's region inside the test, behind the face of a connection: no process, no port, no waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind, from_client_error
from cmapss_core.plans.plan import Step
from cmapss_core.plans.references import resolved
from cmapss_core.plans.running.looking import judged, read_back
from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services import Service
from tests.core.scripted import EVERYWHERE
from tests.sandbox.scaling import call

_TIMES = ("StartTime", "EndTime")


class RegionClock:
    """The region's clock, as a connection hears it."""

    speed, heard, paused = 1.0, True, True

    def __init__(self, region: Region) -> None:
        self._region = region

    def now(self) -> datetime:
        return self._region.now()


class RegionAws(Aws):
    """Calls go to the region's services as they are; prices, which are elsewhere, are unknown."""

    def __init__(self, region: Region, services: Mapping[str, Service]) -> None:
        super().__init__(Target(region="us-east-1", endpoint_url="http://127.0.0.1:1"))
        self.of = region
        self.answering = services
        self.clock = RegionClock(region)  # type: ignore[assignment]  # the same face
        self.calls: list[str] = []

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{service}:{operation}"
        self.calls.append(name)
        if isinstance(known := EVERYWHERE.get(name), dict):
            return known
        if service not in self.answering:
            raise ConsoleError(ErrorKind.DENIED, f"{service} is elsewhere", operation=name)
        members = {
            member: datetime.fromisoformat(value) if member in _TIMES and isinstance(value, str) else value
            for member, value in parameters.items()
        }
        try:
            answer: dict[str, Any] = call(self.of, self.answering[service], operation, **members)
        except AwsError as error:
            told: Any = {"Error": {"Code": error.code, "Message": error.message}}
            raise from_client_error(ClientError(told, operation), name) from error
        return answer


def carry_out(aws: Aws, steps: list[Step]) -> list[Step]:
    """Act and read back, step by step, as the runner does where nothing goes wrong; the steps that acted."""
    acted = []
    for step in steps:
        if judged(step.proof, "engines", read_back(aws, step.proof), asked=False).holds:
            continue
        if step.call is not None:
            sent = resolved(aws, step.call)
            aws.call(sent.service, sent.operation, **sent.parameters)
        assert judged(step.proof, "engines", read_back(aws, step.proof)).holds, f"{step.title}: {step.proof.shows}"
        acted.append(step)
    return acted


def take_back(aws: Aws, steps: list[Step]) -> None:
    """Undo, newest first; nothing may look as if somebody else had changed it."""
    for step in reversed(steps):
        assert step.undo is not None
        carry_out(aws, [step.undo])
