"""What is copied reaches every clipboard there is, and a notice says what and where, not the text itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.screens.picker import Picker
from cmapss_tui.take_away import clipboard
from cmapss_tui.take_away.clipboard import TERMINAL_BYTES, Copied, fits_terminal, has_display, to_this_machine
from tests.tui.consoles import ENDPOINT, Console, Lobby, opened, screen_text, until


class Named(Lobby):
    """A screen with something to copy."""

    def copyable(self) -> Mapping[str, str]:
        return {"name": ENDPOINT, "ARN": f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{ENDPOINT}"}


@pytest.fixture(autouse=True)
def no_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has none, whatever it is."""
    monkeypatch.setattr(clipboard, "has_display", lambda environment, platform: False)
    monkeypatch.delenv("TMUX", raising=False)


async def test_y_copies_the_first_and_says_so() -> None:
    console = Console()
    async with console.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot, Named())
        await pilot.press("y")
        await until(
            pilot, lambda: f"copied the name ({len(ENDPOINT)} characters) to the terminal's" in screen_text(console)
        )
        assert console.clipboard == ENDPOINT


async def test_shift_y_asks_what() -> None:
    console = Console()
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        screen = Named()
        await opened(pilot, screen)
        await pilot.press("Y")
        await until(pilot, lambda: isinstance(console.screen, Picker))
        await until(pilot, lambda: "arn:aws:sagemaker" in screen_text(console))
        await pilot.press("down", "enter")
        await until(pilot, lambda: console.clipboard == screen.copyable()["ARN"])
        assert console.screen is screen
        await pilot.press("Y", *"name", "enter")
        await until(pilot, lambda: console.clipboard == ENDPOINT)


async def test_this_machine_s_clipboard_is_reached_from_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def take(text: str) -> bool:
        taken.append(text)
        return True

    monkeypatch.setattr(clipboard, "has_display", lambda environment, platform: True)
    monkeypatch.setattr(clipboard, "to_this_machine", take)
    console = Console()
    async with console.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot, Named())
        await pilot.press("y")
        await until(pilot, lambda: any("and this machine's" in one.message for one in console._notifications))
    assert taken == [ENDPOINT]


async def test_where_nothing_can_be_copied_that_is_said() -> None:
    console = Console()
    async with console.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot, Lobby())
        await pilot.press("y")
        await until(pilot, lambda: "There is nothing to copy here" in screen_text(console))
        await pilot.press("Y")
        assert not isinstance(console.screen, Picker)


@given(st.text(max_size=300), st.integers(1, TERMINAL_BYTES))
def test_a_text_fits_as_long_as_its_bytes_do(text: str, length: int) -> None:
    size = len(text.encode("utf-8", "replace"))
    assert fits_terminal(text)
    assert fits_terminal("x" * length)
    assert not fits_terminal(text + "ü" * ((TERMINAL_BYTES - size) // 2 + 1))


@pytest.mark.parametrize(
    ("terminal", "machine", "in_tmux", "said"),
    [
        (True, False, False, "copied the name (3 characters) to the terminal's clipboard"),
        (True, True, True, "copied the name (3 characters) to the terminal's and this machine's clipboard"),
        (False, True, False, "copied the name (3 characters) to this machine's clipboard"),
        (True, False, True, "to the terminal's clipboard; tmux hands it on where set-clipboard is on"),
        (False, False, False, "too long for the terminal's clipboard, and this machine has none. Export it"),
    ],
)
def test_the_notice_says_where_to(terminal: bool, machine: bool, in_tmux: bool, said: str) -> None:
    notice = Copied("name", "abc", terminal, machine, in_tmux).notice
    assert said in notice
    assert "abc" not in notice


@pytest.mark.parametrize(
    ("environment", "platform", "has"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"SSH_CONNECTION": "1 2 3 4"}, "linux", False),
        ({"SSH_CONNECTION": "1 2 3 4", "DISPLAY": "localhost:10.0"}, "linux", True),
        ({}, "darwin", True),
        ({"SSH_TTY": "/dev/ttys001"}, "darwin", False),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", True),
        ({}, "win32", True),
    ],
)
def test_over_ssh_without_a_display_there_is_no_clipboard_here(
    environment: dict[str, str], platform: str, has: bool
) -> None:
    assert has_display(environment, platform) is has


def test_a_clipboard_s_program_may_fail_hang_or_be_missing() -> None:
    assert to_this_machine("text", (sys.executable, "-c", "import sys; sys.exit(sys.stdin.read() != 'text')"))
    assert not to_this_machine("text", (sys.executable, "-c", "print('no display'); raise SystemExit(1)"))
    assert not to_this_machine("text", (sys.executable, "-c", "import time; time.sleep(60)"), seconds=0.2)
    assert not to_this_machine("text", ("no-such-program-anywhere",))
