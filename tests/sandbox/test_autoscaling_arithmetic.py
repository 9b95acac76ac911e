from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.autoscaling.arithmetic import (
    Bounds,
    Scaling,
    added_in_cooldown,
    needed_capacity,
    scale_in_capacity,
    scale_out_capacity,
)
from cmapss_sandbox.services.autoscaling.control import Vote, winning_vote


@st.composite
def fleets(draw: st.DrawFn) -> tuple[int, Bounds]:
    minimum = draw(st.integers(0, 20))
    maximum = draw(st.integers(max(minimum, 1), 60))
    return draw(st.integers(max(minimum, 1), maximum)), Bounds(minimum, maximum)


metrics = st.floats(0, 1e5)
targets = st.floats(0.1, 1e4)


@pytest.mark.parametrize(
    ("invocations", "instances", "needed"), [(30, 3, 3), (40, 3, 4), (41, 3, 5), (120, 3, 12), (10, 1, 1), (0, 5, 0)]
)
def test_invocations_a_minute_at_ten_an_instance(invocations: int, instances: int, needed: int) -> None:
    metric = sum([1 / instances] * invocations)  # as each request adds it, rounding errors included
    assert needed_capacity(instances, metric, 10.0) == needed


@given(fleets(), metrics, targets, st.integers(0, 10))
def test_scaling_never_leaves_the_bounds_nor_turns_the_wrong_way(
    fleet: tuple[int, Bounds], metric: float, target: float, added: int
) -> None:
    current, bounds = fleet
    out = scale_out_capacity(current, metric, target, bounds, added)
    smaller = scale_in_capacity(current, metric, target, bounds)
    assert bounds.minimum <= smaller <= current <= out <= bounds.maximum


@given(fleets(), metrics, metrics, targets)
def test_a_higher_metric_never_asks_for_less(
    fleet: tuple[int, Bounds], metric: float, other: float, target: float
) -> None:
    current, bounds = fleet
    low, high = sorted((metric, other))
    for capacity in (scale_out_capacity, scale_in_capacity):
        assert capacity(current, low, target, bounds) <= capacity(current, high, target, bounds)


@given(fleets(), metrics, targets)
def test_scaling_in_is_gradual_and_does_not_overshoot(fleet: tuple[int, Bounds], metric: float, target: float) -> None:
    current, bounds = fleet
    smaller = scale_in_capacity(current, metric, target, bounds)
    assert current - smaller <= max(1, current // 10)
    if 0 < smaller < current:
        assert current * metric / smaller <= target * (1 + 1e-4)


@given(fleets(), metrics, targets, st.integers(1, 10))
def test_within_the_cooldown_only_a_larger_scale_out_starts(
    fleet: tuple[int, Bounds], metric: float, target: float, added: int
) -> None:
    current, bounds = fleet
    cooling = scale_out_capacity(current, metric, target, bounds, added)
    if needed_capacity(current, metric, target) - current <= added:
        assert cooling == current
    assert cooling <= scale_out_capacity(current, metric, target, bounds)


def test_what_the_last_scale_out_added_counts_as_part_of_the_next() -> None:
    bounds = Bounds(1, 20)
    assert scale_out_capacity(4, 12.0, 10.0, bounds, added=1) == 4
    assert scale_out_capacity(4, 18.0, 10.0, bounds, added=1) == 7
    assert scale_out_capacity(4, 18.0, 10.0, bounds) == 8


ENDED = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_cooldown_begins_when_the_activity_has_completed() -> None:
    last = Scaling(ENDED - 4 * MINUTE, ENDED, 1)
    assert last.cooling_down(timedelta(seconds=300), ENDED + timedelta(seconds=299))
    assert not last.cooling_down(timedelta(seconds=300), ENDED + timedelta(seconds=300))
    assert not last.cooling_down(timedelta(0), ENDED)


def test_what_was_added_within_a_cooldown_counts_together_until_one_is_over_or_instances_were_removed() -> None:
    first = Scaling(ENDED - 30 * MINUTE, ENDED - 26 * MINUTE, 4)
    second = Scaling(ENDED - 10 * MINUTE, ENDED - 6 * MINUTE, 2)
    third = Scaling(ENDED - 4 * MINUTE, ENDED, 1)
    now = ENDED + MINUTE
    assert added_in_cooldown([third, second, first], 5 * MINUTE, now) == 3
    assert added_in_cooldown([third, second, first], 20 * MINUTE, now) == 7
    assert added_in_cooldown([third, second, first], MINUTE, now) == 0
    removed = Scaling(ENDED - 4 * MINUTE, ENDED, -1)
    assert added_in_cooldown([removed, second, first], 20 * MINUTE, now) == 0
    assert added_in_cooldown([third, removed, first], 20 * MINUTE, now) == 1


votes = st.lists(st.builds(Vote, st.integers(1, 50), holds=st.booleans()), max_size=6)


@given(st.integers(1, 50), votes)
def test_out_if_any_policy_wants_and_in_only_if_all_that_hold_do(current: int, found: list[Vote]) -> None:
    decided = winning_vote(current, found)
    outward = [vote.capacity for vote in found if vote.capacity > current]
    held = [vote.capacity < current for vote in found if vote.holds]
    steps_in = [vote.capacity for vote in found if not vote.holds and vote.capacity < current]
    tracks_in = [vote.capacity for vote in found if vote.holds and vote.capacity < current and all(held)]
    expected = max(outward, default=max([*steps_in, *tracks_in], default=None))
    assert (decided and decided.capacity) == expected
