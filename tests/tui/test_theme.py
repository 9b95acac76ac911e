"""The themes: everything can be read in each, states stay apart for every eye, and without any colour."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES
from textual.widgets import Button

from cmapss_tui import theme
from cmapss_tui.options import Options
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.screens.endpoints import EndpointsScreen
from cmapss_tui.screens.picker import Choice, Picker
from cmapss_tui.widgets.form import Choices, Field, Fold
from tests.core.fleets import FleetAws
from tests.tui.colours import BLINDNESS, contrast, distance
from tests.tui.consoles import Console, opened, until

TEXT, RULE, HIGH = 4.5, 3.0, 7.0  # WCAG 2.1: 1.4.3 for text, 1.4.11 for what is not, 1.4.6 for the enhanced contrast
APART = 20.0  # between two states, as any eye sees them: about nine just noticeable differences
STATES = ("success", "primary", "warning", "error", "quiet")
SERIES = ("primary", "secondary", "accent")  # of one chart
EVERY = [one.name for one in theme.THEMES]
COLOURED = list(theme.PALETTES)


@pytest.mark.parametrize("name", COLOURED)
def test_whatever_is_written_is_legible_on_every_ground(name: str) -> None:
    palette = theme.PALETTES[name]
    least = HIGH if name == theme.HIGH_CONTRAST.name else TEXT
    faint = {
        (ink, ground): round(ratio, 2)
        for ink, colour in palette.inks.items()
        for ground, behind in palette.grounds.items()
        if (ratio := contrast(colour, behind)) < least
    }
    assert faint == {}


@pytest.mark.parametrize("name", COLOURED)
def test_lines_and_scroll_bars_are_seen(name: str) -> None:
    palette = theme.PALETTES[name]
    assert min(contrast(palette.rule, ground) for ground in (palette.background, palette.surface)) >= RULE


@pytest.mark.parametrize("name", COLOURED)
def test_buttons_that_have_the_focus_are_legible(name: str) -> None:
    palette = theme.PALETTES[name]
    assert contrast(palette.background, palette.primary) >= TEXT
    assert contrast(palette.background, palette.error) >= TEXT


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STATES, 2)))
def test_states_stay_apart_for_every_eye(one: str, other: str, blindness: str) -> None:
    inks = theme.COLOUR_BLIND_PALETTE.inks
    assert distance(inks[one], inks[other], blindness) >= APART


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(SERIES, 2)))
def test_series_of_a_chart_stay_apart_for_every_eye(one: str, other: str, blindness: str) -> None:
    inks = theme.COLOUR_BLIND_PALETTE.inks
    assert distance(inks[one], inks[other], blindness) >= APART


def test_the_measures_are_those_of_the_standards() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert distance("#ff0000", "#00ff00") == pytest.approx(170.6, abs=0.5)
    assert distance("#b0504f", "#6b7231", "deuteranopia") < distance("#b0504f", "#6b7231"), "red and green come closer"
    for matrix in BLINDNESS.values():
        assert [sum(row) for row in matrix] == pytest.approx([1.0, 1.0, 1.0], abs=1e-5), "grey stays grey"


def test_every_theme_has_all_of_our_variables() -> None:
    needed = set(theme.DARK.variables)
    for one in theme.THEMES:
        assert needed <= set(one.variables), one.name


@pytest.mark.parametrize("name", list(BUILTIN_THEMES))
def test_themes_of_textual_get_variables_of_their_own_kind(name: str) -> None:
    of = BUILTIN_THEMES[name]
    variables = theme.variables_for(of)
    quiet = Color.parse(variables["quiet"])
    assert (quiet.ansi is not None) is of.ansi
    if not of.ansi:
        assert (quiet.brightness > 0.5) is of.dark


def test_the_terminal_s_theme_has_no_colour_but_the_terminal_s() -> None:
    one = theme.ANSI
    given = (one.primary, one.secondary, one.accent, one.warning, one.error, one.success, one.background)
    colours = [colour for colour in (*given, *one.variables.values()) if colour is not None]
    assert all(colour.startswith("ansi_") or set(colour.split()) <= {"bold", "reverse"} for colour in colours)


@pytest.mark.parametrize("name", EVERY)
async def test_the_console_opens_in_the_theme_that_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = themed(name)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: "engines-01" in "".join(segment.text for segment in painted(app)))
        assert app.theme == name
        backgrounds = {
            segment.style.bgcolor.name for segment in painted(app) if segment.style and segment.style.bgcolor
        }
        expected = theme.PALETTES[name].background if name in theme.PALETTES else "default"
        assert expected in backgrounds


async def test_without_colour_none_is_left_and_the_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = themed(theme.DARK.name)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: "engines-01" in "".join(segment.text for segment in painted(app)))
        assert colours(app) == {"default"}
        assert any("engines" in text for text in standing_out(app, "reverse"))
        assert any("Endpoints" in text for text in standing_out(app, "underline")), "the area that one is in"


async def test_without_colour_the_button_that_has_the_focus_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = themed(None)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, ConfirmScreen("Deploy?", ["It costs."], "Deploy"))
        await pilot.pause()
        before = standing_out(app, "reverse")
        await pilot.press("tab")
        await until(pilot, lambda: standing_out(app, "reverse") != before)
        assert before
        assert colours(app) == {"default"}


class Form(Screen[None]):
    """One of each kind of field, and a choice."""

    def compose(self) -> ComposeResult:
        yield Field("a number", "number", "3")
        yield Field("on or off", "on-or-off", True)
        yield Field("one of two", "one-of-two", "a", choices={"a": "first", "b": "second"})
        yield Fold("more", Field("a name", "name", placeholder="some name"))
        yield Choices(Button("Cancel", compact=True), Button("Delete", compact=True, classes="-danger"))


@pytest.fixture(params=[*EVERY, None], ids=[*EVERY, "NO_COLOR"])
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """The name of each theme, and None for a terminal without colours."""
    name: str | None = request.param
    if name is None:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    return name


async def test_whatever_has_the_focus_is_seen_to_have_it(look: str | None) -> None:
    app = themed(look)
    async with app.run_test(size=(100, 30)) as pilot:
        form = Form()
        await opened(pilot, form)
        focusable = form.focus_chain
        assert len(focusable) >= 6
        for widget in focusable:
            form.set_focus(None)
            await pilot.pause()
            before = [(segment.text, segment.style) for segment in painted(app)]
            widget.focus()
            await until(pilot, partial(getattr, widget, "has_focus"))
            await pilot.pause()
            assert [(segment.text, segment.style) for segment in painted(app)] != before, widget


async def test_the_choice_under_the_cursor_stands_out(look: str | None) -> None:
    app = themed(look)
    async with app.run_test(size=(100, 30)) as pilot:
        choices = [Choice(title, lambda: None) for title in ("first", "second")]
        await opened(pilot, Picker("One of", lambda text: choices))
        await pilot.pause()
        styles = {
            segment.text.strip(): segment.style
            for segment in painted(app)
            if segment.text.strip() in ("first", "second")
        }
        assert styles["first"] != styles["second"]


@pytest.mark.parametrize("name", EVERY)
async def test_the_label_of_a_disabled_button_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = themed(name)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, ConfirmScreen("Delete?", ["It goes."], "Delete", name="engines-01"))
        await pilot.pause()
        button = app.screen.query_one("#confirm", Button)
        assert button.disabled
        [style] = {segment.style for segment in painted(app) if segment.text.strip() == "Delete"}
        assert style is not None
        ink, ground = style.color, style.bgcolor
        assert ink is not None
        assert ground is not None
        assert (ink.is_default and ground.is_default) is (name == theme.ANSI.name)
        assert name == theme.ANSI.name or contrast(ink.name, ground.name) >= 2.0, "fainter than the others, and seen"


def themed(name: str | None) -> Console:
    """A console of a few endpoints, in a theme."""
    return Console(FleetAws(3), Options(theme=name, refresh=1e6))


def painted(app: App[None]) -> list[Segment]:
    """What is on the screen, as it goes to the terminal."""
    strips = app.screen._compositor.render_strips(app.size)
    for one in app._filters:
        if one.enabled:
            strips = [strip.apply_filter(one, Color(0, 0, 0)) for strip in strips]
    return [segment for strip in strips for segment in strip]


def colours(app: App[None]) -> set[str]:
    """The names of all colours on the screen."""
    return {
        colour.name
        for segment in painted(app)
        if segment.style is not None
        for colour in (segment.style.color, segment.style.bgcolor)
        if colour is not None
    }


def standing_out(app: App[None], attribute: str) -> list[str]:
    """The runs of text with that attribute of style."""
    return [segment.text for segment in painted(app) if segment.style is not None and getattr(segment.style, attribute)]
