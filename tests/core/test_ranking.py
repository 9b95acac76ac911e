"""Jobs are ordered by their objective, in its direction; what has no place comes last and is never lost."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.ranking import TrainingJob, common_metric, direction, rank
from tests.core.scripted import NOW

METRIC = "validation:rmse"


def job(name: str, value: float | None, **changes: object) -> TrainingJob:
    fields: dict[str, object] = {
        "name": name,
        "status": "Completed",
        "created": NOW,
        "objective_metric": METRIC,
        "objective_value": value,
        "objective_type": "Minimize",
        "artifact": "s3://bucket/model.tar.gz",
        "hyperparameters": {},
        "metrics": {},
    }
    return TrainingJob(**{**fields, **changes})  # type: ignore[arg-type]


jobs = st.lists(
    st.builds(
        lambda value, status, artifact, metric, age: job(
            "job",
            value,
            status=status,
            artifact=artifact,
            objective_metric=metric,
            created=NOW - timedelta(seconds=age),
        ),
        st.none() | st.floats(),
        st.sampled_from(["Completed", "Failed", "InProgress", "Stopped"]),
        st.sampled_from(["s3://bucket/model.tar.gz", "", None]),
        st.sampled_from([METRIC, "validation:mae", None]),
        st.integers(0, 10_000),
    ),
    max_size=30,
)


@given(jobs)
def test_no_job_is_lost_and_places_count_from_one(some: list[TrainingJob]) -> None:
    ranked = rank(some, METRIC)
    assert sorted(map(id, (r.job for r in ranked))) == sorted(map(id, some))
    places = [r.rank for r in ranked if r.rank is not None]
    assert places == list(range(1, len(places) + 1))
    assert all(r.rank is None for r in ranked[len(places) :])


@given(jobs)
def test_each_placed_job_is_at_least_as_good_as_the_next(some: list[TrainingJob]) -> None:
    values = [r.job.objective_value for r in rank(some, METRIC) if r.rank is not None]
    assert all(value is not None and math.isfinite(value) for value in values)
    assert values == sorted(values, key=lambda value: value if value is not None else math.inf)


@given(jobs)
def test_maximizing_is_minimizing_the_negative(some: list[TrainingJob]) -> None:
    turned = [
        replace(
            one,
            objective_type="Maximize",
            objective_value=None if one.objective_value is None else -one.objective_value,
        )
        for one in some
    ]
    assert [r.rank for r in rank(some, METRIC)] == [r.rank for r in rank(turned, METRIC)]


def test_a_job_of_unknown_direction_has_no_place() -> None:
    assert rank([job("a", 1.0, objective_type=None)], METRIC)[0].rank is None


def test_an_error_on_other_data_is_not_compared() -> None:
    before = job("synthetic", 40.0, data="synthetic", created=NOW - timedelta(hours=1))
    ranked = rank([before, job("real", 45.0, data="nasa")], METRIC)
    assert [(r.rank, r.job.name) for r in ranked] == [(1, "real"), (None, "synthetic")]


def test_equal_values_are_ordered_by_age() -> None:
    older = job("z", 1.0, created=NOW - timedelta(minutes=1))
    assert [r.job.name for r in rank([job("a", 1.0), older], METRIC)] == ["z", "a"]


def test_directions_are_those_of_the_container() -> None:
    assert direction("validation:rmse") == "Minimize"
    assert direction("validation:auc") == "Maximize"
    assert direction("validation:ndcg@10") == "Maximize"
    assert direction("my:own") is None


def test_the_metric_that_most_jobs_share_decides() -> None:
    assert common_metric([job("a", 1.0), job("b", 2.0), job("c", 1.0, objective_metric="x")]) == METRIC
    assert common_metric([]) is None
