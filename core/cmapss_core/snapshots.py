"""What all snapshots share: when they were true, which calls made them, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cmapss_core.errors import ConsoleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one reading of AWS found. `as_of` is the region's time; `error` is set where the reading failed."""

    as_of: datetime
    source: str = ""
    error: ConsoleError | None = None
