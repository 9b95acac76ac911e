"""Logs on the screen: followed, found in, filtered, and said where there are none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.pilot import Pilot

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.logs import LogEvent
from cmapss_tui.log_lines import filter_of, filtered, labels, lines_of_event
from cmapss_tui.screens.logs import LogsScreen
from tests.core.log_groups import GROUP, LogGroupAws
from tests.tui.consoles import Console, opened, screen_text, until

SIZES = [(80, 24), (120, 36), (200, 60)]


async def shown(pilot: Pilot[None], screen: LogsScreen, text: str) -> None:
    """Open the screen and wait for a text on it."""
    await opened(pilot, screen)
    await until(pilot, lambda: text in screen_text(pilot.app))  # type: ignore[arg-type]  # it is a console


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_lines_are_shown_with_time_and_level(size: tuple[int, int]) -> None:
    aws = LogGroupAws()
    aws.write(*(f"line {n}" for n in range(200)), "ERROR it broke", "WARNING it may break")
    app = Console(aws)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "202 lines")
        text = screen_text(app)
        assert "● at the end" in text
        assert "✕ 12:00:00Z ERROR it broke" in text
        assert "▌ ▲ 12:00:00Z WARNING it may break" in text
        assert "AllTraffic/i-1" not in text  # there is one stream only


async def test_what_is_added_is_followed_until_one_moves_up() -> None:
    aws = LogGroupAws()
    aws.write(*(f"line {n}" for n in range(100)))
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "line 99")
        aws.write("and more")
        await pilot.press("r")
        await until(pilot, lambda: "and more" in screen_text(app))
        await pilot.press("k")
        await until(pilot, lambda: "‖ stopped; f" in screen_text(app))
        aws.write(*(f"further {n}" for n in range(50)))
        await pilot.press("r")
        await until(pilot, lambda: "151 lines" in screen_text(app))
        assert "further 49" not in screen_text(app)
        await pilot.press("f")
        await until(pilot, lambda: "further 49" in screen_text(app) and "● at the end" in screen_text(app))


async def test_several_streams_are_told_apart() -> None:
    aws = LogGroupAws()
    aws.write("one", stream="AllTraffic/i-0aa")
    aws.write("two", stream="AllTraffic/i-0bb")
    app = Console(aws)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "i-0bb two")


async def test_find_goes_from_match_to_match_and_a_filter_leaves_the_rest_out() -> None:
    aws = LogGroupAws()
    aws.write(*(f"[{n}]#011train-rmse:{n}.5" for n in range(100)), "ERROR rmse:7.5")
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = LogsScreen("Logs of engines", GROUP)
        await shown(pilot, screen, "101 lines")
        await pilot.press("slash", *"rmse:7.5", "enter")
        await until(pilot, lambda: "1 of 2" in screen_text(app) or "2 of 2" in screen_text(app))
        await pilot.press("n", "N", "escape")
        await pilot.press("ampersand", *"level:error", "enter")
        await until(pilot, lambda: "1 of 101" in screen_text(app))
        assert "train-rmse" not in screen_text(app)
        assert screen.sheet().rows[0][2:] == ("error", "ERROR rmse:7.5")
        await pilot.press("escape")
        await until(pilot, lambda: "train-rmse" in screen_text(app))


async def test_older_lines_come_at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_core.logs.TAIL", 50)
    aws = LogGroupAws()
    for n in range(80):
        aws.write(f"line {n:02d}", ago=timedelta(hours=80 - n))
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "50 lines")
        await pilot.press("g", "k")
        await until(pilot, lambda: "80 lines" in screen_text(app))
        await pilot.press("s")
        await until(pilot, lambda: "Nothing was written in the last 15 min" in screen_text(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_without_a_log_group_it_says_what_to_expect(size: tuple[int, int]) -> None:
    aws = LogGroupAws()
    aws.written = None
    app = Console(aws)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "There is no log group")
        assert "it is made when" in screen_text(app)
        assert "● live" in screen_text(app)  # it was read: that there is none is an answer


async def test_who_may_not_read_it_is_told_why_and_what_to_ask_for() -> None:
    aws = LogGroupAws()
    aws.failure = ConsoleError(ErrorKind.DENIED, "User me is not authorized", operation="logs:FilterLogEvents")
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "User me")
        assert f"logs:FilterLogEvents on the log group {GROUP}" in screen_text(app)
        assert "You may not read it" in screen_text(app)


async def test_nothing_of_a_log_steers_the_terminal_or_is_markup() -> None:
    aws = LogGroupAws()
    aws.write("\x1b[31mred\x1b[0m [bold]x[/] \x1b]0;title\x07 \x9b1m", '{"level": "error", "n": 1}')
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot, LogsScreen("Logs of engines", GROUP), "red [bold]x[/]")
        text = screen_text(app)
        assert "\x1b" not in text
        assert "\x9b" not in text
        assert "✕ 12:00:00Z {" in text


async def test_the_line_what_is_in_sight_and_all_can_be_copied() -> None:
    aws = LogGroupAws()
    aws.write(*(f"line {n}" for n in range(300)))
    app = Console(aws)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = LogsScreen("Logs of engines", GROUP)
        await shown(pilot, screen, "line 299")
        texts = list(screen.copyable().values())
        assert texts[0] == "line 299"
        assert texts[1].splitlines()[-1] == "line 299"
        assert len(texts[1].splitlines()) < 24
        assert len(texts[2].splitlines()) == 300
        again = screen.again()()
        assert isinstance(again, LogsScreen)


def test_a_filter_that_is_none_is_looked_for_word_by_word() -> None:
    lines = [
        line
        for n, text in enumerate(("rmse:44.9 x", "rmse:44.9 y", "plain x"))
        for line in lines_of_event(LogEvent(str(n), n, "s", text))
    ]
    assert [line.text for line in filtered(lines, filter_of("rmse:44.9 x"))] == ["rmse:44.9 x"]
    assert [line.text for line in filtered(lines, filter_of("!plain"))] == ["rmse:44.9 x", "rmse:44.9 y"]
    assert [line.text for line in filtered(lines, filter_of("plain | y"))] == ["rmse:44.9 y", "plain x"]
    assert filtered(lines, filter_of("")) == lines


def test_a_traceback_is_an_error_from_its_first_line_to_its_last() -> None:
    lines = lines_of_event(LogEvent("1", 0, "s", "Traceback (most recent call last):\n  File x\nValueError: y\n"))
    assert [(line.level, line.first) for line in lines] == [("error", True), ("error", False), ("error", False)]


def test_streams_are_called_by_what_tells_them_apart() -> None:
    assert labels(["job/algo-1-5", "job/algo-2-5"]) == {"job/algo-1-5": "algo-1-5", "job/algo-2-5": "algo-2-5"}
    assert labels(["a/x", "b/x"]) == {"a/x": "a/x", "b/x": "b/x"}
