"""Hyper-parameter tuning jobs: created, described, listed, stopped and deleted, with the training jobs they launch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB, forget, set_tags, without_tags
from cmapss_sandbox.services.sagemaker.training_records import ACTIVE, WORK_ARRIVED, with_metrics
from cmapss_sandbox.services.sagemaker.tuning_checks import check_tuning_job, resources
from cmapss_sandbox.services.sagemaker.tuning_definitions import (
    MOST_TRAINING_JOBS,
    Definition,
    definitions,
    grid_sizes,
    objective,
)
from cmapss_sandbox.services.sagemaker.tuning_records import (
    TUNING_MAX_RUNTIME,
    described,
    objective_value,
    stop_launching,
    training_job_summary,
    training_jobs_of,
)

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
_TRAINING_JOB_LISTING = Listing(
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


def create_tuning_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateHyperParameterTuningJob.

    It has as many training jobs in progress as MaxParallelTrainingJobs says, but this machine trains one at a time:
    the others are Pending, as jobs are that wait for capacity.
    """
    name = request["HyperParameterTuningJobName"]
    TUNING_JOB.refuse_duplicate(region, name)
    check_tuning_job(region, request)
    now, arn = region.now(), TUNING_JOB.arn_of(region, name)
    record = {
        **without_tags(request),
        "HyperParameterTuningJobConfig": _config(request),
        "HyperParameterTuningJobArn": arn,
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
        "_launched": [0] * len(definitions(request)),
    }
    if "TrainingJobDefinition" in request:
        record["TrainingJobDefinition"] = _definition(request, request["TrainingJobDefinition"])
    else:
        record["TrainingJobDefinitions"] = [_definition(request, given) for given in request["TrainingJobDefinitions"]]
    longest = request["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxRuntimeInSeconds")
    if longest is not None:
        record["_max_runtime"] = region.schedule(now + timedelta(seconds=longest), TUNING_MAX_RUNTIME, name=name)
    TUNING_JOB.records(region)[name] = record
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


def list_training_jobs_for_tuning_job(
    region: Region, request: dict[str, Any], context: RequestContext
) -> dict[str, Any]:
    """ListTrainingJobsForHyperParameterTuningJob; sorted by objective, jobs without one are left out."""
    tuning_job = TUNING_JOB.get(region, request["HyperParameterTuningJobName"])
    jobs = training_jobs_of(region, request["HyperParameterTuningJobName"])
    if request.get("SortBy") == "FinalObjectiveMetricValue":
        with_objective = [(job, objective_value(tuning_job, job)) for job in jobs]
        jobs = [{**job, "_objective": value} for job, value in with_objective if value is not None]
    return list_page(region, _TRAINING_JOB_LISTING, request, jobs, lambda job: training_job_summary(tuning_job, job))


def stop_tuning_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """StopHyperParameterTuningJob; it is Stopped once the training jobs under way have stopped."""
    name = request["HyperParameterTuningJobName"]
    status = TUNING_JOB.get(region, name)["HyperParameterTuningJobStatus"]
    if status != "InProgress":
        raise validation_exception(
            f"The request was rejected because the hyperparameter tuning job is in status {status}."
        )
    stop_launching(region, name)
    return {}


def delete_tuning_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteHyperParameterTuningJob; the training jobs that it launched stay, and keep its ARN."""
    name = request["HyperParameterTuningJobName"]
    status = TUNING_JOB.get(region, name)["HyperParameterTuningJobStatus"]
    if status in ACTIVE:
        raise validation_exception(
            f"The request was rejected because the hyperparameter tuning job is in status {status}."
        )
    records = TRAINING_JOB.records(region)
    for job in training_jobs_of(region, name):
        records[job["TrainingJobName"]] = {member: job[member] for member in job if member != "_tuning_job"}
    forget(region, TUNING_JOB, name)
    return {}


def _config(request: dict[str, Any]) -> dict[str, Any]:
    """The config as Describe repeats it: early stopping is Off unless asked for, and the number of jobs is known."""
    config = request["HyperParameterTuningJobConfig"]
    most = sum(grid_sizes(request)) if config["Strategy"] == "Grid" else MOST_TRAINING_JOBS
    return {
        "TrainingJobEarlyStoppingType": "Off",
        **config,
        "ResourceLimits": {"MaxNumberOfTrainingJobs": most, **config["ResourceLimits"]},
    }


def _definition(request: dict[str, Any], given: Definition) -> dict[str, Any]:
    """A definition as Describe repeats it; whoever attaches to it looks for a ResourceConfig, however it was given."""
    return {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        **given,
        "ResourceConfig": resources(given),
        "AlgorithmSpecification": with_metrics(given["AlgorithmSpecification"]),
        "OutputDataConfig": {"KmsKeyId": "", **given["OutputDataConfig"]},
        "StaticHyperParameters": {
            **given.get("StaticHyperParameters", {}),
            "_tuning_objective_metric": objective(request, given)["MetricName"],
        },
    }
