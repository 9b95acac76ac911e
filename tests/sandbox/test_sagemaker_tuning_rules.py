"""Tuning jobs by their rules: what is refused, launched, counted and ended; nothing is trained for it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record
from tests.sandbox.artefacts import channel, put_channels
from tests.sandbox.conftest import Clients
from tests.sandbox.tuning import ETA, NAME, described, run, step, training_definition, training_jobs_of, tuning_request

_DEPTH = {"Name": "max_depth", "MinValue": "1", "MaxValue": "3"}


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    put_channels(region)
    return clients("sagemaker")


def create(sagemaker: Any, *arguments: Any, **config: Any) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_request(*arguments, **config))


def ranges(kind: str = "Continuous", **entry: Any) -> dict[str, Any]:
    base = {"Name": "eta"} if kind == "Categorical" else {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.9"}
    return {"ParameterRanges": {f"{kind}ParameterRanges": [{**base, **entry}]}}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (ranges(MinValue="1", MaxValue="0.5"), "The range of eta needs a MinValue below its MaxValue."),
        (ranges(MinValue="low"), "The range of eta is not made of float values."),
        (ranges("Integer", Name="max_depth", MinValue="1.5", MaxValue="3"), "not made of int values"),
        (ranges(MinValue="0", ScalingType="Logarithmic"), "must be above 0 for the scaling type Logarithmic"),
        (ranges(MaxValue="1", ScalingType="ReverseLogarithmic"), "must be within 0 <= x < 1.0"),
        (ranges(ScalingType="Cubic"), "enum value set"),
        (ranges(Name="booster"), "The hyperparameter booster isn't tunable."),
        (ranges(Name="max_depth"), "The hyperparameter max_depth is an integer: IntegerParameterRanges."),
        (ranges(Name="num_round"), "The hyperparameter num_round is given more than once"),
        (ranges("Categorical", Values=["0.1", "high"]), "not made of float values"),
        (ranges("Categorical", Values=["0.1", "0.1"]), "has a value more than once"),
        ({"ParameterRanges": {}}, "at least one hyperparameter"),
        ({"ParameterRanges": {"ContinuousParameterRanges": [ETA] * 31}}, "length less than or equal to 30"),
        (
            {"ParameterRanges": {"IntegerParameterRanges": [_DEPTH]}},
            "The total number of hyperparameter combinations for the provided ranges [3.0] must be equal or greater "
            "than the value of MaxNumberOfJobs, [4].",
        ),
        (
            {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:beauty"}},
            "A metric is required for this hyperparameter tuning job objective.",
        ),
        (
            {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "train:rmse"}},
            "Provide a metric in the metric definitions.",
        ),
        ({"Strategy": "Guess"}, "enum value set"),
        ({"Strategy": "Grid"}, "Grid searches CategoricalParameterRanges only"),
        ({"Strategy": "Grid", **ranges("Categorical", Values=["0.1", "0.2"])}, "is 2, the number of combinations"),
        ({"Strategy": "Hyperband"}, "MaxResource is required"),
        (
            {
                "Strategy": "Hyperband",
                "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 9, "MaxResource": 3}},
            },
            "MinResource <= MaxResource <= 20000, not 9 and 3",
        ),
        (
            {
                "Strategy": "Hyperband",
                "StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 9}},
                "TrainingJobEarlyStoppingType": "Auto",
            },
            "TrainingJobEarlyStoppingType must be Off",
        ),
        ({"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 9}}}, "only be specified for the strategy Hyp"),
        ({"ResourceLimits": {"MaxParallelTrainingJobs": 1}}, "MaxNumberOfTrainingJobs is required"),
    ],
)
def test_wrong_configs_are_refused(sagemaker: Any, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as raised:
        create(sagemaker, 4, **config)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert message in raised.value.response["Error"]["Message"]
    assert sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []


def test_wrong_requests_are_refused(sagemaker: Any, region: Region) -> None:
    named = [training_definition(DefinitionName="same", **_searching("rmse"))] * 2
    minimised = training_definition(DefinitionName="other", **_searching("r2", "Maximize"))
    nothing = training_definition(InputDataConfig=[channel("train", S3Uri="s3://data/nothing/")])
    request = tuning_request(2)
    without = {key: value for key, value in request.items() if key != "TrainingJobDefinition"}
    wrong: list[tuple[dict[str, Any], str]] = [
        (without, "Either TrainingJobDefinition or TrainingJobDefinitions"),
        ({**request, "TrainingJobDefinitions": named}, "Either TrainingJobDefinition or TrainingJobDefinitions"),
        ({**without, "TrainingJobDefinitions": named}, "The DefinitionName same is used more than once"),
        ({**without, "TrainingJobDefinitions": [training_definition()]}, "needs a DefinitionName"),
        ({**without, "TrainingJobDefinitions": [named[0], minimised]}, "of the same Type"),
        ({**request, "TrainingJobDefinition": nothing}, "No S3 objects found under S3 URL"),
        ({**request, "Autotune": {"Mode": "Enabled"}}, "The sandbox has no Autotune"),
        ({**request, "HyperParameterTuningJobName": "n" * 33}, "length less than or equal to 32"),
    ]
    for refused, message in wrong:
        with pytest.raises(ClientError, match=message):
            sagemaker.create_hyper_parameter_tuning_job(**refused)
    with pytest.raises(ClientError, match=r"\(ResourceLimitExceeded\).* is 750 Instances"):
        create(sagemaker, 751, Strategy="Bayesian")
    create(sagemaker, 751)
    with pytest.raises(ClientError, match=r"\(ResourceInUse\)"):
        create(sagemaker, 2, NAME.upper())


def _searching(metric: str, kind: str = "Minimize") -> dict[str, Any]:
    return {
        "TuningObjective": {"Type": kind, "MetricName": f"validation:{metric}"},
        "HyperParameterRanges": {"ContinuousParameterRanges": [ETA]},
    }


def test_absent_and_ended_tuning_jobs_are_refused(sagemaker: Any, region: Region) -> None:
    for call in ("describe", "stop", "delete"):
        with pytest.raises(ClientError, match=r"\(ResourceNotFound\).*Amazon SageMaker can't find a tuning job"):
            getattr(sagemaker, f"{call}_hyper_parameter_tuning_job")(HyperParameterTuningJobName="nobody")
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        training_jobs_of(sagemaker, "nobody")
    create(sagemaker, 1)
    with pytest.raises(ClientError, match="hyperparameter tuning job is in status InProgress"):
        sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME)
    run(region)
    with pytest.raises(ClientError, match="hyperparameter tuning job is in status Completed"):
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME)
    [job] = training_jobs_of(sagemaker)
    sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME)
    assert "TuningJobArn" in sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
    create(sagemaker, 1)
    assert training_jobs_of(sagemaker) == [], "a namesake has training jobs of its own"


def test_jobs_without_an_objective_are_counted_and_left_out_of_the_ranking(sagemaker: Any, region: Region) -> None:
    create(sagemaker, 3)
    run(region, lambda job: None)
    tuning_job = described(sagemaker)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Failed"
    assert tuning_job["FailureReason"].startswith("No training job succeeded after 3 attempts.")
    assert tuning_job["TrainingJobStatusCounters"]["NonRetryableError"] == 3
    assert tuning_job["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 3}
    assert "BestTrainingJob" not in tuning_job
    assert [row["ObjectiveStatus"] for row in training_jobs_of(sagemaker)] == ["Failed"] * 3
    assert training_jobs_of(sagemaker, SortBy="FinalObjectiveMetricValue") == []

    create(sagemaker, 50, "hopeless")
    run(region, lambda job: None)
    hopeless = described(sagemaker, "hopeless")
    assert hopeless["FailureReason"].startswith("No training job succeeded after 5 attempts.")
    assert len(training_jobs_of(sagemaker, "hopeless")) in (5, 6), "one was already under way"

    create(sagemaker, 2, "blind", HyperParameterTuningJobObjective={"Type": "Minimize", "MetricName": "validation:mae"})
    run(region)
    assert described(sagemaker, "blind")["FailureReason"].startswith("No objective metrics found after running 2")


def test_training_jobs_are_listed_by_every_key_and_filtered_after_the_page(sagemaker: Any, region: Region) -> None:
    create(sagemaker, 12, RandomSeed=3)
    failing = iter([False, False, True] + [False] * 20)
    run(region, lambda job: None if next(failing) else abs(float(job["HyperParameters"]["eta"]) - 0.3))

    def names(**options: Any) -> list[str]:
        return [row["TrainingJobName"] for row in training_jobs_of(sagemaker, **options)]

    every = names()
    assert every == names(SortBy="Name") == names(SortBy="CreationTime") == sorted(every)
    assert [name.split("-")[-2] for name in every] == [f"{number:03d}" for number in range(1, 13)]
    assert names(SortOrder="Descending") == every[::-1]
    by_value = training_jobs_of(sagemaker, SortBy="FinalObjectiveMetricValue", SortOrder="Descending", MaxResults=5)
    values = [row["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for row in by_value]
    assert len(values) == 11
    assert values == sorted(values, reverse=True)
    assert [row["TrainingJobStatus"] for row in training_jobs_of(sagemaker, SortBy="Status")] == ["Completed"] * 11 + [
        "Failed"
    ]
    page = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME)
    assert len(page["TrainingJobSummaries"]) == 10
    empty = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=NAME, StatusEquals="Failed", MaxResults=2
    )
    assert empty["TrainingJobSummaries"] == []
    assert empty["NextToken"]
    assert len(names(StatusEquals="Failed")) == 1
    with pytest.raises(ClientError, match="less than or equal to 100"):
        names(MaxResults=101)


def test_tuning_jobs_are_listed_by_every_key(sagemaker: Any, region: Region) -> None:
    for name in ("c", "a", "b"):
        create(sagemaker, 1, name)
        region.advance(60)
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="a")
    run(region)

    def names(**options: Any) -> list[str]:
        summaries = sagemaker.list_hyper_parameter_tuning_jobs(**options)["HyperParameterTuningJobSummaries"]
        return [summary["HyperParameterTuningJobName"] for summary in summaries]

    assert names() == ["a", "b", "c"]
    assert names(SortBy="CreationTime", SortOrder="Descending") == ["b", "a", "c"]
    assert names(SortBy="Status") == ["b", "c", "a"]
    assert names(StatusEquals="Stopped") == ["a"]
    assert names(NameContains="b") == ["b"]
    assert names(CreationTimeAfter=region.now() - timedelta(seconds=100)) == ["b"]
    [summary] = sagemaker.list_hyper_parameter_tuning_jobs(NameContains="c")["HyperParameterTuningJobSummaries"]
    assert (summary["Strategy"], summary["TrainingJobStatusCounters"]["Completed"]) == ("Random", 1)
    assert summary["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 1


def test_a_grid_is_tried_once_and_whole(sagemaker: Any, region: Region) -> None:
    grid = {"CategoricalParameterRanges": [{"Name": "eta", "Values": ["0.1", "0.2", "0.3"]}]}
    create(sagemaker, None, Strategy="Grid", ParameterRanges=grid)
    run(region)
    assert [row["TunedHyperParameters"] for row in training_jobs_of(sagemaker)] == [
        {"eta": f"0.{n}"} for n in (1, 2, 3)
    ]
    tuning_job = described(sagemaker)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning_job["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 3
    assert tuning_job["BestTrainingJob"]["TunedHyperParameters"] == {"eta": "0.3"}


def test_several_definitions_take_turns(sagemaker: Any, region: Region) -> None:
    flexible = {
        "InstanceConfigs": [
            {"InstanceType": "ml.m5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
            {"InstanceType": "ml.m5.4xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
        ]
    }
    second = {**training_definition(DefinitionName="second", **_searching("mae"))}
    del second["ResourceConfig"]
    request = tuning_request(5)
    del request["TrainingJobDefinition"]
    del request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    del request["HyperParameterTuningJobConfig"]["ParameterRanges"]
    request["TrainingJobDefinitions"] = [
        training_definition(DefinitionName="first", **_searching("rmse")),
        {**second, "HyperParameterTuningResourceConfig": flexible},
    ]
    sagemaker.create_hyper_parameter_tuning_job(**request)
    run(region)
    rows = training_jobs_of(sagemaker)
    assert [row["TrainingJobDefinitionName"] for row in rows] == ["first", "second", "first", "second", "first"]
    tuning_job = described(sagemaker)
    static = [definition["StaticHyperParameters"] for definition in tuning_job["TrainingJobDefinitions"]]
    assert [values["_tuning_objective_metric"] for values in static] == ["validation:rmse", "validation:mae"]
    assert tuning_job["TrainingJobDefinitions"][1]["ResourceConfig"] == flexible["InstanceConfigs"][0]
    assert tuning_job["BestTrainingJob"]["TrainingJobDefinitionName"] == "first", "the second's metric never came"
    assert tuning_job["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 2}
    job = sagemaker.describe_training_job(TrainingJobName=rows[1]["TrainingJobName"])
    assert job["ResourceConfig"] == flexible["InstanceConfigs"][0]


def test_a_warm_start_takes_its_parents_results_along(sagemaker: Any, region: Region) -> None:
    create(sagemaker, 10, "parent", RandomSeed=1)
    parents = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}]}

    def warm(name: str, kind: str, **changes: Any) -> None:
        request = tuning_request(2, name, Strategy="Bayesian", RandomSeed=2)
        request = {**request, "WarmStartConfig": {**parents, "WarmStartType": kind}, **changes}
        sagemaker.create_hyper_parameter_tuning_job(**request)

    with pytest.raises(ClientError, match="parent hyperparameter tuning job parent has not ended yet"):
        warm("child", "TransferLearning")
    run(region)
    region.objects.put("data", "other/train.csv", b"1,2\n")
    other = training_definition(InputDataConfig=[channel("train", S3Uri="s3://data/other/")])
    more = training_definition(StaticHyperParameters={"num_round": "4", "objective": "reg:squarederror", "alpha": "1"})
    with pytest.raises(ClientError, match="input data and training image must be those of the parent"):
        warm("child", "IdenticalDataAndAlgorithm", TrainingJobDefinition=other)
    with pytest.raises(ClientError, match="static plus tunable hyperparameters must be the same"):
        warm("child", "TransferLearning", TrainingJobDefinition=more)
    nobody = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}]}
    with pytest.raises(ClientError, match=r"\(ResourceNotFound\)"):
        warm("child", "TransferLearning", WarmStartConfig={**nobody, "WarmStartType": "TransferLearning"})

    warm("same", "IdenticalDataAndAlgorithm")
    run(region, lambda job: 10.0)
    best = described(sagemaker, "parent")["BestTrainingJob"]
    same = described(sagemaker, "same")
    assert same["OverallBestTrainingJob"] == {**best, "TuningJobName": "parent"}
    assert same["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 10.0
    assert same["WarmStartConfig"]["WarmStartType"] == "IdenticalDataAndAlgorithm"

    warm("cold", "TransferLearning", TrainingJobDefinition=other)
    run(region)
    assert "OverallBestTrainingJob" not in described(sagemaker, "cold")


@pytest.mark.parametrize(
    ("criteria", "values", "launched"),
    [
        ({"TargetObjectiveMetricValue": 2.0}, [5, 4, 1.5, 1, 1, 1], 3),
        ({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}, [5, 4, 3.99, 4, 4, 1], 5),
        ({"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}, [5, 4] + [4] * 40, 22),
        ({"ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}}, [5, 4] + [4] * 40, 30),
    ],
)
def test_completion_criteria_end_the_search(
    sagemaker: Any, region: Region, criteria: dict[str, Any], values: list[float], launched: int
) -> None:
    request = tuning_request(30, TuningJobCompletionCriteria=criteria)
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 1
    sagemaker.create_hyper_parameter_tuning_job(**request)
    reached = iter(values)
    run(region, lambda job: float(next(reached)))
    tuning_job = described(sagemaker)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning_job["TrainingJobStatusCounters"]["Completed"] == launched
    details = tuning_job["TuningJobCompletionDetails"]
    assert ("ConvergenceDetectedTime" in details) == (launched > 20)
    assert details["NumberOfTrainingJobsObjectiveNotImproving"] == {3: 0, 5: 3, 22: 20, 30: 28}[launched]


def test_a_tuning_job_ends_after_its_longest_runtime(sagemaker: Any, region: Region) -> None:
    limits = {"MaxParallelTrainingJobs": 3, "MaxRuntimeInSeconds": 600}
    create(sagemaker, None, ResourceLimits=limits)
    for _ in range(4):
        assert step(region)
    under_way = described(sagemaker)
    assert under_way["TrainingJobStatusCounters"]["Completed"] == 1
    assert under_way["TrainingJobStatusCounters"]["InProgress"] == 2
    region.advance(600)
    run(region)
    tuning_job = described(sagemaker)
    assert tuning_job["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning_job["ConsumedResources"]["RuntimeInSeconds"] == 600
    assert Counter(row["TrainingJobStatus"] for row in training_jobs_of(sagemaker)) == {"Completed": 1, "Stopped": 2}


def test_what_a_tuning_job_was_asked_for_is_described_again(sagemaker: Any, region: Region) -> None:
    hyperband = {"HyperbandStrategyConfig": {"MinResource": 2, "MaxResource": 4}}
    create(sagemaker, 3, Strategy="Hyperband", StrategyConfig=hyperband, RandomSeed=7)
    tuning_job = described(sagemaker)
    config = tuning_job["HyperParameterTuningJobConfig"]
    assert (config["StrategyConfig"], config["RandomSeed"]) == (hyperband, 7)
    assert config["TrainingJobEarlyStoppingType"] == "Off"
    definition = tuning_job["TrainingJobDefinition"]
    assert definition["OutputDataConfig"]["KmsKeyId"] == ""
    metrics = [metric["Name"] for metric in definition["AlgorithmSpecification"]["MetricDefinitions"]]
    assert "validation:rmse" in metrics, "the SDK attaches to what has metric definitions only"
    assert tuning_job["CreationTime"] == tuning_job["LastModifiedTime"] == region.now()


def test_internal_errors_are_counted_as_retryable(sagemaker: Any, region: Region) -> None:
    create(sagemaker, 1)

    def unlucky(job: Record) -> float | None:
        return None

    run(region, unlucky)
    jobs = region.table("training_jobs")
    [name] = list(jobs)
    jobs[name] = {**jobs[name], "FailureReason": "InternalServerError: We encountered an internal error."}
    assert described(sagemaker)["TrainingJobStatusCounters"]["RetryableError"] == 1
