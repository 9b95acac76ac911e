"""How many instances there were: what is told by activities, readings and operations, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.instance_counts import KnownCount, counts_told, instance_history, with_counts
from cmapss_core.metrics import Points
from cmapss_core.scaling import ScalingActivity
from tests.core.scripted import NOW
from tests.core.test_explanation import activity, endpoint, scaling

START = NOW - timedelta(minutes=30)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def shown(points: Points) -> list[tuple[float, float | None]]:
    """(minutes ago, count), None where it is not known."""
    return [(round((NOW - at).total_seconds() / 60, 1), None if math.isnan(count) else count) for at, count in points]


def to(count: int, began: float, ended: float) -> ScalingActivity:
    """An activity that set so many instances, between so many minutes ago."""
    return activity(
        status="Successful",
        started=ago(began),
        ended=ago(ended),
        description=f"Setting desired instance count to {count}.",
    )


def read(count: int, since: float, until: float) -> KnownCount:
    return KnownCount("AllTraffic", ago(since), ago(until), count, count)


def test_an_activity_tells_what_is_asked_for_and_what_runs_then_and_nothing_of_before() -> None:
    history = instance_history(endpoint(5, modified=ago(5)), scaling(to(5, 8, 5)), START, NOW)
    assert shown(history.desired) == [(30, None), (8, 5)]
    assert shown(history.current) == [(30, None), (5, 5)]


def test_between_activities_a_count_holds() -> None:
    history = instance_history(endpoint(2, modified=ago(5)), scaling(to(2, 8, 5), to(5, 24, 20)), START, NOW)
    assert shown(history.desired) == [(30, None), (24, 5), (8, 2)]
    assert shown(history.current) == [(30, None), (20, 5), (5, 2)]


def test_a_count_that_was_read_holds_until_an_activity_changes_it() -> None:
    """Two by hand until automatic scaling took one away: what ran before is what was read."""
    known = with_counts((read(1, 50, 40),), counts_told(endpoint(2, modified=ago(35)), ago(20)))
    history = instance_history(endpoint(1, modified=ago(5)), scaling(to(1, 8, 5)), ago(60), NOW, known=known)
    assert shown(history.current) == [(60, None), (50, 1), (40, None), (35, 2), (5, 1)]
    assert shown(history.desired) == [(60, None), (50, 1), (40, None), (35, 2), (8, 1)]


def test_an_activity_to_what_is_said_to_have_been_before_shows_that_it_was_not() -> None:
    history = instance_history(
        endpoint(1, modified=ago(5)), scaling(to(1, 8, 5)), ago(60), NOW, known=(read(1, 50, 40),)
    )
    assert shown(history.current) == [(60, None), (50, 1), (40, None), (5, 1)]


def test_in_service_an_endpoint_has_what_it_has_had_since_it_was_modified() -> None:
    history = instance_history(endpoint(3, modified=ago(12)), scaling(), START, NOW)
    assert shown(history.current) == [(30, None), (12, 3)]


def test_while_instances_come_only_the_moment_is_known() -> None:
    moving = endpoint(1, 3, modified=ago(4), status="Updating")
    history = instance_history(moving, scaling(), START, NOW + timedelta(seconds=1), known=(read(1, 12, 6),))
    assert shown(history.current) == [(30, None), (12, 1)]
    assert shown(history.desired)[:3] == [(30, None), (12, 1), (6, None)]


def test_an_operation_of_ones_own_says_that_it_changed_the_count() -> None:
    known = (
        KnownCount("AllTraffic", ago(60), ago(50), 0, 1),
        KnownCount("AllTraffic", ago(50), ago(50), 1, None, moved=True),
        KnownCount("AllTraffic", ago(20), ago(20), None, 2, moved=True),
        KnownCount("AllTraffic", ago(16), ago(16), 2, None, moved=True),
    )
    history = instance_history(endpoint(2, modified=ago(16)), scaling(), ago(90), NOW, known=known)
    assert shown(history.current) == [(60, 0), (50, 1), (16, 2)]
    assert shown(history.desired) == [(60, 1), (20, 2)]


def test_nothing_is_told_of_an_endpoint_that_had_the_name_before() -> None:
    history = instance_history(endpoint(1, modified=ago(50)), scaling(), ago(90), NOW, known=(read(4, 80, 70),))
    assert shown(history.current) == [(60, None), (50, 1)]


def test_the_history_of_several_variants_is_added_up_and_told_of_each() -> None:
    one = endpoint(5, modified=ago(5))
    other = replace(one.variants[0], name="Challenger", current_instances=2, desired_instances=2)
    both = replace(one, variants=(*one.variants, other))
    known = (read(1, 40, 8), replace(read(2, 40, 8), variant="Challenger"))
    done = scaling(to(5, 8, 5))
    assert [count for _, count in instance_history(both, done, START, NOW, known=known).desired] == [3, 7]
    assert [count for _, count in instance_history(both, done, START, NOW, "Challenger", known).desired] == [2]


def test_before_the_oldest_activity_that_was_read_the_history_is_not_known() -> None:
    many = [to(5 if n % 2 else 4, 9 * n, 9 * n - 4) for n in range(1, 51)]
    old = endpoint(5, created=ago(2880), modified=ago(5))
    first = read(3, 1000, 900)
    whole = instance_history(old, scaling(*many[:49]), ago(1440), NOW, known=(first,))
    cut = instance_history(old, scaling(*many), ago(1440), NOW, known=(first,))
    assert shown(whole.desired)[:3] == [(1440, None), (1000, 3), (441, 5)]
    assert shown(cut.desired)[:4] == [(1440, None), (1000, 3), (900, None), (450, 4)]


def test_readings_of_the_same_count_are_one_and_a_gap_between_them_is_not_made_up() -> None:
    known: tuple[KnownCount, ...] = ()
    for minute in range(60, 0, -1):
        known = with_counts(known, counts_told(endpoint(2, modified=ago(90)), ago(minute)))
    assert len(known) == 1
    later = with_counts(known, [replace(known[0], start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=1))])
    assert len(later) == 2


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5)), min_size=1, max_size=12, unique_by=lambda one: one[0])
)
def test_what_was_read_is_what_is_told_of_that_moment(readings: list[tuple[int, int]]) -> None:
    known: tuple[KnownCount, ...] = ()
    for minutes, count in sorted(readings, reverse=True):
        known = with_counts(known, [read(count, minutes, minutes)])
    old = endpoint(1, created=ago(600), modified=NOW)
    current = instance_history(old, scaling(), ago(400), NOW, known=known).current
    for minutes, count in readings:
        assert next(value for at, value in reversed(current) if at <= ago(minutes)) == count or minutes == 0
