"""Going about: back and forward through places, from area to area, and by what the palette finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from cmapss_core.snapshots import Snapshot
from cmapss_tui.known import ENDPOINTS, Known
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.picker import Picker
from tests.tui.consoles import NOW, Console, DeafAws, Lobby, screen_text, until


class Subject(ConsoleScreen):
    """A screen about one thing, which reads it once it is there."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.subject = name
        self.greeted = 0

    def body(self) -> ComposeResult:
        yield Static(f"subject {self.subject}")

    def on_mount(self) -> None:
        self.add_poller("subject", lambda: Snapshot(as_of=NOW), lambda _: 60)

    def again(self) -> Callable[[], ConsoleScreen]:
        return lambda: Subject(self.subject)

    def action_greet(self) -> None:
        self.greeted += 1


class Dialog(ConsoleScreen):
    """A screen that is no place."""

    def body(self) -> ComposeResult:
        yield Static("dialog")


async def ready(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Lobby))
    await pilot.pause()


def about(app: Console) -> list[str]:
    return [screen.subject if isinstance(screen, Subject) else "" for screen in app.screen_stack]


async def gone_to(pilot: Pilot[Any], app: Console, area: str, subjects: list[str]) -> None:
    await until(pilot, lambda: (app.current_mode, about(app)) == (area, subjects))
    await until(pilot, lambda: not app.travels._under_way)


async def test_back_and_forward_lead_through_areas_and_what_was_opened_in_them() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await app.push_screen(Subject("a"))
        await pilot.pause()
        await app.push_screen(Subject("b"))
        await pilot.pause()
        await pilot.press("2")
        await gone_to(pilot, app, "endpoints", [""])
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", ["", "a", "b"])
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", ["", "a"])
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", [""])
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", [""])
        await pilot.press("]")
        await pilot.press("]")
        await gone_to(pilot, app, "jobs", ["", "a", "b"])
        await pilot.press("escape")  # the way one came
        await gone_to(pilot, app, "jobs", ["", "a"])
        await pilot.press("]")  # it was a step of its own: nothing lies ahead
        await gone_to(pilot, app, "jobs", ["", "a"])
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", ["", "a", "b"])


async def test_keys_that_come_faster_than_the_screens_are_counted_all_the_same() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for name in "abc":
            await app.push_screen(Subject(name))
            await pilot.pause()
        for _ in range(3):
            app.action_go(-1)
        app.action_go(1)
        await gone_to(pilot, app, "jobs", ["", "a"])
        app.action_go(1)
        await gone_to(pilot, app, "jobs", ["", "a", "b"])


async def test_from_a_dialog_back_is_the_place_it_lies_on() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await app.push_screen(Subject("a"))
        await pilot.pause()
        await app.push_screen(Dialog())
        await pilot.pause()
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", ["", "a"])
        assert not isinstance(app.screen, Dialog)


async def test_what_comes_back_is_read_again_where_only_the_regions_clock_has_leapt_ahead() -> None:
    aws = DeafAws()
    app = Console(aws)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        readings: list[datetime] = []

        def read() -> Snapshot:
            readings.append(aws.still.at)
            return Snapshot(as_of=readings[-1])

        screen = Subject("a")
        await app.push_screen(screen)
        screen.add_poller("leaping", read, lambda _: 60)
        await until(pilot, lambda: screen.freshness_of("leaping").seconds is not None)
        for minutes, expected in ((1, 1), (300, 2)):  # of a region that is sixty times as fast
            await app.push_screen(Dialog())
            await pilot.pause()
            aws.still.at += timedelta(minutes=minutes)
            await app.pop_screen()
            await until(pilot, lambda: app.screen is screen)
            await pilot.pause()
            await until(pilot, partial(_are, readings, expected))


def _are(readings: list[datetime], count: int) -> bool:
    return len(readings) == count


class Held(Dialog):
    """A dialog in which something is being decided."""

    HOLDS = True


async def test_the_number_of_the_area_in_front_leads_to_its_list_and_back_to_what_lay_on_it() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for screen in (Subject("a"), Subject("b")):
            await app.push_screen(screen)
            await pilot.pause()
        await pilot.press("1")
        await gone_to(pilot, app, "jobs", [""])
        await pilot.press("1")
        await gone_to(pilot, app, "jobs", [""])
        await pilot.press("[")
        await gone_to(pilot, app, "jobs", ["", "a", "b"])
        await pilot.press("1", "1", "2", "1")
        await gone_to(pilot, app, "jobs", [""])


async def test_the_number_of_the_area_in_front_leaves_no_dialog_in_which_something_is_decided() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await app.push_screen(Held())
        await pilot.pause()
        await pilot.press("1")
        await pilot.pause()
        assert isinstance(app.screen, Held)
        await pilot.press("2")
        await gone_to(pilot, app, "endpoints", [""])
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, Held))


async def test_what_is_said_for_a_while_has_a_glyph_of_how_grave_it_is() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.screen.notify("all is well")
        app.notify("not quite", severity="warning")
        app.notify("not at all", severity="error")
        await pilot.pause()
        said = {one.message for one in app._notifications}
        assert said >= {"● all is well", "▲ not quite", "✕ not at all"}


async def test_areas_lie_beside_each_other() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+pagedown")
        await until(pilot, lambda: app.current_mode == "endpoints")
        await pilot.press("ctrl+pageup", "ctrl+pageup")
        areas = [mode for mode in app.MODES if mode != "start"]
        await until(pilot, lambda: app.current_mode == areas[-1])


async def test_what_is_wanted_of_a_screen_is_done_once_it_has_read() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await app.travels.do_there("endpoints", partial(Subject, "a"), "greet")
        (_, screen) = app.screen_stack
        assert isinstance(screen, Subject)
        await until(pilot, lambda: screen.greeted == 1)
        await app.travels.do_there("endpoints", partial(Subject, "a"), "greet")
        assert screen.greeted == 2
        assert app.screen is screen


async def test_the_palette_finds_actions_and_does_them() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        for key in ("ctrl+p", "colon"):
            await pilot.press("1", key)
            await until(pilot, lambda: isinstance(app.screen, Picker))
            await pilot.press(*"endpoints", "enter")  # faster than any list
            await until(pilot, lambda: app.current_mode == "endpoints")
            await until(pilot, lambda: isinstance(app.screen, Lobby))


async def test_what_is_typed_before_the_palette_is_there_is_not_lost() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        for key in ("colon", *"endpo"):
            app.simulate_key(key)
        await until(pilot, lambda: isinstance(app.screen, Picker) and "│endpo " in screen_text(app))


async def test_the_palette_shows_keys_and_leaving_it_changes_nothing() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await until(pilot, lambda: "Console: quit" in screen_text(app) or "This screen: refresh" in screen_text(app))
        await pilot.press(*"pagedown up down".split())
        await pilot.press(*"theme cmapss-light")
        before = app.theme
        await until(pilot, lambda: app.theme == "cmapss-light")  # seen as it would be
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        assert app.theme != "cmapss-light"
        assert before in (app.theme, "cmapss-light")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSnapshot(Snapshot):
    endpoints: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    status: str = "InService"


def test_names_are_of_the_last_reading_that_did_not_fail() -> None:
    known = Known()
    assert not known.names(ENDPOINTS)
    known.note(FleetSnapshot(as_of=NOW, endpoints=(Endpoint("One"),)))
    known.note(Snapshot(as_of=NOW))
    assert [one.name for one in known.names(ENDPOINTS).find([])] == ["One"]
    assert known.names(ENDPOINTS) is known.names(ENDPOINTS)
    known.note(FleetSnapshot(as_of=NOW, endpoints=(Endpoint("Two"),)))
    assert [one.name for one in known.names(ENDPOINTS).find([])] == ["Two"]


async def test_a_click_chooses_what_enter_would_and_one_beside_the_box_leaves() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p", *"go to: endpoints")
        await until(pilot, lambda: isinstance(app.screen, Picker) and "Go to: Endpoints" in screen_text(app))
        await pilot.pause()
        await pilot.click(OptionList, offset=(5, 0))
        await until(pilot, lambda: app.current_mode == "endpoints")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.pause()
        await pilot.click(offset=(2, 33))
        await until(pilot, lambda: isinstance(app.screen, Lobby))
