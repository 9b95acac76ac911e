"""Journals as operations leave them behind, without any AWS that they were about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from cmapss_core.errors import ConsoleError
from cmapss_core.plans.journal import Journal, OperationLog
from cmapss_core.plans.plan import Place, Plan
from cmapss_core.plans.running.history import ENDED, event_line
from cmapss_core.plans.running.operations import OperationStatus, StepEvent, StepState
from tests.tui.consoles import NOW, deploy_plan

PLACE = Place("000000000000", "us-east-1")


def plan_of(operation_id: str = "deploy-2026-11-22-16-41-07-aaaa", *, target: str = "engines") -> Plan:
    """A deployment that can be begun more than once."""
    return replace(deploy_plan(name=target), id=operation_id, place=PLACE)


def begun(
    journal: Journal,
    plan: Plan,
    *states: tuple[int, StepState],
    error: ConsoleError | None = None,
    at: datetime = NOW,
) -> OperationLog:
    """Begin a plan and write these states of its steps, a second apart; an error is that of the last. In hand yet."""
    log, _ = journal.begin(plan, at)
    for place, (n, state) in enumerate(states):
        said = error if place == len(states) - 1 else None
        when = at + timedelta(seconds=place)
        event = StepEvent(plan_id=plan.id, n=n, state=state, message=f"step {n}", at=when, error=said)
        log.write(state, when, **event_line(event))
    return log


def ended(
    journal: Journal,
    plan: Plan,
    status: OperationStatus,
    *states: tuple[int, StepState],
    error: ConsoleError | None = None,
    at: datetime = NOW,
) -> None:
    """The same, let go of with this status."""
    log = begun(journal, plan, *states, error=error, at=at)
    log.write(ENDED, at + timedelta(minutes=2), status=status)
    log.close()


def done(*numbers: int) -> Iterable[tuple[int, StepState]]:
    """The states of steps that were carried out one after the other."""
    for n in numbers:
        yield n, "started"
        yield n, "acting"
        yield n, "done"
