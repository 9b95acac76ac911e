"""The life of a training job as records: added, passing through its secondary statuses, ended."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB
from cmapss_sandbox.store import Record
from cmapss_sandbox.training.metrics import metric_definitions

# Told whenever there may be something to train; whoever trains looks into the tables for what.
WORK_ARRIVED = "training_work_arrived"
# Told when a job whose training has begun shall stop, with its name.
STOP_ASKED = "training_stop_asked"
# The timed event at which a job has trained for as long as it may.
MAX_RUNTIME = "training_max_runtime"

INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."
ACTIVE = ("InProgress", "Stopping")

# A container has so long after SIGTERM before it is killed (CreateTrainingJob, StoppingCondition).
_GRACE = timedelta(seconds=120)
_DEFAULT_MAX_RUNTIME = 86400
_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Pending": "Waiting for compute capacity: the sandbox trains one job at a time",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Restarting": "The sandbox was stopped; the training job starts again",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


def add_training_job(region: Region, definition: Mapping[str, Any], **further: Any) -> None:
    """Write a new training job, InProgress and Starting, with what AWS fills in; tell whoever trains."""
    now, name = region.now(), definition["TrainingJobName"]
    output = {"KmsKeyId": "", **definition["OutputDataConfig"]}
    record = {
        "HyperParameters": {},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        **definition,
        **further,
        "AlgorithmSpecification": {
            "EnableSageMakerMetricsTimeSeries": False,
            **with_metrics(definition["AlgorithmSpecification"]),
        },
        "InputDataConfig": [_channel(channel) for channel in definition.get("InputDataConfig", [])],
        "OutputDataConfig": output,
        "StoppingCondition": {
            "MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME,
            **definition.get("StoppingCondition", {}),
        },
        "TrainingJobArn": TRAINING_JOB.arn_of(region, name),
        "ModelArtifacts": {"S3ModelArtifacts": f"{output['S3OutputPath'].rstrip('/')}/{name}/output/model.tar.gz"},
        "CreationTime": now,
        "_identity": uuid.uuid4().hex,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatusTransitions": [],
    }
    TRAINING_JOB.records(region)[name] = _entered(record, "Starting", now)
    region.notify(WORK_ARRIVED)


def enter(region: Region, name: str, secondary_status: str, **changes: Any) -> None:
    """Let a job pass into a secondary status."""
    records = TRAINING_JOB.records(region)
    records[name] = _entered({**records[name], **changes}, secondary_status, region.now())


def begin(region: Region, name: str) -> None:
    """Let the training of a job begin; from its first beginning on, its time runs."""
    record = TRAINING_JOB.records(region)[name]
    if "TrainingStartTime" in record:
        enter(region, name, "Downloading")
        return
    now = region.now()
    due = now + timedelta(seconds=record["StoppingCondition"]["MaxRuntimeInSeconds"])
    event = region.schedule(due, MAX_RUNTIME, name=name)
    enter(region, name, "Downloading", TrainingStartTime=now, _max_runtime=event)


def stop(region: Region, name: str, ends_as: str = "Stopped") -> None:
    """Let a job that is in progress stop: at once when its training has not begun.

    `ends_as` is the secondary status in which it ends: Stopped or MaxRuntimeExceeded.
    """
    begun = "TrainingStartTime" in TRAINING_JOB.records(region)[name]
    asked = {"_ends_as": ends_as, "_stop_asked": region.now()}
    enter(region, name, "Stopping", TrainingJobStatus="Stopping", **asked)
    region.notify(STOP_ASKED, name=name)
    if not begun:
        end(region, name, "Stopped")


def exceed_max_runtime(region: Region, name: str) -> None:
    """The timed event: a job that still trains is stopped."""
    record = TRAINING_JOB.records(region).get(name)
    if record is not None and record["TrainingJobStatus"] == "InProgress":
        stop(region, name, "MaxRuntimeExceeded")


def fail(region: Region, name: str, reason: str) -> None:
    """End a job as Failed, or have it start again when the fault is not its own and its RetryStrategy allows."""
    record = TRAINING_JOB.records(region)[name]
    retries = record.get("_retries", 0)
    if (
        reason.startswith("InternalServerError")
        and record["TrainingJobStatus"] == "InProgress"
        and retries < record.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
    ):
        enter(region, name, "Starting", _retries=retries + 1)
        region.notify(WORK_ARRIVED)
    else:
        end(region, name, "Failed", reason=reason)


def end(
    region: Region, name: str, status: str, metrics: Mapping[str, float] | None = None, reason: str | None = None
) -> None:
    """End a job as Completed, Failed or Stopped, with the last value of each metric it reported."""
    record = TRAINING_JOB.records(region)[name]
    now = region.now()
    # A stopped container is gone after its grace, however much region time this machine took to write its model.
    ended = min(now, record["_stop_asked"] + _GRACE) if "_stop_asked" in record else now
    changes: dict[str, Any] = {"TrainingJobStatus": status, "TrainingEndTime": ended}
    if "TrainingStartTime" in record:
        seconds = max(1, math.ceil((ended - record["TrainingStartTime"]).total_seconds()))
        changes |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        region.cancel(record["_max_runtime"])
    if metrics:
        changes["FinalMetricDataList"] = [
            {"MetricName": metric, "Value": value, "Timestamp": ended} for metric, value in metrics.items()
        ]
    if reason is not None:
        changes["FailureReason"] = reason[:1024]
    secondary = record.get("_ends_as", status) if status == "Stopped" else status
    records = TRAINING_JOB.records(region)
    records[name] = {**_entered({**record, **changes}, secondary, ended), "LastModifiedTime": now}
    region.notify(WORK_ARRIVED)


def with_metrics(algorithm: Mapping[str, Any]) -> dict[str, Any]:
    """An AlgorithmSpecification as it is described: with the algorithm's metrics where none are given."""
    return {"MetricDefinitions": metric_definitions(), **algorithm}


def final_metric(record: Record, metric: str) -> float | None:
    """The last value that a job reported of a metric, None when it reported none."""
    values = {entry["MetricName"]: entry["Value"] for entry in record.get("FinalMetricDataList", [])}
    value: float | None = values.get(metric)
    return value


def _channel(given: Mapping[str, Any]) -> dict[str, Any]:
    source = given["DataSource"]
    if "S3DataSource" in source:
        source = {**source, "S3DataSource": {"S3DataDistributionType": "FullyReplicated", **source["S3DataSource"]}}
    return {"CompressionType": "None", "RecordWrapperType": "None", **given, "DataSource": source}


def _entered(record: Record, status: str, at: datetime) -> Record:
    passed = [
        transition if "EndTime" in transition else {**transition, "EndTime": max(at, transition["StartTime"])}
        for transition in record["SecondaryStatusTransitions"]
    ]
    entered: dict[str, Any] = {"Status": status, "StartTime": at, "StatusMessage": _MESSAGES[status]}
    if record["TrainingJobStatus"] not in ACTIVE:
        entered["EndTime"] = at
    return {
        **record,
        "SecondaryStatus": status,
        "SecondaryStatusTransitions": [*passed, entered],
        "LastModifiedTime": at,
    }
