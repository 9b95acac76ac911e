"""The list of operations: from the journal alone, kept up to date, and the way to each of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Identity, Target
from cmapss_core.clock import RegionClock
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Place
from cmapss_tui import background
from cmapss_tui.operations.rows import OperationsReader
from cmapss_tui.operations.running import KIND
from cmapss_tui.screens.choose import ChooseScreen
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.operations import OperationsScreen
from tests.tui.consoles import NOW, Console, DeafAws, Lobby, opened, screen_text, until
from tests.tui.journals import begun, done, ended, plan_of


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Journal:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    return Journal(tmp_path / "journal")


def row(app: Console, target: str) -> str:
    return " ".join(next((line for line in screen_text(app).splitlines() if target in line), "").split())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_each_says_how_it_stands_though_aws_is_away(journal: Journal, size: tuple[int, int]) -> None:
    ended(journal, plan_of("deploy-1", target="older"), "done", *done(*range(1, 7)), at=NOW - timedelta(hours=3))
    ended(journal, plan_of("deploy-2", target="newer"), "open", *done(1, 2), at=NOW - timedelta(minutes=5))
    ended(journal, plan_of("deploy-3", target="taken-back"), "rolled_back", at=NOW - timedelta(hours=30))
    log = begun(journal, plan_of("deploy-4", target="busy"), *done(1), at=NOW - timedelta(minutes=1))
    app = Console()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, OperationsScreen())
        await until(pilot, lambda: "Operations 4 1 running, 1 open" in " ".join(screen_text(app).split()))
        assert "◐ running deploy busy 1m ago 1m00s 1/6" in row(app, "busy")
        assert "‖ open deploy newer 5m ago 2m00s 2/6" in row(app, "newer")
        assert "● done deploy older 3h00m ago 2m00s 6/6" in row(app, "older")
        assert "○ rolled back deploy taken-back 1d06h ago 2m00s –" in row(app, "taken-back")
        text = screen_text(app)
        assert text.index("busy") < text.index("newer") < text.index("older") < text.index("taken-back")
        assert "account and region" not in text  # all of them are of this place
    log.close()


async def test_enter_opens_the_one_under_the_cursor_and_a_filter_narrows(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1", target="first"), "open", *done(1))
    ended(journal, plan_of("deploy-2", target="second"), "done", *done(1), at=NOW + timedelta(minutes=1))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: len(screen.table.rows) == 2)
        await pilot.press("slash", *"status:open", "enter")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, OperationScreen))
        await until(pilot, lambda: "Deploy first" in screen_text(app))


async def test_without_any_it_says_what_will_be_here(journal: Journal) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, OperationsScreen())
        await until(pilot, lambda: "Nothing was begun here yet." in screen_text(app))
        await pilot.press("enter")
        assert isinstance(app.screen, OperationsScreen)


def test_only_what_has_changed_is_read_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    ended(journal, plan_of("deploy-1", target="a"), "open", *done(1))
    ended(journal, plan_of("deploy-2", target="b"), "open", *done(1))
    read: list[str] = []
    original = Journal.summary

    def counted(self: Journal, operation_id: str) -> Any:
        read.append(operation_id)
        return original(self, operation_id)

    monkeypatch.setattr(Journal, "summary", counted)
    reader = OperationsReader(journal, RegionClock())
    assert [one.steps_done for one in reader.read().rows] == [1, 1]
    assert sorted(read) == ["deploy-1", "deploy-2"]
    assert reader.read().rows is reader.read().rows
    assert len(read) == 2
    ended(journal, plan_of("deploy-2", target="b"), "open", *done(2))
    assert {one.operation.target: one.steps_done for one in reader.read().rows} == {"a": 1, "b": 2}
    assert read[2:] == ["deploy-2"]


def test_what_ran_is_open_as_soon_as_its_process_is_gone(journal: Journal) -> None:
    log = begun(journal, plan_of("deploy-1"), *done(1))
    reader = OperationsReader(journal, RegionClock())
    assert [one.operation.status for one in reader.read().rows] == ["running"]
    log.close()
    assert [one.operation.status for one in reader.read().rows] == ["open"]


def test_a_file_that_is_damaged_hides_no_other(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1"), "open", *done(1))
    (journal.directory / "deploy-2.jsonl").write_bytes(b'{"event": "begun"\x00')
    assert [one.operation.id for one in OperationsReader(journal, RegionClock()).read().rows] == ["deploy-1"]


class KnownAws(DeafAws):
    """A connection that knows who is calling."""

    def identity(self) -> Identity:
        return Identity("000000000000", "arn:aws:sts::000000000000:assumed-role/operator/me", "operator")


async def test_the_start_says_how_many_are_open_here(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1"), "open", *done(1))
    ended(journal, plan_of("deploy-2", target="b"), "done", *done(1))
    app = Console(KnownAws())
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "3 Operations ◐1" in screen_text(app))
        await pilot.press("3")
        await until(pilot, lambda: app.current_mode == "operations")


async def test_what_is_open_elsewhere_is_not_said(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1"), "open", *done(1))
    app = Console(KnownAws(Target(region="eu-west-1", endpoint_url="http://127.0.0.1:9")))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Lobby) and "role operator" in screen_text(app))
        await pilot.pause(0.1)
        assert "◐" not in screen_text(app)


def test_what_it_took_is_the_time_in_hand(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1"), "open", *done(1))  # two minutes in hand
    later = NOW + timedelta(hours=5)
    record = journal.read("deploy-1")
    log, _ = journal.reopen(record, "resumed", later)
    [running] = OperationsReader(journal, RegionClock()).read().rows
    assert running.seconds_in_hand(later + timedelta(seconds=30)) == 150
    log.write("ended", later + timedelta(minutes=1), status="done")
    log.close()
    [over] = OperationsReader(journal, RegionClock()).read().rows
    assert over.seconds_in_hand(later + timedelta(days=1)) == 180


async def test_only_an_endpoints_own_where_one_is_named(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1", target="engines"), "done", *done(1))
    ended(journal, plan_of("deploy-2", target="turbines"), "open", *done(1))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationsScreen("Engines")
        await opened(pilot, screen)
        await until(pilot, lambda: [row.operation.id for row in screen.table.rows] == ["deploy-1"])
        assert "Operations of Engines" in screen_text(app)
        assert (again := screen.again()) is not None
        assert isinstance(again(), OperationsScreen)
        assert screen.copyable()["command: rollback"] == "cmapss-console operations rollback deploy-1"
        assert screen.sheet().rows[0][:4] == ["deploy-1", "deploy", "engines", "done"]


async def test_what_was_begun_elsewhere_says_so_and_is_taken_up_there(journal: Journal) -> None:
    elsewhere = replace(plan_of("deploy-1", target="far"), place=Place("000000000000", "eu-west-1"))
    ended(journal, elsewhere, "open", *done(1))
    app = Console(KnownAws())
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        screen = OperationsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: "↗ 1 elsewhere" in screen_text(app) and "sandbox eu-west-1" in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: "It was begun in sandbox eu-west-1" in screen_text(app))
        assert app.screen is screen


@pytest.mark.parametrize(("key", "question"), [("R", "Resume: deploy engines"), ("B", "Roll back: deploy engines")])
async def test_the_row_under_the_cursor_is_taken_up_once_that_is_confirmed(
    journal: Journal, key: str, question: str
) -> None:
    ended(journal, plan_of("deploy-1"), "open", *done(1))
    app = Console(KnownAws())
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: len(screen.table.rows) == 1)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: question in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, OperationScreen))
        assert background.find(app, KIND, "deploy-1") is None


async def test_any_column_sorts(journal: Journal) -> None:
    for n, target in enumerate(("b", "a", "c")):
        ended(journal, plan_of(f"deploy-{n}", target=target), "done", *done(1), at=NOW + timedelta(minutes=n))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: [row.operation.target for row in screen.table.rows] == ["c", "a", "b"])
        await pilot.press("s", "s", "s")
        await until(pilot, lambda: [row.operation.target for row in screen.table.rows] == ["a", "b", "c"])
        await pilot.press("S")
        await until(pilot, lambda: [row.operation.target for row in screen.table.rows] == ["c", "b", "a"])


def is_first(screen: OperationsScreen, target: str) -> bool:
    return screen.table.rows[0].operation.target == target


async def test_the_column_to_sort_by_is_chosen(journal: Journal) -> None:
    ended(journal, plan_of("deploy-1", target="first"), "done", *done(1))
    ended(journal, plan_of("deploy-2", target="second"), "open", *done(1), at=NOW + timedelta(minutes=1))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = OperationsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: len(screen.table.rows) == 2)
        for first in ("first", "second"):  # what it is sorted by already turns round
            await pilot.press("o")
            await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
            await pilot.press(*"target", "enter")
            await until(pilot, lambda: app.screen is screen)
            await until(pilot, partial(is_first, screen, first))
