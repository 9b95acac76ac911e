"""Training jobs that train: their lives, metrics, artefacts and failures, through unmodified clients."""

from __future__ import annotations

import errno
import gzip
import io
import math
import os
import re
import signal
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.training.trainer import Trainer
from tests.sandbox.artefacts import channel, csv_rows, put_channels, training_request
from tests.sandbox.conftest import Clients

_PATIENCE = 60


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    put_channels(region)
    return clients("sagemaker")


def train(sagemaker: Any, trainer: Trainer, request: dict[str, Any]) -> dict[str, Any]:
    """The job as described once it has ended."""
    sagemaker.create_training_job(**request)
    assert trainer.wait_until_idle(_PATIENCE)
    job: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=request["TrainingJobName"])
    return job


def test_a_job_trains_and_leaves_metrics_and_one_native_model(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    import numpy as np
    import xgboost as xgb

    job = train(sagemaker, trainer, training_request("Trained"))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    assert job["TrainingJobArn"] == "arn:aws:sagemaker:us-east-1:000000000000:training-job/trained"
    passed = [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    assert passed == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all("EndTime" in transition for transition in job["SecondaryStatusTransitions"])
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"] >= 1
    assert job["CreationTime"] == job["TrainingStartTime"] == job["TrainingEndTime"] == region.now()

    assert job["ModelArtifacts"]["S3ModelArtifacts"] == "s3://models/output/Trained/output/model.tar.gz"
    body = region.objects.get("models", "output/Trained/output/model.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.getnames() == ["xgboost-model"]
        member = archive.extractfile("xgboost-model")
        assert member is not None
        booster = xgb.Booster(model_file=bytearray(member.read()))
    assert booster.num_boosted_rounds() == 5
    metrics = {entry["MetricName"]: entry["Value"] for entry in job["FinalMetricDataList"]}
    assert metrics.keys() == {"train:rmse", "validation:rmse"}
    rows = np.loadtxt(io.BytesIO(csv_rows(100, 2)), delimiter=",", dtype=np.float32)
    predicted = booster.predict(xgb.DMatrix(rows[:, 1:]))
    assert math.isclose(np.sqrt(np.mean((predicted - rows[:, 0]) ** 2)), metrics["validation:rmse"], rel_tol=1e-5)


def test_the_same_job_gives_the_same_bytes(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    for name in ("first", "second"):
        train(sagemaker, trainer, training_request(name, subsample="0.7"))
    first, second = (region.objects.get("models", f"output/{name}/output/model.tar.gz") for name in ("first", "second"))
    assert first == second


def test_channels_may_be_gzipped_and_in_several_files(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    whole = train(sagemaker, trainer, training_request("whole"))
    lines = region.objects.get("data", "train/train.csv").splitlines(keepends=True)
    region.objects.put("data", "parts/a.csv.gz", gzip.compress(b"".join(lines[:120])))
    region.objects.put("data", "parts/b.csv", b"".join(lines[120:]))
    request = training_request("parts")
    request["InputDataConfig"] = [channel("train", S3Uri="s3://data/parts/"), channel("validation")]
    assert train(sagemaker, trainer, request)["FinalMetricDataList"] == whole["FinalMetricDataList"]


def test_wrong_hyperparameters_fail_the_job_and_say_why(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    job = train(sagemaker, trainer, training_request("wrong", eta="5"))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"] == "ClientError: Hyperparameter eta: 5.0 is not in [0, 1]"
    assert "FinalMetricDataList" not in job
    assert region.objects.head("models", "output/wrong/output/model.tar.gz") is None


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ([channel("validation")], "ClientError: Missing required channel: train"),
        ([channel("train", S3Uri="s3://data/nothing/")], 'No S3 objects found under S3 URL "s3://data/nothing/"'),
        ([channel("train", S3Uri="s3://nowhere/")], 'No S3 objects found under S3 URL "s3://nowhere/"'),
    ],
)
def test_missing_channels_fail_the_job_and_say_which(
    sagemaker: Any, trainer: Trainer, channels: list[dict[str, Any]], reason: str
) -> None:
    job = train(sagemaker, trainer, {**training_request("wrong"), "InputDataConfig": channels})
    assert job["TrainingJobStatus"] == "Failed"
    assert reason in job["FailureReason"]


def test_another_image_fails_the_job(sagemaker: Any, trainer: Trainer) -> None:
    request = training_request("other")
    request["AlgorithmSpecification"]["TrainingImage"] = "1.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    job = train(sagemaker, trainer, request)
    assert "XGBoost images only" in job["FailureReason"]
    assert "TrainingStartTime" not in job


def test_a_job_that_waits_is_stopped_at_once_and_one_that_trains_keeps_its_model(
    region: Region, sagemaker: Any, trainer: Trainer
) -> None:
    sagemaker.create_training_job(**training_request("long", num_round="1000000"))
    sagemaker.create_training_job(**training_request("waits"))
    sagemaker.stop_training_job(TrainingJobName="waits")
    assert sagemaker.describe_training_job(TrainingJobName="waits")["TrainingJobStatus"] == "Stopped"
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    sagemaker.stop_training_job(TrainingJobName="long")
    assert sagemaker.describe_training_job(TrainingJobName="long")["TrainingJobStatus"] in ("Stopping", "Stopped")
    assert trainer.wait_until_idle(_PATIENCE)
    job = sagemaker.describe_training_job(TrainingJobName="long")
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["FinalMetricDataList"]
    assert region.objects.head("models", "output/long/output/model.tar.gz")
    with pytest.raises(ClientError, match="is in status Stopped"):
        sagemaker.stop_training_job(TrainingJobName="long")


def test_absent_and_duplicate_jobs_are_refused(sagemaker: Any) -> None:
    sagemaker.create_training_job(**training_request("once"))
    with pytest.raises(ClientError, match=r"\(ResourceInUse\).*must be unique"):
        sagemaker.create_training_job(**training_request("ONCE"))
    for call in (sagemaker.describe_training_job, sagemaker.stop_training_job):
        with pytest.raises(ClientError, match=re.escape("(ValidationException)") + ".*Requested resource not found"):
            call(TrainingJobName="nobody")


def test_jobs_are_listed_oldest_first_and_filtered_after_paging(region: Region, sagemaker: Any) -> None:
    for name in ("c", "a", "b"):
        sagemaker.create_training_job(**training_request(name))
        region.advance(1)
    sagemaker.stop_training_job(TrainingJobName="a")

    def names(**options: Any) -> list[str]:
        return [row["TrainingJobName"] for row in sagemaker.list_training_jobs(**options)["TrainingJobSummaries"]]

    assert names() == ["c", "a", "b"]
    assert names(SortBy="Name", SortOrder="Descending") == ["c", "b", "a"]
    assert names(StatusEquals="Stopped") == ["a"]
    assert names(StatusEquals="Stopped", MaxResults=1) == []
    assert names(CreationTimeAfter=region.now(), SortBy="CreationTime") == []
    assert names(NameContains="b") == ["b"]


def test_a_process_that_dies_fails_its_job_and_the_next_gets_a_new_one(sagemaker: Any, trainer: Trainer) -> None:
    sagemaker.create_training_job(**training_request("long", num_round="1000000"))
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    assert trainer.process_id is not None
    os.kill(trainer.process_id, signal.SIGKILL)
    assert trainer.wait_until_idle(_PATIENCE)
    job = sagemaker.describe_training_job(TrainingJobName="long")
    assert job["FailureReason"].startswith("InternalServerError")
    assert train(sagemaker, trainer, training_request("next"))["TrainingJobStatus"] == "Completed"


def test_a_job_whose_artefact_cannot_be_kept_fails_and_the_next_is_trained(
    region: Region, sagemaker: Any, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(region.objects, "adopt", refuse)
        job = train(sagemaker, trainer, training_request("full"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError")
    assert train(sagemaker, trainer, training_request("next"))["TrainingJobStatus"] == "Completed"
