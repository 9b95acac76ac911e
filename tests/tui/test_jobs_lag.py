"""What the event loop does with ten thousand jobs: it hands over, and looks at what is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cmapss_core.jobs import RankedJob
from cmapss_tui.jobs.desk import JobsAnswered
from cmapss_tui.jobs.list import JobList, Question, answer, prepare
from cmapss_tui.polling import SnapshotRead
from tests.tui.consoles import until
from tests.tui.jobs_made import JobsAws, JobsConsole, MadeReader, jobs, shown, snapshot

MANY = 5_000
SEEN = 40  # rows, and a few looks at the first and at the cursor's


class Watched(list[RankedJob]):
    """Rows that count which of them are looked at, and are not to be gone through."""

    looked: set[int]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            self.looked.update(range(*index.indices(len(self))))
        else:
            self.looked.add(index)
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[RankedJob]:
        raise AssertionError("every row was looked at")


def watched(listed: JobList) -> tuple[JobList, Watched]:
    rows = Watched(listed.rows)
    rows.looked = set()
    return replace(listed, rows=rows, scope=replace(listed.scope, rows=rows)), rows


@pytest.fixture(autouse=True)
def _read_what_the_test_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_tui.jobs.desk.JobsReader", MadeReader)


@pytest.mark.parametrize("message", ["reading", "answer"])
async def test_what_arrives_is_shown_without_going_through_it(message: str) -> None:
    async with JobsConsole(JobsAws(snapshot(jobs(50)))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("j", "space", "j")
        row = screen.table.cursor_row
        assert row is not None
        listed, rows = watched(answer(prepare(snapshot(jobs(MANY))), Question()))
        screen.post_message(SnapshotRead("jobs", listed) if message == "reading" else JobsAnswered(listed))
        await until(pilot, lambda: screen.table.rows is rows)
        await pilot.press("j", "k", "space")
        await pilot.pause()
        assert screen.sheet() is not None
        assert screen.copyable()
        after = screen.table.cursor_row
        assert after is not None
        assert len(rows.looked) <= 2 * SEEN


async def test_sorting_and_filtering_go_through_the_rows_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    threads: set[int] = set()

    def noted(*arguments: Any, **named: Any) -> JobList:
        threads.add(threading.get_ident())
        return answer(*arguments, **named)

    monkeypatch.setattr("cmapss_tui.jobs.desk.answer", noted)
    async with JobsConsole(JobsAws(snapshot(jobs(50)))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("s", "S")
        await until(
            pilot,
            lambda: (
                [row.job.name for row in screen.table.rows]
                == sorted((row.job.name for row in screen.table.rows), reverse=True)
            ),
        )
        assert threads
        assert threading.get_ident() not in threads
