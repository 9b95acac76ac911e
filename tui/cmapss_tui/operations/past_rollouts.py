"""Roll-outs of an endpoint that were begun from this machine and are over, as the journal tells of them.

AWS tells of none but the one under way; what others rolled out is not known here, and is not made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError
from cmapss_tui.operations.rows import SUFFIX, Stamp, stamps_of

if TYPE_CHECKING:
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Call, Plan, Step
    from cmapss_core.plans.running.operations import OperationRecord, StepEvent

_ROLLING_OUT = ("update-", "scale-")  # the beginnings of the ids of operations that may roll a config out
_MOST = 50  # of them are looked at, those that were written last
_TAKEN_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class PastRollout:
    """A roll-out that is over; `taken_back`: AWS went back to the former config by itself."""

    config: str
    started: datetime
    ended: datetime
    taken_back: bool = False


class PastRollouts:
    """Reads the journal for one endpoint in one place, each operation again only where its file has changed."""

    def __init__(self, journal: Journal, endpoint: str, account: str, region: str) -> None:
        self._journal = journal
        self._endpoint = endpoint
        self._place = (account, region)
        self._known: Mapping[str, tuple[Stamp, tuple[PastRollout, ...]]] = {}

    def read(self) -> tuple[PastRollout, ...]:
        """Those that the journal has, the earliest first; none of an operation that cannot be read."""
        stamps = {name: stamp for name, stamp in stamps_of(self._journal).items() if name.startswith(_ROLLING_OUT)}
        newest = sorted(stamps, key=lambda name: stamps[name], reverse=True)[:_MOST]
        known = self._known
        self._known = {
            name: known[name]
            if name in known and known[name][0] == stamps[name]
            else (stamps[name], self._of_operation(name.removesuffix(SUFFIX)))
            for name in newest
        }
        found = (rollout for _, rollouts in self._known.values() for rollout in rollouts)
        return tuple(sorted(found, key=lambda rollout: rollout.started))

    def _of_operation(self, operation_id: str) -> tuple[PastRollout, ...]:
        try:
            record = self._journal.read(operation_id)
        except ConsoleError:
            return ()
        place, target = record.operation.place, record.operation.target
        here = place is not None and (place.account, place.region) == self._place
        return tuple(rollouts_of(record)) if here and target == self._endpoint else ()


def rollouts_of(record: OperationRecord) -> Iterator[PastRollout]:
    """The roll-outs of an operation whose beginning and end it has seen, on its way there and back."""
    for step in record.plan.steps:
        there, back = _config(step.call), _config(step.undo.call if step.undo is not None else None)
        if there is not None and (begun := _first(_of(record, step), "acting")) is not None:
            waiting = _wait_after(record.plan, step)
            ended = _end(_of(record, waiting) if waiting is not None else (), begun.at)
            if ended is not None:
                yield PastRollout(there, begun.at, ended.at, taken_back=ended.state == "failed")
        if back is not None and (begun := _first(_of(record, step), "undoing")) is not None:
            undone = _first(_of(record, step), "undone")
            if undone is not None:
                yield PastRollout(back, begun.at, undone.at)


def _config(call: Call | None) -> str | None:
    """The config that a call rolls out."""
    if call is None or call.name != "sagemaker:UpdateEndpoint":
        return None
    name = call.parameters.get("EndpointConfigName")
    return name if isinstance(name, str) else None


def _wait_after(plan: Plan, step: Step) -> Step | None:
    return next((later for later in plan.steps if later.n > step.n and later.call is None), None)


def _of(record: OperationRecord, step: Step) -> list[StepEvent]:
    return [event for event in record.events if event.n == step.n]


def _first(events: Iterable[StepEvent], state: str) -> StepEvent | None:
    return next((event for event in events if event.state == state), None)


def _end(events: Iterable[StepEvent], begun: datetime) -> StepEvent | None:
    """What tells that a roll-out is over: that it is in service, or that it was taken back."""
    for event in events:
        if event.at >= begun and event.state == "done":
            return event
        if event.state == "failed" and event.error is not None and _TAKEN_BACK in event.error.message:
            return event
    return None
