"""How a tuning job goes on: which training job it launches next, what that has to beat, and when it has ended."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB, set_tags, tags_of
from cmapss_sandbox.services.sagemaker.training_records import ACTIVE, add_training_job
from cmapss_sandbox.services.sagemaker.tuning_definitions import (
    definitions,
    grid_sizes,
    hyperband_resources,
    is_minimised,
    lower_is_better,
    most_training_jobs,
    objective,
    ranges,
)
from cmapss_sandbox.services.sagemaker.tuning_records import (
    close,
    not_improving,
    objective_value,
    set_status,
    training_jobs_of,
    training_jobs_of_parents,
)
from cmapss_sandbox.store import Record
from cmapss_sandbox.training.early_stopping import halving_thresholds, median_thresholds

# After so many jobs, all of which have failed, AWS gives up.
_ATTEMPTS = 5
_OF_THE_TUNING_JOB = (
    "DefinitionName",
    "TuningObjective",
    "HyperParameterRanges",
    "StaticHyperParameters",
    "HyperParameterTuningResourceConfig",
)


def next_suggestion(region: Region, tuning_job: Record) -> dict[str, Any] | None:
    """The command that asks for the hyper-parameters of a tuning job's next training job; None when it launches none.

    Ends the tuning job on the way when that is over.
    """
    name, status = tuning_job["HyperParameterTuningJobName"], tuning_job["HyperParameterTuningJobStatus"]
    if status not in ACTIVE:
        return None
    jobs = training_jobs_of(region, name)
    active = sum(job["TrainingJobStatus"] in ACTIVE for job in jobs)
    if status == "Stopping":
        if not active:
            set_status(region, name, "Stopped")
        return None
    if not tuning_job.get("_closing") and _has_reached(tuning_job, jobs):
        close(region, name)
        return next_suggestion(region, TUNING_JOB.records(region)[name])
    launched = sum(tuning_job["_launched"])
    if tuning_job.get("_closing") or launched >= most_training_jobs(tuning_job) or _is_hopeless(jobs):
        if not active:
            _complete(region, tuning_job, jobs)
        return None
    if active >= tuning_job["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"]:
        return None
    return _suggest_command(region, tuning_job, jobs)


def launch_training_job(region: Region, tuning_job_name: str, index: int, hyperparameters: Mapping[str, str]) -> None:
    """Write the next training job of a tuning job's definition, with the hyper-parameters suggested for it."""
    records = TUNING_JOB.records(region)
    tuning_job = records[tuning_job_name]
    if tuning_job["HyperParameterTuningJobStatus"] != "InProgress" or tuning_job.get("_closing"):
        return
    launched = [count + (n == index) for n, count in enumerate(tuning_job["_launched"])]
    records[tuning_job_name] = {**tuning_job, "_launched": launched}
    definition, arn = definitions(tuning_job)[index], tuning_job["HyperParameterTuningJobArn"]
    name = f"{tuning_job_name}-{sum(launched):03d}-{secrets.token_hex(4)}"
    # AWS passes a tuning job's tags on to all the training jobs that it launches.
    set_tags(region, TRAINING_JOB.arn_of(region, name), tags_of(region, arn))
    add_training_job(
        region,
        {
            **{member: value for member, value in definition.items() if member not in _OF_THE_TUNING_JOB},
            "TrainingJobName": name,
            "HyperParameters": {**definition["StaticHyperParameters"], **hyperparameters},
        },
        TuningJobArn=arn,
        _tuning_job=tuning_job_name,
        _definition=index,
        _tuned_hyperparameters=dict(hyperparameters),
    )


def followed_objective(region: Region, job: Record) -> dict[str, Any] | None:
    """What the training process has to watch in a job of a tuning job; None for any other."""
    tuning_job = TUNING_JOB.records(region).get(job.get("_tuning_job", ""))
    if tuning_job is None:
        return None
    config, index = tuning_job["HyperParameterTuningJobConfig"], job["_definition"]
    definition = definitions(tuning_job)[index]
    metric = objective(tuning_job, definition)
    siblings = _of_definition(training_jobs_of(region, tuning_job["HyperParameterTuningJobName"]), index)
    curves = [sibling["_curve"] for sibling in siblings if sibling.get("_curve")]
    followed: dict[str, Any] = {
        "metric": metric["MetricName"],
        "lower_is_better": lower_is_better(metric),
        "thresholds": {},
        "most_rounds": None,
    }
    if config["Strategy"] == "Hyperband":
        least, most = hyperband_resources(config, definition)
        assert most is not None
        thresholds = halving_thresholds(curves, least, most, lower_is_better=followed["lower_is_better"])
        return {**followed, "thresholds": thresholds, "most_rounds": most}
    if config["TrainingJobEarlyStoppingType"] == "Auto":
        return {**followed, "thresholds": median_thresholds(curves)}
    return None


def _of_definition(jobs: Sequence[Record], index: int) -> list[Record]:
    return [job for job in jobs if job["_definition"] == index]


def _has_reached(tuning_job: Record, jobs: Sequence[Record]) -> bool:
    """Whether one of the completion criteria is met."""
    criteria = tuning_job["HyperParameterTuningJobConfig"].get("TuningJobCompletionCriteria", {})
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None:
        values = [value for job in jobs if (value := objective_value(tuning_job, job)) is not None]
        if any(value <= target if is_minimised(tuning_job) else value >= target for value in values):
            return True
    count, converged = not_improving(tuning_job, jobs)
    most = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    if most is not None and count >= most:
        return True
    wanted = criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence") == "Enabled"
    return wanted and converged is not None


def _is_hopeless(jobs: Sequence[Record]) -> bool:
    failed = sum(job["TrainingJobStatus"] == "Failed" for job in jobs)
    others = any(job["TrainingJobStatus"] in ("Completed", "Stopped") for job in jobs)
    return failed >= _ATTEMPTS and not others


def _complete(region: Region, tuning_job: Record, jobs: Sequence[Record]) -> None:
    """End a tuning job that is over, as Failed when not one of its jobs came to anything."""
    name = tuning_job["HyperParameterTuningJobName"]
    statuses = {job["TrainingJobStatus"] for job in jobs}
    reason = None
    if statuses == {"Failed"}:
        reason = (
            f"No training job succeeded after {min(len(jobs), _ATTEMPTS)} attempts. For additional details, please "
            "take a look at the training job failures by listing training jobs for the hyperparameter tuning job."
        )
    elif "Completed" in statuses and all(objective_value(tuning_job, job) is None for job in jobs):
        reason = (
            f"No objective metrics found after running {len(jobs)} training jobs. Please ensure that the custom "
            "algorithm is emitting the objective metric as defined by the regular expression provided."
        )
    if reason is None:
        set_status(region, name, "Completed")
    else:
        set_status(region, name, "Failed", FailureReason=reason)


def _suggest_command(region: Region, tuning_job: Record, jobs: Sequence[Record]) -> dict[str, Any]:
    config, launched = tuning_job["HyperParameterTuningJobConfig"], tuning_job["_launched"]
    index = _next_definition(tuning_job)
    definition = definitions(tuning_job)[index]
    return {
        "command": "suggest",
        "definition": index,
        "strategy": config["Strategy"],
        "direction": objective(tuning_job, definition)["Type"],
        "ranges": ranges(tuning_job, definition),
        "trials": _trials((tuning_job, job) for job in _of_definition(jobs, index)),
        "parents": _trials(training_jobs_of_parents(region, tuning_job)),
        "seed": f"{config.get('RandomSeed', tuning_job['HyperParameterTuningJobName'])}:{sum(launched)}",
        "launched": launched[index],
    }


def _next_definition(tuning_job: Record) -> int:
    """The definition that has launched fewest, of those that have something left to launch."""
    launched = tuning_job["_launched"]
    left = range(len(launched))
    if tuning_job["HyperParameterTuningJobConfig"]["Strategy"] == "Grid":
        sizes = grid_sizes(tuning_job)
        return min((n for n in left if launched[n] < sizes[n]), key=lambda n: launched[n])
    return min(left, key=lambda n: launched[n])


def _trials(jobs: Iterable[tuple[Record, Record]]) -> list[tuple[dict[str, str], float]]:
    """The hyper-parameters and the objective of those jobs that have one, each given with its tuning job."""
    return [
        (job["HyperParameters"], value)
        for tuning_job, job in jobs
        if (value := objective_value(tuning_job, job)) is not None
    ]
