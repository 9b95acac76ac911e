"""The dialog of tuning jobs: whose training jobs the list shows."""

from __future__ import annotations

from dataclasses import dataclass

from cmapss_core.jobs import TuningJob
from cmapss_tui import formats
from cmapss_tui.jobs import rows as job_rows
from cmapss_tui.jobs.list import STAND_ALONE, Prepared
from cmapss_tui.screens.choose import ChooseScreen
from cmapss_tui.widgets.table import Cell, Column

COLUMNS = (
    Column("name", "tuning job", elide="middle", minimum=32, frozen=True),
    Column("status", "status", 12),
    Column("objective", "objective", 18, optional=True),
    Column("counts", "jobs", 16, optional=True),
    Column("best", "best", 9, "right"),
    Column("created", "created", 20, "right", optional=True),
)


@dataclass(frozen=True, slots=True)
class TuningJobRow:
    """A choice: every job, those without a tuning job, or one tuning job's. `choice` is what the list asks for."""

    choice: str | None
    name: str
    jobs: int | None = None
    tuning_job: TuningJob | None = None
    best: float | None = None


def rows_of(prepared: Prepared) -> list[TuningJobRow]:
    """The choices: all, the stand-alone ones, and each tuning job, newest first."""
    jobs = [row.job for row in prepared.snapshot.jobs]
    alone = sum(job.tuning_job is None for job in jobs)
    return [
        TuningJobRow(None, "all jobs", len(jobs)),
        TuningJobRow(STAND_ALONE, "stand-alone jobs", alone),
        *(
            TuningJobRow(
                tuning.name,
                tuning.name,
                tuning_job=tuning,
                best=ours.objective_value if (ours := prepared.ours.get(tuning.name)) is not None else None,
            )
            for tuning in prepared.snapshot.tuning_jobs
        ),
    ]


def cell(row: TuningJobRow, column: str) -> Cell:
    """What a column says of a choice."""
    tuning = row.tuning_job
    if tuning is None:
        return row.name if column == "name" else formats.count(row.jobs or 0) if column == "counts" else ""
    match column:
        case "name":
            return row.name
        case "status":
            return job_rows.status(tuning.status)
        case "objective":
            arrow = {"Minimize": " ↓", "Maximize": " ↑"}.get(tuning.objective_type or "", "")
            return f"{tuning.objective_metric or formats.NOTHING}{arrow}"
        case "counts":
            running = f" ◐ {formats.count(tuning.in_progress)}" if tuning.in_progress else ""
            return f"{formats.count(tuning.completed)} of {formats.count(tuning.max_jobs)}{running}"
        case "best":
            return formats.objective(row.best if row.best is not None else tuning.best_value)
        case _:
            return formats.moment(tuning.created)


def key(row: TuningJobRow) -> str:
    """What names a choice; no tuning job's name has a space in it."""
    return row.name


def words(row: TuningJobRow) -> str:
    """What is typed is looked for in this."""
    tuning = row.tuning_job
    return row.name if tuning is None else f"{row.name} {tuning.status} {tuning.objective_metric}"


def choose_tuning_job(prepared: Prepared, choice: str | None) -> ChooseScreen[TuningJobRow]:
    """The dialog, with the cursor on what is chosen now."""
    rows = rows_of(prepared)
    chosen = next((key(row) for row in rows if row.choice == choice), None)
    return ChooseScreen("Whose training jobs", rows, COLUMNS, cell, key, words, chosen=chosen)
