"""Who answers an endpoint's requests now: its fleets as the runtime and the metrics see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT, ENDPOINT_CONFIG

_SERVING = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})


@dataclass(frozen=True, slots=True)
class ServingVariant:
    """A variant that takes requests now: its share of them, its instances, and the model it answers with.

    While a deployment shifts traffic there are two of one name, of the old config and of the new one.
    """

    endpoint: str
    variant: str
    config: str
    weight: float
    current_instances: int
    model: str
    image: str
    model_data_url: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Serving:
    """All that takes requests of an endpoint, shadows with their own share, and what is captured of them."""

    endpoint: str
    variants: tuple[ServingVariant, ...]
    shadows: tuple[ServingVariant, ...]
    data_capture: Mapping[str, Any] | None


def serving(region: Region, endpoint_name: str) -> Serving:
    """Who serves an endpoint; raises ValidationException when it is absent or not serving."""
    record = ENDPOINT.records(region).get(endpoint_name)
    if record is None or record["EndpointStatus"] not in _SERVING or "ProductionVariants" not in record:
        raise validation_exception(f"Endpoint {endpoint_name} of account {region.account} not found.")
    config = ENDPOINT_CONFIG.records(region).get(record["EndpointConfigName"], {})
    variants = tuple(
        ServingVariant(
            endpoint=endpoint_name,
            variant=variant["VariantName"],
            config=record["EndpointConfigName"],
            weight=variant["CurrentWeight"],
            current_instances=variant["CurrentInstanceCount"],
            model=record["_fleet"][variant["VariantName"]]["model"],
            image=record["_fleet"][variant["VariantName"]]["image"],
            model_data_url=record["_fleet"][variant["VariantName"]]["model_data_url"],
            environment=record["_fleet"][variant["VariantName"]]["environment"],
        )
        for variant in record["ProductionVariants"]
    )
    return Serving(endpoint_name, variants, (), config.get("DataCaptureConfig"))


def serving_variants(region: Region, endpoint_name: str) -> list[ServingVariant]:
    """The production variants that answer requests; raises ValidationException as serving() does."""
    return list(serving(region, endpoint_name).variants)
