"""What an update is asked to change, and what AWS would refuse of that whatever the endpoint is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from cmapss_core.errors import invalid
from cmapss_core.plans.limits import check_destination
from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.models.variants import (
    DEFAULT_CAPTURE_PERCENT,
    check_capture_percent,
    check_instance_type,
    check_instances,
    data_capture,
    parse_variant,
)
from cmapss_core.plans.names import check_name
from cmapss_core.plans.updating.alarms import Guard
from cmapss_core.plans.updating.strategies import RolloutRequest

_MODELS = ("job", "model", "model_data", "model_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantChange:
    """What a variant is to be; None keeps what it is. Without a name it is the endpoint's only variant.

    A name that the endpoint does not have yet is a variant to add, which needs a `source`.
    """

    name: str | None = None
    source: ModelSource | None = None
    instance_type: str | None = None
    instances: int | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        if self.name is not None:
            check_name("variant", self.name)
        if self.instance_type is not None:
            check_instance_type(self.instance_type)
        if self.instances is not None:
            check_instances(self.instances)
        if self.weight is not None and not 0 <= self.weight < math.inf:
            raise invalid(f"weight {self.weight:g} is below 0 or no number", "It takes 0 or more.")

    @property
    def rescales(self) -> bool:
        """Whether counts and weights are all that changes, which takes no new config."""
        return self.source is None and self.instance_type is None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureChange:
    """Data capture on or off. `destination` (S3 URI) and `percent` are needed where nothing was captured before."""

    enabled: bool
    destination: str | None = None
    percent: int | None = None

    def __post_init__(self) -> None:
        if self.destination is not None:
            check_destination(self.destination)
        if self.percent is not None:
            check_capture_percent(self.percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRequest:
    """What to change of an endpoint, and how its new config takes over. Raises ConsoleError for what cannot be.

    `alarms` are there already; `guards` are what alarms are made for, None what is usual. `keep_former` leaves the
    former config and model where they are, `keep_alarms` the alarms that are made.
    """

    endpoint: str
    variants: tuple[VariantChange, ...] = ()
    remove: tuple[str, ...] = ()
    capture: CaptureChange | None = None
    rollout: RolloutRequest = field(default_factory=RolloutRequest)
    alarms: tuple[str, ...] = ()
    guards: tuple[Guard, ...] | None = None
    keep_former: bool = False
    keep_alarms: bool = False

    def __post_init__(self) -> None:
        if not (self.variants or self.remove or self.capture):
            raise invalid(
                "there is nothing to update", "Say what: a model, --instance-type, --instances, --variant or --weight."
            )
        names = Counter([*(change.name or "" for change in self.variants), *self.remove])
        for name, count in names.items():
            if count > 1:
                raise invalid(
                    f"{f'variant {name}' if name else 'the variant'} is changed {count} times", "Say it all at once."
                )

    @property
    def rescales(self) -> bool:
        """Whether it changes nothing but counts and weights, and asks for no roll-out of a config."""
        plain = self.rollout == RolloutRequest() and not self.alarms and self.guards is None
        return plain and not self.remove and self.capture is None and all(one.rescales for one in self.variants)


def parse_variant_change(text: str, **settings: Any) -> VariantChange:
    """A change from name=A,job=J,weight=0.9 and the like; `settings` are of ModelSource. Raises ConsoleError."""
    asked = parse_variant(text)
    own = {name: value for name in (*_MODELS, "image", "role") if (value := getattr(asked, name)) is not None}
    source = None
    if any(name in own for name in _MODELS):
        source = ModelSource(**{**({} if asked.model else settings), **own})
    elif own:
        raise invalid(f"{' and '.join(own)} of variant {asked.name} without a model", "Name its job or artefact too.")
    return VariantChange(
        name=asked.name,
        source=source,
        instance_type=asked.instance_type,
        instances=asked.instances,
        # A variant to deploy has a weight in any case.
        weight=asked.weight if re.search(r"(?:^|,)weight=", text) else None,
    )


def parse_weight(text: str) -> VariantChange:
    """A change from A=0.9: another weight and nothing else. Raises ConsoleError."""
    name, equals, value = text.partition("=")
    try:
        weight = float(value)
    except ValueError:
        equals = ""
    if not (equals and name):
        raise invalid(f"{text!r} gives no variant a weight", "Write VARIANT=WEIGHT, such as A=0.9.")
    return VariantChange(name=name, weight=weight)


def with_weights(changes: Iterable[VariantChange], weights: Iterable[VariantChange]) -> tuple[VariantChange, ...]:
    """The changes, with weights that are given for themselves. Raises ConsoleError for a weight that is given twice."""
    merged = {change.name: change for change in changes}
    for weight in weights:
        known = merged.get(weight.name, VariantChange(name=weight.name))
        if known.weight is not None:
            raise invalid(f"variant {weight.name} is given two weights", "Give one.")
        merged[weight.name] = replace(known, weight=weight.weight)
    return tuple(merged.values())


def capture_config(change: CaptureChange, former: dict[str, Any] | None) -> dict[str, Any]:
    """The DataCaptureConfig of the new config: the former one, changed. Raises ConsoleError where there is none."""
    if former is None and not change.enabled:
        raise invalid("nothing is captured", "Leave --no-capture out.")
    if former is None:
        if change.destination is None:
            raise invalid("nothing says where captured data go to", "Say where: --capture s3://bucket/prefix.")
        return data_capture(change.destination, change.percent or DEFAULT_CAPTURE_PERCENT)
    changed = {**former, "EnableCapture": change.enabled}
    if change.destination is not None:
        changed["DestinationS3Uri"] = change.destination
    if change.percent is not None:
        changed["InitialSamplingPercentage"] = change.percent
    return changed
