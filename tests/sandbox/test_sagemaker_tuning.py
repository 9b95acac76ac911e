"""Tuning jobs that launch training jobs one after another, and the search over both."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.training.trainer import Trainer
from tests.sandbox.artefacts import definition, put_channels, training_request
from tests.sandbox.conftest import Clients

_PATIENCE = 60
_NAME = "hyper-cmapss-2026-01-05-12-00-00"


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    put_channels(region)
    return clients("sagemaker")


def tuning_request(jobs: int, **ranges: list[dict[str, Any]]) -> dict[str, Any]:
    eta = {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.9", "ScalingType": "Linear"}
    return {
        "HyperParameterTuningJobName": _NAME,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": ranges or {"ContinuousParameterRanges": [eta]},
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"num_round": "4", "objective": "reg:squarederror"},
            **definition(),
        },
        "Tags": [{"Key": "cmapss:data", "Value": "synthetic"}],
    }


def children(sagemaker: Any, **options: Any) -> list[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=_NAME, **options
    )
    return [row for page in pages for row in page["TrainingJobSummaries"]]


def test_a_tuning_job_trains_its_jobs_and_knows_the_best(sagemaker: Any, trainer: Trainer) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_request(4))
    assert trainer.wait_until_idle(_PATIENCE)
    tuning_job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=_NAME)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning_job["TrainingJobStatusCounters"]["Completed"] == 4
    assert tuning_job["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    static = tuning_job["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static["_tuning_objective_metric"] == "validation:rmse"

    rows = children(sagemaker, SortBy="FinalObjectiveMetricValue", MaxResults=3)
    values = [row["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for row in rows]
    assert len(values) == 4
    assert values == sorted(values)
    assert rows[0] == tuning_job["BestTrainingJob"]
    assert len({row["TunedHyperParameters"]["eta"] for row in rows}) == 4
    assert all(row["TrainingJobName"].startswith(f"{_NAME}-00") for row in rows)

    best = sagemaker.describe_training_job(TrainingJobName=rows[0]["TrainingJobName"])
    assert best["TuningJobArn"] == tuning_job["HyperParameterTuningJobArn"]
    assert best["HyperParameters"] == static | rows[0]["TunedHyperParameters"]
    assert sagemaker.list_tags(ResourceArn=best["TrainingJobArn"])["Tags"] == tuning_request(4)["Tags"]

    found = sagemaker.search(
        Resource="TrainingJob",
        SearchExpression={
            "Filters": [
                {"Name": "Metrics.validation:rmse", "Operator": "LessThanOrEqualTo", "Value": str(values[1] + 1e-4)},
                {"Name": "TuningJobArn", "Operator": "Contains", "Value": _NAME},
                {"Name": "Tags.cmapss:data", "Value": "synthetic"},
            ]
        },
        SortBy="Metrics.validation:rmse",
        SortOrder="Ascending",
    )["Results"]
    assert [row["TrainingJob"]["TrainingJobName"] for row in found] == [row["TrainingJobName"] for row in rows[:2]]
    jobs = sagemaker.search(Resource="HyperParameterTuningJob")["Results"]
    assert jobs[0]["HyperParameterTuningJob"]["BestTrainingJob"]["TrainingJobName"] == rows[0]["TrainingJobName"]


def test_jobs_without_an_objective_are_counted_and_left_out_of_the_ranking(sagemaker: Any, trainer: Trainer) -> None:
    impossible = {"Name": "eta", "MinValue": "2", "MaxValue": "3", "ScalingType": "Linear"}
    request = tuning_request(2, ContinuousParameterRanges=[impossible])
    sagemaker.create_hyper_parameter_tuning_job(**request)
    assert trainer.wait_until_idle(_PATIENCE)
    tuning_job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=_NAME)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Failed"
    assert tuning_job["FailureReason"] == "No training job succeeded."
    assert tuning_job["TrainingJobStatusCounters"]["NonRetryableError"] == 2
    assert "BestTrainingJob" not in tuning_job
    assert [row["ObjectiveStatus"] for row in children(sagemaker)] == ["Failed", "Failed"]
    assert children(sagemaker, SortBy="FinalObjectiveMetricValue") == []


def test_a_stopped_tuning_job_launches_no_more(sagemaker: Any, trainer: Trainer) -> None:
    request = tuning_request(50)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] = "1000000"
    sagemaker.create_hyper_parameter_tuning_job(**request)
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    sagemaker.create_training_job(**training_request("goes-first"))
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=_NAME)
    assert trainer.wait_until_idle(_PATIENCE)
    tuning_job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=_NAME)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Stopped"
    assert [row["TrainingJobStatus"] for row in children(sagemaker)] == ["Stopped"]
    assert sagemaker.describe_training_job(TrainingJobName="goes-first")["TrainingJobStatus"] == "Completed"


def test_an_interrupted_tuning_job_goes_on_where_it_was(region: Region, sagemaker: Any, trainer: Trainer) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_request(3))
    jobs = region.table("training_jobs")
    assert trainer.wait_until(lambda: len(jobs) == 2, _PATIENCE)
    trainer.close()
    finished = [name for name, job in jobs.items() if job["TrainingJobStatus"] == "Completed"]
    again = Trainer(region)
    again.start()
    assert again.wait_until_idle(_PATIENCE)
    again.close()
    assert finished == list(jobs)[: len(finished)]
    assert [row["TrainingJobStatus"] for row in children(sagemaker)] == ["Completed"] * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Strategy": "Grid"}, "not with Grid"),
        ({"ParameterRanges": {"IntegerParameterRanges": [{"Name": "a", "MinValue": "2", "MaxValue": "1"}]}}, "below"),
        ({"ParameterRanges": {"IntegerParameterRanges": [{"Name": "a", "MinValue": "x", "MaxValue": "1"}]}}, "int"),
        (
            {
                "ParameterRanges": {
                    "ContinuousParameterRanges": [
                        {"Name": "a", "MinValue": "0", "MaxValue": "1", "ScalingType": "Logarithmic"}
                    ]
                }
            },
            "must be above 0",
        ),
    ],
)
def test_wrong_tuning_jobs_are_refused(sagemaker: Any, change: dict[str, Any], message: str) -> None:
    request = tuning_request(2)
    request["HyperParameterTuningJobConfig"] |= change
    with pytest.raises(ClientError, match=message):
        sagemaker.create_hyper_parameter_tuning_job(**request)


def test_absent_tuning_jobs_have_a_code_of_their_own(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\).*Amazon SageMaker can't find a tuning job"):
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="nobody")
