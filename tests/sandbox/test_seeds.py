"""What a new region has, on the synthetic fleet, and what becomes of it with other data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmapss_sandbox.region import Region
from cmapss_sandbox.seeds import BUCKET, ORIGIN_KEY, Seeds
from cmapss_sandbox.services.sagemaker.tuning_records import training_jobs_of
from cmapss_sandbox.training.trainer import Trainer
from tests.sandbox.conftest import Clients

_PATIENCE = 120
_STAMP = "2026-01-05-12-00-00"


@pytest.fixture(scope="module", autouse=True)
def _home_without_the_real_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever other tests have imported, a region's own data is synthetic here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path_factory.mktemp("seeds")))
        yield


def plant(region: Region, trainer: Trainer, data: Path | None = None) -> Seeds:
    """Seeds with one job to tune, once all that they bring is trained."""
    seeds = Seeds(region, trainer, data, 1)
    seeds.plant()
    assert trainer.wait_until_idle(_PATIENCE)
    return seeds


def test_a_new_region_has_channels_a_stand_alone_job_and_a_tuning_job(
    region: Region, trainer: Trainer, clients: Clients
) -> None:
    plant(region, trainer)
    sagemaker, s3 = clients("sagemaker"), clients("s3")
    assert json.loads(region.objects.get(BUCKET, ORIGIN_KEY)) == {
        "origin": "synthetic",
        "rows": {"train": 108530, "validation": 51829},
    }
    first_line = s3.get_object(Bucket=BUCKET, Key="training/train/train.csv")["Body"].readline()
    assert len(first_line.split(b",")) == 26

    job = sagemaker.describe_training_job(TrainingJobName=f"cmapss-xgboost-regression-{_STAMP}")
    assert job["TrainingJobStatus"] == "Completed"
    assert job["HyperParameters"] == {
        "max_depth": "5",
        "eta": "0.2",
        "gamma": "4",
        "min_child_weight": "6",
        "subsample": "0.7",
        "objective": "reg:squarederror",
        "num_round": "100",
    }
    metrics = {entry["MetricName"]: entry["Value"] for entry in job["FinalMetricDataList"]}
    assert 44 < metrics["validation:rmse"] < 47
    tags = [{"Key": "cmapss:data", "Value": "synthetic"}]
    assert sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == tags

    name = f"hyper-cmapss-{_STAMP}"
    assert len(name) == 32
    tuning_job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
    best = tuning_job["BestTrainingJob"]
    assert sagemaker.list_tags(ResourceArn=best["TrainingJobArn"])["Tags"] == tags
    assert len(best["TunedHyperParameters"]) == 7
    assert tuning_job["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "objective": "reg:squarederror",
        "num_round": "120",
        "_tuning_objective_metric": "validation:rmse",
    }


def test_a_region_that_has_its_seeds_keeps_them(region: Region, trainer: Trainer) -> None:
    plant(region, trainer)
    before = {name: dict(region.table(name)) for name in ("training_jobs", "tuning_jobs", "seeds")}
    region.advance(3600)
    plant(region, trainer)
    assert {name: dict(region.table(name)) for name in before} == before


def test_other_data_gets_seeds_of_its_own_and_ends_what_was_tuned_on_the_former(
    region: Region, trainer: Trainer, real_data: Path
) -> None:
    plant(region, trainer)
    former = f"hyper-cmapss-{_STAMP}"
    tuning_jobs: Any = region.table("tuning_jobs")
    tuning_jobs[former] = {**tuning_jobs[former], "HyperParameterTuningJobStatus": "InProgress"}
    region.advance(3600)
    seeds = plant(region, trainer, real_data)
    assert seeds.status()["data"] == "nasa"
    assert tuning_jobs[former]["HyperParameterTuningJobStatus"] == "Stopped"
    assert len(training_jobs_of(region, former)) == 1
    assert len(training_jobs_of(region, str(seeds.status()["tuning_job"]))) == 1
    assert json.loads(region.objects.get(BUCKET, ORIGIN_KEY))["origin"] == "nasa"


def test_without_data_the_region_serves_and_says_what_is_wrong(
    region: Region, trainer: Trainer, tmp_path: Path
) -> None:
    seeds = plant(region, trainer, tmp_path / "nowhere")
    assert "nowhere does not exist" in str(seeds.status()["problem"])
    assert not region.table("training_jobs")


def test_there_may_be_no_tuning_job(region: Region, trainer: Trainer) -> None:
    Seeds(region, trainer, None, 0).plant()
    assert trainer.wait_until_idle(_PATIENCE)
    assert not region.table("tuning_jobs")
    assert len(region.table("training_jobs")) == 1
