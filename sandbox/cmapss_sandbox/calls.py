"""The last requests that the region answered, for a person who wants to know what a client really sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

KEPT = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One request: region time, what it was about, who signed it, how it ended and how long it took.

    The status is 0 where the connection was dropped without an answer.
    """

    at: datetime
    service: str
    operation: str
    access_key: str
    status: int
    code: str
    milliseconds: float
    request_id: str
