"""The first line of every screen, at any width."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from cmapss_tui import theme
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.top_bar import Place, TopBar
from tests.tui.consoles import NOW

PLACE = Place("sandbox", "us-east-1", "000000000000", "operator", 60.0)
LIVE = Freshness(State.LIVE, "live 2 s ago", 2.0)


class BarApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(theme.DARK)
        self.theme = theme.DARK.name

    def compose(self) -> ComposeResult:
        yield TopBar()

    @property
    def bar(self) -> TopBar:
        return self.query_one(TopBar)

    def line(self) -> str:
        return self.bar.render_line(0).text


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            140,
            "cmapss-console  sandbox us-east-1 · 000000000000 · role operator · region time 2026-11-22 16:41:07Z ×60",
        ),
        (120, "cmapss-console  sandbox us-east-1 · 000000000000 · role operator · region time 16:41:07Z ×60"),
        (110, "cmapss-console  sandbox us-east-1 · 000000000000 · role operator · 16:41:07Z ×60"),
        (90, "sandbox us-east-1 · 000000000000 · role operator · 16:41:07Z ×60"),
        (80, "sandbox us-east-1 · 000000000000 · 16:41:07Z ×60"),
        (60, "sandbox us-east-1 · 16:41:07Z ×60"),
        (40, "sandbox us-east-1"),
    ],
)
async def test_what_matters_least_is_dropped_first(width: int, line: str) -> None:
    app = BarApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.bar.show_place(PLACE)
        app.bar.tick(NOW)
        app.bar.show_freshness(LIVE)
        await pilot.pause()
        shown = app.line()
        assert shown.startswith(line + "  ")
        assert shown.endswith("● live 2 s ago")
        assert len(shown) == width - 2


async def test_the_form_does_not_change_as_the_age_grows() -> None:
    app = BarApp()
    async with app.run_test(size=(120, 3)) as pilot:
        app.bar.show_place(PLACE)
        app.bar.tick(NOW)
        lefts = set()
        for seconds in (2, 47, 119):
            app.bar.show_freshness(Freshness(State.LIVE, f"live {seconds} s ago", seconds))
            await pilot.pause()
            lefts.add(app.line().split("●")[0].rstrip())
        assert len(lefts) == 1


async def test_real_aws_has_no_speed_and_read_only_is_never_dropped() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 3)) as pilot:
        app.bar.show_place(Place("production", "eu-central-1", "123456789012", "operator", 1.0, read_only=True))
        app.bar.tick(NOW)
        await pilot.pause()
        assert "READ-ONLY" in app.line()
        assert "production eu-central-1" in app.line()
        assert "×" not in app.line()


async def test_a_tick_repaints_the_clock_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    app = BarApp()
    async with app.run_test(size=(120, 3)) as pilot:
        app.bar.show_place(PLACE)
        app.bar.tick(NOW)
        await pilot.pause()
        repainted: list[Region] = []
        monkeypatch.setattr(app.bar, "refresh", lambda *regions, **_: repainted.extend(regions))
        app.bar.tick(NOW + timedelta(seconds=60))
        (region,) = repainted
        clock = app.line()[region.x - 1 : region.right - 1]
        assert clock == "· region time 16:41:07Z ×60"
