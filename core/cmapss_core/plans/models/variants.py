"""The variants of an endpoint config as they are asked for, what makes their models, and what makes the config."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmapss_core.errors import invalid
from cmapss_core.plans.limits import check_destination
from cmapss_core.plans.models.sources import ModelSource, PreparedModel
from cmapss_core.plans.names import check_name
from cmapss_core.plans.plan import Call, Step

MAX_VARIANTS = 10
DEFAULT_CAPTURE_PERCENT = 20  # as the SageMaker SDK has it
_INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRequest:
    """A production variant with one of `job`, `model`, `model_data` and `model_file`; None takes what is said for all.

    `weight` is its share of the requests, next to the weights of the others.
    """

    name: str
    job: str | None = None
    model: str | None = None
    model_data: str | None = None
    model_file: str | None = None
    image: str | None = None
    role: str | None = None
    weight: float = 1.0
    instance_type: str | None = None
    instances: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant with all that it takes. Raises ConsoleError for a name, type, count or weight that cannot be."""

    name: str
    source: ModelSource
    instance_type: str
    instances: int
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_name("variant", self.name)
        check_instance_type(self.instance_type)
        check_instances(self.instances)
        if not 0 <= self.weight < math.inf:
            raise invalid(f"weight {self.weight:g} of {self.name} is below 0 or no number", "It takes 0 or more.")

    def parameters(self, model: str) -> dict[str, Any]:
        """As ProductionVariants and ShadowProductionVariants take it."""
        return {
            "VariantName": self.name,
            "ModelName": model,
            "InstanceType": self.instance_type,
            "InitialInstanceCount": self.instances,
            "InitialVariantWeight": self.weight,
        }


def parse_variant(text: str) -> VariantRequest:
    """A variant from name=A,job=J,weight=0.9,instance-type=T,instances=N, and the like.

    A comma is part of a value unless key= follows it. Raises ConsoleError that names what is wrong.
    """
    given: dict[str, Any] = {}
    for part in re.split(r",(?=[a-z-]+=)", text):
        key, equals, value = part.partition("=")
        read = _KEYS.get(key)
        if read is None or not equals:
            raise invalid(f"{part!r} says nothing of a variant", f"A variant has {', '.join(_KEYS)}, as key=value.")
        if not value:
            raise invalid(f"{key} of the variant {text!r} is empty", f"Leave it out, or write {key}=…")
        name = key.replace("-", "_")
        if name in given:
            raise invalid(f"the variant {text!r} has {key} twice", "Give it once.")
        try:
            given[name] = read(value)
        except ValueError:
            raise invalid(f"{key} {value!r} of a variant is no number", f"Write {key}=1, for example.") from None
    if "name" not in given:
        raise invalid(f"the variant {text!r} has no name", "Begin with name=…")
    return VariantRequest(**given)


def check_instance_type(instance_type: str) -> None:
    """Raises ConsoleError for what is no name of an instance type."""
    if not _INSTANCE_TYPE.fullmatch(instance_type):
        raise invalid(f"{instance_type!r} is no instance type", "It looks like ml.m5.xlarge.")


def check_instances(instances: int) -> None:
    """Raises ConsoleError for fewer instances than a variant begins with."""
    if instances < 1:
        raise invalid(f"instances {instances} is below 1", "Ask for one or more.")


def check_capture_percent(percent: int) -> None:
    """Raises ConsoleError for a part of the requests that cannot be captured."""
    if not 1 <= percent <= 100:
        raise invalid(f"{percent} % of the requests cannot be captured", "It takes 1 to 100.")


def check_variants(variants: Sequence[Variant], shadow: Variant | None) -> None:
    """Raises ConsoleError for variants that no endpoint config can have together."""
    if len(variants) > MAX_VARIANTS:
        raise invalid(f"{len(variants)} variants are more than {MAX_VARIANTS}", "An endpoint has no more.")
    if shadow is not None and len(variants) != 1:
        raise invalid(
            f"a shadow beside {len(variants)} variants", "Beside a shadow variant AWS takes exactly one other."
        )
    names = [variant.name for variant in (*variants, *((shadow,) if shadow else ()))]
    for name, count in Counter(name.lower() for name in names).items():
        if count > 1:
            raise invalid(f"{count} variants are called {name}", "Give each a name of its own.")
    if sum(variant.weight for variant in variants) == 0:
        raise invalid("no variant has a weight above 0", "Nobody would answer: give one a weight.")


def model_steps(models: Mapping[str, PreparedModel]) -> Iterator[Step]:
    """What makes the models of these variants, each once, however many it serves.

    Raises ConsoleError where two variants would serve different models of one name.
    """
    calls: dict[str, Call] = {}
    for variant, model in models.items():
        for step in model.steps:
            assert step.call is not None
            made = str(step.call.parameters.get("ModelName") or step.call.parameters["Key"])
            if made not in calls:
                calls[made] = step.call
                yield step
            elif calls[made].parameters != step.call.parameters:
                raise invalid(
                    f"variant {variant} would serve another model {made} than another variant does",
                    "Give them the same image and role, or name a model that is there: model=NAME.",
                )


def data_capture(destination: str, percent: int) -> dict[str, Any]:
    """A DataCaptureConfig for that part of all requests, in percent, with their answers.

    CSV and JSON are written as they are, for else they are encoded. Raises ConsoleError for what AWS would refuse.
    """
    check_capture_percent(percent)
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percent,
        "DestinationS3Uri": check_destination(destination),
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
    }


_KEYS: Mapping[str, Callable[[str], Any]] = {
    "name": str,
    "job": str,
    "model": str,
    "model-data": str,
    "model-file": str,
    "image": str,
    "role": str,
    "weight": float,
    "instance-type": str,
    "instances": int,
}
