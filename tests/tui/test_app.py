"""The application around its screens: from the start, through areas, help and palette, to leaving."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest
from rich.text import Text
from textual.events import Key, MouseDown, MouseEvent, MouseMove, MouseUp
from textual.widgets import Static

from cmapss_core.aws import Aws, Identity
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.app import ConsoleApp
from cmapss_tui.help import HelpScreen
from cmapss_tui.options import Options
from cmapss_tui.screens.scale import ScaleScreen
from cmapss_tui.screens.start import StartScreen
from cmapss_tui.widgets.too_small import TooSmall
from tests.tui.consoles import ENDPOINT, Console, DeafAws, Lobby, focused, opened, scaling, screen_text, until


@dataclass
class Connection:
    """What the console calls to connect: it narrates, waits for `gate`, then fails or answers as it is told."""

    aws: Aws = field(default_factory=DeafAws)
    errors: list[ConsoleError] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, options: Options, narrate: Callable[[str], None]) -> Aws:
        narrate("Starting the sandbox …")
        self.gate.wait(10)
        if self.errors:
            raise self.errors.pop(0)
        return self.aws


def starting(connection: Connection) -> ConsoleApp:
    """A console that connects through it, and then is in the lobby."""
    console = Console(connection.aws)
    console._connect = connection
    return console


async def test_the_start_tells_what_is_being_done_and_gives_way_to_the_jobs() -> None:
    connection = Connection()
    console = starting(connection)
    async with console.run_test(size=(80, 24)) as pilot:
        assert isinstance(console.screen, StartScreen)
        await until(pilot, lambda: "◐ Starting the sandbox …" in screen_text(console))
        await pilot.press("1", "2", "r")  # nothing to go to yet, nothing to try again
        assert isinstance(console.screen, StartScreen)
        connection.gate.set()
        await until(pilot, lambda: isinstance(console.screen, Lobby))


async def test_what_hinders_the_start_is_said_with_the_way_out_and_can_be_tried_again() -> None:
    error = ConsoleError(ErrorKind.AUTH, "There is no profile 'nobody'", remedy="Make one: aws configure")
    connection = Connection(errors=[error])
    connection.gate.set()
    console = starting(connection)
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "✕ There is no profile 'nobody'. Make one: aws configure" in screen_text(console))
        ways = "r try again   s the sandbox instead   P another profile or region   q quit"
        await until(pilot, lambda: ways in screen_text(console))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(console.screen, Lobby))


async def test_leaving_in_the_middle_of_the_start_waits_for_nothing() -> None:
    connection = Connection()
    console = starting(connection)
    started = monotonic()
    async with console.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: console._exit)
    assert monotonic() - started < 5  # the connection would have taken ten
    assert console.return_code == 0
    connection.gate.set()


async def test_leaving_closes_the_connection() -> None:
    aws = DeafAws()
    async with Console(aws).run_test() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, Lobby))
        await pilot.press("q")
        await until(pilot, lambda: pilot.app._exit)
    with pytest.raises(ConsoleError):
        Aws.call(aws, "sts", "GetCallerIdentity")


async def test_leaving_asks_twice_while_an_operation_runs() -> None:
    console = Console()
    async with console.run_test(notifications=True) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        console.operation_started("op-1", "deploying cmapss")
        await pilot.press("q")
        await until(pilot, lambda: "deploying cmapss is under way" in screen_text(console))
        assert not console._exit
        await pilot.press("q")
        await until(pilot, lambda: console._exit)


@pytest.mark.parametrize(("focus", "key"), [("#cancel", "q"), ("#minimum", "^q")])
async def test_ctrl_c_with_nothing_selected_says_which_key_leaves_from_there(focus: str, key: str) -> None:
    console = Console()
    async with console.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot, ScaleScreen(ENDPOINT, scaling()))
        await focused(pilot, focus)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: f"^c copies what is selected; {key} leaves the console." in screen_text(console))


async def test_an_operation_that_has_ended_asks_nothing() -> None:
    console = Console()
    async with console.run_test() as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        console.operation_started("op-1", "deploying cmapss")
        console.operation_ended("op-1")
        await pilot.press("q")
        await until(pilot, lambda: console._exit)


class KnownAws(DeafAws):
    """A connection that knows who is calling."""

    def identity(self) -> Identity:
        return Identity("000000000000", "arn:aws:sts::000000000000:assumed-role/operator/me", "operator")


async def test_the_header_says_whose_aws_this_is() -> None:
    console = Console(KnownAws())
    async with console.run_test(size=(120, 36)) as pilot:
        header = "sandbox us-east-1 · 000000000000 · role operator · region time 2026-11-22 16:41:07Z ×60"
        await until(pilot, lambda: header in screen_text(console))


async def test_numbers_go_to_the_areas_and_each_keeps_its_place() -> None:
    console = Console()
    async with console.run_test() as pilot:
        lobby = Lobby()
        await opened(pilot, lobby)
        await pilot.press("2")
        await until(pilot, lambda: console.current_mode == "endpoints")
        assert console.screen is not lobby
        await pilot.press("1")
        await until(pilot, lambda: console.screen is lobby)
        await pilot.press("escape")
        await until(pilot, lambda: len(console.screen_stack) == 1)
        await pilot.press("escape")
        assert len(console.screen_stack) == 1


async def test_a_click_on_an_area_goes_there() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        await pilot.pause()
        await pilot.click(offset=(13, 1))
        await until(pilot, lambda: console.current_mode == "endpoints")


async def test_the_help_lists_the_keys_of_the_screen_with_their_verbs() -> None:
    console = Console()
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(console.screen, HelpScreen))
        await pilot.pause()
        text = screen_text(console)
        assert "Training jobs, best first." in text
        assert any("Endpoints" in line and " endpoints " in line for line in text.splitlines())
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(console.screen, Lobby))


async def test_a_terminal_that_gets_too_small_is_covered_until_it_has_grown() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: "80×24 needed, this is 60×20" in screen_text(console))
        assert "lobby" not in screen_text(console)
        await pilot.press("2", "question_mark")  # nothing is pressed unseen
        assert console.current_mode == "jobs"
        await console.push_screen(Lobby())
        await until(pilot, lambda: len(console.screen.query(TooSmall)) == 1)
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: "lobby" in screen_text(console))
        await pilot.press("escape")
        await until(pilot, lambda: len(console.screen_stack) == 1)
        await until(pilot, lambda: "lobby" in screen_text(console))
        await pilot.resize_terminal(79, 24)
        await until(pilot, lambda: "this is 79×24" in screen_text(console))
        await pilot.press("q")
        await until(pilot, lambda: console._exit)


@pytest.mark.parametrize("action", ["app.help", "app.command_palette", "app.area('endpoints')", "app.jump"])
async def test_nothing_is_done_any_more_once_the_console_is_left(action: str) -> None:
    console = Console()
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        with console.batch_update():  # at once, before the application hears of it
            console.leave()
            await console.run_action(action)
            await console.push_screen(HelpScreen(console.screen))
            await console.on_event(Key("question_mark", "?"))
        assert [type(screen) for screen in console.screen_stack] in ([Lobby], [])
        assert console.current_mode == "jobs"
    assert (console.return_code, console.fault) == (0, None)


async def ended(console: Console) -> None:
    """Let it end by itself; a pilot would wait for its screens, which answer no more."""
    async with asyncio.timeout(30):
        while console.is_running:
            await asyncio.sleep(0)


async def test_a_screen_that_was_opening_when_the_console_was_left_is_no_fault() -> None:
    console = Console()
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        console.push_screen(HelpScreen(console.screen))
        console.leave()
        await ended(console)
    assert (console.return_code, console.fault) == (0, None)


@pytest.mark.parametrize("kind", [MouseDown, MouseMove, MouseUp])
async def test_the_mouse_on_what_has_just_been_removed_does_nothing(kind: type[MouseEvent]) -> None:
    console = Console()
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        await until(pilot, lambda: "lobby" in screen_text(console))
        words = next(one for one in console.screen.query(Static) if str(one.content) == "lobby")
        x, y = words.region.offset

        def event(kind: type[MouseEvent]) -> MouseEvent:
            return kind(None, x, y, 0, 0, 1, False, False, False)

        if kind is not MouseDown:  # with a selection begun, which follows the mouse
            await console.on_event(event(MouseDown))
        with console.batch_update():  # no layout comes between
            parent = words.parent
            words._detach()
            await console.on_event(event(kind))
            words._attach(parent)


async def test_what_another_driver_would_print_is_a_fault_with_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    console = Console()

    async def panic() -> None:
        async with console.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: isinstance(console.screen, Lobby))
            console.panic(Text("something over the terminal"))
            await ended(console)

    with pytest.raises(RuntimeError, match="Text"):
        await panic()
    assert console.return_code == 1
    assert console.fault is not None
    assert console.fault.report is not None
