"""A sandbox's region inside the test, behind the face of a connection: no process, no port, no waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Proof, Step
from cmapss_core.plans.references import resolved
from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services import Service
from tests.core.scripted import EVERYWHERE
from tests.sandbox.scaling import call

_TIMES = ("StartTime", "EndTime")
_KINDS = {"ObjectNotFoundException": ErrorKind.NOT_FOUND, "ResourceNotFound": ErrorKind.NOT_FOUND}


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
        self.services = services
        self.clock = RegionClock(region)  # type: ignore[assignment]  # the same face
        self.calls: list[str] = []

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{service}:{operation}"
        self.calls.append(name)
        if isinstance(known := EVERYWHERE.get(name), dict):
            return known
        if service not in self.services:
            raise ConsoleError(ErrorKind.DENIED, f"{service} is elsewhere", operation=name)
        members = {
            member: datetime.fromisoformat(value) if member in _TIMES else value for member, value in parameters.items()
        }
        try:
            answer: dict[str, Any] = call(self.of, self.services[service], operation, **members)
        except AwsError as error:
            kind = _KINDS.get(error.code, ErrorKind.INVALID)
            raise ConsoleError(kind, error.message, operation=name, code=error.code) from error
        return answer


def holds(aws: Aws, proof: Proof) -> bool:
    """Whether reading back shows what the proof demands now."""
    return _shows(aws, proof, proof.shows)


def carry_out(aws: Aws, steps: list[Step]) -> list[Step]:
    """Act and read back, step by step, as the runner does where nothing goes wrong; the steps that acted."""
    acted = []
    for step in steps:
        if holds(aws, step.proof):
            continue
        if step.call is not None:
            sent = resolved(aws, step.call)
            aws.call(sent.service, sent.operation, **sent.parameters)
        assert holds(aws, step.proof), f"{step.title}: {step.proof.shows}"
        acted.append(step)
    return acted


def take_back(aws: Aws, steps: list[Step]) -> None:
    """Undo, newest first; what each undo demands to be unchanged is so."""
    for step in reversed(steps):
        assert step.undo is not None
        assert _shows(aws, step.undo.proof, step.undo.proof.unchanged), step.undo.proof.unchanged
        carry_out(aws, [step.undo])


def _shows(aws: Aws, proof: Proof, wanted: Mapping[str, tuple[Any, ...]]) -> bool:
    import jmespath

    answer = aws.call(proof.call.service, proof.call.operation, **proof.call.parameters)
    return all(jmespath.search(path, answer) in good for path, good in wanted.items())
