"""Load at a steady pace in the region's minutes, to see an endpoint scale."""

from __future__ import annotations

import itertools
import math
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cmapss_core.aws import Aws
from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.inference import invoke

ROWS_PER_INVOCATION = 100
THREADS = 16
WAITING = 1_024  # invocations that are due and not begun: more are not kept, and not made up for
TICK_SECONDS = 0.05  # how often the pace is looked at, and progress told
MAX_FAILURES_AT_START = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReport:
    """Load that was sent. Times and `elapsed_seconds` are the region's; the rate is of what was answered.

    `planned` invocations were to be sent; fewer are where the rate cannot be kept. None: nobody said.
    """

    endpoint: str
    sent: int
    failed: int
    rate_per_minute: float
    started: datetime
    elapsed_seconds: float
    finished: bool
    error: ConsoleError | None = None
    planned: int | None = None


class _Load:
    """Threads that invoke whenever one is due."""

    def __init__(self, aws: Aws, endpoint: str, batches: Sequence[Sequence[str]]) -> None:
        self.aws = aws
        self.endpoint = endpoint
        self.batches = itertools.cycle(batches)
        self.lock = threading.Lock()
        self.due: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.handed_out = 0
        self.answered = 0
        self.failed = 0
        self.error: ConsoleError | None = None
        for number in range(THREADS):
            threading.Thread(target=self._labour, name=f"traffic-{number}", daemon=True).start()

    @property
    def behind(self) -> bool:
        """Whether more wait than the threads take up at once."""
        return self.due.qsize() > THREADS

    def hand_out(self, wanted: int) -> None:
        """Have so many sent altogether, as far as there is room for them to wait."""
        room = max(0, WAITING - self.due.qsize())
        for _ in range(min(room, wanted - self.handed_out)):
            self.due.put(True)
            self.handed_out += 1

    def give_up(self) -> None:
        """Send nothing that is not begun."""
        with suppress(queue.Empty):
            while True:
                self.due.get_nowait()
                self.handed_out -= 1

    def stop(self) -> None:
        self.give_up()
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

    An invocation that fails is counted, not repeated; one that could not be begun in time is not sent. Raises
    ConsoleError for an endpoint that serves nothing, for a rate or duration that cannot be, and when nothing but
    failures come back.
    """
    if not (rate_per_minute > 0 and duration_seconds > 0 and math.isfinite(rate_per_minute * duration_seconds)):
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
                planned=planned,
            )

    over = False
    try:
        while not cancelled():
            elapsed = (aws.clock.now() - started).total_seconds()
            if not over:
                over = elapsed >= duration_seconds
                if over and load.behind:
                    load.give_up()
                else:
                    load.hand_out(min(planned, 1 + int(elapsed * rate_per_minute / 60)))
            now = report(finished=False)
            if now.failed >= MAX_FAILURES_AT_START and now.sent == 0 and now.error is not None:
                raise now.error
            if over and now.sent + now.failed >= load.handed_out:
                break
            on_progress(now)
            tick.wait(TICK_SECONDS)
        final = report(finished=not cancelled())
        on_progress(final)
        return final
    finally:
        load.stop()
