"""What is running behind a region's endpoints: containers, the split of traffic, the meter of invocations."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cmapss_sandbox.objects import bucket_and_key
from cmapss_sandbox.region import Region
from cmapss_sandbox.services import logs
from cmapss_sandbox.services.serving.accounting import Instance, InvocationMeter
from cmapss_sandbox.services.serving.capture import CaptureBuffer
from cmapss_sandbox.services.serving.container import Container, start_container
from cmapss_sandbox.services.serving.limits import Limits
from cmapss_sandbox.services.serving.payloads import ContainerError
from cmapss_sandbox.services.serving.shadowing import ShadowQueue

if TYPE_CHECKING:
    from cmapss_sandbox.services.sagemaker.serving import ServingVariant

# A variant as it was deployed with a config; two deployments serve at once while traffic shifts, of one config too.
_Key = tuple[str, str, str, datetime]


class Fleet:
    """The containers of a region's endpoints. One container stands for all instances of its variant."""

    def __init__(self, region: Region) -> None:
        self.meter = InvocationMeter()
        self.captures = CaptureBuffer(region.objects)
        self.limits = Limits()
        self.shadow_queue = ShadowQueue()
        self._objects = region.objects
        self._lock = threading.Lock()
        self._containers: dict[_Key, tuple[ServingVariant, Container | ContainerError]] = {}
        self._loading: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._credits: defaultdict[_Key, float] = defaultdict(float)
        self._turns: defaultdict[_Key, itertools.count[int]] = defaultdict(itertools.count)

    def container(self, variant: ServingVariant) -> Container:
        """The variant's container, started on first use and again when its model has changed.

        Raises ContainerError 500 when its artefact cannot be fetched or loaded, which is not tried again.
        """
        key = _key(variant)
        found = self._containers.get(key)
        if found is None or not _same_model(found[0], variant):
            with self._lock:
                loading = self._loading[key]
            # Whoever invokes another variant does not wait for this one to load.
            with loading:
                found = self._containers.get(key)
                if found is None or not _same_model(found[0], variant):
                    found = self._containers[key] = (variant, self._start(variant))
        started = found[1]
        if isinstance(started, ContainerError):
            raise ContainerError(started.status, started.message)
        return started

    def instance(self, variant: ServingVariant) -> Instance:
        """The instance whose turn it is to answer."""
        turn = next(self._turns[_key(variant)])
        return instance_of(variant, turn % max(variant.current_instances, 1) + 1)

    def keep_only(self, endpoint: str, variants: Collection[ServingVariant]) -> None:
        """Stop the containers of an endpoint that are none of these variants' any more."""
        kept = {_key(variant) for variant in variants}
        with self._lock:
            for table in (self._containers, self._loading, self._credits, self._turns):
                for key in [key for key in table if key[0] == endpoint and key not in kept]:
                    del table[key]

    def forget(self, endpoint: str) -> None:
        """Stop the containers of an endpoint."""
        self.keep_only(endpoint, ())
        self.meter.forget(endpoint)

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
                self._credits[_key(variant)] += variant.weight
            chosen = max(weighted, key=lambda variant: self._credits[_key(variant)])
            self._credits[_key(chosen)] -= sum(variant.weight for variant in weighted)
            return chosen

    def is_copied(self, shadow: ServingVariant) -> bool:
        """Whether a shadow gets a copy of this request: as many as its weight says, evenly spread."""
        with self._lock:
            self._credits[_key(shadow)] += shadow.weight
            if self._credits[_key(shadow)] < 1 - 1e-9:
                return False
            self._credits[_key(shadow)] -= 1
            return True

    def _start(self, variant: ServingVariant) -> Container | ContainerError:
        try:
            return start_container(self._fetch(variant.model_data_url), variant.image, variant.environment)
        except ContainerError as error:
            return error

    def _fetch(self, url: str) -> bytes:
        try:
            return self._objects.get(*bucket_and_key(url))
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


def instance_of(variant: ServingVariant, number: int) -> Instance:
    """The n-th instance of a variant, from 1; another config has other instances."""
    id_ = logs.instance_id(variant.endpoint, f"{variant.variant}/{variant.config}", number)
    return Instance(variant.endpoint, variant.variant, id_)


def _key(variant: ServingVariant) -> _Key:
    return variant.endpoint, variant.variant, variant.config, variant.deployed_at


def _same_model(one: ServingVariant, other: ServingVariant) -> bool:
    return (one.model, one.image, one.model_data_url, one.environment) == (
        other.model,
        other.image,
        other.model_data_url,
        other.environment,
    )
