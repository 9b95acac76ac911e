"""What is said when AWS is away: one banner for one cause, with what to do, until it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.widgets import Static

from cmapss_core.call_meter import CallMeter
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot
from cmapss_tui.polling import Poller
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.troubles import Cause, Troubles, explanation, headline, troubles_of
from cmapss_tui.widgets.age import OLD
from cmapss_tui.widgets.banner import NOTICE_SECONDS, Banner, lines_of
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.panel import Panel
from tests.tui.consoles import NOW, Console, opened, screen_text, until

NEVER = 1e6
EXPIRED = ConsoleError(
    ErrorKind.AUTH,
    "The security token included in the request is expired",
    remedy="Log in: aws sso login --profile operator",
    operation="sagemaker:Search",
)
UNREACHABLE = ConsoleError(ErrorKind.UNREACHABLE, "Could not connect", operation="sagemaker:Search")
DENIED = ConsoleError(ErrorKind.DENIED, "User: me is not authorized", operation="cloudwatch:GetMetricData")


class Parts(ConsoleScreen):
    """A screen of several parts, each read by itself; `answers` has the error of each, or None."""

    AUTO_FOCUS = ""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.answers: dict[str, ConsoleError | None] = dict.fromkeys(names)
        self.read: list[str] = []

    def body(self) -> ComposeResult:
        yield FilterBar()
        yield Panel("content", Static("what was read"))

    def on_mount(self) -> None:
        for name in self.answers:
            self.add_poller(name, lambda name=name: self._answer(name), lambda _: NEVER)  # type: ignore[misc]

    def _answer(self, name: str) -> Snapshot:
        self.read.append(name)
        return Snapshot(as_of=self.aws.clock.now(), error=self.answers[name])


async def test_five_parts_that_fail_for_one_reason_have_one_banner_that_goes_when_it_is_over() -> None:
    console, screen = Console(), Parts("a", "b", "c", "d", "e")
    screen.answers = dict.fromkeys(screen.answers, EXPIRED)
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: "does not accept the credentials" in screen_text(console))
        text = screen_text(console)
        assert text.count("accept the credentials") == 1
        assert "Log in: aws sso login --profile operator" in text
        assert "4 shows all errors" in text
        began = troubles_of(console).now()
        troubles_of(console).now = lambda: began + 192
        screen.answers = dict.fromkeys(screen.answers)
        before = len(screen.read)
        screen._pollers["a"].request()  # one is read, and all others are then
        await until(pilot, lambda: len(screen.read) >= before + 5)
        await until(pilot, lambda: "● Back after 3m12s." in screen_text(console))
        for _ in range(NOTICE_SECONDS + 1):
            screen._second()
        await until(pilot, lambda: "Back after" not in screen_text(console))


async def test_what_is_denied_is_said_beside_what_is_graver() -> None:
    console, screen = Console(), Parts("a", "b")
    screen.answers = {"a": DENIED, "b": UNREACHABLE}
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: "1 more · 4 shows all errors" in screen_text(console))
        assert "The sandbox does not answer" in screen_text(console)
        screen.answers["b"] = None
        await pilot.press("r")
        await until(pilot, lambda: "Not permitted: cloudwatch:GetMetricData" in screen_text(console))
        assert "Only this part is affected." in screen_text(console)
        assert "Back after" not in screen_text(console)


async def test_a_cause_lasts_on_whichever_screen_it_is_met() -> None:
    console, first, second = Console(), Parts("a"), Parts("a")
    first.answers, second.answers = {"a": UNREACHABLE}, {"a": UNREACHABLE}
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, first)
        await until(pilot, lambda: "for 0s" in screen_text(console))
        began = troubles_of(console).now()
        troubles_of(console).now = lambda: began + 5
        await console.push_screen(second)
        await until(pilot, lambda: "for 5s" in screen_text(console))


async def test_a_call_that_hangs_is_a_trouble_before_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    console, screen = Console(), Parts("a")
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: screen.read == ["a"])
        await until(pilot, lambda: not screen._pollers["a"].in_flight)
        monkeypatch.setattr(Poller, "seconds_in_flight", property(lambda _: 12.0))
        screen._second()
        await until(pilot, lambda: "The sandbox does not answer" in screen_text(console))
        # A reading of many calls takes as long, and hears something all the while.
        meter = CallMeter()
        meter.note_answer()
        console.given.meter = meter
        screen._second()
        await until(pilot, lambda: "The sandbox does not answer" not in screen_text(console))


async def test_nothing_is_read_while_a_filter_is_typed_or_a_dialog_is_open() -> None:
    console, screen = Console(), Parts("a")
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: screen._pollers["a"].seconds_to_next is not None)
        screen.query_one(FilterBar).open()
        await until(pilot, lambda: screen._pollers["a"].seconds_to_next is None)
        screen.set_focus(None)
        await until(pilot, lambda: screen._pollers["a"].seconds_to_next is not None)
        await pilot.press("question_mark")
        await until(pilot, lambda: screen._pollers["a"].seconds_to_next is None)
        await pilot.press("escape")
        await until(pilot, lambda: screen._pollers["a"].seconds_to_next is not None)
        assert screen.read == ["a"]


async def test_what_is_old_is_grey_and_says_how_old() -> None:
    console, screen = Console(), Parts("a")
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: "live 0s ago" in screen_text(console))
        assert not screen.has_class(OLD)
        console.given.still.at += 60 * timedelta(seconds=2 * NEVER + 3)  # type: ignore[attr-defined]
        screen.tick()
        assert screen.has_class(OLD)
        panel = screen.query_one(Panel)
        panel.show_age(screen.freshness_of_part("a", NOW, None))
        await pilot.pause()
        assert screen.query_one("Panel > .panel--content").visual_style.dim


async def test_the_interval_goes_round_and_is_said_in_the_footer() -> None:
    console, screen = Console(), Parts("a")
    async with console.run_test(size=(200, 60)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: bool(screen.read))
        await pilot.press("i")
        await until(pilot, lambda: "every 2s" in screen_text(console))
        assert screen._pollers["a"].interval == 2.0
        await pilot.press("i", "i", "i", "i", "i")
        await until(pilot, lambda: "every" not in screen_text(console).splitlines()[-1])
        assert screen._pollers["a"].interval == NEVER


def test_one_cause_is_one_trouble_and_the_gravest_comes_first() -> None:
    moments = iter((100.0, 160.0, 190.0, 200.0))
    troubles = Troubles(lambda: next(moments))
    met = troubles.of([DENIED, UNREACHABLE, UNREACHABLE, EXPIRED])
    assert [one.cause for one in met] == [
        Cause(ErrorKind.AUTH),
        Cause(ErrorKind.UNREACHABLE),
        Cause(ErrorKind.DENIED, "cloudwatch:GetMetricData"),
    ]
    assert troubles.of([EXPIRED])[0].seconds == 60.0
    assert troubles.over(Cause(ErrorKind.AUTH)) == 90.0
    assert troubles.over(Cause(ErrorKind.AUTH)) is None
    assert troubles.of([EXPIRED])[0].seconds == 0.0


async def test_what_is_read_on_this_machine_says_nothing_about_aws() -> None:
    console, screen = Console(), Parts("a")
    screen.answers["a"] = UNREACHABLE
    async with console.run_test(size=(120, 36)) as pilot:
        await opened(pilot, screen)
        await until(pilot, lambda: "The sandbox does not answer" in screen_text(console))
        screen.answers["journal"] = None
        screen.add_poller("journal", lambda: screen._answer("journal"), lambda _: NEVER, of_aws=False)
        await until(pilot, lambda: "journal" in screen.read)
        await pilot.pause()
        assert "The sandbox does not answer" in screen_text(console)
        assert "Back after" not in screen_text(console)


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_a_headline_and_an_explanation(kind: ErrorKind) -> None:
    error = ConsoleError(kind, "something " * 60, operation="sagemaker:Search")
    [trouble] = Troubles().of([error])
    assert headline(trouble, sandbox=False)
    assert len(explanation(error)) < 320


words: Any = st.text("abc de", min_size=1, max_size=400)


@given(words, words, st.integers(40, 200), st.integers(0, 3), st.one_of(st.none(), st.floats(0, 500)))
def test_a_banner_fits_its_width_in_few_lines_and_always_leads_to_the_errors(
    head: str, explained: str, width: int, others: int, next_try: float | None
) -> None:
    lines = lines_of(Banner(head[:40], explained, 192.0, next_try, others, "r", "4"), width)
    assert len(lines) <= 4
    assert all(line.cell_length <= max(width, 70) for line in lines)
    assert "4 shows all errors" in lines[-1].plain
