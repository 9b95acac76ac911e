"""What the journal's operations are to an operator: which one is meant, how it stands, what can be done with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.running.operations import OVER

if TYPE_CHECKING:
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Plan, Step
    from cmapss_core.plans.running.operations import Operation

# Glyph and words of each way in which an operation can stand.
STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    "running": ("◐", "running"),
    "open": ("‖", "open"),
    "interrupted": ("‖", "interrupted"),
    "done": ("●", "done"),
    "rolled_back": ("○", "rolled back"),
    "failed": ("✕", "failed"),
}


def status_words(status: str) -> str:
    """The status as it is shown: a glyph, and words."""
    return " ".join(STATUS_WORDS[status])


def default_journal() -> Journal:
    """The journal of this machine's user."""
    from cmapss_core.plans.journal import Journal, default_journal_directory

    return Journal(default_journal_directory())


def the_operation(journal: Journal, beginning: str) -> Operation:
    """The operation whose id begins so. Raises ConsoleError where there is none, or more than one."""
    found = [operation for operation in journal.operations() if operation.id.startswith(beginning)]
    exact = [operation for operation in found if operation.id == beginning]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"{len(found)} operations begin with {beginning!r}: {', '.join(operation.id for operation in found[:3])}"
            + (" …" if len(found) > 3 else ""),
            remedy="Give more of its id.",
        )
    raise ConsoleError(
        ErrorKind.NOT_FOUND,
        f"There is no operation {beginning!r} in the journal",
        remedy="List them: cmapss-console operations",
    )


def remaining_steps(plan: Plan, states: Mapping[int, str]) -> Sequence[Step]:
    """The steps that are not done yet, with which resuming it goes on."""
    return [step for step in plan.steps if states.get(step.n) not in OVER]


def undoable_steps(plan: Plan, acted: Collection[int]) -> Sequence[Step]:
    """The steps that rolling it back undoes, the last first, out of those that have acted."""
    return [step for step in reversed(plan.steps) if step.undo is not None and step.n in acted]
