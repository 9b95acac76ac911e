"""UpdateEndpoint's deployments: all at once, canary, linear and rolling, step by step and rolled back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.artefacts import production_variant
from tests.sandbox.boosters import artefact, as_csv, random_rows
from tests.sandbox.conftest import Clients
from tests.sandbox.endpoints import ALARM, M5, UPDATED, Hosting, blue_green, rolling, with_alarms
from tests.sandbox.refusals import refused

CANARY = blue_green("CANARY", CanarySize="30%")


@pytest.fixture
def cloudwatch(clients: Clients) -> Any:
    """A client, and an alarm "errors" that is OK and that nobody sends data to."""
    cloudwatch = clients("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="errors", TreatMissingData="ignore", **ALARM)
    return cloudwatch


def goes_off(cloudwatch: Any, name: str = "errors") -> None:
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test says so")


def counts(variants: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) for variant in variants]


def test_all_at_once_shifts_the_traffic_when_the_new_fleet_is_there(hosting: Hosting) -> None:
    hosting.endpoint(count=2)
    hosting.update(hosting.config("green", count=3))
    updating = hosting.described()
    pending = updating["PendingDeploymentSummary"]
    assert (updating["EndpointStatus"], updating["EndpointConfigName"]) == ("Updating", "blue")
    assert counts(updating["ProductionVariants"]) == [(2, 2)]
    assert (pending["EndpointConfigName"], pending["StartTime"]) == ("green", hosting.region.now())
    [variant] = pending["ProductionVariants"]
    assert counts([variant]) == [(0, 3)]
    assert variant["InstanceType"] == M5
    [status] = variant["VariantStatus"]
    assert (status["Status"], status["StatusMessage"]) == ("Creating", "Provisioning instances")
    assert hosting.shares() == {"blue": 1.0}
    hosting.until("ActivatingTraffic")
    assert hosting.shares() == {"green": 1.0}
    hosting.until("Deleting")
    deleting = hosting.described()
    assert deleting["ProductionVariants"][0]["VariantStatus"][0]["Status"] == "Deleting"
    assert counts(deleting["PendingDeploymentSummary"]["ProductionVariants"]) == [(3, 3)]
    hosting.until("InService")
    updated = hosting.described()
    assert (updated["EndpointConfigName"], counts(updated["ProductionVariants"])) == ("green", [(3, 3)])
    assert updated.keys().isdisjoint({"PendingDeploymentSummary", "FailureReason", "LastDeploymentConfig"})
    assert "VariantStatus" not in updated["ProductionVariants"][0]


def test_all_at_once_bakes_before_the_old_fleet_goes(hosting: Hosting) -> None:
    hosting.endpoint()
    hosting.update(hosting.config("green"), blue_green("ALL_AT_ONCE", termination=600))
    assert hosting.trail() == [
        ("Updating", "Creating"),
        ("Updating", "ActivatingTraffic"),
        ("Updating", "Baking"),
        ("Updating", "Deleting"),
        ("InService", None),
    ]
    assert hosting.described()["LastDeploymentConfig"] == blue_green("ALL_AT_ONCE", termination=600)


def test_a_canary_gets_its_part_first_and_bakes(hosting: Hosting) -> None:
    hosting.endpoint(count=3)
    hosting.update(hosting.config("green", count=3), CANARY)
    hosting.until("Baking")
    assert hosting.shares() == pytest.approx({"blue": 2 / 3, "green": 1 / 3}, abs=1e-6)
    hosting.region.advance(200)
    assert hosting.stage() == "Baking"
    hosting.until("ActivatingTraffic")
    assert hosting.shares() == {"green": 1.0}
    hosting.until("InService")
    assert hosting.described()["EndpointConfigName"] == "green"


def test_both_fleets_answer_while_the_traffic_shifts(hosting: Hosting, clients: Clients) -> None:
    runtime, body = clients("sagemaker-runtime"), as_csv(random_rows(1))

    def answers(times: int) -> Counter[bytes]:
        return Counter(
            runtime.invoke_endpoint(EndpointName="engines", ContentType="text/csv", Body=body)["Body"].read()
            for _ in range(times)
        )

    hosting.endpoint(count=2)
    [blue] = answers(4)
    model = hosting.model("green-model", artefact(1))
    config = hosting.config("green", production_variant(model, InitialInstanceCount=4))
    hosting.update(config, blue_green("CANARY", CanarySize="25%"))
    assert answers(4) == {blue: 4}
    hosting.until("Baking")
    split = answers(20)
    assert split[blue] == 15
    [green] = split.keys() - {blue}
    hosting.until("InService")
    assert answers(4) == {green: 4}


@pytest.mark.parametrize(
    ("step", "count", "expected"),
    [("33%", 3, [1 / 3, 2 / 3, 1]), (2, 4, [0.5, 1]), ("40%", 5, [0.4, 0.8, 1]), ("50%", 1, [0.5, 1])],
)
def test_linear_shifts_in_even_steps(hosting: Hosting, step: Any, count: int, expected: list[float]) -> None:
    hosting.endpoint()
    hosting.region.controls["quotas"](hosting.region, {M5: 20})
    hosting.update(hosting.config("green", count=count), blue_green("LINEAR", wait=120, LinearStepSize=step))
    seen: list[float] = []
    while hosting.status() == "Updating":
        share = hosting.shares().get("green", 0.0)
        if share and share not in seen:
            seen.append(share)
        hosting.region.advance(30)
    assert seen == pytest.approx(expected, abs=1e-6)


def test_rolling_replaces_instances_batch_by_batch(hosting: Hosting) -> None:
    hosting.endpoint(count=4)
    hosting.update(hosting.config("green", count=4), rolling("50%", wait=120))
    seen: list[tuple[str | None, int, int, int]] = []
    while hosting.status() == "Updating":
        endpoint = hosting.described()
        green = endpoint["PendingDeploymentSummary"]["ProductionVariants"]
        now = (hosting.stage(), *counts(endpoint["ProductionVariants"])[0], counts(green)[0][0])
        if not seen or seen[-1] != now:
            seen.append(now)
        hosting.region.advance(30)
    assert seen == [
        ("Creating", 4, 4, 0),
        ("ActivatingTraffic", 4, 4, 2),
        ("Baking", 4, 4, 2),
        ("Deleting", 4, 4, 2),
        ("Creating", 2, 4, 2),
        ("ActivatingTraffic", 2, 4, 4),
        ("Baking", 2, 4, 4),
        ("Deleting", 2, 4, 4),
    ]
    assert hosting.status() == "InService"
    assert hosting.described()["EndpointConfigName"] == "green"


def test_an_alarm_while_baking_gives_the_traffic_back(hosting: Hosting, cloudwatch: Any) -> None:
    hosting.endpoint(count=2)
    hosting.update(hosting.config("green", count=2), with_alarms(CANARY, "errors"))
    hosting.until("Baking")
    goes_off(cloudwatch)
    hosting.until("RollingBack")
    assert hosting.shares() == {"blue": 1.0}
    assert hosting.described()["PendingDeploymentSummary"]["EndpointConfigName"] == "green"
    hosting.until("InService")
    endpoint = hosting.described()
    assert (endpoint["EndpointConfigName"], counts(endpoint["ProductionVariants"])) == ("blue", [(2, 2)])
    assert "errors went into the ALARM state" in endpoint["FailureReason"]
    assert endpoint["LastDeploymentConfig"] == with_alarms(CANARY, "errors")


def test_an_alarm_that_the_old_fleet_has_tripped_aborts_at_once(hosting: Hosting, cloudwatch: Any) -> None:
    hosting.endpoint()
    goes_off(cloudwatch)
    hosting.update(hosting.config("green"), with_alarms({}, "errors"))
    assert hosting.until("InService") <= 60
    assert hosting.described()["EndpointConfigName"] == "blue"


def test_an_execution_role_that_may_not_look_at_the_alarms_stops_a_deployment(
    hosting: Hosting, cloudwatch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosting.endpoint()
    monkeypatch.setattr(hosting.region, "permits", lambda role, action, arn: action != "cloudwatch:DescribeAlarms")
    hosting.update(hosting.config("green"), with_alarms({}, "errors"))
    hosting.until("InService")
    endpoint = hosting.described()
    assert endpoint["EndpointConfigName"] == "blue"
    assert "does not have cloudwatch:DescribeAlarms permission" in endpoint["FailureReason"]


def test_an_alarm_that_goes_off_when_all_is_done_changes_nothing(hosting: Hosting, cloudwatch: Any) -> None:
    hosting.endpoint()
    hosting.update(hosting.config("green"), with_alarms({}, "errors"))
    hosting.until("Deleting")
    goes_off(cloudwatch)
    hosting.until("InService")
    assert hosting.described()["EndpointConfigName"] == "green"
    assert "FailureReason" not in hosting.described()


def test_a_rolling_deployment_is_rolled_back_in_batches(hosting: Hosting, cloudwatch: Any) -> None:
    hosting.endpoint(count=4)
    policy = with_alarms(rolling(1, wait=120, back="25%"), "errors")
    hosting.update(hosting.config("green", count=4), policy)
    while counts(hosting.described()["ProductionVariants"])[0][0] > 2:
        hosting.region.advance(30)
    goes_off(cloudwatch)
    hosting.until("RollingBack")
    blue = []
    while hosting.status() == "RollingBack":
        blue.append(counts(hosting.described()["ProductionVariants"])[0][0])
        assert sum(hosting.shares().values()) == pytest.approx(1)
        hosting.region.advance(30)
    assert list(dict.fromkeys(blue)) == [2, 3, 4]
    assert hosting.status() == "InService"
    assert counts(hosting.described()["ProductionVariants"]) == [(4, 4)]
    assert hosting.described()["EndpointConfigName"] == "blue"


def test_a_roll_back_that_fails_leaves_a_mix_that_the_next_update_mends(hosting: Hosting, cloudwatch: Any) -> None:
    hosting.endpoint(count=4)
    hosting.update(hosting.config("green", count=4), with_alarms(rolling("50%", wait=600), "errors"))
    while counts(hosting.described()["ProductionVariants"])[0][0] > 2:
        hosting.region.advance(30)
    # The artefact of what served first has been lost meanwhile, so its instances cannot come back.
    hosting.region.objects.delete("models", "blue-model/model.tar.gz")
    goes_off(cloudwatch)
    hosting.until("UpdateRollbackFailed")
    endpoint = hosting.described()
    assert endpoint["EndpointConfigName"] == "blue"
    assert counts(endpoint["ProductionVariants"]) == [(4, 4)]
    assert len(endpoint["ProductionVariants"][0]["DeployedImages"]) == 2
    assert "Failed to download model data" in endpoint["FailureReason"]
    assert "PendingDeploymentSummary" not in endpoint
    assert hosting.shares() == {"blue": 0.5, "green": 0.5}
    with refused("in status UpdateRollbackFailed"):
        hosting.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 1.0}]
        )
    hosting.update("green")
    assert hosting.shares() == {"blue": 0.5, "green": 0.5}
    hosting.until("InService")
    assert hosting.shares() == {"green": 1.0}
    assert "FailureReason" not in hosting.described()


def test_an_update_of_a_mix_that_fails_leaves_the_mix(hosting: Hosting, cloudwatch: Any) -> None:
    hosting.endpoint(count=2)
    hosting.update(hosting.config("green", count=2), with_alarms(rolling(1, wait=600), "errors"))
    while counts(hosting.described()["ProductionVariants"])[0][0] > 1:
        hosting.region.advance(30)
    hosting.region.objects.delete("models", "blue-model/model.tar.gz")
    goes_off(cloudwatch)
    hosting.until("UpdateRollbackFailed")
    hosting.update("blue")
    hosting.until("UpdateRollbackFailed")
    assert hosting.shares() == {"blue": 0.5, "green": 0.5}
    hosting.sagemaker.delete_endpoint(EndpointName="engines")


def test_a_deployment_that_takes_too_long_is_rolled_back(hosting: Hosting) -> None:
    hosting.endpoint(count=2)
    policy = blue_green("CANARY", wait=500, CanarySize="50%", MaximumExecutionTimeoutInSeconds=600)
    began = hosting.region.now()
    hosting.update(hosting.config("green", count=2), policy)
    hosting.region.advance(601)
    assert hosting.status() == "RollingBack"
    assert hosting.shares() == {"blue": 1.0}
    hosting.until("InService")
    endpoint = hosting.described()
    assert endpoint["EndpointConfigName"] == "blue"
    assert "MaximumExecutionTimeoutInSeconds of 600 seconds" in endpoint["FailureReason"]
    assert (endpoint["LastModifiedTime"] - began).total_seconds() < 700


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (CANARY | rolling("50%"), "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy"),
        (blue_green("CANARY", CanarySize=2), "CanarySize must be at most 50%"),
        (blue_green("CANARY", CanarySize="51%"), "CanarySize must be at most 50%"),
        (blue_green("CANARY"), "CanarySize is required"),
        (blue_green("LINEAR", CanarySize="50%"), "CanarySize can only be specified for traffic routing of type CANARY"),
        (blue_green("LINEAR", LinearStepSize="9%"), "LinearStepSize must be between 10% and 50%"),
        (blue_green("LINEAR", LinearStepSize=2), "LinearStepSize must be between 10% and 50%"),
        (blue_green("LINEAR"), "LinearStepSize is required"),
        (blue_green("ALL_AT_ONCE", LinearStepSize="10%"), "LinearStepSize can only be specified"),
        (rolling("4%"), "MaximumBatchSize must be between 5% and 50%"),
        (rolling(2), "MaximumBatchSize must be between 5% and 50%"),
        (rolling(1, back=4), "RollbackMaximumBatchSize must be at most 100%"),
        (
            blue_green("CANARY", wait=600, CanarySize=1, MaximumExecutionTimeoutInSeconds=600),
            "MaximumExecutionTimeoutInSeconds (600) must be larger than the total waiting time",
        ),
        (with_alarms({}, "nobody"), "The CloudWatch alarm(s) nobody in AutoRollbackConfiguration could not be found"),
    ],
)
def test_policies_that_do_not_fit_are_refused(hosting: Hosting, policy: dict[str, Any], message: str) -> None:
    hosting.endpoint(count=3)
    with refused(message):
        hosting.update("blue", policy)
    assert hosting.status() == "InService"
    with refused(message):
        hosting.sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="blue", DeploymentConfig=policy)


def test_a_policys_numbers_keep_to_the_models_limits(hosting: Hosting) -> None:
    hosting.endpoint()
    for policy, where in (
        (blue_green("ALL_AT_ONCE", wait=3601), "waitIntervalInSeconds"),
        (blue_green("ALL_AT_ONCE", termination=3601), "terminationWaitInSeconds"),
        (blue_green("ALL_AT_ONCE", MaximumExecutionTimeoutInSeconds=28801), "maximumExecutionTimeoutInSeconds"),
    ):
        with pytest.raises(ClientError, match=f"at 'deploymentConfig.*{where}' failed to satisfy constraint"):
            hosting.update("blue", policy)


def test_the_last_deployment_configuration_is_kept_when_that_is_asked(hosting: Hosting) -> None:
    hosting.endpoint(count=2, DeploymentConfig=CANARY)
    assert hosting.described()["LastDeploymentConfig"] == CANARY
    hosting.update("blue", RetainDeploymentConfig=True)
    assert "Baking" in [stage for _, stage in hosting.trail()]
    assert hosting.described()["LastDeploymentConfig"] == CANARY
    hosting.update("blue")
    assert "Baking" not in [stage for _, stage in hosting.trail()]
    assert "LastDeploymentConfig" not in hosting.described()


def test_variants_come_and_go_with_a_canary(hosting: Hosting) -> None:
    model = hosting.model("first")
    pair = [
        production_variant(model, VariantName=name, InitialVariantWeight=weight)
        for name, weight in (("a", 1), ("b", 3))
    ]
    hosting.endpoint(config=hosting.config("blue", *pair))
    assert [variant["CurrentWeight"] for variant in hosting.described()["ProductionVariants"]] == [1.0, 3.0]
    hosting.update(
        hosting.config("green", production_variant(model, VariantName="c", InitialInstanceCount=2)),
        blue_green("CANARY", CanarySize=1),
    )
    hosting.until("Baking")
    assert hosting.shares() == {"blue": 0.5, "green": 0.5}
    hosting.until("InService")
    assert [variant["VariantName"] for variant in hosting.described()["ProductionVariants"]] == ["c"]


def test_the_same_config_is_deployed_anew(hosting: Hosting, clients: Clients) -> None:
    def answer() -> bytes:
        answered = clients("sagemaker-runtime").invoke_endpoint(
            EndpointName="engines", ContentType="text/csv", Body=as_csv(random_rows(1))
        )
        return bytes(answered["Body"].read())

    hosting.endpoint()
    before = answer()
    hosting.region.objects.put("models", "blue-model/model.tar.gz", artefact(1))
    resolved = hosting.described()["ProductionVariants"][0]["DeployedImages"][0]["ResolutionTime"]
    hosting.update("blue")
    assert answer() == before
    hosting.region.advance(UPDATED)
    assert answer() != before
    again = hosting.described()["ProductionVariants"][0]["DeployedImages"][0]["ResolutionTime"]
    assert (hosting.status(), again > resolved) == ("InService", True)


def test_a_config_or_model_that_is_gone_is_not_deployed(hosting: Hosting) -> None:
    hosting.endpoint()
    with refused("Could not find endpoint configuration"):
        hosting.update("nobody")
    hosting.config("green")
    hosting.sagemaker.delete_model(ModelName="green-model")
    with refused("Could not find model"):
        hosting.update("green")
    assert hosting.status() == "InService"
