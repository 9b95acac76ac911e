"""What the steps of an update read back is told apart: accepted, in place, rolled back, somebody else's."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError
from cmapss_core.plans.plan import Proof, Step
from cmapss_core.plans.running.looking import ChangedError, Look, ProofError, Sight, judged, read_back
from cmapss_core.plans.updating.steps import (
    PROGRESS,
    Rest,
    set_instance_count,
    set_weights,
    update_endpoint,
    wait_for_rollout,
)
from tests.core.scripted import ScriptedAws

REST = Rest(endpoint="engines", config="old")
STAGE = [{"Status": "Baking", "StatusMessage": "Monitoring the alarms"}]


def seen(proof: Proof, **shown: Any) -> Look:
    """What a proof says of an endpoint that is shown so, after AWS was asked."""
    aws = ScriptedAws({"sagemaker:DescribeEndpoint": {"EndpointStatus": "InService", **shown}})
    return judged(proof, "engines", read_back(aws, proof))


def pending(config: str = "new") -> dict[str, Any]:
    return {"EndpointConfigName": config, "ProductionVariants": [{"VariantName": "A", "VariantStatus": STAGE}]}


def accepted(rest: Rest = REST) -> Proof:
    return update_endpoint(rest, "new", {}, (), "old → new").proof


def waiting() -> Proof:
    return wait_for_rollout(REST, "new", 0, "").proof


def test_an_update_is_accepted_when_it_is_under_way_or_over() -> None:
    assert seen(accepted(), EndpointConfigName="old").sight is Sight.NOT_YET
    assert seen(accepted(), EndpointStatus="Updating", EndpointConfigName="old").sight is Sight.NOT_YET
    assert seen(accepted(), EndpointConfigName="old", PendingDeploymentSummary=pending()).holds
    assert seen(accepted(), EndpointConfigName="new").holds
    with pytest.raises(ChangedError, match="somebody else has changed engines"):
        seen(accepted(), EndpointConfigName="theirs")


@given(st.text(min_size=1), st.text(min_size=1))
def test_one_that_was_rolled_back_at_once_was_accepted_too(before: str, now: str) -> None:
    rest = Rest(endpoint="engines", config="old", failure_reason=before)
    assert seen(accepted(rest), EndpointConfigName="old", FailureReason=before).sight is Sight.NOT_YET
    assert seen(accepted(rest), EndpointConfigName="old", FailureReason=now).holds == (now != before)


def test_a_roll_out_ends_with_the_new_config_or_fails_with_aws_s_reason() -> None:
    assert seen(waiting(), EndpointConfigName="new").holds
    updating = {"EndpointStatus": "Updating", "EndpointConfigName": "old", "PendingDeploymentSummary": pending()}
    assert seen(waiting(), **updating) == Look(Sight.NOT_YET, "Baking · Monitoring the alarms")
    with pytest.raises(ProofError, match="engines is rolled back to its former config: an alarm"):
        seen(waiting(), EndpointConfigName="old", FailureReason="an alarm")
    for status in ("Failed", "UpdateRollbackFailed"):
        with pytest.raises(ProofError, match=f"engines is {status}: no capacity"):
            seen(waiting(), EndpointStatus=status, EndpointConfigName="old", FailureReason="no capacity")
    for theirs in (
        {"EndpointConfigName": "theirs"},
        {"EndpointStatus": "Updating", "EndpointConfigName": "old", "PendingDeploymentSummary": pending("theirs")},
    ):
        with pytest.raises(ChangedError):
            seen(waiting(), **theirs)


def test_the_way_back_is_taken_for_what_is_still_ours() -> None:
    undo = update_endpoint(REST, "new", {}, ("DesiredWeight",), "").undo
    assert undo is not None
    assert undo.call is not None
    assert undo.call.parameters == {
        "EndpointName": "engines",
        "EndpointConfigName": "old",
        "RetainAllVariantProperties": True,
        "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
    }
    assert seen(undo.proof, EndpointConfigName="new").sight is Sight.NOT_YET
    assert seen(undo.proof, EndpointConfigName="old").holds
    with pytest.raises(ConsoleError, match="somebody else"):
        seen(undo.proof, EndpointConfigName="theirs")


@given(st.floats(0, 1000, width=64).filter(lambda weight: weight == 0 or weight > 1e-30))
def test_a_weight_is_recognised_in_the_precision_that_aws_keeps(weight: float) -> None:
    [single] = struct.unpack("f", struct.pack("f", weight))
    step = next(set_weights(REST, {"A": weight}, {"A": weight + 1}))
    assert seen(step.proof, ProductionVariants=[{"VariantName": "A", "DesiredWeight": single}]).holds
    other = [{"VariantName": "A", "DesiredWeight": single * 1.01 + 0.01}]
    assert seen(step.proof, ProductionVariants=other).sight is Sight.NOT_YET


@pytest.mark.parametrize(
    ("steps", "member", "theirs"),
    [
        (set_instance_count(REST, "A", 3, 1), "DesiredInstanceCount", 2),
        (set_weights(REST, {"A": 0.5}, {"A": 1.0}), "DesiredWeight", 0.7),
    ],
)
def test_what_somebody_else_has_set_since_is_named(steps: Iterator[Step], member: str, theirs: float) -> None:
    undo = next(steps).undo
    assert undo is not None
    with pytest.raises(ChangedError, match=f"^somebody else has changed engines: {member} is another now$"):
        seen(undo.proof, ProductionVariants=[{"VariantName": "A", member: theirs}])


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({}, None),
        ({"ProductionVariants": [{"VariantName": "A"}]}, None),
        ({"ProductionVariants": [{"VariantName": "A", "VariantStatus": [{"Status": "Updating"}]}]}, "Updating"),
        ({"PendingDeploymentSummary": pending(), "ProductionVariants": []}, "Baking · Monitoring the alarms"),
    ],
)
def test_how_far_it_is_is_told_in_aws_s_words(shown: dict[str, Any], told: str | None) -> None:
    assert jmespath.search(PROGRESS, shown) == told
