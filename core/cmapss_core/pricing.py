"""What an instance costs by the hour, as the Price List says it; unknown where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cmapss_core.answers import understood
from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind

HOSTING = "Hosting"


def hourly_price(aws: Aws, instance_type: str, component: str = HOSTING) -> float | None:
    """USD per hour of one instance on demand, for hosting or training, or None when the Price List does not say.

    Asked once for each type: prices do not change while a console is open.
    """
    key = ("price", aws.region, instance_type, component)
    return aws.remember(key, lambda: _ask(aws, instance_type, component))


def hourly_cost(aws: Aws, instances: Iterable[tuple[str | None, int]]) -> float | None:
    """USD per hour of (instance type, count) pairs; None as soon as one price is unknown."""
    total = 0.0
    for instance_type, count in instances:
        price = hourly_price(aws, instance_type) if instance_type else None
        if price is None:
            return None
        total += price * count
    return round(total, 6)


def _ask(aws: Aws, instance_type: str, component: str) -> float | None:
    filters = {"instanceName": instance_type, "regionCode": aws.region, "platoinstancetype": component}
    try:
        answer = aws.call(
            "pricing",
            "GetProducts",
            ServiceCode="AmazonSageMaker",
            Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in filters.items()],
        )
    except ConsoleError as error:
        if error.kind in (ErrorKind.DENIED, ErrorKind.NOT_FOUND, ErrorKind.INVALID, ErrorKind.FAILED):
            return None
        raise
    prices = understood(
        answer,
        lambda: {price for product in answer.get("PriceList", []) for price in _on_demand(json.loads(product))},
    )
    return min(prices) if len(prices) == 1 else None


def _on_demand(product: dict[str, Any]) -> Iterable[float]:
    # terms.OnDemand.*.priceDimensions.*.pricePerUnit.USD, each level keyed by a code of AWS's own
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            if dimension.get("unit") in ("Hrs", "Hours"):
                yield float(dimension["pricePerUnit"]["USD"])
