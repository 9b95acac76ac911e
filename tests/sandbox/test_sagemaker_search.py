"""Search: every operator, order and page, over jobs that are written straight into the region."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.training_records import add_training_job, end
from tests.sandbox.artefacts import make_endpoint, training_request
from tests.sandbox.conftest import Clients


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    """Four jobs, a minute apart: three with a metric and one that failed."""
    for number, rmse in enumerate([45.5, 44.25, None, 60.0]):
        add_training_job(region, training_request(f"job-{number}", eta=str(number / 10)))
        metrics = {} if rmse is None else {"validation:rmse": rmse}
        status, reason = ("Completed", None) if metrics else ("Failed", "no luck")
        end(region, f"job-{number}", status, metrics, reason)
        region.advance(60)
    made = clients("sagemaker")
    arn = made.describe_training_job(TrainingJobName="job-1")["TrainingJobArn"]
    made.add_tags(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "me"}])
    return made


def found(sagemaker: Any, *filters: dict[str, Any], **options: Any) -> list[str]:
    expression = {"SearchExpression": {"Filters": list(filters)}} if filters else {}
    results = sagemaker.search(Resource="TrainingJob", **expression, **options)["Results"]
    return [result["TrainingJob"]["TrainingJobName"].removeprefix("job-") for result in results]


def where(name: str, operator: str, value: str | None = None) -> dict[str, Any]:
    return {"Name": name, "Operator": operator, **({} if value is None else {"Value": value})}


def test_newest_first_by_default_and_by_metric_with_the_missing_last(sagemaker: Any) -> None:
    assert found(sagemaker) == ["3", "2", "1", "0"]
    assert found(sagemaker, SortBy="Metrics.validation:rmse", SortOrder="Ascending") == ["1", "0", "3", "2"]
    assert found(sagemaker, SortBy="Metrics.validation:rmse", SortOrder="Descending") == ["3", "0", "1", "2"]
    assert found(sagemaker, SortBy="HyperParameters.eta", SortOrder="Ascending") == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("condition", "jobs"),
    [
        (where("TrainingJobStatus", "Equals", "Failed"), "2"),
        (where("TrainingJobStatus", "NotEquals", "Failed"), "310"),
        (where("TrainingJobName", "Contains", "JOB-1"), "1"),
        (where("TrainingJobName", "In", "job-0, job-3,nobody"), "30"),
        (where("Metrics.validation:rmse", "LessThan", "45.5"), "1"),
        (where("Metrics.validation:rmse", "LessThanOrEqualTo", "45.5"), "10"),
        (where("Metrics.validation:rmse", "GreaterThan", "45.5"), "3"),
        (where("Metrics.validation:rmse", "Exists"), "310"),
        (where("Metrics.validation:rmse", "NotExists"), "2"),
        (where("FailureReason", "Exists"), "2"),
        (where("HyperParameters.eta", "GreaterThanOrEqualTo", "0.2"), "32"),
        (where("HyperParameters.eta", "Equals", "0.20"), "2"),
        (where("CreationTime", "GreaterThan", "2026-01-05T12:01:30Z"), "32"),
        (where("CreationTime", "LessThan", "2020-01-01T00:00:00Z"), ""),
        (where("AlgorithmSpecification.TrainingImage", "Contains", "xgboost"), "3210"),
        (where("HyperParameters.eta", "LessThan", "1"), "3210"),
        (where("HyperParameters.eta", "Equals", "0"), "3210"),  # a decimal compared with an integer is taken for one
        (where("HyperParameters.max_leaves", "NotExists"), "3210"),
        (where("InputDataConfig.ChannelName", "Equals", "validation"), "3210"),
        (where("InputDataConfig.ChannelName", "NotEquals", "validation"), ""),
        (where("EnableNetworkIsolation", "Equals", "false"), "3210"),
        (where("ResourceConfig.InstanceCount", "GreaterThan", "1"), ""),
        (where("StoppingCondition.MaxRuntimeInSeconds", "Equals", "3600"), "3210"),
        (where("Tags.owner", "Equals", "me"), "1"),
        (where("Tags.owner", "NotExists"), "320"),
        (where("TuningJobArn", "Exists"), ""),
    ],
)
def test_every_operator_compares_as_what_the_property_is(sagemaker: Any, condition: dict[str, Any], jobs: str) -> None:
    assert found(sagemaker, condition) == list(jobs)


def test_filters_are_joined_with_and_unless_the_expression_says_or(sagemaker: Any) -> None:
    either = [where("TrainingJobName", "Equals", "job-0"), where("TrainingJobStatus", "Equals", "Failed")]
    assert found(sagemaker, *either) == []

    def names(expression: dict[str, Any]) -> list[str]:
        results = sagemaker.search(Resource="TrainingJob", SearchExpression=expression)["Results"]
        return [result["TrainingJob"]["TrainingJobName"] for result in results]

    assert names({"Filters": either, "Operator": "Or"}) == ["job-2", "job-0"]
    assert names({"SubExpressions": [{"Filters": either, "Operator": "Or"}, {"Filters": either[:1]}]}) == ["job-0"]
    uri = "InputDataConfig.DataSource.S3DataSource.S3Uri"
    nested = {
        "NestedPropertyName": "InputDataConfig",
        "Filters": [where("InputDataConfig.ChannelName", "Equals", "train"), where(uri, "Contains", "validation")],
    }
    assert names({"NestedFilters": [nested]}) == []
    nested["Filters"] = [where("InputDataConfig.ChannelName", "Equals", "train"), where(uri, "Contains", "train")]
    assert len(names({"NestedFilters": [nested]})) == 4


def test_pages_follow_one_another(sagemaker: Any) -> None:
    pages = sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob", SortBy="Metrics.validation:rmse", PaginationConfig={"PageSize": 1}
    )
    names = [result["TrainingJob"]["TrainingJobName"] for page in pages for result in page["Results"]]
    assert names == ["job-3", "job-0", "job-1", "job-2"]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (where("Colour", "Equals", "red"), "Unknown property name: Colour"),
        (where("ModelArtifacts.Colour", "Equals", "red"), "Unknown property name: ModelArtifacts.Colour"),
        (where("TrainingJobStatus", "Equals"), "needs a Value"),
        (where("TrainingJobStatus", "Exists", "yes"), "takes no Value"),
        (where("CreationTime", "GreaterThan", "tomorrow"), "'tomorrow' is not a value that CreationTime, a timestamp"),
        (where("Metrics.validation:rmse", "LessThan", "low"), "'low' is not a value that Metrics.validation:rmse"),
        (where("TrainingJobName", "GreaterThan", "a"), "GreaterThan is not supported for the text property"),
        (where("Metrics.validation:rmse", "Contains", "4"), "Contains is only supported for text properties"),
        (where("CreationTime", "In", "2026-01-05T12:00:00Z"), "In is only supported for text properties"),
    ],
)
def test_wrong_filters_are_refused(sagemaker: Any, condition: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        found(sagemaker, condition)


def test_wrong_expressions_are_refused(sagemaker: Any) -> None:
    contains = where("TrainingJobName", "Contains", "job")
    exists = where("TrainingJobName", "Exists")
    uri = where("OutputDataConfig.S3OutputPath", "Exists")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "at least one Filter"),
        ({"Filters": [contains, contains]}, "'CONTAINS' operator usage limit of 1 exceeded."),
        ({"SubExpressions": [{"Filters": [exists] * 20}] * 3}, "at most 50 conditions"),
        ({"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": [uri]}]}, "is not about"),
        ({"NestedFilters": [{"NestedPropertyName": "Colours", "Filters": [where("Colours.A", "Exists")]}]}, "Unknown"),
        ({"Filters": [exists] * 21}, "length less than or equal to 20"),
    ]
    for expression, message in wrong:
        with pytest.raises(ClientError, match=message):
            sagemaker.search(Resource="TrainingJob", SearchExpression=expression)
    with pytest.raises(ClientError, match="Unknown property name: nonsense"):
        sagemaker.search(Resource="TrainingJob", SortBy="nonsense")
    with pytest.raises(ClientError, match="token"):
        sagemaker.search(Resource="TrainingJob", NextToken="made-up")


def test_hits_are_counted_and_only_what_is_visible_is_found(sagemaker: Any) -> None:
    answer = sagemaker.search(Resource="TrainingJob", MaxResults=1)
    assert answer["TotalHits"] == {"Value": 4, "Relation": "EqualTo"}
    visible = sagemaker.search(Resource="TrainingJob", VisibilityConditions=[{"Key": "Tags.owner", "Value": "you"}])
    assert len(visible["Results"]) == 3, "what has no such tag is visible to all"
    assert sagemaker.search(Resource="TrainingJob", CrossAccountFilterOption="CrossAccount")["Results"] == []
    assert sagemaker.search(Resource="Experiment")["Results"] == []


def test_endpoints_are_found_by_what_describes_them(region: Region, sagemaker: Any) -> None:
    make_endpoint(sagemaker, region, "engines")
    region.advance(3600)
    in_service = [where("EndpointStatus", "Equals", "InService")]
    [found] = sagemaker.search(Resource="Endpoint", SearchExpression={"Filters": in_service})["Results"]
    assert found["Endpoint"]["EndpointName"] == "engines"
    creating = [where("EndpointStatus", "Equals", "Creating")]
    assert sagemaker.search(Resource="Endpoint", SearchExpression={"Filters": creating})["Results"] == []


def test_models_are_found_with_the_endpoints_that_serve_them(region: Region, sagemaker: Any) -> None:
    make_endpoint(sagemaker, region)
    region.advance(1)
    make_endpoint(sagemaker, region, "turbines")
    models = sagemaker.search(Resource="Model")["Results"]
    assert [result["Model"]["Model"]["ModelName"] for result in models] == ["turbines", "engines"]
    named = {"Filters": [where("Model.ModelName", "Equals", "engines")]}
    [engines] = sagemaker.search(Resource="Model", SearchExpression=named)["Results"]
    assert engines["Model"]["Model"]["PrimaryContainer"]["ModelDataUrl"].startswith("s3://")
    [endpoint] = engines["Model"]["Endpoints"]
    assert (endpoint["EndpointName"], endpoint["EndpointStatus"]) == ("engines", "Creating")


def test_what_to_search_for_is_suggested(sagemaker: Any) -> None:
    def suggested(hint: str) -> list[str]:
        query = {"PropertyNameQuery": {"PropertyNameHint": hint}}
        answer = sagemaker.get_search_suggestions(Resource="TrainingJob", SuggestionQuery=query)
        return [suggestion["PropertyName"] for suggestion in answer["PropertyNameSuggestions"]]

    assert suggested("HyperParameters.") == [
        f"HyperParameters.{name}" for name in ("eta", "max_depth", "num_round", "objective")
    ]
    assert suggested("metrics") == ["Metrics.validation:rmse"]
    assert suggested("Tag") == ["Tags.owner", "Tags"]
    assert suggested("nothing") == []
