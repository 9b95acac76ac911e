"""Roll-outs of an endpoint that were begun from this machine and are over, as the journal tells of them.

AWS tells of none but the one under way; what others rolled out is not known here, and is not made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmapss_tui.operations.past import PastOperations, events_of, first_event, wait_after

if TYPE_CHECKING:
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Call
    from cmapss_core.plans.running.operations import OperationRecord, StepEvent

_ROLLING_OUT = ("update-", "scale-")  # the beginnings of the ids of operations that may roll a config out
_TAKEN_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class PastRollout:
    """A roll-out that is over; `taken_back`: AWS went back to the former config by itself."""

    config: str
    started: datetime
    ended: datetime
    taken_back: bool = False


class PastRollouts(PastOperations[PastRollout]):
    """Reads the journal's roll-outs of one endpoint in one place, the earliest first."""

    def __init__(self, journal: Journal, endpoint: str, account: str, region: str) -> None:
        super().__init__(journal, endpoint, (account, region), _ROLLING_OUT, rollouts_of)

    def read(self) -> tuple[PastRollout, ...]:
        """Those that the journal has; none of an operation that cannot be read."""
        return tuple(sorted(super().read(), key=lambda rollout: rollout.started))


def rollouts_of(record: OperationRecord) -> Iterator[PastRollout]:
    """The roll-outs of an operation whose beginning and end it has seen, on its way there and back."""
    for step in record.plan.steps:
        there, back = _config(step.call), _config(step.undo.call if step.undo is not None else None)
        if there is not None and (begun := first_event(events_of(record, step), "acting")) is not None:
            ended = _end(events_of(record, wait_after(record.plan, step)), begun.at)
            if ended is not None:
                yield PastRollout(there, begun.at, ended.at, taken_back=ended.state == "failed")
        if back is not None and (begun := first_event(events_of(record, step), "undoing")) is not None:
            undone = first_event(events_of(record, step), "undone")
            if undone is not None:
                yield PastRollout(back, begun.at, undone.at)


def _config(call: Call | None) -> str | None:
    """The config that a call rolls out."""
    if call is None or call.name != "sagemaker:UpdateEndpoint":
        return None
    name = call.parameters.get("EndpointConfigName")
    return name if isinstance(name, str) else None


def _end(events: Iterable[StepEvent], begun: datetime) -> StepEvent | None:
    """What tells that a roll-out is over: that it is in service, or that it was taken back."""
    for event in events:
        if event.at >= begun and event.state == "done":
            return event
        if event.state == "failed" and event.error is not None and _TAKEN_BACK in event.error.message:
            return event
    return None
