"""One training job, with everything that AWS tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cmapss_core.aws import Aws
from cmapss_core.jobs import TrainingJob, describe_job
from cmapss_core.snapshots import Snapshot
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.job_facts import about, laid_out, made_with
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.panel import Lines

RUNNING_REGION_SECONDS, ENDED_SECONDS = 15.0, 300.0  # nothing of an ended job changes but its tags


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSnapshot(Snapshot):
    """One job as it was at `as_of`."""

    job: TrainingJob


def read_job(aws: Aws, name: str) -> JobSnapshot:
    """One DescribeTrainingJob. Raises ConsoleError."""
    job = describe_job(aws, name)
    return JobSnapshot(as_of=aws.clock.now(), source="DescribeTrainingJob", job=job)


class JobDetailScreen(ConsoleScreen):
    """Shows at once what the list knew, and then what DescribeTrainingJob says."""

    AREA: ClassVar[str] = "jobs"
    SCOPES: ClassVar[tuple[str, ...]] = ("job",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("job")]
    # Not ClassVar: Textual's own declaration reads as an instance's to a type checker.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]
    DEFAULT_CSS = """
    JobDetailScreen #job-name { height: 1; padding: 0 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    JobDetailScreen VerticalScroll { height: 1fr; padding: 0 1; scrollbar-gutter: stable; }
    JobDetailScreen.-wide VerticalScroll { layout: horizontal; }
    JobDetailScreen VerticalScroll > Lines { width: 1fr; height: auto; }
    """

    def __init__(self, job: TrainingJob, check: Content | None) -> None:
        super().__init__()
        self._job = job
        self._check = check
        self._about, self._made_with = Lines(), Lines()

    def body(self) -> ComposeResult:
        yield Static(self._job.name, id="job-name", markup=False)
        with VerticalScroll():
            yield self._about
            yield self._made_with

    def on_mount(self) -> None:
        self._show()
        aws, name = self.aws, self._job.name
        self.add_poller("job", lambda: read_job(aws, name), self._interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        self._job = message.snapshot.job
        self._show()
        self.refresh_bindings()

    def why_not(self, action: Action) -> str | None:
        """Only a completed job can be deployed."""
        if action.id == "job.deploy" and self._job.status != "Completed":
            return f"{self._job.name} is {self._job.status}: only a Completed job can be deployed."
        return super().why_not(action)

    async def action_deploy(self) -> None:
        """Show the plan that puts this job's model into production."""
        from cmapss_tui.screens.deploy import DeployScreen

        await self.app.push_screen(DeployScreen(self._job.name))

    def _interval(self, snapshot: JobSnapshot | None) -> float:
        if snapshot is not None and snapshot.job.status not in {"InProgress", "Stopping"}:
            return ENDED_SECONDS
        return max(1.0, RUNNING_REGION_SECONDS / self.aws.clock.speed)

    def _show(self) -> None:
        job, check = self._job, self._check
        self._about.write(lambda width: laid_out(about(job, check), width))
        self._made_with.write(lambda width: laid_out(made_with(job), width))
