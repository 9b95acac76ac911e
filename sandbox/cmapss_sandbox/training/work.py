"""What there is to train next, read from the region's tables alone, so that a restart goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB
from cmapss_sandbox.services.sagemaker.training_records import born, end
from cmapss_sandbox.services.sagemaker.tuning_jobs import children, objective_value, set_status
from cmapss_sandbox.store import Record


@dataclass(frozen=True, slots=True)
class Work:
    """A command for the training process, and whose it is."""

    command: dict[str, Any]
    training_job: str | None = None
    tuning_job: str | None = None


def next_work(region: Region) -> Work | None:
    """The next job to train or suggestion to ask for; stand-alone jobs go before those of tuning jobs.

    Ends on the way what can be ended without training: jobs that were stopping when the region was stopped, jobs
    that cannot begin, and tuning jobs that have launched all their jobs.
    """
    jobs = list(TRAINING_JOB.records(region).values())
    for job in jobs:
        if job["TrainingJobStatus"] == "Stopping":
            end(region, job["TrainingJobName"], "Stopped", {})
    waiting = [job for job in jobs if job["TrainingJobStatus"] == "InProgress"]
    for job in sorted(waiting, key=lambda job: "_tuning_job" in job):
        reason = _cannot_begin(region, job)
        if reason is None:
            return Work(_train_command(region, job), training_job=job["TrainingJobName"])
        end(region, job["TrainingJobName"], "Failed", {}, reason)
    for tuning_job in list(TUNING_JOB.records(region).values()):
        suggestion = _suggestion(region, tuning_job)
        if suggestion is not None:
            return suggestion
    return None


def launch_child(region: Region, tuning_job_name: str, hyperparameters: Mapping[str, str]) -> None:
    """Write the next training job of a tuning job, with the hyper-parameters suggested for it."""
    tuning_job = TUNING_JOB.records(region)[tuning_job_name]
    if tuning_job["HyperParameterTuningJobStatus"] != "InProgress":
        return
    definition = tuning_job["TrainingJobDefinition"]
    number = len(children(region, tuning_job_name)) + 1
    digest = hashlib.sha256(f"{tuning_job_name}:{number}".encode()).hexdigest()[:8]
    copied = {
        name: value
        for name, value in definition.items()
        if name not in ("StaticHyperParameters", "DefinitionName", "HyperParameterRanges", "TuningObjective")
    }
    born(
        region,
        {
            **copied,
            "TrainingJobName": f"{tuning_job_name}-{number:03d}-{digest}",
            "HyperParameters": {**definition["StaticHyperParameters"], **hyperparameters},
        },
        TuningJobArn=tuning_job["HyperParameterTuningJobArn"],
        _tuning_job=tuning_job_name,
        _tuned_hyperparameters=dict(hyperparameters),
    )
    arn = tuning_job["HyperParameterTuningJobArn"]
    tags = region.table("tags").get(arn)
    if tags:
        # AWS passes a tuning job's tags on to all the training jobs that it launches.
        region.table("tags")[TRAINING_JOB.arn_of(region, f"{tuning_job_name}-{number:03d}-{digest}")] = tags


def _suggestion(region: Region, tuning_job: Record) -> Work | None:
    name, status = tuning_job["HyperParameterTuningJobName"], tuning_job["HyperParameterTuningJobStatus"]
    if status == "Stopping":
        set_status(region, name, "Stopped")
    if status != "InProgress":
        return None
    config, launched = tuning_job["HyperParameterTuningJobConfig"], children(region, name)
    if len(launched) >= config["ResourceLimits"]["MaxNumberOfTrainingJobs"]:
        completed = any(job["TrainingJobStatus"] == "Completed" for job in launched)
        reason = {} if completed else {"FailureReason": "No training job succeeded."}
        set_status(region, name, "Completed" if completed else "Failed", **reason)
        return None
    trials = [
        (job["_tuned_hyperparameters"], value)
        for job in launched
        if (value := objective_value(tuning_job, job)) is not None
    ]
    return Work(
        {
            "command": "suggest",
            "strategy": config["Strategy"],
            "direction": config["HyperParameterTuningJobObjective"]["Type"],
            "ranges": config["ParameterRanges"],
            "trials": trials,
            "seed": f"{config.get('RandomSeed', name)}:{len(launched)}",
        },
        tuning_job=name,
    )


def _train_command(region: Region, job: Record) -> dict[str, Any]:
    folder = region.state / "work"
    folder.mkdir(mode=0o700, exist_ok=True)
    return {
        "command": "train",
        "job": job["TrainingJobName"],
        "hyperparameters": job["HyperParameters"],
        "channels": {
            channel["ChannelName"]: {
                "files": [str(path) for path in _files(region, channel)],
                "source": channel["DataSource"]["S3DataSource"]["S3Uri"],
                "content_type": channel.get("ContentType"),
            }
            for channel in job["InputDataConfig"]
        },
        "artefact": str(folder / "model.tar.gz"),
    }


def _cannot_begin(region: Region, job: Record) -> str | None:
    """Why a job fails before its algorithm runs, in AWS's words where it has some; None when it can begin."""
    image = job["AlgorithmSpecification"]["TrainingImage"]
    if "xgboost" not in image:
        return f"ClientError: The sandbox trains with SageMaker's XGBoost images only, not with {image}"
    for channel in job["InputDataConfig"]:
        source = channel["DataSource"].get("S3DataSource")
        if source is None or source["S3DataType"] != "S3Prefix":
            return f"ClientError: The sandbox reads channels of the type S3Prefix only ({channel['ChannelName']})"
        if not _files(region, channel):
            location = urlsplit(source["S3Uri"])
            return (
                f'ClientError: No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source. '
                f"Please ensure that the bucket exists in the selected region ({region.name}), that objects exist "
                f'under that S3 prefix, and that the role "{job["RoleArn"]}" has "s3:ListBucket" permissions on '
                f'bucket "{location.netloc}".'
            )
    return None


def _files(region: Region, channel: Mapping[str, Any]) -> list[Any]:
    location = urlsplit(channel["DataSource"]["S3DataSource"]["S3Uri"])
    bucket, prefix = location.netloc, location.path.lstrip("/")
    keys = [key for key in region.objects.keys(bucket) if key.startswith(prefix) and not key.endswith("/")]
    return [region.objects.path(bucket, key) for key in sorted(keys)]
