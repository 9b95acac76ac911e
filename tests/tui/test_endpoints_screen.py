"""The list of endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.options import Options
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.endpoints import EndpointsScreen, none_yet
from cmapss_tui.screens.high_availability import HighAvailabilityScreen
from cmapss_tui.screens.scale import ScaleScreen
from cmapss_tui.screens.traffic import TrafficScreen
from cmapss_tui.screens.update import UpdateScreen
from cmapss_tui.screens.validate import ValidateScreen
from tests.core.fleets import FleetAws
from tests.tui.consoles import Console, opened, screen_text, until

NEVER = 1e6  # seconds between two readings: a test asks when it wants one


def region() -> FleetAws:
    """Three endpoints: one that serves and grows, one that is being made, one that went wrong."""
    aws = FleetAws()
    aws.create("serving-engines", age=timedelta(minutes=45))
    aws.create("being-made", "Creating", age=timedelta(minutes=3))
    aws.create("gone-wrong", "Failed", age=timedelta(hours=3))
    aws.change("serving-engines", "Updating", current=3, desired=5)
    aws.rates = {"serving-engines": 1204.0}
    aws.bounds = {"serving-engines": (1, 5)}
    return aws


class FleetConsole(Console):
    """A console that shows them; it reads once, and then when it is asked to."""

    def __init__(self, aws: FleetAws) -> None:
        super().__init__(aws)
        self.options = Options(refresh=NEVER)


@asynccontextmanager
async def shown(aws: FleetAws, size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[Pilot[None], EndpointsScreen]]:
    """The list, once everything of the first reading is on it."""
    app = FleetConsole(aws)
    async with app.run_test(size=size) as pilot:
        screen = EndpointsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: bool(aws.endpoints) is bool(screen.table.rows) and "reading" not in text(pilot))
        await pilot.pause()
        yield pilot, screen


def text(pilot: Pilot[None]) -> str:
    app = pilot.app
    assert isinstance(app, Console)
    return screen_text(app)


def line_of(pilot: Pilot[None], name: str) -> str:
    return next(line for line in text(pilot).splitlines() if name in line)


async def read_again(pilot: Pilot[None], screen: EndpointsScreen) -> None:
    """Read once more, and have it on the screen."""
    before = screen._snapshot
    await pilot.press("r")
    await until(pilot, lambda: screen._snapshot is not before)
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_each_line_says_status_instances_load_and_cost_at_every_size(size: tuple[int, int]) -> None:
    async with shown(region(), size) as (pilot, _):
        serving = line_of(pilot, "serving-engi")
        assert "◐ Updating" in serving
        assert "3 → 5" in serving
        assert "█" in serving
        assert "1,204" in serving
        assert "$0.69/h" in serving
        assert ("1–5" in serving) is (size[0] >= 120)
        assert ("30/0" in serving) is (size[0] >= 120)
        assert ("ml.m5.xlarge" in serving) is (size[0] >= 200)
        assert "✕ Failed" in line_of(pilot, "gone-wrong")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())


async def test_the_totals_are_above_the_list() -> None:
    async with shown(region()) as (pilot, _):
        head = " ".join(text(pilot).splitlines()[:6])
        for total in ("Endpoints 3", "◐ 2 changing", "✕ 1 failed", "instances", "1,204/min", "$1.15/h", "a month"):
            assert total in head


async def test_an_idle_endpoint_is_warned_of_with_what_it_costs() -> None:
    aws = FleetAws(2)
    aws.rates = dict.fromkeys(aws.endpoints, 5.0)
    aws.stopped = {"engines-01": aws.moved.at - timedelta(hours=9)}
    async with shown(aws, (80, 24)) as (pilot, _):
        assert "▲ idle 8h" in line_of(pilot, "engines-01")
        assert "idle" not in line_of(pilot, "engines-02")
        assert "▲ 1 idle, $0.23/h" in text(pilot)


async def test_an_empty_region_says_how_to_deploy() -> None:
    async with shown(FleetAws()) as (pilot, _):
        await until(pilot, lambda: none_yet() in text(pilot))


async def test_a_region_that_cannot_be_read_is_not_said_to_be_empty() -> None:
    aws = FleetAws()
    aws.refused = {"sagemaker:ListEndpoints": ConsoleError(ErrorKind.DENIED, "not allowed: sagemaker:ListEndpoints")}
    async with shown(aws) as (pilot, _):
        await until(pilot, lambda: "could not be read" in text(pilot))
        await until(pilot, lambda: "sagemaker:ListEndpoints" in text(pilot))
        assert none_yet() not in text(pilot)


async def test_metrics_that_are_denied_leave_the_list_and_say_so() -> None:
    aws = region()
    aws.refused = {"cloudwatch:GetMetricData": ConsoleError(ErrorKind.DENIED, "not allowed: cloudwatch:GetMetricData")}
    async with shown(aws) as (pilot, _):
        assert "not allowed: cloudwatch:GetMetricData" in text(pilot)
        serving = line_of(pilot, "serving-engines")
        assert "◐ Updating" in serving
        assert "1–5" in serving
        assert "?" in serving


async def test_enter_opens_the_endpoint_under_the_cursor() -> None:
    async with shown(region()) as (pilot, _):
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EndpointScreen))
        assert isinstance(pilot.app.screen, EndpointScreen)
        assert pilot.app.screen.endpoint_name == "serving-engines", "the newest first"


async def test_a_filter_narrows_the_list_and_escape_takes_it_away() -> None:
    async with shown(region()) as (pilot, screen):
        await pilot.press("slash", *"status:failed", "enter")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        assert "gone-wrong" in text(pilot)
        assert "1 of 3" in text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.table.rows) == 3)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("errors>0", {"serving-engines"}),
        ("invocations>1000", {"serving-engines"}),
        ("cost>0.5", {"serving-engines"}),
        ("desired=5", {"serving-engines"}),
        ("maximum>=5", {"serving-engines"}),
        ("idle:no", {"serving-engines", "being-made", "gone-wrong"}),
        ("age<2h", {"serving-engines", "being-made"}),
        ("!protected:yes status:creating", {"being-made"}),
    ],
)
async def test_every_column_can_be_filtered_by(typed: str, found: set[str]) -> None:
    async with shown(region()) as (pilot, screen):
        await pilot.press("slash", *typed)
        await until(pilot, lambda: {row.endpoint.name for row in screen.table.rows} == found)


async def test_sorting_goes_through_the_columns_and_turns_round() -> None:
    async with shown(region()) as (pilot, screen):

        def order() -> list[str]:
            return [row.endpoint.name for row in screen.table.rows]

        assert order() == ["being-made", "serving-engines", "gone-wrong"]
        await pilot.press("s")  # by name
        await until(pilot, lambda: order() == ["being-made", "gone-wrong", "serving-engines"])
        assert "endpoint▲" in text(pilot)
        await pilot.press("S")
        await until(pilot, lambda: order() == ["serving-engines", "gone-wrong", "being-made"])
        await pilot.press("S", "s", "s")  # by instances
        await until(pilot, lambda: order()[0] == "serving-engines")
        assert "instances▼" in text(pilot)


async def test_a_click_on_a_header_sorts_by_it_and_a_second_turns_it_round() -> None:
    async with shown(region()) as (pilot, screen):
        header = next(line for line in text(pilot).splitlines() if "p99 ms" in line)
        place = (header.index("cost"), 0)
        await pilot.click("#endpoints", offset=place)
        await until(pilot, lambda: screen.table.rows[0].endpoint.name == "serving-engines")
        await pilot.click("#endpoints", offset=place)
        await until(pilot, lambda: screen.table.rows[-1].endpoint.name == "serving-engines")


async def test_the_column_to_sort_by_is_chosen_by_its_name() -> None:
    async with shown(region()) as (pilot, screen):
        await pilot.press("o")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.press(*"cost", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        await until(pilot, lambda: screen.table.rows[0].endpoint.name == "serving-engines")
        assert "cost▼" in text(pilot)


async def test_what_changed_is_marked_for_a_while() -> None:
    aws = region()
    async with shown(aws) as (pilot, screen):
        assert "Δ" not in text(pilot)
        aws.pass_time(1)
        aws.change("serving-engines", "InService", current=5, desired=5)
        await read_again(pilot, screen)
        serving = line_of(pilot, "serving-engines")
        assert "● InService Δ" in serving
        assert "↑5" in serving
        assert "↑$1.15/h" in serving
        aws.pass_time(5)
        screen.tick()
        await until(pilot, lambda: "Δ" not in line_of(pilot, "serving-engines"))


async def test_a_protected_endpoint_has_a_sign() -> None:
    aws = FleetAws(protected=("serving-*",))
    aws.create("serving-engines")
    aws.create("trial")
    async with shown(aws) as (pilot, _):
        assert "◆ serving-engines" in text(pilot)
        assert "◆ trial" not in text(pilot)


async def test_names_and_arns_of_marked_endpoints_are_copied_and_the_list_is_exported_as_it_is_shown() -> None:
    async with shown(region()) as (pilot, screen):
        assert screen.copyable()["name"] == "being-made"
        await pilot.press("space", "space")
        assert screen.copyable()["name"] == "being-made\nserving-engines"
        assert screen.copyable()["ARN"].count("arn:aws:sagemaker") == 2
        await pilot.press("slash", *"serving")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        [row] = screen.sheet().rows
        told = dict(zip(screen.sheet().columns, row, strict=True))
        assert told["name"] == "serving-engines"
        assert (told["current_instances"], told["desired_instances"], told["min"], told["max"]) == (3, 5, 1, 5)
        assert told["hourly_cost_usd"] == pytest.approx(0.69)
        assert told["invocations_per_minute"] == 1204


async def test_nothing_is_read_while_the_list_is_hidden() -> None:
    aws = region()
    async with shown(aws) as (pilot, screen):
        screen._pollers["endpoints"]._choose_interval = lambda _: 0.001
        await pilot.press("l")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.pause()
        before = aws.calls["sagemaker:ListEndpoints"]
        for _ in range(20):
            await pilot.pause(0.005)
        assert aws.calls["sagemaker:ListEndpoints"] == before


@pytest.mark.parametrize(
    ("key", "dialog"),
    [
        ("U", UpdateScreen),
        ("X", DeleteScreen),
        ("H", HighAvailabilityScreen),
        ("T", TrafficScreen),
        ("V", ValidateScreen),
    ],
)
async def test_what_an_endpoint_s_screen_does_is_done_with_the_one_under_the_cursor(
    key: str, dialog: type[ConsoleScreen]
) -> None:
    aws = FleetAws()
    aws.create("serving-engines", age=timedelta(minutes=45))
    async with shown(aws) as (pilot, screen):
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, dialog))
        await until(pilot, lambda: "serving-engines" in text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_automatic_scaling_is_changed_over_the_endpoint_s_screen_which_knows_it() -> None:
    aws = FleetAws()
    aws.create("serving-engines", age=timedelta(minutes=45))
    async with shown(aws) as (pilot, _):
        await pilot.press("A")
        await until(pilot, lambda: isinstance(pilot.app.screen, EndpointScreen | ScaleScreen))


async def test_what_the_status_of_the_endpoint_under_the_cursor_forbids_is_said() -> None:
    aws = FleetAws()
    aws.create("being-made", "Creating", age=timedelta(minutes=3))
    async with shown(aws) as (pilot, screen):
        await pilot.press("U")
        await until(pilot, lambda: any("being-made is Creating" in one.message for one in pilot.app._notifications))
        assert pilot.app.screen is screen
