"""Waiting for AWS: at a measured pace in region time, with a bound, and never longer than whoever waits wants to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError

POLL_REGION_SECONDS = 10.0  # AWS throttled a DescribeEndpoint every five seconds
# How long AWS may be out of reach, or refuse to answer, before an operation is left open; and how often at least it is
# tried, in a region whose time runs fast, and at most, in one whose time stands still.
TROUBLE_REGION_SECONDS = 300.0
LEAST_ATTEMPTS, MOST_ATTEMPTS = 10, 60
_HEED_SECONDS = 0.25

Tell = Callable[[str, ConsoleError | None], None]


class CancelledError(Exception):
    """Whoever waits does not want to wait any longer."""


class NotYetError(Exception):
    """The time is over, and it is still not so; `waited_seconds` of region time."""

    def __init__(self, waited_seconds: float) -> None:
        super().__init__()
        self.waited_seconds = waited_seconds


@dataclass(frozen=True, slots=True)
class Patience:
    """How to wait: with pauses between these bounds, in seconds of ours, until it is cancelled."""

    aws: Aws
    cancelled: Callable[[], bool]
    least_pause: float
    most_pause: float

    def until(
        self, attempt: Callable[[], str | None], seconds: float, tell: Tell = lambda message, error: None
    ) -> None:
        """Try until the attempt returns None instead of what it waits for.

        Trouble in between, such as throttling or a lost connection, is waited out and is no part of the region
        seconds. Raises NotYetError after these, CancelledError, and ConsoleError for whatever waiting does not help.
        """
        began = self.aws.clock.now()
        trouble_since: datetime | None = None
        troubles = pauses = 0
        while True:
            self.heed()
            trouble: ConsoleError | None = None
            message: str | None = ""
            try:
                message = attempt()
            except ConsoleError as error:
                if not error.temporary:
                    raise
                trouble = error
            if trouble is None and message is None:
                return
            now = self.aws.clock.now()
            if trouble is None:
                if trouble_since is not None:
                    began += now - trouble_since
                    trouble_since, troubles, pauses = None, 0, 0
                if (now - began).total_seconds() > seconds:
                    raise NotYetError((now - began).total_seconds())
            else:
                if trouble_since is None:
                    trouble_since, pauses = now, 0
                troubles += 1
                if _too_much(troubles, now - trouble_since):
                    raise trouble
            tell(trouble.message if trouble else message or "", trouble)
            self._pause(min(POLL_REGION_SECONDS, 2.0**pauses))
            pauses = min(pauses + 1, 10)

    def heed(self) -> None:
        """Raises CancelledError where nobody wants to wait any longer."""
        if self.cancelled():
            raise CancelledError

    def _pause(self, region_seconds: float) -> None:
        seconds = min(self.most_pause, max(self.least_pause, region_seconds / self.aws.clock.speed))
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            threading.Event().wait(min(left, _HEED_SECONDS))
            self.heed()


def _too_much(troubles: int, lasted: timedelta) -> bool:
    long = lasted > timedelta(seconds=TROUBLE_REGION_SECONDS) and troubles >= LEAST_ATTEMPTS
    return long or troubles >= MOST_ATTEMPTS
