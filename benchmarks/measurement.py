"""One figure of a benchmark: ours beside a peer's, and the bar that their ratio has to clear."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """`ratio` is the one that `bar` speaks of; `at_most` says that it must not be above, else not below."""

    name: str
    ours: float
    peer: float
    ratio: float
    bar: float
    at_most: bool
    unit: str

    @property
    def ok(self) -> bool:
        """Whether the bar is cleared."""
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar
