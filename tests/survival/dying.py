"""A process that plans, resumes or rolls back an operation, and is killed at a chosen moment.

A moment is before or after a line of the journal, and before or after a call that changes AWS: before and after
every step, and in the middle of it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import boto3

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError
from cmapss_core.permissions import READING_OPERATIONS
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal, OperationLog
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import Outcome, StepEvent
from tests.live import LiveSandbox

Planner = Callable[[Aws], Plan]
Errand = Literal["run", "resume", "roll back"]

_PATIENCE_SECONDS = 180
# Made once, with everything imported and the services' models read: a child costs milliseconds, and is no fork of a
# process with threads.
_processes = multiprocessing.get_context("forkserver")
_session = boto3.Session()
for _service in ("sagemaker", "application-autoscaling", "cloudwatch", "iam", "logs", "pricing", "s3", "sts"):
    _session.client(_service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
_processes.set_forkserver_preload([__name__, "jmespath"])


@dataclass(frozen=True, slots=True)
class End:
    """How a process ended: killed, or with an outcome or an error; `moments` it came to."""

    killed: bool
    status: str | None = None
    error: str | None = None
    moments: int = 0


def sent_out(
    sandbox: LiveSandbox,
    journal: Path,
    errand: Errand,
    planner: Planner | None = None,
    killed_at: int | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
) -> End:
    """Do it in a process of its own: run a new plan, or take the newest operation of the journal up again.

    The faults set in once the plan is made.
    """
    ours, theirs = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_live, args=(theirs, sandbox, journal, errand, planner, killed_at, faults))
    process.start()
    theirs.close()
    process.join(_PATIENCE_SECONDS)
    assert process.exitcode is not None, f"{errand}, to be killed at {killed_at}, has not ended"
    if process.exitcode == -signal.SIGKILL:
        return End(killed=True)
    assert process.exitcode == 0, f"{errand} ended with {process.exitcode}"
    end: End = ours.recv()
    return end


def _live(
    told: Connection,
    sandbox: LiveSandbox,
    directory: Path,
    errand: Errand,
    planner: Planner | None,
    at: int | None,
    faults: Sequence[Mapping[str, Any]],
) -> None:
    runner.MAX_POLL_SECONDS = 0.0  # the region's clock is moved instead
    moments = _die_at(at)
    aws = Aws(Target(endpoint_url=sandbox.endpoint_url))
    aws._session = _session
    journal = Journal(directory)

    def passing(event: StepEvent) -> None:
        if event.state in ("waiting", "undoing"):
            sandbox.advance(minutes=1)

    try:
        plan = planner(aws) if planner else None
        if faults:
            sandbox.control("/faults", add=faults)
        outcome = _errand(errand, aws, journal, plan, passing)
        told.send(_end(moments(), outcome.error, outcome.status))
    except ConsoleError as refused:
        told.send(_end(moments(), refused))
    told.close()


def _end(moments: int, error: ConsoleError | None, status: str | None = None) -> End:
    return End(killed=False, status=status, error=error.line() if error else None, moments=moments)


def _errand(
    errand: Errand, aws: Aws, journal: Journal, plan: Plan | None, passing: Callable[[StepEvent], None]
) -> Outcome:
    if errand == "run":
        assert plan is not None
        return runner.run(aws, plan, journal, on_event=passing)
    newest = journal.operations()[0].id
    take_up = runner.resume if errand == "resume" else runner.roll_back
    return take_up(aws, newest, journal, on_event=passing)


def _die_at(at: int | None) -> Callable[[], int]:
    """Count the moments, and kill this process at the one of that number, from 1."""
    count = 0

    def moment() -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    write, send = OperationLog.write, Aws._send

    def writing(self: OperationLog, *args: Any, **details: Any) -> None:
        moment()
        write(self, *args, **details)
        moment()

    def sending(self: Aws, service: str, operation: str, parameters: Any) -> dict[str, Any]:
        if f"{service}:{operation}" in READING_OPERATIONS:
            return send(self, service, operation, parameters)
        moment()
        answer = send(self, service, operation, parameters)
        moment()
        return answer

    OperationLog.write = writing  # type: ignore[method-assign]  # in this process alone
    Aws._send = sending  # type: ignore[method-assign]
    return lambda: count
