"""What the list says of a job, apart from any screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.jobs import RankedJob, rank
from cmapss_tui import job_facts, job_rows
from tests.tui.jobs_made import METRIC, STARTED, TUNING_JOB, jobs, snapshot, training_job

VALUES = st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=100)), max_size=30)


def made(values: list[float | None]) -> list[RankedJob]:
    numbered = enumerate(values, start=1)
    return list(
        rank([training_job(n, value, "Failed" if value is None else "Completed") for n, value in numbered], METRIC)
    )


@given(VALUES, st.sampled_from(job_rows.SORT_KEYS), st.booleans())
def test_every_order_keeps_every_row_and_puts_those_without_a_value_last(
    values: list[float | None], by: str, descending: bool
) -> None:
    rows = made(values)
    ordered = job_rows.ordered(rows, by, descending=descending)
    assert sorted(map(job_rows.key, ordered)) == sorted(map(job_rows.key, rows))
    known = [job_rows.field(row, by) is not None or by == "created" for row in ordered]
    assert known == sorted(known, reverse=True)


def test_numbers_are_ordered_as_numbers() -> None:
    rows = [
        RankedJob(None, training_job(n, hyperparameters={"eta": text})) for n, text in enumerate(["10", "9", "1e-3"])
    ]
    ordered = job_rows.ordered(rows, "eta", descending=False)
    assert [row.job.hyperparameters["eta"] for row in ordered] == ["1e-3", "9", "10"]


@given(VALUES)
def test_the_best_so_far_never_gets_worse_and_ends_at_the_best(values: list[float | None]) -> None:
    shot = snapshot([row.job for row in made(values)])
    progress = job_rows.progress(shot)
    assert list(progress.values) == values
    best = [value for value in progress.best if value is not None]
    assert best == sorted(best, reverse=True)
    known = [value for value in values if value is not None]
    assert (best[-1] if best else None) == (min(known) if known else None)


def test_more_is_better_where_the_objective_is_maximized() -> None:
    shot = snapshot([training_job(n, value, objective_type="Maximize") for n, value in enumerate([1.0, 3.0, 2.0])])
    assert job_rows.progress(shot).best == (1.0, 3.0, 3.0)


def test_a_running_job_has_taken_the_time_since_it_was_made() -> None:
    running = training_job(1, status="InProgress")
    (row,) = job_rows.rows_of(snapshot([running], as_of=running.created + timedelta(seconds=75)))
    assert job_rows.cell(row, "took") == "1m15s"


def test_aws_is_asked_to_agree_on_the_best_job() -> None:
    first, second, third = training_job(1, 45.0), training_job(2, 46.0), training_job(3, 47.0)
    agreed = snapshot([first, second, third])
    assert "AWS agrees" in str(job_rows.cross_check(first, agreed))
    assert job_rows.cross_check(second, agreed) is None
    disagreed = snapshot([first, second, third], best=second.name)
    assert second.name in str(job_rows.cross_check(first, disagreed))
    assert first.name in str(job_rows.cross_check(second, disagreed))
    assert job_rows.cross_check(third, disagreed) is None


@pytest.mark.parametrize("width", [78, 118, 198])
def test_the_title_fits_and_keeps_what_counts(width: int) -> None:
    shot = snapshot([training_job(1, 45.0), training_job(2, status="InProgress")])
    long = replace(shot, tuning_jobs=(replace(shot.tuning_jobs[0], failed=3, name=TUNING_JOB + "-again"),))
    title = job_rows.title(long, width)
    assert title.cell_length <= width
    assert "validation:rmse ↓" in title.plain
    assert "1 of 2 done, 1 running, 3 failed" in title.plain


@pytest.mark.parametrize("width", [60, 78, 100])
def test_a_summary_fits_its_panel_and_loses_no_parameter(width: int) -> None:
    many = {f"parameter_{n}": f"{n}.123456" for n in range(30)}
    lines = job_facts.summary(replace(jobs(1)[0], hyperparameters=many), None, width)
    assert all(line.cell_length <= width for line in lines)
    written = "".join(line.plain for line in lines)
    assert all(f"{name} " in written for name in many)


def test_what_went_wrong_comes_first() -> None:
    failed = training_job(1, status="Failed", failure_reason="AlgorithmError: exit code 1")
    assert "AlgorithmError: exit code 1" in str(job_facts.summary(failed, None, 80)[1])
    facts = "\n".join(map(str, job_facts.laid_out(job_facts.about(failed, None), 80)))
    assert "✕ Failed" in facts
    assert "AlgorithmError" in facts


def test_sagemakers_own_hyper_parameters_are_left_out() -> None:
    names = [name for name, _ in job_facts.parameters({"_tuning_objective_metric": METRIC, "zeta": "1", "eta": "0.1"})]
    assert names == ["eta", "zeta"]


def test_jobs_of_the_same_moment_keep_one_order() -> None:
    together = [training_job(n, float(n), created=STARTED) for n in (3, 1, 2)]
    progress = job_rows.progress(snapshot(together))
    assert progress.values == job_rows.progress(snapshot(list(reversed(together)))).values
