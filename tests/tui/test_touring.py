"""The tour on the screens: it comes by itself once, on a sandbox only, and follows what the console does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from cmapss_core.aws import Target
from cmapss_core.ranking import TrainingJob
from cmapss_tui import keymap, touring
from cmapss_tui.background import Background
from cmapss_tui.options import Options
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.tour import Observation, Place, Step, Tour, after
from cmapss_tui.touring import guide_of, observed, offer, place_of, state_file
from tests.tui.consoles import ENDPOINT, Console, DeafAws, Lobby, opened, screen_text, until
from tests.tui.jobs_made import JobsAws, JobsConsole, MadeReader, jobs, shown, snapshot, training_job


class JobsScreen(Lobby):
    """A list by its name."""

    AREA = "jobs"


class Mystery(Lobby):
    """A screen that the tour does not lead to."""

    AREA = "endpoints"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is kept that the tour has been shown."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    return tmp_path


async def test_it_comes_by_itself_the_first_time_and_says_what_a_sandbox_is(home: Path) -> None:
    for first in (True, False):
        console = Console()
        offer(console)
        async with console.run_test(size=(80, 24), notifications=True) as pilot:
            await opened(pilot, JobsScreen())
            await pilot.pause()
            assert ("Tour  ◐ rank" in screen_text(console)) is first
            assert any("nothing here costs money" in one.message for one in console._notifications) is first
    assert json.loads((home / "tour.json").read_text()) == {"shown": True}


async def test_it_never_comes_by_itself_at_aws() -> None:
    console = Console(DeafAws(Target(region="us-east-1")))
    offer(console)
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, JobsScreen())
        assert "Tour" not in screen_text(console)
        assert not state_file().exists()
        await pilot.press("t")
        await until(
            pilot, lambda: "⚠ on AWS: it costs money" in screen_text(console) or "⚠ costs" in screen_text(console)
        )
        assert any("no sandbox" in one.message for one in console._notifications)


async def test_a_state_that_cannot_be_kept_hinders_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setattr(touring, "state_file", lambda: home / "file" / "tour.json")
    console = Console()
    offer(console)
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, JobsScreen())
        await until(pilot, lambda: "Tour  ◐ rank" in screen_text(console))


async def test_t_hides_it_and_shows_it_where_it_was() -> None:
    console = Console()
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, JobsScreen())
        await pilot.press("t")
        await until(pilot, lambda: "◐ rank" in screen_text(console))
        guide = guide_of(console)
        guide.tour = after(guide.tour, Observation(Place.JOB))
        await pilot.press("t")
        await until(pilot, lambda: "○ scale" not in screen_text(console))
        assert any("t shows the tour again" in one.message for one in console._notifications)
        await pilot.press("t")
        await until(pilot, lambda: "● rank  ◐ deploy" in screen_text(console))


async def test_its_key_is_not_promised_where_it_is_typed() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, JobsScreen())
        await pilot.press("t")
        await until(pilot, lambda: "t hides" in screen_text(console))
        await opened(pilot, DeleteScreen(ENDPOINT))
        await until(pilot, lambda: "Tour" in screen_text(console))
        assert "t hides" not in screen_text(console)
        await pilot.press("t")
        await until(pilot, lambda: console.screen.query_one("#typed", Input).value == "t")


async def test_one_that_is_over_begins_again() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, JobsScreen())
        guide = guide_of(console)
        await pilot.press("t")
        guide.tour = Tour(done=frozenset(Step))
        await pilot.press("t", "t")
        await until(pilot, lambda: "◐ rank" in screen_text(console))


async def test_one_that_is_over_goes_away_with_the_screen_on_which_it_ended() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, JobsScreen())
        await pilot.press("t")
        guide_of(console).tour = Tour(done=frozenset(Step))
        screen = console.screen
        assert isinstance(screen, JobsScreen)
        screen.tick()
        await until(pilot, lambda: "That was the journey" in screen_text(console))
        await opened(pilot, Mystery())
        await until(pilot, lambda: "Tour" not in screen_text(console))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(console.screen, JobsScreen))
        assert "Tour" not in screen_text(console)
        await pilot.press("t")
        await until(pilot, lambda: "◐ rank" in screen_text(console))


async def test_its_words_have_the_keys_that_are_in_force() -> None:
    console = Console(options=Options(keymap={"jobs.open": "f5"}))
    try:
        async with console.run_test(size=(80, 24)) as pilot:
            await opened(pilot, JobsScreen())
            screen = console.screen
            assert isinstance(screen, JobsScreen)
            assert "f5 shows what made it" in guide_of(console).say(screen)
    finally:
        keymap._in_force.clear()


@pytest.mark.parametrize(
    ("made", "words"),
    [(jobs(3), "home goes to the best"), ([training_job(1, status="InProgress")], "none has completed")],
    ids=["ranked", "none yet"],
)
async def test_jobs_that_have_a_place_are_seen(
    monkeypatch: pytest.MonkeyPatch, made: list[TrainingJob], words: str
) -> None:
    monkeypatch.setattr("cmapss_tui.jobs.desk.JobsReader", MadeReader)
    console = JobsConsole(JobsAws(snapshot(made)))
    async with console.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("t")
        await until(pilot, lambda: words in " ".join(screen_text(console).split()))


async def test_what_the_console_does_is_seen() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Mystery())
        screen = console.screen
        assert isinstance(screen, Mystery)
        assert place_of(screen) is Place.BESIDE
        assert place_of(Lobby()) is Place.ELSEWHERE
        work: Background[None, None] = Background(console, "traffic", ENDPOINT, lambda tell, cancelled: None)
        work.running = True
        [seen] = observed(screen).works
        assert (seen.kind, seen.subject, seen.state) == ("traffic", ENDPOINT, "running")
        work.running = False
        assert [one.state for one in observed(screen).works] == ["done"]


def test_the_places_are_the_names_of_screens() -> None:
    from tests.tui.test_actions import screens

    assert set(touring._PLACES) <= {screen.__name__ for screen in screens()}
