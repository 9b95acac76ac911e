"""Tuning jobs whose training jobs are really trained, one after another."""

from __future__ import annotations

from typing import Any

import pytest

from cmapss_sandbox.region import Region
from cmapss_sandbox.training.trainer import Trainer
from tests.sandbox.artefacts import put_channels, training_request
from tests.sandbox.conftest import Clients
from tests.sandbox.tuning import NAME, described, training_definition, training_jobs_of, tuning_request

_PATIENCE = 60


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    put_channels(region)
    return clients("sagemaker")


def test_a_tuning_job_trains_its_jobs_and_knows_the_best(sagemaker: Any, trainer: Trainer) -> None:
    request = tuning_request(4, Strategy="Bayesian")
    sagemaker.create_hyper_parameter_tuning_job(**request)
    assert trainer.wait_until_idle(_PATIENCE)
    tuning_job = described(sagemaker)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning_job["TrainingJobStatusCounters"]["Completed"] == 4
    assert tuning_job["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    static = tuning_job["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static["_tuning_objective_metric"] == "validation:rmse"

    rows = training_jobs_of(sagemaker, SortBy="FinalObjectiveMetricValue", MaxResults=3)
    values = [row["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for row in rows]
    assert len(values) == 4
    assert values == sorted(values)
    assert rows[0] == tuning_job["BestTrainingJob"]
    assert len({row["TunedHyperParameters"]["eta"] for row in rows}) == 4
    assert all(row["TrainingJobName"].startswith(f"{NAME}-00") for row in rows)

    best = sagemaker.describe_training_job(TrainingJobName=rows[0]["TrainingJobName"])
    assert best["TuningJobArn"] == tuning_job["HyperParameterTuningJobArn"]
    assert best["HyperParameters"] == static | rows[0]["TunedHyperParameters"]
    assert sagemaker.list_tags(ResourceArn=best["TrainingJobArn"])["Tags"] == request["Tags"]

    found = sagemaker.search(
        Resource="TrainingJob",
        SearchExpression={
            "Filters": [
                {"Name": "Metrics.validation:rmse", "Operator": "LessThanOrEqualTo", "Value": str(values[1] + 1e-4)},
                {"Name": "TuningJobArn", "Operator": "Contains", "Value": NAME},
                {"Name": "Tags.cmapss:data", "Value": "synthetic"},
            ]
        },
        SortBy="Metrics.validation:rmse",
        SortOrder="Ascending",
    )["Results"]
    assert [row["TrainingJob"]["TrainingJobName"] for row in found] == [row["TrainingJobName"] for row in rows[:2]]
    jobs = sagemaker.search(Resource="HyperParameterTuningJob")["Results"]
    assert jobs[0]["HyperParameterTuningJob"]["BestTrainingJob"]["TrainingJobName"] == rows[0]["TrainingJobName"]


def test_jobs_that_fall_behind_are_stopped_and_still_have_an_objective(
    region: Region, sagemaker: Any, trainer: Trainer
) -> None:
    request = tuning_request(8, TrainingJobEarlyStoppingType="Auto", RandomSeed=1)
    request["TrainingJobDefinition"] = training_definition(StaticHyperParameters={"num_round": "8"})
    sagemaker.create_hyper_parameter_tuning_job(**request)
    halving = tuning_request(
        9,
        "halving",
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 6}},
        RandomSeed=1,
    )
    halving["TrainingJobDefinition"] = training_definition(StaticHyperParameters={"num_round": "1000"})
    sagemaker.create_hyper_parameter_tuning_job(**halving)
    assert trainer.wait_until_idle(_PATIENCE)
    for name, rounds in ((NAME, 8), ("halving", 6)):
        tuning_job, rows = described(sagemaker, name), training_jobs_of(sagemaker, name)
        assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
        assert tuning_job["BestTrainingJob"]["TrainingJobStatus"] == "Completed"
        stopped = [row for row in rows if row["TrainingJobStatus"] == "Stopped"]
        assert stopped
        assert {row["ObjectiveStatus"] for row in rows} == {"Succeeded"}
        assert tuning_job["TrainingJobStatusCounters"]["Stopped"] == len(stopped)
        curves = {job["TrainingJobName"]: job["_curve"] for job in region.table("training_jobs").values()}
        for row in rows:
            assert (len(curves[row["TrainingJobName"]]) < rounds) == (row in stopped)
            assert region.objects.head("models", f"output/{row['TrainingJobName']}/output/model.tar.gz")
    [one, *_] = training_jobs_of(sagemaker, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert one["TrainingJobStatus"] == "Stopped", "the worst are the ones that were stopped"


def test_a_stopped_tuning_job_launches_no_more(sagemaker: Any, trainer: Trainer) -> None:
    request = tuning_request(50)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] = "1000000"
    sagemaker.create_hyper_parameter_tuning_job(**request)
    assert trainer.wait_until(lambda: trainer.progress is not None, _PATIENCE)
    under_way = {
        sagemaker.describe_training_job(TrainingJobName=row["TrainingJobName"])["SecondaryStatus"]
        for row in training_jobs_of(sagemaker)
    }
    assert under_way == {"Training", "Pending"}, "two in progress, of which the machine trains one"
    sagemaker.create_training_job(**training_request("goes-first"))
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME)
    assert trainer.wait_until_idle(_PATIENCE)
    assert described(sagemaker)["HyperParameterTuningJobStatus"] == "Stopped"
    assert [row["TrainingJobStatus"] for row in training_jobs_of(sagemaker)] == ["Stopped", "Stopped"]
    assert [row["ObjectiveStatus"] for row in training_jobs_of(sagemaker)] == ["Succeeded", "Failed"]
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
    assert [row["TrainingJobStatus"] for row in training_jobs_of(sagemaker)] == ["Completed"] * 3
