"""Any calls in any order, under any load: nothing is orphaned, no status is impossible, capacity keeps its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.store import Record
from tests.sandbox.scaling import VARIANT, call, serving_region

COOLDOWN = timedelta(seconds=300)
NAMES = st.sampled_from(["one", "two"])
CAPACITY = st.integers(0, 9)
BOUNDS = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    st.tuples(CAPACITY, CAPACITY),
)
FINAL = {"Successful", "Overridden", "Unfulfilled", "Failed"}
TRACKING, STEPS, ACTION = "TargetTracking-", "steps-", "autoscaling.scheduled_action_due"


class Scaling(RuleBasedStateMachine):
    """One endpoint that is registered, scaled, updated, deleted and made again as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.region, self.services = serving_region(Path(self.folder.name))
        self.bounds_are_kept = True
        self.register((1, 6))

    def teardown(self) -> None:
        self.region.close()
        self.folder.cleanup()

    def ask(self, service: str, operation: str, **members: Any) -> Any:
        """The answer; None when the call is refused, which must be by an error of AWS's."""
        with suppress(AwsError):
            return call(self.region, self.services[service], operation, **members)
        return None

    def scaling(self, operation: str, **members: Any) -> Any:
        return self.ask("application-autoscaling", operation, **VARIANT, **members)

    @rule(bounds=BOUNDS)
    def register(self, bounds: tuple[int, int]) -> None:
        if self.scaling("RegisterScalableTarget", MinCapacity=bounds[0], MaxCapacity=bounds[1]) is not None:
            self.bounds_are_kept = True

    @rule(
        state=st.dictionaries(
            st.sampled_from(["DynamicScalingInSuspended", "ScheduledScalingSuspended"]), st.booleans()
        )
    )
    def suspend(self, state: dict[str, bool]) -> None:
        if self.scaling("RegisterScalableTarget", SuspendedState=state) is not None:
            self.bounds_are_kept = True

    @rule(name=NAMES, value=st.integers(-1, 20), disable=st.booleans())
    def track(self, name: str, value: int, disable: bool) -> None:
        metric = {"Namespace": "Shop", "MetricName": f"Depth-{name}", "Statistic": "Average"}
        self.scaling(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": float(value),
                "CustomizedMetricSpecification": metric,
                "DisableScaleIn": disable,
            },
        )

    @rule(name=NAMES, adjustment=st.integers(-3, 3), threshold=st.integers(0, 20))
    def step(self, name: str, adjustment: int, threshold: int) -> None:
        answer = self.scaling(
            "PutScalingPolicy",
            PolicyName=f"{STEPS}{name}",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": adjustment}],
            },
        )
        if answer is not None:
            self.ask(
                "cloudwatch",
                "PutMetricAlarm",
                AlarmName=f"alarm-{name}",
                Namespace="Shop",
                MetricName=f"Depth-{name}",
                Statistic="Average",
                Period=60,
                EvaluationPeriods=1,
                Threshold=float(threshold),
                ComparisonOperator="GreaterThanThreshold",
                AlarmActions=[answer["PolicyARN"]],
                ActionsEnabled=True,
            )

    @rule(
        name=NAMES,
        schedule=st.sampled_from(["rate(7 minutes)", "cron(0/5 * * * ? *)", "at(2026-01-05T12:40:00)", "nonsense"]),
        action=st.dictionaries(st.sampled_from(["MinCapacity", "MaxCapacity"]), CAPACITY),
    )
    def schedule(self, name: str, schedule: str, action: dict[str, int]) -> None:
        self.scaling("PutScheduledAction", ScheduledActionName=name, Schedule=schedule, ScalableTargetAction=action)

    @rule(name=NAMES, value=st.integers(0, 60), minutes=st.integers(1, 18))
    def load(self, name: str, value: int, minutes: int) -> None:
        for _ in range(minutes):
            data = [{"MetricName": f"Depth-{name}", "Value": float(value)}]
            self.ask("cloudwatch", "PutMetricData", Namespace="Shop", MetricData=data)
            self.region.advance(60)

    @rule(values=st.lists(st.sampled_from([0, 5, 60]), min_size=2, max_size=3))
    def load_that_lasts(self, values: list[int]) -> None:
        for value in values:
            self.load("one", value, 16)

    @rule(count=st.integers(0, 9))
    def rescale(self, count: int) -> None:
        wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}]
        asked = {"EndpointName": "engines", "DesiredWeightsAndCapacities": wanted}
        if self.ask("sagemaker", "UpdateEndpointWeightsAndCapacities", **asked) is not None:
            self.bounds_are_kept = False

    @rule()
    def update(self) -> None:
        if self.ask("sagemaker", "UpdateEndpoint", EndpointName="engines", EndpointConfigName="m") is not None:
            self.bounds_are_kept = False

    @rule(left=st.sampled_from([0, 1, None]))
    def run_short(self, left: int | None) -> None:
        self.region.controls["capacity"](self.region, {"ml.m5.xlarge": left})

    @rule(
        call=st.sampled_from(
            [
                ("DeregisterScalableTarget", {}),
                ("DeleteScalingPolicy", {"PolicyName": "one"}),
                ("DeleteScalingPolicy", {"PolicyName": f"{STEPS}one"}),
                ("DeleteScheduledAction", {"ScheduledActionName": "one"}),
                ("DeleteEndpoint", {"EndpointName": "engines"}),
            ]
        )
    )
    def remove(self, call: tuple[str, dict[str, str]]) -> None:
        operation, members = call
        if operation == "DeleteEndpoint":
            self.ask("sagemaker", operation, **members)
        else:
            self.scaling(operation, **members)

    @precondition(lambda self: "engines" not in self.region.table("endpoints"))
    @rule()
    def create_endpoint(self) -> None:
        self.ask("sagemaker", "CreateEndpoint", EndpointName="engines", EndpointConfigName="m")

    def activities(self) -> Iterator[Record]:
        return (activity for activity in self.region.table("scaling_activities").values())

    @invariant()
    def nothing_is_orphaned(self) -> None:
        tables = {name: self.region.table(name) for name in ("scaling_policies", "scheduled_actions")}
        targets = set(self.region.table("scalable_targets"))
        assert {record["ResourceId"] for table in tables.values() for record in table.values()} <= targets
        alarms = {name for name in self.region.table("alarms") if name.startswith(TRACKING)}
        policies = tables["scaling_policies"].values()
        assert alarms == {
            alarm["AlarmName"]
            for policy in policies
            for alarm in policy["Alarms"]
            if policy["PolicyName"] in ("one", "two")
        }
        arns = {policy["PolicyARN"] for policy in policies}
        assert {arn for alarm in self.region.table("alarms").values() for arn in alarm["AlarmActions"]} <= arns
        events = {id_ for id_, event in self.region.table("timed_events").items() if event["name"] == ACTION}
        due = [action["_event"] for action in tables["scheduled_actions"].values() if action["_event"] is not None]
        assert sorted(events) == sorted(due)
        serving = self.region.table("endpoints").get("engines", {}).get("EndpointStatus")
        assert not targets or serving not in (None, "Creating", "Deleting")

    @invariant()
    def every_status_is_possible(self) -> None:
        status = self.region.table("endpoints").get("engines", {}).get("EndpointStatus")
        open_ones = [activity["StatusCode"] for activity in self.activities() if activity["StatusCode"] not in FINAL]
        assert len(open_ones) <= 1
        assert not open_ones or status in ("Updating", "RollingBack")
        for activity in self.activities():
            if "_to" in activity:
                assert ("EndTime" in activity) == (activity["StatusCode"] in FINAL)
                assert activity.get("EndTime", activity["StartTime"]) >= activity["StartTime"]

    @invariant()
    def capacity_keeps_its_bounds(self) -> None:
        endpoint = self.region.table("endpoints").get("engines", {})
        scalings = [activity["StatusCode"] for activity in self.activities() if "_to" in activity]
        settled = endpoint.get("EndpointStatus") == "InService" and scalings[-1:] not in (["Unfulfilled"], ["Failed"])
        for target in self.region.table("scalable_targets").values():
            if settled and self.bounds_are_kept:
                [variant] = endpoint["ProductionVariants"]
                current = variant["CurrentInstanceCount"]
                assert max(1, target["MinCapacity"]) <= current <= max(1, target["MaxCapacity"])

    @invariant()
    def a_scale_in_waits_for_the_cooldown_of_the_last(self) -> None:
        done = [activity for activity in self.activities() if activity.get("_policy") and "EndTime" in activity]
        fulfilled = [activity for activity in done if activity["StatusCode"] == "Successful"]
        for earlier, later in pairwise(fulfilled):
            if earlier["_to"] < earlier["_from"] and later["_to"] < later["_from"]:
                assert later["StartTime"] >= earlier["EndTime"] + COOLDOWN


TestScaling = Scaling.TestCase
TestScaling.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
