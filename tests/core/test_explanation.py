"""The sentence says what target tracking does, and why, in every state it can be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.explanation import explain
from cmapss_core.metrics import Metrics, Series
from cmapss_core.scaling import (
    CONCURRENT_REQUESTS,
    Alarm,
    ScalableTarget,
    Scaling,
    ScalingActivity,
    ScalingPolicy,
    ScheduledAction,
    StepAdjustment,
    Suspension,
)
from tests.core.scripted import NOW

LOAD = "invocations_per_instance"


def endpoint(current: int = 1, desired: int | None = None, **changes: object) -> Endpoint:
    variant = Variant(
        name="AllTraffic",
        model="model",
        instance_type="ml.m5.xlarge",
        current_instances=current,
        desired_instances=current if desired is None else desired,
        weight=1.0,
    )
    fields: dict[str, object] = {
        "name": "ep",
        "arn": "arn",
        "status": "InService",
        "config": "config",
        "created": NOW - timedelta(hours=1),
        "modified": NOW - timedelta(minutes=2),
        "variants": (variant,),
    }
    return Endpoint(**{**fields, **changes})  # type: ignore[arg-type]


def alarm(side: str, state: str = "OK") -> Alarm:
    high = side == "high"
    return Alarm(
        name=f"TargetTracking-{side}",
        side="high" if high else "low",
        state=state,
        threshold=10.0 if high else 9.0,
        datapoints_to_alarm=3 if high else 15,
        evaluation_periods=3 if high else 15,
        period_seconds=60,
    )


def activity(**changes: object) -> ScalingActivity:
    fields: dict[str, object] = {
        "id": "1",
        "variant": "AllTraffic",
        "started": NOW - timedelta(seconds=70),
        "ended": None,
        "status": "InProgress",
        "description": "Setting desired instance count to 5.",
        "cause": "monitor alarm TargetTracking-endpoint/ep/variant/AllTraffic-AlarmHigh-x in state ALARM "
        "triggered policy P",
    }
    return ScalingActivity(**{**fields, **changes})  # type: ignore[arg-type]


def scaling(*activities: ScalingActivity, high: str = "OK", low: str = "OK", **bounds: int) -> Scaling:
    policy = ScalingPolicy(
        name="P",
        variant="AllTraffic",
        target=10.0,
        metric="SageMakerVariantInvocationsPerInstance",
        scale_in_cooldown=600,
        scale_out_cooldown=30,
        alarm_names=("TargetTracking-high", "TargetTracking-low"),
    )
    target = ScalableTarget(variant="AllTraffic", min=bounds.get("min", 1), max=bounds.get("max", 5))
    return Scaling((target,), (policy,), (alarm("high", high), alarm("low", low)), activities)


def metrics(per_instance: Sequence[float]) -> Metrics:
    start = NOW - timedelta(minutes=len(per_instance))
    points = tuple((start + timedelta(minutes=n), value) for n, value in enumerate(per_instance))
    series = Series("invocations_per_instance", "", points)
    return Metrics(start, NOW, 60, {series.name: series})


def said(ep: Endpoint, sc: Scaling, load: Sequence[float] = ()) -> str:
    return explain(ep, sc, metrics(load), NOW)


def test_scaling_out_names_load_target_and_what_arrives() -> None:
    sentence = said(endpoint(1, 5), scaling(activity(), high="ALARM"), [120, 120, 120])
    assert sentence == (
        "Scaling out to 5: 120 invocations per instance and minute, target 10, above it for 3 of 3 datapoints. "
        "4 instances are arriving (1m10s so far)."
    )


def test_datapoints_above_the_target_are_counted() -> None:
    assert said(endpoint(), scaling(), [0, 40, 40]) == (
        "2 of 3 datapoints above 10; scale-out to 4 expected within a minute if the next is too."
    )
    assert said(endpoint(), scaling(), [0, 0, 40]) == (
        "1 of 3 datapoints above 10; scale-out to 4 expected within 2 minutes if the next 2 are too."
    )
    assert said(endpoint(), scaling(high="ALARM"), [40, 90, 90]) == (
        "3 of 3 datapoints above 10; scale-out to 5 expected within a minute."
    )


def test_a_load_that_no_bound_allows_to_answer_is_told() -> None:
    assert "At the maximum of 5" in said(endpoint(5), scaling(high="ALARM"), [24, 24, 24])


LOW = "monitor alarm TargetTracking-endpoint/ep/variant/AllTraffic-AlarmLow-x in state ALARM triggered policy P"


def test_scaling_in_waits_for_the_cooldown_of_the_last_scale_in() -> None:
    done = activity(status="Successful", ended=NOW - timedelta(minutes=2), cause=LOW)
    sentence = said(endpoint(5), scaling(done, low="ALARM"), [0.0] * 15)
    assert sentence == "Not scaling in: cooldown until 16:49; 15 of 15 datapoints below 9."


@pytest.mark.parametrize(
    "cause",
    ["minimum capacity was set to 3", "monitor alarm …-AlarmHigh-x in state ALARM triggered policy P"],
)
def test_no_other_activity_has_a_scale_in_wait(cause: str) -> None:
    done = activity(status="Successful", ended=NOW - timedelta(minutes=2), cause=cause)
    sentence = said(endpoint(5), scaling(done, low="ALARM"), [0.0] * 15)
    assert sentence == "15 of 15 datapoints below 9; scale-in expected within a minute."


def test_scaling_out_waits_for_its_own_cooldown() -> None:
    done = activity(status="Successful", ended=NOW - timedelta(seconds=10))
    assert said(endpoint(2), scaling(done, high="ALARM"), [40] * 3) == (
        "Not scaling out yet: cooldown until 16:41; 40 invocations per instance and minute, target 10."
    )


def test_scaling_in_counts_its_minutes() -> None:
    assert said(endpoint(5), scaling(), [20, 0, 0, 0]) == (
        "Not scaling in yet: 3 of 15 datapoints below 9; scale-in at 16:53 if the next 12 are too."
    )


def test_between_floor_and_target_nothing_is_changed() -> None:
    assert said(endpoint(3), scaling(), [9.5]) == (
        "Steady at 3 instances: 9.5 invocations per instance and minute, target 10; down to 9 nothing is changed."
    )


def test_an_idle_endpoint_at_its_minimum_is_steady() -> None:
    assert said(endpoint(), scaling(), [0, 0]) == (
        "Steady at the minimum of 1: 0 invocations per instance and minute, target 10."
    )


def test_a_failed_activity_is_shown_with_the_reason_of_aws() -> None:
    failed = activity(status="Failed", ended=NOW, message="Failed to set desired instance count to 5. Reason: quota")
    assert "Reason: quota" in said(endpoint(), scaling(failed), [120, 120, 120])


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"status": "Creating"}, "Being created for 2m00s"),
        ({"status": "Failed", "failure_reason": "no capacity"}, "Failed: no capacity"),
        ({"status": "Deleting"}, "Being deleted for"),
        ({"status": "OutOfService"}, "Out of service"),
        ({"status": "Updating"}, "Being updated for 2m00s"),
        ({"status": "RollingBack"}, "RollingBack for 2m00s"),
        ({"status": "UpdateRollbackFailed"}, "Not scaling: an update and its roll-back failed"),
    ],
)
def test_a_status_that_is_not_in_service_comes_first(changes: dict[str, Any], start: str) -> None:
    assert said(endpoint(**changes), scaling(), [120] * 3).startswith(start)


def test_what_is_missing_is_named() -> None:
    whole = scaling()
    assert "no scalable target" in said(endpoint(), Scaling())
    assert "no target-tracking policy" in said(endpoint(), replace(whole, policies=()))


def suspended(*ways: Suspension, whole: Scaling | None = None) -> Scaling:
    given = whole or scaling(high="ALARM")
    return replace(given, targets=(replace(given.targets[0], suspended=ways),))


def test_what_is_suspended_is_told_by_direction() -> None:
    load = [40.0] * 3
    assert said(endpoint(), suspended("in", "out"), load) == "Not scaling: scaling within 1–5 instances is suspended."
    assert said(endpoint(), suspended("out"), load) == (
        "Not scaling out: scale-out is suspended, and 40 invocations per instance and minute is above the target 10."
    )
    assert said(endpoint(5), suspended("in", whole=scaling(low="ALARM")), [0.0] * 15) == (
        "Not scaling in: scale-in is suspended."
    )
    assert said(endpoint(), suspended("in"), load) == (
        "3 of 3 datapoints above 10; scale-out to 4 expected within a minute. Scale-in is suspended."
    )


def night(**changes: object) -> ScheduledAction:
    fields: dict[str, object] = {
        "name": "night",
        "variant": "AllTraffic",
        "schedule": "cron(0 22 * * ? *)",
        "timezone": None,
        "min": 1,
        "max": 2,
        "put": NOW - timedelta(days=1),
    }
    return ScheduledAction(**{**fields, **changes})  # type: ignore[arg-type]


def test_what_is_due_next_by_schedule_is_told() -> None:
    later = night(name="holidays", schedule="at(2026-12-24T18:00:00)", min=2, max=None)
    whole = replace(scaling(), scheduled_actions=(later, night()))
    assert said(endpoint(), whole, [0]).endswith(" By schedule, night sets 1–2 instances at 22:00.")
    assert said(endpoint(), replace(whole, scheduled_actions=(later,)), [0]).endswith(
        " By schedule, holidays sets a minimum of 2 at 2026-12-24 18:00."
    )
    assert said(endpoint(), suspended("scheduled", whole=whole), [0]).endswith(" Its schedule is suspended.")
    past = night(schedule="at(2026-01-01T00:00:00)")
    assert "schedule" not in said(endpoint(), replace(whole, scheduled_actions=(past,)), [0])


def not_scaled(code: str) -> ScalingActivity:
    return activity(
        status="Failed",
        ended=None,
        description="Attempting to scale due to alarm triggered",
        cause="monitor alarm TargetTracking-high in state ALARM triggered policy P",
        not_scaled_reason=code,
    )


def test_the_reason_of_aws_for_not_scaling_is_told_while_its_alarm_is_on() -> None:
    at_max = scaling(not_scaled("AlreadyAtMaxCapacity"), high="ALARM")
    assert said(endpoint(5), at_max, [24] * 3) == (
        "At the maximum of 5 (AlreadyAtMaxCapacity): 24 invocations per instance and minute is above the target 10."
    )
    changing = scaling(not_scaled("TargetServicePutResourceAsUnscalable"), high="ALARM")
    assert said(endpoint(2), changing, [0] * 3) == (
        "Not scaling: the endpoint is changing (TargetServicePutResourceAsUnscalable)."
    )
    over = scaling(not_scaled("AlreadyAtMaxCapacity"))
    assert "AlreadyAtMaxCapacity" not in said(endpoint(5), over, [9] * 3)


def step_scaling(state: str = "OK", *activities: ScalingActivity, alarms: bool = True) -> Scaling:
    policy = ScalingPolicy(
        name="Steps",
        variant="AllTraffic",
        target=None,
        metric=None,
        scale_in_cooldown=300,
        scale_out_cooldown=300,
        alarm_names=("burst",) if alarms else (),
        steps=(StepAdjustment(lower=0, upper=None, adjustment=2),),
        adjustment_type="ChangeInCapacity",
    )
    burst = replace(alarm("high", state), name="burst", threshold=20.0, metric="InvocationsPerInstance")
    target = ScalableTarget(variant="AllTraffic", min=1, max=5)
    return Scaling((target,), (policy,), (burst,) if alarms else (), activities)


def test_a_step_policy_is_explained_by_its_alarm() -> None:
    condition = "InvocationsPerInstance above 20 for 3 of 3 datapoints"
    assert said(endpoint(), step_scaling(), [0]) == f"Steady at 1 instance: a step is taken at {condition}."
    assert said(endpoint(), step_scaling("ALARM"), [40] * 3) == (
        f"burst is in ALARM ({condition}): step policy Steps is expected to scale out within a minute."
    )
    assert "no alarm that would set it off" in said(endpoint(), step_scaling(alarms=False))
    done = activity(
        status="Successful", ended=NOW - timedelta(minutes=1), cause="monitor alarm burst … triggered policy Steps"
    )
    assert said(endpoint(5), step_scaling("ALARM", done), [40] * 3).startswith("Not scaling out: cooldown until 16:45;")
    assert said(endpoint(), suspended("out", whole=step_scaling("ALARM"))).endswith("but scale-out is suspended.")


def test_a_metric_whose_data_are_not_read_is_explained_by_its_alarms() -> None:
    def concurrent(**states: str) -> Scaling:
        whole = scaling(**states)  # type: ignore[arg-type]
        policy = replace(whole.policies[0], metric=CONCURRENT_REQUESTS, target=5.0)
        return replace(whole, policies=(policy,))

    idle = [0.0] * 15  # of invocations, which say nothing here
    assert said(endpoint(2), concurrent(), idle) == (
        "Steady at 2 instances: target 5 concurrent requests per model, and no alarm is on."
    )
    assert said(endpoint(2), concurrent(high="ALARM"), idle) == (
        "Above the target 5 concurrent requests per model: scale-out expected within a minute."
    )
    assert said(endpoint(2), concurrent(low="ALARM"), idle) == (
        "15 of 15 datapoints below 9; scale-in expected within a minute."
    )
    unknown = concurrent(high="INSUFFICIENT_DATA", low="INSUFFICIENT_DATA")
    assert "the policy needs data" in said(endpoint(2), unknown, idle)


def test_each_scaled_variant_has_its_own_sentence_and_load() -> None:
    whole = scaling()
    two = endpoint(1)
    canary = replace(two.variants[0], name="Canary")
    two = replace(two, variants=(*two.variants, canary))
    both = replace(
        whole,
        targets=(*whole.targets, replace(whole.targets[0], variant="Canary")),
        policies=(*whole.policies, replace(whole.policies[0], variant="Canary", alarm_names=())),
    )
    loads = {("AllTraffic", LOAD): [(NOW, 0.0)], ("Canary", LOAD): [(NOW - timedelta(minutes=n), 30.0) for n in (2, 1)]}
    known = replace(metrics([30, 30]), of_variants={key: tuple(points) for key, points in loads.items()})
    assert explain(two, both, known, NOW) == (
        "AllTraffic: Steady at the minimum of 1: 0 invocations per instance and minute, target 10. "
        "Canary: 2 of 3 datapoints above 10; scale-out to 3 expected within a minute if the next is too."
    )
