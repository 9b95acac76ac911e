"""A third of all calls goes wrong: every plan still ends done, or is undone, and nothing is left over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmapss_core.plans.journal import Journal
from tests.live import LiveSandbox
from tests.survival.cases import CASES, Case, deployment
from tests.survival.dying import End, Errand, sent_out
from tests.survival.wiping import wiped
from tests.survival.worlds import World, difference, world

SHARE = 0.3
SEEDS = range(int(os.environ.get("CMAPSS_OPERATION_FAULTS", "1")))
KINDS = ("throttling", "internal-failure", "dropped-before", "dropped-after", "expired-token")
ATTEMPTS = 200


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", [*KINDS, "all of them"])
def test_every_plan_ends_well_while_calls_fail(
    region: LiveSandbox, journals: Iterator[Path], kind: str, seed: int
) -> None:
    for case in CASES:
        for errand in ("resume", "roll back"):
            _ends_well(region, journals, case, kind, errand, seed)


def _ends_well(region: LiveSandbox, journals: Iterator[Path], case: Case, kind: str, errand: Errand, seed: int) -> None:
    before = _set_up(region, journals, case)
    assert sent_out(region, next(journals), "run", case.plan).status == "done"
    after = world(region)
    assert _set_up(region, journals, case) == before
    _break(region, kind, seed)
    journal = next(journals)
    end = _until_begun(region, journal, case)
    wanted = "done" if errand == "resume" else "rolled_back"
    for _ in range(ATTEMPTS):
        if end.status == wanted:
            break
        end = sent_out(region, journal, errand)
    region.control("/faults", clear=True)
    assert end.status == wanted, f"{case.name}: {end.error}"
    left = difference(world(region), after if errand == "resume" else before)
    assert not left, f"{case.name}:\n{left}"


def _until_begun(region: LiveSandbox, journal: Path, case: Case) -> End:
    """Plan it as often as it takes; a plan that could not be read together has changed nothing."""
    for _ in range(ATTEMPTS):
        end = sent_out(region, journal, "run", case.plan)
        if Journal(journal).operations():
            return end
        assert end.kind in ("throttled", "unreachable", "auth", "failed", "unavailable"), end.error
    raise AssertionError(f"{case.name} could not be planned: {end.error}")


def _break(region: LiveSandbox, kind: str, seed: int) -> None:
    kinds = [kind] if kind in KINDS else [*KINDS]
    region.control(
        "/faults",
        add=[{"kind": each, "share": SHARE / len(kinds), "seed": 100 * seed + n} for n, each in enumerate(kinds)],
    )


def _set_up(region: LiveSandbox, journals: Iterator[Path], case: Case) -> World:
    wiped(region)
    if case.endpoint:
        deployed = sent_out(region, next(journals), "run", deployment)
        assert deployed.status == "done", deployed.error
    case.prepare(region)
    return world(region)
