"""A third of all calls goes wrong: every plan still ends done, or is undone, and nothing is left over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveSandbox
from tests.survival.cases import CASES, Case, deployment
from tests.survival.dying import Errand, sent_out
from tests.survival.wiping import wiped
from tests.survival.worlds import World, difference, world

SHARE = 0.3
KINDS = ("throttling", "internal-failure", "dropped-before", "dropped-after", "expired-token")
ALL = "all of them"
# Each kind alone only in the campaign, with so many seeds; a few seconds of every retry are botocore's own.
SEEDS = int(os.environ.get("CMAPSS_OPERATION_FAULTS", "0"))
ATTEMPTS = 2_000  # a resume looks at every step again, and of twenty looks all have to be answered
ENDED: dict[Errand, str] = {"resume": "done", "roll back": "rolled_back"}


@pytest.mark.parametrize("seed", range(max(1, SEEDS)))
@pytest.mark.parametrize("kind", [*KINDS, ALL] if SEEDS else [ALL])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_operation_ends_well_while_a_third_of_its_calls_fail(
    region: LiveSandbox, journals: Iterator[Path], case: Case, kind: str, seed: int
) -> None:
    before = _set_up(region, journals, case)
    assert sent_out(region, next(journals), "run", case.plan).status == "done"
    after = world(region)
    for errand, wanted in ENDED.items():
        assert _set_up(region, journals, case) == before
        journal = next(journals)
        end = sent_out(region, journal, "run", case.plan, faults=_faults(kind, seed))
        for _ in range(ATTEMPTS):
            if end.status == wanted:
                break
            end = sent_out(region, journal, errand)
        region.control("/faults", clear=True)
        assert end.status == wanted, end.error
        left = difference(world(region), after if errand == "resume" else before)
        assert not left, f"{errand}:\n{left}"


def _faults(kind: str, seed: int) -> list[dict[str, Any]]:
    kinds = KINDS if kind == ALL else (kind,)
    return [{"kind": each, "share": SHARE / len(kinds), "seed": 100 * seed + n} for n, each in enumerate(kinds)]


def _set_up(region: LiveSandbox, journals: Iterator[Path], case: Case) -> World:
    wiped(region)
    if case.endpoint:
        deployed = sent_out(region, next(journals), "run", deployment)
        assert deployed.status == "done", deployed.error
    case.prepare(region)
    return world(region)
