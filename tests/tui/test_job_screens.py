"""The screens around one job: in full, beside another, and the dialogs in which its list is chosen and sorted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from cmapss_core.job_description import Channel, Serving, Stage, TrainingJobDescription
from cmapss_core.jobs import RankedJob, TrainingJob
from cmapss_tui.history import opened
from cmapss_tui.jobs.differences import Fact, as_text, differences, sides, told_apart
from cmapss_tui.jobs.facts import about, laid_out
from cmapss_tui.jobs.list import STAND_ALONE
from cmapss_tui.screens.choose import ChooseScreen
from cmapss_tui.screens.job_comparison import JobComparisonScreen
from cmapss_tui.screens.job_detail import JobDetailScreen
from cmapss_tui.screens.jobs import JobsScreen
from tests.tui.consoles import NOW, screen_text, until
from tests.tui.jobs_made import (
    TUNING_JOB,
    JobsAws,
    JobsConsole,
    MadeReader,
    jobs,
    read_again,
    shown,
    snapshot,
    training_job,
)

SIZES = [(80, 24), (120, 36), (200, 60)]
VALUES = st.floats(1.0, 99.0)


@pytest.fixture(autouse=True)
def _read_what_the_test_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_tui.jobs.desk.JobsReader", MadeReader)


def console(made: list[TrainingJob]) -> JobsConsole:
    return JobsConsole(JobsAws(snapshot(made)))


def described(job: TrainingJob, **changes: Any) -> TrainingJobDescription:
    given: dict[str, Any] = {
        "as_of": NOW,
        "job": job,
        "stages": (
            Stage("Starting", "Launching requested ML instances", job.created, job.created + timedelta(seconds=65)),
            Stage("Training", "Training image download completed", job.created + timedelta(seconds=65), None),
        ),
        "channels": (Channel("train", "s3://bucket/train", "text/csv"),),
        "output": "s3://bucket/output",
        "instance_count": 2,
        "volume_gb": 10,
        "billable_seconds": 60.0,
        "cost_usd": 0.0077,
        "serving": (Serving("engines", "InService"),),
    }
    return TrainingJobDescription(**{**given, **changes})


async def chosen(pilot: Pilot[None], typed: str) -> None:
    """Type in the dialog that has been opened, and take what is left."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
    dialog = pilot.app.screen
    assert isinstance(dialog, ChooseScreen)
    dialog.query_one(Input).value = typed
    await until(pilot, lambda: len(dialog.table.rows) == 1)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))


async def test_the_jobs_of_one_tuning_job_are_shown_until_escape() -> None:
    alone = training_job(9, 1.0, tuning_job=None)
    async with console([*jobs(5), alone]).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("T")
        await chosen(pilot, "stand-alone")
        await until(pilot, lambda: [row.job.name for row in screen.table.rows] == [alone.name])
        assert screen.question.tuning_job == STAND_ALONE
        assert "stand-alone" in screen_text(screen.console)
        await pilot.press("T")
        await chosen(pilot, f"completed {TUNING_JOB}")
        await until(pilot, lambda: len(screen.table.rows) == 5)
        await read_again(pilot, snapshot([*jobs(6), alone]))
        await until(pilot, lambda: len(screen.table.rows) == 6)
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.table.rows) == 7)


async def test_the_order_is_chosen_among_all_columns_and_by_a_click() -> None:
    async with console(jobs(8)).run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot)
        assert "eta" not in screen_text(screen.console).splitlines()[3]
        await pilot.press("o")
        await chosen(pilot, "eta")
        await until(pilot, lambda: screen.question.order == "eta")

        def etas() -> list[float]:
            return [float(row.job.hyperparameters["eta"]) for row in screen.table.rows]

        await until(pilot, lambda: etas() == sorted(etas()) and etas()[0] < etas()[-1])
        await pilot.click("VirtualTable", offset=(screen_text(screen.console).splitlines()[3].index("objective"), 0))
        await until(pilot, lambda: screen.question.order == "objective")
        await pilot.click("VirtualTable", offset=(screen_text(screen.console).splitlines()[3].index("objective"), 0))
        await until(pilot, lambda: screen.question.descending)


async def test_two_jobs_are_compared_and_what_is_missing_is_said() -> None:
    made = jobs(5)
    async with console(made).run_test(size=(120, 36), notifications=True) as pilot:
        screen = await shown(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "A comparison is of two jobs" in screen_text(screen.console))
        await pilot.press("space", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobComparisonScreen))
        comparison = pilot.app.screen
        assert isinstance(comparison, JobComparisonScreen)
        await pilot.pause()
        text = screen_text(screen.console)
        first, second = (row.job for row in screen.table.rows[:2])
        assert first.name in text
        assert second.name in text
        everything = len(comparison.table.rows)
        differ = [fact.differs for fact in comparison.table.rows]
        assert differ == sorted(differ, reverse=True)
        await pilot.press("equals_sign")
        await until(pilot, lambda: 0 < len(comparison.table.rows) < everything)
        assert all(fact.differs for fact in comparison.table.rows)
        assert first.name in comparison.copyable()["comparison"]


async def test_three_marked_jobs_are_no_pair() -> None:
    async with console(jobs(5)).run_test(size=(120, 36), notifications=True) as pilot:
        screen = await shown(pilot)
        await pilot.press("space", "space", "space", "c")
        await until(pilot, lambda: "3 are marked" in screen_text(screen.console))
        assert pilot.app.screen is screen


async def test_what_has_come_is_shown_while_the_rest_is_read() -> None:
    made = jobs(30)
    app = console(made)
    app.jobs_aws.parts = [snapshot(made[:10])]
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await until(pilot, lambda: len(screen.table.rows) == 30)
        assert "reading" not in screen_text(screen.console)


async def test_a_refresh_by_hand_reads_everything() -> None:
    app = console(jobs(3))
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot)
        assert app.jobs_aws.forgotten == 0
        await read_again(pilot, snapshot(jobs(2)))
        assert app.jobs_aws.forgotten == 1


async def test_what_a_list_gives_to_copy_and_to_export() -> None:
    async with console(jobs(3)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        first = screen.table.rows[0].job
        copied = screen.copyable()
        assert next(iter(copied.values())) == first.name
        assert copied["model artefact"] == first.model_artifact
        assert '"max_depth"' in copied["hyper-parameters"]
        await pilot.press("space", "space")
        await pilot.pause()
        assert next(iter(screen.copyable().values())).splitlines() == [row.job.name for row in screen.table.rows[:2]]
        sheet = screen.sheet()
        assert sheet is not None
        assert len(sheet.rows) == 3


@pytest.mark.parametrize("size", SIZES)
async def test_one_job_is_shown_in_full_at_every_size(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    job = training_job(1, 45.0)
    monkeypatch.setattr("cmapss_tui.screens.job_detail.read_training_job", lambda *_: described(job))
    async with console([job]).run_test(size=size) as pilot:
        screen = await shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobDetailScreen))
        await until(pilot, lambda: "Starting" in screen_text(screen.console) or size[1] == 24)
        detail = pilot.app.screen
        assert isinstance(detail, JobDetailScreen)
        assert all(len(line) <= size[0] for line in screen_text(screen.console).splitlines())
        assert detail.copyable()["name"] == job.name
        assert opened(detail) == opened(JobDetailScreen(job, rank=7)) != opened(JobDetailScreen(training_job(2, 45.0)))


def test_a_description_says_stages_billing_inputs_and_what_serves_the_model() -> None:
    job = training_job(1, status="InProgress", created=NOW - timedelta(seconds=100))
    facts = laid_out(about(job, None, rank=3, described=described(job), now=NOW), 100)
    text = "\n".join(line.plain for line in facts)
    for said in ("Starting", "1m05s", "Training", "35s", "◐", "$0.0077", "2 × ml.m5.2xlarge", "s3://bucket/train"):
        assert said in text
    assert "● InService  engines" in text
    nowhere = about(job, None, described=described(job, serving=()), now=NOW)
    assert "on no endpoint" in "\n".join(line.plain for line in laid_out(nowhere, 100))
    unknown = about(job, None, described=described(job, serving=None, cost_usd=None), now=NOW)
    assert "endpoint" not in "\n".join(line.plain for line in laid_out(unknown, 100))


@given(VALUES, VALUES)
def test_a_comparison_turned_round_is_the_same_with_the_other_sign(left: float, right: float) -> None:
    one, other = training_job(1, left), training_job(2, right)
    there, back = differences(one, other), differences(other, one)
    assert {(fact.name, fact.left, fact.right) for fact in there} == {
        (fact.name, fact.right, fact.left) for fact in back
    }
    changes = {fact.name: fact.change for fact in back}
    assert all(fact.change is None or fact.change == -(changes[fact.name] or 0.0) for fact in there)
    assert all(line.split()[0] in ("≠", "=") for line in as_text(one, other, there).splitlines()[1:])


def test_a_job_does_not_differ_from_itself() -> None:
    job = RankedJob(1, training_job(1, 45.0)).job
    assert not any(fact.differs for fact in differences(job, job))


@given(st.text("ab/", max_size=30), st.text("ab/", max_size=30), st.text("ab/", max_size=30), st.integers(4, 40))
def test_what_is_too_long_is_cut_where_it_does_not_differ(same: str, one: str, other: str, width: int) -> None:
    left, right = f"{same}1{one}", f"{same}2{other}"
    shown = told_apart(left, right, width)
    assert all(len(text) <= width for text in shown)
    assert "1" in shown[0]
    assert "2" in shown[1]
    if max(len(left), len(right)) <= width:
        assert shown == (left, right)


@pytest.mark.parametrize(
    ("left", "right", "shown"),
    [
        ("0.29873412312310", "0.3", ("0.298734", "0.3")),
        ("0.2987341231", "0.2987341232", ("0.2987341231", "0.2987341232")),
        ("reg:squarederror", "0.5", ("reg:squarederror", "0.5")),
        (None, "0.29873412312310", (None, "0.29873412312310")),
    ],
)
def test_numbers_are_shown_with_the_digits_that_tell_them_apart(
    left: str | None, right: str | None, shown: tuple[str | None, str | None]
) -> None:
    change = 0.1 if (left or "x")[0] == "0" else None
    assert sides(Fact("hyper-parameters", "eta", left, right, change), 40) == shown


def test_no_two_facts_have_the_same_name() -> None:
    one = replace(training_job(1, 45.0), hyperparameters={"objective": "reg:squarederror"}, objective_metric="rmse")
    names = [fact.name for fact in differences(one, one)]
    assert len(names) == len(set(names))
