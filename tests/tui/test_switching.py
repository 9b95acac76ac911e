"""Another profile or region from inside: what is offered, what holds there, and when one has to stay."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cmapss_core.aws import Aws, Identity, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui import background
from cmapss_tui.background import Background
from cmapss_tui.console_settings import take
from cmapss_tui.options import Options, chosen
from cmapss_tui.place import PRODUCTION_CLASS, is_production
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.screens.picker import Choice, Picker
from cmapss_tui.screens.start import StartScreen
from cmapss_tui.switching import Destination, Places, choices, options_at, read_places
from tests.tui.consoles import Console, DeafAws, Lobby, opened, screen_text, until

PLACES = Places(
    {"default": "us-east-1", "prod-eu": "eu-central-1", "test": None},
    ("ap-southeast-2", "eu-central-1", "eu-west-1", "us-east-1"),
)


def offered(text: str, options: Options | None = None, here: Destination | None = None) -> list[Choice]:
    search = choices(PLACES, options or Options(), here or Destination("default", "us-east-1"), lambda _: None)
    return list(search(text))


def test_profiles_sandbox_and_regions_are_offered_and_where_one_is_comes_last() -> None:
    titles = [choice.title for choice in offered("")]
    assert titles[:3] == ["profile prod-eu", "profile test", "sandbox"]
    assert {choice.title for choice in offered("") if choice.hint} == {"profile default", "region us-east-1"}
    assert titles[-2:] == ["profile default", "region us-east-1"]


def test_what_is_production_or_read_only_there_is_said() -> None:
    options = Options(production=("prod-*",), read_only=True)
    (prod,) = offered("prod-eu", options)
    assert prod.help == "eu-central-1 · PRODUCTION · READ-ONLY"
    (test,) = offered("profile test", options)
    assert "PRODUCTION" not in test.help


def test_words_of_a_profile_and_a_region_mean_both() -> None:
    assert [choice.title for choice in offered("prod west")] == ["profile prod-eu in eu-west-1"]
    assert offered("nothing like it") == []


def test_the_regions_of_the_configuration_come_first_and_a_sandbox_has_only_its_own() -> None:
    titles = [choice.title for choice in offered("region ", Options(regions=("eu-west-1",)))]
    assert titles[0] == "region eu-west-1"
    assert titles.count("region eu-west-1") == 1
    assert not [choice for choice in offered("", here=Destination(sandbox=True)) if choice.title.startswith("region")]


def test_what_was_said_of_one_place_does_not_hold_at_the_next() -> None:
    before = chosen(Options(), profile="default", region="us-east-1", read_only=True)
    there = options_at(before, Destination("prod-eu"))
    assert (there.profile, there.region, there.sandbox, there.read_only) == ("prod-eu", None, False, True)
    assert options_at(there, Destination(region="eu-west-1")).region == "eu-west-1"
    assert options_at(there, Destination(region="eu-west-1")).profile == "prod-eu"
    sandbox = options_at(there, Destination(sandbox=True))
    assert (sandbox.sandbox, sandbox.profile, sandbox.region) == (True, None, None)
    assert options_at(sandbox, Destination("test")).sandbox is False
    assert options_at(chosen(Options(), endpoint_url="http://127.0.0.1:9"), Destination("test")).endpoint_url is None


@pytest.mark.parametrize(
    ("profile", "account", "expected"),
    [
        ("prod", "", True),
        ("Acme-Production", "", True),
        ("test", "123456789012", True),
        ("test", "000000000000", False),
        ("reproduce", "", False),
        ("", "", False),
    ],
)
def test_production_is_told_by_patterns_of_profiles_and_accounts(profile: str, account: str, expected: bool) -> None:
    options = Options(production=("prod", "*-production", "1234*"))
    assert is_production(options, profile, account) is expected


def test_profiles_and_regions_are_read_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("[profile one]\nregion = eu-west-1\n[profile two]\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    places = read_places()
    assert places.profiles == {"one": "eu-west-1", "two": None}
    assert {"us-east-1", "eu-central-1"} <= set(places.regions)


class There(DeafAws):
    """A connection to a profile, that says who is calling or why not."""

    def __init__(self, options: Options, error: ConsoleError | None = None) -> None:
        url = "http://127.0.0.1:9" if options.sandbox else None
        super().__init__(Target(options.profile, options.region or "us-east-1", url, options.read_only))
        self.error = error

    def identity(self) -> Identity:
        if self.error is not None:
            raise self.error
        return Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/operator/me", "operator")


class World:
    """What connects: it keeps every connection, and fails where it is told to."""

    def __init__(self) -> None:
        self.made: list[There] = []
        self.refused: dict[str, ConsoleError] = {}
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, options: Options, narrate: Callable[[str], None]) -> Aws:
        self.gate.wait(10)
        self.made.append(There(options, self.refused.get(options.profile or "")))
        return self.made[-1]


def console(world: World, options: Options) -> Console:
    made = Console()
    made.options = made._wanted = options
    made._connect = world
    return made


async def at_work(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Lobby))


async def test_everything_of_the_place_that_is_left_is_dropped() -> None:
    world = World()
    app = console(world, Options(profile="test"))
    async with app.run_test(size=(120, 36)) as pilot:
        await at_work(pilot)
        lobby, above = app.screen, Lobby()
        await opened(pilot, above)
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "endpoints")
        app.switch(Destination("prod-eu"))
        await until(pilot, lambda: len(world.made) == 2 and app.place.name == "prod-eu")
        await until(pilot, lambda: app.current_mode == "endpoints" and isinstance(app.screen, Lobby))
        await until(pilot, lambda: "PRODUCTION" in screen_text(app) and "123456789012" in screen_text(app))
        assert app.has_class(PRODUCTION_CLASS)
        assert not lobby.is_running
        assert not above.is_running
        assert not app.travels.go(-1)
        with pytest.raises(ConsoleError, match="closed"):
            world.made[0].client("sagemaker")
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "jobs" and isinstance(app.screen, Lobby))
        assert len(app.screen_stack) == 1


async def test_where_there_is_no_way_in_one_stays_and_is_told_why() -> None:
    world = World()
    world.refused["prod-eu"] = ConsoleError(ErrorKind.AUTH, "The token has expired")
    app = console(world, Options(profile="test"))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await at_work(pilot)
        before = app.screen
        app.switch(Destination("prod-eu"))
        await until(pilot, lambda: "Still at test in us-east-1: The token has expired" in screen_text(app))
        assert app.screen is before
        assert app.aws is world.made[0]
        app.switch(Destination(region="eu-west-1"))
        await until(pilot, lambda: app.aws.region == "eu-west-1")
        assert app.place.name == "test"


async def test_who_may_not_ask_who_is_calling_gets_in_all_the_same() -> None:
    world = World()
    world.refused["prod-eu"] = ConsoleError(ErrorKind.DENIED, "sts:GetCallerIdentity is not permitted")
    app = console(world, Options(profile="test"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_work(pilot)
        app.switch(Destination("prod-eu"))
        await until(pilot, lambda: app.place.name == "prod-eu")


async def test_what_is_under_way_is_never_cut() -> None:
    world = World()
    app = console(world, Options(profile="test"))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await at_work(pilot)
        app.operation_started("op-1", "deploy engines")
        app.switch(Destination("prod-eu"))
        await until(pilot, lambda: "deploy engines is under way here" in screen_text(app))
        await pilot.press("P")
        assert not isinstance(app.screen, Picker)
        app.operation_ended("op-1")
        world.gate.clear()
        app.switch(Destination("prod-eu"))
        hold = threading.Event()
        work: Background[None, None] = Background(app, "traffic", "engines", lambda tell, cancelled: _wait(hold))
        work.start()
        world.gate.set()  # it begins while the other connection is on its way
        await until(pilot, lambda: "traffic engines is under way here" in screen_text(app))
        assert app.place.name == "test"
        hold.set()
        await until(pilot, lambda: not work.running)
        app.switch(Destination("prod-eu"))
        await until(pilot, lambda: app.place.name == "prod-eu")
        assert background.find(app, "traffic", "engines") is None


def _wait(event: threading.Event) -> None:
    event.wait(10)


async def test_what_is_set_while_it_is_connected_holds_there_too() -> None:
    world = World()
    app = console(world, Options(profile="test"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_work(pilot)
        world.gate.clear()
        app.switch(Destination("two"))
        take(app, chosen(app.options, theme="cmapss-light", keymap={"app.quit": "Q"}, read_only=True))
        world.gate.set()
        await until(pilot, lambda: app.place.name == "two")
        assert (app.options.profile, app.options.theme) == ("two", "cmapss-light")
        assert app.options.keymap == {"app.quit": "Q"}
        assert app.options.read_only
        assert app.aws.target.read_only


async def test_only_the_last_choice_counts() -> None:
    world = World()
    app = console(world, Options(profile="test"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_work(pilot)
        world.gate.clear()
        app.switch(Destination("one"))
        app.switch(Destination("two"))
        world.gate.set()
        await until(pilot, lambda: app.place.name == "two")
        await until(pilot, lambda: len(world.made) == 3)
        await pilot.pause()
        assert app.place.name == "two"


async def test_another_place_can_be_chosen_where_the_first_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_tui.switching.read_places", lambda: PLACES)
    connection = World()

    def failing(options: Options, narrate: Callable[[str], None]) -> Aws:
        if options.profile == "nobody":
            raise ConsoleError(ErrorKind.AUTH, "There is no profile 'nobody'")
        return connection(options, narrate)

    app = console(connection, Options(profile="nobody"))
    app._connect = failing
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "✕ There is no profile 'nobody'" in screen_text(app))
        assert isinstance(app.screen, StartScreen)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await until(pilot, lambda: "profile prod-eu" in screen_text(app))
        await pilot.press(*"test", "enter")
        await at_work(pilot)
        assert app.place.name == "test"


async def test_a_sandbox_offers_no_other_region_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_tui.switching.read_places", lambda: PLACES)
    reason = "A sandbox has one region, us-east-1: only a profile reaches others."
    world = World()
    app = console(world, Options(sandbox=True))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await at_work(pilot)
        for keys in (["P", *"eu-west-1"], ["ctrl+p", *"region eu"]):
            await pilot.press(*keys)
            await until(pilot, lambda: reason in screen_text(app))
            assert "eu-west-1 there" not in screen_text(app)
            await pilot.press("escape")
            await at_work(pilot)
        await pilot.press("ctrl+p", *"region eu", "enter")
        await until(pilot, lambda: any(reason in one.message for one in app._notifications))
        assert len(world.made) == 1


async def test_with_a_profile_the_palette_and_the_switch_offer_the_same_regions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cmapss_tui.switching.read_places", lambda: PLACES)
    app = console(World(), Options(profile="test"))
    async with app.run_test(size=(120, 36)) as pilot:
        await at_work(pilot)
        found = []
        for key in ("P", "ctrl+p"):
            await pilot.press(key, *"region eu")
            await until(pilot, lambda: "region eu-west-1" in screen_text(app))
            assert isinstance(app.screen, Picker)
            found.append([one.title for one in app.screen._choices if one.title.startswith("region ")])
            await pilot.press("escape")
            await at_work(pilot)
        assert found[0] == found[1] == ["region eu-central-1", "region eu-west-1"]


async def test_a_question_in_production_says_so_in_its_title() -> None:
    app = console(World(), Options(profile="prod-eu"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_work(pilot)
        await until(pilot, lambda: app.has_class(PRODUCTION_CLASS))
        await app.push_screen(ConfirmScreen("Roll back deploy engines?", ["It undoes 3 steps."], "Roll back"))
        await until(pilot, lambda: " PRODUCTION  Roll back deploy engines?" in screen_text(app))
        tinted = app.screen.query_one("VerticalGroup").styles.background
        assert tinted.hex.lower() == app.theme_variables["production"].lower()
