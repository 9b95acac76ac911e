"""The sentence says what target tracking does, and why, in every state it can be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.explanation import explain
from cmapss_core.metrics import Metrics, Series
from cmapss_core.scaling import Alarm, ScalableTarget, Scaling, ScalingActivity, ScalingPolicy, instance_history
from tests.core.scripted import NOW


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
        "Scaling out to 5: 120 invocations per instance a minute, target 10, above it for 3 of 3 minutes. "
        "4 instances are arriving (1m10s so far)."
    )


def test_minutes_above_the_target_are_counted() -> None:
    assert said(endpoint(), scaling(), [0, 40, 40]) == (
        "2 of 3 minutes above 10: scales out to 4 if the next minute is too."
    )


def test_a_load_that_no_bound_allows_to_answer_is_told() -> None:
    assert "At the maximum of 5" in said(endpoint(5), scaling(high="ALARM"), [24, 24, 24])


def test_scaling_in_waits_for_its_cooldown() -> None:
    done = activity(status="Successful", ended=NOW - timedelta(minutes=2))
    sentence = said(endpoint(5), scaling(done, low="ALARM"), [0.0] * 15)
    assert sentence == "Not scaling in: 15 of 15 minutes below 9, cooldown until 16:49."


def test_scaling_in_counts_its_minutes() -> None:
    assert said(endpoint(5), scaling(), [20, 0, 0, 0]) == "Not scaling in yet: 3 of 15 minutes below 9."


def test_an_idle_endpoint_at_its_minimum_is_steady() -> None:
    assert said(endpoint(), scaling(), [0, 0]) == "Steady at the minimum of 1: 0 per instance and minute, target 10."


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
    ],
)
def test_a_status_that_is_not_in_service_comes_first(changes: dict[str, object], start: str) -> None:
    assert said(endpoint(**changes), scaling(), [120] * 3).startswith(start)


def test_what_is_missing_is_named() -> None:
    whole = scaling()
    assert "no scalable target" in said(endpoint(), Scaling())
    assert "no target-tracking policy" in said(endpoint(), replace(whole, policies=()))
    suspended = replace(whole, targets=(replace(whole.targets[0], suspended=True),))
    assert "suspended" in said(endpoint(), suspended)


def test_the_history_of_instances_is_told_by_the_activities() -> None:
    done = activity(status="Successful", started=NOW - timedelta(minutes=8), ended=NOW - timedelta(minutes=5))
    history = instance_history(endpoint(5), scaling(done), NOW - timedelta(minutes=30), NOW)
    assert [value for _, value in history.current] == [1.0, 5.0]
    assert [value for _, value in history.desired] == [1.0, 5.0]
    assert history.desired[1][0] == NOW - timedelta(minutes=8)
    assert history.current[1][0] == NOW - timedelta(minutes=5)
