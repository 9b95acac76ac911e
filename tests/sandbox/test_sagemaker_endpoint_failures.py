"""What keeps an endpoint from being created, updated or rescaled, provoked one by one, in AWS's words."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tests.sandbox.artefacts import ROLE, production_variant, tarball
from tests.sandbox.conftest import Clients
from tests.sandbox.endpoints import M5, Hosting, rolling
from tests.sandbox.refusals import refused

GARBAGE = tarball(xgboost_model=b"\x00 this was never a model")
GROUP = "/aws/sagemaker/Endpoints/engines"
PING = (
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)
SHORTAGE = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."


def create(hosting: Hosting, model: str, **variant: Any) -> None:
    config = hosting.config("blue", production_variant(model, **variant))
    hosting.sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName=config)


def group_exists(clients: Clients) -> bool:
    return bool(clients("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"])


def test_a_capacity_wait_stays_creating_for_half_an_hour_without_logs(hosting: Hosting, clients: Clients) -> None:
    hosting.region.controls["capacity"](hosting.region, {M5: 0})
    create(hosting, hosting.model("good"))
    hosting.region.advance(30 * 60 - 1)
    assert hosting.status() == "Creating"
    assert not group_exists(clients)
    hosting.region.advance(1)
    endpoint = hosting.described()
    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"].startswith(SHORTAGE)
    assert endpoint.keys().isdisjoint({"PendingDeploymentSummary", "ProductionVariants"})
    assert not group_exists(clients)
    hosting.sagemaker.delete_endpoint(EndpointName="engines")


def test_a_capacity_wait_ends_when_there_is_capacity_again(hosting: Hosting) -> None:
    hosting.region.controls["capacity"](hosting.region, {M5: 0})
    create(hosting, hosting.model("good"))
    hosting.region.advance(12 * 60)
    hosting.region.controls["capacity"](hosting.region, {M5: 1})
    assert 15 * 60 <= hosting.until("InService") + 12 * 60 <= 28 * 60


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(GARBAGE, id="garbage"),
        pytest.param(tarball(), id="empty archive"),
        pytest.param(tarball(**{".hidden": b"1"}), id="hidden file"),
        pytest.param(tarball(xgboost_model=pickle.dumps({"not": "a booster"})), id="pickle"),
        pytest.param(b"no archive", id="no archive"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_container_that_cannot_load_its_model_crashes_until_it_fails(
    hosting: Hosting, clients: Clients, body: bytes
) -> None:
    create(hosting, hosting.model("bad", body))
    hosting.region.advance(6 * 60)
    assert not group_exists(clients)
    hosting.region.advance(15 * 60)
    assert hosting.status() == "Creating"
    [stream] = clients("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["logStreamName"].startswith("AllTraffic/i-")
    messages = [
        event["message"]
        for event in clients("logs").get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
    ]
    assert "Traceback (most recent call last):" in messages
    assert any("Unable to load model" in message for message in messages)
    assert "GET /ping" in messages[-1]
    hosting.region.advance(5 * 60)
    endpoint = hosting.described()
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("Failed", PING)
    lived = endpoint["LastModifiedTime"] - endpoint["CreationTime"]
    assert 22 * 60 <= lived.total_seconds() <= 26 * 60


def test_the_health_check_waits_as_long_as_the_variant_says(hosting: Hosting) -> None:
    create(hosting, hosting.model("bad", GARBAGE), ContainerStartupHealthCheckTimeoutInSeconds=3600)
    hosting.region.advance(60 * 60)
    assert hosting.status() == "Creating"
    hosting.region.advance(12 * 60)
    assert hosting.described()["FailureReason"] == PING


def test_a_missing_artefact_fails_before_a_container_starts(hosting: Hosting, clients: Clients) -> None:
    create(hosting, hosting.model("lost", exists=False))
    assert hosting.until("Failed") <= 11 * 60
    assert hosting.described()["FailureReason"] == (
        'Failed to download model data for container "container_1" from URL: "s3://models/lost/model.tar.gz". Please '
        "ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to "
        "download the object."
    )
    assert not group_exists(clients)


@pytest.mark.parametrize(
    "image",
    [
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/my-xgboost:latest",
        "683313688378.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.2-1",
    ],
)
def test_an_image_that_does_not_exist_here_is_said_to_be_missing(hosting: Hosting, image: str) -> None:
    create(hosting, hosting.model("good", image=image))
    hosting.until("Failed")
    assert hosting.described()["FailureReason"] == (
        "Please make sure all images included in the model for the production variant AllTraffic exist, and that the "
        "execution role used to create the model has permissions to access them."
    )


def test_an_image_that_serves_no_xgboost_model_does_not_pass_the_health_check(hosting: Hosting) -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    create(hosting, hosting.model("good", image=image))
    hosting.until("Failed")
    assert hosting.described()["FailureReason"] == PING


@pytest.mark.parametrize(
    ("refused_action", "reason"),
    [
        ("s3:GetObject", "Failed to download model data for container"),
        ("ecr:BatchGetImage", f"The role '{ROLE}' does not have BatchGetImage permission for the image:"),
    ],
)
def test_an_execution_role_that_may_not_fetch_is_named(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch, refused_action: str, reason: str
) -> None:
    asked = []

    def permits(role: str, action: str, resource: str) -> bool:
        asked.append((role, action, resource))
        return action != refused_action

    model = hosting.model("good")
    monkeypatch.setattr(hosting.region, "permits", permits)
    create(hosting, model)
    hosting.until("Failed")
    assert hosting.described()["FailureReason"].startswith(reason)
    repository = "arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-xgboost"
    assert set(asked) <= {
        (ROLE, "s3:GetObject", "arn:aws:s3:::models/good/model.tar.gz"),
        (ROLE, "ecr:BatchGetImage", repository),
    }


def test_a_quota_is_checked_when_a_call_is_made(hosting: Hosting) -> None:
    hosting.endpoint(count=5)
    limit = "The account-level service limit 'ml.m5.xlarge for endpoint usage' is 8 Instances, with current"
    with refused(f"{limit} utilization of 5 Instances and a request delta of 4", "ResourceLimitExceeded"):
        hosting.sagemaker.create_endpoint(EndpointName="second", EndpointConfigName=hosting.config("four", count=4))
    # Blue/green needs room for the old and the new fleet at once; rolling for a batch.
    with refused(f"{limit} utilization of 5 Instances and a request delta of 5", "ResourceLimitExceeded"):
        hosting.update("blue")
    with refused(f"{limit} utilization of 5 Instances and a request delta of 4", "ResourceLimitExceeded"):
        hosting.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="engines",
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 9}],
        )
    assert hosting.status() == "InService"
    batch = {"Type": "INSTANCE_COUNT", "Value": 2}
    policy = {"RollingUpdatePolicy": {"MaximumBatchSize": batch, "WaitIntervalInSeconds": 0}}
    hosting.update("blue", policy)
    hosting.until("InService")


@pytest.mark.parametrize(
    ("policy", "failing"),
    [({}, "garbage"), ({}, "lost"), ({}, "capacity"), ({"step": "50%"}, "garbage"), ({"step": "50%"}, "capacity")],
)
def test_an_update_that_fails_leaves_what_served_in_service(
    hosting: Hosting, policy: dict[str, str], failing: str
) -> None:
    hosting.endpoint(count=2)
    model = hosting.model("new", GARBAGE if failing == "garbage" else None, exists=failing != "lost")
    config = hosting.config("green", production_variant(model, InitialInstanceCount=2))
    if failing == "capacity":
        hosting.region.controls["capacity"](hosting.region, {M5: 0})
    hosting.update(config, rolling(policy["step"]) if policy else None)
    while hosting.status() != "InService":
        assert hosting.status() == "Updating"
        assert hosting.shares() == {"blue": 1.0}
        hosting.region.advance(60)
    endpoint = hosting.described()
    assert endpoint["EndpointConfigName"] == "blue"
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    reasons = {"garbage": PING, "lost": "Failed to download model data", "capacity": SHORTAGE}
    assert endpoint["FailureReason"].startswith(reasons[failing])
    assert "PendingDeploymentSummary" not in endpoint
    # The reason is there until the next change begins.
    hosting.region.controls["capacity"](hosting.region, {M5: None})
    hosting.update("blue")
    assert "FailureReason" not in hosting.described()


@pytest.mark.parametrize("failing", ["capacity", "lost"])
def test_instances_that_do_not_come_up_are_rolled_back(hosting: Hosting, failing: str) -> None:
    hosting.endpoint(count=2)
    if failing == "lost":
        hosting.region.objects.delete("models", "blue-model/model.tar.gz")
    else:
        hosting.region.controls["capacity"](hosting.region, {M5: 1})
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="engines",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 4, "DesiredWeight": 2.0}],
    )
    [variant] = hosting.described()["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 4)
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (1.0, 2.0)
    assert "PendingDeploymentSummary" not in hosting.described()
    hosting.until("RollingBack")
    hosting.until("InService")
    endpoint = hosting.described()
    [variant] = endpoint["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (1.0, 1.0)
    assert endpoint["FailureReason"].startswith(SHORTAGE if failing == "capacity" else "Failed to download model data")


def test_what_has_failed_can_only_be_deleted(hosting: Hosting) -> None:
    create(hosting, hosting.model("lost", exists=False))
    hosting.until("Failed")
    for change in (
        lambda: hosting.update("blue"),
        lambda: hosting.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 1.0}]
        ),
    ):
        with refused("in status Failed"):
            change()
    hosting.sagemaker.delete_endpoint(EndpointName="engines")
    hosting.region.advance(60)
    with refused("Could not find endpoint"):
        hosting.status()
