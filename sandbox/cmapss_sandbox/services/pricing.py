"""The Price List service: GetProducts for SageMaker hosting, in AWS's structure."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.paging import cut_page, invalid_token
from cmapss_sandbox.region import Handler, Region, RequestContext
from cmapss_sandbox.services.price_table import HOSTING_PRICES, PUBLISHED, HostingPrice

SERVICE = "pricing"

Item = TypeVar("Item")

_SERVICE_CODE = "AmazonSageMaker"
_FORMAT = "aws_v1"
_PAGE_SIZE = 100
_ON_DEMAND = "JRTCKXETXF"  # the price list's offer term code of on-demand prices, the same for all products
_HOURLY = "6YS6EN2CT7"  # and its rate code of hourly ones

_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda found, wanted: found.lower() == wanted.lower(),
    "EQUALS": lambda found, wanted: found == wanted,
    "CONTAINS": lambda found, wanted: wanted in found,
    "ANY_OF": lambda found, wanted: found in wanted.split(","),
    "NONE_OF": lambda found, wanted: found not in wanted.split(","),
}


def get_products(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetProducts: the products that pass all filters, each a JSON document in a string."""
    _refuse(members)
    found = [
        (instance_type, price)
        for instance_type, price in HOSTING_PRICES.items()
        if _passes(_attributes(region, instance_type, price), members.get("Filters", []))
    ]
    page, token = _cut(region, members, context, found, lambda item: item[0])
    products = [json.dumps(_product(region, instance_type, price)) for instance_type, price in page]
    return {"FormatVersion": _FORMAT, "PriceList": products, "NextToken": token}


def describe_services(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeServices: what can be asked of the one service whose prices there are."""
    _refuse(members)
    services = [{"ServiceCode": _SERVICE_CODE, "AttributeNames": sorted(_values(region))}]
    page, token = _cut(region, members, context, services, lambda service: str(service["ServiceCode"]))
    return {"FormatVersion": _FORMAT, "Services": page, "NextToken": token}


def get_attribute_values(region: Region, members: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """GetAttributeValues: what a filter on an attribute can be compared with."""
    _refuse(members)
    values = _values(region).get(members["AttributeName"])
    if values is None:
        raise AwsError("InvalidParameterException", f"{_SERVICE_CODE} has no attribute {members['AttributeName']}.")
    page, token = _cut(region, members, context, sorted(values), str)
    return {"AttributeValues": [{"Value": value} for value in page], "NextToken": token}


OPERATIONS: dict[str, Handler] = {
    "DescribeServices": describe_services,
    "GetAttributeValues": get_attribute_values,
    "GetProducts": get_products,
}


def _refuse(members: Mapping[str, Any]) -> None:
    if members.get("ServiceCode", _SERVICE_CODE) != _SERVICE_CODE:
        raise AwsError("NotFoundException", f"This region has prices of {_SERVICE_CODE} only.")
    if members.get("FormatVersion", _FORMAT) != _FORMAT:
        raise AwsError("InvalidParameterException", f"FormatVersion is {_FORMAT}, not {members['FormatVersion']}.")


def _cut(
    region: Region,
    members: Mapping[str, Any],
    context: RequestContext,
    items: Sequence[Item],
    identify: Callable[[Item], str],
) -> tuple[list[Item], str | None]:
    return cut_page(
        region,
        items,
        identify,
        operation=context.operation,
        token=members.get("NextToken"),
        size=members.get("MaxResults", _PAGE_SIZE),
        asked=members,
        refusal=invalid_token("InvalidNextTokenException"),
    )


def _values(region: Region) -> dict[str, set[str]]:
    """What each attribute of the products is somewhere."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for instance_type, price in HOSTING_PRICES.items():
        for name, value in _attributes(region, instance_type, price).items():
            values[name].add(value)
    return values


def _passes(attributes: Mapping[str, str], filters: list[dict[str, str]]) -> bool:
    return all(
        _TESTS[wanted["Type"]](attributes.get(wanted["Field"], ""), wanted["Value"])
        for wanted in filters
        if wanted["Field"] != "ServiceCode"
    )


def _attributes(region: Region, instance_type: str, price: HostingPrice) -> dict[str, str]:
    return {
        "productFamily": "ML Instance",
        "servicecode": _SERVICE_CODE,
        "servicename": "Amazon SageMaker",
        "location": "US East (N. Virginia)",
        "locationType": "AWS Region",
        "regionCode": region.name,
        "instanceName": instance_type,
        "instanceType": f"{instance_type}-Hosting",
        "platoinstancename": instance_type.removeprefix("ml."),
        "platoinstancetype": "Hosting",
        "component": "Hosting",
        "vCpu": str(price.virtual_cpus),
        "memory": f"{price.memory_gib} GiB",
        "usagetype": f"USE1-Host:{instance_type}",
        "operation": "RunInstance",
    }


def _product(region: Region, instance_type: str, price: HostingPrice) -> dict[str, Any]:
    attributes = _attributes(region, instance_type, price)
    family = attributes.pop("productFamily")
    sku = hashlib.sha256(instance_type.encode()).hexdigest()[:16].upper()
    term, rate = f"{sku}.{_ON_DEMAND}", f"{sku}.{_ON_DEMAND}.{_HOURLY}"
    dimension = {
        "unit": "Hrs",
        "beginRange": "0",
        "endRange": "Inf",
        "description": f"${float(price.usd_per_hour):g} per Hosting {instance_type} hour in US East (N. Virginia)",
        "appliesTo": [],
        "rateCode": rate,
        "pricePerUnit": {"USD": price.usd_per_hour},
    }
    return {
        "product": {"productFamily": family, "attributes": attributes, "sku": sku},
        "serviceCode": _SERVICE_CODE,
        "terms": {
            "OnDemand": {
                term: {
                    "priceDimensions": {rate: dimension},
                    "sku": sku,
                    "effectiveDate": PUBLISHED,
                    "offerTermCode": _ON_DEMAND,
                    "termAttributes": {},
                }
            }
        },
        "version": PUBLISHED[:10].replace("-", ""),
        "publicationDate": PUBLISHED,
    }
