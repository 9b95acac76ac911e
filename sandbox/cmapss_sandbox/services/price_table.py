"""What SageMaker charges for hosting in us-east-1, as far as it is known; anything else is not offered.

USD an instance-hour, on demand. Read by third parties from AWS's Price List API (service code AmazonSageMaker,
component Hosting, usage types USE1-Host:…) in June and September 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PUBLISHED = "2026-09-28T00:00:00Z"


@dataclass(frozen=True, slots=True)
class HostingPrice:
    """An instance type as the price list describes it."""

    usd_per_hour: str
    virtual_cpus: int
    memory_gib: int


HOSTING_PRICES: Mapping[str, HostingPrice] = {
    "ml.c5.large": HostingPrice("0.1020000000", 2, 4),
    "ml.c5.xlarge": HostingPrice("0.2040000000", 4, 8),
    "ml.c5.2xlarge": HostingPrice("0.4080000000", 8, 16),
    "ml.m5.large": HostingPrice("0.1150000000", 2, 8),
    "ml.m5.xlarge": HostingPrice("0.2300000000", 4, 16),
    "ml.m5.2xlarge": HostingPrice("0.4610000000", 8, 32),
    "ml.m5.4xlarge": HostingPrice("0.9220000000", 16, 64),
}
