"""Load at a steady pace in the region's minutes, to see an endpoint scale."""

from __future__ import annotations

import itertools
import math
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cmapss_core.aws import Aws
from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.inference import invoke

ROWS_PER_INVOCATION = 100
THREADS = 16
TICK_SECONDS = 0.05  # how often the pace is looked at, and progress told
MAX_FAILURES_AT_START = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReport:
    """Load that was sent. Times and `elapsed_seconds` are the region's; the rate is of what was answered."""

    endpoint: str
    sent: int
    failed: int
    rate_per_minute: float
    started: datetime
    elapsed_seconds: float
    finished: bool
    error: ConsoleError | None = None


class _Load:
    """Threads that invoke whenever one is due."""

    def __init__(self, aws: Aws, endpoint: str, batches: Sequence[Sequence[str]]) -> None:
        self.aws = aws
        self.endpoint = endpoint
        self.batches = itertools.cycle(batches)
        self.lock = threading.Lock()
        self.due: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.answered = 0
        self.failed = 0
        self.error: ConsoleError | None = None
        for number in range(THREADS):
            threading.Thread(target=self._labour, name=f"traffic-{number}", daemon=True).start()

    def stop(self) -> None:
        for _ in range(THREADS):
            self.due.put(False)

    def _labour(self) -> None:
        while self.due.get():
            with self.lock:
                batch = next(self.batches)
            try:
                invoke(self.aws, self.endpoint, batch)
            except ConsoleError as error:
                with self.lock:
                    self.failed += 1
                    self.error = error
            else:
                with self.lock:
                    self.answered += 1


def send_traffic(
    aws: Aws,
    endpoint: str,
    rows: Sequence[str],
    rate_per_minute: float,
    duration_seconds: float,
    *,
    rows_per_invocation: int = ROWS_PER_INVOCATION,
    on_progress: Callable[[TrafficReport], None] = lambda report: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TrafficReport:
    """Send `rate_per_minute` invocations for `duration_seconds`, both of the region's clock.

    An invocation that fails is counted, not repeated. Raises ConsoleError for an endpoint that serves nothing,
    for a rate or duration that cannot be, and when nothing but failures come back.
    """
    if not (math.isfinite(rate_per_minute) and rate_per_minute > 0 and duration_seconds > 0):
        raise ConsoleError(
            ErrorKind.INVALID,
            f"{rate_per_minute:g} invocations a minute for {duration_seconds:g} s is no load",
            remedy="Give a rate and a duration above 0.",
        )
    serving = read_endpoint(aws, endpoint)
    if serving.status in ("Creating", "Failed", "Deleting", "OutOfService"):
        raise ConsoleError(
            ErrorKind.CONFLICT, f"{endpoint} is {serving.status}", remedy="Send load when it is InService."
        )
    if not rows:
        raise ConsoleError(ErrorKind.INVALID, "there are no rows to send")
    size = max(1, rows_per_invocation)
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    load = _Load(aws, endpoint, batches)
    started = aws.clock.now()
    planned = math.ceil(rate_per_minute * duration_seconds / 60)
    asked = 0
    tick = threading.Event()

    def report(finished: bool) -> TrafficReport:
        elapsed = max((aws.clock.now() - started).total_seconds(), 1e-6)
        with load.lock:
            return TrafficReport(
                endpoint=endpoint,
                sent=load.answered,
                failed=load.failed,
                rate_per_minute=load.answered / elapsed * 60,
                started=started,
                elapsed_seconds=elapsed,
                finished=finished,
                error=load.error,
            )

    try:
        while not cancelled():
            elapsed = (aws.clock.now() - started).total_seconds()
            wanted = min(planned, 1 + int(elapsed * rate_per_minute / 60))
            for _ in range(asked, wanted):
                load.due.put(True)
            asked = max(asked, wanted)
            now = report(finished=False)
            if now.failed >= MAX_FAILURES_AT_START and now.sent == 0 and now.error is not None:
                raise now.error
            if now.sent + now.failed >= planned and elapsed >= duration_seconds:
                break
            on_progress(now)
            tick.wait(TICK_SECONDS)
        final = report(finished=not cancelled())
        on_progress(final)
        return final
    finally:
        load.stop()
