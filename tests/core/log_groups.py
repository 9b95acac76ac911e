"""A connection to a log group that the test writes into, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cmapss_core.aws import Aws, Target
from cmapss_core.clock import RegionClock
from cmapss_core.errors import ConsoleError, ErrorKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GROUP = "/aws/sagemaker/Endpoints/engines"


class NoonClock(RegionClock):
    """A clock that only the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class LogGroupAws(Aws):
    """Answers FilterLogEvents in pages of `page_size`, each followed by an empty one, as AWS may.

    `failure` is raised instead. `written` are events as AWS has them, in any order.
    """

    def __init__(self, page_size: int = 1_000) -> None:
        super().__init__(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9"))
        self.noon = NoonClock()
        self.clock = self.noon
        self.page_size = page_size
        self.written: list[dict[str, Any]] | None = []
        self.failure: ConsoleError | None = None
        self.asked: list[Mapping[str, Any]] = []

    def write(self, *messages: str, ago: timedelta = timedelta(), stream: str = "AllTraffic/i-1") -> None:
        """Add events of one moment."""
        if self.written is None:
            self.written = []
        at = int((self.noon.at - ago).timestamp() * 1000)
        for message in messages:
            number = len(self.written)
            self.written.append(
                {"eventId": f"{number:056d}", "timestamp": at, "message": message, "logStreamName": stream}
            )

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{service}:{operation}"
        self.asked.append(parameters)
        if self.failure is not None:
            raise self.failure
        if name != "logs:FilterLogEvents":
            raise ConsoleError(ErrorKind.UNREACHABLE, "nothing else answers in a test", operation=name)
        if self.written is None:
            raise ConsoleError(ErrorKind.NOT_FOUND, "The specified log group does not exist.", operation=name)
        start, end = parameters["startTime"], parameters.get("endTime")
        prefix = parameters.get("logStreamNamePrefix", "")
        found = sorted(
            (
                event
                for event in self.written
                if event["timestamp"] >= start
                and (end is None or event["timestamp"] <= end)
                and event["logStreamName"].startswith(prefix)
            ),
            key=lambda event: (event["timestamp"], event["eventId"]),
            reverse=not parameters["startFromHead"],
        )
        place = int(parameters.get("nextToken", 0))
        size = min(self.page_size, parameters["limit"])
        page, empty = divmod(place, 2)
        following = (page + 1) * size < len(found)
        if empty:
            return {"events": [], "nextToken": str(place + 1)}
        answer: dict[str, Any] = {"events": found[page * size : (page + 1) * size]}
        return {**answer, "nextToken": str(place + 1)} if following else answer
