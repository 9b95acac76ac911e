"""One training job in full, and what is left out where AWS does not say it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.job_description import Channel, Serving, read_training_job
from tests.core.scripted import NOW, ScriptedAws, not_found

ARTIFACT = "s3://bucket/engines/output/model.tar.gz"
JOB: dict[str, Any] = {
    "TrainingJobName": "engines",
    "TrainingJobArn": "arn:aws:sagemaker:us-east-1:000000000000:training-job/engines",
    "TrainingJobStatus": "Completed",
    "SecondaryStatus": "Completed",
    "CreationTime": NOW,
    "ModelArtifacts": {"S3ModelArtifacts": ARTIFACT},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "BillableTimeInSeconds": 1800,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "ContentType": "text/csv",
            "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/train", "S3DataType": "S3Prefix"}},
        }
    ],
    "SecondaryStatusTransitions": [
        {"Status": "Starting", "StartTime": NOW, "EndTime": NOW + timedelta(seconds=60), "StatusMessage": "Launching"},
        {"Status": "Training", "StartTime": NOW + timedelta(seconds=60)},
    ],
}
PRICE = {"terms": {"OnDemand": {"t": {"priceDimensions": {"d": {"unit": "Hrs", "pricePerUnit": {"USD": "0.23"}}}}}}}
DASHBOARD = {"Results": [{"Model": {"Endpoints": [{"EndpointName": "live", "EndpointStatus": "InService"}]}}]}


def region(**answers: Any) -> ScriptedAws:
    return ScriptedAws(
        {
            "sagemaker:DescribeTrainingJob": JOB,
            "pricing:GetProducts": {"PriceList": [json.dumps(PRICE)]},
            "sagemaker:Search": DASHBOARD,
            **answers,
        }
    )


def test_everything_that_aws_says_is_there() -> None:
    aws = region()
    found = read_training_job(aws, "engines")
    assert [(stage.status, stage.ended is None) for stage in found.stages] == [("Starting", False), ("Training", True)]
    assert found.channels == (Channel("train", "s3://bucket/train", "text/csv"),)
    assert (found.instance_count, found.volume_gb, found.max_runtime_seconds) == (2, 10, 3600)
    assert found.cost_usd == pytest.approx(0.23 * 2 / 2)
    assert found.serving == (Serving("live", "InService"),)
    assert found.job.arn == JOB["TrainingJobArn"]
    assert found.job.model_artifact == ARTIFACT
    [asked] = [parameters for name, parameters in aws.calls if name == "pricing:GetProducts"]
    assert {"Type": "TERM_MATCH", "Field": "platoinstancetype", "Value": "Training"} in asked["Filters"]


@pytest.mark.parametrize("kind", [ErrorKind.DENIED, ErrorKind.INVALID, ErrorKind.THROTTLED])
def test_extras_that_cannot_be_read_are_unknown(kind: ErrorKind) -> None:
    refused = ConsoleError(kind, "no")
    found = read_training_job(region(**{"pricing:GetProducts": refused, "sagemaker:Search": refused}), "engines")
    assert (found.cost_usd, found.serving) == (None, None)
    assert found.job.name == "engines"


def test_a_job_without_a_model_serves_nowhere_and_nobody_is_asked() -> None:
    aws = region(**{"sagemaker:DescribeTrainingJob": {**JOB, "ModelArtifacts": {}}})
    assert read_training_job(aws, "engines").serving is None
    assert "sagemaker:Search" not in aws.called


def test_a_job_that_is_not_there_is_named() -> None:
    with pytest.raises(ConsoleError, match="no training job 'absent'"):
        read_training_job(ScriptedAws({"sagemaker:DescribeTrainingJob": not_found()}), "absent")
