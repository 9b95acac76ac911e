"""The validation's screen: progress, errors so far, whose data it is; the result stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Digits

from cmapss_core import evaluation as core_evaluation
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.evaluation import Evaluation
from cmapss_data.errors import DataError
from cmapss_tui import fleets
from cmapss_tui.attainable import beside_the_objective
from cmapss_tui.screens.validate import ValidateScreen, beside_lines, figure_lines, subset_lines
from tests.tui.consoles import ENDPOINT, Console, Lobby, evaluation, opened, screen_text, until


class Validation:
    """A validation that goes on as the test says."""

    def __init__(self) -> None:
        self.tell: Callable[[Evaluation], None] | None = None
        self.fleet: Any = None
        self.error: Exception | None = None
        self.starts = 0
        self._end = threading.Event()

    def validate(self, aws: Any, endpoint: str, fleet: Any, *, on_progress: Any, cancelled: Any) -> Evaluation:
        self.starts += 1
        self.fleet, self.tell = fleet, on_progress
        tick = threading.Event()
        for _ in range(3000):
            if cancelled():
                return evaluation(52_000)
            if self._end.is_set():
                break
            tick.wait(0.01)
        if self.error is not None:
            raise self.error
        finished = evaluation(104_897, finished=True)
        on_progress(finished)
        return finished

    def end(self, error: Exception | None = None) -> None:
        self.error = error
        self._end.set()


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Validation:
    given = Validation()
    monkeypatch.setattr(core_evaluation, "validate", given.validate)
    monkeypatch.setattr(fleets, "fleet_for", lambda aws, endpoint: f"the fleet for {endpoint}")
    return given


async def started(pilot: Pilot[None], scripted: Validation) -> ValidateScreen:
    screen = ValidateScreen(ENDPOINT)
    await opened(pilot, screen)
    await pilot.press("enter")
    await until(pilot, lambda: scripted.tell is not None)
    return screen


def tell(scripted: Validation, told: Evaluation) -> None:
    assert scripted.tell is not None
    scripted.tell(told)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_shows_how_far_it_is_and_how_far_off(scripted: Validation, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        screen = await started(pilot, scripted)
        assert scripted.fleet == f"the fleet for {ENDPOINT}"
        tell(scripted, evaluation(52_000))
        await until(pilot, lambda: "52,000 of 104,897 rows" in screen_text(app))
        text = screen_text(app)
        assert "◐ running" in text
        assert "8,000 rows/s" in text
        assert "RMSE in cycles so far" in text
        assert "MAE 41.03" in text
        assert screen.query_one(Digits).value == "57.257"
        assert [line.split()[:4] for line in text.splitlines() if "FD002" in line] == [
            ["FD002", "33,991", "55.9", "41.1"]
        ]
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))
        assert "NASA score" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_says_why_it_is_not_the_objective_and_what_can_be_attained(
    scripted: Validation, size: tuple[int, int]
) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        await started(pilot, scripted)
        assert "objective" not in screen_text(app)
        tell(scripted, evaluation(52_000))
        await until(pilot, lambda: "A job's objective is of other engines" in screen_text(app))
        text = " ".join(screen_text(app).split())
        assert "about 45 there is 57 here, the best that single rows attain; with each engine's history 48 is." in text
        tell(scripted, evaluation(52_000, data="synthetic"))
        await until(pilot, lambda: "leaves out." in " ".join(screen_text(app).split()))
        assert "57 here" not in screen_text(app)
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))


def test_figures_are_said_of_all_the_rows_that_they_are_of() -> None:
    assert "57" in beside_the_objective(evaluation(104_897, finished=True))
    assert "57" not in beside_the_objective(replace(evaluation(0), rows_total=13_096))


async def test_the_result_can_be_copied_and_exported(scripted: Validation) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await started(pilot, scripted)
        assert screen.copyable() == {"endpoint": ENDPOINT}
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))
        copied = screen.copyable()["result"].splitlines()
        assert copied[0] == f"{ENDPOINT} RMSE 57.257"
        assert copied[-4].split() == ["FD001", "13,096", "45.1", "33.2"]
        sheet = screen.sheet()
        assert sheet is not None
        assert [*sheet.rows][1] == ("FD002", 33_991, 55.9, 41.1)
        assert isinstance(screen.again()(), ValidateScreen)


@pytest.mark.parametrize(
    ("data", "says"), [("nasa", "NASA's C-MAPSS test set"), ("synthetic", "⚠ synthetic data, made to look like")]
)
async def test_it_says_whose_data_it_is(scripted: Validation, data: str, says: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await started(pilot, scripted)
        tell(scripted, evaluation(1_000, data=data))
        await until(pilot, lambda: says in screen_text(app))
        scripted.end()


async def test_it_can_be_stopped(scripted: Validation) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await started(pilot, scripted)
        assert app.focused is screen.query_one("#stop")
        await pilot.press("enter")
        await until(pilot, lambda: "○ stopped" in screen_text(app))
        assert "so far" in screen_text(app), "what some rows say is no result"
        assert not screen.query_one("#start", Button).disabled
        assert screen.query_one("#stop", Button).disabled


async def test_the_result_is_there_when_one_comes_back(scripted: Validation) -> None:
    app = Console()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await started(pilot, scripted)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        scripted.end()
        await until(pilot, lambda: "has ended" in screen_text(app))
        await app.push_screen(ValidateScreen(ENDPOINT))
        await until(pilot, lambda: "104,897 of 104,897 rows" in screen_text(app))
    assert scripted.starts == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConsoleError(ErrorKind.CONFLICT, "e is Creating", remedy="Wait."), "✕ e is Creating. Wait."),
        (DataError("test_FD001.txt has 25 columns", "Import it again."), "✕ test_FD001.txt has 25 columns. Import"),
    ],
)
async def test_what_went_wrong_is_one_line(scripted: Validation, error: Exception, says: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await started(pilot, scripted)
        scripted.end(error)
        await until(pilot, lambda: says in screen_text(app))
        assert not screen.query_one("#start", Button).disabled


def test_before_the_first_row_there_are_no_figures() -> None:
    assert figure_lines(evaluation(0)) == []
    assert figure_lines(None) == subset_lines(None) == []


def test_subsets_are_compared_by_bars_where_there_is_room_and_the_score_is_explained() -> None:
    finished = evaluation(104_897, finished=True)
    wide, narrow = subset_lines(finished, 110), subset_lines(finished, 50)
    lengths = {line.plain.split()[0]: line.plain.count("━") for line in wide[1:]}
    worst = max(finished.subsets, key=lambda name: finished.subsets[name].rmse or 0)
    assert lengths[worst] == max(lengths.values()) == 60
    assert all("━" not in line.plain for line in narrow)
    assert finished.nasa_score is not None
    told = " ".join(line.plain for line in beside_lines(finished, 70))
    assert "exp(d/10) - 1 where too many" in told
    assert "NASA" not in " ".join(line.plain for line in beside_lines(replace(finished, nasa_score=None), 70))
