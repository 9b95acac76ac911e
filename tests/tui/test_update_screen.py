"""The dialogs that change a running endpoint: update, the stop of a roll-out, high availability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cmapss_core import jobs
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import JobsSnapshot
from cmapss_core.plans import high_availability, update
from cmapss_core.plans import stop as update_stop
from cmapss_core.plans.high_availability import HighAvailabilityRequest
from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.updating.alarms import Guard
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
from cmapss_core.plans.updating.strategies import RolloutRequest, Size
from cmapss_tui.screens.high_availability import HighAvailabilityScreen
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.screens.stop_rollout import StopRolloutScreen
from cmapss_tui.screens.update import UpdateScreen
from tests.tui.consoles import ENDPOINT, Console, deploy_plan, endpoint, focused, opened, screen_text, until
from tests.tui.jobs_made import jobs as jobs_made
from tests.tui.jobs_made import snapshot

ERRORS = Guard("errors")
OPENED = UpdateRequest(endpoint=ENDPOINT, variants=(VariantChange(source=ModelSource(job="best")),))


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[UpdateRequest]:
    asked: list[UpdateRequest] = []

    def plan(aws: Any, request: UpdateRequest) -> Plan:
        asked.append(request)
        return deploy_plan()

    monkeypatch.setattr(update, "plan_update", plan)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    return asked


async def planned(pilot: Pilot[None], of: Endpoint | None = None) -> UpdateScreen:
    screen = UpdateScreen(of or endpoint(current=3, desired=3))
    await opened(pilot, screen)
    screen.field("job").set("best")
    await until(pilot, lambda: screen.plan is not None)
    return screen


def changed(**values: Any) -> UpdateRequest:
    """The request that the dialog opens with, with other settings."""
    return replace(OPENED, **values)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_begins_with_what_is_there_and_plans_once_something_is_to_change(
    requests: list[UpdateRequest], size: tuple[int, int]
) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        screen = UpdateScreen(endpoint(current=3, desired=3))
        await opened(pilot, screen)
        await until(pilot, lambda: "Name another model, or change type or count" in screen_text(app))
        assert "✕" not in screen_text(app)
        assert (requests, screen.query_one("#confirm").disabled) == ([], True)
        screen.field("job").set("best")
        await until(pilot, lambda: screen.plan is not None)
        text = screen_text(app)
        assert f"Update {ENDPOINT}" in text
        assert "as is usual" in text
        assert "1  create model" in text
        assert app.focused is screen.query_one("#cancel")
    assert requests == [OPENED]


async def test_without_a_job_the_model_stays(requests: list[UpdateRequest]) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.field("job").set("")
        screen.field("instance-type").set("ml.c5.xlarge")
        screen.field("instances").set("5")
        await until(pilot, lambda: len(requests) > 1 and screen.plan is not None)
    assert requests[-1].variants == (VariantChange(instance_type="ml.c5.xlarge", instances=5),)


async def test_counts_alone_are_changed_without_a_rollout(requests: list[UpdateRequest]) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.field("job").set("")
        screen.field("instances").set("4")
        screen.field("guarded").set(False)
        await until(pilot, lambda: requests[-1].variants == (VariantChange(instances=4),) and screen.plan is not None)
    assert requests[-1].rescales


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"strategy": "all-at-once"}, {"rollout": RolloutRequest(strategy="all-at-once"), "guards": (ERRORS,)}),
        (
            {"strategy": "canary", "size": "25%", "wait": "120"},
            {
                "rollout": RolloutRequest(strategy="canary", canary_size=Size(25, True), wait_interval=120),
                "guards": (ERRORS,),
            },
        ),
        (
            {"strategy": "linear", "size": "1", "guarded": False, "bake": "60"},
            {
                "rollout": RolloutRequest(strategy="linear", step_size=Size(1), wait_interval=300, bake=60),
                "guards": (),
            },
        ),
        (
            {"strategy": "rolling", "bake": "60"},
            {"rollout": RolloutRequest(strategy="rolling", wait_interval=300), "guards": (ERRORS,)},
        ),
        ({"latency": "200"}, {"guards": (ERRORS, Guard("latency", 200.0))}),
        ({"keep-former": True}, {"keep_former": True}),
        ({"guarded": False}, {"guards": ()}),
    ],
)
async def test_the_rollout_is_as_the_fields_say(
    requests: list[UpdateRequest], fields: dict[str, str | bool], asked: dict[str, Any]
) -> None:
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        for key, value in fields.items():
            screen.field(key).set(value)
        await until(pilot, lambda: requests[-1] == changed(**asked) and screen.plan is not None)


@pytest.mark.usefixtures("requests")
async def test_a_wrong_value_is_said_at_its_field() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.field("strategy").set("rolling")
        for key, value, says in (
            ("job", "no_job", "has '_' in it"),
            ("size", "some", "'some' is no size"),
            ("wait", "-1", "'-1' is not a whole number"),
            ("instances", "none", "'none' is not a whole number"),
            ("latency", "0", "'0' is not a number above 0"),
        ):
            good = screen.field(key).value
            screen.field(key).set(value)
            await until(pilot, lambda says=says: says in screen_text(app))  # type: ignore[misc]  # bound to this turn
            assert screen.query_one("#confirm").disabled
            screen.field(key).set(good)
            await until(pilot, lambda: screen.plan is not None)


async def test_what_could_not_be_planned_with_is_said_at_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(aws: Any, request: UpdateRequest) -> Plan:
        [change] = request.variants
        if change.source is not None and change.source.job == "nobody":
            raise ConsoleError(ErrorKind.NOT_FOUND, "There is no training job 'nobody' in us-east-1")
        return deploy_plan()

    monkeypatch.setattr(update, "plan_update", plan)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.field("job").set("nobody")
        await until(pilot, lambda: screen.field("job").has_class("-invalid"))
        await until(pilot, lambda: "✕ There is no training job 'nobody'" in screen_text(app))
        screen.field("job").set("best")
        await until(pilot, lambda: screen.plan is not None)
        assert not screen.field("job").has_class("-invalid")


async def test_a_value_that_does_not_count_is_not_judged(requests: list[UpdateRequest]) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.field("strategy").set("canary")
        screen.field("size").set("some")
        await until(pilot, lambda: "is no size" in screen_text(app))
        screen.field("strategy").set("all-at-once")
        await until(pilot, lambda: screen.plan is not None)
        assert "is no size" not in screen_text(app)
        assert screen.query_one("#size", Input).disabled


async def test_one_of_several_variants_is_updated(requests: list[UpdateRequest]) -> None:
    alone = endpoint(current=3, desired=3)
    other = replace(alone.variants[0], name="Challenger", instance_type="ml.c5.large", desired_instances=2)
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot, replace(alone, variants=(*alone.variants, other)))
        screen.field("variant").set("Challenger")
        screen.field("job").set("best")
        await until(pilot, lambda: screen.field("instance-type").value == "ml.c5.large" and screen.plan is not None)
        assert requests[-1].variants == (VariantChange(name="Challenger", source=ModelSource(job="best")),)


async def test_the_first_letters_of_a_job_find_it(
    requests: list[UpdateRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = snapshot(jobs_made(5))
    asked: list[Any] = []

    def read(aws: Any) -> JobsSnapshot:
        asked.append(aws)
        return known

    monkeypatch.setattr(jobs, "read_jobs", read)
    async with Console().run_test(size=(120, 36)) as pilot:
        screen = UpdateScreen(endpoint(current=3, desired=3))
        await opened(pilot, screen)
        assert not asked, "nobody has typed yet"
        await focused(pilot, "#job")
        await pilot.press("b", "backspace")
        await until(pilot, lambda: screen.query_one("#job", Input).suggester is not None)
        name = next(row.job.name for row in known.jobs if row.job.status == "Completed")
        await pilot.press(*name[:3])
        await until(pilot, lambda: screen.query_one("#job", Input)._suggestion == name)
        await pilot.press("right")
        await until(pilot, lambda: screen.field("job").value == name)
        await until(pilot, lambda: requests[-1].variants == (VariantChange(source=ModelSource(job=name)),))
        assert len(asked) == 1


def answering(asked: list[Any]) -> Callable[..., Plan]:
    def plan(aws: Any, request: Any) -> Plan:
        asked.append(request)
        return deploy_plan()

    return plan


async def test_a_rollout_is_stopped_by_a_plan_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(update_stop, "plan_stop_rollout", answering(asked))
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = StopRolloutScreen(ENDPOINT)
        await opened(pilot, screen)
        await until(pilot, lambda: not screen.query_one("#confirm").disabled)
        assert f"Stop the roll-out of {ENDPOINT}" in screen_text(app)
    assert asked == [ENDPOINT]


async def test_three_instances_are_what_high_availability_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[HighAvailabilityRequest] = []
    monkeypatch.setattr(high_availability, "plan_high_availability", answering(asked))
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = HighAvailabilityScreen(ENDPOINT, ("A", "B"))
        await opened(pilot, screen)
        await until(pilot, lambda: screen.plan is not None)
        screen.field("instances").set("0")
        await until(pilot, lambda: "✕ '0' is not a whole number" in screen_text(app))
        for key, value in {"instances": "4", "variant": "B", "by": "config"}.items():
            screen.field(key).set(value)
        await until(pilot, lambda: asked[-1].by == "config" and screen.plan is not None)
    assert asked[0] == HighAvailabilityRequest(endpoint=ENDPOINT, instances=3, variant="A")
    assert asked[-1] == HighAvailabilityRequest(endpoint=ENDPOINT, instances=4, variant="B", by="config")
