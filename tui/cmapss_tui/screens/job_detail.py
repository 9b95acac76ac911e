"""One training job, with everything that AWS tells of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cmapss_core.job_description import LOG_GROUP, UNDER_WAY, TrainingJobDescription, read_training_job
from cmapss_core.jobs import TrainingJob
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.jobs.facts import about, laid_out, made_with
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.panel import Lines

if TYPE_CHECKING:
    from cmapss_tui.screens.describe import DescribeScreen
    from cmapss_tui.screens.logs import LogsScreen

RUNNING_REGION_SECONDS, ENDED_SECONDS = 15.0, 300.0  # nothing of an ended job changes but what serves its model


def logs_of(name: str) -> LogsScreen:
    """The screen of what a training job wrote."""
    from cmapss_tui.screens.logs import LogsScreen

    return LogsScreen(f"Logs of {name}", LOG_GROUP, f"{name}/")


def description_of(name: str) -> DescribeScreen:
    """The screen of what DescribeTrainingJob answers."""
    from cmapss_tui.screens.describe import DescribeScreen

    return DescribeScreen(name, "sagemaker", "DescribeTrainingJob", {"TrainingJobName": name})


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

    def __init__(self, job: TrainingJob, *, rank: int | None = None, check: Content | None = None) -> None:
        super().__init__()
        self._job = job
        self._rank = rank
        self._check = check
        self._described: TrainingJobDescription | None = None
        self._about, self._made_with = Lines(), Lines()

    def body(self) -> ComposeResult:
        yield Static(self._job.name, id="job-name", markup=False)
        with VerticalScroll():
            yield self._about
            yield self._made_with

    def on_mount(self) -> None:
        self._show()
        aws, name = self.aws, self._job.name
        self.add_poller("job", lambda: read_training_job(aws, name), self._interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        self._described = message.snapshot
        # Tags come with Search alone: what the list knew of the data stays.
        described = message.snapshot.job
        self._job = replace(described, data=described.data or self._job.data)
        self._show()
        self.refresh_bindings()

    def tick(self) -> None:
        """The stage that lasts gets longer."""
        super().tick()
        if self._described is not None and self._job.status in UNDER_WAY:
            self._show()

    def again(self) -> Callable[[], ConsoleScreen]:
        """The same job."""
        return partial(JobDetailScreen, self._job, rank=self._rank, check=self._check)

    def copyable(self) -> Mapping[str, str]:
        """Of this job."""
        job = self._job
        copied = {
            "name": job.name,
            "ARN": job.arn or "",
            "model artefact": job.model_artifact or "",
            "image": job.image or "",
            "hyper-parameters": json.dumps(dict(job.hyperparameters), indent=2),
            "failure reason": job.failure_reason or "",
        }
        return {what: text for what, text in copied.items() if text}

    def why_not(self, action: Action) -> str | None:
        """Only a completed job can be deployed."""
        if action.id == "job.deploy" and self._job.status != "Completed":
            return f"{self._job.name} is {self._job.status}: only a Completed job can be deployed."
        return super().why_not(action)

    async def action_deploy(self) -> None:
        """Show the plan that puts this job's model into production."""
        from cmapss_tui.screens.deploy import DeployScreen

        await self.app.push_screen(DeployScreen(self._job.name))

    async def action_logs(self) -> None:
        """What the job wrote."""
        await self.app.push_screen(logs_of(self._job.name))

    async def action_describe(self) -> None:
        """DescribeTrainingJob's answer, as it is."""
        await self.app.push_screen(description_of(self._job.name))

    def _interval(self, snapshot: TrainingJobDescription | None) -> float:
        if snapshot is not None and snapshot.job.status not in UNDER_WAY:
            return ENDED_SECONDS
        return max(1.0, RUNNING_REGION_SECONDS / self.aws.clock.speed)

    def _show(self) -> None:
        job, check, described, rank = self._job, self._check, self._described, self._rank
        now = self.aws.clock.now()
        self._about.write(lambda width: laid_out(about(job, check, rank=rank, described=described, now=now), width))
        self._made_with.write(lambda width: laid_out(made_with(job), width))
