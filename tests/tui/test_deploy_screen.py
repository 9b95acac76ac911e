"""The deployment's dialog: the plan follows the fields, wrong values are said at the field, Cancel comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from cmapss_core.aws import Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import deploy, runner
from cmapss_core.plans.deploy import DeployRequest
from cmapss_core.plans.plan import Check, Plan
from cmapss_core.plans.runner import Outcome
from cmapss_tui.screens.deploy import DeployScreen
from cmapss_tui.screens.operation import OperationScreen
from cmapss_tui.screens.planning import PlanScreen
from tests.tui.consoles import Console, DeafAws, Lobby, deploy_plan, focused, opened, screen_text, until

JOB = "hyper-cmapss-2026-11-22-16-04-037-efc6d79a"


class Planning:
    """What plan_deploy answers, and what it was asked for."""

    def __init__(self) -> None:
        self.requests: list[DeployRequest] = []
        self.answer: Callable[[DeployRequest], Plan] = lambda request: deploy_plan(instances=request.initial_instances)

    def plan(self, aws: Any, request: DeployRequest) -> Plan:
        self.requests.append(request)
        return self.answer(request)


@pytest.fixture
def planning(monkeypatch: pytest.MonkeyPatch) -> Planning:
    given = Planning()
    monkeypatch.setattr(deploy, "plan_deploy", given.plan)
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    return given


async def planned(pilot: Pilot[None], job: str = JOB) -> DeployScreen:
    screen = DeployScreen(job)
    await opened(pilot, screen)
    await until(pilot, lambda: screen.plan is not None)
    return screen


async def type_into(pilot: Pilot[None], field: str, text: str) -> None:
    """Replace a field's value, with the last letter from the keyboard."""
    entry = pilot.app.screen.query_one(f"#{field}", Input)
    entry.value = text[:-1]
    entry.cursor_position = len(entry.value)
    await focused(pilot, f"#{field}")
    await pilot.press(*text[-1:])


def confirm(screen: PlanScreen) -> Button:
    return screen.query_one("#confirm", Button)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_the_plan_is_the_dialog(planning: Planning, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        screen = await planned(pilot)
        text = screen_text(app)
        assert f"Deploy {JOB}" in text
        assert "$0.00/h → $0.23/h   ($168 a month)" in text
        assert "1  create model" in text
        assert size[0] == 80 or "undo: delete endpoint" in text, "only where there is room for it"
        assert "⚠ one instance does not survive the loss of its availability zone" in text
        assert size[1] == 24 or "✓ artefact found" in text, "one line further down"
        assert "planned 0s ago" in text
        assert app.focused is screen.query_one("#cancel")
        assert not confirm(screen).disabled
    assert planning.requests == [DeployRequest(job=JOB, instances=1, min=1, max=5, target=10.0)]


async def test_a_changed_field_is_planned_anew(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        await type_into(pilot, "instances", "3")
        await type_into(pilot, "minimum", "3")
        await until(pilot, lambda: "$0.69/h" in screen_text(app))
        assert not confirm(screen).disabled
    assert (planning.requests[-1].instances, planning.requests[-1].min) == (3, 3)


async def test_a_wrong_value_is_said_at_its_field_and_stops_the_deployment(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        for field, value, says in (
            ("name", "my_endpoint", "has '_' in it"),
            ("name", "-engine", "begins or ends with a hyphen"),
            ("name", "a" * 64, "has 64 characters of at most 63"),
            ("instance-type", "m5.xlarge", "is no instance type"),
            ("instances", "0", "'0' is not a whole number of at least 1"),
            ("instances", "", "is needed"),
            ("minimum", "6", "min 6 is above max 5"),
            ("target", "ten", "'ten' is not a number above 0"),
        ):
            good = screen.field(field).value
            asked = len(planning.requests)
            await type_into(pilot, field, value)
            await until(pilot, lambda says=says: says in screen_text(app))  # type: ignore[misc]  # bound to this turn
            assert sum(says in line for line in screen_text(app).splitlines()) == 1
            assert confirm(screen).disabled
            assert screen.plan is None
            assert all(request.name for request in planning.requests[asked:]), "half a name may have been planned"
            screen.field(field).set(good)
            await until(pilot, lambda: screen.plan is not None)


async def test_each_field_is_judged_whatever_is_wrong_with_another(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await planned(pilot)
        await type_into(pilot, "instance-type", "m5.xlarge")
        await type_into(pilot, "minimum", "6")
        await until(pilot, lambda: "min 6 is above max 5" in screen_text(app))
        assert "is no instance type" in screen_text(app)
        await type_into(pilot, "minimum", "2")
        await until(pilot, lambda: "min 6 is above max 5" not in screen_text(app))
        assert "is no instance type" in screen_text(app)


async def test_a_corrected_value_brings_the_plan_back(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        await type_into(pilot, "name", "my_endpoint")
        await until(pilot, lambda: "✕" in screen_text(app))
        await type_into(pilot, "name", "my-endpoint")
        await until(pilot, lambda: not confirm(screen).disabled)
        assert "✕" not in screen_text(app)
    assert planning.requests[-1].name == "my-endpoint"


async def test_without_autoscaling_bounds_do_not_count(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        await type_into(pilot, "minimum", "9")
        await until(pilot, lambda: confirm(screen).disabled)
        await focused(pilot, "#autoscaling")
        await pilot.press("space")
        await until(pilot, lambda: not confirm(screen).disabled)
        assert "○ off" in screen_text(app)
        assert screen.query_one("#maximum").disabled
    assert planning.requests[-1] == DeployRequest(job=JOB, instances=1, autoscaling=False)


async def test_a_plan_that_comes_late_is_dropped(planning: Planning) -> None:
    release = threading.Event()

    def slow_first(request: DeployRequest) -> Plan:
        if request.instances == 1:
            release.wait(10)
        return deploy_plan(instances=request.initial_instances)

    planning.answer = slow_first
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = DeployScreen(JOB)
        await opened(pilot, screen)
        await type_into(pilot, "instances", "2")
        await until(pilot, lambda: screen.plan is not None)
        release.set()
        await until(pilot, lambda: not any(t.name.startswith("work for") for t in threading.enumerate()))
        await pilot.pause()
        assert screen.plan is not None
        assert screen.plan.hourly_cost_usd_after == pytest.approx(0.46)
        assert "$0.46/h" in screen_text(app)


async def test_a_plan_that_cannot_be_says_why_and_the_way_out(planning: Planning) -> None:
    def refuse(request: DeployRequest) -> Plan:
        raise ConsoleError(
            ErrorKind.CONFLICT, "there is an endpoint 'x' already, InService", remedy="Choose another --name."
        )

    planning.answer = refuse
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = DeployScreen(JOB)
        await opened(pilot, screen)
        await until(pilot, lambda: "there is an endpoint 'x' already" in screen_text(app))
        assert "Choose another" in screen_text(app)
        assert confirm(screen).disabled


async def test_a_check_that_forbids_the_plan_keeps_it_from_being_carried_out(planning: Planning) -> None:
    planning.answer = lambda request: deploy_plan(checks=(Check(False, "the quota is used up"),))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        assert "✕ the quota is used up" in screen_text(app)
        assert confirm(screen).disabled


async def test_a_read_only_console_shows_the_plan_and_carries_nothing_out(planning: Planning) -> None:
    aws = DeafAws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=True))
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        assert confirm(screen).disabled
        assert "Read-only: this plan cannot be carried out" in screen_text(app)


async def test_the_calls_can_be_looked_at_as_json(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await planned(pilot)
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: '"operation": "CreateModel"' in screen_text(app))
        button = screen.query_one("#calls", Button)
        button.focus()
        await until(pilot, lambda: button.has_focus and not button.has_class("-active"))
        await pilot.press("enter")
        await until(pilot, lambda: "CreateModel" not in screen_text(app))


async def test_enter_on_the_focused_cancel_changes_nothing(planning: Planning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", lambda *args, **options: pytest.fail("nothing may be carried out"))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await planned(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Lobby))


async def test_confirming_carries_out_the_plan_that_is_shown(
    planning: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out: list[Plan] = []

    def run(aws: Any, plan: Plan, journal: Any, **options: Any) -> Outcome:
        carried_out.append(plan)
        return Outcome("done")

    monkeypatch.setattr(runner, "run", run)
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        shown = screen.plan
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, OperationScreen) and bool(carried_out))
        assert carried_out == [shown]
        assert len(app.screen_stack) == 2, "the dialog has made room"


async def test_the_best_job_is_named_once_the_plan_knows_it(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await planned(pilot, "best")
        assert f"Deploy the best job: {JOB}" in screen_text(app)
    assert planning.requests[0] == replace(planning.requests[0], job="best")


IMAGE = "746614075791.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1"
ROLE = "arn:aws:iam::000000000000:role/engines"


def fill(screen: DeployScreen, **values: str | bool) -> None:
    """Put values into fields, as if they were typed."""
    for key, value in values.items():
        screen.field(key.replace("_", "-")).set(value)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_few_need_is_behind_the_fold_and_comes_into_sight(planning: Planning, size: tuple[int, int]) -> None:
    app = Console()
    async with app.run_test(size=size) as pilot:
        await planned(pilot)
        assert "data capture, shadow, network" in screen_text(app)
        assert "network isolation" not in screen_text(app)
        await focused(pilot, "CollapsibleTitle")
        await pilot.press("enter")
        await focused(pilot, "#groups")
        await until(pilot, lambda: "security groups" in screen_text(app))
        assert "1  create model" in screen_text(app)


async def test_a_model_that_was_trained_elsewhere_is_deployed_from_s3(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await planned(pilot)
        assert not screen.field("image").display
        fill(screen, source="s3")
        await until(pilot, lambda: screen.field("image").display and screen.plan is None)
        await until(pilot, lambda: "a model that was trained elsewhere" in screen_text(app))
        await until(pilot, lambda: screen_text(app).count("✕ is needed") == 3)
        assert confirm(screen).disabled
        fill(screen, model_data="s3://engines/model.zip", image=IMAGE, role=ROLE)
        await until(pilot, lambda: "is no model artefact" in screen_text(app))
        fill(screen, model_data="s3://engines/model.tar.gz")
        await until(pilot, lambda: screen.plan is not None)
    request = planning.requests[-1]
    assert (request.model_data, request.image, request.role) == ("s3://engines/model.tar.gz", IMAGE, ROLE)
    assert request.job == "best", "no job is asked for beside it"


async def test_a_file_is_deployed_by_way_of_a_bucket(planning: Planning, tmp_path: Path) -> None:
    file = tmp_path / "model.tar.gz"
    app = Console()
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await planned(pilot)
        fill(screen, source="file", model_file=str(file), bucket="Engines", image=IMAGE, role=ROLE)
        await until(pilot, lambda: "✕ there is no such file" in screen_text(app))
        await until(pilot, lambda: "is no bucket's name" in screen_text(app))
        file.touch()
        fill(screen, bucket="engines")
        await until(pilot, lambda: screen.plan is not None)
    assert (planning.requests[-1].model_file, planning.requests[-1].bucket) == (str(file), "engines")


async def test_data_capture_takes_a_place_and_a_share(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await planned(pilot)
        assert screen.query_one("#capture-to").disabled
        fill(screen, capture=True, capture_percent="101")
        await until(pilot, lambda: "✕ '101' is above 100" in screen_text(app) and "✕ is needed" in screen_text(app))
        fill(screen, capture_to="s3://engines/captured", capture_percent="50")
        await until(pilot, lambda: screen.plan is not None)
    assert (planning.requests[-1].capture, planning.requests[-1].capture_percent) == ("s3://engines/captured", 50)


async def test_a_shadow_and_a_network_of_ones_own(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await planned(pilot)
        fill(screen, shadow="challenger", isolated=True, subnets="subnet-a, subnet-b")
        await until(pilot, lambda: "✕ a VPC without a security group" in screen_text(app))
        fill(screen, groups="sg-1")
        await until(pilot, lambda: screen.plan is not None)
    request = planning.requests[-1]
    assert (request.job, request.shadow, request.network_isolation) == (JOB, "challenger", True)
    assert (request.subnets, request.security_groups) == (("subnet-a", "subnet-b"), ("sg-1",))


async def test_more_instances_than_the_maximum_are_said_where_they_are_typed(planning: Planning) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        screen.field("instances").set("50")
        await until(pilot, lambda: "✕ is above the maximum of 5" in screen_text(app))
        assert confirm(screen).disabled
        screen.field("maximum").set("50")
        await until(pilot, lambda: screen.plan is not None)
    assert (planning.requests[-1].instances, planning.requests[-1].max) == (50, 50)
