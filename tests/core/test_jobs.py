"""Jobs are read in few calls, and what AWS leaves out does not break the list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import best, describe_job, read_jobs
from tests.core.scripted import NOW, ScriptedAws, not_found

ARN = "arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/hyper-cmapss"


def record(number: int, **changes: Any) -> dict[str, Any]:
    job = {
        "TrainingJobName": f"hyper-cmapss-{number:03d}",
        "TrainingJobStatus": "Completed",
        "CreationTime": NOW + timedelta(seconds=number),
        "TuningJobArn": ARN,
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://bucket/{number}/model.tar.gz"},
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "HyperParameters": {"eta": "0.2", "_tuning_objective_metric": "validation:rmse"},
        "FinalMetricDataList": [
            {"MetricName": "train:rmse", "Value": 30.0},
            {"MetricName": "validation:rmse", "Value": 45.0 + number},
        ],
    }
    return {"TrainingJob": {**job, **changes}}


def tuning(**changes: Any) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": "hyper-cmapss",
        "HyperParameterTuningJobArn": ARN,
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": NOW,
        "HyperParameterTuningJobConfig": {
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 500},
        },
        "TrainingJobStatusCounters": {"Completed": 500},
        "BestTrainingJob": {"TrainingJobName": "hyper-cmapss-000"},
        **changes,
    }


def search(records: list[dict[str, Any]]) -> Any:
    def answer(MaxResults: int, NextToken: str = "0", **_: Any) -> dict[str, Any]:
        start = int(NextToken)
        page: dict[str, Any] = {"Results": records[start : start + MaxResults]}
        if start + MaxResults < len(records):
            page["NextToken"] = str(start + MaxResults)
        return page

    return answer


def region(records: list[dict[str, Any]], **changes: Any) -> ScriptedAws:
    return ScriptedAws(
        {
            "sagemaker:Search": search(records),
            "sagemaker:DescribeHyperParameterTuningJob": lambda **_: tuning(**changes),
        }
    )


def test_five_hundred_jobs_are_six_calls() -> None:
    aws = region([record(number) for number in range(500)])
    snapshot = read_jobs(aws)
    assert len(snapshot.jobs) == 500
    assert snapshot.calls == len(aws.calls) == 6
    assert snapshot.jobs[0].job.name == snapshot.tuning_jobs[0].best_training_job == "hyper-cmapss-000"
    read_jobs(aws)
    assert len(aws.calls) == 11, "a tuning job that has ended is not described again"


def test_a_tuning_job_that_runs_is_described_each_time() -> None:
    aws = region([record(1)], HyperParameterTuningJobStatus="InProgress")
    read_jobs(aws)
    read_jobs(aws)
    assert aws.called.count("sagemaker:DescribeHyperParameterTuningJob") == 2


def test_the_direction_of_the_tuning_job_wins() -> None:
    objective = {"Type": "Maximize", "MetricName": "validation:rmse"}
    aws = region([record(1), record(2)], HyperParameterTuningJobConfig={"HyperParameterTuningJobObjective": objective})
    assert [r.job.name for r in read_jobs(aws).jobs] == ["hyper-cmapss-002", "hyper-cmapss-001"]


def test_stand_alone_jobs_are_ranked_among_the_tuned() -> None:
    alone = record(
        7,
        TrainingJobName="alone",
        HyperParameters={},
        FinalMetricDataList=[
            {"MetricName": "train:rmse", "Value": 1.0},
            {"MetricName": "validation:rmse", "Value": 45.5},
        ],
    )
    del alone["TrainingJob"]["TuningJobArn"]
    snapshot = read_jobs(region([record(0), record(1), alone]))
    assert [r.job.name for r in snapshot.jobs] == ["hyper-cmapss-000", "alone", "hyper-cmapss-001"]
    assert snapshot.jobs[1].job.tuning_job is None


def test_the_jobs_of_a_tuning_job_that_is_gone_are_ranked_all_the_same() -> None:
    gone = not_found("Amazon SageMaker can't find a tuning job called hyper-cmapss. Type another name.")
    aws = ScriptedAws(
        {"sagemaker:Search": search([record(1), record(0)]), "sagemaker:DescribeHyperParameterTuningJob": gone}
    )
    snapshot = read_jobs(aws)
    assert snapshot.error is None
    assert [ranked.job.name for ranked in snapshot.jobs] == ["hyper-cmapss-000", "hyper-cmapss-001"]
    assert snapshot.tuning_jobs == ()


def test_jobs_without_metric_or_artefact_come_last() -> None:
    failed = record(1, TrainingJobStatus="Failed", FinalMetricDataList=[], ModelArtifacts={})
    running = record(2, TrainingJobStatus="InProgress", ModelArtifacts={})
    snapshot = read_jobs(region([failed, running, record(3)]))
    assert [r.rank for r in snapshot.jobs] == [1, None, None]
    assert snapshot.jobs[0].job.name == "hyper-cmapss-003"


def test_one_tuning_job_is_asked_for_by_its_arn() -> None:
    aws = region([record(1)])
    read_jobs(aws, tuning_job="hyper-cmapss")
    [filters] = [p["SearchExpression"]["Filters"] for name, p in aws.calls if name == "sagemaker:Search"]
    assert filters == [{"Name": "TuningJobArn", "Operator": "Equals", "Value": ARN}]


def test_a_failed_reading_is_a_snapshot_with_its_error() -> None:
    denied = ConsoleError(ErrorKind.DENIED, "not authorized to perform sagemaker:Search")
    snapshot = read_jobs(ScriptedAws({"sagemaker:Search": denied}))
    assert snapshot.error is denied
    with pytest.raises(ConsoleError, match="not authorized"):
        best(snapshot)


def test_no_job_with_a_place_is_said() -> None:
    with pytest.raises(ConsoleError, match="No training job is completed"):
        best(read_jobs(region([])))


def test_a_listing_that_repeats_a_page_ends_with_an_error() -> None:
    aws = ScriptedAws({"sagemaker:Search": lambda **_: {"Results": [], "NextToken": "again"}})
    assert "repeats a page" in str(read_jobs(aws).error)


def test_a_missing_job_is_named() -> None:
    aws = ScriptedAws({"sagemaker:DescribeTrainingJob": not_found("Requested resource not found.")})
    with pytest.raises(ConsoleError, match="no training job 'absent'") as caught:
        describe_job(aws, "absent")
    assert caught.value.kind is ErrorKind.NOT_FOUND
