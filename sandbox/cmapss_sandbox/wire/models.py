"""botocore's service models, loaded when a service is first called."""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

# What botocore chooses today for the services of the sandbox; a test fails when that changes.
PREFERRED_PROTOCOLS = {
    "application-autoscaling": "json",
    "cloudwatch": "json",
    "logs": "json",
    "pricing": "json",
    "sagemaker": "json",
    "sagemaker-runtime": "rest-json",
    "service-quotas": "json",
    "sts": "query",
}
# Requests are signed for these names; every other service of the sandbox signs with its own.
SIGNING_NAMES = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
# How a broken constraint is called; the JSON services say ValidationException.
VALIDATION_CODES = {
    "cloudwatch": "ValidationError",
    "logs": "InvalidParameterException",
    "sagemaker-runtime": "ValidationError",
    "sts": "ValidationError",
}

_loading = threading.Lock()


def service_model(service: str) -> ServiceModel:
    """The model of a service by botocore's name for it."""
    with _loading:
        return _load(service)


@cache
def _load(service: str) -> ServiceModel:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def reads_queries(service: str) -> bool:
    """Whether a service knows the query protocol, whose requests are forms; one that is not here is taken to."""
    return service not in PREFERRED_PROTOCOLS or "query" in service_model(service).metadata["protocols"]


@cache
def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation, None when the service has none of that name."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


@cache
def _uri_patterns(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    model = service_model(service)
    patterns = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = http["requestUri"].partition("?")[0]
        parts = re.split(r"\{(\w+\+?)\}", path)
        expression = "".join(
            re.escape(part) if index % 2 == 0 else f"(?P<{part.rstrip('+')}>{'.+' if part[-1] == '+' else '[^/]+'})"
            for index, part in enumerate(parts)
        )
        patterns.append((http["method"], re.compile(expression), name))
    return patterns


def match_uri(service: str, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The operation that a REST request means and the labels in its path, None when there is none."""
    for expected, pattern, operation in _uri_patterns(service):
        match = pattern.fullmatch(path)
        if match and method == expected:
            return operation, match.groupdict()
    return None


def serialized_name(shape: Shape, default: str) -> str:
    """The name under which a member travels, `default` unless the model gives it another."""
    name: Any = shape.serialization.get("name", default)
    return str(name)
