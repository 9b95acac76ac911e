"""What the list says of a job, apart from any screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.jobs import JobsSnapshot, RankedJob, rank
from cmapss_tui.filters import parse
from cmapss_tui.jobs import facts as job_facts
from cmapss_tui.jobs import rows as job_rows
from cmapss_tui.jobs.list import STAND_ALONE, JobList, Question, answer, prepare
from cmapss_tui.jobs.parameters import parameters
from cmapss_tui.jobs.sheet import sheet_of
from cmapss_tui.jobs.titles import cross_check, title
from tests.tui.consoles import NOW
from tests.tui.jobs_made import METRIC, STARTED, TUNING_JOB, jobs, snapshot, training_job

VALUES = st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=100)), max_size=30)


def made(values: list[float | None]) -> list[RankedJob]:
    numbered = enumerate(values, start=1)
    return list(
        rank([training_job(n, value, "Failed" if value is None else "Completed") for n, value in numbered], METRIC)
    )


def listed(shot: JobsSnapshot) -> JobList:
    return answer(prepare(shot), Question())


ORDERS = ["rank", "objective", "job", "status", "max_depth", "eta", METRIC, "rmse", "took", "created", "tuning_job"]


@given(VALUES, st.sampled_from(ORDERS), st.booleans())
def test_every_order_keeps_every_row_and_puts_those_without_a_value_last(
    values: list[float | None], by: str, descending: bool
) -> None:
    rows = made(values)
    fields = job_rows.fields_of(rows)
    ordered = job_rows.ordered(rows, by, fields, descending=descending)
    assert sorted(map(job_rows.key, ordered)) == sorted(map(job_rows.key, rows))
    get = job_rows.getter(by, fields)
    known = [get(row) is not None for row in ordered]
    assert known == sorted(known, reverse=True)
    sorts = [value for row in ordered if isinstance(value := get(row), int | float)]
    assert sorts == sorted(sorts, reverse=descending)


def test_every_column_can_be_sorted_by() -> None:
    rows = made([3.0, 1.0, None, 2.0])
    fields = job_rows.fields_of(rows)
    for column in job_rows.columns_of(fields, METRIC):
        assert len(job_rows.ordered(rows, column.key, fields, descending=True)) == len(rows)


def test_numbers_are_ordered_as_numbers() -> None:
    rows = [
        RankedJob(None, training_job(n, hyperparameters={"eta": text})) for n, text in enumerate(["10", "9", "1e-3"])
    ]
    ordered = job_rows.ordered(rows, "eta", job_rows.fields_of(rows), descending=False)
    assert [row.job.hyperparameters["eta"] for row in ordered] == ["1e-3", "9", "10"]


def test_hyper_parameters_that_differ_come_before_those_that_are_the_same() -> None:
    rows = [RankedJob(n, training_job(n, 1.0)) for n in (1, 2)]
    keys = [column.key for column in job_rows.columns_of(job_rows.fields_of(rows), METRIC)]
    assert keys.index("eta") < keys.index("took") < keys.index("lambda")
    assert METRIC not in keys, "the objective has a column already"


@given(VALUES)
def test_the_best_so_far_never_gets_worse_and_ends_at_the_best(values: list[float | None]) -> None:
    progress = listed(snapshot([row.job for row in made(values)])).scope.progress
    assert list(progress.values) == values
    best = [value for value in progress.best if value is not None]
    assert best == sorted(best, reverse=True)
    known = [value for value in values if value is not None]
    assert (best[-1] if best else None) == (min(known) if known else None)


def test_more_is_better_where_the_objective_is_maximized() -> None:
    shot = snapshot([training_job(n, value, objective_type="Maximize") for n, value in enumerate([1.0, 3.0, 2.0])])
    assert listed(shot).scope.progress.best == (1.0, 3.0, 3.0)


def test_a_running_job_has_taken_the_time_since_it_was_made() -> None:
    running = training_job(1, status="InProgress")
    (row,) = listed(snapshot([running], as_of=running.created + timedelta(seconds=75))).rows
    assert job_rows.cell(row, "took") == "1m15s"


def test_aws_is_asked_to_agree_on_the_best_job() -> None:
    first, second, third = training_job(1, 45.0), training_job(2, 46.0), training_job(3, 47.0)
    agreed = prepare(snapshot([first, second, third]))
    assert "AWS agrees" in str(cross_check(first, agreed))
    assert cross_check(second, agreed) is None
    disagreed = prepare(snapshot([first, second, third], best=second.name))
    assert second.name in str(cross_check(first, disagreed))
    assert first.name in str(cross_check(second, disagreed))
    assert cross_check(third, disagreed) is None
    assert "▲ AWS names another best" in title(answer(disagreed, Question()), 120).plain


def test_a_best_that_is_level_with_ours_is_no_other_opinion() -> None:
    first, second = training_job(1, 45.0), training_job(2, 45.0)
    level = prepare(snapshot([first, second], best=second.name))
    assert "level with" in str(cross_check(first, level))
    assert "another" not in title(answer(level, Question()), 120).plain


def test_that_aws_names_no_best_is_said() -> None:
    shot = snapshot([training_job(1, 45.0)])
    silent = prepare(replace(shot, tuning_jobs=(replace(shot.tuning_jobs[0], best_training_job=None),)))
    assert "AWS names no best" in str(cross_check(shot.jobs[0].job, silent))
    assert "AWS names no best" in title(answer(silent, Question()), 120).plain


@pytest.mark.parametrize("width", [78, 118, 198])
def test_the_title_fits_and_keeps_what_counts(width: int) -> None:
    of = f"{TUNING_JOB}-again"
    failed = [training_job(n, status="Failed", tuning_job=of) for n in (3, 4, 5)]
    made = [training_job(1, 45.0, tuning_job=of), training_job(2, status="InProgress", tuning_job=of), *failed]
    shot = snapshot(made)
    long = replace(shot, tuning_jobs=(replace(shot.tuning_jobs[0], name=of),))
    line = title(answer(prepare(long), Question()), width)
    assert line.cell_length <= width
    assert "validation:rmse ↓" in line.plain
    assert "1 of 5 done, 1 running, 3 failed" in line.plain
    assert "✓ 2 marked" in title(answer(prepare(long), Question()), width, marked=2).plain


@pytest.mark.parametrize(
    ("marked", "said"),
    [(0, None), (1, "c compares it with the cursor's"), (2, "c compares the two"), (3, None)],
)
def test_what_marked_jobs_are_good_for_is_said_where_there_is_room(marked: int, said: str | None) -> None:
    shown = answer(prepare(snapshot(jobs(4))), Question())
    line = title(shown, 160, marked=marked).plain
    assert line.endswith(said) if said else "compares" not in line
    assert title(shown, 60, marked=marked).cell_length <= 60


def test_the_title_counts_what_the_list_shows() -> None:
    shot = snapshot([*jobs(2), training_job(9, 46.0, tuning_job=None)])
    behind = replace(shot, tuning_jobs=(replace(shot.tuning_jobs[0], completed=0, max_jobs=50),))
    prepared = prepare(behind)
    everything = title(answer(prepared, Question()), 140).plain
    assert "all, of 1 tuning job and 1 stand-alone" in everything
    assert "3 of 51 done" in everything
    chosen = title(answer(prepared, Question(tuning_job=TUNING_JOB)), 140).plain
    assert TUNING_JOB in chosen
    assert "2 of 50 done" in chosen


def test_the_title_says_how_far_the_reading_is_and_judges_nothing_yet() -> None:
    part = replace(snapshot(jobs(3), best="not-read-yet"), expected=10_000)
    assert "AWS" not in title(answer(prepare(part), Question()), 120).plain
    assert cross_check(part.jobs[0].job, prepare(part)) is None
    assert "reading 3 of 10,000" in title(answer(prepare(part), Question()), 120).plain
    assert "reading 400 of 10,000" in title(answer(prepare(part), Question()), 120, (400, 10_000)).plain


def test_a_choice_has_ranks_columns_and_a_plot_of_its_own() -> None:
    tuned = jobs(3)
    alone = training_job(9, 1.0, tuning_job=None, hyperparameters={"gamma": "3"})
    prepared = prepare(snapshot([*tuned, alone]))
    assert [row.rank for row in answer(prepared, Question()).rows] == [1, 2, 3, 4]
    only = answer(prepared, Question(tuning_job=TUNING_JOB))
    assert [row.rank for row in only.rows] == [1, 2, 3]
    assert "gamma" not in only.scope.names
    assert only.scope.progress.place_of(alone) is None
    assert [only.scope.progress.place_of(job) for job in tuned] == [0, 1, 2]
    stand_alone = answer(prepared, Question(tuning_job=STAND_ALONE))
    assert [(row.rank, row.job.name) for row in stand_alone.rows] == [(1, alone.name)]
    assert "stand-alone" in title(stand_alone, 120).plain


def test_a_new_best_is_pointed_at_for_a_while() -> None:
    made_so_far = [training_job(n, 44.0 + n) for n in range(1, 4)]
    first = prepare(snapshot(made_so_far))
    assert first.risen == {}, "what is read first has not risen"
    better = training_job(9, 40.0)
    second = prepare(snapshot([*made_so_far, better]), first, speed=60.0)
    assert set(second.risen_by(NOW, 60.0)) == {better.name}
    row = second.snapshot.jobs[0]
    assert "40.0000 ✦" in str(job_rows.cell(row, "objective", second.risen_by(NOW, 60.0)))
    assert second.risen_by(NOW + timedelta(minutes=30), 60.0) == {}
    third = prepare(snapshot([*made_so_far, better], as_of=NOW + timedelta(minutes=10)), second, speed=60.0)
    assert set(third.risen) == {better.name}


def test_a_reading_without_changes_is_not_worked_through_again() -> None:
    shot = snapshot(jobs(5))
    first = prepare(shot)
    answer(first, Question())
    second = prepare(replace(shot, as_of=NOW + timedelta(minutes=1)), first)
    assert second.scopes is first.scopes
    assert answer(second, Question()).rows is answer(first, Question()).rows


@given(st.lists(st.sampled_from(["rmse<46", "!-003-", "max_depth>3", "status:failed"]), max_size=2), VALUES)
def test_places_are_those_of_the_rows(words: list[str], values: list[float | None]) -> None:
    prepared = prepare(snapshot([row.job for row in made(values)]))
    names = answer(prepared, Question()).scope.names
    terms = parse(" ".join(words), {*names, "rmse", "max_depth"})
    shown = answer(prepared, Question(terms=terms, order="took", descending=True))
    assert [shown.places[job_rows.key(row)] for row in shown.rows] == list(range(len(shown.rows)))


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
    names = [name for name, _ in parameters({"_tuning_objective_metric": METRIC, "zeta": "1", "eta": "0.1"})]
    assert names == ["eta", "zeta"]


def test_jobs_of_the_same_moment_keep_one_order() -> None:
    together = [training_job(n, float(n), created=STARTED) for n in (3, 1, 2)]
    progress = listed(snapshot(together)).scope.progress
    assert progress.values == listed(snapshot(list(reversed(together)))).scope.progress.values


def test_the_sheet_has_the_nouns_of_the_verb_and_every_parameter_and_metric() -> None:
    sheet = sheet_of(listed(snapshot(jobs(3))))
    assert sheet.columns[:3] == ("rank", "name", "status")
    assert {"max_depth", "eta", METRIC} <= set(sheet.columns)
    assert [row[0] for row in sheet.rows] == [1, 2, 3]
    assert all(len(row) == len(sheet.columns) for row in sheet.rows)
    by_name = dict(zip(sheet.columns, sheet.rows[0], strict=True))
    assert by_name[METRIC] == by_name["objective_value"]
