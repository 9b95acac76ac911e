"""One training job in full: what went in, the stages it went through, what came out, and where that serves now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError
from cmapss_core.job_records import as_tuned, training_job
from cmapss_core.jobs import TuningJobs, describe_training_job
from cmapss_core.pricing import hourly_price
from cmapss_core.ranking import TrainingJob
from cmapss_core.snapshots import Snapshot

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
UNDER_WAY = frozenset({"InProgress", "Stopping", "Deleting"})


@dataclass(frozen=True, slots=True)
class Stage:
    """A secondary status that the job went through, such as Downloading; `ended` is None while it lasts."""

    status: str
    message: str
    started: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Channel:
    """An input of the job: its name, where it is read from, and what it says it is."""

    name: str
    uri: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Serving:
    """An endpoint that the job's model is behind, as AWS's model dashboard has it."""

    endpoint: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJobDescription(Snapshot):
    """One job as it was at `as_of`. `cost_usd` is of the billed time on demand; None where the price is unknown.

    `serving` is None where AWS does not say whether anything serves the model.
    """

    job: TrainingJob
    stages: tuple[Stage, ...] = ()
    channels: tuple[Channel, ...] = ()
    output: str | None = None
    instance_count: int = 1
    volume_gb: int | None = None
    max_runtime_seconds: int | None = None
    billable_seconds: float | None = None
    spot: bool = False
    cost_usd: float | None = None
    serving: tuple[Serving, ...] | None = None


def read_training_job(aws: Aws, name: str, *, serving: bool = True) -> TrainingJobDescription:
    """One DescribeTrainingJob, the price and the tuning job, each asked once, and one Search for what serves it.

    Raises ConsoleError, of kind not found where there is no such job.
    """
    answer = describe_training_job(aws, name)
    job = _as_tuned(aws, training_job(answer))
    resources = answer.get("ResourceConfig", {})
    count = int(resources.get("InstanceCount", 1))
    billable = answer.get("BillableTimeInSeconds")
    return TrainingJobDescription(
        as_of=aws.clock.now(),
        source="DescribeTrainingJob",
        job=job,
        stages=tuple(_stage(one) for one in answer.get("SecondaryStatusTransitions", [])),
        channels=tuple(_channel(one) for one in answer.get("InputDataConfig", [])),
        output=answer.get("OutputDataConfig", {}).get("S3OutputPath"),
        instance_count=count,
        volume_gb=resources.get("VolumeSizeInGB"),
        max_runtime_seconds=answer.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
        billable_seconds=None if billable is None else float(billable),
        spot=bool(answer.get("EnableManagedSpotTraining", False)),
        cost_usd=_cost(aws, job.instance_type, count, billable),
        serving=_serving(aws, job) if serving and job.model_artifact else None,
    )


def _as_tuned(aws: Aws, job: TrainingJob) -> TrainingJob:
    """The objective is the tuning job's; where that cannot be read, it is what the job itself says."""
    tuning_jobs = TuningJobs(aws)
    if job.tuning_job is not None and aws.remembers(("tuning job", job.tuning_job)):
        tuning_jobs.describe(job.tuning_job)
    return as_tuned(job, tuning_jobs[job.tuning_job])


def _cost(aws: Aws, instance_type: str | None, count: int, billable: float | None) -> float | None:
    if instance_type is None or billable is None:
        return None
    try:
        price = hourly_price(aws, instance_type, "Training")
    except ConsoleError:  # the price is an extra, and is asked for again at the next reading
        return None
    return None if price is None else price * count * billable / 3600


def _serving(aws: Aws, job: TrainingJob) -> tuple[Serving, ...] | None:
    """The endpoints of the models that are made of the job's artefact: the model dashboard knows, in one call."""
    named = {"Name": "Model.PrimaryContainer.ModelDataUrl", "Operator": "Equals", "Value": job.model_artifact}
    try:
        answer = aws.call(
            "sagemaker", "Search", Resource="Model", MaxResults=100, SearchExpression={"Filters": [named]}
        )
        models = [result["Model"] for result in answer["Results"]]
        endpoints = [endpoint for model in models for endpoint in model.get("Endpoints", [])]
        return tuple(Serving(one["EndpointName"], one["EndpointStatus"]) for one in endpoints)
    except ConsoleError:  # an extra as well, which AWS may not permit
        return None


def _stage(answer: Mapping[str, Any]) -> Stage:
    ended = answer.get("EndTime")
    return Stage(
        status=answer["Status"],
        message=answer.get("StatusMessage", ""),
        started=answer["StartTime"].astimezone(UTC),
        ended=None if ended is None else ended.astimezone(UTC),
    )


def _channel(answer: Mapping[str, Any]) -> Channel:
    source = answer.get("DataSource", {})
    s3, files = source.get("S3DataSource", {}), source.get("FileSystemDataSource", {})
    return Channel(
        name=answer["ChannelName"],
        uri=s3.get("S3Uri") or files.get("DirectoryPath"),
        content_type=answer.get("ContentType"),
    )
