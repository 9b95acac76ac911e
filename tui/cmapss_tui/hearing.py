"""Long work that hears from AWS while it goes on: for how long it has not is told from its events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App

from cmapss_tui.background import Background, Run

E = TypeVar("E")
R = TypeVar("R")


class HearingWork(Background[E, R]):
    """Work whose events come as AWS answers; `monotonic` is this machine's clock, in seconds."""

    def __init__(
        self,
        app: App[Any],
        kind: str,
        subject: str,
        run: Run[E, R],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(app, kind, subject, run)
        self.monotonic = monotonic
        self._heard = monotonic()

    def start(self) -> None:
        """Begin; the first answer is waited for from now on."""
        self._heard = self.monotonic()
        super().start()

    def received(self, event: E) -> None:
        """Take one event, and note where it is an answer."""
        if self.is_answer(event):
            self._heard = self.monotonic()
        super().received(event)

    def is_answer(self, event: E) -> bool:
        """Whether AWS has answered since the event before, or nothing was asked of it."""
        return True

    @property
    def pause(self) -> float:
        """Seconds of this machine for which it may ask for nothing now, and so hear nothing."""
        return 0.0

    @property
    def seconds_since_heard(self) -> float:
        """Since its last answer."""
        return self.monotonic() - self._heard

    def unanswered(self, silence: float) -> float:
        """For how many seconds it waits for an answer, where the connection has heard none for `silence`.

        0 where it is over.
        """
        return max(0.0, min(self.seconds_since_heard, silence) - self.pause) if self.running else 0.0
