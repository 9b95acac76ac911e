"""Who answers an endpoint's requests now: its fleets as the runtime and the metrics see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.fleet import Fleet
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT

_SERVING = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})


@dataclass(frozen=True, slots=True)
class ServingVariant:
    """A variant that takes requests now: its weight, its instances, and the model that it answers with.

    While a deployment shifts traffic there are two of one name, of the old config and of the new one, and the
    weights of all are shares that sum to 1; else they are the variants' own. A config that is deployed again is told
    from itself by when that was. A shadow's weight is the part of all requests that it gets a copy of, 0 to 1.
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
    instance_type: str
    deployed_at: datetime


@dataclass(frozen=True, slots=True)
class Serving:
    """All that takes requests of an endpoint, shadows with their own share, and what is captured of them."""

    endpoint: str
    variants: tuple[ServingVariant, ...]
    shadows: tuple[ServingVariant, ...]
    data_capture: Mapping[str, Any] | None

    @property
    def running(self) -> tuple[ServingVariant, ...]:
        """Its variants and its shadows."""
        return (*self.variants, *self.shadows)


def serving(region: Region, endpoint_name: str) -> Serving:
    """Who serves an endpoint; raises ValidationException when it is absent or not serving."""
    record = ENDPOINT.records(region).get(endpoint_name)
    if record is None or record["EndpointStatus"] not in _SERVING:
        raise validation_exception(f"Endpoint {endpoint_name} of account {region.account} not found.")
    fleets: list[Fleet] = [fleet for fleet in record["_fleets"] if fleet["share"] > 0]
    mixed = len(fleets) > 1
    variants, shadows = [], []
    for fleet in fleets:
        total = sum(variant["CurrentWeight"] for variant in fleet["variants"])
        # Divided by 0 is what a fleet comes to whose variants have all been given no weight.
        share = (fleet["share"] / total if total else 0.0) if mixed else 1.0
        variants += [_of(endpoint_name, fleet, variant, share) for variant in fleet["variants"]]
        copied = fleet["share"] / total if total else 0.0
        shadows += [_of(endpoint_name, fleet, variant, copied, most=fleet["share"]) for variant in fleet["shadows"]]
    return Serving(endpoint_name, tuple(variants), tuple(shadows), fleets[0]["capture"])


def _of(
    endpoint: str, fleet: Fleet, variant: Mapping[str, Any], share: float, most: float = float("inf")
) -> ServingVariant:
    made_of = fleet["made_of"][variant["VariantName"]]
    return ServingVariant(
        endpoint=endpoint,
        variant=variant["VariantName"],
        config=fleet["config"],
        weight=min(most, variant["CurrentWeight"] * share),
        current_instances=variant["CurrentInstanceCount"],
        model=made_of["model"],
        image=made_of["image"],
        model_data_url=made_of["model_data_url"],
        environment=made_of["environment"],
        instance_type=made_of["instance_type"],
        deployed_at=fleet["deployed_at"],
    )
