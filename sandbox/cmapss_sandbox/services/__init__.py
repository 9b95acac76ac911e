"""The services of the region: one module each, with its operations and what it installs."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from cmapss_sandbox import faults
from cmapss_sandbox.region import Handler, Region

_MODULES = ("sagemaker", "runtime", "cloudwatch", "autoscaling", "logs", "sts", "pricing", "quotas")


@dataclass(frozen=True, slots=True)
class Service:
    """A service's handlers by operation, and those that are called without the region's lock."""

    name: str
    operations: Mapping[str, Handler]
    unlocked: frozenset[str] = frozenset()


def install(region: Region) -> dict[str, Service]:
    """All services of the region by botocore's names, each told of the region once."""
    faults.install(region)
    services = {}
    for name in _MODULES:
        module = importlib.import_module(f"{__name__}.{name}")
        service = Service(module.SERVICE, module.OPERATIONS, getattr(module, "UNLOCKED", frozenset()))
        services[service.name] = service
        if hasattr(module, "install"):
            with region.transaction():
                module.install(region)
    return services
