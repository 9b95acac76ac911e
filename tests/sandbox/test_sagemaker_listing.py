"""Lists: their order, their pages, filters after the page is cut, and tokens that are not what they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page
from cmapss_sandbox.region import Region
from cmapss_sandbox.wire import models
from cmapss_sandbox.wire.patterns import compile_pattern
from tests.sandbox.artefacts import IMAGE, ROLE, production_variant
from tests.sandbox.conftest import Clients

COUNT = 25
List = Callable[..., dict[str, Any]]


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    """A client of a region with 25 models, configs and endpoints, n-00 the oldest, a second apart."""
    client = clients("sagemaker")
    region.controls["quotas"](region, {"ml.m5.xlarge": 100})
    for number in range(COUNT):
        name = f"n-{number:02d}"
        client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
        client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[production_variant(name)])
        client.create_endpoint(EndpointName=name, EndpointConfigName=name)
        region.advance(1)
    return client


LISTS = [
    ("list_models", "Models", "ModelName"),
    ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    ("list_endpoints", "Endpoints", "EndpointName"),
]


def numbers(answer: dict[str, Any]) -> list[int]:
    """The numbers in the names of a list's rows."""
    [rows] = [value for value in answer.values() if isinstance(value, list)]
    return [int(next(value for key, value in row.items() if key.endswith("Name"))[2:]) for row in rows]


def refused(call: List, **members: Any) -> None:
    with pytest.raises(ClientError, match="Invalid pagination token given") as raised:
        call(**members)
    assert raised.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(("operation", "answer", "name"), LISTS)
def test_a_list_is_of_the_newest_ten_and_of_at_most_a_hundred(
    sagemaker: Any, region: Region, operation: str, answer: str, name: str
) -> None:
    call = getattr(sagemaker, operation)
    first = call()
    assert numbers(first) == list(range(24, 14, -1))
    assert numbers(call(NextToken=first["NextToken"], MaxResults=3)) == [14, 13, 12]
    everything = call(MaxResults=100)
    assert (len(everything[answer]), everything.get("NextToken")) == (COUNT, None)
    with pytest.raises(ClientError, match="Value '101' at 'maxResults' failed to satisfy constraint: Member must have"):
        call(MaxResults=101)
    for key in ("Name", "CreationTime"):
        ascending = sagemaker.get_paginator(operation).paginate(SortBy=key, SortOrder="Ascending", MaxResults=7)
        assert [number for page in ascending for number in numbers(page)] == list(range(COUNT))
        assert numbers(call(SortBy=key, SortOrder="Descending", MaxResults=2)) == [24, 23]
    assert [row[name] for row in call(SortBy="Name", SortOrder="Ascending", MaxResults=1)[answer]] == ["n-00"]


@pytest.mark.parametrize(("operation", "answer", "name"), LISTS)
def test_a_filter_looks_at_the_page_that_was_cut(
    sagemaker: Any, region: Region, operation: str, answer: str, name: str
) -> None:
    call = getattr(sagemaker, operation)
    page = call(NameContains="n-00")
    assert (page[answer], bool(page["NextToken"])) == ([], True)
    pages = list(sagemaker.get_paginator(operation).paginate(NameContains="n-00"))
    assert [numbers(page) for page in pages] == [[], [], [0]]
    start = call(SortBy="Name", SortOrder="Ascending", MaxResults=1)[answer][0]["CreationTime"]
    every = {"MaxResults": 100, "SortBy": "Name", "SortOrder": "Ascending"}
    assert numbers(call(CreationTimeBefore=start, **every)) == []
    assert numbers(call(CreationTimeAfter=start, **every)) == list(range(COUNT))


def test_endpoints_are_sorted_and_filtered_by_status(sagemaker: Any, region: Region) -> None:
    region.advance(3600)
    names = [f"n-{number:02d}" for number in (3, 7)]
    assert {sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] for name in names} == {"Failed"}
    for name in names:
        sagemaker.delete_endpoint(EndpointName=name)
    ordered = sagemaker.list_endpoints(SortBy="Status", SortOrder="Ascending", MaxResults=100)
    statuses = [row["EndpointStatus"] for row in ordered["Endpoints"]]
    assert statuses == sorted(statuses)
    assert set(statuses) == {"Deleting", "Failed"}
    found = sagemaker.list_endpoints(StatusEquals="Deleting", MaxResults=100)
    assert sorted(row["EndpointName"] for row in found["Endpoints"]) == names
    assert numbers(sagemaker.list_endpoints(LastModifiedTimeAfter=region.now(), MaxResults=100)) == [7, 3]


def test_a_token_goes_on_with_the_question_it_came_from_and_no_other(sagemaker: Any) -> None:
    token = sagemaker.list_models(NameContains="n-")["NextToken"]
    assert numbers(sagemaker.list_models(NameContains="n-", NextToken=token)) == list(range(14, 4, -1))
    refused(sagemaker.list_endpoints, NameContains="n-", NextToken=token)
    refused(sagemaker.list_models, NameContains="x", NextToken=token)
    refused(sagemaker.list_models, NextToken=token)
    refused(sagemaker.list_models, NameContains="n-", SortBy="Name", NextToken=token)
    other = "y" if token.startswith("x") else "x"
    for damaged in (token[:-1], token + "A", other + token[1:], token.swapcase(), "=", "1", "é"):
        refused(sagemaker.list_models, NameContains="n-", NextToken=damaged)
    assert numbers(sagemaker.list_models(NextToken="", MaxResults=1)) == [24]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), count=st.integers(0, 30), size=st.integers(1, 12))
def test_pages_show_everything_once_whatever_comes_between(data: st.DataObject, count: int, size: int) -> None:
    region: Any = type("Tables", (), {"table": lambda self, _: TABLE})()
    items = [f"item-{number:03d}" for number in range(count)]
    seen: list[str] = []
    token = None
    for _ in range(100):
        page, token = cut_page(region, items, str, operation="List", token=token, size=size)
        assert len(page) <= size
        seen += page
        if token is None:
            break
        if data.draw(st.booleans()):
            items = ["newer", *items]
    assert [item for item in seen if item != "newer"] == [f"item-{number:03d}" for number in range(count)]


TABLE: dict[str, Any] = {}


def test_a_token_fits_what_every_operation_takes_as_one(region: Region) -> None:
    items = [f"{number:063d}" for number in range(40)]
    tokens = {cut_page(region, items, str, operation="List", token=None, size=size)[1] for size in range(1, 40)}
    for service in models.PREFERRED_PROTOCOLS:
        model = models.service_model(service)
        for name in ("NextToken", "PaginationToken", "XmlString"):
            if name in model.shape_names:
                shape = model.shape_for(name)
                pattern = shape.metadata.get("pattern", ".*")
                assert all(compile_pattern(pattern).fullmatch(str(token)) for token in tokens), (service, name)
                assert all(len(str(token)) <= shape.metadata.get("max", 8192) for token in tokens)
    with pytest.raises(AwsError, match="Invalid pagination token given"):
        cut_page(region, items, str, operation="Other", token=tokens.pop(), size=1)
