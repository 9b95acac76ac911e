"""Killed before and after every step, and again while it is taken up: each plan ends done or fully undone.

A few moments of each plan in the suite; CMAPSS_OPERATION_KILLS=all makes it every moment, taken up both ways.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cmapss_core.plans.journal import Journal
from tests.live import LiveSandbox
from tests.survival.cases import CASES, Case, deployment
from tests.survival.dying import Errand, sent_out
from tests.survival.wiping import wiped
from tests.survival.worlds import World, difference, world

EVERY_MOMENT = os.environ.get("CMAPSS_OPERATION_KILLS") == "all"
MOMENTS_IN_THE_SUITE = 5
ENDED: dict[Errand, str] = {"resume": "done", "roll back": "rolled_back"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_killed_operation_ends_done_or_undone(
    region: LiveSandbox, journals: Iterator[Path], killed: Callable[[], None], case: Case
) -> None:
    before = _set_up(region, journals, case)
    undisturbed = sent_out(region, next(journals), "run", case.plan)
    assert undisturbed.status == "done", undisturbed.error
    after = world(region)
    assert after != before
    for moment, taken_up in _moments(undisturbed.moments):
        assert _set_up(region, journals, case) == before
        journal = next(journals)
        assert sent_out(region, journal, "run", case.plan, killed_at=moment).killed
        killed()
        if not Journal(journal).operations():
            assert world(region) == before, f"killed at moment {moment}, it had changed something unwritten"
            continue
        # Killed again while it is taken up, a little later each time, until it gets through.
        for again in range(1 + moment % 3, 200, 3):
            end = sent_out(region, journal, taken_up, killed_at=again)
            if not end.killed:
                break
            killed()
        assert end.status == ENDED[taken_up], f"killed at moment {moment}, {taken_up}: {end.error}"
        left = difference(world(region), after if taken_up == "resume" else before)
        assert not left, f"killed at moment {moment}, {taken_up}:\n{left}"


def _moments(count: int) -> Iterator[tuple[int, Errand]]:
    """The moments to be killed at, and how the operation is then taken up."""
    if EVERY_MOMENT:
        yield from ((moment, taken_up) for moment in range(1, count + 1) for taken_up in ENDED)
        return
    step = max(1, count // MOMENTS_IN_THE_SUITE)
    for number, moment in enumerate(range(2, count + 1, step)):
        yield moment, "roll back" if number % 2 else "resume"


def _set_up(region: LiveSandbox, journals: Iterator[Path], case: Case) -> World:
    wiped(region)
    if case.endpoint:
        deployed = sent_out(region, next(journals), "run", deployment)
        assert deployed.status == "done", deployed.error
    case.prepare(region)
    return world(region)
