from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.cloudwatch.alarm_state import AlarmRule, State, Treatment, evaluate, state_reason

X, O, N = 1.0, 0.0, None  # noqa: E741  (as CloudWatch's guide draws its data points)
TREATMENTS: tuple[Treatment, ...] = ("missing", "ignore", "breaching", "notBreaching")


def rule(periods: int, datapoints: int, treatment: Treatment = "missing") -> AlarmRule:
    return AlarmRule("GreaterThanThreshold", 0.5, periods, datapoints, treatment)


# The two tables of "Configuring how CloudWatch alarms treat missing data": oldest first, as printed there.
@pytest.mark.parametrize(
    ("points", "states"),
    [
        ((O, N, X, N, X), ("OK", "OK", "OK", "OK")),
        ((N, N, N, N, O), ("OK", "OK", "OK", "OK")),
        ((N, N, N, N, N), ("INSUFFICIENT_DATA", "retained", "ALARM", "OK")),
        ((O, X, X, N, X), ("ALARM", "ALARM", "ALARM", "ALARM")),
        ((N, N, X, N, N), ("ALARM", "retained", "ALARM", "OK")),
    ],
)
def test_three_out_of_three(points: tuple[float | None, ...], states: tuple[str, ...]) -> None:
    for treatment, expected in zip(TREATMENTS, states, strict=True):
        for present in ("OK", "ALARM"):
            state = evaluate(rule(3, 3, treatment), points[::-1], present)
            assert state == (present if expected == "retained" else expected), (treatment, present)


@pytest.mark.parametrize(
    ("points", "states"),
    [
        ((O, N, X, N, X), ("ALARM", "ALARM", "ALARM", "ALARM")),
        ((O, O, X, O, X), ("ALARM", "ALARM", "ALARM", "ALARM")),
        ((O, N, X, N, N), ("OK", "OK", "ALARM", "OK")),
        ((N, N, N, N, O), ("OK", "OK", "ALARM", "OK")),
        ((N, N, N, X, N), ("ALARM", "retained", "ALARM", "OK")),
    ],
)
def test_two_out_of_three(points: tuple[float | None, ...], states: tuple[str, ...]) -> None:
    for treatment, expected in zip(TREATMENTS, states, strict=True):
        for present in ("OK", "ALARM"):
            state = evaluate(rule(3, 2, treatment), points[::-1], present)
            assert state == (present if expected == "retained" else expected), (treatment, present)


def test_a_new_alarm_waits_for_as_many_points_as_it_needs() -> None:
    state: State = "INSUFFICIENT_DATA"
    states = []
    for known in range(1, 16):
        recent = [X] * known + [N] * (17 - known)
        state = evaluate(rule(15, 15), recent, state)
        states.append(state)
    assert states == ["INSUFFICIENT_DATA"] * 14 + ["ALARM"]


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_each_comparison(comparison: str, below: str, at: str, above: str) -> None:
    for value, expected in ((9.0, below), (10.0, at), (11.0, above)):
        assert evaluate(AlarmRule(comparison, 10.0, 1, 1), [value], "OK") == expected


@given(
    st.lists(st.sampled_from([X, O]), min_size=5, max_size=5),
    st.integers(1, 5),
    st.sampled_from(TREATMENTS),
    st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"]),
)
def test_with_every_point_there_only_the_count_matters(
    points: list[float], datapoints: int, treatment: Treatment, present: State
) -> None:
    expected = "ALARM" if points.count(X) >= datapoints else "OK"
    assert evaluate(rule(5, datapoints, treatment), points, present) == expected


@given(
    st.lists(st.sampled_from([X, O, N]), min_size=7, max_size=7),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(TREATMENTS),
    st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"]),
)
def test_the_state_is_what_the_guide_says_step_by_step(
    points: list[float | None], periods: int, datapoints: int, treatment: Treatment, present: State
) -> None:
    """The guide's own order: real points if there are enough, else missing ones are filled, else special cases."""
    datapoints = min(datapoints, periods)
    recent = points[: periods + 2]
    real = [value for value in recent if value is not None][:periods]
    if len(real) == periods or treatment in ("breaching", "notBreaching"):
        filled = [*real, *[X if treatment == "breaching" else O] * (periods - len(real))]
        expected: State = "ALARM" if filled.count(X) >= datapoints else "OK"
    elif real.count(X) >= datapoints:
        expected = "ALARM"
    elif O in real:
        expected = "OK"
    elif treatment == "ignore":
        expected = present
    elif not real:
        expected = "INSUFFICIENT_DATA"
    else:  # all that is there breaches: early, if the oldest of it is old enough
        oldest = max(age for age, value in enumerate(recent, start=1) if value is not None)
        expected = "ALARM" if oldest >= datapoints else present
    assert evaluate(rule(periods, datapoints, treatment), recent, present) == expected


@given(
    st.lists(st.sampled_from([X, O, N]), min_size=5, max_size=5),
    st.integers(0, 4),
    st.sampled_from(TREATMENTS),
    st.integers(1, 3),
)
def test_one_more_breaching_point_never_ends_an_alarm(
    points: list[float | None], index: int, treatment: Treatment, datapoints: int
) -> None:
    worse = [*points[:index], X, *points[index + 1 :]]
    before = evaluate(rule(3, datapoints, treatment), points, "OK")
    if before == "ALARM" and points[index] is not None:
        assert evaluate(rule(3, datapoints, treatment), worse, "OK") == "ALARM"


def test_the_reason_is_in_the_words_of_aws() -> None:
    times = [datetime(2026, 11, 22, 16, minute, tzinfo=UTC) for minute in (37, 36, 35)]
    high = AlarmRule("GreaterThanThreshold", 10.0, 3, 3)
    assert state_reason(high, "ALARM", list(zip(times, (40.0, 41.5, 12.0), strict=True))) == (
        "Threshold Crossed: 3 out of the last 3 datapoints [40.0 (22/11/26 16:37:00), 41.5 (22/11/26 16:36:00), "
        "12.0 (22/11/26 16:35:00)] were greater than the threshold (10.0) "
        "(minimum 3 datapoints for OK -> ALARM transition)."
    )
    assert state_reason(high, "OK", list(zip(times, (8.0, 41.5, 12.0), strict=True))) == (
        "Threshold Crossed: 1 out of the last 3 datapoints [8.0 (22/11/26 16:37:00)] was not greater than the "
        "threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )
    low = AlarmRule("LessThanThreshold", 9.0, 15, 15)
    many = [(datetime(2026, 11, 22, 16, minute, tzinfo=UTC), 0.0) for minute in range(37, 22, -1)]
    assert state_reason(low, "ALARM", many) == (
        "Threshold Crossed: 15 out of the last 15 datapoints were less than the threshold (9.0). The most recent "
        "datapoints which crossed the threshold: [0.0 (22/11/26 16:37:00), 0.0 (22/11/26 16:36:00), "
        "0.0 (22/11/26 16:35:00), 0.0 (22/11/26 16:34:00), 0.0 (22/11/26 16:33:00)] "
        "(minimum 15 datapoints for OK -> ALARM transition)."
    )
    plain = AlarmRule("GreaterThanThreshold", 10.0, 3, 3, counts=False)
    assert state_reason(plain, "OK", list(zip(times, (8.0, 41.5, 12.0), strict=True))) == (
        "Threshold Crossed: 1 datapoint [8.0 (22/11/26 16:37:00)] was not greater than the threshold (10.0)."
    )
    five = AlarmRule("GreaterThanOrEqualToThreshold", 80.0, 5, 5, counts=False)
    assert state_reason(five, "ALARM", [(time, 84.5) for time, _ in many[:5]]) == (
        "Threshold Crossed: 5 datapoints were greater than or equal to the threshold (80.0). The most recent "
        "datapoints which crossed the threshold: [84.5 (22/11/26 16:37:00), 84.5 (22/11/26 16:36:00), "
        "84.5 (22/11/26 16:35:00), 84.5 (22/11/26 16:34:00), 84.5 (22/11/26 16:33:00)]."
    )
    breaching = AlarmRule("GreaterThanThreshold", 10.0, 3, 3, "breaching")
    assert state_reason(breaching, "ALARM", [(times[0], 40.0)]) == (
        "Threshold Crossed: 1 out of the last 3 datapoints [40.0 (22/11/26 16:37:00)] was greater than the threshold "
        "(10.0) and 2 missing datapoints were treated as [Breaching] (minimum 3 datapoints for OK -> ALARM transition)."
    )
    assert state_reason(high, "INSUFFICIENT_DATA", []) == "Insufficient Data: 3 datapoints were unknown."
    treated = AlarmRule("GreaterThanThreshold", 10.0, 1, 1, "notBreaching")
    assert state_reason(treated, "OK", []) == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
