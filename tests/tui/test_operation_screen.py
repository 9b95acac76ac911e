"""A plan being carried out, seen from the screen and after leaving it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content
from textual.widgets import Button

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Step
from cmapss_core.plans.running.operations import Outcome
from cmapss_tui import background
from cmapss_tui.operations.running import KIND
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.widgets.plan_view import (
    PASSED_OVER,
    PENDING,
    StepProgress,
    after,
    at_rest,
    distinctly_elided,
    step_lines,
    steps_progress,
)
from tests.tui.consoles import (
    ENDPOINT,
    NOW,
    Console,
    Lobby,
    delete_plan,
    deploy_plan,
    opened,
    screen_text,
    step_event,
    until,
)
from tests.tui.runners import NO_CAPACITY, Runner, begun, line


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_each_step_says_how_far_it_is(scripted: Runner, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        await begun(pilot, scripted)
        assert line(app, "1 create model").strip().startswith("○")
        began = NOW - timedelta(minutes=3)
        scripted.say(
            step_event(1, "started", at=began - timedelta(seconds=2)),
            step_event(1, "done", at=began),
            step_event(2, "started", at=began),
            step_event(2, "skipped", at=began),
            step_event(4, "started", at=began),
            step_event(4, "waiting"),
        )
        await until(pilot, lambda: "3m00s" in line(app, "4 wait until in service"))
        assert line(app, "1 create model").strip().startswith("●")
        assert "done in 2s" in line(app, "1 create model")
        assert "●" in line(app, "2 create endpoint config")
        assert line(app, "4 wait until in service").strip().startswith("◐")
        assert "usually 9–11" in line(app, "4 wait until in service")
        assert line(app, "5 register scalable target").strip().startswith("○")
        assert "running 2/6 steps" in screen_text(app)
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))


async def test_time_goes_on_while_a_step_waits(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot, scripted)
        scripted.say(step_event(4, "started"), step_event(4, "waiting"))
        await until(pilot, lambda: "0s of about 10m00s" in screen_text(app))
        app.given.clock.at += timedelta(minutes=6)  # type: ignore[attr-defined]
        screen.tick()
        await until(pilot, lambda: "6m00s of about 10m00s" in screen_text(app))
        scripted.end()


async def test_a_failure_says_what_aws_answered_and_what_is_left(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, scripted)
        scripted.say(step_event(4, "started"), step_event(4, "failed", error=NO_CAPACITY))
        scripted.end(Outcome("failed", NO_CAPACITY, ("model m", "endpoint e")))
        await until(pilot, lambda: "Left in the region: model m; endpoint e." in screen_text(app))
        text = " ".join(screen_text(app).split())
        assert "✕ 4 wait until in service" in text
        assert "Unable to provision requested ML compute capacity" in text
        assert "request 0f5d6a3c-2a41" in text
        assert "Look at the reason" not in text
        assert text.count("Unable to provision") == 1
        assert screen.query_one("#next", Button).disabled
        assert "Back" in text


async def test_a_plan_that_could_not_begin_says_why(scripted: Runner) -> None:
    scripted.refusal = ConsoleError(ErrorKind.REFUSED, "This console is read-only", remedy="Start it without.")
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot, scripted)
        scripted.end()
        await until(pilot, lambda: "This console is read-only. Start it without." in screen_text(app))
        assert screen.operation.status == "failed"


async def test_what_is_transient_is_said_while_it_is_waited_out(scripted: Runner) -> None:
    throttled = ConsoleError(ErrorKind.THROTTLED, "Rate exceeded")
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await begun(pilot, scripted)
        scripted.say(step_event(3, "started"), step_event(3, "waiting", error=throttled))
        await until(pilot, lambda: "Rate exceeded" in screen_text(app))
        scripted.say(step_event(3, "done"))
        await until(pilot, lambda: "Rate exceeded" not in screen_text(app))
        scripted.end()


async def test_leaving_stops_nothing_and_the_end_is_told(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await begun(pilot, scripted)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        work = background.find(app, KIND, deploy_plan().id)
        assert work is not None
        assert work.running
        scripted.end()
        await until(pilot, lambda: not work.running)
        await until(pilot, lambda: "● done: deploy" in screen_text(app))


async def test_quitting_asks_first_while_it_runs(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await begun(pilot, scripted)
        await pilot.press("q")
        await until(pilot, lambda: "under way, and the journal keeps" in screen_text(app))
        assert app.is_running
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))


async def test_when_it_is_done_the_endpoint_is_one_key_away(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await begun(pilot, scripted)
        scripted.end()
        await until(pilot, lambda: "Now $0.23/h" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EndpointScreen))
        assert app.current_mode == "endpoints"


async def test_after_a_deletion_there_is_only_the_list_to_go_to(scripted: Runner) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, EndpointScreen("gone"))
        await app.push_screen(OperationScreen(delete_plan("gone")))
        await until(pilot, lambda: scripted.tell is not None)
        scripted.end()
        await until(pilot, lambda: "● done" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        assert len(app.screen_stack) == 1


def test_the_events_of_a_step_add_up() -> None:
    later = NOW + timedelta(minutes=1)
    started = after(PENDING, step_event(1, "started"))
    waiting = after(started, step_event(1, "waiting", at=later))
    done = after(waiting, step_event(1, "done", at=later))
    assert (started.since, started.until) == (NOW, None)
    assert (waiting.since, waiting.until, waiting.state) == (NOW, None, "waiting")
    assert (done.since, done.until, done.state) == (NOW, later, "done")


def told(step: Step, progress: StepProgress, now: datetime, width: int) -> Iterator[Content]:
    """The lines of a step that stands so."""
    return steps_progress([step], {step.n: progress}, now, width)


@given(
    st.lists(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=60), max_size=8),
    st.integers(min_value=1, max_value=70),
)
def test_what_is_elided_fits_and_differs_where_that_can_be(texts: list[str], width: int) -> None:
    elided = distinctly_elided(texts, width)
    assert all(len(one) <= width for one in elided)
    assert all(one == text for one, text in zip(elided, texts, strict=True) if len(text) <= width)


def test_steps_on_things_of_one_beginning_stay_apart() -> None:
    names = [f"cmapss-XGBoostEndpoint-2026-11-22-16-33-42-{kind}-of-the-variant-AllTraffic" for kind in ("5xx", "4xx")]
    assert len(set(distinctly_elided(names, 40))) == 2


def test_what_takes_longer_than_expected_says_so() -> None:
    later = NOW + timedelta(minutes=5)
    waiting = after(PENDING, replace(step_event(1, "waiting"), seconds_left=60.0))
    overdue = after(waiting, step_event(1, "waiting", at=later))
    step = deploy_plan().steps[0]
    assert "about 1m00s left" in next(told(step, waiting, NOW, 120)).plain
    assert "longer than usual" in next(told(step, overdue, later, 120)).plain


def test_a_step_that_it_does_not_come_to_any_more_promises_no_time() -> None:
    waits = deploy_plan().steps[3]
    assert "about 10m00s" in next(told(waits, PENDING, NOW, 80)).plain
    assert "about" not in next(told(waits, PASSED_OVER, NOW, 80)).plain


@pytest.mark.parametrize(("width", "undo"), [(80, False), (118, True)])
def test_what_a_step_acts_on_has_room_before_what_undoes_it(width: int, undo: bool) -> None:
    lines = [line.plain for line in step_lines(deploy_plan(), width)]
    assert any("undo: delete endpoint" in line for line in lines) is undo
    assert all(len(line) <= width for line in lines)
    assert ENDPOINT in lines[2]


def test_what_was_kept_says_why_and_what_stopped_goes_on_no_more() -> None:
    step = deploy_plan().steps[0]
    kept = replace(PENDING, state="kept", message="somebody else has changed it since")
    assert [line.plain.strip() for line in told(step, kept, NOW, 80)][1:] == [kept.message]
    stopped = at_rest(after(PENDING, step_event(1, "waiting")))
    assert "interrupted" in next(told(step, stopped, NOW + timedelta(hours=1), 80)).plain


@pytest.mark.parametrize("width", [78, 118, 198])
def test_what_a_step_is_about_is_cut_only_where_its_own_state_needs_the_room(width: int) -> None:
    detail = "cmapss-XGBoostEndpointConfig-2026-11-22-16-33-42, 1 × ml.m5.xlarge"
    plan = deploy_plan()
    steps = [replace(step, detail=detail) if step.n == 2 else step for step in plan.steps]
    began = NOW - timedelta(minutes=3)
    progress = {
        2: StepProgress("done", began - timedelta(seconds=2), began),
        4: StepProgress("waiting", began, expected=NOW + timedelta(minutes=9, seconds=25)),
    }
    told = [row.plain for row in steps_progress(steps, progress, NOW, width)]
    assert {len(row) for row in told} == {width}
    assert (detail in told[1]) is (width > 80)
    assert "done in 2s" in told[1]
    assert "about 9m25s left" in told[3]
    assert "…" not in told[3]
