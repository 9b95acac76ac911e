"""What there is to train next, read from the region's tables alone, so that a restart goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.access import repository_arn
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB
from cmapss_sandbox.services.sagemaker.training_channels import (
    forbidden_object,
    nothing_found,
    s3_source,
    source_files,
)
from cmapss_sandbox.services.sagemaker.training_records import end, enter, fail
from cmapss_sandbox.store import Record
from cmapss_sandbox.training.tuning import followed_objective, next_suggestion


@dataclass(frozen=True, slots=True)
class Work:
    """A command for the training process, and whose it is.

    `identity` tells a job from a later one of its name.
    """

    command: dict[str, Any]
    training_job: str | None = None
    tuning_job: str | None = None
    identity: str | None = None


def next_work(region: Region) -> Work | None:
    """The next job to train or suggestion to ask for.

    Stand-alone jobs go first, then tuning jobs launch what they may, then that is trained. Ends on the way what can be
    ended without training: jobs that were stopping when the region was stopped, jobs that cannot begin, and tuning
    jobs that are over.
    """
    for job in list(TRAINING_JOB.records(region).values()):
        if job["TrainingJobStatus"] == "Stopping":
            end(region, job["TrainingJobName"], "Stopped")
    alone = _training(region, of_tuning_jobs=False)
    if alone is not None:
        return alone
    for tuning_job in list(TUNING_JOB.records(region).values()):
        command = next_suggestion(region, tuning_job)
        if command is not None:
            return Work(command, tuning_job=tuning_job["HyperParameterTuningJobName"])
    return _training(region, of_tuning_jobs=True)


def _training(region: Region, *, of_tuning_jobs: bool) -> Work | None:
    """The first job that can begin; all others that wait are Pending from now on."""
    chosen: Work | None = None
    for job in list(TRAINING_JOB.records(region).values()):
        if job["TrainingJobStatus"] != "InProgress":
            continue
        name = job["TrainingJobName"]
        if chosen is None and ("TuningJobArn" in job) == of_tuning_jobs:
            reason = _cannot_begin(region, job)
            if reason is None:
                chosen = Work(_train_command(region, job), training_job=name, identity=job["_identity"])
            else:
                fail(region, name, reason)
        elif job["SecondaryStatus"] == "Starting" and chosen is not None:
            enter(region, name, "Pending")
    return chosen


def _train_command(region: Region, job: Record) -> dict[str, Any]:
    folder = region.state / "work"
    folder.mkdir(mode=0o700, exist_ok=True)
    return {
        "command": "train",
        "job": job["TrainingJobName"],
        "hyperparameters": job["HyperParameters"],
        "channels": {
            channel["ChannelName"]: {
                "files": [str(path) for path in source_files(region, channel["DataSource"]["S3DataSource"])],
                "content_type": channel.get("ContentType"),
            }
            for channel in job["InputDataConfig"]
        },
        "artefact": str(folder / "model.tar.gz"),
        "objective": followed_objective(region, job),
    }


def _cannot_begin(region: Region, job: Record) -> str | None:
    """Why a job fails before its algorithm runs, in AWS's words where it has some; None when it can begin."""
    image, role = job["AlgorithmSpecification"]["TrainingImage"], job["RoleArn"]
    if not _can_be_pulled(region, image, role):
        return (
            "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are "
            f"incorrect. The sandbox has SageMaker's XGBoost images only: is {image} one, and may the role pull it?"
        )
    for channel in job["InputDataConfig"]:
        source = s3_source(channel)
        if source is None or source["S3DataType"] != "S3Prefix":
            return (
                "ClientError: Data download failed:The sandbox reads channels of the type S3Prefix only "
                f"({channel['ChannelName']})"
            )
        if not source_files(region, source):
            return f"ClientError: Data download failed:{nothing_found(region, source, role)}"
        forbidden = forbidden_object(region, source, role)
        if forbidden is not None:
            return (
                f"ClientError: Data download failed:Unable to download object {forbidden} (AccessDenied: Access Denied)"
            )
    return None


def _can_be_pulled(region: Region, image: str, role: str) -> bool:
    """Whether an image is XGBoost's, of an account of AWS's in this region, and the role may have it."""
    repository = repository_arn(region, image)
    if repository is None or "xgboost" not in repository.partition("/")[2]:
        return False
    return region.permits(role, "ecr:BatchGetImage", repository)
