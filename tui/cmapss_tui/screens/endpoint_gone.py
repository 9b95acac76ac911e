"""What an endpoint's screen does when the endpoint is no longer there: it says so, and reads no more."""

from __future__ import annotations

from datetime import datetime

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.polling import Poller
from cmapss_tui.screens.endpoint_doors import EndpointDoors
from cmapss_tui.screens.endpoint_reading import EndpointReading
from cmapss_tui.troubles import Trouble
from cmapss_tui.widgets.age import Freshness, State

NO_LONGER_READ = Freshness(State.STOPPED, "no longer read")


class PerishableEndpoint(EndpointDoors):
    """A screen of one endpoint, for which its deletion is an answer and no trouble."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._poller: Poller[EndpointReading] | None = None

    @property
    def gone(self) -> bool:
        """Whether the newest reading found no such endpoint; what is known of it is then history."""
        last = self._poller.snapshot if self._poller is not None else None
        error = last.error if last is not None and last.watch.endpoint is None else None
        return error is not None and error.kind is ErrorKind.NOT_FOUND

    def troubles(self) -> list[Trouble]:
        """That it is gone is no trouble: the screen says so."""
        return [] if self.gone else super().troubles()

    def freshness_of(self, name: str) -> Freshness:
        """What is gone is not read any more."""
        return NO_LONGER_READ if self.gone else super().freshness_of(name)

    def freshness_of_part(
        self, name: str, as_of: datetime | None, error: ConsoleError | None, interval: float = 0.0
    ) -> Freshness:
        """The same for each of its panels."""
        return NO_LONGER_READ if self.gone else super().freshness_of_part(name, as_of, error, interval)

    def rest_while_gone(self) -> None:
        """It does not come back by itself; a refresh asks for it once more."""
        if self._poller is None:
            return
        if self.gone:
            self._poller.pause()
        elif not self.paused:
            self._poller.resume()
