"""Journals as processes leave them behind, whether these ended by themselves or not."""

from __future__ import annotations

from datetime import timedelta

from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Place, Plan, Step, numbered
from cmapss_core.plans.running.history import ENDED, event_line
from cmapss_core.plans.running.operations import StepEvent, StepState
from tests.core.scripted import NOW
from tests.core.unreliable import making

HERE, THERE = Place("000000000000", "us-east-1"), Place("000000000000", "eu-west-1")


def plan_on(target: str, number: int = 0, place: Place | None = None, *steps: Step) -> Plan:
    return Plan(
        id=f"change-2026-{number:04}",
        intention="change",
        target=target,
        steps=numbered(steps or [making("a", "ours")]),
        place=place,
    )


def told(n: int, state: StepState, seconds: float = 0.0) -> StepEvent:
    return StepEvent(plan_id="any", n=n, state=state, message=state, at=NOW + timedelta(seconds=seconds))


def written(journal: Journal, plan: Plan, *states: StepState, status: str | None = None) -> None:
    """What a process has written that then ended, by itself or not."""
    log, _ = journal.begin(plan, NOW)
    for state in states:
        log.write(state, NOW, **event_line(told(1, state)))
    if status is not None:
        log.write(ENDED, NOW, status=status)
    log.close()
