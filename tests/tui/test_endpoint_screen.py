"""One endpoint's screen: what it says, what it keeps when a reading fails, and where its keys lead."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.background import Background
from cmapss_tui.screens.endpoint import PANELS, EndpointScreen, open_endpoint
from cmapss_tui.widgets.charts import TimeChart
from tests.tui.consoles import (
    CANARY,
    ENDPOINT,
    MINUTE,
    NOW,
    Console,
    DeafAws,
    Lobby,
    endpoint,
    metrics,
    opened,
    screen_text,
    traffic_report,
    until,
    watch,
)
from tests.tui.watched import Readings, console, view_line, watched


@pytest.mark.usefixtures("readings")
async def test_every_panel_says_that_no_answer_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Console().run_test(size=(200, 60)) as pilot:
        screen = await watched(pilot)
        monkeypatch.setattr(screen, "_unanswered", lambda _: 99.0)
        screen.tick()
        await until(pilot, lambda: screen_text(console(pilot)).count("no answer for 1m") > len(PANELS) // 2)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_the_line_with_the_status_says_how_old_that_is(
    readings: Readings, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    async with Console().run_test(size=size) as pilot:
        screen = await watched(pilot)
        app = console(pilot)
        assert "▲" not in screen_text(app).splitlines()[2]
        app.given.clock.at += 40 * MINUTE  # type: ignore[attr-defined]
        monkeypatch.setattr(screen, "_unanswered", lambda _: 35.0)
        screen._second()
        await until(pilot, lambda: "● InService 52m" in screen_text(app))
        assert "▲ 40s old" in screen_text(app)
        headline = screen.query_one("#headline")
        assert headline.visual_style.rich_style.dim
        await until(pilot, lambda: "The sandbox does not answer · for 35s" in screen_text(app))
        readings.answer = lambda: watch(as_of=NOW + 40 * MINUTE)
        monkeypatch.setattr(screen, "_unanswered", lambda _: 0.0)
        await pilot.press("r")
        await until(pilot, lambda: "● InService 52m" in screen_text(app) and "s old" not in screen_text(app))
        assert not headline.visual_style.rich_style.dim


@pytest.mark.usefixtures("readings")
async def test_it_shows_the_whole_theatre_at_120_by_36() -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        text = screen_text(console(pilot))
    assert "● InService 12m" in text
    assert "instances 3 → 5 (1–5)" in text
    assert "$0.69/h → $1.15/h" in text
    assert "Scaling out to 5: 40 invocations per instance a minute, target 10" in text
    assert "┄ target 10" in text
    assert "p50 1.51" in text
    assert "no errors" in text
    assert "◐  desired instance count 5" in text
    assert "running 3m00s" in text
    assert "alarms' past unreachable" in text, "what fails says so in its panel, and the rest works"
    assert "alarms, scaling" in text
    assert text.count("0s ago") == 1, "the frame: every panel is of the same moment"


async def test_a_latency_of_long_ago_is_not_given_as_the_present_one(readings: Readings) -> None:
    quiet = metrics()
    latencies = {name: one for name, one in quiet.series.items() if "latency" in name}
    older = {name: replace(one, points=one.points[:-10]) for name, one in latencies.items()}
    readings.answer = lambda: watch(metrics=replace(quiet, series={**quiet.series, **older}))
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        assert "p50 –  p90 –  p99 –" in screen_text(console(pilot))


@pytest.mark.usefixtures("readings")
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_all_charts_share_one_axis_of_time(size: tuple[int, int]) -> None:
    async with Console().run_test(size=size) as pilot:
        screen = await watched(pilot)
        axes = {chart._axis for chart in screen.query(TimeChart)}
        assert len(axes) == 1
        axis = axes.pop()
        assert axis is not None
        assert 20 <= axis.minutes <= 120
        lines = screen_text(console(pilot)).splitlines()
        feet = {line[8 : axis.width] for line in lines if re.match(r" {6}[ 0][└┼]─", line)}
        assert len(feet) == 1, "the same times stand under each other"


@pytest.mark.usefixtures("readings")
async def test_80_by_24_shows_why_and_the_charts_first_and_scrolls_to_the_rest() -> None:
    async with Console().run_test(size=(80, 24)) as pilot:
        await watched(pilot)
        text = screen_text(console(pilot))
        assert "Scaling out to 5" in text
        assert "per instance/min" in text
        assert "instances" in text
        assert "scaled┤" in text
        assert "AllTraffic" not in text
        await pilot.press("end")
        await until(pilot, lambda: "AllTraffic" in screen_text(console(pilot)))


async def test_the_first_reading_asks_for_as_many_minutes_as_are_drawn(readings: Readings) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await watched(pilot)
        assert screen._stage is not None
        assert readings.minutes[0] == screen._stage.axis.minutes
        await pilot.press("w")
        await until(pilot, lambda: readings.minutes == [60, 180])
        await pilot.press("w")
        await until(pilot, lambda: len(readings.minutes) > 2)
        assert readings.minutes[-1] == 30, "what explains is asked for by the minute, whatever the charts show"
        assert screen._stage.axis.minutes_per_slot > 1


async def test_a_failed_part_keeps_what_it_had_and_says_so(readings: Readings) -> None:
    aws = DeafAws()
    async with Console(aws).run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        aws.still.at += MINUTE
        throttled = ConsoleError(ErrorKind.THROTTLED, "Rate exceeded", operation="cloudwatch:GetMetricData")
        readings.answer = lambda: watch(as_of=aws.still.at, metrics=None, explanation="", error=throttled)
        await pilot.press("r")
        await until(pilot, lambda: "Rate exceeded" in screen_text(console(pilot)))
        text = screen_text(console(pilot))
        assert "┄ target 10" in text, "the chart stays"
        assert text.count("✕ throttled · 1s ago") >= 5, "charts, why, and the frame: a region minute is a second"
        assert "desired instance count 5" in text
        assert " 0s ago" not in text, "what is newer than the screen needs no age"


async def test_an_endpoint_that_is_gone_is_said_to_be(readings: Readings) -> None:
    gone = ConsoleError(ErrorKind.NOT_FOUND, f"There is no endpoint {ENDPOINT!r} in us-east-1")
    readings.answer = lambda: watch(endpoint=None, scaling=None, metrics=None, explanation="", error=gone)
    async with Console().run_test(size=(120, 36)) as pilot:
        await opened(pilot, EndpointScreen(ENDPOINT))
        await until(pilot, lambda: f"There is no endpoint {ENDPOINT} any more" in screen_text(console(pilot)))


async def test_an_endpoint_that_somebody_else_deleted_is_no_longer_in_service(readings: Readings) -> None:
    gone = ConsoleError(ErrorKind.NOT_FOUND, f"There is no endpoint {ENDPOINT!r} in us-east-1")
    async with Console().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await watched(pilot)
        assert "● InService" in screen_text(console(pilot))
        readings.answer = lambda: watch(endpoint=None, scaling=None, metrics=None, explanation="", error=gone)
        await pilot.press("r")
        await until(pilot, lambda: f"There is no endpoint {ENDPOINT} any more" in screen_text(console(pilot)))
        text = screen_text(console(pilot))
        assert "InService" not in text
        assert "tries now" not in text, "no banner: nothing is the matter"
        assert "no longer read" in text
        assert "$" not in text.splitlines()[2], "what is gone costs nothing"
        assert "┄ target 10" in text, "its history stays"
        await pilot.press("X")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "does not exist any more" in next(iter(pilot.app._notifications)).message
        readings.answer = watch
        await pilot.press("r")
        await until(pilot, lambda: "● InService" in screen_text(console(pilot)))


async def test_a_failed_endpoint_says_why(readings: Readings) -> None:
    failed = endpoint(status="Failed", current=0, desired=1, reason="CannotStartContainerError.")
    readings.answer = lambda: watch(endpoint=failed, explanation="Failed: CannotStartContainerError.")
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        assert "✕ Failed" in screen_text(console(pilot))
        assert "CannotStartContainerError." in screen_text(console(pilot))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_rollout_is_watched_and_its_end_is_told(readings: Readings, size: tuple[int, int]) -> None:
    reason = "The deployment was rolled back: the CloudWatch alarm(s) engines-5xx went into the ALARM state."
    async with Console().run_test(size=size) as pilot:
        screen = await watched(pilot)
        assert not screen._panel("rollout").display
        readings.answer = lambda: watch(endpoint=replace(endpoint(status="Updating"), rollout=CANARY))
        await pilot.press("r")
        await until(pilot, lambda: "◐ canary of 1 instance" in screen_text(console(pilot)))
        assert "rolls back on engines-5xx" in screen_text(console(pilot))
        readings.answer = lambda: watch(endpoint=endpoint(reason=reason))
        await pilot.press("r")
        await until(pilot, lambda: "✕ the last change was taken back" in screen_text(console(pilot)))
        assert screen_text(console(pilot)).count("engines-5xx") == 1
        assert "● InService" in screen_text(console(pilot))


async def test_what_the_status_forbids_is_dimmed_and_says_why(readings: Readings) -> None:
    readings.answer = lambda: watch(endpoint=endpoint(status="Creating", current=0, desired=1))
    async with Console().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await watched(pilot)
        await pilot.press("V")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "wait until it is InService" in next(iter(pilot.app._notifications)).message


@pytest.mark.usefixtures("readings")
async def test_its_keys_open_the_dialogs() -> None:
    dialogs = {
        "V": "ValidateScreen",
        "T": "TrafficScreen",
        "A": "ScaleScreen",
        "X": "DeleteScreen",
        "U": "UpdateScreen",
        "H": "HighAvailabilityScreen",
    }
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        opened = []
        for key in dialogs:
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(pilot.app.screen, EndpointScreen))
            opened.append(type(pilot.app.screen).__name__)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, EndpointScreen))
        assert opened == [*dialogs.values()]


async def test_only_a_rollout_under_way_can_be_stopped(readings: Readings) -> None:
    async with Console().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await watched(pilot)
        await pilot.press("S")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "No roll-out of" in next(iter(pilot.app._notifications)).message
        readings.answer = lambda: watch(endpoint=replace(endpoint(status="Updating"), rollout=CANARY))
        await pilot.press("r")
        await until(pilot, lambda: "S stop roll-out" in screen_text(console(pilot)))
        await pilot.press("S")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "StopRolloutScreen")


@pytest.mark.usefixtures("readings")
async def test_80_columns_have_room_for_the_keys_that_change_something() -> None:
    async with Console().run_test(size=(80, 24)) as pilot:
        await watched(pilot)
        footer = screen_text(console(pilot)).splitlines()[-1]
        for hint in ("U update", "A autoscaling", "X delete", "V validate", "? help"):
            assert hint in footer


@pytest.mark.usefixtures("readings")
async def test_traffic_that_goes_on_is_shown_while_its_screen_is_left() -> None:
    async with Console().run_test(size=(160, 36)) as pilot:
        await watched(pilot)
        traffic: Background[Any, Any] = Background(pilot.app, "traffic", ENDPOINT, lambda tell, cancelled: None)
        traffic.running, traffic.latest = True, traffic_report(240, 120.0)
        pilot.app.screen.tick()  # type: ignore[attr-defined]
        await until(pilot, lambda: "▶ traffic 120/min" in screen_text(console(pilot)))


@pytest.mark.usefixtures("readings")
async def test_an_endpoint_is_opened_in_its_own_area() -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, Lobby))
        await open_endpoint(pilot.app, ENDPOINT)
        await until(pilot, lambda: isinstance(pilot.app.screen, EndpointScreen))
        assert pilot.app.current_mode == "endpoints"


async def test_of_several_variants_one_is_shown_or_it_is_said_how_they_come_together(readings: Readings) -> None:
    alone = endpoint()
    other = replace(alone.variants[0], name="Challenger", current_instances=1, desired_instances=1)
    known = metrics()
    apart = {
        (variant, name): tuple((at, value / share) for at, value in series.points)
        for variant, share in (("AllTraffic", 2), ("Challenger", 4))
        for name, series in known.series.items()
    }
    both = replace(alone, variants=(*alone.variants, other))
    readings.answer = lambda: watch(endpoint=both, metrics=replace(known, of_variants=apart))
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        assert "sum of 2 variants" in screen_text(console(pilot))
        assert "highest of 2 variants" in screen_text(console(pilot))
        await pilot.press("v")
        await until(pilot, lambda: "AllTraffic" in view_line(pilot))
        assert "invocations/min  60" in screen_text(console(pilot))
        await pilot.press("v")
        await until(pilot, lambda: "Challenger" in view_line(pilot))
        text = screen_text(console(pilot))
        assert "invocations/min  30" in text
        assert "of 2 variants" not in text
        await pilot.press("v")
        await until(pilot, lambda: "all variants" in view_line(pilot))


@pytest.mark.usefixtures("readings")
async def test_it_can_be_copied_exported_and_come_back_to() -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await watched(pilot)
        copied = screen.copyable()
        assert next(iter(copied)) == "name"
        assert copied["ARN"].startswith("arn:aws:sagemaker:us-east-1:")
        assert copied["invocation URL"].endswith(f"/endpoints/{ENDPOINT}/invocations")
        assert json.loads(copied["JSON"])["name"] == ENDPOINT
        sheet = screen.sheet()
        assert sheet is not None
        assert sheet.columns[:2] == ("time", "invocations")
        assert sheet.columns[-2:] == ("current_instances", "desired_instances")
        assert len(sheet.rows) == 60
        assert sheet.rows[-2][:2] == (NOW.replace(second=0) - MINUTE, 120.0)
        assert screen.again()().endpoint_name == ENDPOINT  # type: ignore[attr-defined]


@pytest.mark.usefixtures("readings")
@pytest.mark.parametrize(("key", "leads_to"), [("l", "LogsScreen"), ("d", "DescribeScreen"), ("o", "OperationsScreen")])
async def test_keys_lead_to_logs_description_and_operations(key: str, leads_to: str) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        await watched(pilot)
        await pilot.press(key)
        await until(pilot, lambda: type(pilot.app.screen).__name__ == leads_to)


@pytest.mark.usefixtures("readings")
@pytest.mark.parametrize("size", [(120, 36), (160, 45), (200, 60)])
async def test_the_charts_of_both_columns_end_in_one_row(size: tuple[int, int]) -> None:
    async with Console().run_test(size=size) as pilot:
        screen = await watched(pilot)
        bottoms = {name: screen.query_one(f"#{name}").region.bottom for name in PANELS if name != "rollout"}
        assert bottoms["per-instance"] == bottoms["invocations"]
        assert bottoms["instances"] == bottoms["latency"]
        assert bottoms["lanes"] == bottoms["activities"]
