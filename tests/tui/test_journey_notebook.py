"""A notebook that knows nothing of the console makes the whole journey with boto3, and finds what the console finds."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.evaluation import validate
from cmapss_data import open_fleet
from tests.live import LiveSandbox

ENDPOINT = "notebook-endpoint"
CONFIG = "notebook-config"
MODEL = "notebook-model"
RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def test_rows(archive: Path) -> Iterator[tuple[list[str], list[int]]]:
    """Lines without the engine's number, as they stand in the files, and the true RUL of each, subset by subset."""
    with zipfile.ZipFile(archive) as files:
        for subset in ("FD001", "FD002", "FD003", "FD004"):
            rows = [line.split() for line in files.read(f"test_{subset}.txt").decode().splitlines()]
            ends = [int(line) for line in files.read(f"RUL_{subset}.txt").decode().split()]
            last: dict[str, int] = {}
            for row in rows:
                last[row[0]] = int(row[1])
            yield (
                [" ".join(row[1:]) for row in rows],
                [ends[int(row[0]) - 1] + last[row[0]] - int(row[1]) for row in rows],
            )


test_rows.__test__ = False  # type: ignore[attr-defined]  # a function that reads, not a test


@pytest.fixture
def deployed(sandbox: LiveSandbox) -> Iterator[Any]:
    """The best job behind an endpoint with target tracking, and everything deleted afterwards."""
    sagemaker = sandbox.client("sagemaker")
    jobs = sagemaker.search(Resource="TrainingJob")["Results"]

    def metric(job: dict[str, Any]) -> float:
        return float(next(m["Value"] for m in job["FinalMetricDataList"] if m["MetricName"] == "validation:rmse"))

    best = min((result["TrainingJob"] for result in jobs), key=metric)
    sagemaker.create_model(
        ModelName=MODEL,
        ExecutionRoleArn=best["RoleArn"],
        PrimaryContainer={
            "Image": best["AlgorithmSpecification"]["TrainingImage"],
            "ModelDataUrl": best["ModelArtifacts"]["S3ModelArtifacts"],
        },
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=CONFIG,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": MODEL,
                "InstanceType": "ml.m5.xlarge",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 1,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=CONFIG)
    assert sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "Creating"
    sandbox.advance(minutes=11)
    assert sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "InService"
    yield sagemaker
    scaling = sandbox.client("application-autoscaling")
    if scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]:
        scaling.deregister_scalable_target(**RESOURCE)
    sandbox.advance(minutes=10)  # AWS deletes no endpoint that it is still scaling
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    sandbox.advance(minutes=5)
    sagemaker.delete_endpoint_config(EndpointConfigName=CONFIG)
    sagemaker.delete_model(ModelName=MODEL)
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def predictions(runtime: Any, rows: list[str]) -> list[int]:
    """The reference's own loop: a hundred rows at a time, one after another, rounded up."""
    found: list[int] = []
    for start in range(0, len(rows), 100):
        answer = runtime.invoke_endpoint(
            EndpointName=ENDPOINT, ContentType="text/csv", Body="\n".join(rows[start : start + 100])
        )
        found += [math.ceil(float(value)) for value in answer["Body"].read().decode().split(",")]
    return found


def test_the_console_finds_the_error_that_a_notebook_finds(
    sandbox: LiveSandbox, deployed: Any, real_data: Path
) -> None:
    runtime = sandbox.client("sagemaker-runtime")
    squares = rows = 0
    for lines, true in test_rows(real_data):
        predicted = predictions(runtime, lines)
        squares += sum((p - t) ** 2 for p, t in zip(predicted, true, strict=True))
        rows += len(lines)
    independent = math.sqrt(squares / rows)

    aws = Aws(Target(endpoint_url=sandbox.endpoint_url))
    ours = validate(aws, ENDPOINT, open_fleet(real_data))
    assert ours.rows == rows == 104_897
    assert ours.rmse == pytest.approx(independent, abs=1e-6)
    assert ours.rmse is not None
    assert ours.rmse <= 57.8
    assert ours.data == "nasa"


def test_load_brings_five_instances_and_leaves_nothing_behind(
    sandbox: LiveSandbox, deployed: Any, real_data: Path
) -> None:
    scaling, runtime = sandbox.client("application-autoscaling"), sandbox.client("sagemaker-runtime")
    scaling.register_scalable_target(**RESOURCE, MinCapacity=1, MaxCapacity=5)
    scaling.put_scaling_policy(
        **RESOURCE,
        PolicyName="Invocations-ScalingPolicy",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 10.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleInCooldown": 600,
            "ScaleOutCooldown": 30,
        },
    )
    lines, _ = next(iter(test_rows(real_data)))
    body = io.StringIO("\n".join(lines[:10])).read()
    counts: list[int] = []
    for _ in range(10):
        for _ in range(60):
            runtime.invoke_endpoint(EndpointName=ENDPOINT, ContentType="text/csv", Body=body)
        sandbox.advance(minutes=1)
        [variant] = deployed.describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
        counts.append(variant["CurrentInstanceCount"])
    assert counts[0] == 1
    assert counts[-1] == 5
    assert counts == sorted(counts)
    [activity] = scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=RESOURCE["ResourceId"])[
        "ScalingActivities"
    ]
    assert activity["StatusCode"] == "Successful"
    assert "AlarmHigh" in activity["Cause"]
    states = {
        alarm["AlarmName"]: alarm["StateValue"]
        for alarm in sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
    }
    assert len(states) == 2
    sandbox.advance(minutes=45)
    [variant] = deployed.describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] < 5, "without load it scales in, cooldown after cooldown"
