"""Hyper-parameter tuning jobs: created, described, listed and stopped, with the training jobs they launch."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import (
    TRAINING_JOB,
    TUNING_JOB,
    public,
    set_tags,
    without_tags,
)
from cmapss_sandbox.services.sagemaker.training_jobs import check_algorithm, stop
from cmapss_sandbox.services.sagemaker.training_records import WORK_ARRIVED, final_metric
from cmapss_sandbox.store import Record

_LISTING = Listing(
    "ListHyperParameterTuningJobs",
    "HyperParameterTuningJobSummaries",
    "HyperParameterTuningJobName",
    {
        "Name": "HyperParameterTuningJobName",
        "CreationTime": "CreationTime",
        "Status": "HyperParameterTuningJobStatus",
    },
    "Name",
    "Ascending",
    "HyperParameterTuningJobStatus",
)
_CHILDREN = Listing(
    "ListTrainingJobsForHyperParameterTuningJob",
    "TrainingJobSummaries",
    "TrainingJobName",
    {
        "Name": "TrainingJobName",
        "CreationTime": "CreationTime",
        "Status": "TrainingJobStatus",
        "FinalObjectiveMetricValue": "_objective",
    },
    "Name",
    "Ascending",
    "TrainingJobStatus",
)
_summarise = summary(
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobStatus",
    "Strategy",
    "CreationTime",
    "HyperParameterTuningEndTime",
    "LastModifiedTime",
    "TrainingJobStatusCounters",
    "ObjectiveStatusCounters",
    "ResourceLimits",
)
_summarise_child = summary(
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "TrainingJobStatus",
    "FailureReason",
)
_COUNTED_AS = {
    "Completed": "Completed",
    "InProgress": "InProgress",
    "Stopping": "InProgress",
    "Failed": "NonRetryableError",
    "Stopped": "Stopped",
}


def create_tuning_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateHyperParameterTuningJob; its training jobs run one after another whatever MaxParallelTrainingJobs says,
    for the sandbox trains on one core of this machine."""
    name, config = request["HyperParameterTuningJobName"], request["HyperParameterTuningJobConfig"]
    _check(request, config)
    TUNING_JOB.refuse_duplicate(region, name)
    definition = request["TrainingJobDefinition"]
    static = {
        **definition.get("StaticHyperParameters", {}),
        "_tuning_objective_metric": config["HyperParameterTuningJobObjective"]["MetricName"],
    }
    now, arn = region.now(), TUNING_JOB.arn_of(region, name)
    TUNING_JOB.records(region)[name] = {
        **without_tags(request),
        "TrainingJobDefinition": {
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": False,
            "EnableManagedSpotTraining": False,
            **definition,
            "StaticHyperParameters": static,
        },
        "HyperParameterTuningJobArn": arn,
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    set_tags(region, arn, request.get("Tags", []))
    region.notify(WORK_ARRIVED)
    return {"HyperParameterTuningJobArn": arn}


def describe_tuning_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeHyperParameterTuningJob."""
    record = TUNING_JOB.get(region, request["HyperParameterTuningJobName"])
    return next(described(region, [record]))


def list_tuning_jobs(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListHyperParameterTuningJobs."""
    rows = (
        {
            **record,
            "Strategy": record["HyperParameterTuningJobConfig"]["Strategy"],
            "ResourceLimits": record["HyperParameterTuningJobConfig"]["ResourceLimits"],
        }
        for record in described(region, TUNING_JOB.records(region).values())
    )
    return list_page(region, _LISTING, request, rows, _summarise)


def list_children(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListTrainingJobsForHyperParameterTuningJob; sorted by objective, jobs without one are left out."""
    tuning_job = TUNING_JOB.get(region, request["HyperParameterTuningJobName"])
    jobs = children(region, request["HyperParameterTuningJobName"])
    if request.get("SortBy") == "FinalObjectiveMetricValue":
        with_objective = [(job, objective_value(tuning_job, job)) for job in jobs]
        jobs = [{**job, "_objective": value} for job, value in with_objective if value is not None]
    return list_page(region, _CHILDREN, request, jobs, lambda job: child_summary(tuning_job, job))


def stop_tuning_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """StopHyperParameterTuningJob; it is Stopped once the training job under way has stopped."""
    name = request["HyperParameterTuningJobName"]
    record = TUNING_JOB.get(region, name)
    if record["HyperParameterTuningJobStatus"] == "InProgress":
        stop_launching(region, name)
    return {}


def stop_launching(region: Region, name: str) -> None:
    """Let a tuning job in progress stop, and the training job that it has under way."""
    set_status(region, name, "Stopping")
    for job in children(region, name):
        if job["TrainingJobStatus"] == "InProgress":
            stop(region, job["TrainingJobName"])
    region.notify(WORK_ARRIVED)


def set_status(region: Region, name: str, status: str, **changes: Any) -> None:
    """Let a tuning job pass into a status."""
    records, now = TUNING_JOB.records(region), region.now()
    ended = {} if status in ("InProgress", "Stopping") else {"HyperParameterTuningEndTime": now}
    records[name] = {
        **records[name],
        **changes,
        **ended,
        "HyperParameterTuningJobStatus": status,
        "LastModifiedTime": now,
    }


def children(region: Region, name: str) -> list[Record]:
    """The training jobs that a tuning job has launched, in order."""
    return [job for job in TRAINING_JOB.records(region).values() if job.get("_tuning_job") == name]


def objective_value(tuning_job: Record, job: Record) -> float | None:
    """What a training job reached in the tuning job's objective, None when it reported none."""
    value = final_metric(
        job, tuning_job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
    )
    return value if value is not None and math.isfinite(value) else None


def child_summary(tuning_job: Record, job: Record) -> dict[str, Any]:
    """A training job as its tuning job lists it."""
    value = objective_value(tuning_job, job)
    row = {
        **_summarise_child(job),
        "TunedHyperParameters": job["_tuned_hyperparameters"],
        "ObjectiveStatus": "Succeeded",
    }
    if value is not None:
        row["FinalHyperParameterTuningJobObjectiveMetric"] = {**_objective(tuning_job), "Value": value}
    else:
        row["ObjectiveStatus"] = "Pending" if job["TrainingJobStatus"] in ("InProgress", "Stopping") else "Failed"
    return row


def described(region: Region, records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """Tuning jobs as their Describe call shows them, with what their training jobs have come to."""
    by_tuning_job: defaultdict[str | None, list[Record]] = defaultdict(list)
    for job in TRAINING_JOB.records(region).values():
        by_tuning_job[job.get("_tuning_job")].append(job)
    for record in records:
        yield _described(region, record, by_tuning_job[record["HyperParameterTuningJobName"]])


def _objective(tuning_job: Record) -> dict[str, str]:
    objective: dict[str, str] = tuning_job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    return objective


def _described(region: Region, record: Record, jobs: list[Record]) -> dict[str, Any]:
    rows = [child_summary(record, job) for job in jobs]
    statuses = [_COUNTED_AS[job["TrainingJobStatus"]] for job in jobs]
    outcomes = [row["ObjectiveStatus"] for row in rows]
    answer = {
        **public(record),
        "TrainingJobStatusCounters": {
            counter: statuses.count(counter)
            for counter in ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
        },
        "ObjectiveStatusCounters": {outcome: outcomes.count(outcome) for outcome in ("Succeeded", "Pending", "Failed")},
        "ConsumedResources": {"RuntimeInSeconds": sum(job.get("TrainingTimeInSeconds", 0) for job in jobs)},
    }
    completed = [
        row
        for row in rows
        if row["TrainingJobStatus"] == "Completed" and "FinalHyperParameterTuningJobObjectiveMetric" in row
    ]
    if completed:
        best = max if _objective(record)["Type"] == "Maximize" else min
        answer["BestTrainingJob"] = best(
            completed, key=lambda row: row["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        )
    return answer


def _check(request: dict[str, Any], config: dict[str, Any]) -> None:
    if config["Strategy"] not in ("Bayesian", "Random"):
        raise validation_exception(f"The sandbox tunes with Bayesian and Random, not with {config['Strategy']}.")
    for member in ("TrainingJobDefinitions", "WarmStartConfig", "Autotune"):
        if member in request:
            raise validation_exception(f"The sandbox has no {member} for tuning jobs.")
    if "TrainingJobDefinition" not in request:
        raise validation_exception("TrainingJobDefinition is required.")
    for member in ("HyperParameterTuningJobObjective", "ParameterRanges"):
        if member not in config:
            raise validation_exception(f"HyperParameterTuningJobConfig.{member} is required.")
    if "MaxNumberOfTrainingJobs" not in config["ResourceLimits"]:
        raise validation_exception("ResourceLimits.MaxNumberOfTrainingJobs is required.")
    check_algorithm(request["TrainingJobDefinition"])
    for kind in ("IntegerParameterRanges", "ContinuousParameterRanges"):
        for entry in config["ParameterRanges"].get(kind, []):
            _check_range(entry, int if kind.startswith("Integer") else float)


def _check_range(entry: dict[str, Any], number: type[int] | type[float]) -> None:
    name, scaling = entry["Name"], entry.get("ScalingType", "Auto")
    try:
        low, high = number(entry["MinValue"]), number(entry["MaxValue"])
    except ValueError:
        raise validation_exception(f"The range of {name} is not made of {number.__name__} values.") from None
    if not low < high:
        raise validation_exception(f"The range of {name} needs a MinValue below its MaxValue.")
    if scaling == "Logarithmic" and low <= 0:
        raise validation_exception(f"The range of {name} must be above 0 for the scaling type Logarithmic.")
    if scaling == "ReverseLogarithmic" and not 0 <= low < high < 1:
        raise validation_exception(
            f"The range of {name} must be within 0 <= x < 1.0 for the scaling type ReverseLogarithmic."
        )
