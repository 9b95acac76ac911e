"""Plans of scaling do in a region what they say, keep what nobody asked for, and are taken back word for word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.autoscale import (
    ScaleRequest,
    ScheduleRequest,
    StepPolicyRequest,
    parse_steps,
    plan_scale,
)
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import Outcome, StepEvent, roll_back, run
from cmapss_core.plans.scaling.steps import VariantScaling, identity, read_variant_scaling
from cmapss_core.scaling import CONCURRENT_REQUESTS, INVOCATIONS_PER_INSTANCE, read_scaling
from tests.core.regions import RegionAws
from tests.sandbox.scaling import call, serving_region

NAME, VARIANT = "engines", "AllTraffic"
OF = identity(NAME, VARIANT)
TRACKING = "TargetTrackingScalingPolicyConfiguration"
STEPPING = "StepScalingPolicyConfiguration"
STEPS = parse_steps(["0:10=+1", "10:=+2"])


class World:
    """A region with one endpoint in service, whose clock moves on a minute whenever a plan waits."""

    def __init__(self, folder: Path) -> None:
        region, services = serving_region(folder / "state")
        self.region = region
        self.aws = RegionAws(region, services)
        self.journal = Journal(folder / "journal")

    def ask(self, **asked: Any) -> Plan:
        return plan_scale(self.aws, ScaleRequest(endpoint=NAME, **asked))

    def run(self, plan: Plan) -> Plan:
        assert run(self.aws, plan, self.journal, on_event=self._passing).status == "done"
        return plan

    def do(self, **asked: Any) -> Plan:
        return self.run(self.ask(**asked))

    def undo(self, plan: Plan) -> Outcome:
        outcome = roll_back(self.aws, plan.id, self.journal, on_event=self._passing)
        assert outcome.status == "rolled_back"
        return outcome

    def now(self) -> VariantScaling:
        scaling = read_variant_scaling(self.aws, NAME, VARIANT)
        assert scaling is not None
        return scaling

    def tracking(self) -> dict[str, Any]:
        [policy] = [policy for policy in self.now().policies if policy["PolicyType"] == "TargetTrackingScaling"]
        return dict(policy[TRACKING])

    def send(self, service: str, operation: str, **members: Any) -> Any:
        """What somebody else does, past the console."""
        return call(self.region, self.aws.answering[service], operation, **members)

    def _passing(self, event: StepEvent) -> None:
        if event.state in ("waiting", "undoing"):
            self.region.advance(60)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)
    return World(tmp_path)


@pytest.fixture
def scaled(world: World) -> World:
    """Scaled by target tracking, with the defaults."""
    world.do(min=1, max=5)
    return world


Shown = Callable[[VariantScaling], Any]


def policy(kind: str, member: str) -> Shown:
    return lambda scaling: next(p[kind].get(member) for p in scaling.policies if kind in p)


def action(member: str) -> Shown:
    return lambda scaling: scaling.scheduled_actions[0][member]


def suspended(scaling: VariantScaling) -> list[str]:
    return [name for name, value in scaling.target["SuspendedState"].items() if value]


NIGHT = ScheduleRequest(name="night", schedule="cron(0 22 * * ? *)", min=1, max=2, timezone="Europe/Berlin")
BURST = StepPolicyRequest(adjustments=STEPS, threshold=20.0, minutes=2, cooldown=60)

OPTIONS: list[tuple[dict[str, Any], Shown, Any]] = [
    ({"min": 2}, lambda s: s.target["MinCapacity"], 2),
    ({"max": 7}, lambda s: s.target["MaxCapacity"], 7),
    ({"target": 12.5}, policy(TRACKING, "TargetValue"), 12.5),
    ({"scale_in_cooldown": 0}, policy(TRACKING, "ScaleInCooldown"), 0),
    ({"scale_out_cooldown": 90}, policy(TRACKING, "ScaleOutCooldown"), 90),
    ({"scale_in": False}, policy(TRACKING, "DisableScaleIn"), True),
    (
        {"high_resolution": True},
        policy(TRACKING, "PredefinedMetricSpecification"),
        {"PredefinedMetricType": CONCURRENT_REQUESTS},
    ),
    ({"high_resolution": True}, policy(TRACKING, "TargetValue"), 5.0),
    ({"high_resolution": True, "target": 3.0}, policy(TRACKING, "TargetValue"), 3.0),
    ({"suspend": ("in",)}, suspended, ["DynamicScalingInSuspended"]),
    ({"suspend": ("out", "scheduled")}, suspended, ["DynamicScalingOutSuspended", "ScheduledScalingSuspended"]),
    ({"schedules": (NIGHT,)}, action("ScalableTargetAction"), {"MinCapacity": 1, "MaxCapacity": 2}),
    ({"schedules": (NIGHT,)}, action("Timezone"), "Europe/Berlin"),
    ({"step_policy": BURST}, policy(STEPPING, "Cooldown"), 60),
    ({"step_policy": BURST}, policy(STEPPING, "StepAdjustments"), list(STEPS.steps)),
    ({"step_policy": BURST}, lambda s: [(a["Threshold"], a["EvaluationPeriods"]) for a in s.alarms], [(20.0, 2)]),
    ({"remove_policies": ("Invocations-ScalingPolicy",)}, lambda s: s.policies, ()),
]


@pytest.mark.parametrize(("asked", "shown", "value"), OPTIONS)
def test_each_option_is_written_and_read_back_and_taken_back(
    scaled: World, asked: dict[str, Any], shown: Shown, value: Any
) -> None:
    before = scaled.now()
    plan = scaled.do(**asked)
    assert shown(scaled.now()) == value
    assert not scaled.undo(plan).left
    assert scaled.now() == before


@pytest.mark.parametrize(("asked", "shown", "value"), OPTIONS[:2] + OPTIONS[3:6] + OPTIONS[11:16])
def test_what_is_first_set_up_goes_whole_when_it_is_taken_back(
    world: World, asked: dict[str, Any], shown: Shown, value: Any
) -> None:
    plan = world.do(**asked)
    assert shown(world.now()) == value
    world.undo(plan)
    assert read_variant_scaling(world.aws, NAME, VARIANT) is None
    assert world.send("cloudwatch", "DescribeAlarms")["MetricAlarms"] == []


def test_a_step_policy_alone_needs_no_target_tracking(world: World) -> None:
    world.do(step_policy=BURST)
    assert [policy["PolicyType"] for policy in world.now().policies] == ["StepScaling"]


def test_its_alarm_scales_out_by_the_step_that_its_load_is_in(world: World) -> None:
    world.do(step_policy=BURST)
    [name] = [alarm["AlarmName"] for alarm in world.now().alarms]
    world.send("cloudwatch", "SetAlarmState", AlarmName=name, StateValue="ALARM", StateReason="as it would be")
    world.region.advance(600)
    assert read_endpoint(world.aws, NAME).current_instances == 2


def test_a_step_policy_is_changed_a_member_at_a_time(world: World) -> None:
    world.do(step_policy=BURST)
    [before] = world.now().policies
    world.do(step_policy=StepPolicyRequest(threshold=40.0))
    assert world.now().policies == (before,)
    [alarm] = world.now().alarms
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (40.0, 2)
    plan = world.do(step_policy=StepPolicyRequest(adjustments=parse_steps([":0=-1"])))
    assert world.now().alarms[0]["ComparisonOperator"] == "LessThanOrEqualToThreshold"
    world.undo(plan)
    assert world.now().policies == (before,)
    plan = world.do(remove_policies=("Invocations-StepPolicy",))
    assert world.now().alarms == world.now().policies == ()
    world.undo(plan)
    assert world.now().policies == (before,)
    [again] = world.send("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    [put] = world.send("application-autoscaling", "DescribeScalingPolicies", ServiceNamespace="sagemaker")[
        "ScalingPolicies"
    ]
    assert again["AlarmActions"] == [put["PolicyARN"]], "the policy that was put again, by its new ARN"


def test_suspended_the_bounds_alone_hold_and_resumed_all_scales_again(scaled: World) -> None:
    scaled.do(suspend=("in", "out", "scheduled"))
    assert read_scaling(scaled.aws, read_endpoint(scaled.aws, NAME)).targets[0].suspended == ("in", "out", "scheduled")
    scaled.do(resume=True)
    assert suspended(scaled.now()) == []


def test_a_scheduled_action_sets_its_bounds_when_it_is_due(scaled: World) -> None:
    at = scaled.aws.clock.now()
    plan = scaled.do(schedules=(ScheduleRequest(name="soon", schedule=f"at({at:%Y-%m-%dT}23:00:00)", min=3),))
    assert plan.notes == (f"scheduled action soon is due next {at:%Y-%m-%d} 23:00 UTC",)
    reading = read_scaling(scaled.aws, read_endpoint(scaled.aws, NAME))
    due = reading.scheduled_actions[0].next_due(at)
    assert due is not None
    scaled.region.advance((due - at).total_seconds() + 900)
    assert scaled.now().target["MinCapacity"] == 3
    scaled.do(unschedule=("soon",))
    assert scaled.now().scheduled_actions == ()


def test_what_other_tools_have_set_stays_word_for_word(world: World) -> None:
    world.send("application-autoscaling", "RegisterScalableTarget", **OF, MinCapacity=1, MaxCapacity=4)
    custom = {
        "TargetValue": 70.5,
        "CustomizedMetricSpecification": {"Namespace": "engines", "MetricName": "CPU", "Statistic": "Average"},
        "DisableScaleIn": True,
    }
    world.send(
        "application-autoscaling",
        "PutScalingPolicy",
        **OF,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=custom,
    )
    world.do(max=6)
    assert world.tracking() == custom
    world.do(target=50.0)
    assert world.tracking() == {**custom, "TargetValue": 50.0}
    with pytest.raises(ConsoleError, match="cpu follows a metric of its own"):
        world.ask(high_resolution=True)
    world.do(policy="second", target=9.0)
    assert {policy["PolicyName"] for policy in world.now().policies} == {"cpu", "second"}
    with pytest.raises(ConsoleError, match="several target-tracking policies: cpu, second"):
        world.ask(target=3.0)


def test_bounds_alone_bring_no_policy_to_what_has_a_schedule(world: World) -> None:
    world.send("application-autoscaling", "RegisterScalableTarget", **OF, MinCapacity=1, MaxCapacity=4)
    plan = world.do(max=6)
    assert world.now().policies == ()
    assert any("without a policy" in warning for warning in plan.warnings)


def test_what_somebody_else_has_changed_since_is_not_taken_back(scaled: World) -> None:
    plan = scaled.do(min=2, target=30.0)
    scaled.send("application-autoscaling", "RegisterScalableTarget", **OF, MinCapacity=3, MaxCapacity=9)
    roll_back(scaled.aws, plan.id, scaled.journal)
    assert scaled.now().target["MaxCapacity"] == 9
    assert scaled.tracking()["TargetValue"] == 10.0


@pytest.mark.parametrize(
    ("asked", "message", "kind"),
    [
        ({"off": True}, "not scaled automatically", ErrorKind.NOT_FOUND),
        ({"suspend": ("in",)}, "not scaled automatically", ErrorKind.NOT_FOUND),
        ({"min": 6}, "min 6 is above max 5", ErrorKind.INVALID),
        ({"min": 0}, "min 0 is below 1", ErrorKind.INVALID),
        ({"target": 0.0}, "target 0 is not above 0", ErrorKind.INVALID),
        ({"scale_in_cooldown": -1}, "a cooldown is negative", ErrorKind.INVALID),
        ({"min": 1, "unschedule": ("nightly",)}, "no scheduled action 'nightly'", ErrorKind.NOT_FOUND),
        ({"min": 1, "remove_policies": ("P",)}, "no policy 'P'", ErrorKind.NOT_FOUND),
        ({"step_policy": StepPolicyRequest(threshold=5.0)}, "has no steps", ErrorKind.INVALID),
        ({"step_policy": StepPolicyRequest(adjustments=STEPS)}, "has no alarm", ErrorKind.INVALID),
        ({"variant": "Blue", "min": 1}, "no variant 'Blue'", ErrorKind.NOT_FOUND),
        ({"schedules": (replace(NIGHT, min=None, max=None),)}, "sets nothing", ErrorKind.INVALID),
        (
            {"schedules": (replace(NIGHT, schedule="at(2020-01-01T00:00:00)"),)},
            "never due: at(2020-01-01T00:00:00) has passed",
            ErrorKind.INVALID,
        ),
    ],
)
def test_what_cannot_be_is_one_clear_line(world: World, asked: dict[str, Any], message: str, kind: ErrorKind) -> None:
    with pytest.raises(ConsoleError) as caught:
        world.ask(**asked)
    assert message in caught.value.message
    assert caught.value.kind is kind
    assert caught.value.remedy


def test_a_burstable_variant_and_one_that_changes_are_refused(world: World) -> None:
    world.send(
        "sagemaker",
        "UpdateEndpointWeightsAndCapacities",
        EndpointName=NAME,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 2}],
    )
    with pytest.raises(ConsoleError, match="engines is Updating") as caught:
        world.ask(min=1)
    assert caught.value.kind is ErrorKind.CONFLICT
    world.region.advance(900)
    bound = {"VariantName": "A", "ModelName": "m", "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
    world.send("sagemaker", "CreateEndpointConfig", EndpointConfigName="t", ProductionVariants=[bound])
    world.send("sagemaker", "CreateEndpoint", EndpointName="small", EndpointConfigName="t")
    with pytest.raises(ConsoleError, match=r"ml\.t2\.medium is burstable"):
        plan_scale(world.aws, ScaleRequest(endpoint="small", min=1))


def test_of_several_variants_the_one_that_is_named_is_scaled(world: World) -> None:
    both = [
        {"VariantName": name, "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
        for name in ("A", "B")
    ]
    world.send("sagemaker", "CreateEndpointConfig", EndpointConfigName="two", ProductionVariants=both)
    world.send("sagemaker", "CreateEndpoint", EndpointName="pair", EndpointConfigName="two")
    world.region.advance(900)
    with pytest.raises(ConsoleError, match="pair has several variants: A, B") as caught:
        plan_scale(world.aws, ScaleRequest(endpoint="pair", min=2))
    assert "--variant" in caught.value.remedy
    plan = world.run(plan_scale(world.aws, ScaleRequest(endpoint="pair", variant="B", min=2)))
    assert plan.hourly_cost_usd_after == pytest.approx(3 * 0.23)
    endpoint = read_endpoint(world.aws, "pair")
    assert [target.variant for target in read_scaling(world.aws, endpoint).targets] == ["B"]


def test_a_minimum_beyond_the_quota_is_forbidden_before_anything_is_done(scaled: World) -> None:
    scaled.region.controls["quotas"](scaled.region, {"ml.m5.xlarge": 2})
    plan = scaled.ask(min=3)
    assert [check.kind for check in plan.forbidding] == [ErrorKind.QUOTA]


@pytest.mark.parametrize(("most", "warned"), [(100_000, True), (8, False)])
def test_a_maximum_beyond_the_quota_is_warned_of_and_stops_nothing(world: World, most: int, warned: bool) -> None:
    world.region.controls["quotas"](world.region, {"ml.m5.xlarge": 8})
    plan = world.ask(min=1, max=most)
    told = f"at full load {most} × ml.m5.xlarge run, and the quota is 8"
    assert (told in plan.warnings) is warned
    assert plan.forbidding == ()
    if warned:
        world.run(plan)
        assert world.now().target["MaxCapacity"] == most
        assert told in world.ask(target=20.0).warnings, "as long as it stands so"


def test_a_reading_makes_four_calls_and_asks_for_schedules_once_a_minute(scaled: World) -> None:
    scaled.do(schedules=(NIGHT,))
    endpoint = read_endpoint(scaled.aws, NAME)
    reads = []
    for seconds in (0, 10, 60):
        scaled.region.advance(seconds)
        scaled.aws.calls.clear()
        scaling = read_scaling(scaled.aws, endpoint)
        assert [action.name for action in scaling.scheduled_actions] == ["night"]
        reads.append(len(scaled.aws.calls))
    assert reads == [5, 4, 5]
    assert scaling.policies[0].metric == INVOCATIONS_PER_INSTANCE


def test_the_plan_names_every_permission_that_it_takes(world: World) -> None:
    plan = world.ask(step_policy=BURST, schedules=(NIGHT,))
    assert {
        "application-autoscaling:PutScheduledAction",
        "application-autoscaling:RegisterScalableTarget",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
    } <= set(plan.iam_actions)
    assert "cloudwatch:DeleteAlarms" in {*plan.iam_actions, *plan.undo_iam_actions}


def test_what_is_called_is_what_the_plan_says_that_it_needs(world: World) -> None:
    with world.aws.recording() as making:
        plan = world.ask(step_policy=BURST, schedules=(NIGHT,), target=5.0)
    with world.aws.recording() as running:
        world.run(plan)
    with world.aws.recording() as undoing:
        world.undo(plan)
    own = {*plan.iam_actions, *plan.optional_iam_actions}
    assert {*making.actions, *running.actions} == own
    assert set(undoing.actions) <= own | set(plan.undo_iam_actions)
