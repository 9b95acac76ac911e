"""A deployment under way is read from what DescribeEndpoint says of it."""

from __future__ import annotations

from typing import Any

import pytest

from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.rollout import VariantRollout, alarms_of, strategy_in_words
from tests.core.scripted import NOW, ScriptedAws

VARIANT = {
    "VariantName": "A",
    "CurrentInstanceCount": 2,
    "DesiredInstanceCount": 2,
    "CurrentWeight": 1.0,
    "DesiredWeight": 1.0,
}
BAKING = {"Status": "Baking", "StatusMessage": "Monitoring the alarms", "StartTime": NOW}
CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 300,
            "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
        }
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "latency"}]},
}


def aws(**shown: Any) -> ScriptedAws:
    """An AWS with one endpoint that is shown so."""
    return ScriptedAws(
        {
            "sagemaker:DescribeEndpoint": {
                "EndpointName": "engines",
                "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines",
                "EndpointConfigName": "old",
                "EndpointStatus": "Updating",
                "CreationTime": NOW,
                "LastModifiedTime": NOW,
                "ProductionVariants": [VARIANT],
                **shown,
            },
            "sagemaker:DescribeEndpointConfig": {
                "ProductionVariants": [{"VariantName": "A", "ModelName": "m", "InstanceType": "ml.m5.xlarge"}]
            },
            "pricing:GetProducts": ConsoleError(ErrorKind.DENIED, "not this"),
        }
    )


def pending(**of_variant: Any) -> dict[str, Any]:
    return {
        "EndpointConfigName": "new",
        "StartTime": NOW,
        "ProductionVariants": [
            {
                "VariantName": "A",
                "CurrentInstanceCount": 1,
                "DesiredInstanceCount": 2,
                "InstanceType": "ml.c5.large",
                **of_variant,
            }
        ],
    }


def test_a_rollout_has_both_configs_the_stage_the_strategy_and_its_alarms() -> None:
    endpoint = read_endpoint(
        aws(PendingDeploymentSummary=pending(VariantStatus=[BAKING]), LastDeploymentConfig=CANARY), "engines"
    )
    rollout = endpoint.rollout
    assert rollout is not None
    assert (rollout.former_config, rollout.config, rollout.started) == ("old", "new", NOW)
    assert (rollout.stage, rollout.strategy) == ("Baking", "canary of 1 instance, 300 s")
    assert rollout.alarms == ("errors", "latency")
    assert (rollout.current_instances, rollout.desired_instances) == (1, 2)
    assert rollout.variants == (
        VariantRollout(
            name="A",
            stage="Baking",
            message="Monitoring the alarms",
            since=NOW,
            instance_type="ml.c5.large",
            current_instances=1,
            desired_instances=2,
        ),
    )
    assert endpoint.deployment_config == CANARY


def test_the_stage_may_be_shown_at_the_fleet_that_goes() -> None:
    deleting = {"Status": "Deleting", "StatusMessage": "Terminating", "StartTime": NOW}
    shown = aws(
        PendingDeploymentSummary=pending(), ProductionVariants=[{**VARIANT, "VariantStatus": [deleting, BAKING]}]
    )
    rollout = read_endpoint(shown, "engines").rollout
    assert rollout is not None
    assert (rollout.stage, rollout.variants[0].message) == ("Deleting", "Terminating")


def test_nothing_is_under_way_where_nothing_is_pending() -> None:
    endpoint = read_endpoint(aws(EndpointStatus="InService"), "engines")
    assert endpoint.rollout is None
    assert endpoint.deployment_config is None


def test_a_first_fleet_takes_over_from_none() -> None:
    created = aws(EndpointStatus="Creating", EndpointConfigName="new", PendingDeploymentSummary=pending())
    rollout = read_endpoint(created, "engines").rollout
    assert rollout is not None
    assert (rollout.former_config, rollout.stage) == (None, None)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "all at once"),
        ({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}, "all at once"),
        (
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
                    "TerminationWaitInSeconds": 120,
                }
            },
            "all at once, the former fleet stays 120 s",
        ),
        (
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "LINEAR",
                        "WaitIntervalInSeconds": 60,
                        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
                    }
                }
            },
            "linear by 25 %, 60 s between",
        ),
        (
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2},
                    "WaitIntervalInSeconds": 30,
                }
            },
            "rolling by 2 instances, 30 s between",
        ),
    ],
)
def test_a_strategy_is_told_in_words(config: dict[str, Any], words: str) -> None:
    assert strategy_in_words(config) == words


def test_a_rollout_may_have_no_alarms() -> None:
    assert alarms_of({}) == ()
