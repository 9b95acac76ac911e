"""The training jobs, best first: ranked, filtered, sorted, with what made each of them and how the search went."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.timer import Timer

from cmapss_core.jobs import RankedJob
from cmapss_tui import formats
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.jobs import rows as job_rows
from cmapss_tui.jobs.desk import JobDesk, JobsAnswered, JobsCounted, QuestionFailed
from cmapss_tui.jobs.facts import summary
from cmapss_tui.jobs.list import JobList, Question
from cmapss_tui.jobs.sheet import sheet_of
from cmapss_tui.jobs.titles import cross_check, legends, title
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.choose_tuning_job import TuningJobRow
from cmapss_tui.screens.sorted import SortedScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.objective_plot import ObjectivePlot
from cmapss_tui.widgets.panel import Lines, Panel
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

REGION_SECONDS_BETWEEN_READS = 15.0  # while jobs run
FASTEST_SECONDS, SLOWEST_SECONDS = 1.0, 60.0  # of this machine
RESTING_SECONDS = 5.0  # of this machine, in a region that runs fast, when nothing runs
SETTLE_SECONDS = 0.15  # the chart waits for the cursor to rest: it is redrawn as a whole
EVERYWHERE = job_rows.columns_of(job_rows.JobFields(), None)  # the columns, while no job is known
OF_ONE = ("jobs.open", "jobs.deploy", "jobs.logs", "jobs.describe")


class JobsScreen(SortedScreen):
    """List, detail of the job under the cursor, and the objective by order.

    What takes longer the more jobs there are is done in the threads that read and answer (jobs.list); what is here
    hands over.
    """

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
    JobsScreen #progress { width: 1fr; height: 1fr; padding: 0 2 0 1; }
    JobsScreen.-narrow #progress { display: none; }
    JobsScreen #progress ObjectivePlot { height: 1fr; }
    JobsScreen #summary { width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: VirtualTable[RankedJob] = VirtualTable(
            EVERYWHERE,
            self._cell,
            job_rows.key,
            mark=self._sign,
            empty="Reading the training jobs …",
        )
        self._title = Lines(id="jobs-title")
        self._filter = FilterBar()
        self._chart = ObjectivePlot()
        self._progress = Panel("objective by job", self._chart, id="progress")
        self._summary = Lines(id="summary")
        self._shown: JobList | None = None
        self._counted: tuple[int, int | None] | None = None
        self._risen: frozenset[str] = frozenset()
        self._best: frozenset[str | None] = frozenset()
        self._settle: Timer | None = None
        self._status: str | None = ""

    def body(self) -> ComposeResult:
        yield self._title
        yield self._filter
        yield self.table
        with Horizontal(id="below"):
            yield self._progress
            yield self._summary

    def on_mount(self) -> None:
        self.table.focus()
        self.add_poller("jobs", self._desk.read, self._interval)

    @cached_property
    def _desk(self) -> JobDesk:
        return JobDesk(self, self.aws)

    @property
    def question(self) -> Question:
        """What the operator asks to see."""
        return self._desk.question

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        jobs: JobList = message.snapshot
        self._counted = None
        if jobs.error is None:
            self._take(jobs)
        elif self._shown is None:
            self.table.show((), empty="No training jobs could be read.")

    def on_jobs_answered(self, message: JobsAnswered) -> None:
        self._desk.answered()
        self._take(message.jobs)

    def on_question_failed(self, message: QuestionFailed) -> None:
        self._desk.answered()
        self._filter.show_note(message.error)

    def on_jobs_counted(self, message: JobsCounted) -> None:
        self._counted = message.counted
        self._show_title()

    def on_virtual_table_row_highlighted(self, message: VirtualTable.RowHighlighted) -> None:
        self._show_row(message.row)
        if self._settle is None:
            # By way of the queue: a timer's own callback may come while the screen is being taken down.
            self._settle = self.set_timer(SETTLE_SECONDS, partial(self.call_later, self._show_progress))
        else:
            self._settle.reset()

    def on_virtual_table_marks_changed(self) -> None:
        self._show_title()
        self.refresh_bindings()

    def tick(self) -> None:
        """A best that is not new any more is not pointed at any more."""
        super().tick()
        if self._shown is not None:
            self._progress.show_age(self.freshness_of("jobs"))
            self._point_at(self._shown)

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return self._shown.scope.names if self._shown is not None else job_rows.JobFields().names

    def why_not(self, action: Action) -> str | None:
        """There has to be a job, only a completed one can be deployed, and two make a comparison."""
        row = self.table.cursor_row
        if row is None and action.id in OF_ONE:
            return "There is no job under the cursor."
        if row is not None and action.id == "jobs.deploy" and row.job.status != "Completed":
            return f"{row.job.name} is {row.job.status}: only a Completed job can be deployed."
        if action.id == "jobs.compare" and len(pair := self._pair()) != 2:
            marked = f"{len(pair)} are marked" if len(pair) > 2 else "mark one with space, and go to the other"
            return f"A comparison is of two jobs: {marked}."
        if action.id in ("jobs.tuning_job", "jobs.order") and self._shown is None:
            return "The training jobs have not been read yet."
        return super().why_not(action)

    def can_go_back(self) -> bool:
        """There is nothing below the list; what can be left is a filter, and then a tuning job."""
        return self.question.tuning_job is not None or super().can_go_back()

    def action_back(self) -> None:
        """Take the filter away, then the choice of a tuning job, or leave."""
        if not self.terms and self.question.tuning_job is not None:
            self._ask(replace(self.question, tuning_job=None))
        else:
            super().action_back()

    def action_refresh(self) -> None:
        """Read everything anew, what was deleted included."""
        self._desk.forget()
        super().action_refresh()

    async def action_open(self) -> None:
        """Everything about the job under the cursor."""
        from cmapss_tui.screens.job_detail import JobDetailScreen

        row = self.table.cursor_row
        if row is not None and self._shown is not None:
            check = cross_check(row.job, self._shown.prepared)
            await self.app.push_screen(JobDetailScreen(row.job, rank=row.rank, check=check))

    async def action_compare(self) -> None:
        """Two jobs side by side."""
        from cmapss_tui.screens.job_comparison import JobComparisonScreen

        left, right = self._pair()
        await self.app.push_screen(JobComparisonScreen(left.job, right.job))

    async def action_logs(self) -> None:
        """What the job under the cursor wrote."""
        from cmapss_tui.screens.job_detail import logs_of

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(logs_of(row.job.name))

    async def action_describe(self) -> None:
        """What DescribeTrainingJob says of the job under the cursor."""
        from cmapss_tui.screens.job_detail import description_of

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(description_of(row.job.name))

    async def action_tuning_job(self) -> None:
        """Choose whose training jobs are shown."""
        from cmapss_tui.screens.choose_tuning_job import choose_tuning_job

        if self._shown is not None:
            dialog = choose_tuning_job(self._shown.prepared, self.question.tuning_job)
            await self.app.push_screen(dialog, self._chosen)

    @property
    def sorting(self) -> tuple[str, bool]:
        """As the jobs are asked for."""
        return self.question.order, self.question.descending

    def columns(self) -> Sequence[Column]:
        """Those that the jobs have, also out of sight."""
        return self._shown.scope.columns if self._shown is not None else EVERYWHERE

    def orders(self) -> Sequence[str]:
        """All but one: the order of ranks is the order of objective values."""
        return [column.key for column in self.columns() if column.key != "objective"]

    def sort(self, by: str, *, turned: bool) -> None:
        """Ask for the jobs in that order."""
        self._ask(replace(self.question, order=by, descending=turned))

    async def action_deploy(self) -> None:
        """Show the plan that puts this job's model into production."""
        from cmapss_tui.screens.deploy import DeployScreen

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(DeployScreen(row.job.name))

    def copyable(self) -> Mapping[str, str]:
        """Of the job under the cursor; the marked ones' names, where there are any, come first."""
        row = self.table.cursor_row
        if row is None:
            return {}
        job = row.job
        marked = "\n".join(one.job.name for one in self.table.marked)
        copied = {
            "names of the marked": marked,
            "name": job.name,
            "ARN": job.arn or "",
            "model artefact": job.model_artifact or "",
            "image": job.image or "",
            "hyper-parameters": json.dumps(dict(job.hyperparameters), indent=2),
        }
        return {what: text for what, text in copied.items() if text}

    def sheet(self) -> Sheet | None:
        """The jobs that satisfy the filter, in their order."""
        return sheet_of(self._shown) if self._shown is not None else None

    def show_rows(self) -> None:
        """Ask for the rows that satisfy the terms."""
        self._ask(replace(self.question, terms=self.terms))

    def _interval(self, jobs: JobList | None) -> float:
        speed = self.aws.clock.speed
        if jobs is None or jobs.prepared.in_progress:
            return max(FASTEST_SECONDS, REGION_SECONDS_BETWEEN_READS / speed)
        return max(RESTING_SECONDS, SLOWEST_SECONDS / speed)

    def _ask(self, question: Question) -> None:
        """Show the answer to another question, as soon as it is there."""
        if question != self.question:
            self.table.show_order(question.order, question.descending)
            self._desk.ask(question)

    def _take(self, jobs: JobList) -> None:
        if jobs.question != self.question:  # it was asked for something else since
            self._desk.answer_again()
            if self._shown is not None:
                return
        filtered_anew = self._shown is not None and self._shown.question.terms != jobs.question.terms
        before, self._shown = self.table.cursor_row, jobs
        with self.app.batch_update():
            self._point_at(jobs)
            self.table.show_columns(jobs.scope.columns)
            self.table.show_order(jobs.question.order, jobs.question.descending)
            self.table.show(jobs.rows, empty=self._why_empty(jobs), places=jobs.places)
            if filtered_anew and before is not None and before.job.name not in jobs.places:
                self.table.move_to(0)  # Enter opens the first of what is found
            self._show_title()
            self._show_note()
            self._show_row(self.table.cursor_row)
            self._show_progress()

    def _point_at(self, jobs: JobList) -> None:
        """Write the lines anew where other jobs are AWS's best, or have just become ours."""
        best = frozenset(tuning.best_training_job for tuning in jobs.prepared.snapshot.tuning_jobs)
        risen = frozenset(jobs.prepared.risen_by(self.aws.clock.now(), self.aws.clock.speed))
        if (best, risen) != (self._best, self._risen):
            self._best, self._risen = best, risen
            self.table.forget_lines()

    def _why_empty(self, jobs: JobList) -> str:
        if jobs.question.terms:
            return "No job satisfies the filter."
        if jobs.question.tuning_job is not None:
            return "No training job is here. T shows others."
        if self.aws.target.is_local:
            return "There are no training jobs yet; a new sandbox takes seconds to make its first."
        return f"There are no training jobs in {self.aws.region}."

    def _show_title(self) -> None:
        if self._shown is not None:
            shown, counted, marked = self._shown, self._counted, self.table.count_marked
            self._title.write(lambda width: [title(shown, width, counted, marked)])

    def _show_note(self) -> None:
        if self._shown is None:
            return
        shown = self._shown
        self._filter.show_note(f"{formats.count(len(shown.rows))} of {formats.count(len(shown.scope.rows))}")

    def _show_row(self, row: RankedJob | None) -> None:
        if row is None or self._shown is None:
            self._summary.write(lambda _: ())
        else:
            self._summary.write(partial(summary, row.job, cross_check(row.job, self._shown.prepared)))
        status = None if row is None else row.job.status
        if status != self._status or self.table.count_marked:  # what decides on the actions that are possible
            self._status = status
            self.refresh_bindings()

    def _show_progress(self) -> None:
        self._settle = None
        if self._shown is None:
            return
        self._progress.show_legend(*legends(self._shown))
        row, progress = self.table.cursor_row, self._shown.scope.progress
        self._chart.show(progress.values, progress.best, None if row is None else progress.place_of(row.job))

    def _pair(self) -> tuple[RankedJob, ...]:
        """The jobs to compare: those that are marked, and the cursor's where that is one."""
        marked, row = self.table.marked, self.table.cursor_row
        alone = len(marked) == 1 and row is not None and row.job.name != marked[0].job.name
        return (*marked, row) if alone and row is not None else marked

    def _chosen(self, choice: TuningJobRow | None) -> None:
        if choice is not None:
            self._ask(replace(self.question, tuning_job=choice.choice))
            self.refresh_bindings()

    def _cell(self, row: RankedJob, column: str) -> Cell:
        return job_rows.cell(row, column, self._risen)

    def _sign(self, row: RankedJob) -> str:
        """A star for the job that AWS calls the best of its tuning job."""
        return "★" if row.job.name in self._best else ""
