"""The journey with the AWS command line interface, which knows of the sandbox no more than its address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import pytest

from cmapss_sandbox.server import Server
from tests.sandbox.artefacts import ROLE, production_variant
from tests.sandbox.awscli import run_aws
from tests.sandbox.boosters import IMAGE_REPOSITORY, artefact, as_csv, random_rows, trained
from tests.sandbox.conftest import NOON, Control, Installation

NAME = "cmapss-XGBoostEndpoint"
TARGET = (
    "--service-namespace=sagemaker",
    f"--resource-id=endpoint/{NAME}/variant/AllTraffic",
    "--scalable-dimension=sagemaker:variant:DesiredInstanceCount",
)

Aws = Callable[..., Any]


@pytest.fixture
def aws(server: Server) -> Aws:
    """Runs the command against the sandbox."""
    return partial(run_aws, server.url)


@pytest.fixture
def advance(control: Control) -> Callable[[int], None]:
    """Lets the region's time pass, by the control call that anyone may make."""

    def pass_seconds(seconds: int) -> None:
        assert control("clock", advance_seconds=seconds)[0] == 200

    return pass_seconds


def test_deploy_invoke_scale_and_delete(
    installation: Installation, aws: Aws, advance: Callable[[int], None], tmp_path: Path
) -> None:
    import xgboost

    installation.region.objects.put("models", "best/model.tar.gz", artefact())
    container = {"Image": f"{IMAGE_REPOSITORY}:1.2-1", "ModelDataUrl": "s3://models/best/model.tar.gz"}
    aws("sagemaker", "create-model", model_name="best", execution_role_arn=ROLE, primary_container=container)
    variants = [production_variant("best")]
    aws("sagemaker", "create-endpoint-config", endpoint_config_name="best", production_variants=variants)
    aws("sagemaker", "create-endpoint", endpoint_name=NAME, endpoint_config_name="best")
    [listed] = aws("sagemaker", "list-endpoints")["Endpoints"]
    assert (listed["EndpointName"], listed["EndpointStatus"]) == (NAME, "Creating")
    advance(11 * 60)
    aws("sagemaker", "wait", "endpoint-in-service", endpoint_name=NAME)
    assert aws("sagemaker", "describe-endpoint", endpoint_name=NAME)["EndpointStatus"] == "InService"

    aws("application-autoscaling", "register-scalable-target", *TARGET, min_capacity="1", max_capacity="5")
    put = aws(
        "application-autoscaling",
        "put-scaling-policy",
        *TARGET,
        policy_name="Invocations-ScalingPolicy",
        policy_type="TargetTrackingScaling",
        target_tracking_scaling_policy_configuration={
            "TargetValue": 0.2,  # so that one invocation a minute asks for five instances
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        },
    )
    assert len(put["Alarms"]) == 2

    rows, payload, answer = random_rows(100), tmp_path / "rows.csv", tmp_path / "answer.csv"
    payload.write_bytes(as_csv(rows))
    for _ in range(3):
        described = aws(
            "sagemaker-runtime",
            "invoke-endpoint",
            str(answer),
            endpoint_name=NAME,
            content_type="text/csv",
            body=f"fileb://{payload}",
        )
        advance(60)
    assert described == {"ContentType": "text/csv; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
    predictions = numpy.array(answer.read_text().split(","), dtype=numpy.float32)
    numpy.testing.assert_array_equal(predictions, trained().predict(xgboost.DMatrix(numpy.array(rows))))

    dimensions = [{"Name": "EndpointName", "Value": NAME}, {"Name": "VariantName", "Value": "AllTraffic"}]
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": dimensions}
    metrics = aws(
        "cloudwatch",
        "get-metric-data",
        metric_data_queries=[{"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        start_time=NOON.isoformat(),
        end_time=(NOON + timedelta(hours=1)).isoformat(),
    )
    assert metrics["MetricDataResults"][0]["Values"][:3] == [1, 1, 1]

    advance(240)
    [activity] = aws("application-autoscaling", "describe-scaling-activities", service_namespace="sagemaker")[
        "ScalingActivities"
    ]
    assert (activity["Description"], activity["StatusCode"]) == (
        "Setting desired instance count to 5.",
        "Successful",
    )
    [variant] = aws("sagemaker", "describe-endpoint", endpoint_name=NAME)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 5

    aws("sagemaker", "delete-endpoint", endpoint_name=NAME)
    aws("sagemaker", "delete-endpoint-config", endpoint_config_name="best")
    aws("sagemaker", "delete-model", model_name="best")
    advance(60)
    for table in ("endpoints", "endpoint_configs", "models", "scalable_targets", "scaling_policies", "alarms"):
        assert len(installation.region.table(table)) == 0, table


def test_update_with_a_canary_and_refusals_in_the_services_words(
    installation: Installation, aws: Aws, advance: Callable[[int], None]
) -> None:
    installation.region.objects.put("models", "best/model.tar.gz", artefact())
    container = {"Image": f"{IMAGE_REPOSITORY}:1.2-1", "ModelDataUrl": "s3://models/best/model.tar.gz"}
    aws("sagemaker", "create-model", model_name="best", execution_role_arn=ROLE, primary_container=container)
    for config, instances in (("one", 1), ("three", 3)):
        variants = [production_variant("best", InitialInstanceCount=instances)]
        aws("sagemaker", "create-endpoint-config", endpoint_config_name=config, production_variants=variants)
    aws("sagemaker", "create-endpoint", endpoint_name=NAME, endpoint_config_name="one")
    in_progress = "(ValidationException) when calling the DeleteEndpoint operation: Cannot update in-progress endpoint"
    aws("sagemaker", "delete-endpoint", endpoint_name=NAME, refusal=in_progress)
    aws("sagemaker", "describe-endpoint", endpoint_name="nobody", refusal="Could not find endpoint")
    advance(11 * 60)

    canary = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 300,
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
    }
    aws(
        "sagemaker",
        "update-endpoint",
        endpoint_name=NAME,
        endpoint_config_name="three",
        deployment_config={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": canary}},
    )
    pending = aws("sagemaker", "describe-endpoint", endpoint_name=NAME)
    assert pending["EndpointStatus"] == "Updating"
    assert pending["PendingDeploymentSummary"]["EndpointConfigName"] == "three"
    advance(3600)
    aws("sagemaker", "wait", "endpoint-in-service", endpoint_name=NAME)
    assert aws("sagemaker", "describe-endpoint", endpoint_name=NAME)["EndpointConfigName"] == "three"
    aws("sagemaker", "delete-endpoint", endpoint_name=NAME)
    advance(60)
    aws("sagemaker", "wait", "endpoint-deleted", endpoint_name=NAME)


def test_a_bucket_is_made_filled_listed_and_removed(aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "model.tar.gz"
    file.write_bytes(artefact())
    aws("s3", "mb", "s3://cmapss-aws")
    aws("s3", "cp", str(file), "s3://cmapss-aws/models/model.tar.gz")
    assert str(file.stat().st_size) in aws("s3", "ls", "s3://cmapss-aws/models/")
    back = tmp_path / "back.tar.gz"
    aws("s3", "cp", "s3://cmapss-aws/models/model.tar.gz", str(back))
    assert back.read_bytes() == file.read_bytes()
    aws("s3", "rb", "--force", "s3://cmapss-aws")
    assert aws("s3api", "list-buckets")["Buckets"] == []
