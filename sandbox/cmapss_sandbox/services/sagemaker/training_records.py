"""The life of a training job as records: born, passing through its secondary statuses, ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB
from cmapss_sandbox.store import Record

# Told whenever there may be something to train; whoever trains looks into the tables for what.
WORK_ARRIVED = "training_work_arrived"
# Told when a job that is being trained shall stop, with its name.
STOP_ASKED = "training_stop_asked"
# Told when a job has ended, with its name.
ENDED = "training_job_ended"

_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Restarting": "The sandbox was stopped; the training job starts again",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
}


def born(region: Region, definition: Mapping[str, Any], **further: Any) -> Record:
    """Write a new training job, InProgress and Starting, and tell whoever trains."""
    now, name = region.now(), definition["TrainingJobName"]
    output = definition["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    record = {
        "HyperParameters": {},
        "InputDataConfig": [],
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        **definition,
        **further,
        "TrainingJobArn": TRAINING_JOB.arn_of(region, name),
        "ModelArtifacts": {"S3ModelArtifacts": f"{output}/{name}/output/model.tar.gz"},
        "CreationTime": now,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatusTransitions": [],
    }
    entered = _entered(region, record, "Starting")
    TRAINING_JOB.records(region)[name] = entered
    region.notify(WORK_ARRIVED)
    return entered


def enter(region: Region, name: str, secondary_status: str, **changes: Any) -> None:
    """Let a job pass into a secondary status."""
    records = TRAINING_JOB.records(region)
    records[name] = _entered(region, {**records[name], **changes}, secondary_status)


def end(region: Region, name: str, status: str, metrics: Mapping[str, float], reason: str | None = None) -> None:
    """End a job as Completed, Failed or Stopped, with the last value of each metric it reported."""
    now = region.now()
    record = TRAINING_JOB.records(region)[name]
    changes: dict[str, Any] = {"TrainingJobStatus": status, "TrainingEndTime": now}
    if "TrainingStartTime" in record:
        seconds = max(1, math.ceil((now - record["TrainingStartTime"]).total_seconds()))
        changes |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
    if metrics:
        changes["FinalMetricDataList"] = [
            {"MetricName": metric, "Value": value, "Timestamp": now} for metric, value in metrics.items()
        ]
    if reason is not None:
        changes["FailureReason"] = reason[:1024]
    enter(region, name, status, **changes)
    region.notify(ENDED, name=name)
    region.notify(WORK_ARRIVED)


def final_metric(record: Record, metric: str) -> float | None:
    """The last value that a job reported of a metric, None when it reported none."""
    values = {entry["MetricName"]: entry["Value"] for entry in record.get("FinalMetricDataList", [])}
    value: float | None = values.get(metric)
    return value


def _entered(region: Region, record: Record, status: str) -> Record:
    now = region.now()
    passed = [
        transition if "EndTime" in transition else {**transition, "EndTime": now}
        for transition in record["SecondaryStatusTransitions"]
    ]
    entered = {"Status": status, "StartTime": now, "StatusMessage": _MESSAGES[status]}
    if record["TrainingJobStatus"] not in ("InProgress", "Stopping"):
        entered |= {"EndTime": now, "StatusMessage": record.get("FailureReason", _MESSAGES[status])}
    return {
        **record,
        "SecondaryStatus": status,
        "SecondaryStatusTransitions": [*passed, entered],
        "LastModifiedTime": now,
    }
