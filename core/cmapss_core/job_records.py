"""From AWS's answers to training jobs and tuning jobs, small enough to keep ten thousand of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cmapss_core.compact import CompactMapping
from cmapss_core.provenance import DATA_TAG
from cmapss_core.ranking import NAME, Direction, TrainingJob, direction

ENDED = frozenset({"Completed", "Failed", "Stopped", "DeleteFailed"})

_TUNED_METRIC = "_tuning_objective_metric"  # a hyper-parameter that tuning gives to each of its jobs


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
    best_value: float | None = None


def tuning_job(answer: Mapping[str, Any]) -> TuningJob:
    """Read a tuning job from what Search and DescribeHyperParameterTuningJob both answer."""
    config = answer.get("HyperParameterTuningJobConfig", {})
    objective = config.get("HyperParameterTuningJobObjective", {})
    counters = answer.get("TrainingJobStatusCounters", {})
    best = answer.get("BestTrainingJob", {})
    return TuningJob(
        name=answer["HyperParameterTuningJobName"],
        arn=answer["HyperParameterTuningJobArn"],
        status=answer["HyperParameterTuningJobStatus"],
        objective_metric=objective.get("MetricName"),
        objective_type=objective.get("Type"),
        best_training_job=best.get("TrainingJobName"),
        created=answer["CreationTime"],
        completed=counters.get("Completed", 0),
        in_progress=counters.get("InProgress", 0),
        failed=counters.get("RetryableError", 0) + counters.get("NonRetryableError", 0),
        stopped=counters.get("Stopped", 0),
        max_jobs=config.get("ResourceLimits", {}).get("MaxNumberOfTrainingJobs", 0),
        best_value=best.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value"),
    )


def training_job(answer: Mapping[str, Any]) -> TrainingJob:
    """Read a job from what Search and DescribeTrainingJob both answer. What many jobs have in common is kept once."""
    metrics = CompactMapping(
        (m["MetricName"], float(m["Value"])) for m in answer.get("FinalMetricDataList", []) if "Value" in m
    )
    hyperparameters = CompactMapping(answer.get("HyperParameters", {}).items())
    tuning_arn = answer.get("TuningJobArn")
    started, ended = _utc(answer.get("TrainingStartTime")), _utc(answer.get("TrainingEndTime"))
    seconds = answer.get("TrainingTimeInSeconds")
    if seconds is None and started is not None and ended is not None:
        seconds = (ended - started).total_seconds()
    artifact = answer.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    metric = hyperparameters.get(_TUNED_METRIC) or _own_metric(metrics)
    return TrainingJob(
        name=answer["TrainingJobName"],
        arn_start=_shared(answer["TrainingJobArn"][: -len(answer["TrainingJobName"])])
        if "TrainingJobArn" in answer
        else None,
        status=sys.intern(answer["TrainingJobStatus"]),
        secondary_status=sys.intern(answer.get("SecondaryStatus", "")),
        created=answer["CreationTime"].astimezone(UTC),
        ended=ended,
        duration_seconds=None if seconds is None else float(seconds),
        tuning_job=sys.intern(tuning_arn.rsplit("/", 1)[-1]) if tuning_arn else None,
        artifact=_shared(artifact.replace(answer["TrainingJobName"], NAME)) if artifact else None,
        image=_shared(answer.get("AlgorithmSpecification", {}).get("TrainingImage")),
        instance_type=_shared(answer.get("ResourceConfig", {}).get("InstanceType")),
        role_arn=_shared(answer.get("RoleArn")),
        hyperparameters=hyperparameters,
        metrics=metrics,
        failure_reason=answer.get("FailureReason"),
        data=next((sys.intern(tag["Value"]) for tag in answer.get("Tags", []) if tag["Key"] == DATA_TAG), None),
        **_objective(metrics, metric, tuned=tuning_arn is not None),
    )


def measured_by(job: TrainingJob, metric: str) -> TrainingJob:
    """The job, judged by this metric."""
    return replace(job, **_objective(job.metrics, metric, tuned=job.tuning_job is not None))


def as_tuned(job: TrainingJob, tuning: TuningJob | None) -> TrainingJob:
    """Give a job the objective and the direction that its tuning job states; AWS's word goes before ours."""
    if tuning is None or tuning.objective_metric is None:
        return job
    wanted = tuning.objective_type or direction(tuning.objective_metric)
    if (job.objective_metric, job.objective_type) == (tuning.objective_metric, wanted):
        return job
    return replace(measured_by(job, tuning.objective_metric), objective_type=wanted)


def _objective(metrics: Mapping[str, float], metric: str | None, *, tuned: bool) -> dict[str, Any]:
    if metric is None:
        return {}
    return {
        "objective_metric": metric if metric in metrics or tuned else None,
        "objective_value": metrics.get(metric),
        "objective_type": direction(metric),
    }


def _own_metric(metrics: Mapping[str, float]) -> str | None:
    """The metric by which a stand-alone job is judged: of the validation channel before any other."""
    return min(metrics, key=lambda name: (not name.startswith("validation:"), name), default=None)


def _utc(when: datetime | None) -> datetime | None:
    """A moment in the one zone: botocore gives each of its own a zone of its own."""
    return None if when is None else when.astimezone(UTC)


def _shared(text: str | None) -> str | None:
    return None if text is None else sys.intern(text)
