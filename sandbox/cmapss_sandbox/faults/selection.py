"""Which requests a fault is about: a service and an operation, with wildcards, checked against botocore's models."""

from __future__ import annotations

from fnmatch import fnmatchcase

from cmapss_sandbox.faults.refusals import SERVICES
from cmapss_sandbox.wire.models import service_model

EVERYTHING = "*"


def checked_selector(selector: str) -> str:
    """The selector, if there is an operation that it means; raises ValueError."""
    if selector == EVERYTHING:
        return selector
    service_pattern, separator, operation_pattern = selector.partition(":")
    if not separator or not service_pattern or not operation_pattern:
        raise ValueError(
            "An operation is SERVICE:OPERATION, such as sagemaker:CreateEndpoint, sagemaker:* or *, "
            f"not {selector!r:.100}."
        )
    services = [service for service in SERVICES if fnmatchcase(service, service_pattern)]
    if not services:
        raise ValueError(f"There is no service {service_pattern!r:.100}; there are {', '.join(SERVICES)}.")
    # All models are much to load; a selector of several services is taken as it is.
    if len(services) == 1 and operation_pattern != EVERYTHING:
        names = service_model(services[0]).operation_names
        if not any(fnmatchcase(name, operation_pattern) for name in names):
            raise ValueError(f"{services[0]} has no operation {operation_pattern!r:.100}.{_hint(operation_pattern)}")
    return selector


def selects(selector: str, service: str, operation: str) -> bool:
    """Whether a selector means the operation of the service, both by botocore's names."""
    return selector == EVERYTHING or fnmatchcase(f"{service}:{operation}", selector)


def _hint(operation: str) -> str:
    """InvokeEndpoint is sagemaker's in policies, and so is easily looked for there."""
    if operation in service_model("sagemaker-runtime").operation_names:
        return f" It is sagemaker-runtime:{operation}."
    return ""
