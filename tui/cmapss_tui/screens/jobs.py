"""The training jobs, best first: ranked, filtered, sorted, with what made each of them and how the search went."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static

from cmapss_core.jobs import JobsSnapshot, RankedJob, read_jobs
from cmapss_tui import formats, job_rows
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.filters import matches
from cmapss_tui.job_facts import summary
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.filtered import FilteredScreen
from cmapss_tui.widgets.charts import ObjectiveChart
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.table import VirtualTable

REGION_SECONDS_BETWEEN_READS = 15.0  # while jobs run
FASTEST_SECONDS, SLOWEST_SECONDS = 1.0, 60.0  # of this machine
RESTING_SECONDS = 5.0  # of this machine, in a region that runs fast, when nothing runs
SETTLE_SECONDS = 0.15  # the chart waits for the cursor to rest: it is redrawn as a whole


class JobsScreen(FilteredScreen):
    """List, detail of the job under the cursor, and the objective by order."""

    AREA: ClassVar[str] = "jobs"
    SCOPES: ClassVar[tuple[str, ...]] = ("jobs",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("jobs")]
    # Not ClassVar: Textual's own declaration reads as an instance's to a type checker.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high"), (48, "-very-high")]
    DEFAULT_CSS = """
    JobsScreen #jobs-title { height: 1; padding: 0 1; }
    JobsScreen #below { height: 8; border-top: solid $rule; }
    JobsScreen.-high #below { height: 12; }
    JobsScreen.-very-high #below { height: 18; }
    JobsScreen #progress { width: 1fr; padding: 0 2 0 1; }
    JobsScreen.-narrow #progress { display: none; }
    JobsScreen #progress-title { height: 1; color: $quiet; text-style: bold; }
    JobsScreen #progress ObjectiveChart { height: 1fr; }
    JobsScreen #summary { width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: VirtualTable[RankedJob] = VirtualTable(
            job_rows.COLUMNS, job_rows.cell, job_rows.key, mark=self._mark, empty="Reading the training jobs …"
        )
        self._title = Lines(id="jobs-title")
        self._filter = FilterBar()
        self._chart = ObjectiveChart()
        self._summary = Lines(id="summary")
        self._snapshot: JobsSnapshot | None = None
        self._best: frozenset[str | None] = frozenset()
        self._rows: list[RankedJob] = []
        self._progress = job_rows.Progress((), (), {})
        self._sort_key, self._descending = job_rows.SORT_KEYS[0], False
        self._settle: Timer | None = None
        self._status: str | None = ""

    def body(self) -> ComposeResult:
        yield self._title
        yield self._filter
        yield self.table
        with Horizontal(id="below"):
            with Vertical(id="progress"):
                yield Static("objective by job, and the best so far", id="progress-title")
                yield self._chart
            yield self._summary

    def on_mount(self) -> None:
        self.table.focus()
        aws = self.aws
        self.add_poller("jobs", lambda: read_jobs(aws), self._interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        snapshot: JobsSnapshot = message.snapshot
        if snapshot.error is not None:
            if self._snapshot is None:
                self.table.show((), empty="No training jobs could be read.")
            return
        self._snapshot = snapshot
        self._rows = job_rows.rows_of(snapshot)
        self._progress = job_rows.progress(snapshot)
        best = frozenset(tuning.best_training_job for tuning in snapshot.tuning_jobs)
        with self.app.batch_update():
            if best != self._best:
                self._best = best
                self.table.forget_lines()
            self._title.write(lambda width: [job_rows.title(snapshot, width)])
            self.show_rows()
            self._show_row(self.table.cursor_row)
            self._show_progress()

    def on_virtual_table_row_highlighted(self, message: VirtualTable.RowHighlighted) -> None:
        self._show_row(message.row)
        if self._settle is None:
            # By way of the queue: a timer's own callback may come while the screen is being taken down.
            self._settle = self.set_timer(SETTLE_SECONDS, partial(self.call_later, self._show_progress))
        else:
            self._settle.reset()

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return job_rows.fields_of(self._rows)

    def why_not(self, action: Action) -> str | None:
        """There has to be a job, and only a completed one can be deployed."""
        row = self.table.cursor_row
        if row is None and action.id in ("jobs.open", "jobs.deploy"):
            return "There is no job under the cursor."
        if row is not None and action.id == "jobs.deploy" and row.job.status != "Completed":
            return f"{row.job.name} is {row.job.status}: only a Completed job can be deployed."
        return super().why_not(action)

    async def action_open(self) -> None:
        """Everything about the job under the cursor."""
        from cmapss_tui.screens.job_detail import JobDetailScreen

        row = self.table.cursor_row
        if row is not None and self._snapshot is not None:
            await self.app.push_screen(JobDetailScreen(row.job, job_rows.cross_check(row.job, self._snapshot)))

    def action_sort(self) -> None:
        """Sort by the next column."""
        position = job_rows.SORT_KEYS.index(self._sort_key)
        self._sort_key = job_rows.SORT_KEYS[(position + 1) % len(job_rows.SORT_KEYS)]
        self.show_rows()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._descending = not self._descending
        self.show_rows()

    async def action_deploy(self) -> None:
        """Show the plan that puts this job's model into production."""
        from cmapss_tui.screens.deploy import DeployScreen

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(DeployScreen(row.job.name))

    def _interval(self, snapshot: JobsSnapshot | None) -> float:
        speed = self.aws.clock.speed
        if snapshot is None or _in_progress(snapshot):
            return max(FASTEST_SECONDS, REGION_SECONDS_BETWEEN_READS / speed)
        return max(RESTING_SECONDS, SLOWEST_SECONDS / speed)

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms."""
        rows = self._rows
        if self.terms:
            rows = [row for row in rows if matches(self.terms, job_rows.words(row), partial(job_rows.field, row))]
        if (self._sort_key, self._descending) != (job_rows.SORT_KEYS[0], False):
            rows = job_rows.ordered(rows, self._sort_key, descending=self._descending)
        self.table.show_order(self._sort_key, self._descending)
        self.table.show(rows, empty=self._why_empty())
        self._filter.show_note(f"{formats.count(len(rows))} of {formats.count(len(self._rows))}")

    def _why_empty(self) -> str:
        if self.terms:
            return "No job satisfies the filter."
        if self.aws.target.is_local:
            return "There are no training jobs yet; a new sandbox takes seconds to make its first."
        return f"There are no training jobs in {self.aws.region}."

    def _show_row(self, row: RankedJob | None) -> None:
        if row is None or self._snapshot is None:
            self._summary.write(lambda _: ())
        else:
            self._summary.write(partial(summary, row.job, job_rows.cross_check(row.job, self._snapshot)))
        status = None if row is None else row.job.status
        if status != self._status:  # what decides on the actions that are possible
            self._status = status
            self.refresh_bindings()

    def _show_progress(self) -> None:
        self._settle = None
        row = self.table.cursor_row
        marked = None if row is None else self._progress.place.get(row.job.name)
        self._chart.show(self._progress.values, self._progress.best, marked)

    def _mark(self, row: RankedJob) -> str:
        """A star for the job that AWS calls the best of its tuning job."""
        return "★" if row.job.name in self._best else ""


def _in_progress(snapshot: JobsSnapshot) -> bool:
    """Whether anything is to be expected soon, the first job of all included."""
    return (
        not snapshot.jobs
        or any(tuning.status == "InProgress" for tuning in snapshot.tuning_jobs)
        or any(row.job.status in {"InProgress", "Stopping"} for row in snapshot.jobs)
    )
