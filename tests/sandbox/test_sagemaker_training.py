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
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, forget
from cmapss_sandbox.services.sagemaker.training_jobs import create_training_job
from cmapss_sandbox.services.sagemaker.training_records import stop
from cmapss_sandbox.training.trainer import Trainer
from tests.sandbox.artefacts import channel, csv_rows, put_channels, training_request
from tests.sandbox.conftest import Clients
from tests.sandbox.roles import limit

_PATIENCE = 60
_ONCE_MORE = {"MaximumRetryAttempts": 1}


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


def test_what_is_wrong_fails_the_job_and_the_reason_says_what(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    region.objects.put("data", "words/words.csv", b"rul,speed\nhigh,low\n")
    region.objects.put("data", "gone/train.csv", csv_rows(9, 1))
    image = {"TrainingImage": "1.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1", "TrainingInputMode": "File"}
    words, gone = (channel("train", S3Uri=f"s3://data/{name}/") for name in ("words", "gone"))
    parquet = {**channel("train"), "ContentType": "image/png"}
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "parameter": ({"HyperParameters": {"num_round": "5", "eta": "5"}}, "Hyperparameter eta: 5.0 is not in [0, 1]"),
        "required": ({"HyperParameters": {}}, "Missing required hyperparameter: num_round"),
        "channel": ({"InputDataConfig": [channel("validation")]}, "Missing required channel: train"),
        "further": (
            {"InputDataConfig": [channel("train"), channel("tests", S3Uri="s3://data/train/")]},
            "Extraneous channel found: tests",
        ),
        "type": ({"InputDataConfig": [parquet]}, "image/png is not an accepted ContentType: csv, text/csv"),
        "words": ({"InputDataConfig": [words]}, "Failed to load csv data with exception"),
        "gone": (
            {"InputDataConfig": [gone]},
            'Data download failed:No S3 objects found under S3 URL "s3://data/gone/" given in input data source.',
        ),
        "image": (
            {"AlgorithmSpecification": image},
            "Cannot pull algorithm container. Either the image does not exist",
        ),
        "bucket": (
            {"OutputDataConfig": {"S3OutputPath": "s3://nowhere/output"}},
            "Artifact upload failed:NoSuchBucket: The specified bucket does not exist (nowhere)",
        ),
    }
    trainer.close()
    for name, (change, _) in wrong.items():
        sagemaker.create_training_job(**{**training_request(name), **change})
    region.objects.delete("data", "gone/train.csv")
    trainer.start()
    assert trainer.wait_until_idle(_PATIENCE)
    for name, (_, reason) in wrong.items():
        job = sagemaker.describe_training_job(TrainingJobName=name)
        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
        assert job["FailureReason"].startswith(f"ClientError: {reason}")
        assert "\n" not in job["FailureReason"]
        assert "FinalMetricDataList" not in job
        assert job["SecondaryStatusTransitions"][-1]["StatusMessage"] == "Training job failed"
        assert region.objects.head("models", f"output/{name}/output/model.tar.gz") is None
    assert "TrainingStartTime" not in sagemaker.describe_training_job(TrainingJobName="image")


def test_what_its_role_may_not_do_fails_the_job(
    region: Region, sagemaker: Any, trainer: Trainer, clients: Clients
) -> None:
    allowed = ["s3:ListBucket", "ecr:BatchGetImage", "s3:GetObject", "s3:PutObject"]
    reasons = {
        1: "ClientError: Cannot pull algorithm container.",
        2: "ClientError: Data download failed:Unable to download object s3://data/train/train.csv (AccessDenied",
        3: "ClientError: Artifact upload failed:AccessDenied: Access Denied (s3://models/output/may-3/output/model",
    }
    for count in (1, 2, 3, 4):
        limit(region, *allowed[:count])
        job = train(sagemaker, trainer, training_request(f"may-{count}"))
        assert job["TrainingJobStatus"] == ("Failed" if count in reasons else "Completed")
        assert job.get("FailureReason", "").startswith(reasons.get(count, ""))
    groups = clients("logs").describe_log_groups()["logGroups"]
    assert groups == [], "who may not write logs has none"


def test_jobs_are_stopped_by_the_user_and_by_their_time(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    def described(name: str) -> dict[str, Any]:
        job: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
        return job

    sagemaker.create_training_job(**training_request("long", num_round="1000000"))
    sagemaker.create_training_job(**training_request("waits"))
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    sagemaker.stop_training_job(TrainingJobName="waits")
    assert described("waits")["TrainingJobStatus"] == "Stopped"
    assert "TrainingStartTime" not in described("waits")
    with pytest.raises(ClientError, match=r"\(ResourceInUse\)"):
        sagemaker.delete_training_job(TrainingJobName="long")
    region.advance(60)
    sagemaker.stop_training_job(TrainingJobName="long")
    assert described("long")["TrainingJobStatus"] in ("Stopping", "Stopped")
    region.advance(10_000)
    assert trainer.wait_until_idle(_PATIENCE)
    job = described("long")
    passed = [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    assert passed == ["Starting", "Downloading", "Training", "Stopping", "Stopped"]
    assert job["FinalMetricDataList"]
    assert region.objects.head("models", "output/long/output/model.tar.gz")
    assert 60 <= job["TrainingTimeInSeconds"] <= 60 + 120, "a container has 120 seconds to save what it has"
    with pytest.raises(ClientError, match="rejected because the training job is in status Stopped"):
        sagemaker.stop_training_job(TrainingJobName="long")

    request = training_request("bounded", num_round="1000000")
    request["StoppingCondition"] = {"MaxRuntimeInSeconds": 900}
    sagemaker.create_training_job(**request)
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    region.advance(899)
    assert described("bounded")["TrainingJobStatus"] == "InProgress"
    region.advance(500)
    assert trainer.wait_until_idle(_PATIENCE)
    job = described("bounded")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert 900 <= job["TrainingTimeInSeconds"] <= 900 + 120
    assert region.objects.head("models", "output/bounded/output/model.tar.gz")

    stopping = training_request("early", num_round="1000000", early_stopping_rounds="3")
    job = train(sagemaker, trainer, stopping)
    assert job["TrainingJobStatus"] == "Completed", "XGBoost's own early stopping is how a training completes"
    sagemaker.delete_training_job(TrainingJobName="early")
    with pytest.raises(ClientError, match="Requested resource not found"):
        described("early")
    assert region.objects.head("models", "output/early/output/model.tar.gz")


def test_a_container_writes_a_log_and_its_metrics_are_published(
    region: Region, sagemaker: Any, trainer: Trainer, clients: Clients
) -> None:
    job = train(sagemaker, trainer, training_request("logged", eval_metric="rmse,mae"))
    logs = clients("logs")
    group = "/aws/sagemaker/TrainingJobs"
    [stream] = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="logged/")["logStreams"]
    assert stream["logStreamName"] == f"logged/algo-1-{int(region.now().timestamp())}"
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
    lines = [event["message"] for event in events["events"]]
    assert "[2026-01-05:12:00:00:INFO] Train matrix has 300 rows and 3 columns" in lines
    assert "[2026-01-05:12:00:00:INFO] Validation matrix has 100 rows and 3 columns" in lines
    rounds = [line for line in lines if line.startswith("[") and "#011" in line]
    assert [line.partition("#011")[0] for line in rounds] == [f"[{number}]" for number in range(5)]
    final = {entry["MetricName"]: entry["Value"] for entry in job["FinalMetricDataList"]}
    regexes = {entry["Name"]: entry["Regex"] for entry in job["AlgorithmSpecification"]["MetricDefinitions"]}
    assert len(regexes) <= 40
    assert final.keys() == {"train:rmse", "train:mae", "validation:rmse", "validation:mae"}
    for name, value in final.items():
        match = re.search(regexes[name], rounds[-1])
        assert match is not None
        assert float(match[1]) == pytest.approx(value, abs=1e-5)
    found = logs.filter_log_events(logGroupName=group, logStreamNamePrefix="logged/", filterPattern="validation")
    assert len(found["events"]) == 5

    published = clients("cloudwatch").get_metric_statistics(
        Namespace=group,
        MetricName="validation:rmse",
        Dimensions=[{"Name": "TrainingJobName", "Value": "logged"}],
        StartTime=region.now() - timedelta(minutes=5),
        EndTime=region.now() + timedelta(minutes=5),
        Period=60,
        Statistics=["Minimum", "SampleCount"],
    )["Datapoints"]
    assert [point["SampleCount"] for point in published] == [5]
    assert published[0]["Minimum"] == pytest.approx(final["validation:rmse"])

    log = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert log[-1]["message"] == lines[-1]


def test_a_jobs_own_metric_definitions_are_kept_and_read_from_its_log(sagemaker: Any, trainer: Trainer) -> None:
    request = training_request("own")
    definitions = [
        {"Name": "own", "Regex": r"validation-rmse:([0-9.]+)"},
        {"Name": "never", "Regex": "no such thing ([0-9]+)"},
        {"Name": "broken", "Regex": "("},
    ]
    request["AlgorithmSpecification"]["MetricDefinitions"] = definitions
    job = train(sagemaker, trainer, request)
    assert job["AlgorithmSpecification"]["MetricDefinitions"] == definitions
    final = {entry["MetricName"]: entry["Value"] for entry in job["FinalMetricDataList"]}
    assert final.keys() == {"train:rmse", "validation:rmse", "own"}
    assert final["own"] == pytest.approx(final["validation:rmse"], abs=1e-5)


def test_a_job_that_is_interrupted_starts_again_or_is_stopped(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    sagemaker.create_training_job(**training_request("first", num_round="1000000"))
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    trainer.close()
    region.advance(60)
    # As it is after the region was killed: a new trainer finds what the tables say.
    again = Trainer(region)
    again.start()
    assert again.wait_until(lambda: again.progress is not None, _PATIENCE)
    job = sagemaker.describe_training_job(TrainingJobName="first")
    passed = [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    assert passed == ["Starting", "Downloading", "Training", "Restarting", "Downloading", "Training"]
    assert job["TrainingStartTime"] == job["CreationTime"], "its time has run on"
    again.close()
    sagemaker.stop_training_job(TrainingJobName="first")
    last = Trainer(region)
    last.start()
    assert last.wait_until_idle(_PATIENCE)
    last.close()
    assert sagemaker.describe_training_job(TrainingJobName="first")["TrainingJobStatus"] == "Stopped"


def test_a_namesake_is_not_taken_for_the_job_that_was_deleted(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    with region.lock:
        # Whatever the process answers to the first has to wait until the second is there.
        for _ in range(2):
            sagemaker_create(region, training_request("again"))
            stop(region, "again")
            forget(region, TRAINING_JOB, "again")
        sagemaker_create(region, training_request("again"))
    assert trainer.wait_until_idle(_PATIENCE)
    job = sagemaker.describe_training_job(TrainingJobName="again")
    assert job["TrainingJobStatus"] == "Completed"
    assert [transition["Status"] for transition in job["SecondaryStatusTransitions"]].count("Training") == 1


def sagemaker_create(region: Region, request: dict[str, Any]) -> None:
    """As the operation does it, without a request that would wait for the region's lock."""
    create_training_job(region, request, RequestContext("sagemaker", "CreateTrainingJob", "me", Region.name, {}, "1"))


def test_absent_and_duplicate_jobs_are_refused(sagemaker: Any) -> None:
    sagemaker.create_training_job(**training_request("once"))
    with pytest.raises(ClientError, match=r"\(ResourceInUse\).*must be unique"):
        sagemaker.create_training_job(**training_request("ONCE"))
    for call in (sagemaker.describe_training_job, sagemaker.stop_training_job, sagemaker.delete_training_job):
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
    sagemaker.create_training_job(**training_request("twice", num_round="1000000"), RetryStrategy=_ONCE_MORE)
    for _ in range(2):
        assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
        os.kill(trainer.process_id, signal.SIGKILL)
        assert trainer.wait_until(lambda: trainer.progress is None, _PATIENCE)
    assert trainer.wait_until_idle(_PATIENCE)
    job = sagemaker.describe_training_job(TrainingJobName="twice")
    passed = [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    assert passed == ["Starting", "Downloading", "Training"] * 2 + ["Failed"]
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
