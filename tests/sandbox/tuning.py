"""Requests for tuning jobs, and a stand-in for the training process: what it answers is computed, not trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB
from cmapss_sandbox.services.sagemaker.training_records import begin, end, fail
from cmapss_sandbox.store import Record
from cmapss_sandbox.training.suggestions import suggestion
from cmapss_sandbox.training.tuning import launch_training_job
from cmapss_sandbox.training.work import next_work
from tests.sandbox.artefacts import definition

NAME = "hyper-cmapss-2026-01-05-12-00-00"
ETA = {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.9", "ScalingType": "Linear"}

Objective = Callable[[Record], "float | None"]


def tuning_request(jobs: int | None, name: str = NAME, **config: Any) -> dict[str, Any]:
    """A CreateHyperParameterTuningJob request that searches eta, unless the config says otherwise."""
    limits: dict[str, int] = {
        "MaxParallelTrainingJobs": 2,
        **({} if jobs is None else {"MaxNumberOfTrainingJobs": jobs}),
    }
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": limits,
            "ParameterRanges": {"ContinuousParameterRanges": [ETA]},
            **config,
        },
        "TrainingJobDefinition": training_definition(),
        "Tags": [{"Key": "cmapss:data", "Value": "synthetic"}],
    }


def training_definition(**further: Any) -> dict[str, Any]:
    """What the training jobs of a tuning job have in common."""
    return {
        "StaticHyperParameters": {"num_round": "4", "objective": "reg:squarederror"},
        **definition(),
        **further,
    }


def eta_of(job: Record) -> float:
    """An objective that says how far eta is from 0.3."""
    return abs(float(job["HyperParameters"]["eta"]) - 0.3)


def step(region: Region, objective: Objective = eta_of) -> bool:
    """One piece of the trainer's work, done at once: a suggestion launched, or a job ended; False when there is none.

    A job of which the objective is None fails.
    """
    with region.lock, region.transaction():
        work = next_work(region)
        if work is None:
            return False
        command = work.command
        if work.tuning_job is not None:
            launch_training_job(region, work.tuning_job, command["definition"], suggestion(command))
            return True
        assert work.training_job is not None
        begin(region, work.training_job)
        value = objective(TRAINING_JOB.records(region)[work.training_job])
        if value is None:
            fail(region, work.training_job, "ClientError: no luck")
        else:
            end(region, work.training_job, "Completed", {"validation:rmse": value})
        return True


def run(region: Region, objective: Objective = eta_of) -> None:
    """All the work that there is, one second of region time each."""
    while step(region, objective):
        region.advance(1)


def training_jobs_of(sagemaker: Any, name: str = NAME, **options: Any) -> list[dict[str, Any]]:
    """A tuning job's training jobs as it lists them, page by page."""
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name, **options
    )
    return [row for page in pages for row in page["TrainingJobSummaries"]]


def described(sagemaker: Any, name: str = NAME) -> dict[str, Any]:
    """A tuning job as it is described."""
    tuning_job: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return tuning_job
