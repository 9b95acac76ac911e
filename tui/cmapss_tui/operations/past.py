"""What the journal tells of one endpoint in one place: each operation is read again only where its file has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from cmapss_core.errors import ConsoleError
from cmapss_tui.operations.rows import SUFFIX, Stamp, stamps_of

if TYPE_CHECKING:
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Plan, Step
    from cmapss_core.plans.running.operations import OperationRecord, StepEvent, StepState

T = TypeVar("T")
_MOST = 50  # operations are looked at, those that were written last


class PastOperations(Generic[T]):
    """Reads what `tell` says of the operations whose ids begin in one of these ways; `place` is account and region."""

    def __init__(
        self,
        journal: Journal,
        endpoint: str,
        place: tuple[str, str],
        beginnings: tuple[str, ...],
        tell: Callable[[OperationRecord], Iterable[T]],
    ) -> None:
        self._journal = journal
        self._endpoint = endpoint
        self._place = place
        self._beginnings = beginnings
        self._tell = tell
        self._known: Mapping[str, tuple[Stamp, tuple[T, ...]]] = {}

    def read(self) -> tuple[T, ...]:
        """All that the journal has; nothing of an operation that cannot be read."""
        stamps = {name: stamp for name, stamp in stamps_of(self._journal).items() if name.startswith(self._beginnings)}
        newest = sorted(stamps, key=lambda name: stamps[name], reverse=True)[:_MOST]
        known = self._known
        self._known = {
            name: known[name]
            if name in known and known[name][0] == stamps[name]
            else (stamps[name], self._of_operation(name.removesuffix(SUFFIX)))
            for name in newest
        }
        return tuple(one for _, told in self._known.values() for one in told)

    def _of_operation(self, operation_id: str) -> tuple[T, ...]:
        try:
            record = self._journal.read(operation_id)
        except ConsoleError:
            return ()
        place, target = record.operation.place, record.operation.target
        here = place is not None and (place.account, place.region) == self._place
        return tuple(self._tell(record)) if here and target == self._endpoint else ()


def events_of(record: OperationRecord, step: Step | None) -> list[StepEvent]:
    """What happened to a step."""
    return [] if step is None else [event for event in record.events if event.n == step.n]


def first_event(events: Iterable[StepEvent], state: StepState) -> StepEvent | None:
    """The first of these that is in a state."""
    return next((event for event in events if event.state == state), None)


def wait_after(plan: Plan, step: Step) -> Step | None:
    """The step that waits for what a call has begun."""
    return next((later for later in plan.steps if later.n > step.n and later.call is None), None)
