"""The list of endpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cmapss_core.endpoints import Endpoint, EndpointsReader, EndpointsSnapshot
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.endpoints import NONE_YET, EndpointRow, EndpointsScreen, field, rows_of, title
from tests.tui.consoles import NOW, Console, endpoint, opened, screen_text, until

FLEET = (
    endpoint(name="serving-engines", current=3, desired=5),
    endpoint(name="being-made", status="Creating", current=0, desired=1),
    endpoint(name="gone-wrong", status="Failed", current=0, desired=1, reason="no capacity"),
)


class Region:
    """What ListEndpoints would find."""

    def __init__(self) -> None:
        self.endpoints: tuple[Endpoint, ...] = FLEET
        self.error: ConsoleError | None = None

    def read(self, reader: EndpointsReader) -> EndpointsSnapshot:
        return EndpointsSnapshot(as_of=NOW, error=self.error, endpoints=self.endpoints)


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> Region:
    known = Region()
    monkeypatch.setattr(EndpointsReader, "read", lambda reader: known.read(reader))
    return known


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_each_line_says_status_age_instances_and_cost(size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: "being-made" in screen_text(app))
        lines = screen_text(app).splitlines()
        serving = next(line for line in lines if "serving-engines" in line)
        assert "● InService" in serving
        assert "45 min" in serving
        assert "3 → 5" in serving
        assert "$0.69/h" in serving
        assert ("ml.m5.xlarge" in serving) is (size[0] > 100)
        assert any("✕ Failed" in line and "gone-wrong" in line for line in lines)
        assert any(line.startswith(" Endpoints  3  $0.69/h") for line in lines)


async def test_an_empty_region_says_how_to_deploy(region: Region) -> None:
    region.endpoints = ()
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: NONE_YET in screen_text(app))


async def test_a_region_that_cannot_be_read_is_not_said_to_be_empty(region: Region) -> None:
    region.endpoints = ()
    region.error = ConsoleError(ErrorKind.DENIED, "not allowed: sagemaker:ListEndpoints")
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: "could not be read" in screen_text(app))
        await until(pilot, lambda: "not allowed: sagemaker:ListEndpoints" in screen_text(app))
        assert NONE_YET not in screen_text(app)


@pytest.mark.usefixtures("region")
async def test_enter_opens_the_endpoint_under_the_cursor() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: "being-made" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, EndpointScreen))
        assert isinstance(app.screen, EndpointScreen)
        assert app.screen.endpoint_name == "gone-wrong", "by age, then by name"


@pytest.mark.usefixtures("region")
async def test_a_filter_narrows_the_list_and_escape_takes_it_away() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, EndpointsScreen())
        await until(pilot, lambda: "being-made" in screen_text(app))
        await pilot.press("slash", *"status:failed", "enter")
        await until(pilot, lambda: "being-made" not in screen_text(app))
        assert "gone-wrong" in screen_text(app)
        assert "1 of 3" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "being-made" in screen_text(app))


@pytest.mark.usefixtures("region")
async def test_sorting_goes_through_the_columns_and_turns_round() -> None:
    app = Console()

    def order() -> list[str]:
        return [row.endpoint.name for row in screen.table.rows]

    async with app.run_test(size=(120, 36)) as pilot:
        screen = EndpointsScreen()
        await opened(pilot, screen)
        await until(pilot, lambda: "being-made" in screen_text(app))
        await pilot.press("s")  # by name
        await until(pilot, lambda: order() == ["being-made", "gone-wrong", "serving-engines"])
        await pilot.press("S")
        await until(pilot, lambda: order() == ["serving-engines", "gone-wrong", "being-made"])
        await pilot.press("S", "s", "s")  # by instances
        await until(pilot, lambda: order()[0] == "serving-engines")


def test_the_title_adds_up_what_is_known_of_the_cost() -> None:
    unknown = replace(endpoint(name="on-new-hardware"), hourly_cost_usd=None)
    assert title(FLEET).plain == "Endpoints  3  $0.69/h"
    assert title((*FLEET, unknown)).plain == "Endpoints  4  $0.69/h and 1 of unknown cost"
    assert title((unknown,)).plain == "Endpoints  1  unknown $/h"
    assert title(()).plain == "Endpoints"


def test_every_field_of_the_filter_is_answered() -> None:
    row = rows_of(FLEET[:1], NOW + timedelta(hours=3))[0]
    assert row == EndpointRow(FLEET[0], "3 h")
    assert field(row, "instances") == 3
    assert field(row, "type") == "ml.m5.xlarge"
    assert field(row, "cost") == pytest.approx(0.69)
