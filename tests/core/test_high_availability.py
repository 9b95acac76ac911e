"""An endpoint gets the instances that survive the loss of zones, by its running fleet or by a new config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.high_availability import HighAvailabilityRequest, plan_high_availability
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import StepEvent, roll_back, run
from cmapss_core.plans.scaling.steps import read_variant_scaling
from tests.core.regions import RegionAws
from tests.sandbox.artefacts import ROLE
from tests.sandbox.boosters import IMAGE_REPOSITORY
from tests.sandbox.scaling import call, serving_region

NAME, VARIANT = "engines", "AllTraffic"


class World:
    """A region with one endpoint of one instance, whose clock moves on a minute whenever a plan waits."""

    def __init__(self, folder: Path) -> None:
        self.region, services = serving_region(folder / "state")
        self.aws = RegionAws(self.region, services)
        self.journal = Journal(folder / "journal")

    def ask(self, instances: int = 3, endpoint: str = NAME, **asked: Any) -> Plan:
        return plan_high_availability(
            self.aws, HighAvailabilityRequest(endpoint=endpoint, instances=instances, **asked)
        )

    def run(self, plan: Plan) -> Plan:
        outcome = run(self.aws, plan, self.journal, on_event=self._passing)
        assert (outcome.status, outcome.error) == ("done", None)
        return plan

    def undo(self, plan: Plan) -> None:
        assert roll_back(self.aws, plan.id, self.journal, on_event=self._passing).status == "rolled_back"
        self.region.advance(900)

    def state(self, endpoint: str = NAME) -> tuple[str, str | None, int, int]:
        found = read_endpoint(self.aws, endpoint)
        return found.status, found.config, found.current_instances, found.desired_instances

    def bounds(self) -> tuple[int, int] | None:
        scaling = read_variant_scaling(self.aws, NAME, VARIANT)
        return (scaling.target["MinCapacity"], scaling.target["MaxCapacity"]) if scaling else None

    def send(self, operation: str, **members: Any) -> Any:
        """What somebody else does, past the console."""
        return call(self.region, self.aws.answering["sagemaker"], operation, **members)

    def becomes(self, status: str) -> None:
        table = self.region.table("endpoints")
        table[NAME] = {**table[NAME], "EndpointStatus": status}

    def scale(self, low: int, high: int) -> None:
        self.run(plan_scale(self.aws, ScaleRequest(endpoint=NAME, min=low, max=high)))

    def _passing(self, event: StepEvent) -> None:
        if event.state in ("waiting", "undoing"):
            self.region.advance(60)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)
    return World(tmp_path)


def operations(plan: Plan) -> list[str]:
    return [step.call.operation for step in plan.steps if step.call]


def test_one_instance_becomes_three_of_the_same_fleet_and_one_again(world: World) -> None:
    plan = world.run(world.ask())
    assert operations(plan) == ["UpdateEndpointWeightsAndCapacities"]
    assert plan.intention == "high-availability"
    assert plan.id.startswith("high-availability-")
    assert world.state() == ("InService", "m", 3, 3)
    assert plan.hourly_cost_usd_before == pytest.approx(0.23)
    assert plan.hourly_cost_usd_after == pytest.approx(0.69)
    assert any("endpoint config m still says 1" in note for note in plan.notes)
    world.undo(plan)
    assert world.state() == ("InService", "m", 1, 1)


def test_where_it_is_scaled_automatically_the_minimum_is_raised_which_lasts(world: World) -> None:
    world.scale(1, 2)
    plan = world.run(world.ask())
    assert operations(plan) == ["RegisterScalableTarget"]
    assert any("the maximum goes from 2 to 3" in warning for warning in plan.warnings)
    assert world.state() == ("InService", "m", 3, 3)
    assert world.bounds() == (3, 3)
    world.undo(plan)
    assert world.bounds() == (1, 2)


def going_down(plan: Plan) -> list[str]:
    return [warning for warning in plan.warnings if "go down to" in warning]


def test_automatic_scaling_that_could_undo_it_says_so(world: World) -> None:
    world.run(world.ask(2))

    def scaled(low: int, **asked: Any) -> Plan:
        return plan_scale(world.aws, ScaleRequest(endpoint=NAME, min=low, max=5, **asked))

    assert going_down(scaled(2)) == []
    assert going_down(scaled(1, scale_in=False)) == []
    plan = scaled(1)
    assert going_down(plan) == ["2 run now; this lets it go down to 1"]
    assert plan.hourly_cost_usd_after == pytest.approx(0.46), "nothing goes at once"
    assert plan.hourly_cost_usd_range == pytest.approx((0.23, 1.15))
    assert plan.document()["hourly_cost_usd_range"] == pytest.approx([0.23, 1.15])
    world.run(scaled(2))
    assert going_down(scaled(1)) == ["2 run now; this lets it go down to 1"]
    world.run(scaled(1))
    assert going_down(scaled(1, target=7.0)) == [], "it could before"


def test_what_has_scaled_out_further_keeps_its_instances(world: World) -> None:
    world.scale(5, 8)
    world.region.advance(900)
    world.scale(1, 8)
    plan = world.run(world.ask())
    assert world.state() == ("InService", "m", 5, 5)
    assert plan.hourly_cost_usd_after == pytest.approx(5 * 0.23)


@pytest.mark.parametrize("autoscaled", [False, True])
@pytest.mark.parametrize("status", ["InService", "UpdateRollbackFailed"])
def test_a_new_config_brings_them_where_it_is_asked_for_or_nothing_else_is_possible(
    world: World, status: str, autoscaled: bool
) -> None:
    if autoscaled:
        world.scale(1, 4)
    world.becomes(status)
    plan = world.run(world.ask(by="config" if status == "InService" else "auto"))
    assert operations(plan)[:2] == ["CreateEndpointConfig", "UpdateEndpoint"]
    state = world.state()
    assert (state[0], *state[2:]) == ("InService", 3, 3)
    config = world.send("DescribeEndpointConfig", EndpointConfigName=state[1])
    assert config["ProductionVariants"][0]["InitialInstanceCount"] == 3
    assert world.bounds() == ((3, 4) if autoscaled else None)
    assert any("former config m stays" in note for note in plan.notes), "somebody else made it"
    world.undo(plan)
    assert world.state() == ("InService", "m", 1, 1)
    assert world.bounds() == ((1, 4) if autoscaled else None)


def test_the_running_fleet_of_a_failed_roll_back_cannot_be_changed(world: World) -> None:
    world.becomes("UpdateRollbackFailed")
    with pytest.raises(ConsoleError, match="its running fleet cannot be changed") as caught:
        world.ask(by="capacities")
    assert "--by config" in caught.value.remedy


@pytest.mark.parametrize(("status", "remedy"), [("Updating", "Wait until"), ("Failed", "delete it, and deploy")])
def test_other_states_are_refused_with_the_way_out(world: World, status: str, remedy: str) -> None:
    world.becomes(status)
    with pytest.raises(ConsoleError, match=f"engines is {status}") as caught:
        world.ask()
    assert caught.value.kind is ErrorKind.CONFLICT
    assert remedy in caught.value.remedy


def test_fewer_than_one_cannot_be_asked_for(world: World) -> None:
    with pytest.raises(ConsoleError, match="instances 0 is below 1"):
        world.ask(0)


@pytest.mark.parametrize(
    ("instances", "words"),
    [(1, "one instance does not survive"), (2, "two instances survive the loss of one zone")],
)
def test_what_does_not_survive_is_said(world: World, instances: int, words: str) -> None:
    assert any(words in warning for warning in world.ask(instances).warnings)


def test_it_is_said_that_zones_are_sagemaker_s_choice_and_nobody_can_see_them(world: World) -> None:
    assert any(check.ok and "AWS reports no instance's zone" in check.text for check in world.ask().checks)


def test_a_model_in_a_vpc_says_where_more_zones_come_from(world: World) -> None:
    world.send(
        "CreateModel",
        ModelName="inside",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": f"{IMAGE_REPOSITORY}:1.7-1", "ModelDataUrl": "s3://models/model.tar.gz"},
        VpcConfig={"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]},
    )
    variant = {"VariantName": "A", "ModelName": "inside", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    world.send("CreateEndpointConfig", EndpointConfigName="inside", ProductionVariants=[variant])
    world.send("CreateEndpoint", EndpointName="inside", EndpointConfigName="inside")
    world.region.advance(900)
    plan = world.ask(endpoint="inside")
    assert any("more of them take a new model, which update gives" in note for note in plan.notes)


def test_a_quota_that_has_no_room_for_both_fleets_forbids_the_new_config_only(world: World) -> None:
    world.region.controls["quotas"](world.region, {"ml.m5.xlarge": 3})
    assert not world.ask().forbidding
    assert [check.kind for check in world.ask(by="config").forbidding] == [ErrorKind.QUOTA]


def test_asked_again_there_is_nothing_left_to_do(world: World) -> None:
    world.run(world.ask())
    again = world.ask()
    assert any(check.ok and "has 3 instances already" in check.text for check in again.checks)
    world.run(again)
    assert world.state() == ("InService", "m", 3, 3)
