"""What SageMaker charges for hosting in us-east-1, as far as it is known; anything else is not in the price list.

USD an instance-hour, on demand. None of these was read from AWS by this project. ml.m5.xlarge is what third parties
read from AWS's Price List API (service code AmazonSageMaker, usage type USE1-Host:ml.m5.xlarge) on 27 June and
28 September 2026; for every other type at least two published tables agree, which do not say when they were read.
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
    "ml.c5.4xlarge": HostingPrice("0.8160000000", 16, 32),
    "ml.g4dn.xlarge": HostingPrice("0.7364000000", 4, 16),
    "ml.g5.xlarge": HostingPrice("1.4080000000", 4, 16),
    "ml.m5.large": HostingPrice("0.1150000000", 2, 8),
    "ml.m5.xlarge": HostingPrice("0.2300000000", 4, 16),
    "ml.m5.2xlarge": HostingPrice("0.4610000000", 8, 32),
    "ml.m5.4xlarge": HostingPrice("0.9220000000", 16, 64),
    "ml.m5.12xlarge": HostingPrice("2.7650000000", 48, 192),
    "ml.m5.24xlarge": HostingPrice("5.5300000000", 96, 384),
}
