"""The list of training jobs, driven by its keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.events import Key
from textual.widgets import Input

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import JobsSnapshot
from cmapss_tui.screens.job_detail import JobDetailScreen
from cmapss_tui.screens.jobs import JobsScreen
from cmapss_tui.widgets.filter_bar import FilterBar
from tests.tui.consoles import NOW, Lobby, screen_text, until
from tests.tui.jobs_made import NEVER, JobsAws, JobsConsole, MadeReader, jobs, read_again, shown, snapshot, training_job

SIZES = [(80, 24), (120, 36), (200, 60)]


@pytest.fixture(autouse=True)
def _read_what_the_test_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_tui.jobs.desk.JobsReader", MadeReader)


def console(answer: JobsSnapshot, *, read_only: bool = False, refresh: float = NEVER) -> JobsConsole:
    return JobsConsole(JobsAws(answer, read_only=read_only), refresh=refresh)


@pytest.mark.parametrize("size", SIZES)
async def test_jobs_are_listed_best_first_at_every_size(size: tuple[int, int]) -> None:
    made = [training_job(1, 47.0), training_job(2, 45.1234), training_job(3, status="InProgress")]
    async with console(snapshot(made)).run_test(size=size) as pilot:
        screen = await shown(pilot)
        assert [row.rank for row in screen.table.rows] == [1, 2, None]
        text = screen_text(screen.console)
        lines = text.splitlines()
        assert "sandbox us-east-1" in lines[0]
        assert "live" in "".join(lines[:2])
        assert "1 Jobs" in lines[1]
        first = next(line for line in lines if "45.1234" in line)
        assert "★" in first
        assert "● Completed" in first
        assert "◐ InProgress" in text
        assert "2 of 3 done, 1 running" in text
        assert "AWS agrees" in text
        assert "? help" in lines[-1]
        assert all(len(line) <= size[0] for line in lines)


async def test_the_filter_narrows_the_list_and_escape_brings_it_back() -> None:
    made = [training_job(number, 44.0 + number) for number in range(1, 6)]
    async with console(snapshot(made)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("slash")
        screen.query_one(Input).value = "rmse<47 !-001-"
        await pilot.pause()
        assert [row.job.objective_value for row in screen.table.rows] == [46.0]
        assert "1 of 5" in screen_text(screen.console)
        await pilot.press("enter")
        assert screen.focused is screen.table
        assert len(screen.table.rows) == 1
        await pilot.press("escape")
        await pilot.pause()
        assert len(screen.table.rows) == 5


async def test_a_filter_typed_in_one_go_stays_in_sight() -> None:
    made = [training_job(number, 44.0 + number) for number in range(1, 6)]
    async with console(snapshot(made)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("slash")
        for character in "rmse<47":  # as fast as a paste: nothing waits for a key to be handled
            screen.app.post_message(Key(character, character))
        screen.app.post_message(Key("enter", None))
        await until(pilot, lambda: screen.focused is screen.table and len(screen.table.rows) == 2)
        assert "/ rmse<47" in screen_text(screen.console)


async def test_what_is_typed_behind_the_slash_in_one_read_is_the_filter_and_no_action() -> None:
    app = console(snapshot(jobs(40)))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        for key, character in (("slash", "/"), *((key, key) for key in "e036")):
            app.post_message(Key(key, character))
        await until(pilot, lambda: screen.query_one(FilterBar).text == "e036")
        assert app.screen is screen


async def test_a_half_typed_filter_says_what_is_wrong_and_leaves_the_list() -> None:
    async with console(snapshot(jobs(5))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("slash")
        screen.query_one(Input).value = "rmse<"
        await pilot.pause()
        assert len(screen.table.rows) == 5
        assert "a number has to follow <" in screen_text(screen.console)


async def test_after_filtering_the_cursor_is_on_the_first_row_unless_its_own_is_still_there() -> None:
    async with console(snapshot(jobs(30))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("j", "j", "j", "j", "j")
        row = screen.table.cursor_row
        assert row is not None
        await pilot.press("slash", *"hyper")
        await pilot.pause()
        assert screen.table.cursor_row == row
        rank = row.rank or 0
        screen.query_one(Input).value = f"rank>{rank + 5}"
        await until(pilot, lambda: len(screen.table.rows) == 30 - rank - 5)
        assert screen.table.cursor == 0


async def test_an_error_stays_when_the_answer_to_an_earlier_text_comes_late() -> None:
    async with console(snapshot(jobs(5))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("slash")
        for character in "stauts:x":
            screen.app.post_message(Key(character, character))
        await until(pilot, lambda: "there is no field 'stauts'" in screen_text(screen.console))
        await until(pilot, lambda: len(screen.table.rows) == 5)
        assert "there is no field 'stauts'" in screen_text(screen.console)
        await pilot.press("escape")
        await pilot.pause()
        assert "there is no field" not in screen_text(screen.console)


async def test_a_key_sorts_by_the_next_column_and_another_turns_it_round() -> None:
    made = [training_job(1, 47.0), training_job(2, 45.0), training_job(3, status="InProgress")]
    async with console(snapshot(made)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("s")
        names = [row.job.name for row in screen.table.rows]
        assert names == sorted(names)
        await pilot.press("S")
        assert [row.job.name for row in screen.table.rows] == sorted(names, reverse=True)
        assert "▼" in screen_text(screen.console)


async def test_the_cursor_stays_on_its_job_when_the_ranks_change() -> None:
    made = jobs(30)
    async with console(snapshot(made)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("j", "j", "j")
        row = screen.table.cursor_row
        assert row is not None
        await read_again(pilot, snapshot([*made, training_job(31, 1.0), training_job(32, 2.0)]))
        after = screen.table.cursor_row
        assert after is not None
        assert after.job.name == row.job.name
        assert after.rank == (row.rank or 0) + 2


async def test_the_star_moves_with_what_aws_calls_the_best() -> None:
    made = [training_job(number, 44.0 + number) for number in range(1, 5)]

    def starred(text: str) -> str:
        (line,) = (line for line in text.splitlines() if "★" in line)
        return line

    async with console(snapshot(made)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("G")
        assert made[0].name in starred(screen_text(screen.console))
        await read_again(pilot, snapshot(made, best=made[1].name))
        assert made[1].name in starred(screen_text(screen.console))


async def test_enter_opens_the_job_and_escape_comes_back() -> None:
    async with console(snapshot(jobs(5))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobDetailScreen))
        await pilot.pause()
        row = screen.table.cursor_row
        assert row is not None
        text = screen_text(screen.console)
        assert row.job.name in text
        assert "sagemaker-xgboost:1.2-1" in text
        assert "max_depth" in text
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_a_job_that_is_not_completed_says_why_it_cannot_be_deployed() -> None:
    async with console(snapshot([training_job(1, status="Failed")])).run_test(
        size=(120, 36), notifications=True
    ) as pilot:
        screen = await shown(pilot)
        await pilot.press("D")
        await pilot.pause()
        assert pilot.app.screen is screen
        await until(pilot, lambda: "only a Completed" in screen_text(screen.console))


async def test_read_only_says_so_and_refuses_to_deploy() -> None:
    async with console(snapshot(jobs(3)), read_only=True).run_test(size=(120, 36), notifications=True) as pilot:
        screen = await shown(pilot)
        assert "READ-ONLY" in "".join(screen_text(screen.console).splitlines()[:2])
        await pilot.press("D")
        await pilot.pause()
        assert pilot.app.screen is screen
        await until(pilot, lambda: "Read-only: deploy" in screen_text(screen.console))


async def test_pause_stops_reading_and_says_how_old_the_data_is() -> None:
    app = console(snapshot(jobs(3)))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("p")
        app.jobs_aws.still.at = NOW + timedelta(minutes=47)  # at ×60
        screen.tick()
        await pilot.pause()
        assert "paused · 47s old" in "".join(screen_text(screen.console).splitlines()[:2])
        reads = app.jobs_aws.reads
        await pilot.press("r")
        await until(pilot, lambda: app.jobs_aws.reads == reads + 1)


async def test_data_that_is_not_renewed_is_called_stale() -> None:
    app = console(snapshot(jobs(3)), refresh=2.0)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("p", "p")  # no reading is on its way while the clock is moved
        app.jobs_aws.still.at = NOW + timedelta(minutes=20)  # at ×60
        screen.tick()
        await pilot.pause()
        assert "▲ stale 20s" in "".join(screen_text(screen.console).splitlines()[:2])


async def test_a_failed_reading_keeps_the_list_and_says_what_is_wrong_until_one_succeeds() -> None:
    made = jobs(3)
    async with console(snapshot(made)).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        error = ConsoleError(ErrorKind.AUTH, "The security token has expired", operation="sagemaker:Search")
        await read_again(pilot, snapshot([], error=error))
        text = screen_text(screen.console)
        assert len(screen.table.rows) == 3
        assert "The security token has expired" in text
        assert "✕ auth" in "".join(text.splitlines()[:2])
        await read_again(pilot, snapshot(made))
        assert "The security token has expired" not in screen_text(screen.console)
        assert "● live" in "".join(screen_text(screen.console).splitlines()[:2])


async def test_there_may_be_no_jobs_at_all() -> None:
    async with console(snapshot([])).run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot)
        await until(pilot, lambda: "There are no training jobs yet;" in screen_text(screen.console))
        await pilot.press("enter", "D", "j", "G")
        assert pilot.app.screen is screen


async def test_ten_thousand_jobs_are_filtered_sorted_and_walked() -> None:
    async with console(snapshot(jobs(10_000))).run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press("G")
        row = screen.table.cursor_row
        assert row is not None
        assert row.rank == 10_000
        assert row.job.name in screen_text(screen.console)
        await pilot.press("pageup", "g")
        assert screen.table.cursor == 0
        await pilot.press("slash")
        screen.query_one(Input).value = "max_depth=7"
        await pilot.pause()
        assert 0 < len(screen.table.rows) < 10_000
        assert all(row.job.hyperparameters["max_depth"] == "7" for row in screen.table.rows)


async def test_a_hidden_screen_does_not_read() -> None:
    app = console(snapshot(jobs(3)), refresh=0.1)
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        await pilot.pause()  # a reading that was on its way arrives
        reads = app.jobs_aws.reads
        await pilot.pause(0.3)
        assert app.jobs_aws.reads == reads
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, JobsScreen) and app.jobs_aws.reads > reads)
