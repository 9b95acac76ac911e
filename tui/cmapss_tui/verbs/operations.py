"""`operations`: what was begun on this machine, how it stands, and the way on or back for what is open."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.apply import carried, narrate_ways_out
from cmapss_tui.arguments import word
from cmapss_tui.cli import Parser, global_options
from cmapss_tui.confirmation import add_confirmation_arguments, confirm, refuse_read_only
from cmapss_tui.connection import connect
from cmapss_tui.documents import operation_document, plan_document, record_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import duration, moment
from cmapss_tui.narration import render_steps, undo_words
from cmapss_tui.operations.journal import (
    default_journal,
    remaining_steps,
    status_words,
    the_operation,
    undoable_steps,
)
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, render_table, write, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmapss_core.plans.plan import Step
    from cmapss_core.plans.running.operations import Operation, OperationRecord, OperationSummary

# In which status it is so already, and in which it can never be.
_ALREADY = {"resume": "done", "roll back": "rolled_back"}
_NEVER = {"resume": ("failed", "rolled_back"), "roll back": ("failed",)}
STATUSES = ("running", "open", "done", "rolled_back", "failed")


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, with which operation; the list by default."""
    _add_list_arguments(parser)
    parser.set_defaults(status=None, open=False, json=False)
    actions = parser.add_subparsers(
        dest="action", metavar="[list | show ID | resume ID | rollback ID]", parser_class=Parser
    )

    def add(name: str, summary: str) -> Parser:
        return actions.add_parser(name, help=summary, parents=[everywhere])

    everywhere = global_options()
    _add_list_arguments(add("list", "all of them, newest first"))
    show = add("show", "its plan, what happened, and what is left")
    resume = add("resume", "go on where it stopped")
    rollback = add("rollback", "undo what it has done, newest first")
    for action in (show, resume, rollback):
        action.add_argument(
            "operation", type=word, metavar="ID", help="the operation's id, or a beginning that only it has"
        )
        _add_json_argument(action)
    for action in (resume, rollback):
        action.add_argument("--dry-run", action="store_true", help="show what would be done and change nothing")
        add_confirmation_arguments(action)
    resume.add_argument("--keep", action="store_true", help="after a failure leave what was done, to be looked at")
    rollback.set_defaults(keep=True)  # what an undo fails with is not undone


def run(arguments: Namespace, options: Options) -> int:
    """Tell of operations, or take one up. Raises ConsoleError."""
    match arguments.action:
        case "show":
            return _show(arguments)
        case "resume" | "rollback":
            return _take_up(arguments, options)
        case _:
            return _list(arguments)


def _add_list_arguments(parser: ArgumentParser) -> None:
    # Suppressed defaults: what stands before the action is not undone by the action's parser.
    parser.add_argument(
        "--status", choices=STATUSES, default=SUPPRESS, metavar="S", help=f"only those: {', '.join(STATUSES)}"
    )
    parser.add_argument(
        "--open", action="store_true", default=SUPPRESS, help="only those that can be resumed or rolled back"
    )
    _add_json_argument(parser)


def _add_json_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")


def _list(arguments: Namespace) -> ExitCode:
    wanted = {arguments.status} if arguments.status else {"open"} if arguments.open else set(STATUSES)
    journal = default_journal()
    found = [operation for operation in journal.operations() if operation.status in wanted]
    if arguments.json:
        write_json([operation_document(operation) for operation in found])
    else:
        rows = [_row(operation, journal.summary(operation.id)) for operation in found]
        write_table(("operation", "status", "target", "started", "took"), rows)
    return ExitCode.DONE


def _row(operation: Operation, summary: OperationSummary | None) -> tuple[str, ...]:
    # Without AWS nobody knows the region's time: what runs is in hand until it was heard of last.
    seconds = summary.seconds_in_hand(operation.started) if summary is not None and summary.in_hand else None
    return operation.id, status_words(operation.status), operation.target, moment(operation.started), duration(seconds)


def _show(arguments: Namespace) -> ExitCode:
    journal = default_journal()
    record = journal.read(the_operation(journal, arguments.operation).id)
    if arguments.json:
        write_json(record_document(record))
        return ExitCode.DONE
    write(render_record(record))
    if record.operation.status == "open":
        narrate_ways_out(record.operation.id)
    return ExitCode.DONE


def render_record(record: OperationRecord) -> str:
    """An operation as a person reads it: its steps and how far each is, what happened, what is left."""
    operation, plan = record.operation, record.plan
    errors = [event for event in record.events if event.error is not None and event.state == "failed"]
    return "\n".join(
        (
            f"{operation.id}   {status_words(operation.status)}",
            f"{plan.intention} {plan.target}, from {moment(operation.started)} to {moment(operation.ended)}",
            render_table(
                ("#", "step", "what", "state", ""),
                [
                    (
                        step.n,
                        step.title,
                        step.detail,
                        record.states.get(step.n, "planned"),
                        undo_words(step),
                    )
                    for step in plan.steps
                ],
                right=("#",),
                stream=sys.stdout,
            ),
            render_table(
                ("when", "#", "event", ""),
                [(moment(event.at), event.n, event.state, event.message) for event in record.events],
                right=("#",),
                stream=sys.stdout,
            ),
            *(f"✕ {event.error.line()}" for event in errors if event.error is not None),
            *([f"Left in the region: {'; '.join(record.left)}."] if record.left and operation.status != "done" else []),
        )
    )


def _take_up(arguments: Namespace, options: Options) -> int:
    """Resume or roll back, as a plan is carried out: shown, confirmed, told, one document."""
    undoing = arguments.action == "rollback"
    doing = "roll back" if undoing else "resume"
    journal = default_journal()
    operation = the_operation(journal, arguments.operation)
    record = journal.read(operation.id)
    plan = record.plan
    steps = undoable_steps(plan, record.acted) if undoing else remaining_steps(plan, record.states)
    if arguments.dry_run:
        _write_steps(record, doing, steps, arguments.json)
        return ExitCode.DONE
    if operation.status == "running":
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{operation.id} is running: another console or verb carries it out",
            remedy="Wait until it has ended, or stop it there.",
        )
    if operation.status in _NEVER[doing]:
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{operation.id} is {operation.status.replace('_', ' ')}: there is nothing to {doing}",
            remedy="See what it did: cmapss-console operations show " + operation.id,
        )
    if record.rolling_back and not undoing:
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{operation.id} is half undone already",
            remedy=f"Undo the rest: cmapss-console operations rollback {operation.id}",
        )
    refuse_read_only(options.read_only, f"{doing} {operation.id} of", plan.target)
    from cmapss_core.plans.runner import resume, roll_back

    with closing(connect(options, narrate)) as aws:
        if operation.status != _ALREADY[doing]:
            # What is done serves by now: taking it back is as grave as deleting it.
            shown, grave = _what_is_done(record, doing, steps), operation.status == "done"
            confirm(plan, arguments, doing=doing, shown=shown, type_name=grave)
        begin = partial(roll_back if undoing else resume, aws, operation.id, journal)
        return carried(aws, plan, journal, arguments, begin)


def _write_steps(record: OperationRecord, doing: str, steps: Sequence[Step], as_json: bool) -> None:
    if as_json:
        document = plan_document(record.plan, record.operation.status, record.states)
        write_json({**document, "operation_id": record.operation.id, "next": [step.n for step in steps]})
    else:
        write(_what_is_done(record, doing, steps))


def _what_is_done(record: OperationRecord, doing: str, steps: Sequence[Step]) -> str:
    head = f"{doing.capitalize()} {record.operation.id}: {record.plan.intention} {record.plan.target}"
    if not steps:
        return f"{head}\nThere is nothing to {'undo' if doing == 'roll back' else 'do'}."
    if doing == "resume":
        return f"{head}\n{render_steps(steps, sys.stderr)}"
    rows = [(step.n, step.undo.title, step.undo.detail or step.detail) for step in steps if step.undo is not None]
    return f"{head}\n{render_table(('#', 'undo', 'what'), rows, right=('#',), stream=sys.stderr)}"
