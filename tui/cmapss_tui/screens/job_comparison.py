"""Two training jobs side by side: what differs, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from cmapss_core.aws import Aws
from cmapss_core.job_description import UNDER_WAY, read_training_job
from cmapss_core.jobs import TrainingJob
from cmapss_core.snapshots import Snapshot
from cmapss_tui import formats, theme
from cmapss_tui.actions import bindings_for
from cmapss_tui.filters import matches
from cmapss_tui.jobs import differences as job_differences
from cmapss_tui.jobs.differences import COLUMNS, FIELDS, Fact, as_text, differences
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.filtered import FilteredScreen
from cmapss_tui.screens.job_detail import ENDED_SECONDS, RUNNING_REGION_SECONDS
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.table import Cell, VirtualTable

EXAMPLE = "words   !word   group:metrics   left:8   /expression/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Snapshot):
    """Two jobs as they were at `as_of`."""

    left: TrainingJob
    right: TrainingJob


def read_pair(aws: Aws, left: str, right: str) -> Pair:
    """Two DescribeTrainingJob. Raises ConsoleError."""
    one, other = (read_training_job(aws, name, serving=False).job for name in (left, right))
    return Pair(as_of=aws.clock.now(), source="DescribeTrainingJob", left=one, right=other)


class JobComparisonScreen(FilteredScreen):
    """A line for each fact, with a sign of whether the jobs differ in it; those that do come first."""

    AREA: ClassVar[str] = "jobs"
    SCOPES: ClassVar[tuple[str, ...]] = ("comparison",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("comparison")]
    DEFAULT_CSS = """
    JobComparisonScreen #comparison-title { padding: 0 1; }
    """

    def __init__(self, left: TrainingJob, right: TrainingJob) -> None:
        super().__init__()
        self._left, self._right = left, right
        self._only_differences = False
        self._title = Lines(id="comparison-title")
        self._filter = FilterBar(EXAMPLE)
        self.table: VirtualTable[Fact] = VirtualTable(
            COLUMNS, self._cell, job_differences.key, mark=job_differences.sign, markable=False
        )

    def body(self) -> ComposeResult:
        yield self._title
        yield self._filter
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self.show_rows()
        read = partial(read_pair, self.aws, self._left.name, self._right.name)
        self.add_poller("jobs", read, self._interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        pair: Pair = message.snapshot
        # Tags come with Search alone: what the list knew of the data stays.
        self._left = replace(pair.left, data=pair.left.data or self._left.data)
        self._right = replace(pair.right, data=pair.right.data or self._right.data)
        self.show_rows()

    async def on_virtual_table_row_selected(self) -> None:
        """There is nothing behind a fact."""

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return FIELDS

    def show_rows(self) -> None:
        """Show the facts that satisfy the terms."""
        facts = differences(self._left, self._right)
        rows = [fact for fact in facts if self._wanted(fact)]
        with self.app.batch_update():
            self._title.write(self._heading)
            self.table.show(rows, empty="The two are the same." if not self.terms else "No fact satisfies the filter.")
            self._filter.show_note(f"{len(rows)} of {len(facts)}")

    def action_differences(self) -> None:
        """Only what differs, or everything again."""
        self._only_differences = not self._only_differences
        self.show_rows()

    def again(self) -> Callable[[], ConsoleScreen]:
        """The same two jobs."""
        return partial(JobComparisonScreen, self._left, self._right)

    def copyable(self) -> Mapping[str, str]:
        """The comparison as text, and the two names."""
        return {
            "comparison": as_text(self._left, self._right, self.table.rows),
            "left name": self._left.name,
            "right name": self._right.name,
        }

    def sheet(self) -> Sheet:
        """The facts in front of the operator."""
        rows = [(fact.group, fact.name, fact.left, fact.right, fact.differs, fact.change) for fact in self.table.rows]
        return Sheet("comparison", ("group", "fact", "left", "right", "differs", "change"), rows)

    def _cell(self, fact: Fact, column: str) -> Cell:
        return job_differences.cell(fact, column, min(map(self.table.width_of, ("left", "right"))))

    def _wanted(self, fact: Fact) -> bool:
        shown = fact.differs or not self._only_differences
        return shown and matches(self.terms, job_differences.words(fact), partial(job_differences.field, fact))

    def _heading(self, width: int) -> list[Content]:
        facts = differences(self._left, self._right)
        differ = sum(fact.differs for fact in facts)
        only = "  only what differs" if self._only_differences else ""
        room = max(1, width - len("right  "))
        return [
            Content.assemble(
                ("Two training jobs", "bold"),
                (f"  {differ} of {len(facts)} facts differ", theme.QUIET),
                (only, theme.ACCENT),
            ),
            *(
                Content.assemble((f"{side:<7}", theme.QUIET), (formats.middle_elided(job.name, room), "bold"))
                for side, job in (("left", self._left), ("right", self._right))
            ),
        ]

    def _interval(self, pair: Pair | None) -> float:
        if pair is not None and not {pair.left.status, pair.right.status} & UNDER_WAY:
            return ENDED_SECONDS
        return max(1.0, RUNNING_REGION_SECONDS / self.aws.clock.speed)
