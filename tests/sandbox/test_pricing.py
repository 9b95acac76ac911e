"""Hosting prices through an unmodified client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

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
    assert prices(pricing, instanceName="ml.g4dn.xlarge") == {}, "what is not known is not offered"
    assert prices(pricing) == {
        "ml.c5.large": 0.102,
        "ml.c5.xlarge": 0.204,
        "ml.c5.2xlarge": 0.408,
        "ml.m5.large": 0.115,
        "ml.m5.xlarge": 0.23,
        "ml.m5.2xlarge": 0.461,
        "ml.m5.4xlarge": 0.922,
    }
    usage = [{"Type": "CONTAINS", "Field": "usagetype", "Value": "Host:ml.c5"}]
    assert len(pricing.get_products(ServiceCode="AmazonSageMaker", Filters=usage)["PriceList"]) == 3
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonSageMaker", PaginationConfig={"PageSize": 3}
    )
    assert [len(page["PriceList"]) for page in pages] == [3, 3, 1]
    with pytest.raises(ClientError, match=r"\(NotFoundException\)"):
        pricing.get_products(ServiceCode="AmazonEC2")
