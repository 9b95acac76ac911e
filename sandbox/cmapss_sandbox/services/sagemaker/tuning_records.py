"""A tuning job and the training jobs that it has launched: counted, judged, described."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.listing import summary
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB, public
from cmapss_sandbox.services.sagemaker.training_records import ACTIVE, WORK_ARRIVED, final_metric, stop
from cmapss_sandbox.services.sagemaker.tuning_definitions import definitions, is_minimised, objective
from cmapss_sandbox.store import Record

# The timed event at which a tuning job has run for as long as it may.
TUNING_MAX_RUNTIME = "tuning_max_runtime"

# What counts as an improvement of the best objective (botocore's model, BestObjectiveNotImproving).
_IMPROVEMENT = 0.01
# So many jobs in a row without one are taken for convergence; AWS does not say how it detects it.
_CONVERGED_AFTER = 20

_FINAL = "FinalHyperParameterTuningJobObjectiveMetric"
_summarise_training_job = summary(
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "TrainingJobStatus",
    "FailureReason",
)


def set_status(region: Region, name: str, status: str, **changes: Any) -> None:
    """Let a tuning job pass into a status."""
    records, now = TUNING_JOB.records(region), region.now()
    record = records[name]
    ended = {} if status in ACTIVE else {"HyperParameterTuningEndTime": now}
    if ended and "_max_runtime" in record:
        region.cancel(record["_max_runtime"])
    records[name] = {
        **record,
        **changes,
        **ended,
        "HyperParameterTuningJobStatus": status,
        "LastModifiedTime": now,
    }


def stop_launching(region: Region, name: str) -> None:
    """Let a tuning job in progress stop, and the training jobs that it has under way."""
    set_status(region, name, "Stopping")
    stop_training_jobs_of(region, name)


def close(region: Region, name: str) -> None:
    """Let a tuning job launch no more and end as Completed, for it has reached what it was to reach."""
    set_status(region, name, "InProgress", _closing=True)
    stop_training_jobs_of(region, name)


def exceed_max_runtime(region: Region, name: str) -> None:
    """The timed event: a tuning job that is still in progress launches no more."""
    record = TUNING_JOB.records(region).get(name)
    if record is not None and record["HyperParameterTuningJobStatus"] == "InProgress":
        close(region, name)


def stop_training_jobs_of(region: Region, name: str) -> None:
    """Stop the training jobs that a tuning job has under way."""
    for job in training_jobs_of(region, name):
        if job["TrainingJobStatus"] == "InProgress":
            stop(region, job["TrainingJobName"])
    region.notify(WORK_ARRIVED)


def training_jobs_of(region: Region, name: str) -> list[Record]:
    """The training jobs that a tuning job has launched, in order."""
    return [job for job in TRAINING_JOB.records(region).values() if job.get("_tuning_job") == name]


def objective_value(tuning_job: Record, job: Record) -> float | None:
    """What a training job reached in its objective, None when it reported none."""
    value = final_metric(job, _objective(tuning_job, job)["MetricName"])
    return value if value is not None and math.isfinite(value) else None


def training_job_summary(tuning_job: Record, job: Record) -> dict[str, Any]:
    """A training job as its tuning job lists it."""
    value = objective_value(tuning_job, job)
    row = {
        **_summarise_training_job(job),
        "TunedHyperParameters": job["_tuned_hyperparameters"],
        "ObjectiveStatus": "Pending" if job["TrainingJobStatus"] in ACTIVE else "Failed",
    }
    definition = definitions(tuning_job)[job["_definition"]]
    if "DefinitionName" in definition:
        row["TrainingJobDefinitionName"] = definition["DefinitionName"]
    if value is not None:
        row["ObjectiveStatus"] = "Succeeded"
        row[_FINAL] = {**_objective(tuning_job, job), "Value": value}
    return row


def described(region: Region, records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """Tuning jobs as their Describe call shows them, with what their training jobs have come to."""
    by_tuning_job: defaultdict[str | None, list[Record]] = defaultdict(list)
    for job in TRAINING_JOB.records(region).values():
        by_tuning_job[job.get("_tuning_job")].append(job)
    for record in records:
        yield _described(region, record, by_tuning_job[record["HyperParameterTuningJobName"]])


def not_improving(tuning_job: Record, jobs: Sequence[Record]) -> tuple[int, datetime | None]:
    """How many training jobs in a row have not improved the best objective by 1 %, and when that was convergence."""
    best, count, converged = None, 0, None
    for job in jobs:
        value = objective_value(tuning_job, job)
        if value is None:
            continue
        gain = math.inf if best is None else best - value if is_minimised(tuning_job) else value - best
        if best is None or gain > _IMPROVEMENT * abs(best):
            best, count, converged = value, 0, None
        else:
            count += 1
            if count == _CONVERGED_AFTER:
                converged = job.get("TrainingEndTime")
    return count, converged


def best_summary(tuning_job: Record, rows: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The best of the summaries of completed training jobs."""
    completed = [row for row in rows if row["TrainingJobStatus"] == "Completed" and _FINAL in row]
    best = min if is_minimised(tuning_job) else max
    return best(completed, key=lambda row: float(row[_FINAL]["Value"])) if completed else None


def _objective(tuning_job: Record, job: Record) -> Mapping[str, str]:
    return objective(tuning_job, definitions(tuning_job)[job["_definition"]])


def _described(region: Region, record: Record, jobs: list[Record]) -> dict[str, Any]:
    rows = [training_job_summary(record, job) for job in jobs]
    counted = Counter(_counted_as(job) for job in jobs)
    outcomes = Counter(row["ObjectiveStatus"] for row in rows)
    count, converged = not_improving(record, jobs)
    until = record.get("HyperParameterTuningEndTime", region.now())
    answer = {
        **public(record),
        "TrainingJobStatusCounters": {
            counter: counted[counter]
            for counter in ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
        },
        "ObjectiveStatusCounters": {outcome: outcomes[outcome] for outcome in ("Succeeded", "Pending", "Failed")},
        "ConsumedResources": {"RuntimeInSeconds": int((until - record["CreationTime"]).total_seconds())},
        "TuningJobCompletionDetails": {
            "NumberOfTrainingJobsObjectiveNotImproving": count,
            **({"ConvergenceDetectedTime": converged} if converged else {}),
        },
    }
    best = best_summary(record, rows)
    if best is not None:
        answer["BestTrainingJob"] = best
    overall = _overall_best(region, record, rows)
    if overall is not None:
        answer["OverallBestTrainingJob"] = overall
    return answer


def _overall_best(region: Region, record: Record, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The best of a warm started tuning job and its parents, where all of them trained alike on the same."""
    warm_start = record.get("WarmStartConfig", {})
    if warm_start.get("WarmStartType") != "IdenticalDataAndAlgorithm":
        return None
    candidates = [{**row, "TuningJobName": record["HyperParameterTuningJobName"]} for row in rows]
    for parent, job in training_jobs_of_parents(region, record):
        candidates.append({**training_job_summary(parent, job), "TuningJobName": parent["HyperParameterTuningJobName"]})
    return best_summary(record, candidates)


def training_jobs_of_parents(region: Region, tuning_job: Record) -> Iterator[tuple[Record, Record]]:
    """(tuning job, training job) of the tuning jobs that this one starts warm from, as far as they still exist."""
    for entry in tuning_job.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", []):
        parent = TUNING_JOB.records(region).get(entry["HyperParameterTuningJobName"])
        if parent is not None:
            yield from ((parent, job) for job in training_jobs_of(region, parent["HyperParameterTuningJobName"]))


def _counted_as(job: Record) -> str:
    if job["TrainingJobStatus"] == "Failed":
        internal = job["FailureReason"].startswith("InternalServerError")
        return "RetryableError" if internal else "NonRetryableError"
    return "InProgress" if job["TrainingJobStatus"] in ACTIVE else str(job["TrainingJobStatus"])
