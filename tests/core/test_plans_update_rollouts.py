"""Roll-outs on a sandbox: each strategy, a canary that goes by itself, one that is stopped, others in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.runner import run
from cmapss_core.plans.running.operations import Outcome, StepEvent
from cmapss_core.plans.stop import plan_stop_rollout
from cmapss_core.plans.update import plan_update
from cmapss_core.plans.updating.alarms import Guard
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
from cmapss_core.plans.updating.strategies import RolloutRequest, Size
from tests.core.updating import NAME, TYPE, VARIANT, Updating, change, model_of_two_features, titles
from tests.live import LiveSandbox
from tests.sweeping import sweep


@pytest.fixture
def updating(sandbox: LiveSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Updating]:
    """Whatever a test did, deleting the endpoint afterwards leaves nothing at all in the region."""
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)
    world = Updating(sandbox, Aws(Target(endpoint_url=sandbox.endpoint_url)), Journal(tmp_path))
    yield world
    world.delete()
    assert sweep(sandbox) == {}


def invoke(sandbox: LiveSandbox, times: int = 8) -> list[int]:
    """The statuses that callers get whose rows have four columns."""
    from botocore.exceptions import ClientError

    runtime, statuses = sandbox.client("sagemaker-runtime"), []
    for _ in range(times):
        try:
            runtime.invoke_endpoint(EndpointName=NAME, ContentType="text/csv", Body=b"1,2,3,4")
            statuses.append(200)
        except ClientError as error:
            answer: dict[str, Any] = {**error.response}
            statuses.append(int(answer["OriginalStatusCode"]))
    return statuses


def test_a_canary_with_a_bad_model_goes_by_itself_and_leaves_nothing(updating: Updating) -> None:
    before = updating.deploy(instances=3, autoscaling=False)
    bad = updating.model_of_somebody_else(model_of_two_features())
    plan = plan_update(updating.aws, change(source=ModelSource(model=bad)))
    assert "roll-out: canary of 1 instance, 300 s" in plan.notes, "what is usual for a new model"
    assert "rolled back by itself on 1 or more errors in a minute" in plan.notes
    heard: list[StepEvent] = []
    answered: list[int] = []

    def calling(event: StepEvent) -> None:
        heard.append(event)
        if "Baking" in event.message:
            answered.extend(invoke(updating.sandbox))

    outcome = updating.carry(plan, meanwhile=calling)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.FAILED
    assert outcome.error.message.startswith("engines is rolled back to its former config: ")
    assert "went into the ALARM state" in outcome.error.message, "AWS's own reason"
    assert {200, 400} <= set(answered), "some were answered by the canary, others by the former fleet"
    assert any("Baking" in event.message for event in heard if event.state == "waiting"), "it could be watched"

    assert updating.back(plan).status == "rolled_back"
    after = updating.endpoint
    assert (after.status, after.config, after.current_instances) == ("InService", before.config, 3)
    left = sweep(updating.sandbox)
    assert left["endpoint configs"] == [before.config]
    assert "alarms" not in left
    assert set(invoke(updating.sandbox)) == {200}


def test_a_rollout_is_stopped_while_its_operation_goes_on(updating: Updating, tmp_path: Path) -> None:
    before = updating.deploy(instances=2, autoscaling=False)
    plan = plan_update(updating.aws, updating.new_model())
    stopped: list[Outcome] = []

    def stopping(event: StepEvent) -> None:
        if "Baking" in event.message and not stopped:
            rollout = updating.endpoint.rollout
            assert rollout is not None
            assert (rollout.former_config, rollout.stage) == (before.config, "Baking")
            stop = plan_stop_rollout(updating.aws, NAME)
            stopped.append(run(updating.aws, stop, updating.journal, wait=False, on_event=passing))

    def passing(event: StepEvent) -> None:
        if event.state == "waiting":
            updating.sandbox.advance(minutes=1)

    outcome = updating.carry(plan, meanwhile=stopping)
    assert [each.status for each in stopped] == ["done"]
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "rolled back to its former config" in outcome.error.message
    assert "-stop-" in outcome.error.message, "the reason names the alarm that was set"
    assert updating.back(plan).status == "rolled_back"
    assert updating.endpoint.config == before.config
    with pytest.raises(ConsoleError, match="no roll-out is under way"):
        plan_stop_rollout(updating.aws, NAME)


def test_what_no_alarm_guards_can_only_be_taken_back_afterwards(updating: Updating) -> None:
    updating.deploy(instances=2, autoscaling=False)
    request = updating.new_model(rollout=RolloutRequest(strategy="all-at-once"))
    plan = plan_update(updating.aws, request)
    assert "put alarm" not in titles(plan)
    assert run(updating.aws, plan, updating.journal, wait=False).status == "open"
    with pytest.raises(ConsoleError, match="AWS has no other way to stop it") as caught:
        plan_stop_rollout(updating.aws, NAME)
    assert f"operations rollback {plan.id}" in caught.value.remedy
    assert updating.carry(plan).status == "done"


@pytest.mark.parametrize(
    ("rollout", "policy"),
    [
        (RolloutRequest(strategy="all-at-once", bake=120, timeout=3600), "ALL_AT_ONCE"),
        (RolloutRequest(canary_size=Size(50, percent=True), wait_interval=60, bake=60), "CANARY"),
        (RolloutRequest(strategy="linear", wait_interval=60), "LINEAR"),
        (RolloutRequest(batch_size=Size(1), rollback_batch_size=Size(2), wait_interval=60), None),
    ],
)
def test_each_strategy_is_carried_out_as_aws_is_asked(
    rollout: RolloutRequest, policy: str | None, updating: Updating
) -> None:
    updating.deploy(instances=3, autoscaling=False)
    plan = plan_update(updating.aws, updating.new_model(rollout=rollout, guards=(Guard("latency", 60_000),)))
    assert updating.carry(plan).status == "done"
    endpoint = updating.endpoint
    assert endpoint.current_instances == 3
    config = endpoint.deployment_config
    assert config is not None
    names = [alarm["AlarmName"] for alarm in config["AutoRollbackConfiguration"]["Alarms"]]
    assert [name.removeprefix("cmapss-console-engines-")[:6] for name in names] == ["AllTra", "stop-2"]
    if policy is None:
        assert config["RollingUpdatePolicy"]["RollbackMaximumBatchSize"] == {"Type": "INSTANCE_COUNT", "Value": 2}
    else:
        assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == policy


def test_a_single_instance_takes_over_at_once_with_the_former_one_ready(updating: Updating) -> None:
    updating.deploy(autoscaling=False)
    plan = plan_update(updating.aws, updating.new_model())
    assert "roll-out: all at once, the former fleet stays 300 s" in plan.notes
    assert updating.carry(plan).status == "done"


def test_alarms_that_are_named_have_to_be_there_and_at_rest(updating: Updating) -> None:
    updating.deploy(instances=2, autoscaling=False)
    cloudwatch = updating.sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="theirs",
        Namespace="Custom",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    request = updating.new_model(alarms=("theirs",))
    plan = plan_update(updating.aws, request)
    assert plan.forbidding == ()
    assert next(step.detail for step in plan.steps if step.title == "put alarm").startswith(
        "cmapss-console-engines-stop-"
    ), "who names alarms gets no other, but for the one to stop it with"
    cloudwatch.set_alarm_state(AlarmName="theirs", StateValue="ALARM", StateReason="so")
    [forbidden] = plan_update(updating.aws, request).forbidding
    assert forbidden.text.startswith("alarm theirs is in ALARM")
    [forbidden] = plan_update(updating.aws, updating.new_model(alarms=("nobodys",))).forbidding
    assert (forbidden.text, forbidden.kind) == ("there is no alarm 'nobodys'", ErrorKind.NOT_FOUND)
    cloudwatch.delete_alarms(AlarmNames=["theirs"])


def test_a_model_that_does_not_come_up_is_rolled_back_with_aws_s_reason(updating: Updating) -> None:
    before = updating.deploy(instances=2, autoscaling=False)
    broken = updating.model_of_somebody_else(b"no archive at all")
    plan = plan_update(updating.aws, change(source=ModelSource(model=broken)))
    outcome = updating.carry(plan)
    assert outcome.error is not None
    assert "did not pass the ping health check" in outcome.error.message
    assert outcome.log_lines, "the container's last words are told"
    assert updating.back(plan).status == "rolled_back"
    assert updating.endpoint.config == before.config


@pytest.mark.parametrize("deed", ["update", "delete"])
def test_somebody_else_in_the_middle_is_told_as_such(deed: str, updating: Updating) -> None:
    before = updating.deploy(autoscaling=False)
    sagemaker = updating.sandbox.client("sagemaker")
    plan = plan_update(updating.aws, change(instance_type="ml.c5.large"))
    done: list[Any] = []

    def interfering(event: StepEvent) -> None:
        if event.state != "waiting" or done:
            return
        updating.sandbox.advance(minutes=15)
        if deed == "delete":
            done.append(sagemaker.delete_endpoint(EndpointName=NAME))
            updating.sandbox.advance(minutes=3)
            return
        model = updating.endpoint.variants[0].model
        variant = {
            "VariantName": VARIANT,
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        done.append(sagemaker.create_endpoint_config(EndpointConfigName="theirs", ProductionVariants=[variant]))
        sagemaker.update_endpoint(EndpointName=NAME, EndpointConfigName="theirs")
        updating.sandbox.advance(minutes=15)

    outcome = updating.carry(plan, meanwhile=interfering)
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.CONFLICT
    assert "somebody else" in outcome.error.message
    updating.back(plan)
    left = sweep(updating.sandbox)
    if deed == "update":
        assert updating.endpoint.config == "theirs", "what they did stays"
        sagemaker.delete_endpoint_config(EndpointConfigName=before.config)
        return
    assert left["endpoint configs"] == [before.config], "what the update made is gone"
    sagemaker.delete_endpoint_config(EndpointConfigName=before.config)
    updating.deploy(autoscaling=False)  # with the same model, for the fixture to delete


def test_without_the_right_to_look_at_alarms_none_are_made_unless_they_are_asked_for(
    updating: Updating, monkeypatch: pytest.MonkeyPatch
) -> None:
    updating.deploy(instances=2, autoscaling=False)
    monkeypatch.setattr(
        "cmapss_core.plans.updating.guarding.reading_denied", lambda draft, roles: tuple(sorted(set(roles)))
    )
    plan = plan_update(updating.aws, updating.new_model())
    assert "put alarm" not in titles(plan)
    assert any("lacks cloudwatch:DescribeAlarms" in warning for warning in plan.warnings)
    assert plan.forbidding == ()
    asked = plan_update(updating.aws, updating.new_model(guards=(Guard("errors"),)))
    assert [check.kind for check in asked.forbidding] == [ErrorKind.DENIED]


def test_changes_of_the_only_variant_are_refused_where_there_are_two(updating: Updating) -> None:
    updating.deploy(autoscaling=False)
    added = VariantChange(name="Second", source=ModelSource(job=updating.second_job))
    request = UpdateRequest(
        endpoint=NAME, variants=(added,), rollout=RolloutRequest(strategy="all-at-once"), keep_former=True
    )
    assert updating.carry(plan_update(updating.aws, request)).status == "done"
    with pytest.raises(ConsoleError, match="has the variants AllTraffic, Second"):
        plan_update(updating.aws, change(instances=2))


def test_a_mix_that_a_failed_roll_back_leaves_is_mended_by_taking_the_update_back(updating: Updating) -> None:
    before = updating.deploy(instances=4, autoscaling=False)
    rolling = RolloutRequest(batch_size=Size(2), wait_interval=600)
    plan = plan_update(updating.aws, updating.new_model(rollout=rolling))
    done: list[str] = []

    def failing(event: StepEvent) -> None:
        """When half of the former fleet is gone, nothing is left to bring it back with."""
        endpoint = updating.endpoint
        if done or endpoint.rollout is None or endpoint.current_instances > 2:
            return
        updating.sandbox.control("/capacity", **{TYPE: 0})
        done.extend(endpoint.rollout.alarms)
        updating.sandbox.client("cloudwatch").set_alarm_state(
            AlarmName=done[-1], StateValue="ALARM", StateReason="it has to go back"
        )

    outcome = updating.carry(plan, meanwhile=failing)
    assert outcome.error is not None
    assert outcome.error.message.startswith("engines is UpdateRollbackFailed: Unable to provision")
    updating.sandbox.control("/capacity", **{TYPE: None})
    assert updating.back(plan).status == "rolled_back"
    after = updating.endpoint
    assert (after.status, after.config, after.current_instances) == ("InService", before.config, 4)
