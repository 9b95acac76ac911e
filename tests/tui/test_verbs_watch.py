"""watch, of what changes by itself: a roll-out under way, scheduled actions, step policies, suspensions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cmapss_core.rollout import Rollout, VariantRollout
from cmapss_core.scaling import ScalableTarget, Scaling, ScalingPolicy, ScheduledAction, StepAdjustment
from cmapss_core.watch import Watch
from cmapss_tui.cli import main
from tests.tui.consoles import NOW, VARIANT, endpoint, watch

ROLLOUT = Rollout(
    former_config="before",
    config="after",
    started=NOW,
    variants=(
        VariantRollout(
            name=VARIANT,
            stage="Baking",
            message="",
            since=NOW,
            instance_type="ml.m5.xlarge",
            current_instances=1,
            desired_instances=3,
        ),
    ),
    strategy="canary of 1 instance, 300 s",
    alarms=("engines-5xx",),
)
SCALING = Scaling(
    targets=(ScalableTarget(variant=VARIANT, min=1, max=5, suspended=("in",)),),
    policies=(
        ScalingPolicy(
            name="steps",
            variant=VARIANT,
            target=None,
            metric=None,
            scale_in_cooldown=300,
            scale_out_cooldown=300,
            steps=(StepAdjustment(lower=0.0, upper=None, adjustment=2),),
            adjustment_type="ChangeInCapacity",
        ),
        ScalingPolicy(
            name="tracking",
            variant=VARIANT,
            target=10.0,
            metric="SageMakerVariantInvocationsPerInstance",
            scale_in_cooldown=600,
            scale_out_cooldown=30,
            disable_scale_in=True,
        ),
    ),
    scheduled_actions=(
        ScheduledAction(
            name="mornings",
            variant=VARIANT,
            schedule="rate(1 hour)",
            timezone=None,
            min=3,
            max=None,
            put=NOW - timedelta(minutes=20),
        ),
    ),
)


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> Watch:
    found = watch(endpoint=replace(endpoint(status="Updating"), rollout=ROLLOUT), scaling=SCALING)
    monkeypatch.setattr("cmapss_core.watch.read_watch", lambda *_: found)
    return found


def test_all_that_scales_it_and_what_takes_over_are_in_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "engines", "--json", "--endpoint-url", "http://127.0.0.1:1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["scaling"]["policy"], document["scaling"]["target"]) == ("tracking", 10.0)
    assert (document["rollout"]["stage"], document["rollout"]["alarms"]) == ("Baking", ["engines-5xx"])
    [target] = document["scalable_targets"]
    assert target["suspended"] == ["in"]
    assert [policy["name"] for policy in target["policies"]] == ["steps", "tracking"]
    assert target["policies"][0]["steps"] == [{"lower": 0.0, "upper": None, "adjustment": 2}]
    [action] = document["scheduled_actions"]
    assert (action["min"], action["max"], action["next"]) == (3, None, "2026-11-22T17:21:07Z")


def test_all_of_it_is_said_to_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "engines", "--once", "--endpoint-url", "http://127.0.0.1:1"]) == 0
    out = capsys.readouterr().out
    for words in (
        "Roll-out of after: canary of 1 instance, 300 s; Baking, 1 of 3 instances; rolled back by engines-5xx",
        "1–5, scale-in suspended",
        "1 step, ChangeInCapacity",
        "10 invocations per instance and minute",
        "never",
        "rate(1 hour)",
        "2026-11-22 17:21:07Z",
    ):
        assert words in out
