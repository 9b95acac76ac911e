"""Tags of every kind of resource, and the pages in which they are listed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.artefacts import definition, make_endpoint, put_channels, training_request
from tests.sandbox.conftest import Clients


@pytest.fixture
def arn(clients: Clients, region: Region) -> str:
    """An endpoint's ARN."""
    return make_endpoint(clients("sagemaker"), region)


def tags_of(sagemaker: Any, arn: str) -> dict[str, str]:
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def pairs(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def test_every_kind_of_resource_has_tags_of_its_own(clients: Clients, region: Region) -> None:
    sagemaker = clients("sagemaker")
    endpoint = make_endpoint(sagemaker, region)
    put_channels(region)
    job = sagemaker.create_training_job(**training_request("Job-1"), Tags=pairs(kind="job"))["TrainingJobArn"]
    tuning_job = sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="Tuning-1",
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {"IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "5"}]},
        },
        TrainingJobDefinition={
            "StaticHyperParameters": {"objective": "reg:squarederror", "num_round": "5"},
            **definition(),
        },
        Tags=pairs(kind="tuning job"),
    )["HyperParameterTuningJobArn"]
    model = sagemaker.describe_model(ModelName="engines")["ModelArn"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName="engines")["EndpointConfigArn"]
    for number, resource in enumerate((endpoint, model, config, job, tuning_job)):
        added = sagemaker.add_tags(ResourceArn=resource, Tags=pairs(number=str(number)))["Tags"]
        assert {"Key": "number", "Value": str(number)} in added
    assert [tags_of(sagemaker, resource) for resource in (endpoint, model, config, job, tuning_job)] == [
        {"number": "0"},
        {"number": "1"},
        {"number": "2"},
        {"kind": "job", "number": "3"},
        {"kind": "tuning job", "number": "4"},
    ]


def test_a_key_has_one_value_in_whatever_case(clients: Clients, arn: str) -> None:
    sagemaker = clients("sagemaker")
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs(team="a", stage="test"))
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs(Team="b", empty=""))
    assert tags_of(sagemaker, arn) == {"stage": "test", "Team": "b", "empty": ""}
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["STAGE", "absent"])
    assert tags_of(sagemaker, arn) == {"Team": "b", "empty": ""}
    with pytest.raises(ClientError, match="Duplicate tag keys found"):
        sagemaker.add_tags(ResourceArn=arn, Tags=pairs(x="1", X="2"))
    assert tags_of(sagemaker, arn) == {"Team": "b", "empty": ""}


def test_an_arn_is_known_in_whatever_case(clients: Clients, region: Region) -> None:
    sagemaker = clients("sagemaker")
    arn = make_endpoint(sagemaker, region, "Engines-A")
    assert arn.endswith(":endpoint/engines-a")
    mixed = arn.replace("engines-a", "Engines-A")
    sagemaker.add_tags(ResourceArn=mixed, Tags=pairs(team="a"))
    assert tags_of(sagemaker, arn) == tags_of(sagemaker, mixed) == {"team": "a"}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("arn:aws:sagemaker:us-east-1:000000000000:endpoint/nobody", "Could not find endpoint"),
        ("arn:aws:sagemaker:us-east-1:000000000000:training-job/nobody", "Requested resource not found"),
        ("arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/nobody", "can't find a tuning job"),
        ("arn:aws:sagemaker:us-east-1:000000000000:notebook-instance/nobody", "Could not find resource"),
        ("arn:aws:sagemaker:us-east-1:000000000000:endpoint", "Could not find endpoint"),
        ("arn:aws:sagemaker:us-east-1:111111111111:endpoint/engines", "Could not find resource"),
        ("arn:aws:sagemaker:eu-west-1:000000000000:endpoint/engines", "Could not find resource"),
        ("engines", "at 'resourceArn' failed to satisfy constraint: Member must satisfy regular expression pattern"),
    ],
)
def test_an_unknown_resource_has_no_tags(clients: Clients, arn: str, resource: str, message: str) -> None:
    sagemaker = clients("sagemaker")
    for call, members in (
        (sagemaker.add_tags, {"Tags": pairs(team="a")}),
        (sagemaker.list_tags, {}),
        (sagemaker.delete_tags, {"TagKeys": ["team"]}),
    ):
        with pytest.raises(ClientError, match=message):
            call(ResourceArn=resource, **members)
    assert tags_of(sagemaker, arn) == {}


def test_a_resource_has_at_most_fifty_tags_and_none_of_awss(clients: Clients, arn: str) -> None:
    sagemaker = clients("sagemaker")
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs(**{f"key-{number}": "" for number in range(50)}))
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs(**{"key-0": "again"}))
    with pytest.raises(ClientError, match="ResourceLimitExceeded"):
        sagemaker.add_tags(ResourceArn=arn, Tags=pairs(more=""))
    with pytest.raises(ClientError, match="at 'tags' failed to satisfy constraint: Member must have length less than"):
        sagemaker.add_tags(ResourceArn=arn, Tags=pairs(**{f"key-{number}": "" for number in range(51)}))
    assert len(tags_of(sagemaker, arn)) == 50
    for key in ("aws:owner", "AWS:owner"):
        with pytest.raises(ClientError, match="aws: prefixed tag key names are not allowed"):
            sagemaker.add_tags(ResourceArn=arn, Tags=pairs(**{key: "x"}))
    for wrong in ({"Key": "a#b", "Value": "x"}, {"Key": "a", "Value": "x" * 257}, {"Key": "k" * 129, "Value": ""}):
        with pytest.raises(ClientError, match="failed to satisfy constraint"):
            sagemaker.add_tags(ResourceArn=arn, Tags=[wrong])


def test_wrong_tags_keep_a_resource_from_being_created(clients: Clients, region: Region) -> None:
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, region)
    with pytest.raises(ClientError, match="Duplicate tag keys found"):
        sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="engines", Tags=pairs(a="1", A="2"))
    assert [row["EndpointName"] for row in sagemaker.list_endpoints()["Endpoints"]] == ["engines"]


def test_all_tags_of_a_resource_are_one_page(clients: Clients, arn: str) -> None:
    sagemaker = clients("sagemaker")
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs(**{f"key-{number}": "" for number in range(50)}))
    assert "NextToken" not in sagemaker.list_tags(ResourceArn=arn)
    assert len(sagemaker.list_tags(ResourceArn=arn, MaxResults=50)["Tags"]) == 50
    with pytest.raises(ClientError, match="Invalid pagination token given"):
        sagemaker.list_tags(ResourceArn=arn, NextToken="AAAA")
