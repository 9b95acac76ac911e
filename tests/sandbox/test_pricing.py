"""Hosting prices through an unmodified client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.services import price_table
from tests.sandbox.conftest import Clients


def prices(pricing: Any, **wanted: str) -> dict[str, float]:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    found = {}
    for text in pricing.get_products(ServiceCode="AmazonSageMaker", Filters=filters)["PriceList"]:
        product = json.loads(text)
        [term] = product["terms"]["OnDemand"].values()
        [dimension] = term["priceDimensions"].values()
        assert dimension["unit"] == "Hrs"
        found[product["product"]["attributes"]["instanceName"]] = float(dimension["pricePerUnit"]["USD"])
    return found


def test_hosting_prices_as_the_price_list_has_them(clients: Clients) -> None:
    pricing = clients("pricing")
    asked = {"regionCode": "us-east-1", "instanceName": "ml.m5.xlarge"}
    assert prices(pricing, **asked, platoinstancetype="Hosting") == {"ml.m5.xlarge": 0.23}
    assert prices(pricing, **asked, component="Hosting", productFamily="ML Instance") == {"ml.m5.xlarge": 0.23}
    assert prices(pricing, **asked, component="Training") == {}
    assert prices(pricing, regionCode="eu-central-1") == {}
    assert prices(pricing, instanceName="ml.m6i.xlarge") == {}, "what is not known is not in the list"
    assert prices(pricing, instanceName="ml.nope") == prices(pricing, nonsense="x") == {}
    assert prices(pricing).keys() == price_table.HOSTING_PRICES.keys()
    usage = [{"Type": "CONTAINS", "Field": "usagetype", "Value": "Host:ml.c5"}]
    assert len(pricing.get_products(ServiceCode="AmazonSageMaker", Filters=usage)["PriceList"]) == 4
    with pytest.raises(ClientError, match=r"\(NotFoundException\)"):
        pricing.get_products(ServiceCode="AmazonEC2")


def test_larger_instances_of_a_family_cost_more() -> None:
    for family in ("ml.c5.", "ml.m5."):
        sizes = [price for name, price in price_table.HOSTING_PRICES.items() if name.startswith(family)]
        by_size = sorted(sizes, key=lambda price: price.virtual_cpus)
        hourly = [float(price.usd_per_hour) for price in by_size]
        assert hourly == sorted(hourly)
        # A family's instances cost about the same for each of their processors.
        per_processor = [cost / price.virtual_cpus for cost, price in zip(hourly, by_size, strict=True)]
        assert max(per_processor) / min(per_processor) < 1.01


def test_the_list_comes_in_pages_that_belong_to_one_question(clients: Clients) -> None:
    pricing = clients("pricing")
    pages = list(
        pricing.get_paginator("get_products").paginate(ServiceCode="AmazonSageMaker", PaginationConfig={"PageSize": 5})
    )
    assert [len(page["PriceList"]) for page in pages] == [5, 5, 2]
    assert {page["FormatVersion"] for page in pages} == {"aws_v1"}
    token = pages[0]["NextToken"]
    filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}]
    for members in ({"Filters": filters, "NextToken": token}, {"NextToken": "AAAA"}):
        with pytest.raises(ClientError, match=r"\(InvalidNextTokenException\)"):
            pricing.get_products(ServiceCode="AmazonSageMaker", **members)
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\)"):
        pricing.get_products(ServiceCode="AmazonSageMaker", FormatVersion="aws_v9")


def test_what_can_be_filtered_by_is_told(clients: Clients) -> None:
    pricing = clients("pricing")
    [service] = pricing.describe_services()["Services"]
    assert pricing.describe_services(ServiceCode="AmazonSageMaker")["Services"] == [service]
    assert {"instanceName", "regionCode", "component", "productFamily"} <= set(service["AttributeNames"])
    for name in service["AttributeNames"]:
        pages = pricing.get_paginator("get_attribute_values").paginate(
            ServiceCode="AmazonSageMaker", AttributeName=name, PaginationConfig={"PageSize": 3}
        )
        values = [value["Value"] for page in pages for value in page["AttributeValues"]]
        assert all(prices(pricing, **{name: value}) for value in values)
    with pytest.raises(ClientError, match="has no attribute colour"):
        pricing.get_attribute_values(ServiceCode="AmazonSageMaker", AttributeName="colour")
    with pytest.raises(ClientError, match=r"\(NotFoundException\)"):
        pricing.describe_services(ServiceCode="AmazonEC2")
