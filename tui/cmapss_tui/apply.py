"""A plan from a verb: shown, confirmed, carried out and told step by step; after a failure undone; one document."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError
from cmapss_tui.confirmation import (
    add_confirmation_arguments,
    agreed,
    confirm,
    refuse_forbidden,
    refuse_read_only,
    somebody_is_here,
)
from cmapss_tui.documents import Document, error_document, plan_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.interrupts import interruptible
from cmapss_tui.narration import NOTHING_TO_DO, Narrator, render_plan
from cmapss_tui.operations.journal import default_journal, remaining_steps
from cmapss_tui.output import narrate, write, write_json

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.running.operations import OperationRecord, Outcome

Begin = Callable[..., "Outcome"]  # takes on_event and cancelled


def add_plan_arguments(parser: ArgumentParser) -> None:
    """The flags that every verb with a plan takes."""
    parser.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
    add_confirmation_arguments(parser)
    parser.add_argument("--keep", action="store_true", help="after a failure leave what was done, to be looked at")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def carry_out(
    aws: Aws,
    plan: Plan,
    arguments: Namespace,
    *,
    wait: bool = True,
    type_name: bool = False,
    found: Document | None = None,
) -> ExitCode:
    """Show, confirm and run a plan as the flags of `arguments` say; the document or the name goes to stdout.

    Without `wait` the plan stops, open, where there is only something to wait for. `type_name`: on a terminal the
    target's name has to be typed. `found` is what the document has besides the plan. After a failure that does not
    pass by itself what was done is undone: if the operator says so, or by itself after --yes, unless --keep is given.
    Raises ConsoleError: that of a check that forbids the plan, REFUSED where it is not confirmed, else what the plan
    failed with.
    """
    if arguments.dry_run:
        _write_plan(plan, arguments.json, found)
        refuse_forbidden(plan)
        return ExitCode.DONE
    refuse_read_only(aws.target.read_only, plan.intention, plan.target)
    refuse_forbidden(plan)
    if not plan.steps:
        return _nothing_to_do(plan, arguments.json, found)
    from cmapss_core.plans.runner import run

    journal = default_journal()
    _tell_of_open_operations(journal, plan)
    shown = render_plan(plan, sys.stderr)
    confirm(plan, arguments, doing=plan.intention, shown=shown, warnings=plan.warnings, type_name=type_name)
    return carried(aws, plan, journal, arguments, partial(run, aws, plan, journal, wait=wait), found)


def carried(
    aws: Aws, plan: Plan, journal: Journal, arguments: Namespace, begin: Begin, found: Document | None = None
) -> ExitCode:
    """Let `begin` run the operation of a plan, do what follows a failure, and print how it ended.

    `found` is what the document has besides. Raises ConsoleError with what it failed with.
    """
    narrator = Narrator(plan)
    ended = _Ended(_told(plan, journal, narrator, begin))
    if _is_to_be_undone(ended.run, plan, journal, arguments):
        narrate("Undoing what was done.")
        ended = _Ended(ended.run, _undone(aws, plan, journal, narrator, ended.run))
    if arguments.json:
        write_json(
            {
                **plan_document(plan, ended.last.status, narrator.states),
                "operation_id": plan.id,
                **_ending(ended),
                **(found or {}),
            }
        )
    elif ended.error is None and ended.last.status != "interrupted":
        write(plan.target)
    return _said(plan, ended, journal, narrator)


def _undone(aws: Aws, plan: Plan, journal: Journal, narrator: Narrator, run: Outcome) -> Outcome:
    from cmapss_core.plans.runner import roll_back
    from cmapss_core.plans.running.operations import Outcome

    try:
        return _told(plan, journal, narrator, partial(roll_back, aws, plan.id, journal))
    except ConsoleError as error:  # it could not even begin
        return Outcome("open", error, run.left)


def _nothing_to_do(plan: Plan, as_json: bool, found: Document | None) -> ExitCode:
    from cmapss_core.plans.running.operations import Outcome

    narrate(" ".join((NOTHING_TO_DO, *plan.notes)))
    if as_json:
        ending = _ending(_Ended(Outcome("done")))
        write_json({**plan_document(plan, "done", {}), "operation_id": None, **ending, **(found or {})})
    else:
        write(plan.target)
    return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a run ended, and how its undoing did if there was one."""

    run: Outcome
    undoing: Outcome | None = None

    @property
    def last(self) -> Outcome:
        return self.undoing or self.run

    @property
    def error(self) -> ConsoleError | None:
        """What began the trouble, which is what a script is told."""
        return self.run.error or self.last.error


def _ending(ended: _Ended) -> Document:
    return {
        "left": list(ended.last.left),
        "log_lines": list(ended.run.log_lines),
        "error": error_document(ended.error),
    }


def _told(plan: Plan, journal: Journal, narrator: Narrator, begin: Begin) -> Outcome:
    """Run it with Ctrl-C and narration in hand. Whatever stops it, the journal says how far it came."""
    from cmapss_core.plans.running.operations import Outcome

    try:
        with interruptible() as interrupted:
            outcome = begin(on_event=narrator.tell, cancelled=interrupted)
    except KeyboardInterrupt:  # the second: it was not waited for
        record = _record(journal, plan)
        outcome = Outcome("interrupted", left=record.left if record is not None else ())
    finally:
        narrator.end()
    if outcome.log_lines:
        narrate("The last log lines:")
        for line in outcome.log_lines:
            narrate(f"    {line}")
    return outcome


def _is_to_be_undone(outcome: Outcome, plan: Plan, journal: Journal, arguments: Namespace) -> bool:
    """What passes by itself leaves the operation open rather than failed; what has changed nothing needs no undo."""
    if outcome.status != "failed" or arguments.keep or not _can_be_undone(journal, plan):
        return False
    if arguments.yes or not somebody_is_here():
        return True
    if outcome.error is not None:
        narrate(f"✕ {outcome.error.line()}")
    if outcome.left:
        narrate(f"Left in the region: {'; '.join(outcome.left)}.")
    try:
        return agreed("Undo what was done?")
    except KeyboardInterrupt:
        narrate("")
        return False


def _can_be_undone(journal: Journal, plan: Plan) -> bool:
    record = _record(journal, plan)
    return record is not None and bool(record.acted)


def _record(journal: Journal, plan: Plan) -> OperationRecord | None:
    """What the journal has of it; None where it cannot be read."""
    try:
        return journal.read(plan.id)
    except ConsoleError:
        return None


def _said(plan: Plan, ended: _Ended, journal: Journal, narrator: Narrator) -> ExitCode:
    """Say what is not done and what can be done about it; the exit code where it is no error."""
    last = ended.last
    if last.status == "open" and last.error is None:
        steps = ", ".join(step.title for step in remaining_steps(plan, narrator.states))
        narrate(f"Not waited for, so still to do: {steps}.")
    elif last.status == "interrupted":
        narrate("Interrupted. The journal has how far it came.")
    elif last.status == "rolled_back":
        narrate(
            "Undone: everything that it did is taken back." if not last.left else "Undone as far as it was this plan's."
        )
    if ended.undoing is not None and ended.undoing.error is not None:
        narrate(f"✕ {ended.undoing.error.line()}")
    if last.left:
        narrate(f"Left in the region: {'; '.join(last.left)}.")
    if last.status in ("open", "interrupted") or (last.status == "failed" and _can_be_undone(journal, plan)):
        narrate_ways_out(plan.id)
    if ended.error is not None:
        raise ended.error
    if last.status == "interrupted":
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if last.status == "failed" else ExitCode.DONE


def narrate_ways_out(operation: str) -> None:
    """Name the commands that take up an open operation."""
    narrate(f"Go on: cmapss-console operations resume {operation}")
    narrate(f"Undo it: cmapss-console operations rollback {operation}")


def _tell_of_open_operations(journal: Journal, plan: Plan) -> None:
    for operation in journal.open_on(plan.target, plan.place):
        narrate(f"! {operation.id} on it is open: resume it or roll it back (cmapss-console operations).")


def _write_plan(plan: Plan, as_json: bool, found: Document | None) -> None:
    if as_json:
        write_json({**plan_document(plan, "planned", {}), **(found or {})})
    else:
        write(render_plan(plan, sys.stdout, actions=True))
