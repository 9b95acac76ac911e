"""What is running behind a region's endpoints: containers, the split of traffic, the meter of invocations."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.serving.accounting import InvocationMeter
from cmapss_sandbox.services.serving.container import Container, start_container
from cmapss_sandbox.services.serving.payloads import ContainerError

if TYPE_CHECKING:
    from cmapss_sandbox.services.sagemaker.serving import ServingVariant


class Fleet:
    """The containers of a region's endpoints. One container stands for all instances of its variant."""

    def __init__(self, region: Region) -> None:
        self.meter = InvocationMeter()
        self._objects = region.objects
        self._lock = threading.Lock()
        self._containers: dict[tuple[str, str], tuple[ServingVariant, Container]] = {}
        self._configs: dict[str, str] = {}
        self._credits: defaultdict[tuple[str, str], float] = defaultdict(float)

    def container(self, variant: ServingVariant) -> Container:
        """The variant's container, started on first use and again when its model has changed.

        Raises ContainerError 500 when its artefact cannot be fetched or loaded.
        """
        key = (variant.endpoint, variant.variant)
        found = self._containers.get(key)
        if found is not None and _same_model(found[0], variant):
            return found[1]
        with self._lock:
            found = self._containers.get(key)
            if found is None or not _same_model(found[0], variant):
                archive = self._fetch(variant.model_data_url)
                found = self._containers[key] = (variant, start_container(archive, variant.image))
            return found[1]

    def enter_service(self, endpoint: str, config: str) -> None:
        """Fetch the models of an endpoint anew when it serves with another config than before."""
        if self._configs.get(endpoint) != config:
            self.forget(endpoint)
            self._configs[endpoint] = config

    def forget(self, endpoint: str) -> None:
        """Stop the containers of an endpoint."""
        self._configs.pop(endpoint, None)
        with self._lock:
            for key in [key for key in self._containers if key[0] == endpoint]:
                del self._containers[key]
            for key in [key for key in self._credits if key[0] == endpoint]:
                del self._credits[key]

    def route(self, variants: Sequence[ServingVariant]) -> ServingVariant | None:
        """The variant whose turn it is: each gets its weight's share of the traffic, evenly interleaved.

        None when no variant has a weight. The order is the same for the same invocations (smooth weighted
        round robin), where AWS draws lots.
        """
        weighted = [variant for variant in variants if variant.weight > 0]
        if len(weighted) <= 1:
            return weighted[0] if weighted else None
        with self._lock:
            for variant in weighted:
                self._credits[variant.endpoint, variant.variant] += variant.weight
            chosen = max(weighted, key=lambda variant: self._credits[variant.endpoint, variant.variant])
            self._credits[chosen.endpoint, chosen.variant] -= sum(variant.weight for variant in weighted)
            return chosen

    def _fetch(self, url: str) -> bytes:
        parts = urlsplit(url)
        try:
            return self._objects.get(parts.netloc, parts.path.lstrip("/"))
        except (KeyError, OSError) as error:
            raise ContainerError(500, f"Unable to load model: {url} cannot be read") from error


_FLEETS: WeakKeyDictionary[Region, Fleet] = WeakKeyDictionary()
_making = threading.Lock()


def fleet_of(region: Region) -> Fleet:
    """The region's fleet, the same one at every call."""
    found = _FLEETS.get(region)
    if found is None:
        with _making:
            found = _FLEETS.setdefault(region, Fleet(region))
    return found


def _same_model(one: ServingVariant, other: ServingVariant) -> bool:
    return (one.model, one.image, one.model_data_url) == (other.model, other.image, other.model_data_url)
