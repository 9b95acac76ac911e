"""One operation as the journal tells of it; of one that is over, whether its endpoint is still there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot
from cmapss_tui.operations.journal import default_journal
from cmapss_tui.operations.states import OperationState, state_of_record

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.plans.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSnapshot(Snapshot):
    """An operation as the journal has it; `asked`: it is known as well what AWS says of it, if it says anything."""

    state: OperationState
    asked: bool = True


class OperationReader:
    """Reads an operation again and again; AWS is asked once for each status that it ends with.

    The journal does not wait for AWS: a first reading does without.
    """

    def __init__(self, aws: Aws, operation: str) -> None:
        self._aws = aws
        self._operation = operation
        self._asked: tuple[str, bool] | None = None
        self._read = False

    def read(self) -> OperationSnapshot:
        """What the journal knows, at the region's time. Raises ConsoleError."""
        state = state_of_record(default_journal().read(self._operation))
        first, self._read = not self._read, True
        if state.status != "running":
            if first:
                return OperationSnapshot(as_of=self._aws.clock.now(), state=state, asked=False)
            if self._asked is None or self._asked[0] != state.status:
                self._asked = state.status, is_gone(self._aws, state.plan)
            state = replace(state, gone=self._asked[1])
        return OperationSnapshot(as_of=self._aws.clock.now(), state=state)


def is_gone(aws: Aws, plan: Plan) -> bool:
    """Whether AWS says that there is no such endpoint; False where that is not known, or it is of another place."""
    from cmapss_core.endpoints import read_endpoint

    try:
        here = plan.place is not None and (plan.place.account, plan.place.region) == (
            aws.identity().account,
            aws.region,
        )
        if here and plan.intention != "clean-up":
            read_endpoint(aws, plan.target)
    except ConsoleError as error:
        return error.kind is ErrorKind.NOT_FOUND
    return False
