"""Plans of deployments as pure data: whatever the counts and sizes, traffic and instances stay in order."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.sagemaker.deployments.pace import Pace
from cmapss_sandbox.services.sagemaker.deployments.policies import BlueGreen, Rolling
from cmapss_sandbox.services.sagemaker.deployments.steps import (
    Situation,
    Step,
    blue_green,
    roll_back,
    rolling,
    step_from_json,
)

PACE = Pace(300.0)
WHOLE = {"Type": "CAPACITY_PERCENT", "Value": 100}

instances = st.integers(1, 12)
fleets = st.dictionaries(st.sampled_from("abc"), instances, min_size=1)
sizes = st.one_of(
    st.builds(lambda value: {"Type": "INSTANCE_COUNT", "Value": value}, st.integers(1, 6)),
    st.builds(lambda value: {"Type": "CAPACITY_PERCENT", "Value": value}, st.integers(5, 50)),
)
waits = st.sampled_from([0.0, 120.0])
strategies = st.one_of(
    st.builds(
        BlueGreen, step_size=st.none() | sizes, two_steps=st.booleans(), wait_interval=waits, termination_wait=waits
    ),
    st.builds(Rolling, batch_size=sizes, wait_interval=waits),
)
# One fleet, or the two that a failed roll-back has left.
situations = st.one_of(
    st.builds(lambda old, new: Situation((old,), (1.0,), new), fleets, fleets),
    st.builds(
        lambda one, other, share, new: Situation((one, other), (share, 1 - share), new),
        fleets,
        fleets,
        st.floats(0.1, 0.9),
        fleets,
    ),
)


def planned(situation: Situation, strategy: BlueGreen | Rolling) -> list[Step]:
    if isinstance(strategy, BlueGreen):
        return blue_green(situation, strategy, PACE)
    return rolling(situation, strategy, PACE)


def assert_orderly(steps: Sequence[Step]) -> None:
    """Nothing runs out, traffic is whole and only where instances are, and what comes is what then runs."""
    for step in steps:
        assert step.seconds > 0
        assert sum(step.shares) == pytest.approx(1)
        assert all(count >= 0 for counts in (*step.counts, *step.coming) for count in counts.values())
        for counts, share in zip(step.counts, step.shares, strict=True):
            assert share >= 0
            assert share == 0 or sum(counts.values()) > 0
        assert step.taken() == tuple(
            {name: count + (coming.get(name, 0)) for name, count in counts.items()}
            for counts, coming in zip(step.counts, step.coming or [{}] * len(step.counts), strict=True)
        )
        assert step_from_json(json.loads(json.dumps(step.as_json()))) == step
    for made, after in itertools.pairwise(steps):
        if made.gate == "containers":
            assert after.counts == made.taken()


@given(situations, strategies)
def test_a_deployment_ends_with_the_new_fleet_and_never_goes_back(
    situation: Situation, strategy: BlueGreen | Rolling
) -> None:
    steps = planned(situation, strategy)
    assert_orderly(steps)
    shares = [step.shares[-1] for step in steps]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert steps[-1].counts[-1] == situation.new
    assert not steps[-1].guarded
    assert [step.gate for step in steps[:2]] == ["capacity", "containers"]
    if isinstance(strategy, BlueGreen):
        assert all(step.counts[:-1] == situation.old for step in steps)


@given(situations, st.builds(Rolling, batch_size=sizes, wait_interval=waits))
def test_a_rolling_deployment_needs_room_for_a_batch_alone(situation: Situation, strategy: Rolling) -> None:
    whole = sum(sum(counts.values()) for counts in situation.old)
    for step in planned(situation, strategy):
        running = sum(sum(counts.values()) for counts in step.taken())
        new = sum(situation.new.values())
        assert running <= whole + new
        # Old and new together never fall below the smaller of the two.
        assert running >= min(whole, new)


@given(situations, strategies, sizes | st.just(WHOLE), st.data())
def test_a_roll_back_from_any_step_ends_where_it_began(
    situation: Situation, strategy: BlueGreen | Rolling, size: dict[str, Any], data: st.DataObject
) -> None:
    reached = data.draw(st.sampled_from([step for step in planned(situation, strategy) if step.guarded]))
    steps = roll_back(situation, reached, size, PACE)
    assert_orderly(steps)
    if not steps:
        assert (reached.counts[:-1], reached.shares[-1]) == (situation.old, 0)
        return
    assert not any(step.guarded for step in steps)
    shares = [reached.shares[-1], *(step.shares[-1] for step in steps)]
    assert shares == sorted(shares, reverse=True)
    assert steps[-1].shares == pytest.approx((*situation.shares, 0))
    assert steps[-1].counts[:-1] == situation.old


@given(fleets, sizes, st.booleans())
def test_traffic_shifts_in_growing_shares_that_end_with_all(
    counts: dict[str, int], size: dict[str, Any], two_steps: bool
) -> None:
    shares = BlueGreen(size, two_steps).shares(counts)
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert 0 < shares[0] <= 1
    assert not two_steps or len(shares) <= 2
