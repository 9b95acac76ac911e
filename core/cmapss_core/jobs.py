"""Training jobs, of tuning jobs and standing alone, read in as few calls as AWS allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.provenance import DATA_TAG
from cmapss_core.ranking import Direction, RankedJob, TrainingJob, common_metric, direction, rank
from cmapss_core.snapshots import Snapshot

__all__ = [
    "JobsSnapshot",
    "RankedJob",
    "TrainingJob",
    "TuningJob",
    "best",
    "describe_job",
    "rank",
    "read_jobs",
]

_TUNED_METRIC = "_tuning_objective_metric"  # a hyper-parameter that tuning gives to each of its jobs
_ENDED = frozenset({"Completed", "Failed", "Stopped", "DeleteFailed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJob:
    """A hyper-parameter tuning job and how far it is; the counts are of its training jobs."""

    name: str
    arn: str
    status: str
    objective_metric: str | None
    objective_type: Direction | None
    best_training_job: str | None
    created: datetime
    completed: int
    in_progress: int
    failed: int
    stopped: int
    max_jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSnapshot(Snapshot):
    """Jobs as ranked at `as_of` by `metric`, and the tuning jobs they came from, newest first."""

    jobs: tuple[RankedJob, ...] = ()
    tuning_jobs: tuple[TuningJob, ...] = ()
    metric: str | None = None
    calls: int = 0


def read_jobs(aws: Aws, tuning_job: str | None = None, metric: str | None = None) -> JobsSnapshot:
    """All training jobs, or one tuning job's, ranked by `metric` or by the one most of them share.

    One Search for each hundred jobs and one DescribeHyperParameterTuningJob for each tuning job that has not
    ended: 500 jobs of one tuning job are six calls. Never raises; `error` says what failed.
    """
    before = aws.meter.total
    try:
        jobs, tuning_jobs = _read(aws, tuning_job)
    except ConsoleError as error:
        return JobsSnapshot(as_of=aws.clock.now(), source="Search", error=error, calls=aws.meter.total - before)
    if metric is not None:
        jobs = [_measured_by(job, metric) for job in jobs]
    by = metric or common_metric(jobs)
    return JobsSnapshot(
        as_of=aws.clock.now(),
        source="Search",
        jobs=rank(jobs, by),
        tuning_jobs=tuple(sorted(tuning_jobs, key=lambda job: job.created, reverse=True)),
        metric=by,
        calls=aws.meter.total - before,
    )


def best(snapshot: JobsSnapshot) -> TrainingJob:
    """The first of the ranked. Raises ConsoleError when the reading failed or no job has a place."""
    if snapshot.error is not None:
        raise snapshot.error
    if not snapshot.jobs or snapshot.jobs[0].rank is None:
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            "No training job is completed with a metric and a model artefact",
            remedy="Wait until one is, or name a job.",
        )
    return snapshot.jobs[0].job


def describe_job(aws: Aws, name: str) -> TrainingJob:
    """One training job by name. Raises ConsoleError, of kind not found where there is none."""
    try:
        answer = aws.call("sagemaker", "DescribeTrainingJob", TrainingJobName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            raise error.told_as(
                f"There is no training job {name!r} in {aws.region}", "List them: cmapss-console jobs."
            ) from error
        raise
    return _training_job(answer)


def _read(aws: Aws, tuning_job: str | None) -> tuple[list[TrainingJob], list[TuningJob]]:
    tuning_jobs: dict[str, TuningJob] = {}
    expression: dict[str, Any] = {}
    if tuning_job is not None:
        described = _describe_tuning_job(aws, tuning_job)
        tuning_jobs[described.name] = described
        arn_is = {"Name": "TuningJobArn", "Operator": "Equals", "Value": described.arn}
        expression = {"SearchExpression": {"Filters": [arn_is]}}
    jobs: list[TrainingJob] = []
    for page in aws.pages(
        "sagemaker",
        "Search",
        Resource="TrainingJob",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=100,
        **expression,
    ):
        jobs += [_training_job(record["TrainingJob"]) for record in page["Results"]]
    for name in {job.tuning_job for job in jobs if job.tuning_job is not None} - tuning_jobs.keys():
        try:
            tuning_jobs[name] = _describe_tuning_job(aws, name)
        except ConsoleError as error:
            # A tuning job can be deleted, and its training jobs are still there.
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
    return [_as_tuned(job, tuning_jobs) for job in jobs], list(tuning_jobs.values())


def _describe_tuning_job(aws: Aws, name: str) -> TuningJob:
    def ask() -> TuningJob:
        answer = aws.call("sagemaker", "DescribeHyperParameterTuningJob", HyperParameterTuningJobName=name)
        return _tuning_job(answer)

    ended = ("tuning job", name)
    job = ask() if not aws.remembers(ended) else aws.remember(ended, ask)
    return aws.remember(ended, lambda: job) if job.status in _ENDED else job


def _tuning_job(answer: Mapping[str, Any]) -> TuningJob:
    config = answer.get("HyperParameterTuningJobConfig", {})
    objective = config.get("HyperParameterTuningJobObjective", {})
    counters = answer.get("TrainingJobStatusCounters", {})
    return TuningJob(
        name=answer["HyperParameterTuningJobName"],
        arn=answer["HyperParameterTuningJobArn"],
        status=answer["HyperParameterTuningJobStatus"],
        objective_metric=objective.get("MetricName"),
        objective_type=objective.get("Type"),
        best_training_job=answer.get("BestTrainingJob", {}).get("TrainingJobName"),
        created=answer["CreationTime"],
        completed=counters.get("Completed", 0),
        in_progress=counters.get("InProgress", 0),
        failed=counters.get("RetryableError", 0) + counters.get("NonRetryableError", 0),
        stopped=counters.get("Stopped", 0),
        max_jobs=config.get("ResourceLimits", {}).get("MaxNumberOfTrainingJobs", 0),
    )


def _training_job(answer: Mapping[str, Any]) -> TrainingJob:
    """Read a job from what Search and DescribeTrainingJob both answer."""
    metrics = {m["MetricName"]: float(m["Value"]) for m in answer.get("FinalMetricDataList", []) if "Value" in m}
    hyperparameters = answer.get("HyperParameters", {})
    tuning_arn = answer.get("TuningJobArn")
    started, ended = answer.get("TrainingStartTime"), answer.get("TrainingEndTime")
    seconds = answer.get("TrainingTimeInSeconds")
    if seconds is None and started is not None and ended is not None:
        seconds = (ended - started).total_seconds()
    job = TrainingJob(
        name=answer["TrainingJobName"],
        status=answer["TrainingJobStatus"],
        secondary_status=answer.get("SecondaryStatus", ""),
        created=answer["CreationTime"],
        ended=ended,
        duration_seconds=None if seconds is None else float(seconds),
        tuning_job=tuning_arn.rsplit("/", 1)[-1] if tuning_arn else None,
        model_artifact=answer.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
        image=answer.get("AlgorithmSpecification", {}).get("TrainingImage"),
        instance_type=answer.get("ResourceConfig", {}).get("InstanceType"),
        role_arn=answer.get("RoleArn"),
        hyperparameters=hyperparameters,
        metrics=metrics,
        failure_reason=answer.get("FailureReason"),
        data=next((tag["Value"] for tag in answer.get("Tags", []) if tag["Key"] == DATA_TAG), None),
    )
    metric = hyperparameters.get(_TUNED_METRIC) or _own_metric(metrics)
    return _measured_by(job, metric) if metric is not None else job


def _own_metric(metrics: Mapping[str, float]) -> str | None:
    """The metric by which a stand-alone job is judged: of the validation channel before any other."""
    return min(metrics, key=lambda name: (not name.startswith("validation:"), name), default=None)


def _measured_by(job: TrainingJob, metric: str) -> TrainingJob:
    return replace(
        job,
        objective_metric=metric if metric in job.metrics or job.tuning_job else None,
        objective_value=job.metrics.get(metric),
        objective_type=direction(metric),
    )


def _as_tuned(job: TrainingJob, tuning_jobs: Mapping[str, TuningJob]) -> TrainingJob:
    """Give a job the objective and the direction that its tuning job states; AWS's word goes before ours."""
    tuning = tuning_jobs.get(job.tuning_job) if job.tuning_job else None
    if tuning is None or tuning.objective_metric is None:
        return job
    measured = _measured_by(job, tuning.objective_metric)
    return replace(measured, objective_type=tuning.objective_type or measured.objective_type)
