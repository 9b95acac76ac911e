"""The first two lines of every screen, at any width: whose account it is, and how old the data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from cmapss_tui import theme
from cmapss_tui.actions import in_scope
from cmapss_tui.app import LATER_CSS, ConsoleApp
from cmapss_tui.place import Place
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.top_bar import AreaBar, TopBar
from tests.tui.consoles import NOW

TITLES = [action.title for action in in_scope("app") if action.method == "area"]
PLACE = Place("sandbox", "us-east-1", "000000000000", "operator", 60.0)
LONG = Place(
    "acme-production-europe",
    "ap-southeast-2",
    "123456789012",
    "AWSReservedSSO_AdministratorAccess_0123456789abcdef",
    read_only=True,
    production=True,
)


def looks(bar: TopBar) -> tuple[object, object]:
    return bar.styles.background, bar.styles.text_style


class BarApp(App[None]):
    CSS_PATH = ConsoleApp.CSS_PATH

    def __init__(self, area: str = "jobs") -> None:
        super().__init__()
        self.stylesheet.read(LATER_CSS)
        for one in theme.THEMES:
            self.register_theme(one)
        self.theme = theme.DARK.name
        self._area = area

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield AreaBar(self._area)

    @property
    def bar(self) -> TopBar:
        return self.query_one(TopBar)

    def line(self) -> str:
        return self.bar.render_line(0).text

    def areas(self) -> str:
        return self.query_one(AreaBar).render_line(0).text


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            110,
            "cmapss-console  sandbox us-east-1 · 000000000000 · role operator · region time 2026-11-22 16:41:07Z ×60",
        ),
        (100, "cmapss-console  sandbox us-east-1 · 000000000000 · role operator · region time 16:41:07Z ×60"),
        (90, "cmapss-console  sandbox us-east-1 · 000000000000 · role operator · 16:41:07Z ×60"),
        (80, "sandbox us-east-1 · 000000000000 · role operator · region time 16:41:07Z ×60"),
        (70, "sandbox us-east-1 · 000000000000 · role operator · 16:41:07Z ×60"),
        (60, "sandbox us-east-1 · 000000000000 · role operator"),
        (46, "sandbox us-east-1 · 000000000000 · operator"),
    ],
)
async def test_what_matters_least_is_dropped_first(width: int, line: str) -> None:
    app = BarApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.bar.show_place(PLACE)
        app.bar.tick(NOW)
        await pilot.pause()
        assert app.line().rstrip() == line
        assert len(app.line()) == width - 2


@pytest.mark.parametrize("name", [one.name for one in theme.THEMES])
@pytest.mark.parametrize("width", [80, 120, 200])
async def test_whose_account_it_is_is_said_at_every_width_in_every_theme(width: int, name: str) -> None:
    app = BarApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.theme = name
        app.bar.show_place(LONG)
        app.bar.tick(NOW)
        await pilot.pause()
        line = app.line()
        for essential in ("PRODUCTION", "READ-ONLY", "ap-southeast-2", "123456789012", "acme", "·"):
            assert essential in line
        assert ("Admin" if width > 80 else "Adm") in line
        assert app.bar.has_class("-production")
        tinted = looks(app.bar)
        app.bar.show_place(PLACE)
        await pilot.pause()
        assert looks(app.bar) != tinted  # in sixteen colours it is reversed
        assert "PRODUCTION" not in app.line()


async def test_the_age_stands_at_the_end_of_the_areas_and_never_in_their_place() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 3)) as pilot:
        for text in ("live 2 s ago", "unreachable · 59m ago", "x" * 60):
            app.bar.show_freshness(Freshness(State.FAILED, text))
            await pilot.pause()
            areas = app.areas()
            assert len(areas) == 78
            assert [word for word in areas.split() if word in TITLES] == TITLES
            assert areas.endswith(f"✕ {text}" if len(text) < 22 else "…")


async def test_real_aws_has_no_speed() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 3)) as pilot:
        app.bar.show_place(Place("operator", "eu-central-1", "123456789012", "operator", 1.0))
        app.bar.tick(NOW)
        await pilot.pause()
        assert "operator eu-central-1" in app.line()
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
        assert clock == "· region time 2026-11-22 16:41:07Z ×60"
