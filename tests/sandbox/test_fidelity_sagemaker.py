"""SageMaker where other stand-ins for it are known to differ: one test for each difference, none of the sandbox's own.

The list is what moto 5.2.1 does otherwise than AWS (create, list, search and life-cycle calls).
"""

from __future__ import annotations

from typing import Any

import pytest

from cmapss_sandbox.region import Region
from cmapss_sandbox.training.trainer import Trainer
from tests.sandbox.artefacts import (
    IMAGE,
    ROLE,
    definition,
    production_variant,
    put_channels,
    training_request,
)
from tests.sandbox.conftest import Clients
from tests.sandbox.refusals import refused


def status(sagemaker: Any, name: str = "engines") -> str:
    found: str = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
    return found


def add_config(sagemaker: Any, name: str, **variant: Any) -> None:
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[production_variant("engines-0", **variant)]
    )


def train(sagemaker: Any, region: Region, trainer: Trainer, *names: str, **hyperparameters: str) -> None:
    """Completed training jobs of those names, one after another, so that a later one is created later."""
    put_channels(region)
    for name in names:
        sagemaker.create_training_job(**training_request(name, **hyperparameters))
        region.advance(1)
    assert trainer.wait_until_idle(60)


def test_an_update_replaces_the_config_of_a_running_endpoint(sagemaker: Any, region: Region, engines: str) -> None:
    add_config(sagemaker, "wider", InitialInstanceCount=2)
    sagemaker.update_endpoint(EndpointName=engines, EndpointConfigName="wider")
    assert status(sagemaker) == "Updating"
    region.advance(1800)
    described = sagemaker.describe_endpoint(EndpointName=engines)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "wider")
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 2


def test_a_tuning_jobs_jobs_are_listed_and_a_running_job_is_stopped(
    sagemaker: Any, region: Region, trainer: Trainer
) -> None:
    put_channels(region)
    tune(sagemaker, "search", jobs=1)
    assert trainer.wait_until_idle(60)
    [child] = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName="search")[
        "TrainingJobSummaries"
    ]
    assert child["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "validation:rmse"

    sagemaker.create_training_job(**training_request("long", num_round="100000"))
    sagemaker.stop_training_job(TrainingJobName="long")
    assert sagemaker.describe_training_job(TrainingJobName="long")["TrainingJobStatus"] in ("Stopping", "Stopped")
    assert trainer.wait_until_idle(60)
    assert sagemaker.describe_training_job(TrainingJobName="long")["TrainingJobStatus"] == "Stopped"


def test_an_endpoint_is_creating_before_it_serves_and_may_fail_with_a_reason(
    sagemaker: Any, region: Region, engines: str
) -> None:
    region.objects.delete("models", "engines-0/model.tar.gz")
    sagemaker.create_endpoint(EndpointName="lost", EndpointConfigName="engines")
    assert status(sagemaker, "lost") == "Creating"
    region.advance(3600)
    failed = sagemaker.describe_endpoint(EndpointName="lost")
    assert failed["EndpointStatus"] == "Failed"
    assert "s3://models/engines-0/model.tar.gz" in failed["FailureReason"]


def test_a_deleted_endpoint_is_deleting_first_and_is_left_alone_meanwhile(
    sagemaker: Any, region: Region, engines: str
) -> None:
    sagemaker.delete_endpoint(EndpointName=engines)
    assert status(sagemaker) == "Deleting"
    with refused("Cannot update in-progress endpoint"):
        sagemaker.delete_endpoint(EndpointName=engines)
    region.advance(120)
    with refused('Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines"'):
        status(sagemaker)


def test_a_name_that_is_taken_is_refused_and_overwrites_nothing(
    sagemaker: Any, region: Region, trainer: Trainer, engines: str
) -> None:
    train(sagemaker, region, trainer, "first")
    before = sagemaker.describe_training_job(TrainingJobName="first")
    with refused("Job name must be unique", "ResourceInUse"):
        sagemaker.create_training_job(**training_request("first", num_round="7"))
    with refused("Cannot create already existing model"):
        sagemaker.create_model(ModelName="engines-0", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    with refused("Cannot create already existing endpoint configuration"):
        add_config(sagemaker, "engines")
    with refused("Cannot create already existing endpoint "):
        sagemaker.create_endpoint(EndpointName=engines, EndpointConfigName="engines")
    after = sagemaker.describe_training_job(TrainingJobName="first")
    assert after["HyperParameters"] == before["HyperParameters"]


def test_a_config_and_a_model_in_use_can_be_deleted_and_the_endpoint_serves_on(sagemaker: Any, engines: str) -> None:
    sagemaker.delete_endpoint_config(EndpointConfigName="engines")
    sagemaker.delete_model(ModelName="engines-0")
    assert status(sagemaker) == "InService"


def test_a_change_of_capacity_keeps_the_weight_and_is_updating_meanwhile(
    sagemaker: Any, region: Region, engines: str
) -> None:
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=engines, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    )
    assert status(sagemaker) == "Updating"
    [variant] = sagemaker.describe_endpoint(EndpointName=engines)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 3)
    region.advance(600)
    [variant] = sagemaker.describe_endpoint(EndpointName=engines)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"], variant["DesiredWeight"]) == (3, 1.0, 1.0)


def test_how_an_endpoint_is_deployed_is_described(sagemaker: Any, region: Region, engines: str) -> None:
    add_config(sagemaker, "canary")
    blue_green = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "WaitIntervalInSeconds": 300,
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            }
        }
    }
    sagemaker.update_endpoint(EndpointName=engines, EndpointConfigName="canary", DeploymentConfig=blue_green)
    [pending] = sagemaker.describe_endpoint(EndpointName=engines)["PendingDeploymentSummary"]["ProductionVariants"]
    assert pending["VariantStatus"][0]["Status"] == "Creating"
    region.advance(3600)
    described = sagemaker.describe_endpoint(EndpointName=engines)
    assert "PendingDeploymentSummary" not in described
    policy = described["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == blue_green["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    [image] = described["ProductionVariants"][0]["DeployedImages"]
    assert "@sha256:" in image["ResolvedImage"]


@pytest.mark.parametrize("instance_type", "ml.m5.xlarge ml.m6i.xlarge ml.g5.xlarge ml.c6i.xlarge ml.m7i.large".split())
def test_every_instance_type_of_today_can_be_configured(
    sagemaker: Any, region: Region, engines: str, instance_type: str
) -> None:
    add_config(sagemaker, "today", InstanceType=instance_type)
    described = sagemaker.describe_endpoint_config(EndpointConfigName="today")
    assert described["ProductionVariants"][0]["InstanceType"] == instance_type


def test_network_isolation_is_kept_and_names_follow_their_pattern(sagemaker: Any, region: Region, engines: str) -> None:
    sagemaker.create_model(
        ModelName="isolated",
        ExecutionRoleArn=ROLE,
        EnableNetworkIsolation=True,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://models/engines-0/model.tar.gz"},
    )
    assert sagemaker.describe_model(ModelName="isolated")["EnableNetworkIsolation"] is True
    with refused(
        "Value 'bad_name!' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression"
    ):
        sagemaker.create_model(ModelName="bad_name!", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    # A name is unique in any case, and has to be written in its own.
    with refused("Cannot create already existing endpoint "):
        sagemaker.create_endpoint(EndpointName="Engines", EndpointConfigName="engines")


def test_a_training_job_trains_and_its_metrics_and_artefact_are_its_own(
    sagemaker: Any, region: Region, trainer: Trainer
) -> None:
    put_channels(region)
    request = training_request("real")
    sagemaker.create_training_job(**request)
    assert sagemaker.describe_training_job(TrainingJobName="real")["TrainingJobStatus"] == "InProgress"
    assert trainer.wait_until_idle(60)
    job = sagemaker.describe_training_job(TrainingJobName="real")
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert 0 < metrics["validation:rmse"] < 100
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    assert region.objects.head(bucket, key)
    assert [transition["Status"] for transition in job["SecondaryStatusTransitions"]][-1] == "Completed"


def test_a_training_job_can_fail_with_a_reason(sagemaker: Any, region: Region, trainer: Trainer) -> None:
    request = training_request("starved", eta="5")
    with refused("No S3 objects found under S3 URL"):
        sagemaker.create_training_job(**request)
    put_channels(region)
    sagemaker.create_training_job(**request)
    assert trainer.wait_until_idle(60)
    job = sagemaker.describe_training_job(TrainingJobName="starved")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"]


def tune(sagemaker: Any, name: str, jobs: int) -> None:
    """A tuning job over the learning rate."""
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "RandomSeed": 1,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]},
        },
        TrainingJobDefinition={
            "StaticHyperParameters": {"objective": "reg:squarederror", "num_round": "5"},
            **definition(),
        },
    )


def test_the_best_training_job_of_a_tuning_job_is_one_that_it_ran(
    sagemaker: Any, region: Region, trainer: Trainer
) -> None:
    put_channels(region)
    tune(sagemaker, "search", jobs=3)
    assert trainer.wait_until_idle(60)
    tuned = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="search")
    assert tuned["HyperParameterTuningJobStatus"] == "Completed"
    assert tuned["TrainingJobStatusCounters"]["Completed"] == 3
    ranked = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="search", SortBy="FinalObjectiveMetricValue", SortOrder="Ascending"
    )["TrainingJobSummaries"]
    values = [job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for job in ranked]
    assert values == sorted(values)
    assert len(values) == 3
    assert tuned["BestTrainingJob"]["TrainingJobName"] == ranked[0]["TrainingJobName"]
    assert tuned["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == values[0]


def test_jobs_are_sorted_paged_by_ten_and_filtered_after_the_page_is_cut(
    sagemaker: Any, region: Region, trainer: Trainer
) -> None:
    names = [f"job-{number:02d}" for number in range(12)]
    train(sagemaker, region, trainer, *names, num_round="1")
    first = sagemaker.list_training_jobs(SortBy="Name", SortOrder="Ascending")
    assert [job["TrainingJobName"] for job in first["TrainingJobSummaries"]] == names[:10]
    assert first["TrainingJobSummaries"][0]["TrainingJobStatus"] == "Completed"
    rest = sagemaker.list_training_jobs(SortBy="Name", SortOrder="Ascending", NextToken=first["NextToken"])
    assert [job["TrainingJobName"] for job in rest["TrainingJobSummaries"]] == names[10:]
    empty = sagemaker.list_training_jobs(SortBy="Name", SortOrder="Ascending", NameContains="11", MaxResults=5)
    assert empty["TrainingJobSummaries"] == []
    assert empty["NextToken"]
    newest = sagemaker.list_training_jobs(SortBy="CreationTime", SortOrder="Descending", MaxResults=1)
    assert newest["TrainingJobSummaries"][0]["TrainingJobName"] == names[-1]


def test_search_filters_sorts_and_pages_by_metric_and_hyperparameter(
    sagemaker: Any, region: Region, trainer: Trainer
) -> None:
    put_channels(region)
    for rounds in (1, 3, 9):
        request = training_request(f"rounds-{rounds}", num_round=str(rounds))
        sagemaker.create_training_job(**request, Tags=[{"Key": "kind", "Value": "search"}])
    assert trainer.wait_until_idle(60)
    found = sagemaker.search(
        Resource="TrainingJob",
        SearchExpression={
            "Filters": [
                {"Name": "Tags.kind", "Operator": "Equals", "Value": "search"},
                {"Name": "HyperParameters.num_round", "Operator": "NotEquals", "Value": "3"},
                {"Name": "CreationTime", "Operator": "GreaterThan", "Value": "2020-01-01T00:00:00Z"},
            ]
        },
        SortBy="Metrics.validation:rmse",
        SortOrder="Ascending",
        MaxResults=1,
    )
    assert [result["TrainingJob"]["TrainingJobName"] for result in found["Results"]] == ["rounds-9"]
    assert found["NextToken"]
    with refused("nonsense"):
        sagemaker.search(Resource="TrainingJob", SortBy="nonsense")


def test_what_is_absent_is_told_in_the_services_own_words(sagemaker: Any) -> None:
    with refused("Requested resource not found."):
        sagemaker.describe_training_job(TrainingJobName="nobody")
    with refused('Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/nobody"'):
        sagemaker.delete_model(ModelName="nobody")
    with refused("Could not find endpoint configuration"):
        sagemaker.describe_endpoint_config(EndpointConfigName="nobody")


def test_an_account_has_quotas_that_are_kept(sagemaker: Any, region: Region, clients: Clients, engines: str) -> None:
    quotas = clients("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    limit = next(
        int(quota["Value"])
        for page in quotas
        for quota in page["Quotas"]
        if quota["QuotaName"] == "ml.m5.xlarge for endpoint usage"
    )
    add_config(sagemaker, "greedy", InitialInstanceCount=limit)
    with refused("The account-level service limit 'ml.m5.xlarge for endpoint usage' is", "ResourceLimitExceeded"):
        sagemaker.create_endpoint(EndpointName="greedy", EndpointConfigName="greedy")
    with refused("Could not find endpoint"):
        status(sagemaker, "greedy")
